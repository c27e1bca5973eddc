"""The SQLite journal keeps to the contract, and keeps what it has after it was closed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import InputError, JournalError
from engine.journal import lists, open_journal
from engine.journal.schema import connect
from engine.journal.store import Journal, Span
from engine.scheduler.events import GateAnswered
from tests.journal.contract import NOW, JournalContract, create

pytestmark = pytest.mark.anyio


def test_what_happened_to_gates_is_found_without_reading_every_event(tmp_path: Path) -> None:
    connection = connect(tmp_path / "weft.db", is_full=False)
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    lists.gate_events(connection, (GateAnswered,), Span(), None)
    lists.gate_events(connection, (GateAnswered,), Span(after=0), None)
    connection.set_trace_callback(None)
    for statement in asked:
        plan = " ".join(str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}"))
        assert "events_of_gates" in plan
        assert "TEMP B-TREE" not in plan
    connection.close()


class TestFullDurability(JournalContract):
    async def open(self, directory: Path) -> Journal:
        return await open_journal(directory / "weft.db")


class TestProcessDurability(JournalContract):
    async def open(self, directory: Path) -> Journal:
        return await open_journal(f"sqlite:///{directory}/weft.db", durability="process")


async def test_a_lease_that_could_not_be_given_back_is_its_holders_alone_until_it_is_over(tmp_path: Path) -> None:
    journal = await open_journal(tmp_path / "weft.db", busy_timeout_s=0.05)
    await create(journal)
    with closing(sqlite3.connect(tmp_path / "weft.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError):
            await journal.release("r1")
        other.execute("ROLLBACK")

    with pytest.raises(InputError) as refused:
        await journal.acquire("r1", holder="other", now=NOW + 1)
    assert refused.value.code == "run.elsewhere"
    assert (await journal.acquire("r1", holder="host", now=NOW + 1)).token == 2
    await journal.close()
