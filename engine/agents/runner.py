"""An agent node's attempt: its agent's conversation from the request to an answer, a hand-over or a person.

Rule: everything that the attempt knows comes from its ``NodeContext``; two attempts with the same records go the same
way. Gates are opened here and nowhere else in an agent, when nothing of it is under way any more.
"""

from __future__ import annotations

from typing import Any

from engine.agents import messages as said
from engine.agents import prompt
from engine.agents.conversation import Conversation, Ended
from engine.agents.delegate import Party, converse, delegate
from engine.agents.ledger import Ledger
from engine.agents.messages import Message
from engine.agents.questions import Asks, step_aside
from engine.agents.recorded import RecordedAnswers, tries_of, usage_of
from engine.agents.services import Services
from engine.agents.spec import spec_of
from engine.agents.turn import Execution
from engine.model.expressions import compile_expression
from engine.model.graph import Graph
from engine.model.nodes import AgentNode, port_of
from engine.runtime.context import NodeContext, Result


async def run_agent(ctx: NodeContext, services: Services) -> Result:
    """One attempt of an agent node.

    Raises:
        Suspend: a person must say something first.
        OutsideError: it failed; with the node's ``retry`` the next attempt goes on where it stood.
    """
    spec = spec_of(ctx.doc, ctx.input)
    request = said.user(spec.prompt or prompt.BEGIN, spec.attachments)
    shared = Execution(
        ctx=ctx,
        services=services,
        ledger=Ledger.of(ctx.recorded),
        answers=RecordedAnswers.of(ctx.recorded),
        tries=tries_of(ctx.recorded),
        delegate=delegate,
    )
    talk = Conversation([*handed_over(ctx), request])
    party = Party(shared, spec, "", "", request, talk, ctx.budget, None, transfer_targets(ctx))
    try:
        ended = await converse(party)
    except Asks as asks:
        step_aside(ctx, asks)
    result = Result(writes=talk.writes or None, escalated=talk.escalated, usage=usage_of(ctx.recorded[ctx.told :]))
    if isinstance(ended, Ended):
        result.output = ended.output
    else:
        result.port, result.target = "transfer", ended.target
        result.output = {
            "message": ended.message,
            "target": ended.target,
            "request": request["text"],
            "conversation": talk.messages,
        }
    return result


def transfer_targets(ctx: NodeContext) -> dict[str, str]:
    """Whom the node may hand over to along its ``transfer`` edges: node -> label and description.

    An edge whose ``when`` does not hold now hides its target. A loop-back shows the header that it repeats.

    Raises:
        NodeError: a ``when`` failed.
    """
    node: AgentNode = ctx.doc
    found: dict[str, str] = {}
    for edge in node.to:
        if port_of(node, edge) != "transfer":
            continue
        if edge.when is None or compile_expression(edge.when, ctx.types).holds(ctx.names):
            found[edge.node] = _about(ctx.graph, edge.node)
    return found


def _about(graph: Graph, name: str) -> str:
    node: Any = graph.nodes.get(name)
    if node is not None and node.kind == "loop-back":
        header = next((edge.node for edge in node.to if edge.on == "repeat"), name)
        node = graph.nodes.get(header)
    if node is None:
        return ""
    return ": ".join(text for text in (node.label, node.description) if text)


def handed_over(ctx: NodeContext) -> list[Message]:
    """The conversation that was handed over to this node along a ``transfer`` edge; empty when none was."""
    own = ctx.node.rpartition("/")[2]
    nodes: Any = ctx.names.get("nodes", {})
    found: list[Message] = []
    for name, node in ctx.graph.nodes.items():
        if not any(port_of(node, edge) == "transfer" and _leads_to(ctx.graph, edge.node, own) for edge in node.to):
            continue
        seen = nodes.get(name)
        output: Any = seen.get("output") if seen is not None and seen.get("port") == "transfer" else None
        if output is not None and _leads_to(ctx.graph, output.get("target", ""), own):
            found.extend(output.get("conversation", ()))
    return found


def _leads_to(graph: Graph, target: str, own: str) -> bool:
    """Whether a hand-over to ``target`` reaches the node: it is the target, or the header that a loop-back repeats."""
    if target == own:
        return True
    node: Any = graph.nodes.get(target)
    return node is not None and node.kind == "loop-back" and any(e.on == "repeat" and e.node == own for e in node.to)
