"""What the names of a graph are made of."""

from __future__ import annotations

from typing import Any

import pytest

from engine.model.expressions import compile_expression, missing_part
from engine.model.graph import Graph
from engine.model.schema import UNKNOWN
from engine.model.types import DYNAMIC, ERROR_SCHEMA, LOOP_OUTPUT, types_of
from engine.model.values import ABSENT

STRING: Any = {"type": "string"}
NUMBER: Any = {"type": "number"}
PRICES: Any = {"type": "array", "items": {"$ref": "#/$defs/price"}, "$defs": {"price": NUMBER}}

GRAPH = Graph.model_validate(
    {
        "format": "weft/1",
        "name": "g",
        "input": {"properties": {"topic": STRING, "price": {"$ref": "#/$defs/price"}}, "$defs": {"price": NUMBER}},
        "state": {"draft": {"schema": STRING}, "free": {}, "prices": {"schema": PRICES}, "loose": {"schema": True}},
        "nodes": {
            "agent": {"kind": "agent", "to": [{"node": "join"}]},
            "shaped": {"kind": "agent", "output_schema": NUMBER, "to": [{"node": "join"}]},
            "mover": {"kind": "agent", "to": [{"on": "transfer", "node": "join"}]},
            "many": {"kind": "agent", "each": "input.topics"},
            "holes": {"kind": "agent", "each": "input.topics", "accept_failed": True},
            "tool": {"kind": "tool", "tool": "t"},
            "other": {"kind": "tool", "tool": "unknown", "each": "[1]"},
            "sub": {"kind": "subgraph", "graph": "x"},
            "join": {"kind": "join", "to": [{"node": "back"}]},
            "back": {
                "kind": "loop-back", "max_iterations": 2, "to": [{"on": "repeat", "node": "join"}, {"node": "gate"}],
            },
            "gate": {"kind": "human-gate", "form": {"properties": {"note": STRING}}},
            "forms": {"kind": "human-gate", "form": {}, "options": ["a", {"name": "b", "form": {}}]},
            "end": {"kind": "end"},
        },
    }
)  # fmt: skip
TYPES = types_of(GRAPH, {"t": NUMBER})


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("input.topic", STRING),
        ("input.price", NUMBER),
        ("input.nope", ABSENT),
        ("state.draft", STRING),
        ("state.free", UNKNOWN),
        ("state.loose.x", UNKNOWN),
        ("state.prices.0", NUMBER),
        ("state.nope", ABSENT),
        ("nodes.agent.output", STRING),
        ("nodes.shaped.output", NUMBER),
        ("nodes.mover.output.message", UNKNOWN),
        ("nodes.many.output.0", STRING),
        ("nodes.many.errors.0", ABSENT),
        ("nodes.many.errors.x.code", STRING),
        ("nodes.agent.errors", ABSENT),
        ("nodes.holes.output.0", UNKNOWN),
        ("nodes.tool.output", NUMBER),
        ("nodes.other.output.0", UNKNOWN),
        ("nodes.sub.output", UNKNOWN),
        ("nodes.join.output.agent", UNKNOWN),
        ("nodes.join.output.back", ABSENT),
        ("nodes.join.output.gate", ABSENT),
        ("nodes.back.output.exhausted", {"type": "boolean"}),
        ("nodes.gate.output.form.note", STRING),
        ("nodes.gate.output.form.nope", ABSENT),
        ("nodes.gate.output.option", STRING),
        ("nodes.forms.output.form.x", UNKNOWN),
        ("nodes.end.output", UNKNOWN),
        ("nodes.tool.escalated", {"type": "boolean"}),
        ("nodes.tool.error.message", STRING),
        ("nodes.nope.output", ABSENT),
        ("run.id", STRING),
        ("iteration", {"type": "integer"}),
        ("error", ERROR_SCHEMA),
        ("nope", ABSENT),
    ],
)
def test_a_path_has_the_schema_that_the_document_guarantees(path: str, schema: Any) -> None:
    steps = [int(step) if step.isdecimal() else step for step in path.split(".")]
    assert TYPES.at(steps) == schema


def test_the_empty_path_leads_nowhere_and_shorter_ones_to_objects() -> None:
    assert TYPES.at([]) is ABSENT
    assert TYPES.at(["nodes", "back", "output"]) == LOOP_OUTPUT
    assert TYPES.names_at(["state"]) == ["draft", "free", "prices", "loose"]
    assert TYPES.names_at(["state", "free"]) == []
    assert "input" in TYPES.names_at([])


def test_inside_a_node_its_own_output_and_item_are_known() -> None:
    agent, many = (TYPES.inside(node, GRAPH.nodes[node]) for node in ("agent", "many"))
    assert agent.at(["output"]) == STRING
    assert agent.at(["item"]) is ABSENT
    assert many.at(["item", "x"]) is UNKNOWN
    assert many.at(["index"]) == {"type": "integer"}
    assert many.having("item", STRING).at(["item"]) == STRING
    assert many.without(["item", "error"]).at(["item"]) is ABSENT


def test_without_a_document_everything_may_be() -> None:
    assert DYNAMIC.at(["input", "x", 3]) is UNKNOWN
    assert DYNAMIC.at(["state", "x"]) is UNKNOWN
    assert DYNAMIC.at(["nodes", "x", "output", "y"]) is UNKNOWN
    assert DYNAMIC.names_at(["input"]) == []


def test_a_graph_without_input_schema_takes_anything() -> None:
    graph = Graph.model_validate({"format": "weft/1", "name": "g", "nodes": {"e": {"kind": "end"}}})
    assert graph.types.at(["input", "x"]) is UNKNOWN


def test_numbers_behind_references_are_doubles() -> None:
    assert compile_expression("state.prices[0] / 2.0", TYPES).evaluate({"state": {"prices": [3]}}) == 1.5
    assert compile_expression("input.price / 2.0", TYPES).evaluate({"input": {"price": 3}}) == 1.5


def test_what_is_missing_is_named_with_what_was_meant() -> None:
    assert missing_part(("state", "draft"), TYPES) is None
    assert missing_part(("state", "draf"), TYPES) == ("there is no `draf` in `state`", "did you mean `draft`?")
    assert missing_part(("state", "zzz"), TYPES) == (
        "there is no `zzz` in `state`",
        "there are draft, free, prices, loose",
    )
    assert missing_part(("state", "draft", 0), TYPES) == ("there is no `0` in `state.draft`", None)
    assert missing_part(("stat",), TYPES) == ("there is no `stat`", "did you mean `state`?")
