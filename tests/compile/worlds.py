"""A small world for the checker: tools, models and graphs, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.compile.check import check
from engine.errors import GraphError
from engine.model.findings import Finding
from engine.model.graph import Graph


@dataclass(frozen=True)
class Tool:
    """What is known of a tool."""

    parameters: dict[str, Any] = field(default_factory=lambda: {"type": "object"})
    returns: Any = None
    risk_level: str = "low"
    untrusted_output: bool = False
    effect: str = "read"

    def effect_with(self, args: Mapping[str, Any]) -> str:
        return "read" if args.get("method") == "GET" else self.effect


TEXTS = {
    "type": "object",
    "properties": {"text": {"type": "string"}, "times": {"type": "integer", "default": 1}},
    "required": ["text", "times"],
    "additionalProperties": False,
}
TOOLS = {
    "work": Tool(),
    "text.repeat": Tool(TEXTS, returns={"type": "object", "properties": {"text": {"type": "string"}}}),
    "web.read": Tool(untrusted_output=True),
    "mail.send": Tool(effect="unsafe", risk_level="high"),
    "http.request": Tool(effect="unsafe"),
}
MODELS = frozenset({"scripted:writer"})
INNER: dict[str, Any] = {
    "format": "weft/1",
    "name": "inner",
    "input": {"type": "object", "properties": {"topic": {"type": "string"}}, "required": ["topic"]},
    "output": {"article": "{nodes.a.output}"},
    "nodes": {"a": {"kind": "tool", "tool": "work"}},
}
LOCKED: dict[str, Any] = {**INNER, "name": "locked", "nodes": {"a": {"kind": "tool", "tool": "work", "lock": "disk"}}}
CALLER: dict[str, Any] = {
    **INNER,
    "name": "caller",
    "nodes": {"a": {"kind": "subgraph", "graph": "sketch", "args": {}}},
}
DEEP: dict[str, Any] = {
    **INNER,
    "name": "deep",
    "nodes": {
        "a": {"kind": "subgraph", "graph": "inner", "args": {"topic": "x"}, "to": [{"node": "b"}]},
        "b": {"kind": "subgraph", "graph": "inner", "args": {"topic": "y"}, "to": [{"node": "c"}]},
        "c": {"kind": "subgraph", "inline": LOCKED},
    },
}


def graphs(name: str) -> Graph | None:
    """The graphs of this world; ``broken`` is a file that is no graph."""
    if name == "broken":
        raise GraphError("line 1, column 1: a value is missing", code="graph.not_json")
    known = {"inner": INNER, "locked": LOCKED, "caller": CALLER, "deep": DEEP}
    return Graph.model_validate(known[name]) if name in known else None


def findings(document: dict[str, Any]) -> list[Finding]:
    """Every finding about a document in this world."""
    return check(Graph.model_validate(document), tools=TOOLS, models=MODELS, graphs=graphs)


def codes(document: dict[str, Any]) -> list[str]:
    return [found.code for found in findings(document)]
