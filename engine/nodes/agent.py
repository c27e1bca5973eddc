"""An agent node: a model with instructions, tools and sub-agents, run to an answer.

Rule: the node resolves its templates and hands over to ``engine.agents``; nothing about models or tools is here.
"""

from __future__ import annotations

from typing import Any, Final

from engine.agents.runner import run_agent
from engine.agents.services import Services
from engine.agents.spec import resolved_fields
from engine.model.nodes import AgentNode, Retry
from engine.model.types import Types
from engine.runtime.context import Names, NodeContext, Result

USUAL: Final = Retry()


class AgentExecutor:
    """Runs nodes of kind ``agent``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def resolve(self, node: AgentNode, names: Names, types: Types) -> dict[str, Any]:
        """Instructions, prompt and attachments of the agent and of those in it; absent ones left out.

        Raises:
            NodeError: a template or expression failed.
        """
        return resolved_fields(node, names, types)

    async def run(self, ctx: NodeContext) -> Result:
        """One attempt; see ``run_agent``.

        Raises:
            Suspend: a person must say something first.
            OutsideError: it failed.
        """
        return await run_agent(ctx, self._services)

    def retry(self, node: AgentNode) -> Retry:
        """The usual three attempts: a turn goes on where it stood, so no effect happens twice."""
        del node
        return USUAL
