"""Removing runs and what nobody needs any more, and folding the lists anew.

Rule: a run goes whole, in one transaction, and only while nobody executes it. A blob or document goes when no run
names it and it has been there for a day: a file is put before the event that names it is written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Any, Final

from engine.journal.batch import write_changes, write_summary
from engine.journal.leases import living_holder, run_key
from engine.journal.lists import fold, json_list, position, where
from engine.journal.projection import RunStatus
from engine.journal.records import UNNAMED_KEPT_S
from engine.journal.refusals import run_elsewhere

_DELETE_BELONGINGS: Final = (
    "DELETE FROM waits WHERE run = ?",
    "DELETE FROM effects WHERE run = ?",
    "DELETE FROM mail WHERE run = ?",
    "DELETE FROM refs WHERE run = ?",
    "DELETE FROM leases WHERE run = ?",
    "DELETE FROM runs WHERE key = ?",
)


# Of no run and of no type; it stands where the newest event stood, so that its position is not given out again.
_MARK_POSITION: Final = (
    "INSERT OR IGNORE INTO events (position, run, n, at, type, version, body) VALUES (?, 0, ?, 0, 0, 0, '')"
)


def delete_run(connection: sqlite3.Connection, run_id: str, now: float) -> int:
    """Remove a run and all that belongs to it; returns how many events it had.

    Raises:
        InputError: ``run.unknown``, ``run.elsewhere``.
    """
    key = run_key(connection, run_id)
    living = living_holder(connection, key, now)
    if living is not None:
        raise run_elsewhere(run_id, living)
    newest = position(connection)
    events = connection.execute("DELETE FROM events WHERE run = ?", (key,)).rowcount
    connection.execute("DELETE FROM events WHERE run = 0")
    connection.execute(_MARK_POSITION, (newest, newest))
    for statement in _DELETE_BELONGINGS:
        connection.execute(statement, (key,))
    return events


def prunable(
    connection: sqlite3.Connection,
    *,
    now: float,
    before: float | None,
    statuses: Collection[RunStatus],
    ids: Collection[str],
) -> list[str]:
    """The runs that these conditions name and nobody executes, oldest first."""
    clauses = [
        "status IN (SELECT value FROM json_each(?))",
        "key NOT IN (SELECT run FROM leases WHERE until > ?)",
    ]
    values: list[Any] = [json_list(statuses), now]
    if before is not None:
        clauses.append("coalesce(ended_at, started_at) < ?")
        values.append(before)
    if ids:
        clauses.append("id IN (SELECT value FROM json_each(?))")
        values.append(json_list(ids))
    rows = connection.execute(" ".join(["SELECT id FROM runs", *where(clauses), "ORDER BY key"]), values)
    return [row[0] for row in rows]


def sweep(connection: sqlite3.Connection, now: float) -> tuple[int, int]:
    """Remove unnamed blobs and documents, and expired results; returns how many blobs and documents went."""
    old = (now - UNNAMED_KEPT_S,)
    blobs = connection.execute("DELETE FROM blobs WHERE at < ? AND hash NOT IN (SELECT hash FROM refs)", old)
    documents = connection.execute("DELETE FROM documents WHERE at < ? AND hash NOT IN (SELECT hash FROM refs)", old)
    connection.execute("DELETE FROM cache WHERE expires_at <= ?", (now,))
    return blobs.rowcount, documents.rowcount


def rebuild(connection: sqlite3.Connection) -> None:
    """Throw every projection away and fold all runs anew; O(events)."""
    connection.execute("DELETE FROM waits")
    connection.execute("DELETE FROM effects")
    for (key,) in connection.execute("SELECT key FROM runs ORDER BY key").fetchall():
        view = fold(connection, key)
        write_changes(connection, key, view.take_changes())
        write_summary(connection, key, view.summary)


def vacuum(connection: sqlite3.Connection) -> None:
    """Write the file anew without its holes; outside any transaction."""
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
