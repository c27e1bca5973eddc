"""The books of a run: a budget for the run and for each open subgraph, and what each has used.

Rule: what was used is a fold over the journal, so it survives a resume; while a run is live the same numbers are
booked as they arise. Seconds count only while an attempt is being executed (GRAPH.md §3.8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.model.nodes import Limits
from engine.runtime.limits import Budget
from engine.scheduler.events import (
    EffectClaimed,
    Event,
    GateOpened,
    ModelAnswered,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeStarted,
    RunResumed,
    TimerSet,
    Usage,
)

DEPTH: int = 16
"""How many graphs may run inside one another where the root says nothing (GRAPH.md §1, ``limits.depth``)."""


@dataclass(slots=True)
class Accounts:
    """The budgets of one run.

    Attributes:
        root: the run's own budget.
        of_scope: scope path ("" for the run) -> its budget.
    """

    root: Budget
    of_scope: dict[str, Budget] = field(default_factory=dict[str, Budget])
    _calls: set[str] = field(default_factory=set[str])
    _under_way: dict[str, Budget] = field(default_factory=dict[str, Budget])
    _agents: dict[str, Budget] = field(default_factory=dict[str, Budget])
    _last_at: float = 0.0

    @classmethod
    def of(cls, limits: Limits | None) -> Accounts:
        """Fresh books for a run with these limits."""
        root = Budget("", limits)
        return cls(root, {"": root})

    @property
    def depth(self) -> int:
        """How many graphs may run inside one another."""
        return DEPTH if self.root.limits is None else self.root.limits.depth

    def has_slot(self, working: int) -> bool:
        """Whether one more attempt may be executed beside ``working`` others."""
        limits = self.root.limits
        return limits is None or limits.concurrency is None or working < limits.concurrency

    def open_scope(self, path: str, parent: str, limits: Limits | None) -> Budget:
        """The books of a subgraph that begins anew; ``parent`` is the path of the scope around it."""
        budget = Budget(path, limits, self.of_scope[parent])
        self.of_scope[path] = budget
        return budget

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
            budget = Budget(execution, limits, self.budget(path))
            if used is not None:
                budget.tokens, budget.usd, budget.tool_calls = used.tokens, used.usd or 0.0, used.tool_calls
            self._agents[execution] = budget
        return budget

    def close_agent(self, execution: str) -> None:
        """The execution is decided: forget its own budget."""
        if self._agents:
            self._agents.pop(execution, None)

    def recall(self, event: Event, scope_path: str) -> None:
        """Fold a recorded event in; ``scope_path`` is the scope its execution belongs to. Only for resumes."""
        match event:
            case NodeStarted():
                budget = self.budget(scope_path)
                if event.attempt == 1 and event.items is None:
                    budget.reserve_node_run(check=False)
                budget.began_all(event.at)
                self._under_way[event.execution] = budget
            case NodeCompleted() | NodeFailed() | NodeCancelled() | GateOpened() | TimerSet():
                budget_ = self._under_way.pop(event.execution, None)
                if budget_ is not None:
                    budget_.ended_all(event.at)
            case ModelAnswered() if event.usage is not None:
                self.budget(scope_path).settle_model_call(event.usage.tokens, event.usage.usd)
            case EffectClaimed() if event.key not in self._calls:
                # A call that was refused is settled without a claim: it never began.
                self._calls.add(event.key)
                self.budget(scope_path).reserve_tool_call(check=False)
                self.root.count_call(event.tool)
            case RunResumed():
                # Time without a host does not count: what was under way ended with the last event before.
                for budget in self._under_way.values():
                    budget.ended_all(self._last_at)
                self._under_way.clear()
            case _:
                pass
        self._last_at = event.at


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
