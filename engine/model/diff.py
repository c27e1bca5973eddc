"""What differs between two graphs, as their authors would say it.

Rule: meaning, not text. A default that is written out is no change, an edge is told by where it leads, a node under a
new id but otherwise the same is renamed, and moving a node on the canvas is told apart from everything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from engine.model.findings import pointer
from engine.model.graph import Graph
from engine.model.nodes import Edge, Node, port_of
from engine.model.values import ABSENT, Absent, compact

What = Literal["added", "removed", "changed", "renamed", "moved"]
Subject = Literal["graph", "state", "node", "edge", "layout"]
Value = JsonValue | Absent

_SIGNS: dict[What, str] = {"added": "+", "removed": "-", "changed": "~", "renamed": ">", "moved": "."}
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        what: ``added``, ``removed``, ``changed``, ``renamed`` or ``moved``.
        subject: ``graph`` (a field of its own), ``state``, ``node``, ``edge`` or ``layout``.
        name: what it is called: a field, a state key, a node's id, an edge as ``a -ok-> b``.
        place: JSON Pointer into the new document; into the old one for what was removed.
        before, after: the values; ABSENT where there is none. For ``renamed`` the two ids.
    """

    what: What
    subject: Subject
    name: str
    place: str
    before: Value = ABSENT
    after: Value = ABSENT

    def as_json(self) -> dict[str, JsonValue]:
        """``{what, subject, name, place, before?, after?}``."""
        value: dict[str, JsonValue] = {
            "what": self.what,
            "subject": self.subject,
            "name": self.name,
            "place": self.place,
        }
        if self.before is not ABSENT:
            value["before"] = self.before
        if self.after is not ABSENT:
            value["after"] = self.after
        return value

    def line(self) -> str:
        """One line of plain text, such as ``~ node write /nodes/write/label: "a" -> "b"``."""
        head = f"{_SIGNS[self.what]} {self.subject} {self.name}"
        if self.what == "changed":
            return f"{head} {self.place}: {_short(self.before)} -> {_short(self.after)}"
        return f"{head} (was {self.before})" if self.what == "renamed" else head


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs, the graph's own fields first, then state, nodes, edges, layout."""

    changes: tuple[Change, ...]

    @property
    def is_layout_only(self) -> bool:
        """Whether the two mean the same and only positions or notes differ."""
        return all(change.subject == "layout" for change in self.changes)

    def as_json(self) -> list[JsonValue]:
        """Every change as JSON, in order."""
        return [change.as_json() for change in self.changes]

    def lines(self) -> list[str]:
        """Every change as one line of plain text; empty if nothing differs."""
        return [change.line() for change in self.changes]


def diff(old: Graph, new: Graph) -> Difference:
    """What differs from ``old`` to ``new``. Cost: O(size of both), O(n log n) for renames."""
    renamed = _renamed(old, new)
    return Difference(
        (
            *_field_changes(old, new),
            *_state_changes(old, new),
            *_node_changes(old, new, renamed),
            *_edge_changes(old, new, renamed),
            *_layout_changes(old, new, renamed),
        )
    )


