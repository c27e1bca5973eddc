"""Graphs that agents call as tools: a scope of the run, bounded by the agent, waited for without a task."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from engine import Engine, Event, Graph, GraphError
from engine.scheduler.events import (
    AgentStateChanged,
    EffectClaimed,
    EffectSettled,
    GateOpened,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeStarted,
    RunStarted,
)
from tests.app.test_resume_at_every_point import ended_by
from tests.support.clock import VirtualClock
from tests.support.cutting import Story, World, taken_up, whole
from tests.support.sketch import document

pytestmark = pytest.mark.anyio

ECHO: dict[str, Any] = {"a": {"args": {"value": "{input.q}"}}}
ASKS = {"input": {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}}
SAYS = {"output": {"found": "{nodes.a.output}"}}


def call(graph: str = "inner", **args: Any) -> dict[str, Any]:
    """A model's wish to call a graph."""
    return {"tool": f"graph:{graph}", "args": args or {"q": "rivers"}}


class Stage:
    """A directory of graphs and an engine on it.

    Attributes:
        world: the tools.
        place: where the graphs and the database lie.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self.world = World(VirtualClock())

    def inner(self, text: str = "a", nodes: dict[str, Any] | None = None, *, name: str = "inner", **top: Any) -> None:
        """Put a graph beside the root; its nodes get further fields."""
        found = document(text, name=name, **({**ASKS, **SAYS} | top))
        for node, fields in (ECHO if nodes is None else nodes).items():
            found["nodes"][node] |= fields
        Graph.model_validate(found).save(self.place / f"{name}.json")

    def outer(self, *tools: Any, after: str = "", **fields: Any) -> Graph:
        """A graph whose node ``boss`` is an agent with these tools."""
        top = fields.pop("top", {})
        found = document(f"boss{after}", **({"output": {"said": "{nodes.boss.output}"}} | top))
        agent = {"kind": "agent", "model": "scripted:boss", "tools": list(tools or ["graph:inner"]), "prompt": "Go"}
        found["nodes"]["boss"] = agent | {k: v for k, v in found["nodes"]["boss"].items() if k == "to"} | fields
        return Graph.model_validate(found)

    @asynccontextmanager
    async def engine(self, db: str = "memory:") -> AsyncGenerator[Engine]:
        """An engine on the directory."""
        place: str | Path = db if db == "memory:" else self.place / db
        async with Engine.open(place, tools=self.world.tools(), clock=self.world.clock, graphs=self.place) as engine:
            yield engine

    async def played(self, graph: Graph, *steps: Any, input: Any = None) -> tuple[Any, list[Event]]:
        """Run to the end or a wait: the result and the journal."""
        async with self.engine() as engine:
            run = await engine.start(graph, input, id="r1", answers={"boss": [{"steps": list(steps)}]})
            result = await engine.result("r1", patience_s=1e9, deadlines=True)
            return result, await run.recorded()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage without graphs."""
    return Stage(tmp_path)


def of(events: list[Event], kind: type[Any]) -> list[Any]:
    """The events of a type."""
    return [event for event in events if isinstance(event, kind)]


async def test_a_graph_is_called_like_a_tool_and_its_output_comes_back(stage: Stage) -> None:
    stage.inner(input={"type": "object", "properties": {"q": {"type": "string"}, "n": {"default": 2}}})
    result, events = await stage.played(stage.outer(), call(), {"text": "Found {output.found}"})

    assert (result.status, result.output) == ("completed", {"said": "Found rivers"})
    (claim,), (settled,) = of(events, EffectClaimed)[:1], of(events, EffectSettled)[-1:]
    assert (claim.execution, claim.graph, claim.call, claim.input) == ("boss", "inner", "1", {"q": "rivers", "n": 2})
    assert (settled.key, settled.result) == ("r1/boss!1", {"found": "rivers"})
    inside = [(e.execution, e.node) for e in of(events, NodeStarted)]
    assert inside == [("boss", "boss"), ("boss!1/a", "boss!inner/a")]


