"""Words to a run: of two answers one counts and the other is refused, and a host that fell is in nobody's way."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from engine import Engine, Graph, InputError, JournalError, Serving, ToolError, tool
from engine.runtime import keeper
from engine.scheduler.events import GateAnswered, GateOpened, NodeCompleted, SignalReceived
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


HELD = story("a -> z", nodes={"a": {"tool": "hold"}, "z": {"tool": "value.set", "args": {"value": 1}}})


def holding(held: asyncio.Event, *, fails: bool = False) -> Any:
    """A tool that waits to be let go, and perhaps fails then."""

    @tool(effect="read", name="hold")
    async def hold() -> str:
        """Wait."""
        await held.wait()
        if fails:
            raise ToolError("let go")
        return "done"

    return hold


@pytest.mark.parametrize("word", ["signal", "cancel"])
async def test_a_word_by_letter_that_comes_as_the_run_ends_is_refused_and_never_obeyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setattr(keeper, "POLL_EVERY_S", 60.0)  # the host reads no mail before its run has ended
    held, place = asyncio.Event(), tmp_path / "weft.db"
    async with Engine.open(place, tools=[holding(held, fails=True)]) as host, Engine.open(place) as other:
        await host.start(HELD.graph, id=RUN)
        said = asyncio.ensure_future(other.signal(RUN, "go") if word == "signal" else other.cancel(RUN))
        await asyncio.sleep(0.05)
        held.set()
        with pytest.raises(InputError, match=r"run\.ended"):
            await said
        assert (await host.result(RUN)).status == "failed"

    async with Engine.open(place, tools=[holding(held)]) as later:
        await later.resume(RUN)
        assert (await later.result(RUN)).status == "completed"


async def test_a_word_by_letter_that_is_read_in_time_is_told_so(tmp_path: Path) -> None:
    held, place = asyncio.Event(), tmp_path / "weft.db"
    async with Engine.open(place, tools=[holding(held)]) as host, Engine.open(place) as other:
        await host.start(HELD.graph, id=RUN)
        await other.signal(RUN, "go", 1)
        await other.cancel(RUN)
        assert (await host.result(RUN)).status == "cancelled"
        assert [event.name for event in await host.journal_of(RUN) if isinstance(event, SignalReceived)] == ["go"]


async def test_a_run_in_line_is_cancelled_by_letter_at_once(tmp_path: Path) -> None:
    held, place = asyncio.Event(), tmp_path / "weft.db"
    serving = Serving(max_running=1)
    async with (
        Engine.open(place, tools=[holding(held)], serving=serving) as host,
        Engine.open(place, tools=[holding(held)]) as other,
    ):
        for run_id in ("first", "second"):
            await host.start(HELD.graph, id=run_id)
        await other.cancel("second")
        assert (await other.result("second")).status == "cancelled"
        assert (await host.look("first")).status == "running"


async def test_of_two_answers_to_a_run_in_line_the_second_is_refused_and_the_first_is_read(tmp_path: Path) -> None:
    held, place = asyncio.Event(), tmp_path / "weft.db"
    options = [{"on": option, "node": "z"} for option in ("yes", "no")]
    nodes = {
        "a": {"tool": "hold"},
        "g": {"options": ["yes", "no"], "to": options},
        "z": {"tool": "value.set", "args": {"value": 1}},
    }
    both = story("f{a,g} -> z", nodes=nodes).graph
    async with Engine.open(place, tools=[holding(held)]) as before:
        await before.start(HELD.graph, id="first")
        second = await before.start(both, id="second")
        async for event in second.events():
            if isinstance(event, GateOpened):
                break
    async with Engine.open(place, tools=[holding(held)], serving=Serving(max_running=1)) as engine:
        await engine.take_up_unfinished()
        await engine.answer("second", "g", "yes", by="ann")
        with pytest.raises(InputError, match=r"gate\.closed"):
            await engine.answer("second", "g", "no", by="bob")
        held.set()
        answers = [event async for event in engine.events("second") if isinstance(event, GateAnswered)]
    assert [(event.option, event.by) for event in answers] == [("yes", "ann")]


async def test_a_gate_beyond_the_first_page_of_its_run_can_be_answered() -> None:
    ask = {"kind": "human-gate", "prompt": "?", "options": ["ok"], "to": [{"on": "ok", "node": "end"}]}
    inner = {"format": "weft/1", "name": "inner", "nodes": {"ask": ask, "end": {"kind": "end"}}}
    many = {"kind": "subgraph", "inline": inner, "each": "input.list", "concurrency": 1000}
    document = {"format": "weft/1", "name": "many", "nodes": {"many": many}}
    async with Engine.open("memory:") as engine:
        run = await engine.start(Graph.model_validate(document), {"list": list(range(510))})
        await run.result()
        shown = {gate.gate for gate in await engine.inbox(run_id=run.id)}
        hidden = f"many[{next(i for i in range(510) if f'many[{i}]/ask' not in shown)}]/ask"
        assert hidden not in shown
        await engine.answer(run.id, hidden, "ok")
        assert await engine.open_gate(run.id, hidden) is None
