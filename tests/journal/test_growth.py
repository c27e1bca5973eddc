"""The database grows with what is put into it, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.journal import open_journal
from engine.scheduler import events as ev
from tests.journal.contract import create
from tests.journal.facts import HASH, completed, started, steps

pytestmark = pytest.mark.anyio


async def size_after(path: Path, events: list[ev.Event]) -> int:
    """Bytes on the disk after a run of these events, the database closed."""
    journal = await open_journal(path, durability="process")
    await create(journal)
    for first in range(0, len(events), 4):
        await journal.append("r1", events[first : first + 4])
    await journal.release("r1")
    await journal.close()
    return size_of(path)


def size_of(path: Path) -> int:
    """The file's bytes; whatever stood in the log has been moved into it when the database was closed."""
    assert not path.with_name(path.name + "-wal").exists()
    return path.stat().st_size


def loop(turns: int, size: int) -> list[ev.Event]:
    """A loop of one step and its loop-back, the output also written to the state."""
    made: list[ev.Event] = []
    for turn in range(1, turns + 1):
        name, again = ("write", "again") if turn == 1 else (f"write@{turn}", f"again@{turn}")
        output = f"{turn:06}" + "x" * (size - 6)
        back = completed(0, again, ev.DERIVED, node="again", repeat=True)
        made += [
            started(0, name, node="write", input_hash=HASH),
            completed(0, name, output, node="write", writes={"draft": output}),
            back,
            ev.LoopRepeated(header="write", iteration=turn + 1, execution=f"write@{turn + 1}", n=0, at=0.0),
        ]
    for n, event in enumerate(made, start=2):
        event.n, event.at = n, 1000.0 + n / 1000
    return made


@pytest.mark.parametrize(("size", "factor"), [(200, 4), (4096, 2)])
async def test_800_steps_take_little_more_than_their_data(tmp_path: Path, size: int, factor: float) -> None:
    assert await size_after(tmp_path / "weft.db", steps(800, size)) <= factor * 800 * size


@pytest.mark.parametrize(("size", "factor"), [(200, 4), (4096, 2)])
async def test_800_turns_of_a_loop_take_little_more_than_their_data(tmp_path: Path, size: int, factor: float) -> None:
    assert await size_after(tmp_path / "weft.db", loop(800, size)) <= factor * 800 * size


async def test_growth_is_linear(tmp_path: Path) -> None:
    sizes = [await size_after(tmp_path / f"{count}.db", steps(count)) for count in (500, 1000, 2000)]
    first, second = sizes[1] - sizes[0], sizes[2] - sizes[1]
    assert second == pytest.approx(2 * first, rel=0.1)


async def test_a_big_value_that_comes_again_is_stored_once(tmp_path: Path) -> None:
    text = "x" * 200_000
    once = await size_after(tmp_path / "once.db", [completed(2, output=text)])
    often = await size_after(tmp_path / "often.db", [completed(n, output=text) for n in range(2, 52)])
    assert often - once < 20_000
