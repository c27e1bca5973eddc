"""Reading: pages of events, and the lists.

Rule: every function here reads, on a connection of its own, what is committed; none of them writes. A page ends early
when its values are big, so that a long journal never has to fit into memory. Every cursor is read to its end or
closed: one that an exception keeps alive would hold the connection at its old snapshot.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, Final, TypeVar

import orjson

from engine.errors import Failure, JournalError
from engine.journal.batch import hash_key
from engine.journal.codec import LoadBlob, decode
from engine.journal.leases import run_key
from engine.journal.projection import RunView, Wait
from engine.journal.records import (
    PAGE_EVENTS,
    WAITS_SHOWN,
    Arrivals,
    Blob,
    Effect,
    Letter,
    OpenGate,
    Recorded,
    RunFilter,
    RunRow,
    Span,
)
from engine.journal.shapes import CODE_OF, usage_from_json
from engine.scheduler import events as ev

E = TypeVar("E")

PAGE_BYTES: Final = 1024 * 1024
"""A page of events ends once its values are longer than this."""


class _Blobs:
    """Loads blobs for one page and counts their bytes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.size_bytes = 0

    def __call__(self, digest: str) -> bytes:
        row = self._connection.execute("SELECT content FROM blobs WHERE hash = ?", (hash_key(digest),)).fetchone()
        if row is None:
            raise JournalError(
                f"the value {digest} is missing from the database",
                code="journal.corrupt",
                hint="restore the database from a backup",
            )
        content: bytes = row[0]
        self.size_bytes += len(content)
        return content


# --- events ---


def read_page(connection: sqlite3.Connection, run_id: str, after: int, limit: int) -> list[ev.Event]:
    """Up to ``limit`` events of a run with ``n`` > ``after``.

    Raises:
        InputError: ``run.unknown``.
    """
    return _events(connection, run_key(connection, run_id), after, limit)


def _events(connection: sqlite3.Connection, key: int, after: int, limit: int) -> list[ev.Event]:
    load = _Blobs(connection)
    page: list[ev.Event] = []
    with closing(
        connection.execute(
            "SELECT n, at, type, version, body FROM events WHERE run = ? AND n > ? ORDER BY n LIMIT ?",
            (key, after, limit),
        )
    ) as rows:
        for n, at, code, version, body in rows:
            page.append(decode(n, at, code, version, body, load))
            load.size_bytes += len(body)
            if load.size_bytes > PAGE_BYTES:
                break
    return page


def read_all(connection: sqlite3.Connection, after: int, limit: int) -> list[Recorded]:
    """Up to ``limit`` events of all runs with a position above ``after``."""
    load = _Blobs(connection)
    page: list[Recorded] = []
    with closing(
        connection.execute(
            "SELECT position, id, n, at, type, version, body FROM events JOIN runs ON runs.key = run"
            " WHERE position > ? ORDER BY position LIMIT ?",
            (after, limit),
        )
    ) as rows:
        for place, run_id, n, at, code, version, body in rows:
            page.append(Recorded(place, run_id, decode(n, at, code, version, body, load)))
            load.size_bytes += len(body)
            if load.size_bytes > PAGE_BYTES:
                break
    return page


_SELECT_RECORDED: Final = "SELECT position, id, n, at, type, version, body FROM events JOIN runs ON runs.key = run"


def gate_events(
    connection: sqlite3.Connection, kinds: Collection[type[ev.GateEvent]], span: Span, run_id: str | None
) -> list[Recorded]:
    """A page of what happened to gates; see ``Journal.gate_events``."""
    codes = sorted(CODE_OF[kind] for kind in kinds)
    # The first clause says in so many words what the index is limited to, so that it is used.
    clauses = ["type BETWEEN 10 AND 14", f"type IN ({', '.join('?' * len(codes))})"]
    values: list[Any] = [*codes]
    if span.after is not None:
        clauses.append("position > ?")
        values.append(span.after)
    if span.before is not None:
        clauses.append("position < ?")
        values.append(span.before)
    if run_id is not None:
        clauses.append("run = ?")
        values.append(run_key(connection, run_id))
    order = "ORDER BY position LIMIT ?" if span.after is not None else "ORDER BY position DESC LIMIT ?"
    statement = " ".join([_SELECT_RECORDED, *where(clauses), order])
    load = _Blobs(connection)
    with closing(connection.execute(statement, (*values, span.limit))) as rows:
        return [
            Recorded(place, run_id, decode(n, at, code, version, body, load))
            for place, run_id, n, at, code, version, body in rows
        ]


