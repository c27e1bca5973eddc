"""The SQLite journal keeps to the contract, and keeps what it has after it was closed."""

from __future__ import annotations

from pathlib import Path

from engine.journal import open_journal
from engine.journal.store import Journal
from tests.journal.contract import JournalContract


class TestFullDurability(JournalContract):
    async def open(self, directory: Path) -> Journal:
        return await open_journal(directory / "weft.db")


class TestProcessDurability(JournalContract):
    async def open(self, directory: Path) -> Journal:
        return await open_journal(f"sqlite:///{directory}/weft.db", durability="process")
