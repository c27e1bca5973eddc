"""The document: one graph as it stands in its file.

Rule: data only. Opening, checking or saving a graph runs nothing, starts nothing and reaches nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, WithJsonSchema

from engine.errors import GraphError
from engine.model.findings import Finding
from engine.model.memo import KnownNodes, Memo
from engine.model.names import NAME_PATTERN
from engine.model.nodes import Limits, Node, Part, Schema
from engine.model.reading import read_document
from engine.model.saving import save_text
from engine.model.shapes import BOOLEAN, OBJECT, Given, by_shape
from engine.model.structure import assembled, examine, examine_read
from engine.model.types import Types, types_of
from engine.model.values import ABSENT, normal
from engine.model.writing import hash_of, hash_of_written, written, written_node

FORMAT = "weft/1"
_MEMOS = "_memos"

AnySchema = Annotated[Annotated[Schema, OBJECT] | Annotated[bool, BOOLEAN], by_shape("a JSON Schema")]
Merge = Literal["replace", "append", "extend", "merge", "sum", "min", "max"]

_POSITION: dict[str, Any] = {
    "type": "array",
    "prefixItems": [{"type": "number"}, {"type": "number"}],
    "items": False,
    "minItems": 2,
}
_NOTE: dict[str, Any] = {
    "type": "object",
    "properties": {**{key: {"type": "number"} for key in "xywh"}, "text": {"type": "string"}},
    "required": ["x", "y", "w", "h", "text"],
    "additionalProperties": False,
}
Layout = Annotated[
    dict[str, JsonValue],
    WithJsonSchema(
        {
            "type": "object",
            "properties": {"$notes": {"type": "array", "items": _NOTE, "description": "Free text on the canvas."}},
            "additionalProperties": _POSITION,
        }
    ),
]


class StateKey(Part):
    """One key of the state: its JSON Schema, how writes merge, its first value."""

    schema_: Given[AnySchema] = Field(default=None, alias="schema", description="JSON Schema of its value.")
    merge: Merge = Field(default="replace", description="What a write does to the value that is there.")
    default: JsonValue = Field(default=None, description="Its first value; absent: the one of `merge`.")


class Graph(Part):
    """A workflow: nodes with their edges inside, the state they share, what comes in and goes out."""

    format: Literal["weft/1"] = Field(description="The version of this format.")
    name: str = Field(pattern=NAME_PATTERN, description="Its name, which is also its file's stem.")
    title: Given[str] = Field(default=None, description="Its name for people.")
    description: Given[str] = Field(default=None, description="What it is for.")
    input: Given[AnySchema] = Field(default=None, description="JSON Schema of a run's input.")
    state: dict[str, StateKey] = Field(default_factory=dict[str, StateKey], description="What its nodes share.")
    output: Given[dict[str, JsonValue]] = Field(default=None, description="Name to the template of what comes out.")
    limits: Given[Limits] = Field(default=None, description="Upper bounds of a run.")
    on_failure: Literal["stop", "finish"] = Field(default="stop", description="What a failure does to what runs.")
    nodes: dict[str, Node] = Field(description="Node id to node.")
    layout: Given[Layout] = Field(default=None, description="Node id to its position [x, y].")

    @classmethod
    def read(cls, source: str | bytes, *, known: KnownNodes | None = None) -> Reading:
        """A text as a graph, with every finding about its form; never an exception.

        Args:
            source: the text, or its UTF-8.
            known: nodes that were read before; they are not read again, and the new ones are kept there.
        """
        value, findings = read_document(source)
        if findings or value is ABSENT:
            return Reading(None, None, tuple(findings))
        made = None if known is None else assembled(value, cls, known)
        if made is None:
            graph, findings = examine_read(value, cls)
            return Reading(graph, value, tuple(findings))
        graph, memos = made
        vars(graph)[_MEMOS] = (graph.nodes, memos)
        return Reading(graph, value, ())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Graph:
        """The graph in a file.

        Raises:
            GraphError: ``graph.unknown`` (no such file, or it cannot be read), ``graph.not_json``, ``graph.format`` or
                ``graph.invalid``; ``findings`` holds every finding.
        """
        try:
            source = Path(path).read_bytes()
        except FileNotFoundError:
            raise GraphError("there is no such file", code="graph.unknown", where=str(path)) from None
        except OSError as error:
            raise GraphError(f"it cannot be read: {error.strerror}", code="graph.unknown", where=str(path)) from error
        return cls.loads(source, where=str(path))

    @classmethod
    def loads(cls, source: str | bytes, *, where: str | None = None, known: KnownNodes | None = None) -> Graph:
        """The graph in a text.

        Args:
            source: the text, or its UTF-8.
            where: what an error calls it, for instance a file's name.
            known: as for ``read``.

        Raises:
            GraphError: ``graph.not_json``, ``graph.format`` or ``graph.invalid``; ``findings`` holds every finding.
        """
        reading = cls.read(source, known=known)
        if reading.graph is None:
            raise _refusal(reading.findings, where)
        return reading.graph

    @classmethod
    def model_validate(cls, obj: Any, **_: Any) -> Graph:
        """The graph in a Python value, as strictly as in a file.

        Raises:
            GraphError: as ``loads``.
        """
        if isinstance(obj, cls):
            return obj
        graph, findings = examine(obj, cls)
        if graph is None:
            raise _refusal(tuple(findings), None)
        return graph

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **_: Any) -> Graph:
        """The same as ``loads``."""
        return cls.loads(bytes(json_data) if isinstance(json_data, bytearray) else json_data)

    def as_json(self) -> dict[str, JsonValue]:
        """The document as a JSON value: only what its author set, a fresh copy."""
        value: dict[str, JsonValue] = normal(self.model_dump(by_alias=True, exclude_unset=True))  # type: ignore[assignment]
        return value

    def dumps(self) -> str:
        """The graph in its written form (GRAPH.md §1), with the final LF."""
        # The numbers need not be made normal first: they are written as ECMAScript does however they are held.
        value: dict[str, JsonValue] = self.model_dump(by_alias=True, exclude_unset=True, exclude={"nodes"})
        value["nodes"] = {name: memo.get(written_node) for name, memo in self.memos.items()}
        text = written(value)
        kept = vars(self)
        if "hash" not in kept and (known := hash_of_written(text)) is not None:
            kept["hash"] = known
        return text

    def check(self, *, tools: Iterable[Any] = (), graphs: str | os.PathLike[str] = "graphs") -> list[Finding]:
        """Every finding of the graph, errors first; never an exception, and nothing is run. [] is all well.

        Args:
            tools: functions marked ``@tool``, beside the built-in ones.
            graphs: directory where the graphs that it runs as subgraphs are looked up.

        Raises:
            ConfigError: two tools of one name, or a tool that cannot be used.
        """
        # The one look upwards: whoever holds a document may ask what the whole house says of it.
        from engine.app import Engine  # noqa: PLC0415

        return Engine.open("memory:", tools=tools, graphs=Path(graphs)).check(self)

    @cached_property
    def hash(self) -> str:
        """SHA-256, in hex, of the written form without ``layout``: what a run is bound to."""
        return hash_of_written(self.dumps()) or hash_of(self.as_json())

    @property
    def memos(self) -> Mapping[str, Memo]:
        """Every node by its name, with what follows from it alone; made once."""
        kept: tuple[object, dict[str, Memo]] | None = vars(self).get(_MEMOS)
        # A copy of the document may have been given other nodes.
        if kept is None or kept[0] is not self.nodes:
            kept = vars(self)[_MEMOS] = (self.nodes, {name: Memo(node) for name, node in self.nodes.items()})
        return kept[1]

    @cached_property
    def types(self) -> Types:
        """What the names of its templates and expressions are made of; made once."""
        return types_of(self)

    def with_results(self, results: Mapping[str, JsonValue]) -> Graph:
        """The same document, its names typed with what registered tools return.

        Args:
            results: tool -> JSON Schema of its result, where it is known.
        """
        copy = self.model_copy()
        made: dict[str, Any] = vars(copy)
        made.pop("_types_in", None)
        made["types"] = types_of(copy, results)
        return copy

    def types_in(self, node: str) -> Types:
        """The names as they are inside one node, with its ``output`` and its ``item``; made once per node."""
        made = self._types_in.get(node)
        if made is None:
            made = self._types_in[node] = self.types.inside(node, self.nodes[node])
        return made

    @cached_property
    def _types_in(self) -> dict[str, Types]:
        return {}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the graph to a file, whole or not at all; a file that is there keeps its mode.

        Raises:
            GraphError: ``graph.unwritable``.
        """
        save_text(self.dumps(), Path(path))


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a text gave.

    Attributes:
        graph: the graph, or None if a finding stands against it.
        value: the raw JSON value, or None if the text is no strict JSON.
        findings: every finding about its form, in the document's order.
    """

    graph: Graph | None
    value: JsonValue
    findings: tuple[Finding, ...]


def _refusal(findings: tuple[Finding, ...], where: str | None) -> GraphError:
    first = findings[0]
    place = f"{first.place}: " if first.place else ""
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return GraphError(
        f"{place}{first.message}{more}",
        code="graph.not_json"
        if first.code.startswith("json.")
        else "graph.format"
        if first.code == "graph.format"
        else "graph.invalid",
        where=where,
        hint=first.hint,
        findings=findings,
    )
