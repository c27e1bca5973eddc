"""What is due for single executions of a run, and for the budgets whose seconds are running."""

from __future__ import annotations

import pytest

from engine.model.nodes import Limits
from engine.runtime.alarms import Alarms
from engine.runtime.limits import Budget
from engine.runtime.timers import Timers
from tests.support.clock import START, VirtualClock

pytestmark = pytest.mark.anyio


class Bell:
    """Alarms on a clock of their own, and what has rung."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.rung: list[tuple[str, float]] = []
        self.alarms = Alarms(Timers(self.clock), on_used_up=lambda budget: self.note(budget.owner or "the run"))

    def note(self, what: str) -> None:
        self.rung.append((what, self.clock.now() - START))


async def test_an_alarm_rings_for_its_execution_unless_it_is_dropped() -> None:
    bell = Bell()
    bell.alarms.at(START + 10, "a", lambda: bell.note("a"))
    bell.alarms.at(START + 20, "b", lambda: bell.note("b"))
    assert bell.alarms.next_due() == START + 10
    bell.alarms.drop("a")
    bell.alarms.drop("nobody")
    assert bell.alarms.next_due() == START + 20
    await bell.clock.sleep(100)

    assert bell.rung == [("b", 20)]
    assert bell.alarms.next_due() is None


async def test_the_next_attempt_is_known_until_it_begins() -> None:
    bell = Bell()
    bell.alarms.at(START + 10, "a", lambda: bell.note("a"), is_attempt=True)
    bell.alarms.at(START + 30, "b", lambda: bell.note("b"), is_attempt=True)
    bell.alarms.at(START + 5, "c", lambda: bell.note("c"))
    assert bell.alarms.next_attempt() == START + 10
    await bell.clock.sleep(11)
    assert bell.alarms.next_attempt() == START + 30
    bell.alarms.drop("b")
    assert bell.alarms.next_attempt() is None


async def test_seconds_run_only_while_something_inside_is_at_work() -> None:
    bell, budget = Bell(), Budget("", Limits(seconds=10))
    bell.alarms.span_begins(budget)
    await bell.clock.sleep(6)
    bell.alarms.span_ends(budget)
    await bell.clock.sleep(1_000)
    assert (bell.rung, budget.seconds) == ([], 6)

    bell.alarms.span_begins(budget)
    await bell.clock.sleep(100)
    assert bell.rung == [("the run", 1_010)]


async def test_two_at_work_at_once_use_each_second_once() -> None:
    bell, budget = Bell(), Budget("", Limits(seconds=10))
    bell.alarms.span_begins(budget)
    await bell.clock.sleep(4)
    bell.alarms.span_begins(budget)
    await bell.clock.sleep(2)
    bell.alarms.span_ends(budget)
    bell.alarms.span_ends(budget)

    assert (bell.rung, budget.seconds) == ([], 6)


async def test_work_inside_uses_the_seconds_of_all_around_it() -> None:
    bell, run = Bell(), Budget("", Limits(seconds=15))
    inner = Budget("team", Limits(seconds=10), run)
    bell.alarms.span_begins(run)
    await bell.clock.sleep(7)
    bell.alarms.span_begins(inner)
    await bell.clock.sleep(100)

    assert bell.rung == [("the run", 15), ("team", 17)]


async def test_after_clear_nothing_rings() -> None:
    bell, budget = Bell(), Budget("", Limits(seconds=10))
    bell.alarms.span_begins(budget)
    bell.alarms.at(START + 10, "a", lambda: bell.note("a"))
    bell.alarms.clear()
    await bell.clock.sleep(100)
    bell.alarms.span_ends(budget)

    assert bell.rung == []
