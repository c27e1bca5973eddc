"""A tool node: one call of a registered tool, its arguments filled in from templates.

Rule: the node adds nothing to the call. Policy, journal and errors are the tool caller's, the same as for an agent;
what the tool returns is the node's output, what it wrote to the state the node's writes.
"""

from __future__ import annotations

from typing import Any, Final

from engine.agents.caller import Call
from engine.agents.ledger import Ledger
from engine.agents.questions import Asks, step_aside
from engine.agents.services import Services
from engine.model.nodes import Retry, ToolNode
from engine.model.templates import resolve
from engine.model.types import Types
from engine.runtime.context import Names, NodeContext, Result
from engine.scheduler.events import Usage

ONCE: Final = Retry(attempts=1)
USUAL: Final = Retry()


class ToolExecutor:
    """Runs nodes of kind ``tool``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def resolve(self, node: ToolNode, names: Names, types: Types) -> dict[str, Any]:
        """The arguments; a lone absent ``{key?}`` is not passed. Secrets stay references.

        Raises:
            NodeError: a template or expression failed.
        """
        args = node.args
        return resolve(args, names, types) if args else {}  # type: ignore[return-value]

    async def run(self, ctx: NodeContext) -> Result:
        """Make the call.

        Raises:
            Suspend: a person must say something first.
            ToolError: it failed or was refused.
            LimitReached: a budget is used up.
        """
        node: ToolNode = ctx.doc
        tool = self._services.tools.find(node.tool)
        call = Call(
            ctx,
            tool,
            "1",
            ctx.input,
            Ledger.of(ctx.recorded),
            needs_approval=tool.needs_approval,
            timeout_s=tool.timeout_s,
            secrets=self._services.secrets,
        )
        try:
            outcome = await self._services.caller.call(call)
        except Asks as asks:
            step_aside(ctx, asks)
        return Result(outcome.result, writes=outcome.writes, escalated=tool.escalates, usage=Usage(tool_calls=1))

    def retry(self, node: ToolNode) -> Retry:
        """The usual three attempts, or one where the tool is unsafe (GRAPH.md §1)."""
        tool = self._services.tools.get(node.tool)
        if tool is None:
            return ONCE
        return ONCE if tool.effect_with(node.args) == "unsafe" else USUAL
