"""Everything that is due at a point in time, for all runs of an engine: one heap, one task.

Rule: a thing that waits for a time costs an entry here and no task of its own, so that ten thousand waiting runs are
ten thousand tuples. The task lives only while something is due.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.runtime.clock import Clock


@dataclass(slots=True)
class Timer:
    """One entry. ``cancel`` makes it void; the heap forgets it when its time comes."""

    due: float
    act: Callable[[], None] | None

    def cancel(self) -> None:
        """The action will not happen."""
        self.act = None


@dataclass(slots=True)
class Timers:
    """The heap and its task.

    Attributes:
        clock: whose time counts.
    """

    clock: Clock
    _heap: list[tuple[float, int, Timer]] = field(default_factory=list[tuple[float, int, Timer]])
    _count: int = 0
    _task: asyncio.Task[None] | None = None
    _next: float = 0.0

    def at(self, due: float, act: Callable[[], None]) -> Timer:
        """Call ``act`` once at ``due`` (seconds since 1970), or soon when that has passed. O(log n)."""
        timer = Timer(due, act)
        self._count += 1
        heapq.heappush(self._heap, (due, self._count, timer))
        if self._task is None or due < self._next:
            self._restart()
        return timer

    def close(self) -> None:
        """Forget all entries and end the task."""
        self._heap.clear()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _restart(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._next = self._heap[0][0]
        self._task = asyncio.get_running_loop().create_task(self._wait(), name="weft timers")

    async def _wait(self) -> None:
        while self._heap:
            due, _, timer = self._heap[0]
            if timer.act is not None and due > self.clock.now():
                self._next = due
                await self.clock.sleep_until(due)
                continue
            heapq.heappop(self._heap)
            if timer.act is not None:
                act, timer.act = timer.act, None
                act()
        self._task = None
