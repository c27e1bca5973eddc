"""The items of one execution under ``each`` (GRAPH.md §3.5).

Rule: the list is frozen when the node starts; every item is an execution with attempts of its own; what waits (for a
person, for its next attempt) holds no slot. ``wait``, ``rest`` and ``accept_failed`` mean what they mean on a join.
This module counts; ``each.py`` begins, cancels and concludes.
"""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Literal

from engine.errors import Failure

if TYPE_CHECKING:
    from engine.scheduler.executions import Execution

NOT_WAITED_FOR: Final = "each.not_waited_for"
"""Code in ``nodes.ID.errors`` of an item whose result the node did not wait for."""

Verdict = Literal["open", "passed", "starved", "failed", "over"]


class Items:
    """The items of one execution.

    Attributes:
        values: the frozen list.
        outputs: for each item its output, None where it has none.
        errors: index -> how it failed, for good.
        live: index -> its execution, for items that were begun and are not decided.
        free: slots that are free.
        next: the first item that was never begun.
        completed: how many items came to a result.
        is_passed: whether the node went on; what is left then is unheard.
        result: once it went on, the list in item order and index -> error, for items that failed or were not waited
            for.
    """

    __slots__ = (
        "_accepts",
        "_answered",
        "_cut",
        "_due",
        "_need",
        "cancels",
        "completed",
        "errors",
        "free",
        "is_done",
        "is_passed",
        "live",
        "next",
        "outputs",
        "result",
        "values",
    )

    def __init__(self, values: list[Any], document: Any) -> None:
        self.values = values
        self.outputs: list[Any] = [None] * len(values)
        self.is_done = [False] * len(values)
        self.errors: dict[int, Failure] = {}
        self.live: dict[int, Execution] = {}
        self.free: int = document.concurrency
        self.next = 0
        self.completed = 0
        self.is_passed = False
        self.result: tuple[list[Any], dict[str, Failure]] = ([], {})
        wait = document.wait
        self._need = 0 if wait in (None, "all") else 1 if wait == "any" else int(wait)
        self._accepts = bool(document.accept_failed)
        self.cancels: bool = document.rest == "cancel"
        self._answered: deque[int] = deque()
        self._due: list[tuple[float, int]] = []
        self._cut: dict[int, Execution] = {}

    @property
    def verdict(self) -> Verdict:
        """How it stands: ``passed`` and ``starved`` once, ``over`` when it has passed and no item is left."""
        is_last = not self.live and self._all_begun()
        if self.is_passed:
            return "over" if is_last else "open"
        if self._need and self.completed >= self._need:
            return "passed"
        if not is_last:
            return "open"
        if not self.values or (self.completed and not self._need):
            return "passed"
        return "starved"

    def _all_begun(self) -> bool:
        while self.next < len(self.values) and self.is_done[self.next]:
            self.next += 1
        return self.next >= len(self.values)

    def takes_up(self) -> bool:
        """Whether an item that fails for good now fails nothing else."""
        return self.is_passed or self._accepts

    def complete(self, index: int, output: Any) -> None:
        """An item came to its result; one that nobody waited for is heard no more."""
        self._leave(index)
        self.is_done[index] = True
        self.completed += 1
        if not self.is_passed:
            self.outputs[index] = output

    def fail(self, index: int, failure: Failure) -> None:
        """An item failed for good."""
        self._cut[index] = self._leave(index)
        self.is_done[index] = True
        if not self.is_passed:
            self.errors[index] = failure

    def withdraw(self, index: int) -> None:
        """An item was cancelled."""
        self._cut[index] = self._leave(index)

    def begin_no_more(self) -> None:
        """What was never begun never will be."""
        self.next = len(self.values)

    def _leave(self, index: int) -> Execution:
        self.release(index)
        return self.live.pop(index)

    def enter(self, index: int, execution: Execution) -> None:
        """An item is begun."""
        self.live[index] = execution
        self.take(index)

    def take(self, index: int) -> None:
        """An item works, or is about to."""
        execution = self.live[index]
        if not execution.has_slot:
            execution.has_slot = True
            self.free -= 1

    def release(self, index: int) -> None:
        """An item steps aside: for a person, until its next attempt, or since all in its subgraph waits."""
        execution = self.live[index]
        if execution.has_slot:
            execution.has_slot = False
            self.free += 1

    def retry(self, index: int, retry_at: float) -> None:
        """An item waits for its next attempt."""
        self.release(index)
        heapq.heappush(self._due, (retry_at, index))

    def answered(self, index: int) -> None:
        """An item has its answer and wants a slot."""
        self._answered.append(index)

    def next_answered(self) -> Execution | None:
        """The answered item that waits longest, taken out of the line; None when there is none."""
        while self._answered:
            execution = self.live.get(self._answered.popleft())
            if execution is not None and execution.phase == "answered":
                return execution
        return None

    def next_new(self) -> int | None:
        """The first item that was never begun or must begin anew, None when all are begun. Amortised O(1)."""
        if self._all_begun():
            return None
        self.next += 1
        return self.next - 1

    def due(self) -> list[Execution]:
        """The items that wait for their next attempt, the earliest first, as many as there are free slots."""
        found: dict[int, Execution] = {}
        kept: list[tuple[float, int]] = []
        while self._due and len(found) < self.free:
            entry = heapq.heappop(self._due)
            execution = self.live.get(entry[1])
            if execution is not None and execution.phase == "retry" and execution.retry_at == entry[0]:
                found[entry[1]] = execution
                kept.append(entry)
        for entry in kept:
            heapq.heappush(self._due, entry)
        return list(found.values())

    def pass_on(self, node: str) -> None:
        """The node goes on with what there is. O(items)."""
        self.is_passed = True
        errors = {
            str(i): self.errors.get(i) or Failure("cancelled", NOT_WAITED_FOR, "the node did not wait for it", node)
            for i in range(len(self.values))
            if i in self.errors or not self.is_done[i]
        }
        self.result = (list(self.outputs), errors)

    def reopen(self, *, is_heard: bool) -> None:
        """Items that were cut off or failed run again; those with a result do not (GRAPH.md §3.5).

        ``is_heard``: the node itself had not gone on for good, so it is decided anew whether it may.
        """
        if is_heard:
            self.is_passed = False
        for index in self._cut:
            self.is_done[index] = False
        self.errors.clear()
        self.next = 0
        self._answered.clear()
        self._due.clear()

    def former(self, index: int) -> Execution | None:
        """The execution of an item that was cut off or failed and is now to go on, or None."""
        return self._cut.pop(index, None)
