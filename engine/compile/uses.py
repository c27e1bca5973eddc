"""Where a document uses names: every reference of its templates and expressions, with what is known there.

Rule (GRAPH.md §2): which names there are depends on the field. A node's own fields see input, state, nodes, run, the
iteration inside a loop, item and index under ``each``; ``save``, ``when`` and ``while`` also its output, but no item;
an edge on ``error`` the error instead. The graph's ``output`` sees input, state, nodes and run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from pydantic import JsonValue

from engine.model.expressions import Expression, compile_expression
from engine.model.nodes import (
    AgentNode,
    EndNode,
    GateNode,
    LoopBackNode,
    Node,
    SubAgent,
    SubgraphNode,
    ToolNode,
    WaitNode,
    port_of,
)
from engine.model.paths import Path
from engine.model.schema import UNKNOWN
from engine.model.templates import expressions_in, parse, references_in
from engine.model.types import Known, Types

Moment = Literal["start", "each", "end", "edge", "output"]
"""When a field is read: when its node starts, before its items, when it ends, for its edges, at the graph's end."""

Expected = Literal["bool", "list"] | None
Parts = tuple[str | int, ...]


class Spot(NamedTuple):
    """A text of the document that uses names.

    Attributes:
        node: the node it belongs to, or None for the graph's ``output``.
        place: its path in the document.
        moment: when it is read.
        types: what is known there.
    """

    node: str | None
    place: Parts
    moment: Moment
    types: Types


class Use(NamedTuple):
    """One name that is used.

    Attributes:
        spot: where.
        path: what it leads to, for instance ``("nodes", "a", "output")``.
        is_optional: it may be absent.
        is_short: it was written as ``{key}``.
        text, start: as its author wrote it, and its offset in the text.
        source: the whole text.
    """

    spot: Spot
    path: Path
    is_optional: bool
    is_short: bool
    text: str
    start: int
    source: str

    @property
    def in_template(self) -> bool:
        """Whether it stands in a template and not in an expression."""
        return self.text.startswith("{")


class Formula(NamedTuple):
    """One expression: where it stands, what it must come to, and the names it uses."""

    spot: Spot
    expression: Expression
    expects: Expected
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class Uses:
    """Names and expressions of a node or a document, in file order."""

    names: list[Use]
    formulas: list[Formula]


class Scopes:
    """What is known where in one document, as long as its types are the same; equal scopes are made once.

    Expressions are compiled once for each scope, so keep it as long as the types.
    """

    def __init__(self, types: Types) -> None:
        self.types = types
        self._starts: dict[tuple[bool, bool], Types] = {}
        self._ends: dict[bool, Types] = {}
        self._output: Types | None = None

    def start(self, node: Node, *, in_loop: bool) -> Types:
        """What a node's own fields know."""
        each = _each(node)
        item = self._item(each) if each is not None else UNKNOWN
        key = (each is not None, in_loop)
        if item is not UNKNOWN or key not in self._starts:
            gone = ["output", "error"]
            gone += [] if in_loop else ["iteration"]
            gone += [] if each is not None else ["item", "index"]
            types = self.types.without(gone)
            if item is not UNKNOWN:
                return types.having("item", item)
            self._starts[key] = types
        return self._starts[key]

    def _item(self, each: str) -> Known:
        """The schema of an item where ``each`` is a plain name of a list."""
        mentions = compile_expression(each, self.types).references
        if len(mentions) != 1 or mentions[0].text != each.strip():
            return UNKNOWN
        found = self.types.at((*mentions[0].path, 0))
        return found if isinstance(found, dict) and "$ref" not in str(found) else UNKNOWN

    def after(self, name: str, *, in_loop: bool) -> Types:
        """What is known when a node has ended: its output, and no item any more."""
        if in_loop not in self._ends:
            gone = ("error", "item", "index") if in_loop else ("error", "item", "index", "iteration")
            self._ends[in_loop] = self.types.without(gone)
        return self._ends[in_loop].having("output", self.types.outputs.get(name, UNKNOWN))

    def at_output(self) -> Types:
        """What is known when the graph ends."""
        if self._output is None:
            self._output = self.types.without(("output", "error", "item", "index", "iteration"))
        return self._output


def uses_in_node(name: str, node: Node, scopes: Scopes, *, in_loop: bool) -> Uses:
    """All names and expressions of a node. O(size)."""
    reader = _Reader(scopes)
    reader.read_node(name, node, in_loop=in_loop)
    return Uses(reader.names, reader.formulas)


def uses_in_output(output: JsonValue, scopes: Scopes) -> Uses:
    """All names and expressions of a graph's output. O(size)."""
    reader = _Reader(scopes)
    reader.read_output(output)
    return Uses(reader.names, reader.formulas)


