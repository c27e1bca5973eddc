"""With a memory of whatever was checked before, the findings are those of a first look; and little of it is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compile.check import check
from engine.compile.facts import Toolbox
from engine.compile.memory import Memory
from engine.model.findings import Finding
from engine.model.graph import Graph
from engine.model.memo import KnownNodes
from tests.compile.cases import CASES, agent, gate, graph, one, to, tool
from tests.compile.test_check import mangled
from tests.compile.test_together import ladder
from tests.compile.worlds import MODELS, TOOLS, Tool, graphs
from tests.support.graphs import random_document
from tests.support.sketch import document
from tests.support.spoiling import spoil

Document = dict[str, Any]

FEWER: Mapping[str, Tool] = {name: known for name, known in TOOLS.items() if name != "work"}
OTHERS: Mapping[str, Tool] = {**TOOLS, "work": Tool({"type": "object", "properties": {"x": {"type": "integer"}}})}


def every(_: str) -> bool:
    return True


def none(_: str) -> Graph | None:
    return None


WORLDS: list[dict[str, Any]] = [
    {"tools": TOOLS, "models": MODELS, "graphs": graphs},
    {"tools": FEWER, "models": MODELS, "graphs": graphs},
    {"tools": OTHERS, "models": every, "graphs": none},
    {},
]
TEXTS = ["{input.x}", "{state.x}", "{x?}", "{nodes.t1.output}", "{iteration}", "{item}", "plain", "sk-" + "a1B2" * 8]


class Editor:
    """Somebody who edits one document, and has it checked again and again by the same checker."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.known = KnownNodes()

    def told(self, written: Document, world: dict[str, Any]) -> list[str]:
        read = Graph.loads(json.dumps(written, separators=(",", ":")).encode(), known=self.known)
        return as_text(check(read, **world, memory=self.memory))


def afresh(written: Document, world: dict[str, Any]) -> list[str]:
    return as_text(check(Graph.loads(json.dumps(written)), **world))


def as_text(findings: list[Finding]) -> list[str]:
    """Fixes included, to the last character."""
    return [json.dumps(found.as_json()) for found in findings]


def codes(told: list[str]) -> list[str]:
    return [json.loads(found)["code"] for found in told]


def is_graph(written: Any) -> bool:
    return Graph.read(json.dumps(written)).graph is not None


def edited(rnd: Random, written: Document) -> Document:
    """The document after one edit of the kinds that people make."""
    after = deepcopy(written)
    nodes: Document = after["nodes"]
    if not nodes or rnd.random() < 0.2:
        spoilt = spoil(rnd, after)
        return spoilt if is_graph(spoilt) else written
    name = rnd.choice(list(nodes))
    node = nodes[name]
    match rnd.randrange(8):
        case 0:
            node["label"] = rnd.choice(["A", "B"])
        case 1:
            node["save"] = {rnd.choice(["x", "y", "z"]): rnd.choice([*TEXTS, 1, {"$cel": "input.go"}])}
        case 2:
            nodes[f"n{len(nodes)}"] = {"kind": "tool", "tool": "work", "args": {"x": rnd.choice(TEXTS)}}
            node["to"] = [*node.get("to", []), {"node": f"n{len(nodes) - 1}"}]
        case 3 if len(nodes) > 1:
            del nodes[name]
        case 4 if node.get("to"):
            node["to"][-1] |= {"when": rnd.choice(["false", "state.x == 1", "input.go == true", "nodes.t1.output"])}
        case 5 if node["kind"] == "tool":
            node |= {"tool": rnd.choice(list(TOOLS)), "args": {"x": rnd.choice(TEXTS)}}
        case 6:
            after["state"] = {"x": rnd.choice([{}, {"merge": "append"}, {"schema": {"type": "string"}}]), "y": {}}
        case _:
            after["input"] = {"type": "object", "properties": {rnd.choice(["x", "go"]): {"type": "boolean"}}}
    return after if is_graph(after) else written


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_any_edits_one_after_the_other_are_told_as_at_a_first_look(seed: int) -> None:
    rnd, editor = Random(seed), Editor()
    written = random_document(rnd)
    if rnd.random() < 0.5 and is_graph(changed := mangled(deepcopy(written), rnd)):
        written = changed
    past = [written]
    for _ in range(8):
        written = edited(rnd, rnd.choice([past[-1], past[-1], rnd.choice(past)]))
        world = rnd.choice([WORLDS[0], WORLDS[0], rnd.choice(WORLDS)])
        assert editor.told(written, world) == afresh(written, world)
        past.append(written)