def position(connection: sqlite3.Connection) -> int:
    """The newest position; 0 in a new journal. It stays when its event is removed."""
    newest: int | None = connection.execute("SELECT max(position) FROM events").fetchone()[0]
    return newest or 0


def _event(connection: sqlite3.Connection, key: int, n: int, kind: type[E]) -> E:
    """The event of this number, which a list says is of this kind."""
    row = connection.execute("SELECT at, type, version, body FROM events WHERE run = ? AND n = ?", (key, n)).fetchone()
    event: ev.Event | None = None
    if row is not None:
        at, code, version, body = row
        event = decode(n, at, code, version, body, _Blobs(connection))
    if not isinstance(event, kind):
        raise JournalError(
            f"event {n} is missing from the database: {kind.__name__} was expected",
            code="journal.corrupt",
            hint="restore the database from a backup",
        )
    return event


# What does not change a view is not even read for it.
_SEEN_BY_VIEWS: Final = orjson.dumps([CODE_OF[kind] for kind in RunView.FOLDS]).decode()


def fold(connection: sqlite3.Connection, key: int) -> RunView:
    """The view of a run as its journal stands; O(events)."""
    load: LoadBlob = _Blobs(connection)
    view = RunView()
    with closing(
        connection.execute(
            "SELECT n, at, type, version, body FROM events"
            " WHERE run = ? AND type IN (SELECT value FROM json_each(?)) ORDER BY n",
            (key, _SEEN_BY_VIEWS),
        )
    ) as rows:
        for n, at, code, version, body in rows:
            view.apply(decode(n, at, code, version, body, load))
    return view


# --- runs ---

_SELECT_RUNS: Final = (
    "SELECT key, id, graph, graph_hash, status, started_at, ended_at, error, usage, parent, ended_n FROM runs"
)

_STATUS: Final = 4
"""Where the status stands in it."""


def runs(connection: sqlite3.Connection, which: RunFilter) -> list[RunRow]:
    """Runs, newest first."""
    clauses: list[str] = []
    values: list[Any] = []

    def narrow(clause: str, given: Any) -> None:
        clauses.append(clause)
        values.append(given)

    if which.statuses:
        narrow("status IN (SELECT value FROM json_each(?))", json_list(which.statuses))
    if which.ids:
        narrow("id IN (SELECT value FROM json_each(?))", json_list(which.ids))
    if which.graph is not None:
        narrow("graph = ?", which.graph)
    if which.since is not None:
        narrow("started_at >= ?", which.since)
    if which.before is not None:
        narrow("key < ?", which.before)
    if which.wake_before is not None:
        narrow("key IN (SELECT run FROM waits WHERE wake < ?)", which.wake_before)
    if which.is_free is not None:
        narrow("key NOT IN (SELECT run FROM leases WHERE until > ?)", which.is_free)
    if which.is_left is not None:
        narrow("key IN (SELECT run FROM leases WHERE until <= ?)", which.is_left)
    rows = connection.execute(
        " ".join([_SELECT_RUNS, *where(clauses), "ORDER BY key DESC LIMIT ?"]), (*values, which.limit)
    ).fetchall()
    return [_run_row(connection, row) for row in rows]


def run(connection: sqlite3.Connection, run_id: str) -> RunRow:
    """One run with its input and output.

    Raises:
        InputError: ``run.unknown``.
    """
    key = run_key(connection, run_id)
    row = connection.execute(f"{_SELECT_RUNS} WHERE key = ?", (key,)).fetchone()
    started = _event(connection, key, 1, ev.RunStarted)
    is_completed = row[_STATUS] == "completed"
    output = _event(connection, key, row[-1], ev.RunCompleted).output if is_completed else None
    return replace(_run_row(connection, row), input=started.input, output=output, options=started.options)


def _run_row(connection: sqlite3.Connection, row: tuple[Any, ...]) -> RunRow:
    key, run_id, graph, graph_hash, status, started_at, ended_at, error, usage, parent, _ = row
    return RunRow(
        id=run_id,
        cursor=key,
        graph=graph,
        graph_hash=graph_hash,
        status=status,
        started_at=started_at,
        ended_at=ended_at,
        waiting_for=_waits(connection, key),
        error=None if error is None else Failure.from_json(orjson.loads(error)),
        usage=usage_from_json(orjson.loads(usage)),
        parent=None if parent is None else orjson.loads(parent),
    )


def _waits(connection: sqlite3.Connection, key: int) -> tuple[Wait, ...]:
    rows = connection.execute(
        "SELECT kind, name, n, execution, node, since, wake, signal, assignees FROM waits WHERE run = ?"
        " ORDER BY n LIMIT ?",
        (key, WAITS_SHOWN),
    ).fetchall()
    return tuple(
        Wait(kind, name, n, execution, node, since, wake, signal, _assignees(assignees))
        for kind, name, n, execution, node, since, wake, signal, assignees in rows
    )


