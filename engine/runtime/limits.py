"""Budgets: what a run, a subgraph, an agent and a tool may still use.

Rule: every use is reserved before the work and settled after it, against the innermost budget and every one around it;
the outermost that is used up decides what fails. Nothing here knows time: seconds are added by the host, and only for
the spans in which at least one attempt was being executed.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import OutsideError
from engine.model.nodes import Limits


class LimitReached(OutsideError):
    """A limit is used up. ``owner`` is the budget's name: "" for the run, else an execution name."""

    default_code = "limit.reached"
    default_class = "limit"

    def __init__(self, message: str, *, code: str, owner: str) -> None:
        super().__init__(message, code=code, where=owner or "the run", hint="raise the limit or use less")
        self.owner = owner


@dataclass(slots=True)
class Budget:
    """The limits of one owner and what has been used of them.

    Attributes:
        owner: "" for the run, else the execution name of the subgraph or agent.
        limits: the bounds; absent fields are unbounded.
        parent: the budget around this one, or None for the run's.
        tokens, usd, node_runs, tool_calls: used so far, inner budgets' use included.
        seconds: used so far; only budgets of runs and subgraphs count them.
        reserved_tokens: promised to calls under way.
    """

    owner: str
    limits: Limits | None = None
    parent: Budget | None = None
    tokens: int = 0
    usd: float = 0.0
    node_runs: int = 0
    tool_calls: int = 0
    seconds: float = 0.0

    def chain(self) -> list[Budget]:
        """This budget and all around it, outermost first."""
        found: list[Budget] = []
        budget: Budget | None = self
        while budget is not None:
            found.append(budget)
            budget = budget.parent
        found.reverse()
        return found

    def _check(self, name: str, used: float, limit: float | None) -> None:
        if limit is not None and used >= limit:
            whose = "the run" if not self.owner else self.owner
            raise LimitReached(
                f"{whose} has used up its limit of {limit:g} {name.replace('_', ' ')}",
                code=f"limit.{name}",
                owner=self.owner,
            )

    def reserve_node_run(self) -> None:
        """Count one execution.

        Raises:
            LimitReached: the limit of this budget or one around it is used up.
        """
        for budget in self.chain():
            if budget.limits is not None:
                budget._check("node_runs", budget.node_runs, budget.limits.node_runs)
        budget_: Budget | None = self
        while budget_ is not None:
            budget_.node_runs += 1
            budget_ = budget_.parent

    def reserve_tool_call(self) -> None:
        """Count one tool call.

        Raises:
            LimitReached: the limit of this budget or one around it is used up.
        """
        for budget in self.chain():
            if budget.limits is not None:
                budget._check("tool_calls", budget.tool_calls, budget.limits.tool_calls)
        budget_: Budget | None = self
        while budget_ is not None:
            budget_.tool_calls += 1
            budget_ = budget_.parent

    def reserve_model_call(self) -> None:
        """Ask whether a model may be called: tokens, money and seconds are not used up.

        Raises:
            LimitReached: the limit of this budget or one around it is used up.
        """
        for budget in self.chain():
            if budget.limits is not None:
                budget._check("tokens", budget.tokens, budget.limits.tokens)
                budget._check("usd", budget.usd, budget.limits.usd if budget.limits.usd else None)
                budget._check("seconds", budget.seconds, budget.limits.seconds)

    def settle_model_call(self, tokens: int, usd: float | None) -> None:
        """Book what a model call used. An unknown price books no money (such runs are refused when money is limited)."""
        budget: Budget | None = self
        while budget is not None:
            budget.tokens += tokens
            budget.usd += usd or 0.0
            budget = budget.parent
