"""What is due for single executions of a run: retries, time-outs, and limits of seconds.

Rule: at most one alarm per execution at a time (its attempt's time-out, or its next attempt), and one per budget whose
seconds are running.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from engine.runtime.clock import Clock
from engine.runtime.limits import Budget
from engine.runtime.timers import Timer, Timers


class Alarms:
    """The alarms of one run.

    Args:
        timers: where due times are entered.
        on_used_up: called with a budget whose seconds are used up.
    """

    def __init__(self, timers: Timers, *, on_used_up: Callable[[Budget], None]) -> None:
        self._timers = timers
        self._on_used_up = on_used_up
        self._of: dict[str, Timer] = {}
        self._attempts: dict[str, Timer] = {}
        self._spans: dict[str, Timer] = {}

    @property
    def clock(self) -> Clock:
        """Whose time counts."""
        return self._timers.clock

    def at(self, due: float, execution: str, act: Callable[[], None], *, is_attempt: bool = False) -> None:
        """Call ``act`` at ``due``, unless the execution is dropped before. ``is_attempt``: its next attempt begins."""
        timer = self._of[execution] = self._timers.at(due, partial(self._ring, execution, act))
        if is_attempt:
            self._attempts[execution] = timer

    def drop(self, execution: str) -> None:
        """Nothing is due for this execution any more."""
        if self._of and (timer := self._of.pop(execution, None)) is not None:
            timer.cancel()
            self._attempts.pop(execution, None)

    def due(self, execution: str) -> float | None:
        """When the alarm of this execution rings, seconds since 1970, or None where there is none."""
        timer = self._of.get(execution)
        return None if timer is None else timer.due

    def next_due(self) -> float | None:
        """When the next alarm of an execution rings, seconds since 1970."""
        return min((timer.due for timer in self._of.values() if timer.act is not None), default=None)

    def next_attempt(self) -> float | None:
        """When the next attempt begins for which an execution waits, seconds since 1970."""
        return min((timer.due for timer in self._attempts.values()), default=None)

    def clear(self) -> None:
        """Nothing is due any more."""
        for timer in (*self._of.values(), *self._spans.values()):
            timer.cancel()
        self._of.clear()
        self._attempts.clear()
        self._spans.clear()

    def span_begins(self, budget: Budget) -> None:
        """An attempt is being executed: from now on its seconds count, in every budget around it.

        Only budgets that are timed need to be told.
        """
        now = self.clock.now()
        for fresh in budget.began_all(now):
            left = fresh.seconds_left()
            if left is not None:
                self._spans[fresh.owner] = self._timers.at(now + left, partial(self._use_up, fresh))

    def span_ends(self, budget: Budget) -> None:
        """It is not being executed any more."""
        for idle in budget.ended_all(self.clock.now()):
            timer = self._spans.pop(idle.owner, None) if self._spans else None
            if timer is not None:
                timer.cancel()

    def _ring(self, execution: str, act: Callable[[], None]) -> None:
        self._of.pop(execution, None)
        self._attempts.pop(execution, None)
        act()

    def _use_up(self, budget: Budget) -> None:
        self._spans.pop(budget.owner, None)
        self._on_used_up(budget)
