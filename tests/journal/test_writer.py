"""What waits is committed together, and nobody's trouble is another's."""

from __future__ import annotations

import asyncio
import gc
import resource
import sqlite3
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from engine.errors import EngineBug, InputError, JournalError, LeaseLost
from engine.journal import open_journal
from engine.journal.codec import FORMAT
from engine.journal.schema import connect, connect_reader
from engine.journal.shapes import CODE_OF
from engine.journal.sqlite import SqliteJournal
from engine.journal.store import Arrivals, RunFilter
from engine.journal.writer import CONGESTED_EVENTS, Writer
from engine.scheduler import events as ev
from tests.journal.contract import NOW, create, events_of
from tests.journal.elsewhere import running
from tests.journal.facts import HASH, completed, gate_opened, run_started, signal, started, steps

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def traced(path: Path) -> AsyncGenerator[tuple[SqliteJournal, list[str], sqlite3.Connection]]:
    """A journal, the statements that its writer makes, and the connection it makes them on."""
    writing = connect(path, is_full=False)
    statements: list[str] = []
    writing.set_trace_callback(statements.append)
    journal = SqliteJournal(path, "process", writing, [connect_reader(path)])
    try:
        yield journal, statements, writing
    finally:
        await journal.close()


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Holds the write lock meanwhile, so that whatever is handed over waits."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def write_elsewhere(path: Path, statement: str, *values: object) -> None:
    """Do to the database what only a broken program would do."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute(statement, values)
    other.close()


async def test_what_waits_is_committed_together(tmp_path: Path) -> None:
    async with traced(tmp_path / "weft.db") as (journal, statements, _):
        for number in range(200):
            await create(journal, f"r{number}")
        statements.clear()
        with locked(tmp_path / "weft.db"):
            waiting = [journal.append(f"r{number}", steps(3)) for number in range(200)]
        await asyncio.gather(*waiting)
        assert statements.count("COMMIT") <= 2
        rows = await journal.read_all(after=200, limit=5000)
        assert len(rows) == 200 * 6
        assert await events_of(journal, "r150", after=1) == steps(3)


async def test_a_clash_stops_that_run_only(tmp_path: Path) -> None:
    async with traced(tmp_path / "weft.db") as (journal, _, _):
        for run_id in ("r1", "r2", "r3"):
            await create(journal, run_id)
        write_elsewhere(
            tmp_path / "weft.db",
            "INSERT INTO events (run, n, at, type, version, body) VALUES (2, 3, 1.0, ?, ?, '{}')",
            CODE_OF[ev.RunCancelled],
            FORMAT,
        )
        with locked(tmp_path / "weft.db"):
            waiting = [journal.append(run_id, steps(2)) for run_id in ("r1", "r2", "r3")]
            late = journal.append("r2", [started(6)])
            posting = asyncio.ensure_future(journal.post("r1", "cancel", None, at=NOW))
            await asyncio.sleep(0)
            after_a_job = journal.append("r2", [started(7)])
        ended = await asyncio.gather(*waiting, late, after_a_job, return_exceptions=True)
        assert [type(each) for each in ended] == [type(None), LeaseLost, type(None), LeaseLost, LeaseLost]
        assert await posting == 1
        assert [event.n for event in await events_of(journal, "r1")] == [1, 2, 3, 4, 5]
        assert [event.n for event in await events_of(journal, "r2")] == [1, 3]
        with pytest.raises(LeaseLost):
            await journal.append("r2", [started(6)])


async def test_a_refused_job_takes_nothing_with_it(tmp_path: Path) -> None:
    async with traced(tmp_path / "weft.db") as (journal, _, _):
        await create(journal)
        with locked(tmp_path / "weft.db"):
            first = journal.append("r1", [started(2)])
            again = asyncio.ensure_future(create(journal, input="other"))
            await asyncio.sleep(0)
            second = journal.append("r1", [completed(3)])
        await asyncio.gather(first, second)
        with pytest.raises(InputError, match="exists already"):
            await again
        assert len(await events_of(journal)) == 3


async def test_a_taken_over_run_refuses_its_old_host(tmp_path: Path) -> None:
    old = await open_journal(tmp_path / "weft.db")
    new = await open_journal(tmp_path / "weft.db")
    await create(old)
    with pytest.raises(InputError, match="host"):
        await new.acquire("r1", holder="new", now=NOW + 14.9)
    lease = await new.acquire("r1", holder="new", now=NOW + 15)
    assert (lease.token, lease.was_clean, lease.last_n) == (2, False, 1)
    with pytest.raises(LeaseLost):
        await old.append("r1", [started(2, "ghost")])
    await new.append("r1", [started(2, "real")])
    assert await old.renew(["r1"], now=NOW + 16) == ["r1"]
    assert await old.release("r1")
    assert await events_of(new, after=1) == [started(2, "real")]
    await new.append("r1", [started(3, "more")])
    await old.close()
    await new.close()


async def test_a_host_learns_at_renewal_that_its_run_was_taken_over(tmp_path: Path) -> None:
    old = await open_journal(tmp_path / "weft.db")
    new = await open_journal(tmp_path / "weft.db")
    await create(old, "r1")
    await create(old, "r2")
    await new.acquire("r1", holder="new", now=NOW + 20)
    assert await old.renew(["r1", "r2"], now=NOW + 21) == ["r1"]
    with pytest.raises(LeaseLost):
        await old.append("r1", [started(2)])
    await old.append("r2", [started(2)])
    lease = await old.acquire("r1", holder="host", now=NOW + 60)
    assert lease.token == 3
    await old.close()
    await new.close()


async def test_a_run_deleted_under_an_expired_lease_is_written_no_more(tmp_path: Path) -> None:
    journal = await open_journal(tmp_path / "weft.db")
    await create(journal, "r1")
    await journal.delete_run("r1", now=NOW + 20)
    await create(journal, "r2")
    with pytest.raises(LeaseLost):
        await journal.append("r1", [started(2)])
    assert await events_of(journal, "r2") == [run_started()]
    await journal.close()


async def test_pruning_passes_by_a_run_that_somebody_takes_up_meanwhile(tmp_path: Path) -> None:
    async with traced(tmp_path / "weft.db") as (journal, _, writing):
        await create(journal)
        await journal.append("r1", [ev.RunCompleted(output=1, n=2, at=2.0)])
        await journal.release("r1")
        loop, deleting = asyncio.get_running_loop(), asyncio.Event()
        writing.set_trace_callback(lambda _statement: loop.call_soon_threadsafe(deleting.set) and None)
        other = sqlite3.connect(tmp_path / "weft.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        pruning = asyncio.ensure_future(journal.prune(now=NOW + 1))
        await deleting.wait()
        other.execute("INSERT INTO leases (run, holder, token, until) VALUES (1, 'other', 9, 9e9)")
        other.execute("COMMIT")
        other.close()
        assert (await pruning).runs == ()
        assert len(await events_of(journal)) == 2


async def test_too_much_waiting_is_seen_and_waited_for(tmp_path: Path) -> None:
    async with traced(tmp_path / "weft.db") as (journal, _, _):
        await create(journal)
        with locked(tmp_path / "weft.db"):
            journal.append("r1", steps(CONGESTED_EVENTS // 2 + 1, size=10))
            assert journal.is_congested
            rooms = [asyncio.ensure_future(journal.wait_for_room()) for _ in range(3)]
            await asyncio.sleep(0)
            rooms[1].cancel()
        await asyncio.gather(rooms[0], rooms[2])
        assert not journal.is_congested


async def test_big_values_congest_too(tmp_path: Path) -> None:
    async with traced(tmp_path / "weft.db") as (journal, _, _):
        await create(journal)
        with locked(tmp_path / "weft.db"):
            last = journal.append("r1", [completed(2, output="x" * (33 << 20))])
            assert journal.is_congested
        await last
        assert not journal.is_congested


async def test_a_letter_is_not_read_again_while_its_events_are_on_their_way(tmp_path: Path) -> None:
    async with traced(tmp_path / "weft.db") as (journal, _, _):
        await create(journal)
        letter = await journal.post("r1", "signal", 1, at=NOW)
        with locked(tmp_path / "weft.db"):
            journal.append("r1", [signal(2, 1)], letters=[letter])
            assert await journal.mail("r1") == []


async def test_a_caller_who_stops_waiting_changes_nothing(tmp_path: Path) -> None:
    async with traced(tmp_path / "weft.db") as (journal, _, _):
        await create(journal)
        with locked(tmp_path / "weft.db"):
            batch = journal.append("r1", [started(2)])
            batch.cancel()
            posting = asyncio.ensure_future(journal.post("r1", "cancel", None, at=NOW))
            await asyncio.sleep(0)
            posting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await posting
        await journal.append("r1", [completed(3)])
        assert len(await events_of(journal)) == 3
        assert len(await journal.mail("r1")) == 1


async def test_closing_writes_what_waits(tmp_path: Path) -> None:
    async with traced(tmp_path / "weft.db") as (journal, _, _):
        await create(journal)
        with locked(tmp_path / "weft.db"):
            last = journal.append("r1", steps(10))
            closing = asyncio.ensure_future(journal.close())
            await asyncio.sleep(0)
        await closing
        assert last.done()
    reopened = await open_journal(tmp_path / "weft.db")
    assert len(await events_of(reopened)) == 21
    await reopened.close()


async def test_a_full_disk_stops_only_what_does_not_fit(tmp_path: Path) -> None:
    async with traced(tmp_path / "weft.db") as (journal, _, writing):
        for run_id in ("r1", "r2", "r3"):
            await create(journal, run_id)
        pages: int = writing.execute("PRAGMA page_count").fetchone()[0]
        writing.execute(f"PRAGMA max_page_count = {pages + 10}")
        with locked(tmp_path / "weft.db"):
            waiting = [
                journal.append("r1", steps(1)),
                journal.append("r2", [completed(2, output="x" * 1_000_000)]),
                journal.append("r3", steps(1)),
            ]
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert [getattr(each, "code", None) for each in ended] == [None, "journal.full", None]
        assert len(await events_of(journal, "r1")) == 3
        assert len(await events_of(journal, "r2")) == 1
        writing.execute("PRAGMA max_page_count = 100000")
        assert await journal.release("r2", is_clean=False)
        await journal.acquire("r2", holder="host", now=NOW)
        await journal.append("r2", [completed(2, output="x" * 1_000_000)])
        assert len(await events_of(journal, "r2")) == 2


async def test_a_full_disk_makes_no_half_run(tmp_path: Path) -> None:
    async with traced(tmp_path / "weft.db") as (journal, _, writing):
        pages: int = writing.execute("PRAGMA page_count").fetchone()[0]
        writing.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(JournalError) as caught:
            await create(journal, input="x" * 1_000_000)
        assert caught.value.code == "journal.full"
        assert await journal.runs() == []
        assert await journal.get_document(HASH) is None


@contextmanager
def files_no_longer_than(size_bytes: int) -> Generator[None]:
    """No file of this process grows beyond this meanwhile, as under a quota."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_file_size_limit_is_a_clear_error_and_nothing_is_half_written(tmp_path: Path) -> None:
    async with traced(tmp_path / "weft.db") as (journal, _, _):
        await create(journal)
        await journal.append("r1", steps(5))
        with files_no_longer_than(300_000):
            with pytest.raises(JournalError) as caught:
                await journal.append("r1", [completed(12, output="x" * 500_000)])
            assert caught.value.code == "journal.io"
            assert await journal.release("r1", is_clean=False)
            await journal.acquire("r1", holder="host", now=NOW)
        await journal.append("r1", [completed(12, output="small")])
        assert [event.n for event in await events_of(journal)] == list(range(1, 13))


