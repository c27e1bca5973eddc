"""SQLite's troubles as weft's errors.

Rule: whatever sqlite3 raises leaves the journal as a JournalError that says what happened, to which file, and what the
operator can do.
"""

from __future__ import annotations

import sqlite3

from engine.errors import JournalError

_CODES: dict[int, tuple[str, str, str | None]] = {
    sqlite3.SQLITE_BUSY: (
        "journal.locked",
        "another program holds the database locked",
        "wait until it is done, or find it with fuser or lsof",
    ),
    sqlite3.SQLITE_LOCKED: (
        "journal.locked",
        "another program holds the database locked",
        "wait until it is done, or find it with fuser or lsof",
    ),
    sqlite3.SQLITE_READONLY: (
        "journal.read_only",
        "the database cannot be written",
        "check the rights of the file and of its directory, and whether the disk is mounted read-only",
    ),
    sqlite3.SQLITE_PERM: (
        "journal.read_only",
        "the database may not be opened",
        "check the rights of the file and of its directory",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "journal.unusable",
        "the database cannot be opened",
        "check that its directory exists and that you may write there, or choose another place with --db",
    ),
    sqlite3.SQLITE_NOTADB: (
        "journal.corrupt",
        "the file is no weft database",
        "choose another file with --db, or restore it from a backup",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "journal.corrupt",
        "the database is damaged",
        "restore it from a backup, or save what can be read with: sqlite3 FILE .recover",
    ),
    sqlite3.SQLITE_FULL: (
        "journal.full",
        "the disk is full",
        "make room, then resume the run: everything acknowledged is kept",
    ),
    sqlite3.SQLITE_IOERR: (
        "journal.io",
        "the disk refused to read or write",
        "check the disk, its quota and the file size limit, then resume the run; what was acknowledged is kept",
    ),
}

_PRIMARY = 0xFF  # the low byte of an extended result code


def journal_error(error: sqlite3.Error, where: str) -> JournalError:
    """The JournalError that says what this sqlite3 error means for the database ``where``."""
    number: int | None = getattr(error, "sqlite_errorcode", None)
    known = _CODES.get(number & _PRIMARY) if number is not None else None
    if known is None:
        return JournalError(f"the database failed: {error}", where=where, hint="run weft doctor")
    code, message, hint = known
    return JournalError(f"{message} ({error})", code=code, where=where, hint=hint)


def is_lasting(error: sqlite3.Error) -> bool:
    """Whether the same transaction, tried again in parts, could do no better: the database is locked or unusable."""
    number: int | None = getattr(error, "sqlite_errorcode", None)
    return number is not None and number & _PRIMARY in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY}