async def test_what_the_model_sees_is_the_graphs_description_and_input(stage: Stage) -> None:
    stage.inner(description="Finds things out.")
    seen: list[Any] = []

    async def look(request: Any) -> str:
        seen.extend(request.tools)
        return "seen"

    async with stage.engine() as engine:
        engine.models.add_function("look", look, is_free=True)
        await engine.run(stage.outer(model="python:look"))
    assert [(t.name, t.description, t.parameters) for t in seen] == [
        ("graph:inner", "Finds things out.", ASKS["input"])
    ]


async def test_several_graphs_of_one_answer_run_at_the_same_time(stage: Stage) -> None:
    stage.inner("a -> b")
    start = stage.world.clock.now()
    answer = {"tools": [call(q="one"), call(q="two"), {"tool": "work", "args": {"value": 3}}]}
    result, events = await stage.played(stage.outer("graph:inner", "work"), answer, {"text": "done"})
    assert result.status == "completed"
    assert stage.world.clock.now() - start == 3  # a second for the tool, then two for both graphs
    assert {e.execution for e in of(events, NodeCompleted)} >= {"boss!1/b", "boss!2/b"}


@pytest.mark.parametrize(
    ("nodes", "output", "node"),
    [
        ({"a": {"args": {"fails": 9, "error": "tool"}}}, SAYS["output"], "boss!inner/a"),
        (ECHO, {"found": "{nodes.a.output.deeper}"}, "boss!inner"),
    ],
)
async def test_a_failure_inside_is_told_to_the_model(stage: Stage, nodes: Any, output: Any, node: str) -> None:
    stage.inner(nodes=nodes, output=output)
    result, events = await stage.played(stage.outer(), call(), {"text": "Another way"})
    assert (result.status, result.output) == ("completed", {"said": "Another way"})
    (settled,) = of(events, EffectSettled)
    assert (settled.result, settled.error.node) == (None, node)


@pytest.mark.parametrize("args", [{"q": 3}, {"z": 1}])
async def test_arguments_that_do_not_fit_are_told_to_the_model_and_open_nothing(stage: Stage, args: Any) -> None:
    stage.inner()
    result, events = await stage.played(stage.outer(), {"tool": "graph:inner", "args": args}, {"text": "Another way"})
    assert result.output == {"said": "Another way"}
    assert [e.error.code for e in of(events, EffectSettled)] == ["tool.arguments"]
    assert not of(events, EffectClaimed)


async def test_a_gate_inside_really_holds_and_costs_no_task(stage: Stage) -> None:
    stage.inner("a -> g -(yes)-> b", {"g": {"options": ["yes"]}} | ECHO)
    graph = stage.outer()
    async with stage.engine("runs.db") as engine:
        await engine.start(graph, id="r1", answers={"boss": [{"steps": [call(), {"text": "{output.found}"}]}]})
        result = await engine.result("r1")
        assert (result.status, [w.name for w in result.waiting_for]) == ("waiting", ["boss!1/g"])
        (row,) = await engine.runs()
        assert row.status == "waiting"
    async with stage.engine("runs.db") as engine:  # another process
        (gate,) = await engine.inbox()
        assert (gate.gate, gate.node) == ("boss!1/g", "boss!inner/g")
        await engine.answer("r1", "boss!inner/g", "yes")
        result = await engine.result("r1")
        events = await engine.journal_of("r1")
    assert result.output == {"said": "rivers"}
    assert [e.execution for e in of(events, NodeStarted)] == ["boss", "boss!1/a", "boss!1/g", "boss!1/b"]


