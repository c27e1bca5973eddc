"""The server's own tables in the run database: versions of graphs, sessions, one-time links, how far messages went.

Rule: the journal cannot keep these. It removes every document that no run names (``prune``), and it keeps no list by
name. They stand in the same file, so that one file is all there is to back up, under names of their own (``server_…``),
through a connection of their own. What has returned is on disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final, TypeVar

import anyio
from anyio import to_thread

from engine.errors import JournalError

Connection = sqlite3.Connection
T = TypeVar("T")

BUSY_S: Final = 10.0
TABLES: Final = """
CREATE TABLE IF NOT EXISTS server_texts (etag TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS server_versions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    graph TEXT NOT NULL,
    etag TEXT NOT NULL,
    hash TEXT NOT NULL,
    at REAL NOT NULL,
    by TEXT,
    label TEXT,
    UNIQUE (graph, etag)
);
CREATE TABLE IF NOT EXISTS server_sessions (
    digest TEXT PRIMARY KEY, person TEXT NOT NULL, at REAL NOT NULL, until REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS server_told (way TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS server_links (
    digest TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    person TEXT NOT NULL,
    run TEXT,
    gate TEXT,
    until REAL NOT NULL,
    used_at REAL
) WITHOUT ROWID;
"""


class Shelf:
    """One connection, used by one worker thread at a time."""

    def __init__(self, db: str) -> None:
        self._db = db
        self._one = anyio.Lock()
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Connect and make the tables.

        Raises:
            JournalError: the database cannot be used.
        """
        self._connection = await to_thread.run_sync(self._connect)
        await self.do(lambda connection: connection.executescript(TABLES))

    async def close(self) -> None:
        """Let go of the file; may be repeated."""
        if self._connection is not None:
            async with self._one:
                self._connection.close()
                self._connection = None

    async def do(self, act: Callable[[sqlite3.Connection], T]) -> T:
        """Do ``act`` in one transaction of its own, in a worker thread.

        Raises:
            JournalError: ``journal.locked``, ``.full``, ``.read_only``, ``.io``; nothing was written.
        """
        async with self._one:
            if self._connection is None:
                raise JournalError("the server has let go of its tables", where=self._db)
            return await to_thread.run_sync(self._transaction, self._connection, act)

    async def look(self, act: Callable[[sqlite3.Connection], T]) -> T:
        """Read with ``act``, in a worker thread: without the lock for writing, which a stranger must not make us take.

        Raises:
            JournalError: as ``do``.
        """
        async with self._one:
            if self._connection is None:
                raise JournalError("the server has let go of its tables", where=self._db)
            return await to_thread.run_sync(self._reading, self._connection, act)

    def _reading(self, connection: sqlite3.Connection, act: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return act(connection)
        except sqlite3.Error as error:
            raise _told(error, self._db) from error

    def _connect(self) -> sqlite3.Connection:
        place = ":memory:" if self._db == "memory:" else self._db
        try:
            return sqlite3.connect(place, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise _told(error, self._db) from error

    def _transaction(self, connection: sqlite3.Connection, act: Callable[[sqlite3.Connection], T]) -> T:
        try:
            connection.execute("BEGIN IMMEDIATE")
            result = act(connection)
            if connection.in_transaction:
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise _told(error, self._db) from error
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return result


_SAYINGS: Final = (
    (
        "locked",
        "journal.locked",
        "wait until the program that holds the database is done, or find it with fuser or lsof",
    ),
    ("full", "journal.full", "make room on the disk; what was acknowledged is kept"),
    ("readonly", "journal.read_only", "check the rights of the file and of its directory"),
    ("malformed", "journal.corrupt", "restore the database from a backup"),
    ("", "journal.io", "check the disk, its quota and the file size limit; what was acknowledged is kept"),
)
"""What SQLite says, the code that it stands for, and what to do; the first that fits."""


def _told(error: sqlite3.Error, db: str) -> JournalError:
    said = str(error)
    code, hint = next((code, hint) for word, code, hint in _SAYINGS if word in said)
    return JournalError(said, code=code, where=db, hint=hint)
