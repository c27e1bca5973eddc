"""What the checker may be told about the world beside the document: tools, models, other graphs.

Rule: all of it is handed in and none of it is asked for; what was not handed in is not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from pydantic import JsonValue

from engine.model.graph import Graph
from engine.model.memo import Memo
from engine.model.schema import Validator, validator


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


class Toolbox:
    """One set of tools, with what is worked out of their declarations once; these never change.

    Attributes:
        tools: registered name to facts, or None if nobody can tell which tools there are.
        results: registered name to the JSON Schema of its result, where it is known.
    """

    def __init__(self, tools: Mapping[str, ToolFacts] | None) -> None:
        self.tools = None if tools is None else dict(tools)
        self.results = {name: tool.returns for name, tool in (self.tools or {}).items() if tool.returns is not None}
        self._arguments: dict[tuple[str, str], Validator] = {}
        self._quiet: WeakKeyDictionary[Memo, bool] = WeakKeyDictionary()

    def holds(self, tools: Mapping[str, ToolFacts] | None) -> bool:
        """Whether these are the tools here: the same ones by the same names."""
        if tools is None or self.tools is None:
            return tools is self.tools
        return tools.keys() == self.tools.keys() and all(self.tools[name] is tool for name, tool in tools.items())

    def argument(self, tool: str, key: str) -> Validator:
        """The schema of one of a tool's arguments, made ready."""
        made = self._arguments.get((tool, key))
        if made is None:
            made = self._arguments[tool, key] = part_of((self.tools or {})[tool].parameters, key)
        return made

    def is_quiet(self, memo: Memo, look: Callable[[], bool]) -> bool:
        """Whether nothing is to be said of how a node uses these tools; ``look`` is asked once for each node."""
        quiet = self._quiet.get(memo)
        if quiet is None:
            quiet = self._quiet[memo] = look()
        return quiet


def part_of(schema: Mapping[str, JsonValue], key: str) -> Validator:
    """The schema of one property of an object, made ready."""
    properties = schema["properties"]
    inner = properties[key] if isinstance(properties, dict) else True
    return validator({**inner, "$defs": schema.get("$defs", {})} if isinstance(inner, dict) else inner is not False)


@dataclass(frozen=True, slots=True)
class Facts:
    """The world as it was handed in.

    Attributes:
        toolbox: the registered tools.
        models: whether a model is known by a name, or None if unknown.
        graphs: a graph by its name, or None if unknown; may raise GraphError for a file that is no graph.
        found: graphs that were looked up already, by name.
    """

    toolbox: Toolbox
    models: Callable[[str], bool] | Container[str] | None = None
    graphs: Callable[[str], Graph | None] | None = None
    found: dict[str, Graph | None] = field(default_factory=dict[str, Graph | None], compare=False)

    @property
    def tools(self) -> Mapping[str, ToolFacts] | None:
        """Registered name to facts, or None if unknown."""
        return self.toolbox.tools

    def knows_model(self, name: str) -> bool:
        """Whether the model is known, or nobody can tell."""
        if self.models is None:
            return True
        return self.models(name) if callable(self.models) else name in self.models

    def tool(self, name: str) -> ToolFacts | None:
        """What is known of a tool."""
        tools = self.toolbox.tools
        return tools.get(name) if tools is not None else None

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
