"""Cutting work off, and the threads of plain functions."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from engine.agents.deadlines import DeadlinePassed, within
from engine.agents.threads import Threads
from tests.support.clock import VirtualClock


async def later(clock: VirtualClock, seconds: float, value: int) -> int:
    await clock.sleep(seconds)
    return value


async def at_once(value: int) -> int:
    return value


@pytest.mark.anyio
async def test_work_that_never_waits_ends_on_the_spot() -> None:
    clock = VirtualClock()
    before = len(asyncio.all_tasks())
    assert await within(clock, clock.now() + 1, at_once(3)) == 3
    assert len(asyncio.all_tasks()) == before


@pytest.mark.anyio
async def test_work_that_ends_in_time_gives_its_value() -> None:
    clock = VirtualClock()
    assert await within(clock, clock.now() + 2, later(clock, 1, 3)) == 3
    assert await within(clock, None, later(clock, 1, 4)) == 4


@pytest.mark.anyio
async def test_work_that_does_not_is_cancelled_and_has_ended() -> None:
    clock = VirtualClock()
    ended: list[str] = []

    async def slow() -> None:
        try:
            await clock.sleep(60)
        finally:
            ended.append("cleaned up")

    with pytest.raises(DeadlinePassed):
        await within(clock, clock.now() + 5, slow())
    assert ended == ["cleaned up"]


@pytest.mark.anyio
async def test_an_error_or_a_time_out_of_its_own_passes_through() -> None:
    clock = VirtualClock()

    async def fails(error: Exception) -> None:
        await clock.sleep(1)
        raise error

    for error in (ValueError("x"), TimeoutError("its own")):
        with pytest.raises(type(error), match=str(error)):
            await within(clock, clock.now() + 5, fails(error))


@pytest.mark.anyio
async def test_being_cancelled_from_outside_is_no_deadline() -> None:
    clock = VirtualClock()
    clock.is_busy = lambda: True
    task = asyncio.create_task(within(clock, clock.now() + 5, later(clock, 1, 3)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.anyio
async def test_work_that_saves_itself_when_cut_off_gives_its_value() -> None:
    clock = VirtualClock()

    async def stubborn() -> str:
        try:
            await clock.sleep(60)
        except asyncio.CancelledError:
            await clock.sleep(1)
            return "saved"
        return "slept"

    assert await within(clock, clock.now() + 5, stubborn()) == "saved"


VARIABLE: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


@pytest.mark.anyio
async def test_a_thread_sees_the_callers_context_and_is_used_again() -> None:
    threads = Threads()
    VARIABLE.set("set")
    assert await threads.run(VARIABLE.get) == "set"
    first = await threads.run(threading.get_ident)
    assert await threads.run(threading.get_ident) == first
    assert first != threading.get_ident()


@pytest.mark.anyio
async def test_what_a_thread_raises_reaches_the_caller() -> None:
    def stop() -> None:
        raise StopIteration

    def leave() -> None:
        raise SystemExit(3)

    threads = Threads()
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 / 0)
    for function in (stop, leave):
        with pytest.raises(RuntimeError, match="the tool raised"):
            await threads.run(function)


@pytest.mark.anyio
async def test_no_more_threads_work_than_may() -> None:
    threads, most, now = Threads(limit=2), 0, 0
    lock, both = threading.Lock(), threading.Barrier(2)

    def work() -> None:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        both.wait(10)
        with lock:
            now -= 1

    await asyncio.gather(*(threads.run(work) for _ in range(6)))
    assert most == 2


@pytest.mark.anyio
async def test_an_abandoned_thread_keeps_nobody_waiting() -> None:
    threads, gate = Threads(limit=1), threading.Event()
    task = asyncio.create_task(threads.run(lambda: gate.wait(30)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert threads.working == 0
    assert await threads.run(lambda: "next") == "next"
    gate.set()
