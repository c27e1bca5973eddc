"""A run that failed or was cancelled and is resumed goes on: no model is asked twice, no effect happens twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from engine import Engine, Event, Graph, RunResult
from engine.journal.memory import MemoryJournal
from engine.scheduler.events import EffectClaimed, ModelAnswered, NodeCancelled
from tests.app.test_resume_at_every_point import laid_over
from tests.support.clock import VirtualClock
from tests.support.cutting import RUN, World, on
from tests.support.sketch import document

pytestmark = pytest.mark.anyio

TURN: list[Any] = [
    {"tool": "pay", "args": {"value": 5}},
    {"tool": "work", "args": {"value": 1}},
    {"tool": "work", "args": {"value": 2}},
    {"text": "Paid"},
]
BROKEN = {"tool": "send", "args": {"fails": 1, "error": "tool"}, "retry": {"attempts": 1}}


def agent(**more: Any) -> dict[str, Any]:
    """An agent that pays, then works for two seconds."""
    tools = ["pay", "work", "human.ask"]
    return {"kind": "agent", "tool": None, "model": "scripted:boss", "tools": tools, "prompt": "Go", **more}


class Stage:
    """A run that is played by hand.

    Attributes:
        place: where the graph ``inner`` lies.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self.world = World(VirtualClock())

    def inner(self, text: str, nodes: dict[str, Any]) -> None:
        """The graph that subgraph nodes run."""
        laid_over(document(text, name="inner"), nodes).save(self.place / "inner.json")
        (self.place / "inner.scripted.json").write_text(SCRIPT_TEXT)

    async def begun(self, engine: Engine, graph: Graph, input: Any = None, turn: list[Any] | None = None) -> None:
        """The run is begun."""
        await engine.start(graph, input, id=RUN, answers={"boss": [{"steps": turn or TURN}]})

    async def ended(self, engine: Engine) -> RunResult:
        """The result once it ends or waits for a person."""
        return await engine.result(RUN, patience_s=1e9)