def _assignees(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(orjson.loads(text))


def json_list(values: Collection[str]) -> str:
    """Texts as one argument, to be taken apart by ``json_each``."""
    return orjson.dumps(list(values)).decode()


def where(clauses: Sequence[str]) -> list[str]:
    """The WHERE part of a statement, from clauses of which none comes from outside; empty where there are none."""
    return ["WHERE", " AND ".join(clauses)] if clauses else []


# --- gates, effects, mail, blobs ---

_SELECT_GATES: Final = "SELECT runs.id, runs.graph, waits.assignees, n, run FROM waits JOIN runs ON runs.key = run"


def inbox(connection: sqlite3.Connection, run_id: str | None, after: tuple[float, str, str] | None) -> list[OpenGate]:
    """Open gates, oldest first, up to ``PAGE_EVENTS``."""
    clauses = ["kind = 'gate'"]
    values: list[Any] = []
    if run_id is not None:
        clauses.append("run = ?")
        values.append(run_key(connection, run_id))
    if after is not None:
        clauses.append("(since, id, name) > (?, ?, ?)")
        values += after
    statement = " ".join([_SELECT_GATES, *where(clauses), "ORDER BY since, id, name LIMIT ?"])
    rows = connection.execute(statement, (*values, PAGE_EVENTS)).fetchall()
    return [_open_gate(connection, row) for row in rows]


def gate(connection: sqlite3.Connection, run_id: str, gate_id: str) -> OpenGate | None:
    """One open gate, or None."""
    key = run_key(connection, run_id)
    statement = f"{_SELECT_GATES} WHERE kind = 'gate' AND run = ? AND name = ?"
    row = connection.execute(statement, (key, gate_id)).fetchone()
    return None if row is None else _open_gate(connection, row)


def _open_gate(connection: sqlite3.Connection, row: tuple[Any, ...]) -> OpenGate:
    run_id, graph, assignees, n, key = row
    return OpenGate.of(run_id, graph, _event(connection, key, n, ev.GateOpened), _assignees(assignees))


def effect(connection: sqlite3.Connection, run_id: str, effect_key: str) -> Effect | None:
    """What is recorded of an effect, or None."""
    key = run_key(connection, run_id)
    row = connection.execute(
        "SELECT claimed_n, settled_n FROM effects WHERE run = ? AND key = ?", (key, effect_key)
    ).fetchone()
    if row is None:
        return None
    claimed = None if row[0] is None else _event(connection, key, row[0], ev.EffectClaimed)
    settled = None if row[1] is None else _event(connection, key, row[1], ev.EffectSettled)
    return Effect.of(effect_key, claimed, settled)


def mail(connection: sqlite3.Connection, run_id: str) -> list[Letter]:
    """The run's letters, oldest first."""
    rows = connection.execute(
        "SELECT id, kind, body, at FROM mail WHERE run = ? ORDER BY id", (run_key(connection, run_id),)
    ).fetchall()
    return [Letter(number, run_id, kind, orjson.loads(body), at) for number, kind, body, at in rows]


def arrivals(connection: sqlite3.Connection, after: int) -> Arrivals:
    """Which runs have letters above ``after``; one step down an index where there are none."""
    rows = connection.execute(
        "SELECT mail.id, runs.id FROM mail JOIN runs ON runs.key = run WHERE mail.id > ? ORDER BY mail.id", (after,)
    ).fetchall()
    return Arrivals(rows[-1][0] if rows else after, frozenset(row[1] for row in rows))


def blob(connection: sqlite3.Connection, digest: str) -> Blob | None:
    """The blob with this hash, or None."""
    row = connection.execute("SELECT content, media_type FROM blobs WHERE hash = ?", (hash_key(digest),)).fetchone()
    return None if row is None else Blob(*row)


def document(connection: sqlite3.Connection, digest: str) -> str | None:
    """The document of this graph hash, or None."""
    row = connection.execute("SELECT content FROM documents WHERE hash = ?", (hash_key(digest),)).fetchone()
    return None if row is None else row[0]


def cached(connection: sqlite3.Connection, key: str, now: float) -> tuple[Any] | None:
    """A kept result that has not expired, in a tuple, or None."""
    row = connection.execute("SELECT value FROM cache WHERE key = ? AND expires_at > ?", (key, now)).fetchone()
    return None if row is None else (orjson.loads(row[0]),)
