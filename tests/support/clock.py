"""Time that moves when everybody waits for it.

Rule: a test never sleeps. Whoever sleeps on this clock is woken in the order of the moments asked for, as soon as the
event loop has nothing else to do; between two moments no time passes at all, so what a test measures is exact.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Sequence, Sized

START = 1_767_225_600.0
"""Where every virtual clock begins: 2026-01-01T00:00:00Z."""

GLANCE_S = 0.0002
"""How long, in real seconds, the loop rests between two looks at a thread that is still at work."""


class VirtualClock:
    """A ``Clock`` for one event loop.

    Attributes:
        is_busy: whether a thread is at work whose result the loop waits for; time then stands still.
    """

    def __init__(self, start: float = START) -> None:
        self._now = start
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0
        self._is_watching = False
        self._is_frozen = False
        self.is_busy: Callable[[], bool] = lambda: False

    def now(self) -> float:
        """Seconds since 1970."""
        return self._now

    def monotonic(self) -> float:
        """The same seconds; this clock never goes back."""
        return self._now

    async def sleep_until(self, at: float) -> None:
        """Return when the clock has come to ``at``."""
        if at <= self._now:
            return
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (at, self._count, woken))
        self._watch(loop)
        await woken

    async def sleep(self, seconds: float) -> None:
        """Return when so many virtual seconds have passed."""
        await self.sleep_until(self._now + seconds)

    def freeze(self) -> None:
        """Let no more time pass: whoever sleeps on this clock sleeps on, as a process that was stopped."""
        self._is_frozen = True

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._is_watching:
            self._is_watching = True
            loop.call_soon(self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Move on to the next moment if nothing else is left to do now."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        if not self._sleepers or self._is_frozen:
            self._is_watching = False
        elif has_more_to_do(loop):
            loop.call_soon(self._look, loop)
        elif self.is_busy():
            loop.call_later(GLANCE_S, self._look, loop)
        else:
            at, _, woken = heapq.heappop(self._sleepers)
            self._now = max(self._now, at)
            woken.set_result(None)
            loop.call_soon(self._look, loop)


def has_more_to_do(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether callbacks are ready on the loop besides the one that asks, or due by the loop's own clock."""
    ready: Sized = getattr(loop, "_ready", ())
    scheduled: Sequence[asyncio.TimerHandle] = getattr(loop, "_scheduled", ())
    return len(ready) > 0 or any(not h.cancelled() and h.when() <= loop.time() for h in scheduled[:1])
