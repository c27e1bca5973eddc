"""The one thread that writes: it takes whatever waits and commits it together.

Rule: one transaction for all that waits, a savepoint for each part of it. A part is what one run handed over in a row,
or one job; a part that is refused takes nobody else with it. When the transaction fails as a whole, its parts are
tried one by one, so that only those fail that cannot be written. The loop hears of a commit once, however many callers
wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, NamedTuple, TypeVar

from engine.errors import EngineBug, JournalError, WeftError
from engine.journal.batch import Batch, Held, write_batches
from engine.journal.faults import is_lasting, journal_error

T = TypeVar("T")

GROUP_HANDED_OVER: Final = 4096
"""At most so many batches and jobs go into one transaction."""

CONGESTED_BYTES: Final = 32 * 1024 * 1024
CONGESTED_EVENTS: Final = 20_000
"""With more than this waiting to be written the journal is congested."""


@dataclass(slots=True, eq=False)
class Job:
    """One function of the connection, to be done in a transaction.

    Attributes:
        work: what it returns is the future's result; a WeftError it raises is the future's error, and whatever it
            wrote is taken back.
        is_bare: to be done outside any transaction (VACUUM).
    """

    work: Callable[[sqlite3.Connection], Any]
    future: asyncio.Future[Any]
    is_bare: bool = False


class _Outcome(NamedTuple):
    """What became of one batch or job."""

    future: asyncio.Future[Any]
    result: Any
    error: WeftError | None


Part = list[Batch] | Job
"""What shares a savepoint: one run's batches between two jobs, or a job."""