async def test_a_run_goes_on_with_the_graph_it_was_started_with(stage: Stage) -> None:
    stage.inner("g -(yes)-> a", {"g": {"options": ["yes"]}} | ECHO)
    async with stage.engine("runs.db") as engine:
        run = await engine.start(stage.outer(), id="r1", answers={"boss": [{"steps": [call(), {"text": "done"}]}]})
        await run.result()
        started = (await run.recorded())[0]
        assert isinstance(started, RunStarted)
        assert set(started.documents) >= {"sketch", "inner"}
    (stage.place / "inner.json").unlink()
    async with stage.engine("runs.db") as engine:
        await engine.answer("r1", "boss!1/g", "yes")
        assert (await engine.result("r1")).status == "completed"


async def test_a_graph_that_is_not_there_is_found_before_the_run(stage: Stage) -> None:
    sub = {"helper": {"description": "helps", "tools": ["graph:elsewhere"]}}
    async with stage.engine() as engine:
        for graph in (stage.outer(), stage.outer("agent:helper", agents=sub)):
            with pytest.raises(GraphError) as caught:
                await engine.start(graph)
            assert caught.value.findings[0].code == "graph.unknown"


async def test_a_broken_graph_behind_a_tool_is_found_before_the_run(stage: Stage) -> None:
    stage.inner(nodes={"a": {"tool": "nobody"}})
    async with stage.engine() as engine:
        with pytest.raises(GraphError, match="nobody"):
            await engine.start(stage.outer())


async def test_graphs_that_call_themselves_stop_at_the_depth(stage: Stage) -> None:
    agent = {"kind": "agent", "model": "scripted:boss", "tools": ["graph:inner"], "prompt": "Go"}
    found = document("a", name="inner", output={"found": "{nodes.a.output}"}, limits={"depth": 3})
    found["nodes"]["a"] = agent
    graph = Graph.model_validate(found)
    graph.save(stage.place / "inner.json")
    script = {"boss": [{"steps": [{"tool": "graph:inner"}, {"text": "deep"}]}]}
    (stage.place / "inner.scripted.json").write_text(json.dumps(script))
    async with stage.engine() as engine:
        run = await engine.start("inner", id="r1")
        result = await run.result()
        events = await run.recorded()
    assert result.status == "completed"
    assert max(e.execution.count("/") for e in of(events, NodeStarted)) == 2
    assert [e.error.code for e in of(events, EffectSettled) if e.error is not None] == ["subgraph.depth"]


# --- what bounds it ---


async def test_what_a_graph_uses_counts_for_the_agent(stage: Stage) -> None:
    stage.inner("a -> b -> c")
    graph = stage.outer(limits={"tool_calls": 3})
    result, events = await stage.played(graph, call(), {"text": "Never"})
    assert (result.status, result.error.code, result.error.node) == ("failed", "limit.tool_calls", "boss")
    assert [e.execution for e in of(events, NodeCompleted)] == ["boss!1/a", "boss!1/b"]


@pytest.mark.parametrize("limits", [{"tool_calls": 1}, {"node_runs": 1}, {"seconds": 1.5}])
async def test_a_graphs_own_limit_ends_it_past_every_catch_inside_and_the_model_is_told(
    stage: Stage, limits: Any
) -> None:
    stage.inner("a -> b -(error)-> c; b -> d", limits=limits)
    result, events = await stage.played(stage.outer(), call(), {"text": "Shorter"})
    assert result.output == {"said": "Shorter"}
    (settled,) = of(events, EffectSettled)
    assert settled.error.code == f"limit.{next(iter(limits))}"
    assert [e.execution for e in of(events, NodeCompleted)] == ["boss!1/a", "boss"]


async def test_what_a_graph_uses_counts_for_the_sub_agent_that_called_it(stage: Stage) -> None:
    stage.inner("a -> b")
    helper = {"description": "helps", "model": "scripted:helper", "tools": ["graph:inner"], "limits": {"tool_calls": 4}}
    graph = stage.outer("agent:helper", agents={"helper": helper})
    script = {
        "boss": [{"steps": [{"tool": "agent:helper", "args": {"request": "x"}}, {"text": "{output.status}"}]}],
        "helper": [{"steps": [call(), call(q="again"), {"text": "never"}]}],
    }
    async with stage.engine() as engine:
        run = await engine.start(graph, id="r1", answers=script)
        result = await run.result()
        events = await run.recorded()
    # The first call and its two tools leave one: the second graph has it taken for its own call and can call no tool.
    assert [e.execution for e in of(events, NodeCompleted)] == ["boss!1.1/a", "boss!1.1/b", "boss"]
    assert of(events, EffectClaimed)[-1].limits == {"tool_calls": 0}
    assert result.output == {"said": "success"}


