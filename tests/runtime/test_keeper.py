"""Leases renewed, mail brought in, and no run that keeps the others waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from engine.errors import JournalError
from engine.journal.memory import MemoryJournal
from engine.journal.store import LEASE_TTL_S, RENEW_EVERY_S
from engine.runtime.keeper import Keeper
from engine.scheduler.events import RunStarted
from tests.support.clock import START

pytestmark = pytest.mark.anyio


class Hands:
    """A clock whose hands a test moves."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep_until(self, at: float) -> None:
        raise NotImplementedError


class Locked(MemoryJournal):
    """A journal that another program holds locked as often as told, and that notes what is renewed."""

    def __init__(self) -> None:
        super().__init__()
        self.locked = 0
        self.renewed: list[list[str]] = []

    async def renew(self, run_ids: Sequence[str], *, now: float, ttl_s: float = LEASE_TTL_S) -> list[str]:
        """Note and renew."""
        if self.locked:
            self.locked -= 1
            raise JournalError("another program holds it", code="journal.locked")
        self.renewed.append(list(run_ids))
        return await super().renew(run_ids, now=now, ttl_s=ttl_s)


class House:
    """The engine's side: the runs hosted, and what the keeper told of them."""

    def __init__(self) -> None:
        self.journal = Locked()
        self.clock = Hands()
        self.runs: list[str] = []
        self.told: list[str] = []
        self.broken: set[str] = set()
        self.looked = 0
        self.is_watchful = True
        self.keeper = Keeper(self.journal, self.clock, self)

    def hosted(self) -> list[str]:
        return self.runs

    async def lost(self, run_id: str) -> None:
        self.told.append(f"{run_id} lost")

    async def arrived(self, run_id: str) -> None:
        self.told.append(f"{run_id} has mail")
        if run_id in self.broken:
            raise JournalError("it does not replay", code="journal.mismatch", where=run_id)

    async def look_for_left(self) -> None:
        self.looked += 1

    async def add(self, *run_ids: str) -> None:
        """Runs that are hosted here."""
        for run_id in run_ids:
            started = RunStarted(graph="g", graph_hash="", documents={}, input={}, seed=1, engine="test", n=1, at=START)
            await self.journal.create_run(run_id, started, holder="here", now=START, documents={})
            self.runs.append(run_id)

    async def write(self, *run_ids: str) -> None:
        """Letters for these runs."""
        for run_id in run_ids:
            await self.journal.post(run_id, "cancel", {}, at=START)

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Let the keeper go round until something is so."""
        for _ in range(1_000):
            if is_so():
                return
            await asyncio.sleep(0)
        raise AssertionError(f"it does not come to that: {self.told}")


@pytest.fixture
async def house(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """A keeper at work that looks again at once."""
    monkeypatch.setattr("engine.runtime.keeper.POLL_EVERY_S", 0)
    found = House()
    found.keeper.start()
    found.keeper.start()
    yield found
    await found.keeper.close()
    await found.keeper.close()


async def test_mail_is_told_of_once(house: House) -> None:
    await house.add("r1", "r2", "r3")
    await house.write("r2", "r1", "r1")
    await house.until(lambda: len(house.told) == 2)
    await house.write("r3")
    await house.until(lambda: len(house.told) == 3)
    assert house.told == ["r1 has mail", "r2 has mail", "r3 has mail"]


async def test_leases_are_renewed_and_left_runs_looked_for_long_before_a_lease_ends(house: House) -> None:
    await house.add("r2", "r1")
    await asyncio.sleep(0)
    assert house.journal.renewed == []
    for turn in (1, 2, 3):
        house.clock.at += RENEW_EVERY_S
        await house.until(lambda turn=turn: house.looked == turn)  # type: ignore[misc]
    assert house.journal.renewed == [["r1", "r2"]] * 3
    assert 2 * RENEW_EVERY_S < LEASE_TTL_S


async def test_a_lease_that_was_lost_is_told_of(house: House) -> None:
    await house.add("r1", "r2")
    await house.journal.release("r1")
    house.clock.at += RENEW_EVERY_S
    await house.until(lambda: bool(house.told))
    assert house.told == ["r1 lost"]


async def test_a_run_that_cannot_take_its_mail_keeps_no_other_waiting_and_is_told_again(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.add("r1", "r2")
    house.broken = {"r1"}
    await house.write("r1", "r2")
    await house.until(lambda: len(house.told) == 2)
    assert house.told == ["r1 has mail", "r2 has mail"]
    assert "mail was not brought to run r1: journal.mismatch" in caplog.text

    house.broken = set()
    house.clock.at += RENEW_EVERY_S
    await house.until(lambda: len(house.told) == 3)
    house.clock.at += RENEW_EVERY_S
    await house.until(lambda: house.looked == 2)
    assert house.told[2:] == ["r1 has mail"]


async def test_a_database_that_is_locked_for_a_while_ends_nothing(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.add("r1")
    house.journal.locked = 1
    house.clock.at += RENEW_EVERY_S
    await house.until(lambda: house.looked == 1)
    assert (house.journal.renewed, "leases were not renewed" in caplog.text) == ([], True)
    house.clock.at += RENEW_EVERY_S
    await house.until(lambda: house.looked == 2)
    assert house.journal.renewed == [["r1"]]


async def test_where_nothing_is_hosted_and_nothing_can_be_woken_nobody_is_asked(house: House) -> None:
    house.is_watchful = False
    await house.add("r1")
    await house.write("r1")
    house.clock.at += RENEW_EVERY_S
    for _ in range(20):
        await asyncio.sleep(0)
    assert (house.told, house.journal.renewed) == ([], [])
