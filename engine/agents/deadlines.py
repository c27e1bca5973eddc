"""Cutting work off at a point in time, on the engine's clock.

Rule: what ends by itself costs nothing: a coroutine that never really waits is run to its end on the spot, and only
one that waits gets a watcher beside it. The work stays in its own task, so cancel scopes inside it keep working.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, TypeVar, cast

from engine.runtime.clock import Clock

T = TypeVar("T")


class DeadlinePassed(Exception):  # noqa: N818 - a signal between two functions, never an error of weft
    """The work was cut off because its deadline came."""


async def within(clock: Clock, deadline: float | None, work: Coroutine[Any, Any, T]) -> T:
    """Await ``work``, at most until ``deadline`` (seconds since 1970; None: for ever).

    Raises:
        DeadlinePassed: the deadline came first; the work has been cancelled and has ended.
    """
    try:
        waits_for = work.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    rest = _rest(work, waits_for)
    return await (rest if deadline is None else _until(clock, deadline, rest))


@types.coroutine
def _rest(work: Coroutine[Any, Any, T], waits_for: Any) -> Generator[Any, Any, T]:
    """Go on with a coroutine whose first step was already taken."""
    while True:
        try:
            sent = yield waits_for
        except GeneratorExit:
            work.close()
            raise
        except BaseException as thrown:  # noqa: BLE001 - handed on into the work, which decides
            step = _thrown(work, thrown)
        else:
            step = _sent(work, sent)
        if step.is_done:
            return cast("T", step.value)
        waits_for = step.value


class _Step:
    __slots__ = ("is_done", "value")

    def __init__(self, value: Any, *, is_done: bool) -> None:
        self.value = value
        self.is_done = is_done


def _sent(work: Coroutine[Any, Any, Any], value: Any) -> _Step:
    try:
        return _Step(work.send(value), is_done=False)
    except StopIteration as done:
        return _Step(done.value, is_done=True)


def _thrown(work: Coroutine[Any, Any, Any], error: BaseException) -> _Step:
    try:
        return _Step(work.throw(error), is_done=False)
    except StopIteration as done:
        return _Step(done.value, is_done=True)


async def _until(clock: Clock, deadline: float, work: Awaitable[T]) -> T:
    scope = asyncio.timeout(None)
    watcher = asyncio.get_running_loop().create_task(_expire(clock, deadline, scope))
    try:
        async with scope:
            return await work
    except TimeoutError:
        if scope.expired():
            raise DeadlinePassed from None
        raise
    finally:
        watcher.cancel()


async def _expire(clock: Clock, deadline: float, scope: asyncio.Timeout) -> None:
    await clock.sleep_until(deadline)
    scope.reschedule(asyncio.get_running_loop().time())
