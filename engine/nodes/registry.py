"""Kind -> who does its work.

Rule: complete; a kind that executes is in exactly one of the two tables, or is opened by the host itself (subgraph).
"""

from __future__ import annotations

from engine.agents.services import Services
from engine.nodes.agent import AgentExecutor
from engine.nodes.gate import GateWaiter
from engine.nodes.tool import ToolExecutor
from engine.nodes.wait import WaitWaiter
from engine.runtime.context import Executor, Waiter


def executors(services: Services) -> dict[str, Executor]:
    """The kinds that work: what they do takes time."""
    return {"agent": AgentExecutor(services), "tool": ToolExecutor(services)}


def waiters() -> dict[str, Waiter]:
    """The kinds that only wait."""
    return {"human-gate": GateWaiter(), "wait": WaitWaiter()}
