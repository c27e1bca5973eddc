"""The books of a run: a budget for the run and for each open subgraph, and what each has used.

Rule: what was used is a fold over the journal (``recollection.py``), so it survives a resume; while a run is live the
same numbers are booked as they arise. Seconds count only while an attempt is being executed (GRAPH.md §3.8).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from engine.model.nodes import Limits
from engine.runtime.limits import Budget
from engine.scheduler.events import EffectClaimed, Event, ModelAnswered, Usage
from engine.scheduler.names import call_name

DEPTH: int = 16
"""How many graphs may run inside one another where a graph says nothing (GRAPH.md §1, ``limits.depth``)."""


@dataclass(slots=True)
class Accounts:
    """The budgets of one run.

    Attributes:
        root: the run's own budget.
        of_scope: scope path ("" for the run) -> its budget.
    """

    root: Budget
    of_scope: dict[str, Budget] = field(default_factory=dict[str, Budget])
    _agents: dict[str, Budget] = field(default_factory=dict[str, Budget])
    _calls: dict[str, str] = field(default_factory=dict[str, str])
    _spent_s: dict[str, float] = field(default_factory=dict[str, float])
    _has_slots: bool = False

    @classmethod
    def of(cls, limits: Limits | None) -> Accounts:
        """Fresh books for a run with these limits."""
        root = Budget("", limits)
        return cls(root, {"": root}, _has_slots=_bounds_slots(limits))

    @property
    def bounds_slots(self) -> bool:
        """Whether any graph of the run bounds how many attempts are executed at once."""
        return self._has_slots

    def has_slot(self, scope_path: str, working: Collection[str]) -> bool:
        """Whether one more attempt in this scope may be executed beside those of the executions ``working``."""
        budget: Budget | None = self.budget(scope_path)
        while budget is not None:
            most = None if budget.limits is None else budget.limits.concurrency
            if most is not None and sum(map(budget.holds, working)) >= most:
                return False
            budget = budget.parent
        return True

    def too_deep(self, execution: str, scope_path: str) -> int | None:
        """The depth that a subgraph would exceed by being opened here, or None where it may be (GRAPH.md §3.8)."""
        level = execution.count("/") + 2
        budget: Budget | None = self.budget(scope_path)
        while budget is not None:
            most = DEPTH if budget.limits is None else budget.limits.depth
            if level - budget.level >= most:
                return most
            budget = budget.parent
        return None

    def open_scope(self, path: str, parent: str, limits: Limits | None) -> Budget:
        """The books of a subgraph, kept over its attempts; ``parent`` is the path of the scope around it."""
        budget = self.of_scope.get(path)
        if budget is None:
            budget = self.of_scope[path] = Budget(path, limits, self.of_scope[parent])
            self._has_slots = self._has_slots or _bounds_slots(limits)
        return budget

    def open_call(self, claim: EffectClaimed, limits: Limits | None) -> None:
        """The books of a graph that an agent calls, part of the agent's own; ``limits``: the graph's."""
        path = call_name(claim.execution, claim.call)
        if path in self.of_scope:
            return
        if claim.limits is not None:
            left = Limits.model_validate(claim.limits)
            limits = left if limits is None else limits.tightened(left)
        around = self.of_execution(claim.execution, scope_of(claim.execution))
        budget = self.of_scope[path] = Budget(path, limits, around)
        self._has_slots = self._has_slots or any(_bounds_slots(one.limits) for one in budget.chain())
        self._calls[claim.key] = path

    def close_call(self, key: str) -> None:
        """A call has ended; other effects have no books."""
        if self._calls and (path := self._calls.pop(key, None)) is not None:
            self.of_scope.pop(path, None)

    def of_execution(self, execution: str, scope: str) -> Budget:
        """The budget that an execution works on: its own where it is an agent with limits, else its scope's."""
        return self._agents.get(execution) or self.budget(scope)

    def close_scope(self, path: str) -> None:
        """Forget the books of a subgraph that is over; what it used stays in those around it."""
        self.of_scope.pop(path, None)

    def budget(self, path: str) -> Budget:
        """The budget of the scope at ``path``."""
        return self.of_scope.get(path, self.root)

    def agent(self, path: str, execution: str, limits: Limits | None, recorded: Sequence[Event]) -> Budget:
        """The budget of an agent with limits of its own, kept over its attempts; else that of its scope.

        ``recorded``: its steps so far, from which a budget made anew on a resume knows what has been used.
        """
        if limits is None:
            return self.budget(path)
        budget = self._agents.get(execution)
        if budget is None:
            used = usage_of(recorded)
            budget = Budget(execution, limits, self.budget(path), seconds=self._spent_s.pop(execution, 0.0))
            if used is not None:
                budget.tokens, budget.usd, budget.tool_calls = used.tokens, used.usd or 0.0, used.tool_calls
                budget.has_money_unknown = used.usd is None
            self._agents[execution] = budget
        return budget

    def has_spent(self, execution: str, seconds: float) -> None:
        """An execution that is taken up on a resume has been at work for so many seconds before."""
        self._spent_s[execution] = self._spent_s.get(execution, 0.0) + seconds

    def close_agent(self, execution: str) -> None:
        """The execution is decided: forget its own budget."""
        if self._agents:
            self._agents.pop(execution, None)
        if self._spent_s:
            self._spent_s.pop(execution, None)


def scope_of(execution: str) -> str:
    """The path of the scope that an execution belongs to; "" for the run's own."""
    return execution.rpartition("/")[0]


def _bounds_slots(limits: Limits | None) -> bool:
    return limits is not None and limits.concurrency is not None


def usage_of(recorded: Sequence[Event]) -> Usage | None:
    """What the recorded steps of an execution used, over all its attempts; None for nothing."""
    total: Usage | None = None
    for event in recorded:
        match event:
            case ModelAnswered(usage=Usage() as used):
                total = total if total is not None else Usage()
                total.tokens += used.tokens
                total.usd = None if total.usd is None or used.usd is None else total.usd + used.usd
            case EffectClaimed():
                total = total if total is not None else Usage()
                total.tool_calls += 1
            case _:
                pass
    return total
