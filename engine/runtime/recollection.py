"""What a run has used, folded out of its journal when a new host takes it up.

Rule: the fold comes to the same numbers as the live bookings. A call counts once however often a process died during
it; one that had failed and was made again counts again; seconds count while an agent or a tool is at work, and at no
other time.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.compile.plan import Plan, PlanNode
from engine.runtime.accounts import Accounts
from engine.runtime.limits import Budget
from engine.scheduler.events import (
    EffectClaimed,
    EffectSettled,
    Event,
    GateAnswered,
    GateExpired,
    GateOpened,
    ModelAnswered,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeStarted,
    RunResumed,
)


class Recollection:
    """Folds recorded events into the books of a run.

    Args:
        accounts: fresh books.
        plan: of the run's own graph.
        plan_for: gives the plan of a subgraph node's graph.

    Attributes:
        entered_at: open subgraph -> when it was opened, seconds since 1970.
    """

    def __init__(self, accounts: Accounts, plan: Plan, plan_for: Callable[[PlanNode], Plan]) -> None:
        self.entered_at: dict[str, float] = {}
        self._accounts = accounts
        self._plan_for = plan_for
        self._plans: dict[str, Plan] = {"": plan}
        self._open_calls: set[str] = set()
        self._with_claims: set[str] = set()
        self._at_work: dict[str, tuple[Budget, float]] = {}
        self._aside: set[str] = set()
        self._last_at = 0.0

    def note(self, event: Event) -> None:
        """Fold one event in. O(1)."""
        match event:
            case NodeStarted():
                self._started(event)
            case NodeCompleted() | NodeFailed() | NodeCancelled():
                self._decided(event)
            case GateOpened() if event.execution in self._at_work:
                self._rests(event.execution, event.at)
                self._aside.add(event.execution)
            case GateAnswered() | GateExpired() if event.execution in self._aside:
                self._aside.discard(event.execution)
                self._works(event.execution, event.at)
            case ModelAnswered() if event.usage is not None:
                self._budget(event.execution).settle_model_call(event.usage.tokens, event.usage.usd)
            case EffectClaimed():
                self._claimed(event)
            case EffectSettled() if event.error is not None:
                self._open_calls.discard(event.key)  # made again, it counts again
            case RunResumed():
                self.stop()
            case _:
                pass
        self._last_at = event.at

    def stop(self) -> None:
        """The host is gone: what was at work ended with the last event, for time without a host does not count."""
        for execution in list(self._at_work):
            self._rests(execution, self._last_at)

    def _started(self, event: NodeStarted) -> None:
        if event.items is not None:
            return
        if event.attempt == 1:
            self._budget(event.execution).reserve_node_run(check=False)
        node = self._node(event.node)
        if node.kind == "subgraph":
            self.entered_at[event.execution] = event.at
            limits = self._plan_in(event.node).document.limits
            self._accounts.open_scope(event.execution, _scope(event.execution), limits)
        elif node.kind in ("agent", "tool"):
            self._works(event.execution, event.at)

    def _decided(self, event: NodeCompleted | NodeFailed | NodeCancelled) -> None:
        execution = event.execution
        self._rests(execution, event.at)
        self._aside.discard(execution)
        if isinstance(event, NodeCompleted | NodeFailed) and event.usage is not None:
            self._book_unclaimed(execution, event.usage.tool_calls)
        if self.entered_at.pop(execution, None) is not None and not isinstance(event, NodeFailed):
            self._accounts.close_scope(execution)
        if not isinstance(event, NodeFailed) or event.retry_at is None:
            self._with_claims.discard(execution)
            self._accounts.close_agent(execution)

    def _book_unclaimed(self, execution: str, calls: int) -> None:
        """Calls that left no events of their own stand in the usage alone; the others have been counted already."""
        if execution not in self._with_claims:
            for _ in range(calls):
                self._budget(execution).reserve_tool_call(check=False)

    def _claimed(self, event: EffectClaimed) -> None:
        # A call that was refused is settled without a claim: it never began.
        self._with_claims.add(event.execution)
        if event.key not in self._open_calls:
            self._open_calls.add(event.key)
            budget = self._budget(event.execution)
            budget.reserve_tool_call(check=False)
            budget.count_call(event.tool)

    def _works(self, execution: str, at: float) -> None:
        budget = self._budget(execution)
        budget.began_all(at)
        self._at_work[execution] = budget, at

    def _rests(self, execution: str, at: float) -> None:
        found = self._at_work.pop(execution, None)
        if found is not None:
            budget, since = found
            budget.ended_all(at)
            self._accounts.has_spent(execution, max(0.0, at - since))

    def _budget(self, execution: str) -> Budget:
        return self._accounts.budget(_scope(execution))

    def _node(self, path: str) -> PlanNode:
        outer, _, name = path.rpartition("/")
        plan = self._plan_in(outer)
        return plan.nodes[plan.number_of[name]]

    def _plan_in(self, path: str) -> Plan:
        """The plan of the graph that runs in the subgraph node at ``path``; the run's own for ""."""
        plan = self._plans.get(path)
        if plan is None:
            plan = self._plans[path] = self._plan_for(self._node(path))
        return plan


def _scope(execution: str) -> str:
    """The path of the scope that an execution belongs to; "" for the run's own."""
    return execution.rpartition("/")[0]
