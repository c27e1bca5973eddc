"""Pinned outputs: what stands for a node's work in one run, and what is refused before the run starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import Graph, InputError
from engine.app import Engine, event_json
from tests.app.bench import Bench, engine_of, graph
from tests.support.sketch import document

pytestmark = pytest.mark.anyio

ANYTHING: dict[str, Any] = {"tool": "json.parse", "args": {"text": "{}"}}
"""A tool of whose result nothing is known."""
TEXT = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}


def agents(**fields: Any) -> Graph:
    """An agent ``a`` whose model nobody asks, and a gate behind it."""
    gate = {
        "kind": "human-gate",
        "options": ["no", {"name": "yes", "form": {"type": "object", "properties": {"sum": {"type": "integer"}}}}],
        "form": {"type": "object", "properties": {"why": {"type": "string", "default": "because"}}},
        "to": [{"on": "yes", "node": "b"}, {"on": "no", "node": "c"}],
    }
    nodes = {"a": {"kind": "agent", "model": "scripted:a", "to": [{"node": "g"}], **fields}, "g": gate}
    return Graph.model_validate(
        {
            **document(""),
            "nodes": {**nodes, "b": {"kind": "tool", "tool": "work"}, "c": {"kind": "tool", "tool": "work"}},
        }
    )


async def told(engine: Engine, run: str) -> list[dict[str, Any]]:
    """The completions of a run as every door writes them, without moments."""
    events = [event_json(event) for event in await engine.journal_of(run)]
    return [event for event in events if event["type"] == "node.completed"]


async def test_a_pinned_node_gives_its_output_and_nothing_is_called(bench: Bench) -> None:
    writing = document("a -> pay", output={"a": "{nodes.a.output}", "said": "{said}", "pay": "{nodes.pay.output}"})
    writing["state"] = {"said": {"schema": {"type": "string"}}}
    writing["nodes"]["a"] |= {**ANYTHING, "save": {"said": "{output.word}"}}
    writing["nodes"]["pay"] |= {"tool": "pay", "args": {"amount": 7}}
    async with engine_of(bench) as engine:
        pins = {"a": {"word": "hello"}, "pay": None}
        result = await engine.run(Graph.model_validate(writing), pins=pins)
        completed = await told(engine, result.id)
        types = {event_json(event)["type"] for event in await engine.journal_of(result.id)}

    assert result.output == {"a": {"word": "hello"}, "said": "hello", "pay": None}
    assert result.pins == pins
    assert [event["pinned"] for event in completed] == [True, True]
    assert types == {"run.started", "node.completed", "run.completed"}
    assert bench.calls == []


async def test_a_node_that_is_not_pinned_says_nothing_of_pins(bench: Bench) -> None:
    async with engine_of(bench) as engine:
        result = await engine.run(graph("a -> b"), pins={"a": 1})
        plain = await engine.run(graph("a -> b"), pins={})
        assert ["pinned" in event for event in await told(engine, result.id)] == [True, False]
        started = (await engine.journal_of(plain.id))[0]

    assert event_json(started).get("options") is None
    assert bench.calls == ["b", "a", "b"]


async def test_conditions_see_what_is_pinned(bench: Bench) -> None:
    choosing = document("a -> b; a -> c")
    choosing["nodes"]["a"] |= ANYTHING
    choosing["nodes"]["a"]["to"] = [{"when": "output.go == true", "node": "b"}, {"node": "c"}]
    async with engine_of(bench) as engine:
        await engine.run(Graph.model_validate(choosing), pins={"a": {"go": True}})
        await engine.run(Graph.model_validate(choosing), pins={"a": {"go": False}})

    assert bench.calls == ["b", "c"]


async def test_a_pin_that_the_graph_cannot_use_fails_the_node_as_its_own_output_would(bench: Bench) -> None:
    saving = document("a", state={"said": {"schema": {"type": "string"}}})
    saving["nodes"]["a"] |= {**ANYTHING, "save": {"said": "{output.word}"}}
    async with engine_of(bench) as engine:
        result = await engine.run(Graph.model_validate(saving), pins={"a": {}})

    assert result.error is not None
    assert (result.error.node, result.error.code) == ("a", "template.absent")


async def test_a_gate_leaves_by_the_option_with_its_form_filled_in(bench: Bench) -> None:
    async with engine_of(bench) as engine:
        no = await engine.run(agents(), pins={"a": "text", "g": {"option": "no"}})
        yes = await engine.run(agents(), pins={"a": "text", "g": {"option": "yes", "form": {"sum": 1}, "by": "ann"}})
        first, second = [await told(engine, run.id) for run in (no, yes)]

    assert [event["port"] for event in first] == ["ok", "no", "ok"]
    assert first[1]["output"] | {"at": ""} == {"option": "no", "form": {"why": "because"}, "by": None, "at": ""}
    assert second[1]["output"] | {"at": ""} == {"option": "yes", "form": {"sum": 1}, "by": "ann", "at": ""}
    assert bench.calls == ["c", "b"]


async def test_another_process_goes_on_with_the_same_pins(bench: Bench, tmp_path: Path) -> None:
    db = tmp_path / "weft.db"
    going = graph("g -(ok)-> a", output={"a": "{nodes.a.output}"})
    async with engine_of(bench, db) as engine:
        await engine.start(going, id="r1", pins={"a": "pinned"})
        assert (await engine.result("r1")).status == "waiting"
    async with engine_of(bench, db) as engine:
        assert (await engine.look("r1")).pins == {"a": "pinned"}
        result = await (await engine.answer("r1", "g", "ok")).result()

    assert result.output == {"a": "pinned"}
    assert bench.calls == []


async def test_a_pinned_subgraph_opens_nothing_and_its_inner_pins_rest(bench: Bench, tmp_path: Path) -> None:
    inner = graph("a -> b", name="inner", output={"b": "{nodes.b.output}"})
    outer = graph("s -> c", output={"s": "{nodes.s.output.b}"})
    inner.save(tmp_path / "inner.json")
    inline = document("s", output={"s": "{nodes.s.output}"})
    inline["nodes"]["s"] = {"kind": "subgraph", "inline": inner.as_json()}
    async with Engine.open("memory:", tools=bench.tools(), clock=bench.clock, graphs=tmp_path) as engine:
        whole = await engine.run(outer, pins={"s": {"b": "all"}, "s/b": "unused"})
        part = await engine.run(outer, pins={"s/b": "inside"})
        own = await engine.run(Graph.model_validate(inline), pins={"s/a": 1, "s/b": 2})

    assert (whole.output, part.output, own.output) == ({"s": "all"}, {"s": "inside"}, {"s": {"b": 2}})
    assert bench.calls == ["c", "s/a", "c"]


@pytest.mark.parametrize(
    ("pins", "code", "where", "hint"),
    [
        (["a"], "pin.invalid", "pins", '{"write": "A draft."}'),
        ({"manny": 1}, "pin.unknown", "pin of manny", "did you mean many?"),
        ({"zzzz": 1}, "pin.unknown", "pin of zzzz", "a node's id"),
        ({"a/x": 1}, "pin.unknown", "pin of a/x", "a node's id"),
        ({"none/a/x": 1}, "pin.unknown", "pin of none/a/x", "a node's id"),
        ({"s/parts": 1}, "pin.unknown", "pin of s/parts", "did you mean s/part?"),
        ({"j": 1}, "pin.kind", "pin of j", "agent, tool, human-gate, subgraph, wait"),
        ({"g": {"option": "maybe"}}, "pin.option", "pin of g", "options: ok"),
        ({"g": "ok"}, "pin.output", "pin of g", '{"option": "approve", "form": {}}'),
        ({"g": {"option": "ok", "form": 3}}, "pin.output", "pin of g", "option"),
        ({"g": {"option": "ok", "form": {"n": "x"}}}, "pin.output", "pin of g", "form"),
        ({"g": {"option": "ok", "by": 3}}, "pin.output", "pin of g", "option"),
        ({"a": "x" * (70 << 20)}, "pin.output", "pin of a", "shorter"),
        ({"many": "x"}, "pin.output", "pin of many", "pin a list"),
        ({"many": ["x", 1]}, "pin.output", "pin of many", "pin a text"),
        ({"says": 3}, "pin.output", "pin of says", "pin a text"),
        ({"says": {"title": "t"}}, "pin.output", "pin of says", "pin a text"),
        ({"asks": {"name": "t"}}, "pin.output", "pin of asks", "output_schema"),
    ],
)
async def test_what_cannot_be_pinned_is_refused_before_anything_is_written(
    bench: Bench, pins: Any, code: str, where: str, hint: str
) -> None:
    async with engine_of(bench) as engine:
        with pytest.raises(InputError) as refused:
            await engine.start(every_kind(), pins=pins)
        assert await engine.runs() == []

    assert (refused.value.code, refused.value.where) == (code, where)
    assert hint in (refused.value.hint or "")


async def test_what_fits_is_taken(bench: Bench) -> None:
    async with engine_of(bench) as engine:
        pins = {"many": ["x", None], "says": "text", "asks": {"title": "t"}, "hands": {"any": 1}}
        assert engine.pins_of(every_kind(), pins) == pins


def every_kind() -> Graph:
    """A chain with a node of every kind that is pinned in one way or another."""
    chain = document("a -> j -> g; s -> many; many -> says; says -> asks; asks -> hands; hands -> end")
    form = {"type": "object", "properties": {"n": {"type": "integer"}}}
    chain["nodes"]["g"] |= {"form": form, "to": [{"on": "ok", "node": "s"}]}
    inner = {**document("part -> other"), "name": "inner"}
    chain["nodes"]["s"] = {"kind": "subgraph", "inline": inner, "to": [{"node": "many"}]}
    agent = {"kind": "agent", "model": "scripted:x"}
    chain["nodes"]["many"] = {**agent, "each": "[1, 2]", "to": [{"node": "says"}]}
    chain["nodes"]["says"] = {**agent, "to": [{"node": "asks"}]}
    chain["nodes"]["asks"] = {**agent, "output_schema": TEXT, "to": [{"node": "hands"}]}
    chain["nodes"]["hands"] = {
        **agent,
        "to": [{"on": "transfer", "node": "helper"}, {"node": "end"}],
    }
    chain["nodes"]["helper"] = {**agent, "description": "Helps."}
    return Graph.model_validate(chain)