SCRIPT_TEXT = (
    '{"boss": [{"steps": [{"tool": "pay", "args": {"value": 5}}, {"tool": "work", "args": {"value": 1}},'
    ' {"tool": "work", "args": {"value": 2}}, {"text": "Paid"}]}]}'
)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A fresh world."""
    return Stage(tmp_path)


def asked(events: list[Event]) -> Counter[tuple[str, int]]:
    """(execution, step) -> how often a model has answered it."""
    return Counter((e.execution, e.step) for e in events if isinstance(e, ModelAnswered))


async def test_an_agent_that_another_branch_cut_off_pays_once(stage: Stage) -> None:
    graph = laid_over(document("f{a,b}; a,b -> j", output={"a": "{nodes.a.output}"}), {"a": agent(), "b": BROKEN})
    async with on(MemoryJournal(), stage.world) as engine:
        await stage.begun(engine, graph)
        assert (await stage.ended(engine)).status == "failed"
        await engine.resume(RUN)
        result = await stage.ended(engine)
        events = await engine.journal_of(RUN)
    assert (result.status, result.output) == ("completed", {"a": "Paid"})
    assert stage.world.happened.count("r1/a!1") == 1
    assert asked(events) == {("a", step): 1 for step in (1, 2, 3, 4)}
    # What the first attempt used was told when it was cut off, and is not told again.
    assert result.usage.tokens == sum(e.usage.tokens for e in events if isinstance(e, ModelAnswered) and e.usage)
    assert result.usage.tool_calls == len([e for e in events if isinstance(e, EffectClaimed)])


@pytest.mark.parametrize("kind", ["agent", "tool", "inside"])
async def test_an_unsafe_call_that_a_cancelled_run_cut_off_is_asked_about(stage: Stage, kind: str) -> None:
    if kind == "inside":
        stage.inner("a -> z", {"a": {"tool": "pay", "args": {"value": 5}}})
        graph, execution = laid_over(document("s"), {}), "s/a"
    else:
        paying = agent() if kind == "agent" else {"tool": "pay", "args": {"value": 5}}
        graph, execution = laid_over(document("a -> z"), {"a": paying}), "a"
    async with on(MemoryJournal(), stage.world, graphs=stage.place) as engine:
        await stage.begun(engine, graph)
        await stage.world.clock.sleep(0.5)
        await engine.cancel(RUN)
        assert (await stage.ended(engine)).status == "cancelled"
        await engine.resume(RUN)
        result = await stage.ended(engine)
        assert [w.name for w in result.waiting_for] == [f"{execution}!1-effect"]
        assert stage.world.happened == []
        await engine.answer(RUN, f"{execution}!1-effect", "happened", form={"result": 5})
        assert (await stage.ended(engine)).status == "completed"
    assert stage.world.happened == []


async def test_a_question_that_a_cancelled_run_closed_is_asked_again(stage: Stage) -> None:
    turn = [{"tool": "pay", "args": {"value": 5}}, {"tool": "human.ask", "args": {"question": "Well?"}}, {"text": "ok"}]
    async with on(MemoryJournal(), stage.world) as engine:
        await stage.begun(engine, laid_over(document("a -> z"), {"a": agent()}), turn=turn)
        assert (await stage.ended(engine)).status == "waiting"
        await engine.cancel(RUN)
        await engine.resume(RUN)
        (wait,) = (await stage.ended(engine)).waiting_for
        await engine.answer(RUN, wait.name, "answer", form={"answer": "yes"})
        result = await stage.ended(engine)
    assert (result.status, stage.world.happened) == ("completed", ["r1/a!1"])


async def test_an_agent_that_failed_for_good_goes_on_where_it_stood(stage: Stage) -> None:
    turn = [TURN[0], {"error": {"class": "fatal", "code": "model.auth", "message": "no key"}}, {"text": "ok"}]
    async with on(MemoryJournal(), stage.world) as engine:
        await stage.begun(engine, laid_over(document("a -> z"), {"a": agent()}), turn=turn)
        for _ in range(2):
            result = await stage.ended(engine)
            assert result.error is not None
            assert (result.status, result.error.code) == ("failed", "model.auth")  # the script says the same again
            await engine.resume(RUN)
        events = await engine.journal_of(RUN)
    assert asked(events) == {("a", 1): 1}
    assert stage.world.happened == ["r1/a!1"]


async def test_what_a_subgraph_cut_off_goes_on_and_what_a_retry_begins_anew_asks_again(stage: Stage) -> None:
    stage.inner("f{a,b}; a,b -> j", {"a": agent(), "b": BROKEN})
    for retry, answers in ((None, 1), ({"attempts": 2, "on": ["tool"], "initial_s": 1, "jitter": False}, 2)):
        stage.world = World(VirtualClock())
        async with on(MemoryJournal(), stage.world, graphs=stage.place) as engine:
            await stage.begun(engine, laid_over(document("s -> z"), {"s": {"retry": retry}}))
            result = await stage.ended(engine)
            if retry is None:
                assert result.status == "failed"
                await engine.resume(RUN)
                result = await stage.ended(engine)
            events = await engine.journal_of(RUN)
        assert result.status == "completed"
        assert asked(events)["s/a", 1] == answers
        assert stage.world.happened.count("r1/s/a!1") == 1
        # Each call once, and that of ``z``, which only reads and claims nothing.
        assert result.usage.tool_calls == len([e for e in events if isinstance(e, EffectClaimed)]) + 1


async def test_items_that_another_item_cut_off_go_on(stage: Stage) -> None:
    script_turn = [{"tool": "pay", "args": {"value": 5}}, {"tool": "work"}, {"tool": "work", "args": {"value": 1}}]
    each = {"each": "input.list", "concurrency": 2}
    graph = laid_over(document("a -> z"), {"a": agent(**each, prompt="{item}", retry={"attempts": 1})})
    script = {
        "boss": [
            {"when": {"execution": "a[0]"}, "steps": [*script_turn, {"text": "done"}]},
            {"when": {"execution": "a[1]"}, "steps": [{"tool": "work", "args": {"value": 9}}, {"error": FATAL}]},
        ]
    }
    async with on(MemoryJournal(), stage.world) as engine:
        await engine.start(graph, {"list": [1, 2]}, id=RUN, answers=script)
        assert (await stage.ended(engine)).status == "failed"
        await engine.resume(RUN)
        await stage.ended(engine)
        events = await engine.journal_of(RUN)
    assert ("a[0]", "each") in [(e.execution, e.why) for e in events if isinstance(e, NodeCancelled)]
    assert asked(events)["a[0]", 1] == 1
    assert stage.world.happened.count("r1/a[0]!1") <= 1


FATAL = {"class": "fatal", "code": "model.auth", "message": "no key"}
