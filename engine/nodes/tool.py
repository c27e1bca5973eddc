"""A tool node: one call of a registered tool, its arguments filled in from templates.

Rule: the node adds nothing to the call. Policy, journal and errors are the tool caller's, the same as for an agent;
what the tool returns is the node's output, what it wrote to the state the node's writes.
"""

from __future__ import annotations

from typing import Any, Final

from engine.agents.caller import Call
from engine.agents.ledger import Ledger
from engine.agents.questions import Asks, step_aside
from engine.agents.secrets import has_secret
from engine.agents.services import Services
from engine.model.nodes import Retry, ToolNode
from engine.model.templates import resolve
from engine.model.types import Types
from engine.runtime.context import Names, NodeContext, Result

ONCE: Final = Retry(attempts=1)
USUAL: Final = Retry()
MOST_KEPT: Final = 10_000


class ToolExecutor:
    """Runs nodes of kind ``tool``."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._secrets: dict[int, tuple[ToolNode, bool]] = {}

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
        is_secret = self._is_secret(node)
        if tool.is_plain and not ctx.recorded and not is_secret:
            return Result(await self._services.caller.plain(ctx, tool, ctx.input), escalated=tool.escalates)
        call = Call(
            ctx,
            tool,
            "1",
            ctx.input,
            Ledger.of(ctx.recorded),
            needs_approval=tool.needs_approval,
            timeout_s=tool.timeout_s,
            secrets=self._services.secrets if is_secret else None,
            template=node.args,
        )
        try:
            outcome = await self._services.caller.call(call)
        except Asks as asks:
            step_aside(ctx, asks)
        return Result(outcome.result, writes=outcome.writes, escalated=tool.escalates)

    def _is_secret(self, node: ToolNode) -> bool:
        """Whether the node's arguments name a secret; looked up once for each node."""
        known = self._secrets.get(id(node))
        if known is None or known[0] is not node:
            if len(self._secrets) >= MOST_KEPT:
                self._secrets.clear()
            known = self._secrets[id(node)] = (node, has_secret(node.args))
        return known[1]

    def retry(self, node: ToolNode) -> Retry:
        """The usual three attempts, or one where the tool is unsafe (GRAPH.md §1)."""
        tool = self._services.tools.get(node.tool)
        if tool is None:
            return ONCE
        return ONCE if tool.effect_with(node.args) == "unsafe" else USUAL
