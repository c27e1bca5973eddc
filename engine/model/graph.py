"""The document: one graph as it stands in its file.

Rule: data only. Opening, checking or saving a graph runs nothing, starts nothing and reaches nothing.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from engine.model.nodes import NAME_PATTERN, Limits, Node, Part

FORMAT = "weft/1"


class StateKey(Part):
    """One key of the state: its JSON Schema, how writes merge, its first value."""

    schema_: dict[str, JsonValue] | bool | None = Field(default=None, alias="schema")
    merge: Literal["replace", "append", "extend", "merge", "sum", "min", "max"] = "replace"
    default: JsonValue = None


class Graph(Part):
    """A workflow: nodes with their edges inside, the state they share, what comes in and goes out."""

    format: Literal["weft/1"]
    name: str = Field(pattern=NAME_PATTERN)
    title: str | None = None
    description: str | None = None
    input: dict[str, JsonValue] | bool | None = None
    state: dict[str, StateKey] = Field(default_factory=dict[str, StateKey])
    output: dict[str, JsonValue] | None = None
    limits: Limits | None = None
    on_failure: Literal["stop", "finish"] = "stop"
    nodes: dict[str, Node]
    layout: dict[str, JsonValue] | None = None