async def test_a_file_that_became_read_only_is_a_clear_error(tmp_path: Path) -> None:
    async with traced(tmp_path / "weft.db") as (journal, _, writing):
        await create(journal)
        writing.execute("PRAGMA query_only = ON")
        with pytest.raises(JournalError) as caught:
            await journal.append("r1", [started(2)])
        assert caught.value.code == "journal.read_only"
        with pytest.raises(JournalError, match="cannot be written"):
            await journal.vacuum()


async def test_an_unforeseen_trouble_of_the_database_is_passed_on(tmp_path: Path) -> None:
    async with traced(tmp_path / "weft.db") as (journal, _, _):
        await create(journal)
        write_elsewhere(tmp_path / "weft.db", "DROP TABLE waits")
        with pytest.raises(JournalError, match="no such table: waits") as caught:
            await journal.append("r1", [gate_opened(2)])
        assert caught.value.code == "journal.unusable"
        with pytest.raises(JournalError, match="no such table: waits"):
            await journal.inbox()


async def test_a_value_that_is_missing_is_damage(tmp_path: Path) -> None:
    async with traced(tmp_path / "weft.db") as (journal, _, _):
        await create(journal)
        await journal.append("r1", [completed(2, output="x" * 100_000), ev.RunCompleted(output=1, n=3, at=3.0)])
        await journal.release("r1")
        write_elsewhere(tmp_path / "weft.db", "DELETE FROM blobs")
        with pytest.raises(JournalError, match="is missing"):
            await events_of(journal)
        with pytest.raises(JournalError) as caught:
            await journal.acquire("r1", holder="host", now=NOW)
        assert caught.value.code == "journal.corrupt"
        assert await journal.runs(RunFilter(is_free=NOW)) != []
        write_elsewhere(tmp_path / "weft.db", "DELETE FROM events WHERE n = 3")
        with pytest.raises(JournalError, match="event 3 is missing"):
            await journal.run("r1")


