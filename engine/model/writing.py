"""A document to its bytes: the one written form, so that a diff shows what was changed and nothing else.

Rule (GRAPH.md §1): exactly ``JSON.stringify(value, null, 2)`` and a final LF, except that an edge and a position each
stand on one line; known keys in the order of the tables, free keys in ECMAScript's order. Works on the raw value, so a
document with findings is written too, and nothing of it is lost: unknown keys follow the known ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from pydantic import JsonValue

from engine.model.nodes import (
    FIELD_ORDER,
    SUB_AGENT_ORDER,
    Cache,
    Edge,
    Escalation,
    GateOption,
    Limits,
    Node,
    Part,
    Retry,
    Settings,
    ToolUse,
)
from engine.model.values import compact, ordered, string_text

TOP_ORDER = (
    "format", "name", "title", "description", "input", "state", "output", "limits", "on_failure", "nodes", "layout",
)  # fmt: skip
"""The order of a graph's own keys."""

_LAYOUT = ',\n  "layout": '
_AT_NODE = "\n    "

STATE_ORDER = ("schema", "merge", "default")


class Written(str):
    """A value that is written already, as it stands at its place."""

    __slots__ = ()


Tree = JsonValue | Written
Arrange = Callable[[JsonValue], JsonValue]


def written(document: JsonValue) -> str:
    """The document in its written form, with the final LF. Cost: O(size), about 30 ms for 1,000 nodes."""
    out: list[str] = []
    _write(_graph(document), "\n", out.append)
    out.append("\n")
    return "".join(out)


def written_node(node: Node) -> Written:
    """A node as it stands in a graph's written form."""
    out: list[str] = []
    _write(_node(node.model_dump(by_alias=True, exclude_unset=True)), _AT_NODE, out.append)
    return Written("".join(out))


def hash_of(document: JsonValue) -> str:
    """SHA-256, in hex, of the written form without ``layout`` (an inline graph's layout does not count either)."""
    return hashlib.sha256(written(_without_layout(document)).encode("utf-8")).hexdigest()


def hash_of_written(text: str) -> str | None:
    """The same from a graph's whole written form, at the cost of hashing alone; None where that cannot be told from it.

    Its layout is the last of a graph's keys, and no other line can begin so: a line break inside a text is escaped.
    Layouts of inline graphs stand further in.
    """
    if '"inline": {' in text:
        return None
    end = text.rfind(_LAYOUT)
    whole = text if end < 0 else text[:end] + "\n}\n"
    return hashlib.sha256(whole.encode("utf-8")).hexdigest()


def _without_layout(document: JsonValue) -> JsonValue:
    if not isinstance(document, dict):
        return document
    kept = {key: value for key, value in document.items() if key != "layout"}
    nodes = kept.get("nodes")
    if isinstance(nodes, dict):
        kept["nodes"] = {node: _node_without_layout(value) for node, value in nodes.items()}
    return kept


def _node_without_layout(node: JsonValue) -> JsonValue:
    if not isinstance(node, dict) or "inline" not in node:
        return node
    return {**node, "inline": _without_layout(node["inline"])}


# --- order: every function gives its value with keys where they belong, and one-line parts written ---


def _graph(value: JsonValue) -> JsonValue:
    return _arranged(
        value,
        TOP_ORDER,
        {"state": _each(_STATE), "limits": _LIMITS, "nodes": _each(_node), "layout": _each(_position)},
    )


def _node(value: JsonValue) -> JsonValue:
    kind = value.get("kind") if isinstance(value, dict) else None
    order = FIELD_ORDER.get(kind, FIELD_ORDER["end"]) if isinstance(kind, str) else FIELD_ORDER["end"]
    return _arranged(value, order, _IN_NODE)


def _sub_agent(value: JsonValue) -> JsonValue:
    return _arranged(value, SUB_AGENT_ORDER, _IN_NODE)


def _arranged(value: JsonValue, order: Iterable[str], inside: dict[str, Arrange]) -> JsonValue:
    if not isinstance(value, dict):
        return value
    keys = [key for key in order if key in value]
    if len(keys) < len(value):
        known = set(keys)
        keys += [key for key in ordered(value) if key not in known]
    return {key: inside[key](value[key]) if key in inside else value[key] for key in keys}


def _shaped(part: type[Part]) -> Arrange:
    order = [field.alias or name for name, field in part.model_fields.items()]
    return lambda value: _arranged(value, order, {})


def _each(arrange: Arrange) -> Arrange:
    """Arrange every value of an object or entry of a list."""

    def arrange_each(value: JsonValue) -> JsonValue:
        if isinstance(value, dict):
            return {key: arrange(value[key]) for key in ordered(value)}
        return [arrange(item) for item in value] if isinstance(value, list) else value

    return arrange_each


def _edge(value: JsonValue) -> JsonValue:
    return Written(_one_line(_EDGE(value))) if isinstance(value, dict) else value


def _position(value: JsonValue) -> JsonValue:
    is_position = isinstance(value, list) and all(type(item) in (int, float) for item in value) and len(value) > 0
    return Written(_one_line(value)) if is_position else value


def _state_key(value: JsonValue) -> JsonValue:
    return _arranged(value, STATE_ORDER, {})


_EDGE, _LIMITS, _STATE = _shaped(Edge), _shaped(Limits), _state_key
_IN_NODE: dict[str, Arrange] = {
    "tools": _each(_shaped(ToolUse)),
    "agents": _each(_sub_agent),
    "limits": _LIMITS,
    "settings": _shaped(Settings),
    "options": _each(_shaped(GateOption)),
    "escalate": _each(_shaped(Escalation)),
    "inline": _graph,
    "retry": _shaped(Retry),
    "cache": _shaped(Cache),
    "to": _each(_edge),
}


# --- text ---


def _one_line(value: JsonValue) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{string_text(key)}: {_one_line(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_one_line, value)) + "]"
    return compact(value)


def _write(value: JsonValue, margin: str, write: Callable[[str], object]) -> None:
    """``margin`` is a line break and the blanks that the value's own closing bracket stands behind."""
    if type(value) is dict and value:
        keys = ordered(value)
        before = "{" + margin + "  "
        for key in keys:
            write(f"{before}{string_text(key)}: ")
            _write(value[key], margin + "  ", write)
            before = "," + margin + "  "
        write(margin + "}")
    elif type(value) is list and value:
        before = "[" + margin + "  "
        for item in value:
            write(before)
            _write(item, margin + "  ", write)
            before = "," + margin + "  "
        write(margin + "]")
    else:
        write(value if type(value) is Written else compact(value))
