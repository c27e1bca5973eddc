"""What the checker may be told about the world beside the document: tools, models, other graphs.

Rule: all of it is handed in and none of it is asked for; what was not handed in is not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import JsonValue

from engine.model.graph import Graph


class ToolFacts(Protocol):
    """What the checker asks about a registered tool; the tools of ``engine.agents`` are such."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """JSON Schema of the arguments, an object."""
        ...

    @property
    def returns(self) -> JsonValue:
        """JSON Schema of the result, or None where it is unknown."""
        ...

    @property
    def risk_level(self) -> str:
        """``low``, ``medium`` or ``high``."""
        ...

    @property
    def untrusted_output(self) -> bool:
        """Whether its result was written by somebody else: a web page, a file, a mail."""
        ...

    def effect_with(self, args: Mapping[str, Any]) -> str:
        """``read``, ``idempotent`` or ``unsafe``, for a call with these arguments."""
        ...


@dataclass(frozen=True, slots=True)
class Facts:
    """The world as it was handed in.

    Attributes:
        tools: registered name to facts, or None if unknown.
        models: whether a model is known by a name, or None if unknown.
        graphs: a graph by its name, or None if unknown; may raise GraphError for a file that is no graph.
        found: graphs that were looked up already, by name.
    """

    tools: Mapping[str, ToolFacts] | None = None
    models: Callable[[str], bool] | Container[str] | None = None
    graphs: Callable[[str], Graph | None] | None = None
    found: dict[str, Graph | None] = field(default_factory=dict[str, Graph | None], compare=False)

    def knows_model(self, name: str) -> bool:
        """Whether the model is known, or nobody can tell."""
        if self.models is None:
            return True
        return self.models(name) if callable(self.models) else name in self.models

    def tool(self, name: str) -> ToolFacts | None:
        """What is known of a tool."""
        return self.tools.get(name) if self.tools is not None else None

    def graph(self, name: str) -> Graph | None:
        """The graph of that name, each looked up once.

        Raises:
            GraphError: the file is there and is no graph.
        """
        if self.graphs is None:
            return None
        if name not in self.found:
            self.found[name] = self.graphs(name)
        return self.found[name]
