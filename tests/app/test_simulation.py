"""A simulation: no model is asked, nothing outside is changed, and the journal says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import Engine, Graph, InputError
from engine.scheduler.events import EffectSettled, ModelAnswered, ModelRequested, RunStarted
from tests.app.bench import Bench, engine_of

pytestmark = pytest.mark.anyio

SCORE = {"type": "object", "properties": {"score": {"type": "integer", "minimum": 1}}, "required": ["score"]}


def graph(nodes: dict[str, Any], name: str = "g", **top: Any) -> Graph:
    return Graph.model_validate({"format": "weft/1", "name": name, "nodes": nodes, **top})


def agent(*to: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "agent", "model": "openai:of-no-key", **fields, "to": [{"node": node} for node in to]}


async def test_a_graph_runs_without_a_key_and_every_made_up_answer_says_so(bench: Bench) -> None:
    nodes = {"write": agent("rate", label="The {writer}"), "rate": agent(output_schema=SCORE, plan=True, reflect=True)}
    flow = graph(nodes, output={"text": "{nodes.write.output}", "rated": "{nodes.rate.output}"})
    async with engine_of(bench) as engine:
        run = await engine.start(flow, simulate=True)
        result = await run.result()
        events = await run.recorded()
    assert (result.status, result.is_simulated) == ("completed", True)
    assert result.output == {"text": "(simulated) The {writer}: no model was asked.", "rated": {"score": 1}}
    assert {event.model for event in events if isinstance(event, ModelRequested)} == {"simulated:script"}
    assert result.usage.usd == 0


async def test_scripted_answers_go_before_made_up_ones_and_are_kept_with_the_run(bench: Bench, tmp_path: Path) -> None:
    answers = {
        "writer": [{"steps": [{"text": "written"}]}],
        "openai:of-no-key": [{"when": "never said", "steps": [{"text": "never"}]}],
    }
    flow = graph({"a": agent("b", model="scripted:writer"), "b": agent()})
    async with engine_of(bench, tmp_path / "weft.db") as engine:
        run = await engine.start(flow, answers=answers, simulate=True)
        await run.result()
        events = await run.recorded()
        replayed = await engine.start(flow, answers=answers, simulate=True, id="again")
        await replayed.result()
    said = [event.answer["text"] for event in events if isinstance(event, ModelAnswered)]
    assert said == ["written", "(simulated) b: no model was asked."]
    started = events[0]
    assert isinstance(started, RunStarted)
    assert (started.options, sorted(started.documents)) == ({"simulate": True}, ["g", "g.scripted"])


async def test_what_would_change_something_is_not_called_and_what_only_reads_is(bench: Bench) -> None:
    pay = {"kind": "tool", "tool": "pay", "args": {"amount": 5}, "to": [{"node": "work"}]}
    flow = graph({"pay": pay, "work": {"kind": "tool", "tool": "work"}}, output={"paid": "{nodes.pay.output}"})
    async with engine_of(bench) as engine:
        run = await engine.start(flow, simulate=True)
        result = await run.result()
        settled = [event for event in await run.recorded() if isinstance(event, EffectSettled)]
    assert bench.calls == ["work"]
    assert result.output == {"paid": "(simulated) pay"}
    assert [(event.node, event.simulated) for event in settled] == [("pay", True)]


async def test_an_agents_scripted_calls_are_simulated_too_and_may_still_not_fit(bench: Bench) -> None:
    steps = [{"tool": "pay", "args": {"sum": 5}}, {"tool": "pay", "args": {"amount": 5}}, {"text": "{output}"}]
    flow = graph({"a": agent(tools=["pay"], model="scripted:m")}, output={"said": "{nodes.a.output}"})
    async with engine_of(bench) as engine:
        run = await engine.start(flow, answers={"m": [{"steps": steps}]}, simulate=True)
        result = await run.result()
        settled = [event for event in await run.recorded() if isinstance(event, EffectSettled)]
    assert (result.output, bench.calls) == ({"said": "(simulated) pay"}, [])
    assert [event.error.code if event.error else event.result for event in settled] == [
        "tool.arguments",
        "(simulated) pay",
    ]


async def test_agents_inside_agents_and_inside_graphs_inside_answer_too(bench: Bench) -> None:
    inner = graph({"write": agent()}, name="inner", output={"text": "{nodes.write.output}"})
    lead = agent("team", tools=["agent:buyer"], agents={"buyer": {"description": "buys"}}, model="scripted:lead")
    team = {"kind": "subgraph", "inline": inner.as_json()}
    calls = [{"tool": "agent:buyer", "args": {"request": "buy"}}, {"text": "{output.result}"}]
    flow = graph({"lead": lead, "team": team}, output={"lead": "{nodes.lead.output}", "team": "{nodes.team.output}"})
    async with engine_of(bench) as engine:
        result = await engine.run(
            flow, answers={"lead": [{"when": {"node": "lead", "agent": ""}, "steps": calls}]}, simulate=True
        )
    assert result.output == {
        "lead": "(simulated) buyer: no model was asked.",
        "team": {"text": "(simulated) write: no model was asked."},
    }


async def test_a_loop_that_waits_for_an_escalation_ends(bench: Bench) -> None:
    check = agent("again", tools=["escalate"])
    again = {
        "kind": "loop-back",
        "while": "!nodes.check.escalated",
        "max_iterations": 3,
        "to": [{"on": "repeat", "node": "check"}, {"on": "done", "node": "end"}],
    }
    async with engine_of(bench) as engine:
        result = await engine.run(graph({"check": check, "again": again, "end": {"kind": "end"}}), simulate=True)
    assert (result.status, result.error) == ("completed", None)


async def test_an_answer_that_cannot_be_made_up_is_told_before_the_run_starts(bench: Bench) -> None:
    schema = {"type": "string", "pattern": "^[0-9]{31}$"}
    async with engine_of(bench) as engine:
        with pytest.raises(InputError, match=r"simulation\.answer: g/a"):
            await engine.start(graph({"a": agent(output_schema=schema)}), simulate=True)
        with pytest.raises(InputError, match="asks no model"):
            await engine.start(graph({"a": agent()}), simulate=True, model="scripted:x")
        assert await engine.runs() == []


async def test_what_a_simulation_forgives_a_real_run_does_not(bench: Bench) -> None:
    flow = graph({"a": agent()})
    async with engine_of(bench) as engine:
        await engine.run(flow, simulate=True)
        with pytest.raises(Exception, match="there is no model"):
            await engine.start(flow)


async def test_results_that_are_kept_for_others_are_neither_used_nor_left_by_a_simulation(
    bench: Bench, tmp_path: Path
) -> None:
    work = {"kind": "tool", "tool": "work", "cache": {"ttl_s": 1000}}
    flow = graph({"work": work})
    async with engine_of(bench, tmp_path / "weft.db") as engine:
        await engine.run(flow, simulate=True)
        await engine.run(flow)
        await engine.run(flow, simulate=True)
        await engine.run(flow)
    assert bench.calls == ["work"] * 3


async def test_a_simulation_that_was_cut_off_goes_on_as_one(bench: Bench, tmp_path: Path) -> None:
    pay = {"kind": "tool", "tool": "pay", "args": {"amount": 5}, "to": [{"node": "ask"}]}
    ask = {"kind": "human-gate", "prompt": "Go on?", "to": [{"on": "ok", "node": "again"}]}
    flow = graph({"pay": pay, "ask": ask, "again": {**pay, "to": []}})
    async with engine_of(bench, tmp_path / "weft.db") as engine:
        assert (await engine.run(flow, simulate=True, id="r1")).status == "waiting"
    async with Engine.open(tmp_path / "weft.db", tools=bench.tools(), clock=bench.clock) as engine:
        result = await (await engine.answer("r1", "ask", "ok")).result()
    assert (result.status, result.is_simulated, bench.calls) == ("completed", True, [])
