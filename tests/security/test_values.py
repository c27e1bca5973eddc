"""SECURITY.md 9 and 13: nothing small becomes something that no machine can hold, in whatever a graph can say."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from engine import Engine, InputError
from engine.model import Graph

pytestmark = pytest.mark.anyio


def doubling(state: dict[str, Any], **node: Any) -> dict[str, Any]:
    """A loop whose one node writes the state key ``k`` anew each time, out of what stands in it."""
    grow = {"kind": "tool", "tool": "value.set", "args": {"value": 1}, "to": [{"node": "again"}], **node}
    return {
        "format": "weft/1",
        "name": "doubling",
        "state": {"k": state},
        "nodes": {
            "grow": grow,
            "again": {
                "kind": "loop-back",
                "max_iterations": 60,
                "while": "true",
                "to": [{"on": "repeat", "node": "grow"}, {"on": "done", "node": "over"}],
            },
            "over": {"kind": "end"},
        },
    }


LIST = {"type": "array"}
GROWING = {
    "text": doubling({"default": "x" * 4096}, args={"value": "{state.k}{state.k}"}, output_key="k"),
    "list": doubling(
        {"schema": LIST, "merge": "extend", "default": [1] * 1024}, args={"value": "{state.k}"}, output_key="k"
    ),
    "save": doubling({"schema": LIST, "merge": "extend", "default": [1] * 1024}, save={"k": "{state.k}"}),
    "nested": doubling({"schema": LIST, "merge": "append", "default": ["x" * 4096]}, save={"k": "{state.k}"}),
    "object": doubling({"default": "x" * 4096}, save={"k": {"a": "{state.k}", "b": ["{state.k}"]}}),
    "many": doubling({"default": "x" * 1_000_000}, args={"value": ["{state.k}"] * 5_000}),
    "prompt": doubling({"default": "x" * 1_000_000}, kind="human-gate", tool=None, prompt="{state.k}" * 1_000),
    "args": doubling({"default": "x" * 1_000_000}, args={"value": {str(n): "{state.k}" for n in range(1_000)}}),
}
for gate in (GROWING["prompt"]["nodes"]["grow"],):
    del gate["tool"], gate["args"]
    gate |= {"options": ["ok"], "to": [{"on": "ok", "node": "again"}]}


@pytest.mark.parametrize("name", GROWING)
async def test_9_what_doubles_fails_its_node_and_not_the_process(name: str, tmp_path: Path) -> None:
    graph = Graph.model_validate(GROWING[name])
    async with Engine.open("memory:", graphs=tmp_path) as engine:
        started = time.process_time()
        result = await (await engine.start(graph, {}, id="growing")).result()
    assert result.status == "failed"
    assert result.error is not None
    assert (result.error.code, result.error.error_class) == ("value.too_big", "limit")
    assert time.process_time() - started < 50


BOMB: Any = {
    "$defs": {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)} | {"d40": {"const": 0}},
    "$ref": "#/$defs/d0",
}
END: Any = {"e": {"kind": "end"}}
ASKS: Any = {"kind": "human-gate", "prompt": "?", "options": [{"name": "ok", "form": BOMB}], "to": [{"node": "e"}]}
LOOKS_AROUND: Any = {"schema": {"pattern": "(?=a*b)c"}, "default": "a" * 100_000}
SCHEMAS: dict[str, dict[str, Any]] = {
    "default": {"state": {"k": {"schema": BOMB, "default": 1}}, "nodes": END},
    "input": {"input": {"type": "object", "properties": {"a": BOMB}}, "nodes": END},
    "form": {"nodes": {"g": ASKS, **END}},
    "answer": {"nodes": {"a": {"kind": "agent", "model": "scripted:a", "prompt": "?", "output_schema": BOMB}}},
    "pattern": {"state": {"k": LOOKS_AROUND}, "nodes": END},
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_9_a_schema_that_never_ends_is_a_finding(name: str) -> None:
    started = time.process_time()
    read = Graph.read(_text(SCHEMAS[name]))
    assert "schema.invalid" in {finding.code for finding in read.findings}
    assert time.process_time() - started < 10


def _text(document: dict[str, Any]) -> str:
    return json.dumps({"format": "weft/1", "name": "bomb", **document})


async def test_9_defaults_within_defaults_end(tmp_path: Path) -> None:
    xs: dict[str, Any] = {"type": "array", "items": {"$ref": "#"}, "default": [{}, {}]}
    schema: dict[str, Any] = {"type": "object", "properties": {"xs": xs}}
    graph = Graph.loads(_text({"input": schema, "nodes": {"e": {"kind": "end"}}}))
    async with Engine.open("memory:", graphs=tmp_path) as engine:
        started = time.process_time()
        result = await (await engine.start(graph, {}, id="filled")).result()
        assert result.status == "completed"
        assert time.process_time() - started < 10


async def test_9_a_large_input_that_is_wrong_is_refused_at_once(tmp_path: Path) -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"xs": {"type": "array", "items": {"type": "string"}}}}
    graph = Graph.loads(_text({"input": schema, "nodes": {"e": {"kind": "end"}}}))
    async with Engine.open("memory:", graphs=tmp_path) as engine:
        started = time.process_time()
        with pytest.raises(InputError, match="/xs/0: it must be text"):
            await engine.start(graph, {"xs": list(range(500_000))}, id="wrong")
        assert time.process_time() - started < 10
