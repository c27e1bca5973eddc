"""The journal in one SQLite file: one thread writes, two read, the loop never waits for the disk.

Rule: nothing here holds SQL or decides anything; it brings the callers' words to the writer (in their order) or to a
reader, and keeps what this process knows of the runs whose leases it holds.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final, Literal, TypeVar

from engine.errors import WeftError
from engine.journal import blobs, leases, lists, pruning
from engine.journal.batch import Held
from engine.journal.codec import encode, hash_of, value_bytes
from engine.journal.faults import journal_error
from engine.journal.projection import RunStatus, RunView
from engine.journal.records import (
    LEASE_TTL_S,
    PAGE_EVENTS,
    Arrivals,
    Blob,
    Effect,
    Lease,
    Letter,
    OpenGate,
    Pruned,
    Recorded,
    RunFilter,
    RunRow,
    Span,
)
from engine.journal.refusals import check_new_run, lease_lost, run_elsewhere
from engine.journal.schema import BUSY_TIMEOUT_S, connect, connect_reader
from engine.journal.writer import Writer
from engine.scheduler.events import Event, GateEvent, RunStarted

T = TypeVar("T")

READERS: Final = 2
"""Threads that read, each with a connection of its own."""


class SqliteJournal:
    """See ``store.Journal`` for every method; open one with ``SqliteJournal.open``."""

    def __init__(
        self,
        path: Path,
        durability: Literal["full", "process"],
        writing: sqlite3.Connection,
        reading: Sequence[sqlite3.Connection],
    ) -> None:
        self.path = path
        self._durability: Literal["full", "process"] = durability
        self._writer = Writer(writing, str(path))
        self._readers = ThreadPoolExecutor(len(reading), thread_name_prefix="journal-reader")
        self._reading = reading
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        for connection in reading:
            self._idle.put(connection)
        self._held: dict[str, Held] = {}

    @classmethod
    async def open(
        cls, path: Path, *, durability: Literal["full", "process"] = "full", busy_timeout_s: float = BUSY_TIMEOUT_S
    ) -> SqliteJournal:
        """Open the file, or make it, for use in the running event loop.

        Args:
            path: the database; its directory must exist.
            durability: see RUNS.md §2.
            busy_timeout_s: how long a transaction waits for another program's lock.

        Raises:
            JournalError: the database cannot be used; the code says why.
        """

        def connections() -> tuple[sqlite3.Connection, list[sqlite3.Connection]]:
            writing = connect(path, is_full=durability == "full", busy_timeout_s=busy_timeout_s)
            return writing, [connect_reader(path, busy_timeout_s=busy_timeout_s) for _ in range(READERS)]

        writing, reading = await asyncio.get_running_loop().run_in_executor(None, connections)
        return cls(path, durability, writing, reading)

    @property
    def durability(self) -> Literal["full", "process"]:
        """What a commit survives."""
        return self._durability

    async def close(self) -> None:
        """Write what was handed over and close; see the protocol."""
        await self._writer.close()
        self._readers.shutdown()
        for connection in self._reading:
            connection.close()

    async def _read(self, query: Callable[..., T], *args: Any) -> T:
        """Have a function done on a reader's connection, in one snapshot."""
        self._writer.check_is_open()
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._query, query, args)

    def _query(self, query: Callable[..., T], args: Sequence[Any]) -> T:
        connection = self._idle.get()
        try:
            connection.execute("BEGIN")
            try:
                return query(connection, *args)
            finally:
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise journal_error(error, str(self.path)) from error
        finally:
            self._idle.put(connection)

    # --- writing a run ---

    async def create_run(
        self,
        run_id: str,
        started: RunStarted,
        *,
        holder: str,
        now: float,
        ttl_s: float = LEASE_TTL_S,
        documents: Mapping[str, str] | None = None,
    ) -> Lease:
        """Make a run; see the protocol."""
        check_new_run(run_id, started)
        claim = leases.Claim(run_id, holder, now, ttl_s)
        work = partial(
            leases.create_run, claim=claim, started=started, encoded=encode(started), documents=documents or {}
        )
        key = await self._writer.do(work)
        lease = Lease(run_id, holder, 1, now + ttl_s, was_clean=True, last_n=1)
        self._held[run_id] = Held(lease, key, RunView(), next_n=2)
        return lease

    def append(self, run_id: str, events: Sequence[Event], *, letters: Sequence[int] = ()) -> asyncio.Future[None]:
        """Hand events over; see the protocol."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        held = self._held.get(run_id)
        if held is None or held.error is not None:
            future.set_exception(lease_lost(run_id) if held is None or held.error is None else held.error)
            return future
        self._writer.check_is_open()
        self._writer.hand_over(held.take_in(events, letters, future))
        return future

    @property
    def is_congested(self) -> bool:
        """Too much waits to be written."""
        return self._writer.is_congested

    async def wait_for_room(self) -> None:
        """Return once the writer has caught up."""
        await self._writer.wait_for_room()

    # --- leases ---

    async def acquire(self, run_id: str, *, holder: str, now: float, ttl_s: float = LEASE_TTL_S) -> Lease:
        """Take a lease; see the protocol."""
        held = self._held.get(run_id)
        if held is not None and held.error is None:
            raise run_elsewhere(run_id, held.lease.holder)
        claim = leases.Claim(run_id, holder, now, ttl_s)
        key, lease = await self._writer.do(partial(leases.acquire, claim=claim))
        try:
            # Nobody can write between the lease and this read.
            view = await self._read(lists.fold, key)
        except BaseException:
            release = partial(leases.release, key=key, token=lease.token, is_clean=lease.was_clean, with_mail=True)
            await self._writer.do(release)
            raise
        view.take_changes()
        self._held[run_id] = Held(lease, key, view, next_n=lease.last_n + 1)
        return lease

    async def holder(self, run_id: str, *, now: float) -> str | None:
        """Who holds a lease; see the protocol."""
        return await self._read(leases.holder, run_id, now)

    async def renew(self, run_ids: Sequence[str], *, now: float, ttl_s: float = LEASE_TTL_S) -> list[str]:
        """Prolong leases; see the protocol."""
        held = {run_id: self._held[run_id] for run_id in run_ids if run_id in self._held}
        tokens = [(of_run.key, of_run.lease.token) for of_run in held.values()]
        lost = set(await self._writer.do(partial(leases.renew, held=tokens, until=now + ttl_s)))
        for run_id, of_run in held.items():
            if of_run.key in lost and of_run.error is None:
                of_run.error = lease_lost(run_id)
        return [run_id for run_id in run_ids if run_id not in held or held[run_id].key in lost]

    async def release(self, run_id: str, *, is_clean: bool = True, with_mail: bool = False) -> bool:
        """Give a lease back; see the protocol."""
        held = self._held.get(run_id)
        if held is None:
            return True
        work = partial(leases.release, key=held.key, token=held.lease.token, is_clean=is_clean, with_mail=with_mail)
        is_kept = False
        try:
            is_kept = not await self._writer.do(work)
        finally:
            # What the disk did not take is given up here all the same, else nobody could take the run up any more.
            if not is_kept and self._held.get(run_id) is held:
                del self._held[run_id]
        return not is_kept

    # --- mail ---

    async def post(self, run_id: str, kind: str, body: Any, *, at: float) -> int:
        """Put a letter into a run's mail; see the protocol."""
        return await self._writer.do(partial(leases.post, run_id=run_id, kind=kind, body=value_bytes(body), at=at))

    async def mail(self, run_id: str) -> list[Letter]:
        """The run's letters; see the protocol."""
        letters = await self._read(lists.mail, run_id)
        held = self._held.get(run_id)
        return letters if held is None else [letter for letter in letters if letter.id not in held.answered]

    async def withdraw(self, run_id: str, letter: int) -> bool:
        """Take a letter back; see the protocol."""
        return await self._writer.do(partial(leases.withdraw, run_id=run_id, letter=letter))

    async def arrivals(self, after: int = 0) -> Arrivals:
        """Which runs have new mail; see the protocol."""
        return await self._read(lists.arrivals, after)

    # --- reading ---

    async def read(self, run_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        """The run's events, page by page; see the protocol."""
        while page := await self.read_page(run_id, after=after):
            for event in page:
                yield event
            after = page[-1].n

    async def read_page(self, run_id: str, *, after: int = 0, limit: int = PAGE_EVENTS) -> list[Event]:
        """A page of the run's events; see the protocol."""
        return await self._read(lists.read_page, run_id, after, limit)

    async def read_all(self, *, after: int = 0, limit: int = PAGE_EVENTS) -> list[Recorded]:
        """A page of all runs' events; see the protocol."""
        return await self._read(lists.read_all, after, limit)

    async def position(self) -> int:
        """The newest position; see the protocol."""
        return await self._read(lists.position)

    async def runs(self, which: RunFilter | None = None) -> list[RunRow]:
        """Runs, newest first; see the protocol."""
        return await self._read(lists.runs, which or RunFilter())

    async def run(self, run_id: str) -> RunRow:
        """One run; see the protocol."""
        return await self._read(lists.run, run_id)

    async def inbox(self, *, run_id: str | None = None, after: tuple[float, str, str] | None = None) -> list[OpenGate]:
        """Open gates; see the protocol."""
        return await self._read(lists.inbox, run_id, after)

    async def gate_events(
        self, kinds: Collection[type[GateEvent]], span: Span, *, run_id: str | None = None
    ) -> list[Recorded]:
        """What happened to gates; see the protocol."""
        return await self._read(lists.gate_events, kinds, span, run_id)

    async def gate(self, run_id: str, gate: str) -> OpenGate | None:
        """One open gate; see the protocol."""
        return await self._read(lists.gate, run_id, gate)

    async def effect(self, run_id: str, key: str) -> Effect | None:
        """What is recorded of an effect; see the protocol."""
        return await self._read(lists.effect, run_id, key)

    # --- values beside the journal ---

    async def put_blob(self, content: bytes, *, media_type: str, now: float) -> str:
        """Keep bytes by their hash; see the protocol."""
        digest = hash_of(content)
        await self._writer.do(partial(blobs.put_blob, digest=digest, blob=Blob(content, media_type), now=now))
        return digest

    async def get_blob(self, digest: str) -> Blob | None:
        """Bytes by their hash; see the protocol."""
        return await self._read(lists.blob, digest)

    async def put_document(self, digest: str, text: str, *, now: float) -> None:
        """Keep a document; see the protocol."""
        await self._writer.do(partial(blobs.put_document, digest=digest, text=text, now=now))

    async def get_document(self, digest: str) -> str | None:
        """A document by its hash; see the protocol."""
        return await self._read(lists.document, digest)

    async def cache_get(self, key: str, *, now: float) -> tuple[Any] | None:
        """A kept result; see the protocol."""
        return await self._read(lists.cached, key, now)

    async def cache_put(self, key: str, value: Any, *, expires_at: float) -> None:
        """Keep a result; see the protocol."""
        await self._writer.do(partial(blobs.cache_put, key=key, value=value_bytes(value), expires_at=expires_at))

    # --- keeping house ---

    async def delete_run(self, run_id: str, *, now: float) -> None:
        """Remove a run; see the protocol."""
        await self._writer.do(partial(pruning.delete_run, run_id=run_id, now=now))

    async def prune(
        self,
        *,
        now: float,
        before: float | None = None,
        statuses: Collection[RunStatus] = ("completed", "failed", "cancelled"),
        ids: Collection[str] = (),
    ) -> Pruned:
        """Remove runs and what nobody needs; see the protocol."""
        find = partial(pruning.prunable, now=now, before=before, statuses=statuses, ids=ids)
        gone: list[str] = []
        events = 0
        for run_id in await self._read(find):
            try:
                events += await self._writer.do(partial(pruning.delete_run, run_id=run_id, now=now))
            except WeftError:
                continue
            gone.append(run_id)
        blobs_gone, documents_gone = await self._writer.do(partial(pruning.sweep, now=now))
        return Pruned(tuple(gone), events, blobs_gone, documents_gone)

    async def vacuum(self) -> None:
        """Give space back; see the protocol."""
        await self._writer.do(pruning.vacuum, is_bare=True)

    async def rebuild_projections(self) -> None:
        """Fold everything anew; see the protocol."""
        await self._writer.do(pruning.rebuild)