async def test_a_long_page_of_big_values_is_cut_short(tmp_path: Path) -> None:
    async with traced(tmp_path / "weft.db") as (journal, _, _):
        await create(journal)
        made = [completed(n, output=f"{n}" * (3 << 20)) for n in range(2, 8)]
        await journal.append("r1", made)
        page = await journal.read_page("r1", after=1)
        assert 0 < len(page) < len(made)
        assert len(await journal.read_all(after=1)) == len(page)
        assert await events_of(journal, after=1) == made


async def test_a_list_that_does_not_fit_its_journal_is_damage_that_can_be_mended(tmp_path: Path) -> None:
    async with traced(tmp_path / "weft.db") as (journal, _, _):
        await create(journal)
        await journal.append("r1", [gate_opened(2)])
        write_elsewhere(tmp_path / "weft.db", "UPDATE waits SET n = 1")
        with pytest.raises(JournalError, match="GateOpened was expected"):
            await journal.inbox()
        await journal.rebuild_projections()
        assert [gate.gate for gate in await journal.inbox()] == ["review"]


def ignore(_what: object) -> None:
    """The writer's thread ends with the bug's exception, which is meant here."""


async def test_a_broken_writer_leaves_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", ignore)
    writer = Writer(connect(tmp_path / "weft.db", is_full=False), "weft.db")

    def bug(_connection: sqlite3.Connection) -> None:
        raise ZeroDivisionError

    with pytest.raises(EngineBug, match="ZeroDivisionError"):
        await writer.do(bug)
    with pytest.raises(EngineBug, match="ZeroDivisionError"):
        await writer.do(lambda connection: connection.execute("SELECT 1").fetchone())
    await writer.close()