class _Reader:
    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes
        self.names: list[Use] = []
        self.formulas: list[Formula] = []

    # --- fields ---

    def read_node(self, name: str, node: Node, *, in_loop: bool) -> None:
        start = self._scopes.start(node, in_loop=in_loop)
        for place, value in _start_fields(node):
            if value is not None:
                self._value(Spot(name, ("nodes", name, *place), "start", start), value)
        each = _each(node)
        if each is not None:
            known = start.without(("item", "index"))
            self._formula(Spot(name, ("nodes", name, "each"), "each", known), each, "list")
        conditions = any(edge.when is not None for edge in node.to)
        condition = node.while_ if isinstance(node, LoopBackNode) else None
        if node.save is None and condition is None and not conditions:
            return
        after = self._scopes.after(name, in_loop=in_loop)
        if condition is not None:
            self._formula(Spot(name, ("nodes", name, "while"), "edge", after), condition, "bool")
        if node.save is not None:
            self._value(Spot(name, ("nodes", name, "save"), "end", after), node.save)
        if conditions:
            self._conditions(name, node, start, after)

    def _conditions(self, name: str, node: Node, start: Types, after: Types) -> None:
        for index, edge in enumerate(node.to):
            if edge.when is None:
                continue
            port = port_of(node, edge)
            known = after
            moment: Moment = "start" if port == "transfer" else "edge"
            if port == "transfer":
                known = start.without(("item", "index"))
            elif port == "error":
                known = start.without(("item", "index")).having("error", self._scopes.types.schemas["error"])
            self._formula(Spot(name, ("nodes", name, "to", index, "when"), moment, known), edge.when, "bool")

    def read_output(self, output: JsonValue) -> None:
        if output is not None:
            self._value(Spot(None, ("output",), "output", self._scopes.at_output()), output)

    # --- values ---

    def _value(self, spot: Spot, value: JsonValue) -> None:
        if type(value) is str:
            self._template(spot, value)
            return
        for inner, source in _texts_in(value).items():
            self._template(_within(spot, inner), source)
        for inner, source in expressions_in(value):
            self._formula(_within(spot, inner), source, None)

    def _template(self, spot: Spot, source: str) -> None:
        if "{" in source:
            for ref in parse(source).references:
                self.names.append(Use(spot, ref.path, ref.optional, ref.is_short, ref.text, ref.start, source))

    def _formula(self, spot: Spot, source: str, expects: Expected) -> None:
        expression = compile_expression(source, spot.types)
        uses = tuple(
            Use(spot, mention.path, mention.tested, False, mention.text, mention.start, source)
            for mention in expression.references
        )
        self.formulas.append(Formula(spot, expression, expects, uses))
        self.names += uses


def _each(node: Node) -> str | None:
    return node.each if isinstance(node, AgentNode | ToolNode | SubgraphNode) else None


def _within(spot: Spot, inner: Parts) -> Spot:
    return Spot(spot.node, (*spot.place, *inner), spot.moment, spot.types)


def _texts_in(value: JsonValue) -> dict[Parts, str]:
    """Path to text, for the texts of a value that hold a reference."""
    return {place: _text_at(value, place) for place, _ in references_in(value)}


def _text_at(value: JsonValue, place: Parts) -> str:
    here: Any = value
    for part in place:
        here = here[part]
    return str(here)


def _start_fields(node: Node) -> Iterator[tuple[Parts, JsonValue]]:
    """The fields that are resolved when a node starts."""
    match node:
        case AgentNode():
            yield from _agent_fields((), node)
        case ToolNode() | SubgraphNode():
            yield ("args",), node.args or None
        case GateNode():
            yield ("prompt",), node.prompt
            yield ("prefill",), node.prefill
        case WaitNode():
            yield ("seconds",), node.seconds if isinstance(node.seconds, str) else None
            yield ("until",), node.until
            yield ("signal",), node.signal
        case EndNode():
            yield ("output",), node.output
            yield ("fail",), node.fail
        case _:
            return
    if isinstance(node, AgentNode | ToolNode | SubgraphNode) and node.cache is not None:
        yield ("cache", "key"), node.cache.key


def _agent_fields(place: Parts, agent: AgentNode | SubAgent) -> Iterator[tuple[Parts, JsonValue]]:
    yield (*place, "instructions"), agent.instructions
    yield (*place, "prompt"), agent.prompt
    yield (*place, "attachments"), agent.attachments or None
    for name, inner in agent.agents.items():
        yield from _agent_fields((*place, "agents", name), inner)
