"""A database that cannot be used is refused with its reason, and left as it was."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ConfigError, JournalError
from engine.journal import open_journal
from engine.journal.schema import APPLICATION_ID, MIGRATIONS, connect
from engine.journal.sqlite import SqliteJournal
from tests.journal.contract import create, events_of
from tests.journal.elsewhere import outcome, running
from tests.journal.facts import started, steps

OPEN = """
async def main():
    try:
        journal = await open_journal(sys.argv[1], busy_timeout_s=0.05)
        await journal.close()
        say("opened")
    except WeftError as error:
        say(error.code)

if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
asyncio.run(main())
"""
"""Opens a database as somebody without special rights."""


def refused(path: Path, **options: Any) -> JournalError:
    """The error with which opening ends."""

    async def attempt() -> None:
        journal = await open_journal(path, **options)
        await journal.close()

    with pytest.raises(JournalError) as caught:
        asyncio.run(attempt())
    assert caught.value.where == str(path)
    assert caught.value.hint
    return caught.value


def make(path: Path) -> None:
    """A database with one run."""

    async def make_it() -> None:
        journal = await open_journal(path)
        await create(journal)
        await journal.append("r1", steps(3))
        await journal.close()

    asyncio.run(make_it())


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that everybody may enter and write."""
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o777)
    yield directory
    directory.chmod(0o777)
    shutil.rmtree(directory)


def test_a_directory_that_is_missing(tmp_path: Path) -> None:
    error = refused(tmp_path / "no" / "weft.db")
    assert error.code == "journal.unusable"
    assert error.hint is not None
    assert "mkdir" in error.hint


def test_a_directory_in_the_place_of_the_file(tmp_path: Path) -> None:
    assert refused(tmp_path).code == "journal.unusable"


@pytest.mark.parametrize("content", [b"a note\n", b"garbage " * 1000, b"SQLite format 3\0" + b"garbage " * 1000])
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    assert refused(path).code == "journal.corrupt"
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "script",
    ["CREATE TABLE t (x)", "PRAGMA user_version = 3", "PRAGMA application_id = 77", "CREATE VIEW v AS SELECT 1"],
)
def test_another_programs_database_is_left_alone(tmp_path: Path, script: str) -> None:
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute(script)
    other.close()
    before = path.read_bytes()
    assert refused(path).code == "journal.corrupt"
    assert path.read_bytes() == before


def test_a_database_of_a_newer_version(tmp_path: Path) -> None:
    make(tmp_path / "weft.db")
    newer = sqlite3.connect(tmp_path / "weft.db")
    newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    newer.close()
    error = refused(tmp_path / "weft.db")
    assert error.code == "journal.version"
    assert f"version {len(MIGRATIONS) + 1}" in error.message


