"""Budgets: what a run, a subgraph, an agent and a tool may still use.

Rule: every use is reserved before the work and settled after it, against the innermost budget and every one around it;
the outermost that is used up decides what fails. Nothing here knows time: seconds are added by the host, and only for
the spans in which at least one attempt was being executed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.errors import OutsideError
from engine.model.nodes import Limits
from engine.scheduler.events import Usage


class LimitReached(OutsideError):  # noqa: N818 - the limit is reached; that is the word
    """A limit is used up. ``owner`` is the budget's name: "" for the run, else an execution name."""

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
        seconds: used so far, spans under way apart.
        working: attempts inside that are being executed now.
        since: when ``working`` last left 0, seconds since 1970.
        has_money_unknown: a model of unknown price was used, so ``usd`` is a lower bound.
        calls: tool -> how often it was begun; only the run's own budget counts them.
        is_bounded: it or one around it has limits; else nothing needs to be counted.
        is_timed: it or one around it has a limit of seconds; else no spans need to be measured.
    """

    owner: str
    limits: Limits | None = None
    parent: Budget | None = None
    tokens: int = 0
    usd: float = 0.0
    node_runs: int = 0
    tool_calls: int = 0
    seconds: float = 0.0
    working: int = 0
    since: float = 0.0
    has_money_unknown: bool = False
    calls: dict[str, int] = field(default_factory=dict[str, int])
    is_bounded: bool = field(init=False)
    is_timed: bool = field(init=False)

    def __post_init__(self) -> None:
        outer, limits = self.parent, self.limits
        self.is_bounded = limits is not None or (outer is not None and outer.is_bounded)
        self.is_timed = (limits is not None and limits.seconds is not None) or (outer is not None and outer.is_timed)

    @property
    def level(self) -> int:
        """How deep its scope lies: 1 for the run."""
        return self.owner.count("/") + 2 if self.owner else 1

    def holds(self, execution: str) -> bool:
        """Whether an execution is one of its scope, or of a scope inside it."""
        return not self.owner or execution.startswith((f"{self.owner}/", f"{self.owner}!"))

    def began(self, now: float) -> bool:
        """An attempt inside begins to be executed; whether it is the first one under way."""
        self.working += 1
        if self.working == 1:
            self.since = now
            return True
        return False

    def ended(self, now: float) -> bool:
        """An attempt inside is not being executed any more; whether it was the last one."""
        self.working -= 1
        if self.working == 0:
            self.seconds += max(0.0, now - self.since)
            return True
        return False

    def seconds_left(self) -> float | None:
        """What is left of ``limits.seconds`` when a span begins, or None when there is no such limit."""
        if self.limits is None or self.limits.seconds is None:
            return None
        return max(0.0, self.limits.seconds - self.seconds)

    def left(self) -> Limits:
        """What is left of its limits, seconds apart.

        Raises:
            LimitReached: nothing is left of one of them.
        """
        limits = self.limits
        if limits is None:
            return Limits()
        self._check("tokens", self.tokens, limits.tokens)
        self._check("node_runs", self.node_runs, limits.node_runs)
        values: dict[str, Any] = {}
        for name in ("node_runs", "tokens", "usd", "tool_calls"):
            limit = getattr(limits, name)
            if limit is not None:
                values[name] = max(0, limit - getattr(self, name))
        if limits.concurrency is not None:
            values["concurrency"] = limits.concurrency
        return Limits(**values)

    def used(self) -> Usage | None:
        """What was used of it, seconds apart; None for nothing."""
        if not self.tokens and not self.usd and not self.tool_calls and not self.has_money_unknown:
            return None
        return Usage(self.tokens, None if self.has_money_unknown else self.usd, 0.0, self.tool_calls)

    def used_up(self) -> LimitReached:
        """The error that says that ``limits.seconds`` is used up."""
        whose = self.owner or "the run"
        limit = self.limits.seconds if self.limits is not None and self.limits.seconds is not None else 0.0
        message = f"{whose} has used up its limit of {limit:g} seconds"
        return LimitReached(message, code="limit.seconds", owner=self.owner)

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

    def began_all(self, now: float) -> list[Budget]:
        """An attempt inside begins to be executed; those budgets, inner first, for which it is the first one."""
        fresh: list[Budget] = []
        budget: Budget | None = self
        while budget is not None:
            if budget.began(now):
                fresh.append(budget)
            budget = budget.parent
        return fresh

    def ended_all(self, now: float) -> list[Budget]:
        """The inverse of ``began_all``; those budgets, inner first, in which nothing is being executed any more."""
        idle: list[Budget] = []
        budget: Budget | None = self
        while budget is not None:
            if budget.ended(now):
                idle.append(budget)
            budget = budget.parent
        return idle

    def reserve_node_run(self, *, check: bool = True) -> None:
        """Count one execution of a kind that executes.

        Raises:
            LimitReached: the limit of this budget or one around it is used up.
        """
        if not self.is_bounded:
            return
        if check:
            for budget in self.chain():
                if budget.limits is not None:
                    budget._check("node_runs", budget.node_runs, budget.limits.node_runs)
        inner: Budget | None = self
        while inner is not None:
            inner.node_runs += 1
            inner = inner.parent

    def reserve_tool_call(self, *, check: bool = True) -> None:
        """Count one tool call.

        Raises:
            LimitReached: the limit of this budget or one around it is used up.
        """
        if not self.is_bounded:
            return
        if check:
            for budget in self.chain():
                if budget.limits is not None:
                    budget._check("tool_calls", budget.tool_calls, budget.limits.tool_calls)
        inner: Budget | None = self
        while inner is not None:
            inner.tool_calls += 1
            inner = inner.parent

    def calls_of(self, tool: str) -> int:
        """How often a tool was begun in the whole run."""
        return self.chain()[0].calls.get(tool, 0)

    def count_call(self, tool: str) -> None:
        """A tool is begun: one more call of it in the whole run."""
        calls = self.chain()[0].calls
        calls[tool] = calls.get(tool, 0) + 1

    def reserve_model_call(self) -> None:
        """Ask whether a model may be called: the tokens are not used up.

        Raises:
            LimitReached: the limit of this budget or one around it is used up.
        """
        for budget in self.chain():
            if budget.limits is not None:
                budget._check("tokens", budget.tokens, budget.limits.tokens)

    def reserve_money(self) -> None:
        """Ask whether a model that costs money may be called; with a limit of 0 none ever may.

        Raises:
            LimitReached: the limit of this budget or one around it is used up, or nobody knows how much is left.
        """
        for budget in self.chain():
            limit = None if budget.limits is None else budget.limits.usd
            if limit is None:
                continue
            if budget.has_money_unknown:
                whose = budget.owner or "the run"
                message = f"{whose} may spend {limit:g} usd, and the price of a model that it has asked is unknown"
                raise LimitReached(message, code="limit.price_unknown", owner=budget.owner)
            budget._check("usd", budget.usd, limit)

    def settle_model_call(self, tokens: int, usd: float | None) -> None:
        """Book what a model call used; ``usd`` None is an unknown price: no more is spent where money is limited."""
        budget: Budget | None = self
        while budget is not None:
            budget.tokens += tokens
            budget.usd += usd or 0.0
            budget.has_money_unknown = budget.has_money_unknown or usd is None
            budget = budget.parent