def test_every_case_of_the_checker_is_told_as_at_a_first_look_whatever_came_before() -> None:
    editor = Editor()
    for _ in range(2):
        for _, _, written in CASES:
            assert editor.told(written, WORLDS[0]) == afresh(written, WORLDS[0])


def reading(first: Document, what: str = "x") -> Document:
    """A node, and another one that reads something of its output."""
    return graph({"a": first, "b": tool(args={"x": f"{{nodes.a.output.{what}}}"})})


LONELY = graph({"a": tool(to=to("b")), "b": tool(), "c": {"kind": "join"}})
OBJECT = {"type": "object"}
SCHEMA: Document = {"type": "object", "properties": {"y": {}}}


def asking(**fields: Any) -> Document:
    return gate("ok", to=[{"on": "ok", "node": "b"}], **fields)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (one(kind="wait", seconds=1, deadline_s=2), one(kind="wait", seconds=1, deadline_s=2, to=[])),
        (one(kind="human-gate"), one(kind="human-gate", options=["ok"])),
        (LONELY, LONELY | {"layout": {"c": [0, 0]}}),
        (reading(agent(to=to("b"), output_schema=OBJECT)), reading(agent(to=to("b"), output_schema=SCHEMA))),
        (
            reading(agent(to=to("b"), output_schema=OBJECT)),
            reading(agent(to=to("b"), output_schema=OBJECT, each="[1]")),
        ),
        (reading(tool(to=to("b"))), reading(tool(to=to("b"), each="[1]"))),
        (reading(tool(to=to("b"))), reading(tool(to=to("b")) | {"tool": "text.repeat", "args": {"text": "x"}})),
        (reading(asking(), "form.x"), reading(asking(form=SCHEMA), "form.x")),
    ],
)
def test_what_other_nodes_depend_on_is_noticed(before: Document, after: Document) -> None:
    editor = Editor()
    assert editor.told(before, WORLDS[0]) != editor.told(after, WORLDS[0])
    assert editor.told(after, WORLDS[0]) == afresh(after, WORLDS[0])


def test_a_graph_too_large_to_look_at_is_so_the_second_time_too() -> None:
    written: Any = ladder(120).as_json()
    for name, node in written["nodes"].items():
        if name.startswith("u") or (name.startswith("n") and name != "n0"):
            node["save"] = {"k": "x"}
    written["state"] = {"k": {}}
    editor = Editor()
    for title in ("one", "two"):
        told = editor.told({**written, "title": title}, WORLDS[0])
        assert codes(told) == ["check.partial"]


def test_other_tools_are_other_tools_and_the_same_ones_the_same() -> None:
    box = Toolbox(TOOLS)
    assert box.holds(dict(TOOLS))
    assert not box.holds(FEWER)
    assert not box.holds(OTHERS)
    assert not box.holds(None)
    assert not Toolbox(None).holds(TOOLS)
    assert Toolbox(None).holds(None)


def test_another_graph_by_the_same_name_is_looked_at_anew() -> None:
    editor = Editor()
    written = one(kind="subgraph", graph="inner", args={"topic": "x"}) | {"output": {"o": "{nodes.a.output.article}"}}
    inner = graphs("inner")
    assert inner is not None
    other = inner.model_copy(update={"output": {"text": "x"}})

    def changed(_: str) -> Graph | None:
        return other

    assert editor.told(written, WORLDS[0]) == []
    assert codes(editor.told(written, WORLDS[0] | {"graphs": changed})) == ["reference.absent"]


def test_a_model_that_is_gone_is_told_of_an_agent_that_was_not_edited() -> None:
    editor, written = Editor(), one(**agent())
    assert editor.told(written, WORLDS[0]) == []
    assert codes(editor.told(written, WORLDS[0] | {"models": frozenset()})) == ["model.unknown"]


def test_an_edit_of_one_node_leaves_what_is_known_of_the_others() -> None:
    editor, written = Editor(), document("a -> b -> c")
    first = editor.memory.ways(Graph.model_validate(written))[1]
    written["nodes"]["b"] |= tool(label="B", args={"x": "{input.x}"})
    assert editor.memory.ways(Graph.model_validate(written))[1] is first
    written["nodes"]["c"]["to"] = [{"node": "a"}]
    assert editor.memory.ways(Graph.model_validate(written))[1] is not first
