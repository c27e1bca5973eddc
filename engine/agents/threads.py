"""Worker threads for tools that are plain functions.

Rule: a thread that does not come back in time is abandoned, never waited for: the call fails, the process can end, and
whatever the function returns later is dropped. Threads are reused; how many work at once is bounded.
"""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

IDLE_S: Final = 10.0
"""Seconds after which a thread without work ends."""


@dataclass(slots=True)
class _Job:
    function: Callable[[], Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


class Threads:
    """A bounded pool of daemon threads.

    Args:
        limit: how many functions may work at once, abandoned ones not counted; more wait for their turn.
    """

    def __init__(self, limit: int = 64) -> None:
        self._turns = limit
        self._semaphores: dict[int, asyncio.Semaphore] = {}
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._idle = 0
        self._working = 0
        self._lock = threading.Lock()

    async def run(self, function: Callable[[], Any]) -> Any:
        """Call ``function`` in a worker thread, with the caller's context variables, and return what it returns.

        Cancelling leaves the thread to itself.
        """
        loop = asyncio.get_running_loop()
        async with self._semaphore(loop):
            future: asyncio.Future[Any] = loop.create_future()
            context = contextvars.copy_context()
            self._working += 1
            try:
                self._hand_over(_Job(lambda: context.run(function), future, loop))
                return await future
            finally:
                self._working -= 1

    @property
    def working(self) -> int:
        """How many calls are waited for."""
        return self._working

    def _semaphore(self, loop: asyncio.AbstractEventLoop) -> asyncio.Semaphore:
        found = self._semaphores.get(id(loop))
        if found is None:
            self._semaphores = {id(loop): asyncio.Semaphore(self._turns)}
            found = self._semaphores[id(loop)]
        return found

    def _hand_over(self, job: _Job) -> None:
        with self._lock:
            is_met = self._idle > 0
            if is_met:
                self._idle -= 1
        self._jobs.put(job)
        if not is_met:
            threading.Thread(target=self._work, name="weft tool", daemon=True).start()

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=IDLE_S)
            except queue.Empty:
                with self._lock:
                    # A job may have been promised to this thread a moment ago: then it is still to come.
                    if self._idle > 0:
                        self._idle -= 1
                        return
                continue
            tell = _do(job)
            # Idle before anybody knows of the result, so that whoever waits for it finds a thread to go on with.
            with self._lock:
                self._idle += 1
            _tell(job, tell)
            del job, tell


def _do(job: _Job) -> Callable[[], None]:
    """Call the function; what sets the future to what came of it."""
    try:
        result = job.function()
    except BaseException as error:  # noqa: BLE001 - whatever a tool raises belongs to whoever called it
        return partial(job.future.set_exception, _raisable(error))
    return partial(job.future.set_result, result)


def _raisable(error: BaseException) -> BaseException:
    """StopIteration cannot be set on a future, and SystemExit of a tool must not end the engine."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    return RuntimeError(f"the tool raised {type(error).__name__}: {error}")


def _tell(job: _Job, tell: Callable[[], None]) -> None:
    def if_wanted() -> None:
        if not job.future.done():
            tell()

    try:
        job.loop.call_soon_threadsafe(if_wanted)
    except RuntimeError:
        return  # the loop is closed: nobody waits any more
