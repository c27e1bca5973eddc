"""A run's events on their way to the disk, and the rows that they become.

Rule: everything that depends on the events (waits, effects, the line in the list, blobs, letters that are answered by
them) is written in their transaction, after the lease has been checked in it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from engine.errors import EngineBug, WeftError
from engine.journal.codec import FORMAT, Encoded, encode
from engine.journal.projection import Changes, RunView, Summary, Wait
from engine.journal.records import Lease
from engine.journal.refusals import lease_lost
from engine.journal.shapes import usage_json
from engine.scheduler.events import Event

EventRow = tuple[int, int, float, int, int, bytes]
"""run key, n, at, type number, form, body."""


@dataclass(slots=True, eq=False)
class Held:
    """A lease that this process holds, and what it knows of the run because it alone writes it.

    Attributes:
        lease: as given out.
        key: the run's number in the database.
        view: the fold of all events handed over so far.
        next_n: number of the next event.
        answered: ids of the letters that were handed over with events, so that none is read twice.
        error: why nothing more is written under this lease, or None; set on the writer's thread.
    """

    lease: Lease
    key: int
    view: RunView
    next_n: int
    answered: set[int] = field(default_factory=set[int])
    error: WeftError | None = None

    def take_in(self, events: Sequence[Event], letters: Sequence[int], future: asyncio.Future[None]) -> Batch:
        """The batch that writes these events; the view and the count go on.

        Raises:
            EngineBug: a gap in the numbers, or a value that is no JSON.
        """
        batch = Batch(self, future, letters=letters)
        view = self.view
        before = view.summary
        n = self.next_n
        for event in events:
            if event.n != n:
                raise EngineBug(f"event {event.n} of run {self.lease.run_id} was handed over where {n} is next")
            n += 1
            batch.take(event, encode(event))
        for event in events:
            view.apply(event)
        self.next_n = n
        self.answered.update(letters)
        batch.changes = view.take_changes()
        if view.summary is not before:
            batch.summary = view.summary
        return batch


@dataclass(slots=True, eq=False)
class Batch:
    """Events of one run that are written together, and all that goes with them.

    Attributes:
        held: the lease they are written under.
        future: ends when they are on disk.
        letters: ids of letters to delete.
        rows, blobs, refs: see ``codec.Encoded``; a blob with the moment of its event.
        changes, summary: what they change in the lists; None where nothing.
        size_bytes: of bodies and blobs.
    """

    held: Held
    future: asyncio.Future[None]
    letters: Sequence[int] = ()
    rows: list[EventRow] = field(default_factory=list[EventRow])
    blobs: list[tuple[str, bytes, float]] = field(default_factory=list[tuple[str, bytes, float]])
    refs: set[str] = field(default_factory=set[str])
    changes: Changes | None = None
    summary: Summary | None = None
    size_bytes: int = 0

    def take(self, event: Event, encoded: Encoded) -> None:
        """Add one event."""
        code, body, blobs, refs = encoded
        self.rows.append((self.held.key, event.n, event.at, code, FORMAT, body))
        self.size_bytes += len(body)
        if refs is not None:
            self.refs |= refs
        if blobs is not None:
            self.blobs += [(digest, content, event.at) for digest, content in blobs.items()]
            self.size_bytes += sum(map(len, blobs.values()))


def write_batches(connection: sqlite3.Connection, batches: Sequence[Batch]) -> None:
    """Write batches of one run, in order, within the open transaction.

    Raises:
        LeaseLost: another host holds the run's lease, or has written an event of one of these numbers.
    """
    held = batches[0].held
    check_lease(connection, held)
    try:
        connection.executemany(_INSERT_EVENT, [row for batch in batches for row in batch.rows])
    except sqlite3.IntegrityError as error:
        raise lease_lost(held.lease.run_id) from error
    for batch in batches:
        write_blobs(connection, held.key, batch.blobs, batch.refs)
        if batch.letters:
            connection.executemany("DELETE FROM mail WHERE id = ?", [(letter,) for letter in batch.letters])
        if batch.changes:
            write_changes(connection, held.key, batch.changes)
    summary = next((batch.summary for batch in reversed(batches) if batch.summary is not None), None)
    if summary is not None:
        write_summary(connection, held.key, summary)


def check_lease(connection: sqlite3.Connection, held: Held) -> None:
    """Whether the lease is still the run's, in the open transaction.

    Raises:
        LeaseLost: another host holds it, or the run is gone; or what an earlier batch under this lease failed with.
    """
    if held.error is not None:
        raise held.error
    row = connection.execute("SELECT token FROM leases WHERE run = ?", (held.key,)).fetchone()
    if row is None or row[0] != held.lease.token:
        raise lease_lost(held.lease.run_id)


_INSERT_EVENT: Final = "INSERT INTO events (run, n, at, type, version, body) VALUES (?, ?, ?, ?, ?, ?)"


def insert_event(connection: sqlite3.Connection, key: int, event: Event, encoded: Encoded) -> None:
    """Write one event's row."""
    connection.execute(_INSERT_EVENT, (key, event.n, event.at, encoded.code, FORMAT, encoded.body))