async def test_an_agents_seconds_count_while_its_graph_works(stage: Stage) -> None:
    stage.inner("a -> b -> c")
    graph = stage.outer(limits={"seconds": 2.5})
    result, events = await stage.played(graph, call(), {"text": "never"})
    assert (result.status, result.error.code, result.error.node) == ("failed", "limit.seconds", "boss")
    assert [e.execution for e in of(events, NodeCancelled)] == ["boss!1/c"]


async def test_an_entrys_time_ends_the_graph_whatever_waits_in_it(stage: Stage) -> None:
    stage.inner("g -(ok)-> a")
    entry = {"tool": "graph:inner", "timeout_s": 60}
    result, events = await stage.played(stage.outer(entry), call(), {"text": "Without it"})
    assert result.output == {"said": "Without it"}
    assert [e.error.code for e in of(events, EffectSettled) if e.error] == ["tool.timeout"]
    assert [(e.execution, e.why) for e in of(events, NodeCancelled)] == [("boss!1/g", "scope")]


async def test_an_agents_own_time_out_goes_on_while_its_graph_works(stage: Stage, tmp_path: Path) -> None:
    stage.inner("w -> a", {"w": {"seconds": 50}} | ECHO)
    inner = Graph.load(tmp_path / "inner.json")
    graph = stage.outer(timeout_s=30, retry={"attempts": 1})
    script = {"boss": [{"steps": [call(), {"text": "never"}]}]}
    uncut, texts = await whole(Story(graph, {"inner": inner}, None, script), tmp_path)
    for n in (*uncut.ends[:-1], len(uncut.events)):
        told = await taken_up(uncut.events, n, texts) if n < len(uncut.events) else uncut
        assert ended_by(told) == "timeout"
        assert told.events[-1].at - told.events[0].at == 30


async def test_an_entry_may_bound_the_calls_and_have_each_approved(stage: Stage) -> None:
    stage.inner()
    entry = {"tool": "graph:inner", "max_calls": 1, "requires_confirmation": True}
    steps = [call(q="one"), call(q="two"), {"text": "done"}]
    async with stage.engine() as engine:
        run = await engine.start(stage.outer(entry), id="r1", answers={"boss": [{"steps": steps}]})
        await run.result()
        (gate,) = await engine.inbox()
        assert (gate.gate, gate.purpose, gate.detail["args"]) == ("boss!1", "approval", {"q": "one"})
        await engine.answer("r1", "boss!1", "approve")
        assert (await run.result()).status == "completed"
        events = await run.recorded()
    assert [e.error.code for e in of(events, EffectSettled) if e.error] == ["tool.max_calls"]


async def test_a_graph_that_a_person_refuses_is_not_run(stage: Stage) -> None:
    stage.inner()
    entry = {"tool": "graph:inner", "requires_confirmation": True}
    async with stage.engine() as engine:
        run = await engine.start(stage.outer(entry), id="r1", answers={"boss": [{"steps": [call(), {"text": "well"}]}]})
        await run.result()
        await engine.answer("r1", "boss!1", "deny", by="ann")
        assert (await run.result()).output == {"said": "well"}
        events = await run.recorded()
    assert [(e.error.code, e.error.message) for e in of(events, EffectSettled)] == [
        ("tool.denied", "ann refused this call of graph:inner")
    ]
    assert [e.execution for e in of(events, NodeStarted)] == ["boss"]


# --- beside everything else ---


