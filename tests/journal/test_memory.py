"""The memory journal keeps to the contract, and keeps the very events it was given."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.journal import open_journal
from engine.journal.memory import MemoryJournal
from engine.journal.store import Journal
from tests.journal.contract import JournalContract, create, events_of
from tests.journal.facts import steps


class TestMemoryJournal(JournalContract):
    async def open(self, directory: Path) -> Journal:
        del directory
        return await open_journal("memory:")

    async def test_it_keeps_the_objects_themselves(self, journal: Journal) -> None:
        assert isinstance(journal, MemoryJournal)
        await create(journal)
        made = steps(2)
        journal.append("r1", made)
        assert all(kept is given for kept, given in zip(await events_of(journal, after=1), made, strict=True))


@pytest.mark.anyio
async def test_durability_memory_touches_no_file(tmp_path: Path) -> None:
    journal = await open_journal(tmp_path / "weft.db", durability="memory")
    await create(journal)
    await journal.close()
    assert journal.durability == "memory"
    assert os.listdir(tmp_path) == []
