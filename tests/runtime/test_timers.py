"""One heap for everything that is due."""

from __future__ import annotations

import asyncio

import pytest

from engine.runtime.timers import Timers
from tests.support.clock import START, VirtualClock

pytestmark = pytest.mark.anyio


async def test_what_is_due_happens_in_the_order_of_its_moments() -> None:
    clock, rung = VirtualClock(), list[tuple[str, float]]()
    timers = Timers(clock)
    for name, after in [("late", 30), ("first", 5), ("second", 5), ("middle", 10)]:
        timers.at(START + after, lambda name=name: rung.append((name, clock.now() - START)))  # type: ignore[misc]
    await clock.sleep(100)

    assert rung == [("first", 5), ("second", 5), ("middle", 10), ("late", 30)]


async def test_what_is_cancelled_does_not_happen_and_holds_nobody_up() -> None:
    clock, rung = VirtualClock(), list[float]()
    timers = Timers(clock)
    timers.at(START + 10, lambda: rung.append(10)).cancel()
    timers.at(START + 20, lambda: rung.append(20))
    await clock.sleep(100)

    assert rung == [20]


async def test_what_was_due_before_happens_at_once() -> None:
    clock, rung = VirtualClock(), list[float]()
    Timers(clock).at(START - 1_000, lambda: rung.append(clock.now() - START))
    await clock.sleep(1)

    assert rung == [0]


async def test_one_that_is_due_earlier_than_all_others_is_not_late() -> None:
    clock, rung = VirtualClock(), list[float]()
    timers = Timers(clock)
    timers.at(START + 1_000, lambda: rung.append(1_000))
    await clock.sleep(1)
    timers.at(START + 10, lambda: rung.append(clock.now() - START))
    await clock.sleep(20)

    assert rung == [10]


async def test_what_happens_may_make_more_due() -> None:
    clock, rung = VirtualClock(), list[float]()
    timers = Timers(clock)

    def again() -> None:
        rung.append(clock.now() - START)
        if len(rung) < 3:
            timers.at(clock.now() + 10, again)

    timers.at(START + 10, again)
    await clock.sleep(100)
    assert rung == [10, 20, 30]


async def test_there_is_no_task_while_nothing_is_due() -> None:
    clock = VirtualClock()
    timers = Timers(clock)
    before = len(asyncio.all_tasks())
    for after in range(100):
        timers.at(START + after, lambda: None)
    assert len(asyncio.all_tasks()) == before + 1
    await clock.sleep(200)
    assert len(asyncio.all_tasks()) == before


async def test_closed_timers_never_ring() -> None:
    clock, rung = VirtualClock(), list[float]()
    timers = Timers(clock)
    timers.at(START + 10, lambda: rung.append(10))
    timers.close()
    await clock.sleep(100)

    assert rung == []