async def test_a_question_and_a_graph_of_one_answer_wait_side_by_side(stage: Stage) -> None:
    stage.inner("g -(ok)-> a")
    answer = {"tools": [call(), {"tool": "human.ask", "args": {"question": "How?"}}]}
    for order in (["boss!1/g", "boss!2"], ["boss!2", "boss!1/g"]):
        async with stage.engine() as engine:
            graph = stage.outer("graph:inner", "human.ask")
            run = await engine.start(graph, id="r1", answers={"boss": [{"steps": [answer, {"text": "done"}]}]})
            await run.result()
            for gate in order:
                assert (await run.result()).status == "waiting"
                form = {"answer": "so"} if gate == "boss!2" else None
                await engine.answer("r1", gate, (await self_option(engine, gate)), form=form)
            assert (await run.result()).status == "completed"
            assert len([e for e in await run.recorded() if isinstance(e, NodeStarted) and e.execution == "boss"]) == 1


async def self_option(engine: Engine, gate: str) -> str:
    """The first option of an open gate."""
    (found,) = [one for one in await engine.inbox() if one.gate == gate]
    return str(found.options[0]["name"])


async def test_an_item_that_waits_in_its_graph_holds_no_slot(stage: Stage) -> None:
    stage.inner("g -(ok)-> a", ECHO, output={"found": "{nodes.a.output}"})
    graph = stage.outer(
        each="input.list", concurrency=1, prompt="{item}", top={"output": {"all": "{nodes.boss.output}"}}
    )
    script = {"boss": [{"steps": [call(q="x"), {"text": "{output.found}"}]}]}
    async with stage.engine() as engine:
        run = await engine.start(graph, {"list": [1, 2, 3]}, id="r1", answers=script)
        result = await run.result()
        gates = [wait.name for wait in result.waiting_for]
        assert gates == ["boss[0]!1/g", "boss[1]!1/g", "boss[2]!1/g"]
        for gate in reversed(gates):
            await engine.answer("r1", gate, "ok")
        result = await run.result()
    assert result.output == {"all": ["x", "x", "x"]}


async def test_cancelling_the_run_cancels_what_is_inside(stage: Stage) -> None:
    stage.inner("a -> g -(ok)-> b")
    async with stage.engine() as engine:
        run = await engine.start(stage.outer(), id="r1", answers={"boss": [{"steps": [call()]}]})
        await run.result()
        await engine.cancel("r1")
        assert (await run.result()).status == "cancelled"
        events = await run.recorded()
        assert [(e.execution, e.why) for e in of(events, NodeCancelled)] == [("boss", "run"), ("boss!1/g", "scope")]
        await engine.resume("r1")  # goes on where it was cut off: ``a`` does not run again
        await run.result()
        await engine.answer("r1", "boss!1/g", "ok")
        events = await run.recorded()
    assert [e.execution for e in of(events, NodeStarted)].count("boss!1/a") == 1


async def test_a_join_that_passes_on_cancels_the_agent_and_its_graph(stage: Stage) -> None:
    stage.inner("w -> a", {"w": {"seconds": 100}} | ECHO)
    found = document("f{boss,b}; boss,b -> j[any,cancel] -> z")
    found["nodes"]["boss"] |= {"kind": "agent", "model": "scripted:boss", "tools": ["graph:inner"], "prompt": "Go"}
    del found["nodes"]["boss"]["tool"]
    result, events = await stage.played(Graph.model_validate(found), call())
    assert result.status == "completed"
    assert [(e.execution, e.why) for e in of(events, NodeCancelled)] == [("boss", "join"), ("boss!1/w", "scope")]


async def test_an_agent_that_is_tried_again_does_not_repeat_an_effect_in_its_graph(stage: Stage) -> None:
    stage.inner("a -> w -> b", {"a": {"tool": "send", "args": {"value": "{input.q}"}}, "w": {"seconds": 50}})
    retry = {"attempts": 2, "on": ["timeout"], "initial_s": 1, "jitter": False}
    result, events = await stage.played(stage.outer(timeout_s=30, retry=retry), call(), {"text": "never"})
    assert (result.status, result.error.code) == ("failed", "timeout")
    assert stage.world.happened == ["r1/boss!1/a!1"]
    assert [(e.execution, e.attempt) for e in of(events, NodeStarted) if e.execution.endswith("/a")] == [
        ("boss!1/a", 1),
        ("boss!1/a", 2),
    ]