class Writer:
    """Owns the writing connection and its thread.

    Args:
        connection: from ``schema.connect``; closed by ``close``.
        where: the database's name, for errors.
    """

    def __init__(self, connection: sqlite3.Connection, where: str) -> None:
        self._connection = connection
        self._where = where
        self._loop = asyncio.get_running_loop()
        self._waiting: SimpleQueue[Batch | Job | None] = SimpleQueue()
        self._pending_events = 0
        self._pending_bytes = 0
        self._waiting_for_room: list[asyncio.Future[None]] = []
        self._is_closed = False
        self._bug: EngineBug | None = None
        self._thread = Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    # --- on the loop ---

    def hand_over(self, batch: Batch) -> None:
        """Take a batch; its future ends when it is written."""
        self._pending_events += len(batch.rows)
        self._pending_bytes += batch.size_bytes
        self._waiting.put(batch)

    async def do(self, work: Callable[[sqlite3.Connection], T], *, is_bare: bool = False) -> T:
        """Have a function done on the writer's thread, in its turn, and return its result once that is on disk."""
        self.check_is_open()
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.put(Job(work, future, is_bare))
        # Whoever gives up waiting must not leave the writer with a cancelled future: the work is done all the same.
        return await asyncio.shield(future)

    @property
    def is_congested(self) -> bool:
        """More waits than should."""
        return self._pending_events > CONGESTED_EVENTS or self._pending_bytes > CONGESTED_BYTES

    async def wait_for_room(self) -> None:
        """Return once the writer is not congested."""
        while self.is_congested:
            future: asyncio.Future[None] = self._loop.create_future()
            self._waiting_for_room.append(future)
            await future

    async def close(self) -> None:
        """Write what waits, end the thread, close the connection."""
        if self._is_closed:
            return
        self._is_closed = True
        self._waiting.put(None)
        await asyncio.get_running_loop().run_in_executor(None, self._thread.join)
        self._connection.close()

    def check_is_open(self) -> None:
        """Raises JournalError once the journal is closed, EngineBug once its thread has broken."""
        if self._is_closed:
            raise JournalError("the journal is closed", where=self._where, hint="open it again")
        if self._bug is not None:
            raise self._bug

    def _settle(self, outcomes: Sequence[_Outcome], events: int, size_bytes: int) -> None:
        self._pending_events -= events
        self._pending_bytes -= size_bytes
        for future, result, error in outcomes:
            if future.done():  # cancelled by whoever waited; it is written all the same
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        if self._waiting_for_room and not self.is_congested:
            waiting, self._waiting_for_room = self._waiting_for_room, []
            for room in waiting:
                if not room.done():
                    room.set_result(None)

    # --- on the thread ---

    def _run(self) -> None:
        is_open = True
        while is_open:
            group: list[Batch | Job] = []
            first = self._waiting.get()
            while first is not None:
                group.append(first)
                if self._waiting.empty() or len(group) >= GROUP_HANDED_OVER:
                    break
                first = self._waiting.get()
            is_open = first is not None
            try:
                self._tell(group, self._commit_group(group))
            except BaseException as error:
                # A bug. Nobody may be left waiting, and nothing more may be written.
                self._bug = EngineBug(f"the journal's writer broke: {error!r}")
                self._tell(group, [_Outcome(handed.future, None, self._bug) for handed in group])
                raise

    def _tell(self, group: Sequence[Batch | Job], outcomes: Sequence[_Outcome]) -> None:
        events = sum(len(handed.rows) for handed in group if isinstance(handed, Batch))
        size_bytes = sum(handed.size_bytes for handed in group if isinstance(handed, Batch))
        # A loop that has ended without closing its journal waits for nothing any more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._settle, outcomes, events, size_bytes)

    def _commit_group(self, group: Sequence[Batch | Job]) -> list[_Outcome]:
        outcomes: list[_Outcome] = []
        parts: list[Part] = []
        for part in _parts(group):
            if isinstance(part, Job) and part.is_bare:
                outcomes += self._commit(parts)
                outcomes.append(self._do_bare(part))
                parts = []
            else:
                parts.append(part)
        return outcomes + self._commit(parts)

    def _do_bare(self, job: Job) -> _Outcome:
        try:
            return _Outcome(job.future, job.work(self._connection), None)
        except sqlite3.Error as error:
            return _Outcome(job.future, None, journal_error(error, self._where))

    def _commit(self, parts: Sequence[Part]) -> list[_Outcome]:
        """Write the parts in one transaction; if that fails as a whole, each in one of its own."""
        if not parts:
            return []
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            outcomes = [outcome for part in parts for outcome in self._write(part)]
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if len(parts) == 1 or is_lasting(error):
                return [outcome for part in parts for outcome in _failed(part, journal_error(error, self._where))]
            return [outcome for part in parts for outcome in self._commit([part])]
        return outcomes

    def _write(self, part: Part) -> list[_Outcome]:
        """Write one part under a savepoint, or refuse it.

        Raises:
            sqlite3.Error: the transaction is lost.
        """
        connection = self._connection
        connection.execute("SAVEPOINT part")
        try:
            if isinstance(part, Job):
                outcomes = [_Outcome(part.future, part.work(connection), None)]
            else:
                write_batches(connection, part)
                outcomes = [_Outcome(batch.future, None, None) for batch in part]
        except WeftError as error:
            connection.execute("ROLLBACK TO part")
            outcomes = _failed(part, error)
        connection.execute("RELEASE part")
        return outcomes


def _parts(group: Sequence[Batch | Job]) -> list[Part]:
    """The group as parts: batches of one run come together, but never pass a job."""
    parts: list[Part] = []
    of_run: dict[Held, list[Batch]] = {}
    for handed in group:
        if isinstance(handed, Job):
            parts.append(handed)
            of_run = {}
            continue
        batches = of_run.get(handed.held)
        if batches is None:
            of_run[handed.held] = batches = list[Batch]()
            parts.append(batches)
        batches.append(handed)
    return parts


def _failed(part: Part, error: WeftError) -> list[_Outcome]:
    """The outcomes of a part that was not written; nothing more is written under its lease."""
    if isinstance(part, Job):
        return [_Outcome(part.future, None, error)]
    part[0].held.error = error
    return [_Outcome(batch.future, None, error) for batch in part]
