"""What the names of templates and expressions are made of, as one JSON Schema for each.

Rule: a schema is claimed only where the document or a tool's declaration guarantees it; the rest is UNKNOWN, never a
guess. The same schemas type an expression before a run and decide at run time which numbers are doubles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from engine.model.nodes import (
    AgentNode,
    GateNode,
    JoinNode,
    LoopBackNode,
    Node,
    SubgraphNode,
    ToolNode,
    port_of,
)
from engine.model.schema import UNKNOWN, Place, Unknown, lookup
from engine.model.values import ABSENT

if TYPE_CHECKING:
    from engine.model.graph import Graph

Known = JsonValue | Unknown

_TEXT: dict[str, JsonValue] = {"type": "string"}
_WHOLE: dict[str, JsonValue] = {"type": "integer"}
_YES_NO: dict[str, JsonValue] = {"type": "boolean"}


def _object(properties: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}


ERROR_SCHEMA = _object({"class": _TEXT, "code": _TEXT, "message": _TEXT, "node": _TEXT, "hint": _TEXT})
RUN_SCHEMA = _object({"id": _TEXT, "started_at": _TEXT})
LOOP_OUTPUT = _object({"iteration": _WHOLE, "exhausted": _YES_NO})

_EVERYWHERE: dict[str, Known] = {
    "input": UNKNOWN,
    "state": UNKNOWN,
    "nodes": UNKNOWN,
    "run": RUN_SCHEMA,
    "iteration": _WHOLE,
    "item": UNKNOWN,
    "index": _WHOLE,
    "output": UNKNOWN,
    "error": ERROR_SCHEMA,
}


@dataclass(frozen=True, slots=True, eq=False)
class Types:
    """The names that can be used somewhere, with their schemas. Compared by identity; keep and reuse it."""

    schemas: Mapping[str, Known]
    outputs: Mapping[str, Known] = field(default_factory=dict[str, Known])
    expressions: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)
    """Source -> compiled expression: filled by ``compile_expression``, kept as long as the types are."""

    def at(self, path: Sequence[str | int]) -> Place:
        """The schema of what a path leads to; UNKNOWN where it is open; ABSENT where nothing can be."""
        return self.place(path)[0]

    def place(self, path: Sequence[str | int]) -> tuple[Place, Place]:
        """The schema of what a path leads to, and the schema that its local references lead into."""
        if not path or path[0] not in self.schemas:
            return ABSENT, True
        schema, rest = self.schemas[str(path[0])], path[1:]
        root: Place = schema
        if path[0] == "state" or path[0] == "nodes":
            # What the author or a tool wrote begins further in; what is around it is ours and has no references.
            own = 1 if path[0] == "state" else 2
            root = lookup(schema, rest[:own], root=True) if len(rest) >= own else True
            if len(rest) >= own:
                return lookup(root, rest[own:]), root
        return lookup(schema, rest, root=root), root

    def names_at(self, path: Sequence[str | int]) -> list[str]:
        """The names that can follow a path, where they are known: what a wrong one may have meant."""
        if not path:
            return list(self.schemas)
        schema = self.at(path)
        properties = schema.get("properties") if isinstance(schema, dict) else None
        return list(properties) if isinstance(properties, dict) else []

    def inside(self, node: str, doc: Node) -> Types:
        """The names as they are in one node: with its ``output``, and ``item`` and ``index`` if it has ``each``."""
        schemas = {**self.schemas, "output": self.outputs.get(node, UNKNOWN)}
        if getattr(doc, "each", None) is None:
            schemas = {name: schema for name, schema in schemas.items() if name not in ("item", "index")}
        return Types(schemas, self.outputs)

    def without(self, names: Iterable[str]) -> Types:
        """The same, less some names: what is not known in this field of the document."""
        gone = set(names)
        return Types({name: schema for name, schema in self.schemas.items() if name not in gone}, self.outputs)

    def having(self, name: str, schema: Known) -> Types:
        """The same, with another schema for one name, for instance ``item``."""
        return Types({**self.schemas, name: schema}, self.outputs)


DYNAMIC = Types(_EVERYWHERE)
"""Every name of GRAPH.md §2, with nothing known about values."""


def types_of(graph: Graph, results: Mapping[str, JsonValue] | None = None) -> Types:
    """The names of a graph. Cost: O(nodes + edges).

    Args:
        graph: the document.
        results: registered tool -> JSON Schema of its result, where it is known.
    """
    outputs = _outputs(graph, results or {})
    nodes = {node: _node_schema(outputs[node], doc) for node, doc in graph.nodes.items()}
    state = {name: _written(key.schema_) for name, key in graph.state.items()}
    schemas = {
        **_EVERYWHERE,
        "input": UNKNOWN if graph.input is None else graph.input,
        "state": _object(state),
        "nodes": _object(nodes),
    }
    return Types(schemas, outputs)


def _written(schema: Known) -> JsonValue:
    """A schema as it stands inside another: what is unknown is ``True`` there."""
    return True if schema is UNKNOWN or schema is None else schema


def _node_schema(output: Known, doc: Node) -> JsonValue:
    fields: dict[str, JsonValue] = {
        "output": _written(output),
        "error": ERROR_SCHEMA,
        "port": _TEXT,
        "escalated": _YES_NO,
    }
    if getattr(doc, "each", None) is not None:
        fields["errors"] = {"type": "object", "additionalProperties": ERROR_SCHEMA}
    return _object(fields)


def _outputs(graph: Graph, results: Mapping[str, JsonValue]) -> dict[str, Known]:
    into: dict[str, dict[str, JsonValue]] = {}
    for node, doc in graph.nodes.items():
        for edge in doc.to:
            if port_of(doc, edge) != "repeat":
                into.setdefault(edge.node, {})[node] = True
    return {node: _output(doc, into.get(node, {}), results) for node, doc in graph.nodes.items()}


def _output(doc: Node, into: dict[str, JsonValue], results: Mapping[str, JsonValue]) -> Known:
    match doc:
        case AgentNode():
            hands_over = any(port_of(doc, edge) == "transfer" for edge in doc.to)
            return _listed(doc, UNKNOWN if hands_over else doc.output_schema or _TEXT)
        case ToolNode():
            return _listed(doc, results.get(doc.tool, UNKNOWN))
        case SubgraphNode():
            return _listed(doc, UNKNOWN)
        case JoinNode():
            return _object(into)
        case LoopBackNode():
            return LOOP_OUTPUT
        case GateNode():
            return _gate_output(doc)
        case _:
            return UNKNOWN


def _listed(doc: Any, schema: Known) -> Known:
    """Under ``each`` the output is a list of outputs; with holes where failures or late items are accepted."""
    if doc.each is None:
        return schema
    has_holes = doc.accept_failed or doc.wait is not None
    return {"type": "array", "items": True if has_holes else _written(schema)}


def _gate_output(doc: GateNode) -> Known:
    forms = [option.form for option in doc.options if not isinstance(option, str) and option.form is not None]
    form: JsonValue = True if forms or doc.form is None else doc.form
    return _object({"option": _TEXT, "form": form, "by": _TEXT, "at": _TEXT})
