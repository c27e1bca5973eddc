"""Words to a run: of two answers one counts and the other is refused, and a host that fell is in nobody's way."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine import Engine, InputError, JournalError, Serving
from engine.scheduler.events import GateAnswered, NodeCompleted
from tests.app.test_commit_first import SlowDisk
from tests.app.test_resume_at_every_point import story
from tests.support.clock import VirtualClock
from tests.support.cutting import RUN, World, on

pytestmark = pytest.mark.anyio
ASKING = story(
    "g -> z",
    nodes={
        "g": {"options": ["yes", "no"], "to": [{"on": o, "node": "z"} for o in ("yes", "no")]},
        "z": {"tool": "value.set", "args": {"value": 1}},
    },
)


async def outcome_of(engine: Engine, option: str) -> str:
    """What comes of an answer: the option, or that it is refused."""
    try:
        await engine.answer(RUN, "g", option)
    except InputError as error:
        return "refused" if error.code in ("gate.closed", "run.ended") else error.code
    return option


async def decided(engine: Engine) -> list[str]:
    """The options that were taken, by the journal."""
    return [event.option for event in await engine.journal_of(RUN) if isinstance(event, GateAnswered)]


async def test_of_two_answers_at_once_one_counts_and_the_other_is_refused() -> None:
    clock = VirtualClock()
    async with on(SlowDisk(clock), World(clock)) as engine:
        await engine.start(ASKING.graph, id=RUN)
        await engine.result(RUN)
        outcomes = await asyncio.gather(outcome_of(engine, "yes"), outcome_of(engine, "no"))

        assert sorted(outcomes) == sorted(["refused", *await decided(engine)])


async def test_an_answer_by_letter_that_comes_second_is_refused(tmp_path: Path) -> None:
    async with Engine.open(tmp_path / "weft.db") as host, Engine.open(tmp_path / "weft.db") as other:
        await host.start(ASKING.graph, id=RUN)
        await host.result(RUN)
        outcomes = await asyncio.gather(outcome_of(other, "yes"), outcome_of(host, "no"))

        assert sorted(outcomes) == sorted(["refused", *await decided(host)])


async def test_a_run_whose_host_fell_can_be_taken_up_by_the_same_engine() -> None:
    clock = VirtualClock()
    journal, world = SlowDisk(clock), World(clock)
    async with on(journal, world) as engine:
        run = await engine.start(story("a -> b -> c").graph, id=RUN)
        async for event in run.events():
            if isinstance(event, NodeCompleted):
                journal.failure = JournalError("the disk is full", code="journal.full")
                break
        with pytest.raises(JournalError, match=r"journal\.full"):
            await run.result()

        journal.failure = None
        await engine.resume(RUN)
        assert (await engine.result(RUN)).status == "completed"


async def test_a_run_in_line_can_be_cancelled_at_once_and_keeps_a_signal() -> None:
    clock = VirtualClock()
    told = story("a -> w", nodes={"w": {"kind": "wait", "seconds": None, "signal": "go"}}).graph
    serving = Serving(max_running=1)
    async with Engine.open("memory:", tools=World(clock).tools(), clock=clock, serving=serving) as engine:
        for run_id in ("first", "second", "third"):
            await engine.start(told, id=run_id)
        await engine.cancel("second")
        await engine.signal("third", "go", 1)

        assert (await engine.result("second")).status == "cancelled"
        assert (await engine.result("first")).status == "waiting"
        while (status := (await engine.look("third")).status) == "running":
            await clock.sleep(0.5)
        assert status == "completed"
