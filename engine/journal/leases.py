"""Leases, mail and the making of runs, as statements on the database.

Rule: a lease is a row with a holder, a moment and a token. A new lease has a higher token than all before it, so what
an earlier holder still hands over is recognised and refused. The moments come from the hosts' own clocks, which need
to agree to within the lease's length.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from engine.journal.batch import insert_event, usage_text, write_blobs
from engine.journal.blobs import put_document
from engine.journal.codec import Encoded
from engine.journal.holders import is_gone
from engine.journal.projection import Summary
from engine.journal.records import Lease
from engine.journal.refusals import run_elsewhere, run_exists, run_unknown
from engine.scheduler.events import RunStarted


class Claim(NamedTuple):
    """Who wants a lease, when, and for how long."""

    run_id: str
    holder: str
    now: float
    ttl_s: float


def run_key(connection: sqlite3.Connection, run_id: str) -> int:
    """The run's number.

    Raises:
        InputError: ``run.unknown``.
    """
    row = connection.execute("SELECT key FROM runs WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        raise run_unknown(run_id)
    key: int = row[0]
    return key


def create_run(
    connection: sqlite3.Connection,
    claim: Claim,
    started: RunStarted,
    encoded: Encoded,
    documents: Mapping[str, str],
) -> int:
    """Write a new run's row, first event, documents and lease; returns its number.

    Raises:
        InputError: ``run.exists``.
    """
    parent = None if started.parent is None else orjson.dumps(started.parent).decode()
    summary = Summary("running")
    try:
        connection.execute(
            "INSERT INTO runs (id, graph, graph_hash, status, started_at, usage, parent, token, is_clean)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 1, 0)",
            (
                claim.run_id,
                started.graph,
                started.graph_hash,
                summary.status,
                started.at,
                usage_text(summary),
                parent,
            ),
        )
    except sqlite3.IntegrityError as error:
        raise run_exists(claim.run_id) from error
    key = _last_number(connection)
    insert_event(connection, key, started, encoded)
    blobs = [(digest, content, started.at) for digest, content in (encoded.blobs or {}).items()]
    write_blobs(connection, key, blobs, {*(encoded.refs or ()), *started.documents.values()})
    for digest, text in documents.items():
        put_document(connection, digest, text, claim.now)
    _write_lease(connection, key, claim, token=1)
    return key


def acquire(connection: sqlite3.Connection, claim: Claim) -> tuple[int, Lease]:
    """Take a lease that is free, expired, a gone process's or one that this holder could not give back.

    Returns:
        The run's number, and the lease.

    Raises:
        InputError: ``run.unknown``, ``run.elsewhere``.
    """
    key = run_key(connection, claim.run_id)
    living = living_holder(connection, key, claim.now)
    if living is not None and living != claim.holder:
        raise run_elsewhere(claim.run_id, living)
    token, is_clean, last_n = connection.execute(
        "SELECT token + 1, is_clean, (SELECT max(n) FROM events WHERE run = key) FROM runs WHERE key = ?", (key,)
    ).fetchone()
    connection.execute("UPDATE runs SET token = ?, is_clean = 0 WHERE key = ?", (token, key))
    _write_lease(connection, key, claim, token=token)
    return key, Lease(claim.run_id, claim.holder, token, claim.now + claim.ttl_s, bool(is_clean), last_n)


def living_holder(connection: sqlite3.Connection, key: int, now: float) -> str | None:
    """Who holds the run's lease at this moment, or None; a process that is known to be gone holds nothing."""
    row = connection.execute("SELECT holder FROM leases WHERE run = ? AND until > ?", (key, now)).fetchone()
    return None if row is None or is_gone(row[0]) else row[0]


def holder(connection: sqlite3.Connection, run_id: str, now: float) -> str | None:
    """The same by the run's id.

    Raises:
        InputError: ``run.unknown``.
    """
    return living_holder(connection, run_key(connection, run_id), now)


def renew(connection: sqlite3.Connection, held: Sequence[tuple[int, int]], until: float) -> list[int]:
    """Prolong leases (run number, token); returns the numbers of the runs whose lease is another's by now."""
    lost: list[int] = []
    for key, token in held:
        renewed = connection.execute("UPDATE leases SET until = ? WHERE run = ? AND token = ?", (until, key, token))
        if not renewed.rowcount:
            lost.append(key)
    return lost


def release(connection: sqlite3.Connection, key: int, token: int, *, is_clean: bool, with_mail: bool) -> bool:
    """Give a lease back if it is still held; False, and nothing done, where mail waits and it may not."""
    if connection.execute("SELECT 1 FROM leases WHERE run = ? AND token = ?", (key, token)).fetchone() is None:
        return True
    if not with_mail and connection.execute("SELECT 1 FROM mail WHERE run = ? LIMIT 1", (key,)).fetchone():
        return False
    connection.execute("DELETE FROM leases WHERE run = ?", (key,))
    connection.execute("UPDATE runs SET is_clean = ? WHERE key = ?", (is_clean, key))
    return True


def post(connection: sqlite3.Connection, run_id: str, kind: str, body: bytes, at: float) -> int:
    """Put a letter into a run's mail; returns its id.

    Raises:
        InputError: ``run.unknown``.
    """
    connection.execute(
        "INSERT INTO mail (run, kind, body, at) VALUES (?, ?, ?, ?)", (run_key(connection, run_id), kind, body, at)
    )
    return _last_number(connection)


def withdraw(connection: sqlite3.Connection, run_id: str, letter: int) -> bool:
    """Take a letter back; whether it was still there.

    Raises:
        InputError: ``run.unknown``.
    """
    found = connection.execute("DELETE FROM mail WHERE id = ? AND run = ?", (letter, run_key(connection, run_id)))
    return found.rowcount > 0


def _last_number(connection: sqlite3.Connection) -> int:
    """The number that SQLite gave to the row inserted last."""
    number: int = connection.execute("SELECT last_insert_rowid()").fetchone()[0]
    return number


def _write_lease(connection: sqlite3.Connection, key: int, claim: Claim, *, token: int) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO leases (run, holder, token, until) VALUES (?, ?, ?, ?)",
        (key, claim.holder, token, claim.now + claim.ttl_s),
    )
