"""Graphs as an agent's tools: ``graph:NAME`` runs a graph as a scope of the run and gives its output back.

Rule: the call is claimed, and the claim opens the scope; the turn steps aside and costs nothing until the scope has
ended, whatever waits in it. Its output is the call's result, its failure an error that the model is told, its budget a
part of the agent's. What a graph returns may come from pages, files and people, so models take it as data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from engine.agents import questions
from engine.agents.caller import Outcome
from engine.agents.canonical import digest, is_object
from engine.errors import Failure
from engine.model.nodes import GRAPH_TOOL, Limits
from engine.model.schema import fill_defaults, problems
from engine.model.values import normal
from engine.scheduler.events import EffectClaimed

if TYPE_CHECKING:
    from engine.agents.turn import Turn
    from engine.model.graph import Graph

_ANYTHING: Final[dict[str, Any]] = {"type": "object"}


@dataclass(frozen=True, slots=True)
class GraphTool:
    """A graph as a model sees it.

    Attributes:
        name: with the prefix.
        graph: as it is kept with the run.
    """

    name: str
    graph: Graph

    @property
    def description(self) -> str:
        """What it is for."""
        return self.graph.description or self.graph.title or f"Run the graph {self.graph.name}."

    @property
    def parameters(self) -> dict[str, Any]:
        """JSON Schema of its arguments: the graph's input."""
        return self.graph.input if isinstance(self.graph.input, dict) else _ANYTHING


def graph_tool(turn: Turn, name: str) -> GraphTool:
    """The graph of a tool's name ``graph:NAME``."""
    return GraphTool(name, turn.shared.ctx.graph_of(name.removeprefix(GRAPH_TOOL)))


@dataclass(slots=True)
class GraphCall:
    """One call of a graph.

    Attributes:
        turn: whose.
        number: of the call.
        tool: the graph.
        args: as the model gave them.
        needs_approval, timeout_s: as the agent's entry says.
    """

    turn: Turn
    number: str
    tool: GraphTool
    args: Any
    needs_approval: bool
    timeout_s: float | None

    async def made(self) -> Outcome:
        """What the call came to, or what forbids it.

        Raises:
            Asks: the graph is to be opened, or a person must approve that.
            LimitReached: a budget is used up; nothing was opened.
        """
        shared = self.turn.shared
        key = questions.key_of(shared.ctx, self.number)
        known = shared.ledger.entry(key)
        if known is not None and known.settled is not None:
            settled = known.settled
            if known.claims:
                self.turn.rebook(settled.usage)
            return Outcome(settled.result, error=settled.error)
        filled = self._filled()
        refused = self._unfit(filled) or self._too_deep()
        if refused is not None:
            return Outcome(error=refused)
        if known is None or not known.claims:
            refused = self._denied()
            if refused is not None:
                return Outcome(error=refused)
            self.turn.budget.reserve_tool_call()
        raise questions.Asks(None, (self._claim(key, filled),))

    def _filled(self) -> Any:
        schema = self.tool.graph.input
        return normal(fill_defaults(schema, self.args)) if is_object(self.args) else self.args

    def _unfit(self, filled: Any) -> Failure | None:
        schema = self.tool.graph.input
        found = ["they are no object"]
        if is_object(filled):
            found = [] if schema is None else problems(schema, filled)
        if not found:
            return None
        message = f"the arguments of {self.tool.name} do not fit: {'; '.join(found)}"
        return Failure("tool", "tool.arguments", message, hint="its parameters are the graph's input")

    def _too_deep(self) -> Failure | None:
        most = self.turn.shared.ctx.too_deep(self.number)
        if most is None:
            return None
        message = f"graphs run inside one another more than {most} deep"
        return Failure("limit", "subgraph.depth", message, hint="find a way without it")

    def _denied(self) -> Failure | None:
        if not self.needs_approval:
            return None
        # The tools that the graph calls have risks of their own, and are asked for where they are called.
        subject = questions.Subject(self.tool.name, self.tool.graph.hash, "low")
        decision = questions.approval(self.turn.shared.ctx, subject, self.args, self.number)
        if decision.option == questions.APPROVE:
            return None
        message = f"{decision.by or 'a person'} refused this call of {self.tool.name}"
        return Failure("tool", "tool.denied", message, hint="find a way without it")

    def _claim(self, key: str, given: Any) -> EffectClaimed:
        turn = self.turn
        ctx = turn.shared.ctx
        ends = [] if turn.deadline is None else [turn.deadline]
        if self.timeout_s is not None:
            ends.append(ctx.clock.now() + self.timeout_s)
        left = self._left()
        return EffectClaimed(
            execution=ctx.execution,
            node=ctx.node,
            key=key,
            tool=self.tool.name,
            args_hash=digest(self.args),
            effect="read",
            graph=self.tool.graph.name,
            call=self.number,
            input=given,
            deadline=min(ends, default=None),
            limits=None if left is None else left.model_dump(exclude_none=True, exclude_defaults=True),
        )

    def _left(self) -> Limits | None:
        """What sub-agents around the call have left; the budgets from the node's own on bound its scope anyway."""
        ctx, budget = self.turn.shared.ctx, self.turn.budget
        left: Limits | None = None
        while budget is not ctx.budget and budget.parent is not None:
            left = budget.left() if left is None else left.tightened(budget.left())
            budget = budget.parent
        return left