async def test_on_failure_finish_lets_the_graph_end_what_runs(stage: Stage) -> None:
    stage.inner("a -> b")
    found = document("f{boss,x}; boss,x -> j", on_failure="finish")
    found["nodes"]["boss"] |= {"kind": "agent", "model": "scripted:boss", "tools": ["graph:inner"], "prompt": "Go"}
    del found["nodes"]["boss"]["tool"]
    found["nodes"]["x"]["args"] = {"fails": 1, "error": "tool"}
    result, events = await stage.played(Graph.model_validate(found), call())
    assert (result.status, result.error.node) == ("failed", "x")
    assert [e.execution for e in of(events, NodeCompleted)] == ["f", "boss!1/a"]
    assert "boss" in {e.execution for e in of(events, NodeCancelled)}


async def test_a_graph_with_nothing_to_do_is_called_too(stage: Stage) -> None:
    stage.inner("end", {"end": {"output": {"q": "{input.q}"}}}, output={})
    answer = {"tools": [call(q="1"), call(q="2")]}
    result, events = await stage.played(stage.outer(), answer, {"text": "{output.q}"})
    assert result.output == {"said": "2"}
    assert len(of(events, AgentStateChanged)) == len({e.n for e in of(events, AgentStateChanged)})


async def test_an_approval_inside_a_called_graph_is_asked_where_it_stands(stage: Stage) -> None:
    agent = {"kind": "agent", "model": "scripted:boss", "prompt": "Go"}
    tools = [{"tool": "send", "requires_confirmation": True}]
    found = document("a", name="inner", output={"found": "{nodes.a.output}"})
    found["nodes"]["a"] = agent | {"tools": tools}
    Graph.model_validate(found).save(stage.place / "inner.json")
    script = '{"boss": [{"steps": [{"tool": "send", "args": {"value": 1}}, {"text": "sent"}]}]}'
    (stage.place / "inner.scripted.json").write_text(script)
    async with stage.engine() as engine:
        run = await engine.start(stage.outer(), id="r1", answers={"boss": [{"steps": [call(), {"text": "ok"}]}]})
        await run.result()
        (opened,) = [e for e in await run.recorded() if isinstance(e, GateOpened)]
        assert (opened.gate, opened.node) == ("boss!1/a!1", "boss!inner/a")
        await engine.answer("r1", opened.gate, "approve")
        assert (await run.result()).status == "completed"
    assert stage.world.happened == ["r1/boss!1/a!1"]


async def test_a_failed_run_that_is_resumed_goes_on_inside_the_graph(stage: Stage) -> None:
    stage.inner("a -> f{b,c}; b,c -> j", {"a": {"tool": "send"}, "b": {"args": {"value": 1}}, "c": {}})
    found = document("f{boss,x}; boss,x -> j", name="sketch")
    found["nodes"]["boss"] |= {"kind": "agent", "model": "scripted:boss", "tools": ["graph:inner"], "prompt": "Go"}
    del found["nodes"]["boss"]["tool"]
    found["nodes"]["x"] |= {"tool": "send", "args": {"fails": 1, "error": "tool"}}
    async with stage.engine() as engine:
        run = await engine.start(
            Graph.model_validate(found), id="r1", answers={"boss": [{"steps": [call(), {"text": "well"}]}]}
        )
        assert (await run.result()).status == "failed"
        await engine.resume("r1")
        assert (await run.result()).status == "completed"
        events = await run.recorded()
    assert stage.world.happened.count("r1/boss!1/a!1") == 1
    assert {e.execution for e in of(events, NodeFailed)} == {"x"}