def test_a_loop_that_ends_with_its_journal_open_is_no_trouble(tmp_path: Path) -> None:
    async def leave() -> SqliteJournal:
        journal = await SqliteJournal.open(tmp_path / "weft.db")
        await create(journal)
        return journal

    journal = asyncio.run(leave())

    async def hand_over_and_leave() -> None:
        journal.append("r1", [started(2)])

    with locked(tmp_path / "weft.db"):
        asyncio.run(hand_over_and_leave())
    asyncio.run(journal.close())
    gc.collect()


TWO_FIGHT = """
async def main():
    sys.stdin.readline()
    journal = await open_journal(sys.argv[1])
    for number in range(40):
        try:
            await journal.acquire(f"r{number}", holder=sys.argv[2], now=2000.0)
            await journal.append(f"r{number}", [signal(2, sys.argv[2])])
            say(number)
        except WeftError as error:
            assert error.code == "run.elsewhere", error
    await journal.close()

say("ready")
asyncio.run(main())
"""


async def test_two_processes_that_want_the_same_runs_never_both_get_one(tmp_path: Path) -> None:
    journal = await open_journal(tmp_path / "weft.db")
    for number in range(40):
        await create(journal, f"r{number}")
    with (
        running(TWO_FIGHT, str(tmp_path / "weft.db"), "ann") as (ann_said, ann),
        running(TWO_FIGHT, str(tmp_path / "weft.db"), "bob") as (bob_said, bob),
    ):
        assert ann_said.readline() == bob_said.readline() == "ready\n"
        for told in (ann, bob):
            told.write("go\n")
            told.flush()
        won = {"ann": {int(line) for line in ann_said}, "bob": {int(line) for line in bob_said}}
    assert won["ann"] | won["bob"] == set(range(40))
    assert won["ann"] & won["bob"] == set()
    for name, numbers in won.items():
        for number in numbers:
            event = (await events_of(journal, f"r{number}", after=1))[0]
            assert isinstance(event, ev.SignalReceived)
            assert event.value == name
    await journal.close()


async def test_mail_from_another_process_arrives(tmp_path: Path) -> None:
    journal = await open_journal(tmp_path / "weft.db")
    other = await open_journal(tmp_path / "weft.db")
    await create(journal)
    letter = await other.post("r1", "answer", {"option": "approve"}, at=NOW)
    assert await journal.arrivals() == Arrivals(letter, frozenset({"r1"}))
    assert not await journal.release("r1")
    await journal.append("r1", [signal(2, 1)], letters=[letter])
    assert await other.mail("r1") == []
    await other.close()
    await journal.close()