def test_a_damaged_database_says_so(tmp_path: Path) -> None:
    make(tmp_path / "weft.db")
    content = bytearray((tmp_path / "weft.db").read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    (tmp_path / "weft.db").write_bytes(content)

    async def use() -> None:
        journal = await open_journal(tmp_path / "weft.db")
        try:
            await journal.runs()
        finally:
            await journal.close()

    with pytest.raises(JournalError) as caught:
        asyncio.run(use())
    assert caught.value.code == "journal.corrupt"


HOLD = """
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
say("held")
sys.stdin.read()
"""


def test_a_database_that_another_process_holds_locked(tmp_path: Path) -> None:
    make(tmp_path / "weft.db")
    with running(HOLD, str(tmp_path / "weft.db")) as (said, _):
        assert said.readline() == "held\n"
        assert refused(tmp_path / "weft.db", busy_timeout_s=0.05).code == "journal.locked"


def test_a_new_database_that_another_process_holds_locked(tmp_path: Path) -> None:
    with running(HOLD, str(tmp_path / "weft.db")) as (said, _):
        assert said.readline() == "held\n"
        assert refused(tmp_path / "weft.db", busy_timeout_s=0.01).code == "journal.locked"


@pytest.mark.anyio
async def test_a_lock_that_comes_later_stops_the_run_and_keeps_what_was_written(tmp_path: Path) -> None:
    journal = await open_journal(tmp_path / "weft.db", busy_timeout_s=0.05)
    await create(journal)
    with running(HOLD, str(tmp_path / "weft.db")) as (said, _):
        assert said.readline() == "held\n"
        with pytest.raises(JournalError) as caught:
            await journal.append("r1", [started(2)])
        assert caught.value.code == "journal.locked"
        with pytest.raises(JournalError, match="locked"):
            await journal.append("r1", [started(3)])
    assert await journal.release("r1", is_clean=False)
    lease = await journal.acquire("r1", holder="host", now=1000.0)
    assert (lease.last_n, lease.was_clean) == (1, False)
    await journal.append("r1", [started(2)])
    assert len(await events_of(journal)) == 2
    await journal.close()


def test_a_database_that_cannot_be_switched_to_write_ahead_logging(tmp_path: Path) -> None:
    make(tmp_path / "weft.db")
    reader = sqlite3.connect(tmp_path / "weft.db", isolation_level=None)
    reader.execute("PRAGMA journal_mode = DELETE")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM runs").fetchone()
    assert refused(tmp_path / "weft.db", busy_timeout_s=0.01).code == "journal.locked"
    reader.close()
    make(tmp_path / "other.db")


def test_a_file_without_write_permission(open_directory: Path) -> None:
    make(open_directory / "weft.db")
    (open_directory / "weft.db").chmod(0o444)
    assert outcome(OPEN, str(open_directory / "weft.db")) == ["journal.read_only"]


def test_a_directory_without_write_permission(open_directory: Path) -> None:
    make(open_directory / "weft.db")
    (open_directory / "weft.db").chmod(0o666)
    open_directory.chmod(0o555)
    assert outcome(OPEN, str(open_directory / "weft.db")) == ["journal.read_only"]
    assert outcome(OPEN, str(open_directory / "new.db")) == ["journal.unusable"]
    assert os.listdir(open_directory) == ["weft.db"]


def test_a_file_that_may_not_be_read(open_directory: Path) -> None:
    make(open_directory / "weft.db")
    (open_directory / "weft.db").chmod(0o000)
    assert outcome(OPEN, str(open_directory / "weft.db")) == ["journal.unusable"]


def test_a_new_database_is_marked_as_ours(tmp_path: Path) -> None:
    make(tmp_path / "weft.db")
    plain = sqlite3.connect(tmp_path / "weft.db")
    assert plain.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert plain.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    plain.close()


def test_a_database_is_brought_up_from_any_older_version(tmp_path: Path) -> None:
    for version in range(len(MIGRATIONS)):
        path = tmp_path / f"{version}.db"
        older = sqlite3.connect(path)
        for script in MIGRATIONS[:version]:
            older.executescript(script)
        older.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        older.execute(f"PRAGMA user_version = {version}")
        older.close()
        make(path)


@pytest.mark.parametrize(("is_full", "expected"), [(True, (2, 1)), (False, (1, 0))])
def test_full_durability_waits_for_the_disk_at_every_commit(
    tmp_path: Path, is_full: bool, expected: tuple[int, int]
) -> None:
    connection = connect(tmp_path / "weft.db", is_full=is_full)
    found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "fullfsync")]
    connection.close()
    assert tuple(found) == expected


OPEN_AND_CREATE = """
async def main():
    sys.stdin.readline()
    journal = await open_journal(sys.argv[1], busy_timeout_s=40)
    await journal.create_run(sys.argv[2], run_started(), holder=sys.argv[2], now=1000.0)
    await journal.close()

say("ready")
try:
    asyncio.run(main())
    say("made")
except WeftError as error:
    say(error)
"""


def test_processes_that_make_one_database_at_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "weft.db"
    with (
        running(OPEN_AND_CREATE, str(path), "r1") as (first_said, first),
        running(OPEN_AND_CREATE, str(path), "r2") as (second_said, second),
    ):
        assert first_said.readline() == second_said.readline() == "ready\n"
        first.write("go\n")
        second.write("go\n")
        for told in (first, second):
            told.flush()
        assert (first_said.readline(), second_said.readline()) == ("made\n", "made\n")

    async def ids() -> set[str]:
        journal = await open_journal(path)
        found = {row.id for row in await journal.runs()}
        await journal.close()
        return found

    assert asyncio.run(ids()) == {"r1", "r2"}


@pytest.mark.parametrize("place", ["postgresql://host/db", "http://x", "file://weft.db"])
@pytest.mark.anyio
async def test_a_place_that_means_nothing_is_refused(place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        await open_journal(place)
    assert caught.value.where == "db"


@pytest.mark.anyio
async def test_a_durability_that_means_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="full, process, memory"):
        await open_journal(tmp_path / "weft.db", durability="some")  # type: ignore[arg-type]


@pytest.mark.anyio
async def test_a_closed_journal_says_so(tmp_path: Path) -> None:
    journal = await SqliteJournal.open(tmp_path / "weft.db")
    await create(journal)
    await journal.close()
    for use in (lambda: journal.run("r1"), lambda: journal.post("r1", "cancel", None, at=1.0)):
        with pytest.raises(JournalError, match="closed"):
            await use()
    with pytest.raises(JournalError, match="closed"):
        journal.append("r1", [started(2)])
