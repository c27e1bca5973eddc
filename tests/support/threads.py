"""Knows whether a thread is at work whose result the event loop waits for, so that virtual time can wait for it too.

Rule: the journal's writer and all that is handed to an executor are watched from outside; the engine does not know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, TypeVar, TypeVarTuple, Unpack

from engine.journal.batch import Batch
from engine.journal.writer import Writer
from tests.support.clock import VirtualClock

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class AtWork:
    """How many pieces of work are with threads."""

    def __init__(self) -> None:
        self.count = 0

    def began(self, work: asyncio.Future[Any]) -> None:
        """Count a piece of work until its future is done."""
        self.count += 1
        work.add_done_callback(self._ended)

    def _ended(self, work: asyncio.Future[Any]) -> None:
        self.count -= 1


class WatchedLoop(asyncio.SelectorEventLoop):
    """An event loop that counts what it has handed to executors."""

    def __init__(self) -> None:
        super().__init__()
        self.at_work = AtWork()

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """As the base does it, and counted."""
        future = super().run_in_executor(executor, func, *args)
        self.at_work.began(future)
        return future


def run_virtually(clock: VirtualClock, main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop of its own; the clock stands still while a thread is at work."""
    with asyncio.Runner(loop_factory=WatchedLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, WatchedLoop)
        clock.is_busy = lambda: loop.at_work.count > 0
        with _watched_writers(loop.at_work):
            return runner.run(main)


@contextmanager
def _watched_writers(at_work: AtWork) -> Generator[None]:
    hand_over, do = Writer.hand_over, Writer.do

    def hand_over_counted(self: Writer, batch: Batch) -> None:
        at_work.began(batch.future)
        hand_over(self, batch)

    async def do_counted(self: Writer, work: Any, **how: Any) -> Any:
        at_work.count += 1
        try:
            return await do(self, work, **how)
        finally:
            at_work.count -= 1

    type.__setattr__(Writer, "hand_over", hand_over_counted)
    type.__setattr__(Writer, "do", do_counted)
    try:
        yield
    finally:
        type.__setattr__(Writer, "hand_over", hand_over)
        type.__setattr__(Writer, "do", do)
