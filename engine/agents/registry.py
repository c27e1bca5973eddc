"""The tools an engine knows, by name.

Rule: a tool is reached by its registered name only; nothing in a graph can name code. Names are unique.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.agents.definition import Tool, tool_of
from engine.errors import ConfigError, NodeError
from engine.model.names import nearest


class ToolRegistry:
    """Name -> tool.

    Args:
        tools: functions marked ``@tool``, or tools.

    Raises:
        ConfigError: ``tool.duplicate`` or ``tool.definition``.
    """

    def __init__(self, tools: Iterable[object] = ()) -> None:
        self._tools: dict[str, Tool] = {}
        for thing in tools:
            self.add(thing)

    def add(self, thing: object) -> Tool:
        """Register one more; adding the same one again changes nothing.

        Raises:
            ConfigError: ``tool.duplicate``; another tool has the name. ``tool.definition``; it is no tool.
        """
        made = tool_of(thing)
        if made is None:
            raise ConfigError(
                f"{thing!r} is no tool", code="tool.definition", hint="mark the function with @tool from weft's engine"
            )
        known = self._tools.setdefault(made.name, made)
        if known is not made:
            raise ConfigError(
                f"two tools are called {made.name}",
                code="tool.duplicate",
                where=f"{known.function.__module__} and {made.function.__module__}",
                hint="give one of them another name: @tool(name=…)",
            )
        return made

    def get(self, name: str) -> Tool | None:
        """The tool of that name, or None."""
        return self._tools.get(name)

    def find(self, name: str) -> Tool:
        """The tool of that name.

        Raises:
            NodeError: ``tool.unknown``, with the nearest known name.
        """
        found = self._tools.get(name)
        if found is None:
            raise NodeError(
                f"there is no tool {name!r}", code="tool.unknown", error_class="fatal", hint=self.suggest(name)
            )
        return found

    def suggest(self, name: str) -> str:
        """What to do about an unknown name."""
        close = nearest(name, self._tools)
        return f"did you mean {close}?" if close else "register it with --tools or in weft.toml"

    def __iter__(self) -> Iterator[Tool]:
        """Every tool, by name."""
        return iter(sorted(self._tools.values(), key=lambda made: made.name))

    def __len__(self) -> int:
        return len(self._tools)

    def __contains__(self, name: object) -> bool:
        return name in self._tools
