"""What every journal can do: the protocol.

Rule: a journal keeps facts and invents none. It has no clock (moments come from the caller, in seconds since 1970) and
draws no ids. All calls belong to one event loop; nothing here blocks it for longer than a memory copy. What a call has
returned, or what an awaited future has confirmed, is kept as the journal's durability promises; what is read is what
was committed before the read began.

Who may write a run: the holder of its lease, and nobody else. ``create_run`` and ``acquire`` give this journal object
the lease, ``renew`` keeps it, ``release`` gives it back. An append is checked against the lease in the transaction
that writes it, so a host that was taken for dead cannot write even one event after another has taken over.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any, Protocol

from engine.journal.projection import RunStatus
from engine.journal.records import (
    LEASE_TTL_S,
    PAGE_EVENTS,
    RENEW_EVERY_S,
    Arrivals,
    Blob,
    Durability,
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
from engine.scheduler.events import Event, GateEvent, RunStarted

__all__ = [
    "LEASE_TTL_S",
    "PAGE_EVENTS",
    "RENEW_EVERY_S",
    "Arrivals",
    "Blob",
    "Durability",
    "Effect",
    "Journal",
    "Lease",
    "Letter",
    "OpenGate",
    "Pruned",
    "Recorded",
    "RunFilter",
    "RunRow",
    "Span",
]


class Journal(Protocol):
    """An append-only list of events per run, and what goes with it. Every store passes ``tests/journal/contract.py``.

    Every method may raise JournalError (``journal.locked``, ``.read_only``, ``.full``, ``.io``, ``.corrupt``,
    ``.version``, ``.unusable``); nothing of the call has then been written.
    """

    @property
    def durability(self) -> Durability:
        """What a commit survives; see RUNS.md §2."""
        ...

    async def close(self) -> None:
        """Write what was handed over, give nothing back (leases are released one by one), close. May be repeated."""
        ...

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
        """Make a run: its row, its first event (``started.n`` must be 1), its documents and its lease, all or nothing.

        Args:
            run_id: see RUNS.md §3.
            started: the run's first event.
            holder: who runs it; see ``Lease``.
            now: seconds since 1970.
            ttl_s: how long the lease holds.
            documents: hash -> text of every document it names that may not be stored yet.

        Raises:
            InputError: ``run.exists``, ``run.bad_id``.
        """
        ...

    def append(self, run_id: str, events: Sequence[Event], *, letters: Sequence[int] = ()) -> asyncio.Future[None]:
        """Hand the next events of a run over and return at once; they are encoded before this returns.

        The future ends when they are on disk. Batches of one run are written in the order of the calls, whole or not
        at all; those of many runs share a commit, but not each other's trouble. After a failure every later append
        under the same lease fails with the same error: release the lease, acquire it anew and read the journal.

        Args:
            run_id: a run whose lease this journal holds.
            events: the next events, ``n`` going on without a gap; may be empty where only letters are to go.
            letters: ids of the letters that these events journal; they are deleted in the same transaction.

        Returns:
            A future that ends with None, LeaseLost (another host has the run) or another JournalError.

        Raises:
            EngineBug: a gap in the numbers, or a value that is no JSON.
            JournalError: the journal is closed.
        """
        ...

    @property
    def is_congested(self) -> bool:
        """Too much waits to be written; whoever appends in a loop should await ``wait_for_room`` first."""
        ...

    async def wait_for_room(self) -> None:
        """Return once the writer has caught up; at once if it is not behind."""
        ...

    # --- leases ---

    async def acquire(self, run_id: str, *, holder: str, now: float, ttl_s: float = LEASE_TTL_S) -> Lease:
        """Take the run's lease if it is free, over, a gone process's, or one that this holder could not give back.

        Raises:
            InputError: ``run.unknown``; ``run.elsewhere`` while another host's lease is alive, and as long as this
                journal object holds the lease itself, however old it is.
        """
        ...

    async def holder(self, run_id: str, *, now: float) -> str | None:
        """Who holds the run's lease at this moment, or None; a process that is known to be gone holds nothing.

        Raises:
            InputError: ``run.unknown``.
        """
        ...

    async def renew(self, run_ids: Sequence[str], *, now: float, ttl_s: float = LEASE_TTL_S) -> list[str]:
        """Let the leases of these runs hold until ``now + ttl_s``, in one transaction.

        Returns:
            The runs whose lease is no longer held; their appends fail from now on.
        """
        ...

    async def release(self, run_id: str, *, is_clean: bool = True, with_mail: bool = False) -> bool:
        """Give the lease back after all that was handed over; False where mail waits and ``with_mail`` is not set.

        A letter posted to a host that is just leaving is thus never overlooked: either the host sees it here and
        stays, or its sender finds the run without a lease.

        Args:
            run_id: the run; nothing happens where its lease is not held any more.
            is_clean: no attempt was cut off.
            with_mail: release even if letters wait (the process ends).

        Raises:
            JournalError: the database did not take it. The lease is given up here all the same: its holder may take it
                anew at once, everybody else when it is over.
        """
        ...

    # --- mail ---

    async def post(self, run_id: str, kind: str, body: Any, *, at: float) -> int:
        """Put a letter into a run's mail; durable when it returns.

        Returns:
            The letter's id; ids grow.

        Raises:
            InputError: ``run.unknown``.
        """
        ...

    async def mail(self, run_id: str) -> list[Letter]:
        """The run's letters, oldest first, but for those that an append of this journal object has named already."""
        ...

    async def withdraw(self, run_id: str, letter: int) -> bool:
        """Take a letter back that nobody has read; False: it was read, or there is none."""
        ...

    async def arrivals(self, after: int = 0) -> Arrivals:
        """Which runs have letters with an id above ``after``; cheap enough to ask every 100 ms."""
        ...

    # --- reading ---

    def read(self, run_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        """The run's events with ``n`` > ``after``, in order, page by page; ends at what is committed.

        Raises:
            InputError: ``run.unknown``, at the first step.
        """
        ...

    async def read_page(self, run_id: str, *, after: int = 0, limit: int = PAGE_EVENTS) -> list[Event]:
        """Up to ``limit`` events with ``n`` > ``after``; shorter where values are big; empty at the end only.

        Raises:
            InputError: ``run.unknown``.
        """
        ...

    async def read_all(self, *, after: int = 0, limit: int = PAGE_EVENTS) -> list[Recorded]:
        """Up to ``limit`` events of all runs with a position above ``after``, in the order of the commits."""
        ...

    async def position(self) -> int:
        """The newest position; 0 in an empty journal."""
        ...

    async def runs(self, which: RunFilter | None = None) -> list[RunRow]:
        """Runs, newest first."""
        ...

    async def run(self, run_id: str) -> RunRow:
        """One run with its input and output.

        Raises:
            InputError: ``run.unknown``.
        """
        ...

    async def inbox(self, *, run_id: str | None = None, after: tuple[float, str, str] | None = None) -> list[OpenGate]:
        """Open gates of all runs or of one, oldest first, up to ``PAGE_EVENTS``.

        Args:
            run_id: only this run's.
            after: (since, run id, gate) of the last one seen.
        """
        ...

    async def gate_events(
        self, kinds: Collection[type[GateEvent]], span: Span, *, run_id: str | None = None
    ) -> list[Recorded]:
        """A page of what happened to gates of all runs or of one: the events of these kinds.

        Raises:
            InputError: ``run.unknown``.
        """
        ...

    async def gate(self, run_id: str, gate: str) -> OpenGate | None:
        """One open gate, or None where it is not open."""
        ...

    async def effect(self, run_id: str, key: str) -> Effect | None:
        """What is recorded of the effect with this idempotency key, or None where nobody claimed it."""
        ...

    # --- values beside the journal ---

    async def put_blob(self, content: bytes, *, media_type: str, now: float) -> str:
        """Keep bytes and return their SHA-256 (hex); the same bytes are kept once.

        What no event of a run names is removed by ``prune`` a day after ``now``.
        """
        ...

    async def get_blob(self, digest: str) -> Blob | None:
        """The bytes with this SHA-256, or None."""
        ...

    async def put_document(self, digest: str, text: str, *, now: float) -> None:
        """Keep a graph document under the graph's hash; the first text of a hash stays."""
        ...

    async def get_document(self, digest: str) -> str | None:
        """The document of this graph hash, or None."""
        ...

    # --- results of nodes with `cache` ---

    async def cache_get(self, key: str, *, now: float) -> tuple[Any] | None:
        """The value kept under the key, in a tuple of one, or None where there is none or it has expired."""
        ...

    async def cache_put(self, key: str, value: Any, *, expires_at: float) -> None:
        """Keep a JSON value until ``expires_at`` (seconds since 1970); replaces an older one."""
        ...

    # --- keeping house ---

    async def delete_run(self, run_id: str, *, now: float) -> None:
        """Remove a run and all that belongs to it.

        Raises:
            InputError: ``run.unknown``; ``run.elsewhere`` while its lease is alive.
        """
        ...

    async def prune(
        self,
        *,
        now: float,
        before: float | None = None,
        statuses: Collection[RunStatus] = ("completed", "failed", "cancelled"),
        ids: Collection[str] = (),
    ) -> Pruned:
        """Remove runs, one transaction each, then whatever nobody needs any more: blobs, documents, expired results.

        Args:
            now: seconds since 1970; runs with a lease alive then are spared.
            before: only runs that ended before this moment (one that has not ended: started before).
            statuses: only runs of these statuses.
            ids: only these runs; empty means any.
        """
        ...

    async def vacuum(self) -> None:
        """Give the space of removed things back to the disk; holds every writer up, about a second per 100 MB."""
        ...

    async def rebuild_projections(self) -> None:
        """Fold every run anew and replace what the lists show, in one transaction. O(events)."""
        ...
