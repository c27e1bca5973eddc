"""The database: its tables, its version, and how it is opened.

Rule: a file is touched only once it is known to be empty or ours. ``application_id`` says that it is a weft database,
``user_version`` how many of ``MIGRATIONS`` it has had; a newer one is refused, an older one is brought up in one
transaction. Everything but ``events``, ``mail``, ``blobs``, ``documents`` and the lease counters in ``runs`` can be
rebuilt from the events.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

from engine.errors import JournalError
from engine.journal.faults import journal_error

APPLICATION_ID: Final = 0x77656674  # "weft"

BUSY_TIMEOUT_S: Final = 10.0
"""How long a transaction waits for another program's before it gives up with ``journal.locked``."""

_WAL_TRIES: Final = 10
_WAL_BYTES_KEPT: Final = 16 * 1024 * 1024

# A run is known by a small number (`key`) everywhere but in its own row: in a journal of many small events its id
# would outweigh them. AUTOINCREMENT where a number must never come again: a dead host's lease names a run by key, a
# host remembers the newest letter. A position must not come again either, but AUTOINCREMENT costs a page more at every
# commit (a fifth to a third of its time), so deleting the newest event leaves a mark at its position instead.
_V1: Final = """
CREATE TABLE runs (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    graph TEXT NOT NULL,
    graph_hash TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at REAL NOT NULL,
    ended_at REAL,
    ended_n INTEGER,
    error TEXT,
    usage TEXT NOT NULL,
    parent TEXT,
    token INTEGER NOT NULL,
    is_clean INTEGER NOT NULL
);
CREATE INDEX runs_by_status ON runs (status);
CREATE INDEX runs_by_graph ON runs (graph);
CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    n INTEGER NOT NULL,
    at REAL NOT NULL,
    type INTEGER NOT NULL,
    version INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX events_by_run ON events (run, n);
CREATE TABLE leases (
    run INTEGER PRIMARY KEY,
    holder TEXT NOT NULL,
    token INTEGER NOT NULL,
    until REAL NOT NULL
);
CREATE TABLE waits (
    run INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    n INTEGER NOT NULL,
    execution TEXT NOT NULL,
    node TEXT NOT NULL,
    since REAL NOT NULL,
    wake REAL,
    signal TEXT,
    assignees TEXT,
    PRIMARY KEY (run, kind, name)
) WITHOUT ROWID;
CREATE INDEX waits_by_wake ON waits (wake) WHERE wake IS NOT NULL;
CREATE INDEX gates_by_age ON waits (since) WHERE kind = 'gate';
CREATE TABLE effects (
    run INTEGER NOT NULL,
    key TEXT NOT NULL,
    claimed_n INTEGER,
    settled_n INTEGER,
    PRIMARY KEY (run, key)
) WITHOUT ROWID;
CREATE TABLE mail (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body BLOB NOT NULL,
    at REAL NOT NULL
);
CREATE INDEX mail_by_run ON mail (run);
CREATE TABLE blobs (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    media_type TEXT NOT NULL,
    at REAL NOT NULL,
    content BLOB NOT NULL
);
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    at REAL NOT NULL,
    content TEXT NOT NULL
);
CREATE TABLE refs (
    run INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (run, hash)
) WITHOUT ROWID;
CREATE TABLE cache (
    key TEXT PRIMARY KEY,
    expires_at REAL NOT NULL,
    value BLOB NOT NULL
) WITHOUT ROWID;
"""

# What was asked of people and what they decided, over all runs: no list of its own that could part from the events.
_V2: Final = """
CREATE INDEX events_of_gates ON events (position) WHERE type BETWEEN 10 AND 14;
"""

MIGRATIONS: Final = (_V1, _V2)
"""SQL that brings a database from version i to i + 1; never changed once released."""


def connect(path: Path, *, is_full: bool, busy_timeout_s: float = BUSY_TIMEOUT_S) -> sqlite3.Connection:
    """Open or make the database, ready for the writer.

    Args:
        path: the file; its directory must exist.
        is_full: commits survive a power cut, not only the end of the process.
        busy_timeout_s: see ``BUSY_TIMEOUT_S``.

    Raises:
        JournalError: the database cannot be used; the code says why.
    """
    if not path.parent.is_dir():
        raise JournalError(
            "the database's directory does not exist",
            where=str(path),
            hint=f"make it with: mkdir -p {path.parent}",
        )
    _check_is_sqlite(path)
    try:
        connection = sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise journal_error(error, str(path)) from error
    try:
        _prepare(connection, path, is_full)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error):
            raise journal_error(error, str(path)) from error
        raise
    return connection


def connect_reader(path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> sqlite3.Connection:
    """Open a database that ``connect`` has prepared, for reading only; may move between threads."""
    connection = sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _check_is_sqlite(path: Path) -> None:
    """Refuse a file that is not SQLite's. SQLite itself would take a short text file for an empty database."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError:
        return  # not there yet, or SQLite will say what is wrong with it
    if head and head != b"SQLite format 3\0":
        raise JournalError(
            "the file is no weft database",
            code="journal.corrupt",
            where=str(path),
            hint="choose another file with --db",
        )


def _prepare(connection: sqlite3.Connection, path: Path, is_full: bool) -> None:
    _check_is_ours(connection, path)
    _use_wal(connection)
    connection.execute(f"PRAGMA synchronous = {'FULL' if is_full else 'NORMAL'}")
    # Without these, macOS keeps what it was told to write in the drive's own cache.
    connection.execute(f"PRAGMA fullfsync = {'ON' if is_full else 'OFF'}")
    connection.execute("PRAGMA checkpoint_fullfsync = ON")
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES_KEPT}")
    # Taking the write lock now finds a read-only or locked file before anything depends on it.
    connection.execute("BEGIN IMMEDIATE")
    version = _check_is_ours(connection, path)
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        for statement in script.split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("COMMIT")


def _check_is_ours(connection: sqlite3.Connection, path: Path) -> int:
    """The database's version; 0 for an empty file."""
    application_id: int = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if application_id != APPLICATION_ID:
        if version or application_id or connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise JournalError(
                "the file is a database of another program",
                code="journal.corrupt",
                where=str(path),
                hint="choose another file with --db",
            )
        return 0
    if version > len(MIGRATIONS):
        raise JournalError(
            f"the database has version {version}, this weft knows versions up to {len(MIGRATIONS)}",
            code="journal.version",
            where=str(path),
            hint="use the newer weft that made it",
        )
    return version


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch the file to write-ahead logging, which is kept in the file.

    SQLite does not wait for a lock here. Another process that makes the same database at this moment holds it for a
    transaction or two, and taking the write lock for a moment waits for that one's end.
    """
    for _ in range(_WAL_TRIES):
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")
            return
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    connection.execute("PRAGMA journal_mode = WAL")
