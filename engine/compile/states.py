"""Findings about the state's keys and the graph's output: what is written where, and whether anything comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import JsonValue

from engine.compile.catalogue import finding
from engine.compile.fixes import put, remove, replace
from engine.compile.uses import Parts, Use
from engine.errors import NodeError
from engine.model.findings import Finding, Fix, pointer
from engine.model.graph import Graph
from engine.model.names import is_state_key, nearest
from engine.model.nodes import Node
from engine.model.state import checked_write, initial_value
from engine.model.templates import expressions_in, references_in
from engine.model.values import ABSENT


def state_findings(graph: Graph, uses: Iterable[Use]) -> Iterator[Finding]:
    """Unknown keys that are written, values that cannot fit, keys that nobody uses, output that nobody writes."""
    read = {str(use.path[1]): use for use in uses if use.path[0] == "state" and len(use.path) > 1}
    written: set[str] = set()
    for name, memo in graph.memos.items():
        node = memo.node
        if node.output_key is not None:
            written.add(node.output_key)
            if node.output_key not in graph.state:
                yield _unknown_key(graph, name, ("nodes", name, "output_key"), node.output_key)
        for key, value in (node.save or {}).items():
            written.add(key)
            if key not in graph.state:
                yield _unknown_key(graph, name, ("nodes", name, "save", key), key)
            elif key in memo.get(_constants):
                yield from _constant(graph, name, key, value)
    for key in graph.state:
        if key not in read and key not in written:
            fix = Fix("Take it out", (remove("state", key),))
            message = f"no node reads or writes the key `{key}` of the state"
            yield finding("state.unused", message, pointer("state", key), None, "take it out", fix)
    yield from _unwritten_output(graph, uses, written)


def _constants(node: Node) -> frozenset[str]:
    """The keys that a node writes the same to whatever happens."""
    saved = (node.save or {}).items()
    return frozenset(key for key, value in saved if not references_in(value) and not expressions_in(value))


def _unknown_key(graph: Graph, name: str, place: Parts, key: str) -> Finding:
    meant = nearest(key, graph.state)
    message = f"`{name}` writes `{key}`, but the state has no such key"
    if meant is None:
        return finding(
            "state.unknown", message, pointer(*place), name, "declare it in `state`", _declaration(graph, key)
        )
    if place[-1] == "output_key":
        operation = replace(meant, *place)
    elif meant in (graph.nodes[name].save or {}):
        return finding("state.unknown", message, pointer(*place), name, "declare it", _declaration(graph, key))
    else:
        operation = {"op": "move", "from": pointer(*place), "path": pointer(*place[:-1], meant)}
    fix = Fix(f"Write to {meant}", (operation,))
    return finding("state.unknown", message, pointer(*place), name, f"did you mean `{meant}`?", fix)


def _declaration(graph: Graph, key: str) -> Fix | None:
    if not is_state_key(key):
        return None
    op = put({}, "state", key) if "state" in graph.model_fields_set else put({key: {}}, "state")
    return Fix(f"Declare {key}", (op,))


def _constant(graph: Graph, name: str, key: str, value: JsonValue) -> Iterator[Finding]:
    """A value without references that its key can never take."""
    try:
        checked_write(key, graph.state[key], ABSENT, value)
    except NodeError as error:
        place = pointer("nodes", name, "save", key)
        yield finding("state.value", f"`{name}` cannot write this to `{key}`: {error.message}", place, name)


def _unwritten_output(graph: Graph, uses: Iterable[Use], written: set[str]) -> Iterator[Finding]:
    for use in uses:
        key = str(use.path[1]) if use.spot.moment == "output" and use.path[0] == "state" and len(use.path) > 1 else None
        if key in graph.state and key not in written and initial_value(graph.state[key]) is ABSENT:
            message = f"the output reads the state's `{key}`, which no node writes"
            hint = f"write it with `output_key` or `save`, or give `{key}` a `default`"
            yield finding("output.unwritten", message, pointer(*use.spot.place), None, hint)
