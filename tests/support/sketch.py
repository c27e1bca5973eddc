"""Graphs in one line, for tests: ``sketch("a -> f{b,c} -> j[any,cancel] -> d; b -(error)-> h; j -> l[max=3] ~> a")``.

Rule: a sketch says only what a test is about; the kind of a node is told by its name. ``f1`` is a parallel-fork, ``j``
a join, ``l`` a loop-back, ``g`` a human-gate, ``w`` a wait, ``s`` a subgraph, ``end`` or ``end2`` an end; every other
name is a tool node of the tool ``work``.

Grammar: statements are parted by ``;`` or a line's end; a statement is groups with arrows between; a group is names
parted by commas, in braces after a name (``f{b,c}`` is ``f -> b, c``) or bare; an arrow is ``->``, ``-(PORT)->``,
``-(?)->`` or ``-(? EXPRESSION)->`` (conditional), ``-(PORT ? EXPRESSION)->``, or ``~>`` (a repeat edge). Options stand
in brackets at a name's first mention: ``[any,cancel,accept]``, ``[2]`` on a join, ``[max=3,exit]`` on a loop-back, else
``field=value`` with a JSON value or a word.
"""

from __future__ import annotations

import json
import re
from typing import Any

from engine.model.graph import Graph

KINDS = {
    "f": "parallel-fork",
    "j": "join",
    "l": "loop-back",
    "g": "human-gate",
    "w": "wait",
    "s": "subgraph",
    "end": "end",
}
CONDITION = "input.go == true"
ARROW = re.compile(r"\s*(~>|->|-\((?P<label>[^)]*)\)->)\s*")
NAME = re.compile(r"(?P<name>[a-z][a-z0-9_]*)(\[(?P<options>[^\]]*)\])?")

Document = dict[str, Any]


def document(text: str, **top: Any) -> Document:
    """The sketch as a weft/1 document; ``top`` gives further top keys, ``name`` among them."""
    found: Document = {"format": "weft/1", "name": "sketch", **top, "nodes": {}}
    for statement in re.split(r"[;\n]", text):
        if statement.strip():
            _add_statement(found["nodes"], statement.strip())
    return found


def sketch(text: str, **top: Any) -> Graph:
    """The sketch as a graph."""
    return Graph.model_validate(document(text, **top))


def fresh_node(name: str) -> Document:
    """A node of the kind that its name tells, with what that kind requires."""
    match = re.fullmatch(r"(end|[fjlgws])\d*", name)
    kind = KINDS[match.group(1)] if match else "tool"
    required: dict[str, Document] = {
        "tool": {"tool": "work"},
        "loop-back": {"max_iterations": 2},
        "wait": {"seconds": 1},
        "subgraph": {"graph": "inner"},
    }
    return {"kind": kind, **required.get(kind, {})}


def _add_statement(nodes: Document, statement: str) -> None:
    parts = _split(statement)
    sources = _add_group(nodes, parts[0])
    for arrow, group in zip(parts[1::2], parts[2::2], strict=True):
        targets = _add_group(nodes, group)
        for source in sources[1]:
            for target in targets[0]:
                nodes[source].setdefault("to", []).append(_edge(arrow, target))
        sources = targets


def _split(statement: str) -> list[str]:
    """Groups and arrows in turn."""
    parts: list[str] = []
    at = 0
    for match in ARROW.finditer(statement):
        parts += [statement[at : match.start()], match.group(0).strip()]
        at = match.end()
    return [*parts, statement[at:]]


def _add_group(nodes: Document, group: str) -> tuple[list[str], list[str]]:
    """Add the names of a group; what leads in, and what leads on."""
    head, brace, rest = group.strip().partition("{")
    first = [_add_name(nodes, m) for m in NAME.finditer(head)]
    if not brace:
        return first, first
    inner = [_add_name(nodes, m) for m in NAME.finditer(rest)]
    nodes[first[0]].setdefault("to", []).extend({"node": name} for name in inner)
    return first, inner


def _add_name(nodes: Document, match: re.Match[str]) -> str:
    name = match.group("name")
    node = nodes.setdefault(name, fresh_node(name))
    for option in filter(None, (match.group("options") or "").split(",")):
        key, _, value = option.strip().partition("=")
        _set_option(node, key, value)
    return name


def _set_option(node: Document, key: str, value: str) -> None:
    if key.isdigit() or key in ("any", "all"):
        node["wait"] = int(key) if key.isdigit() else key
    elif key == "cancel":
        node["rest"] = "cancel"
    elif key == "accept":
        node["accept_failed"] = True
    elif key == "max":
        node["max_iterations"] = int(value)
    elif key == "exit":
        node["on_limit"] = "exit"
    else:
        try:
            node[key] = json.loads(value)
        except json.JSONDecodeError:
            node[key] = value


def _edge(arrow: str, target: str) -> Document:
    if arrow == "~>":
        return {"on": "repeat", "node": target}
    port, asks, expression = arrow[2:-3].partition("?") if arrow != "->" else ("", "", "")
    edge: Document = {}
    if port.strip():
        edge["on"] = port.strip()
    if asks:
        edge["when"] = expression.strip() or CONDITION
    return {**edge, "node": target}
