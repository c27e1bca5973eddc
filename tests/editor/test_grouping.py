"""A sub-flow made of nodes, and nodes made of it again, mean the same: all three are run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.app import Engine
from engine.compile.check import check
from engine.model import Graph
from tests.editor.js_modules import lines_of


def step(tool: str, args: dict[str, Any], *to: str, **more: Any) -> dict[str, Any]:
    """A tool node."""
    return {"kind": "tool", "tool": tool, "args": args, **more, "to": [{"node": node} for node in to]}


def joined(*parts: str) -> dict[str, Any]:
    return {"parts": list(parts), "separator": "-"}


GRAPH: dict[str, Any] = {
    "format": "weft/1",
    "name": "several",
    "input": {"type": "object", "properties": {"topic": {"type": "string"}}},
    "state": {"first": {"schema": {"type": "string"}}, "both": {}, "n": {"schema": {"type": "integer"}}},
    "output": {"d": "{nodes.d.output}", "both": "{state.both}", "n": "{state.n}", "e": "{nodes.e.output}"},
    "nodes": {
        "a": step("text.upper", {"text": "{input.topic}"}, "fork", save={"first": "{output}"}),
        "fork": {"kind": "parallel-fork", "to": [{"node": "b"}, {"node": "c"}]},
        "b": step("text.join", joined("{nodes.a.output}", "{input.topic}"), "meet", output_key="both"),
        "c": step("text.length", {"text": "{first}"}, "meet"),
        "meet": {"kind": "join", "to": [{"node": "d"}]},
        "d": step("text.join", joined("{nodes.meet.output.b}", "{both}"), "again", save={"n": "{iteration}"}),
        "again": {
            "kind": "loop-back",
            "while": "iteration < 3 && nodes.c.output > 1",
            "max_iterations": 5,
            "to": [{"on": "repeat", "node": "a"}, {"node": "e"}],
        },
        "e": step("value.set", {"value": {"text": "{nodes.d.output}", "many": {"$cel": "nodes.c.output + 1"}}}, "f"),
        "f": step("value.set", {"value": "{nodes.e.output.text}"}),
    },
    "layout": {},
}  # fmt: skip

PARTS = ["b", "c", "d", "e", "f", "fork b c meet", "b c meet fork d", "a fork b c meet d again", "e f", "again e f"]
WHOLE_LOOPS = [part for part in PARTS if "again" not in part or "a fork" in part]


@pytest.mark.anyio
async def test_a_subflow_and_its_nodes_mean_the_same() -> None:
    given = json.dumps([{"graph": GRAPH, "ids": part.split()} for part in WHOLE_LOOPS])
    forms = list(lines_of("support/grouped.mjs", given=given))
    assert len(forms) == len(WHOLE_LOOPS)
    async with Engine.open("memory:") as engine:
        wanted = (await engine.run(Graph.model_validate(GRAPH), input={"topic": "river"})).output
        assert wanted["n"] == 3
        assert wanted["d"] == "RIVER-river-RIVER-river"
        for part, made in zip(WHOLE_LOOPS, forms, strict=True):
            for form, document in made.items():
                graph = Graph.model_validate(document)
                assert [f.message for f in check(graph) if f.severity == "error"] == [], f"{part}: {form}"
                result = await engine.run(graph, input={"topic": "river"})
                assert result.output == wanted, f"{part}: {form}"
