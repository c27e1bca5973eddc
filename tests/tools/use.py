"""A built-in tool as a tool node calls it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.agents.definition import Tool
from engine.agents.registry import ToolRegistry
from engine.agents.secrets import NoSecrets, SecretStore
from engine.agents.services import Services
from engine.model.types import DYNAMIC
from engine.nodes.tool import ToolExecutor
from engine.runtime.context import Result
from engine.tools.loading import built_in_tools
from tests.agents.desk import Answer, Desk, graph_of, to_end
from tests.support.clock import VirtualClock


@dataclass(frozen=True)
class Hosts:
    """What the operator lets ``http.*`` reach."""

    hosts: tuple[str, ...] = ()
    timeout_s: float = 5
    max_bytes: int = 10_000


def built_in(files: Path | None = None, http: Hosts | None = None, own_ports: set[int] | None = None) -> list[Tool]:
    """Every tool of weft."""
    return built_in_tools(
        files=files or Path("nowhere"), http=http or Hosts(), clock=VirtualClock(), own_ports=own_ports or set()
    )


def desk(tool: str, args: dict[str, Any]) -> Desk:
    """A tool node's execution."""
    graph = graph_of({"t": {"kind": "tool", "tool": tool, "args": args}}, state={"x": {}})
    return Desk(graph, "t", {"input": {}, "state": {}})


async def run(
    here: Desk, tools: list[Tool], answers: tuple[Answer, ...] = (), secrets: SecretStore | None = None
) -> Result:
    """The node, to its end."""
    services = Services(ToolRegistry(tools), secrets=secrets or NoSecrets())
    here.clock.is_busy = lambda: True  # these tools wait for the disk and the wire, not for the clock
    executor = ToolExecutor(services)
    node: Any = here.graph.nodes["t"]
    return await to_end(here, executor, executor.resolve(node, here.names, DYNAMIC), answers)


async def use(tool: str, tools: list[Tool] | None = None, **args: Any) -> Any:
    """What one call returns."""
    return (await run(desk(tool, args), tools or built_in())).output