def _short(value: Value) -> str:
    if value is ABSENT:
        return "nothing"
    text = compact(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


# --- values, field by field ---


def _leaves(before: Value, after: Value, place: str) -> Iterator[tuple[str, Value, Value]]:
    """The places at which two values differ: objects by key, lists of one length by index."""
    if before == after and type(before) is type(after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            yield from _leaves(before.get(key, ABSENT), after.get(key, ABSENT), place + pointer(key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _leaves(one, other, place + pointer(index))
    else:
        yield place, before, after


def _changed(subject: Subject, name: str, before: Value, after: Value, place: str) -> Iterator[Change]:
    for inner, one, other in _leaves(before, after, place):
        yield Change("changed", subject, name, inner, one, other)


def _field_changes(old: Graph, new: Graph) -> Iterator[Change]:
    for field in ("name", "title", "description", "input", "output", "limits", "on_failure"):
        yield from _changed("graph", field, _dumped(old, field), _dumped(new, field), pointer(field))


def _dumped(graph: Graph, field: str) -> JsonValue:
    value: JsonValue = graph.model_dump(by_alias=True, include={field})[field]
    return value


def _state_changes(old: Graph, new: Graph) -> Iterator[Change]:
    for key in {**old.state, **new.state}:
        place = pointer("state", key)
        if key not in new.state:
            yield Change("removed", "state", key, place, before=old.state[key].model_dump(by_alias=True))
        elif key not in old.state:
            yield Change("added", "state", key, place, after=new.state[key].model_dump(by_alias=True))
        else:
            one, other = (graph.state[key].model_dump(by_alias=True) for graph in (old, new))
            yield from _changed("state", key, one, other, place)


# --- nodes ---


def _content(node: Node) -> dict[str, JsonValue]:
    return node.model_dump(by_alias=True, exclude={"to"})


def _renamed(old: Graph, new: Graph) -> dict[str, str]:
    """Old id -> new id of nodes that are gone under the one and there under the other, the same in all else."""
    gone = _by_content({id_: node for id_, node in old.nodes.items() if id_ not in new.nodes})
    come = _by_content({id_: node for id_, node in new.nodes.items() if id_ not in old.nodes})
    return {ids[0]: come[content][0] for content, ids in gone.items() if len(ids) == len(come.get(content, [])) == 1}


def _by_content(nodes: Mapping[str, Node]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for id_, node in nodes.items():
        found.setdefault(compact(_content(node)), []).append(id_)
    return found


def _node_changes(old: Graph, new: Graph, renamed: Mapping[str, str]) -> Iterator[Change]:
    for id_, node in old.nodes.items():
        if id_ in renamed:
            yield Change("renamed", "node", renamed[id_], pointer("nodes", renamed[id_]), id_, renamed[id_])
        elif id_ not in new.nodes:
            yield Change("removed", "node", f"{id_} ({node.kind})", pointer("nodes", id_), before=_content(node))
        else:
            yield from _changed("node", id_, _content(node), _content(new.nodes[id_]), pointer("nodes", id_))
    for id_, node in new.nodes.items():
        if id_ not in old.nodes and id_ not in renamed.values():
            yield Change("added", "node", f"{id_} ({node.kind})", pointer("nodes", id_), after=_content(node))


# --- edges ---


@dataclass(frozen=True, slots=True)
class _Way:
    """An edge under the new ids, with its index among its node's edges."""

    source: str
    port: str
    target: str
    index: int
    edge: Edge

    @property
    def name(self) -> str:
        return f"{self.source} -{self.port}-> {self.target}"

    @property
    def place(self) -> str:
        return pointer("nodes", self.source, "to", self.index)

    @property
    def words(self) -> dict[str, JsonValue]:
        return {"when": self.edge.when, "label": self.edge.label}


def _ways(graph: Graph, renamed: Mapping[str, str]) -> dict[tuple[str, int], _Way]:
    """Every edge by its name and a count, for edges that lead from one port to one target twice."""
    found: dict[tuple[str, int], _Way] = {}
    for id_, node in graph.nodes.items():
        for index, edge in enumerate(node.to):
            way = _Way(renamed.get(id_, id_), port_of(node, edge), renamed.get(edge.node, edge.node), index, edge)
            count = 0
            while (way.name, count) in found:
                count += 1
            found[way.name, count] = way
    return found


def _edge_changes(old: Graph, new: Graph, renamed: Mapping[str, str]) -> Iterator[Change]:
    before, after = _ways(old, renamed), _ways(new, {})
    for key, way in before.items():
        if key not in after:
            yield Change("removed", "edge", way.name, way.place, before=way.words)
        else:
            yield from _changed("edge", way.name, way.words, after[key].words, after[key].place)
    for key, way in after.items():
        if key not in before:
            yield Change("added", "edge", way.name, way.place, after=way.words)
    yield from _order_changes(before, after)


def _order_changes(before: Mapping[tuple[str, int], _Way], after: Mapping[tuple[str, int], _Way]) -> Iterator[Change]:
    """Nodes whose edges stand in another order: the first that holds is taken, so the order means something."""
    orders: list[dict[str, list[JsonValue]]] = []
    for ways, others in ((before, after), (after, before)):
        order: dict[str, list[JsonValue]] = {}
        for key, way in ways.items():
            if key in others:
                order.setdefault(way.source, []).append(way.name)
        orders.append(order)
    for source, names in orders[0].items():
        if names != orders[1][source]:
            yield Change(
                "changed", "edge", f"order at {source}", pointer("nodes", source, "to"), names, orders[1][source]
            )


# --- layout ---


def _layout_changes(old: Graph, new: Graph, renamed: Mapping[str, str]) -> Iterator[Change]:
    before = {renamed.get(key, key): value for key, value in (old.layout or {}).items()}
    after = new.layout or {}
    for key in {**before, **after}:
        if before.get(key, ABSENT) == after.get(key, ABSENT):
            continue
        one, other = before.get(key, ABSENT), after.get(key, ABSENT)
        if key == "$notes":
            yield Change("changed", "layout", "notes", "/layout/$notes", one, other)
        elif key in new.nodes and key in {renamed.get(id_, id_) for id_ in old.nodes}:
            yield Change("moved", "layout", key, pointer("layout", key), one, other)
