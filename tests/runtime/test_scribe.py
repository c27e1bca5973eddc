"""The one writer of a run: numbers, batches, and what is told when."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from engine.errors import EngineBug, JournalError, WeftError
from engine.runtime.scribe import Scribe
from engine.scheduler.events import Event, SignalReceived
from tests.support.clock import START, VirtualClock

pytestmark = pytest.mark.anyio


class Disk:
    """A disk that writes when it is told to."""

    def __init__(self) -> None:
        self.batches: list[tuple[list[int], list[int]]] = []
        self.tickets: list[asyncio.Future[None]] = []

    def append(self, run_id: str, events: Sequence[Event], *, letters: Sequence[int] = ()) -> asyncio.Future[None]:
        self.batches.append(([event.n for event in events], list(letters)))
        self.tickets.append(asyncio.get_running_loop().create_future())
        return self.tickets[-1]

    def write(self) -> None:
        """Commit the oldest batch."""
        self.tickets.pop(0).set_result(None)

    def refuse(self, error: Exception) -> None:
        """Refuse the oldest batch."""
        self.tickets.pop(0).set_exception(error)


class Desk:
    """A scribe, its disk, and what it told."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.disk = Disk()
        self.told: list[list[int]] = []
        self.refused: list[WeftError] = []
        self.scribe = Scribe(
            "r1",
            self.disk,
            self.clock,
            on_written=lambda events: self.told.append([event.n for event in events]),
            on_refused=self.refused.append,
        )

    def note(self, count: int = 1) -> Event:
        """Some events; the last."""
        events = [SignalReceived(name="go") for _ in range(count)]
        for event in events:
            self.scribe.note(event)
        return events[-1]


async def a_turn() -> None:
    """Whatever is ready on the loop has its turn, and what follows from it."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_events_are_numbered_and_stamped_at_once_and_written_in_one_batch_a_turn() -> None:
    desk = Desk()
    event = desk.note(3)
    assert (event.n, event.at, desk.disk.batches, desk.scribe.is_written) == (3, START, [], False)
    await a_turn()
    desk.note()
    await a_turn()
    assert desk.disk.batches == [([1, 2, 3], []), ([4], [])]


async def test_nobody_is_told_before_the_disk_knows() -> None:
    desk = Desk()
    desk.note(2)
    await a_turn()
    assert (desk.told, desk.scribe.committed_n) == ([], 0)
    desk.disk.write()
    await a_turn()
    assert (desk.told, desk.scribe.committed_n, desk.scribe.is_written) == ([[1, 2]], 2, True)


async def test_a_journal_that_is_gone_on_with_is_numbered_on() -> None:
    desk = Desk()
    desk.scribe.go_on_from(41)
    assert desk.scribe.is_written
    assert desk.note().n == 42


async def test_whoever_must_not_act_before_the_disk_knows_waits_for_all_so_far() -> None:
    desk = Desk()
    desk.note()
    waiting = asyncio.ensure_future(desk.scribe.wait_until_committed())
    await a_turn()
    assert (waiting.done(), desk.disk.batches) == (False, [([1], [])])
    desk.disk.write()
    await waiting
    await desk.scribe.wait_until_committed()


async def test_a_waiter_that_is_cancelled_takes_nothing_back() -> None:
    desk = Desk()
    desk.note()
    waiting = asyncio.ensure_future(desk.scribe.wait_until_committed())
    await a_turn()
    waiting.cancel()
    await a_turn()
    desk.disk.write()
    await a_turn()
    assert desk.told == [[1]]


async def test_a_letter_is_struck_off_with_what_follows_from_it_or_alone() -> None:
    desk = Desk()
    desk.scribe.strike(7)
    desk.note()
    desk.scribe.flush()
    desk.scribe.strike(8)
    desk.scribe.flush()
    desk.scribe.flush()
    assert desk.disk.batches == [([1], [7]), ([], [8])]
    desk.disk.write()
    desk.disk.write()
    await a_turn()
    assert (desk.told, desk.scribe.committed_n) == ([[1], []], 1)


@pytest.mark.parametrize(
    ("error", "kind"), [(JournalError("full", code="journal.full"), JournalError), (OSError("gone"), EngineBug)]
)
async def test_a_disk_that_refuses_is_told_of_and_so_is_everybody_who_waits(
    error: Exception, kind: type[WeftError]
) -> None:
    desk = Desk()
    desk.note()
    waiting = asyncio.ensure_future(desk.scribe.wait_until_committed())
    await a_turn()
    desk.disk.refuse(error)
    with pytest.raises(type(error)):
        await waiting
    assert [type(refused) for refused in desk.refused] == [kind]
    assert (desk.told, desk.scribe.is_written) == ([], False)


async def test_what_is_forgotten_is_not_written() -> None:
    desk = Desk()
    desk.note()
    desk.scribe.strike(7)
    desk.scribe.forget()
    await a_turn()
    assert desk.disk.batches == []


async def test_finish_waits_for_the_disk_come_what_may() -> None:
    desk = Desk()
    await desk.scribe.finish()
    desk.note()
    finishing = asyncio.ensure_future(desk.scribe.finish())
    await a_turn()
    assert not finishing.done()
    desk.disk.refuse(JournalError("full", code="journal.full"))
    await finishing
    assert len(desk.refused) == 1