def hash_key(digest: str) -> bytes:
    """A hash as the database keeps it: 32 bytes for a SHA-256 in hex, else the text's own."""
    try:
        return bytes.fromhex(digest)
    except ValueError:
        return digest.encode()


def write_blobs(
    connection: sqlite3.Connection, key: int, blobs: Iterable[tuple[str, bytes, float]], refs: Iterable[str]
) -> None:
    """Keep blobs (hash, content, moment), and note that the run needs ``refs``."""
    for digest, content, at in blobs:
        connection.execute(
            "INSERT OR IGNORE INTO blobs (hash, media_type, at, content) VALUES (?, 'application/json', ?, ?)",
            (hash_key(digest), at, content),
        )
    for digest in refs:
        connection.execute("INSERT OR IGNORE INTO refs (run, hash) VALUES (?, ?)", (key, hash_key(digest)))


def write_changes(connection: sqlite3.Connection, key: int, changes: Changes) -> None:
    """Bring the run's waits and effects up to date."""
    if changes.closed_all:
        connection.execute("DELETE FROM waits WHERE run = ?", (key,))
    for (kind, name), wait in changes.waits.items():
        if wait is None:
            connection.execute("DELETE FROM waits WHERE run = ? AND kind = ? AND name = ?", (key, kind, name))
        else:
            connection.execute(_UPSERT_WAIT, _wait_row(key, wait))
    for effect, (claimed_n, settled_n) in changes.effects.items():
        connection.execute(_UPSERT_EFFECT, (key, effect, claimed_n, settled_n))


_UPSERT_WAIT: Final = (
    "INSERT OR REPLACE INTO waits (run, kind, name, n, execution, node, since, wake, signal, assignees)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

# A new claim opens the effect again; a settlement alone leaves the claim as it was.
_UPSERT_EFFECT: Final = (
    "INSERT INTO effects (run, key, claimed_n, settled_n) VALUES (?, ?, ?, ?) ON CONFLICT (run, key) DO UPDATE SET"
    " claimed_n = coalesce(excluded.claimed_n, claimed_n), settled_n = excluded.settled_n"
)


def _wait_row(key: int, wait: Wait) -> tuple[Any, ...]:
    assignees = None if wait.assignees is None else orjson.dumps(wait.assignees).decode()
    return (
        key,
        wait.kind,
        wait.name,
        wait.n,
        wait.execution,
        wait.node,
        wait.since,
        wait.wake,
        wait.signal,
        assignees,
    )


def write_summary(connection: sqlite3.Connection, key: int, summary: Summary) -> None:
    """Bring the run's line in the list up to date."""
    error = None if summary.error is None else orjson.dumps(summary.error.as_json()).decode()
    connection.execute(
        "UPDATE runs SET status = ?, ended_at = ?, ended_n = ?, error = ?, usage = ? WHERE key = ?",
        (summary.status, summary.ended_at, summary.ended_n, error, usage_text(summary), key),
    )


def usage_text(summary: Summary) -> str:
    """The usage as the database keeps it: the JSON of ``codec.usage_json``."""
    return orjson.dumps(usage_json(summary.usage)).decode()
