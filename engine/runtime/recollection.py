"""What a run has used, folded out of its journal when a new host takes it up.

Rule: the fold comes to the same numbers as the live bookings. A call counts once however often a process died during
it; one that had failed and was made again counts again; seconds count while an agent or a tool is at work, and at no
other time.
"""

from __future__ import annotations

from engine.compile.plan import Plan, PlanNode
from engine.runtime.accounts import Accounts, scope_of
from engine.runtime.limits import Budget
from engine.runtime.steps import Steps
from engine.runtime.surroundings import RunSettings
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
from engine.scheduler.names import called_graph


class Recollection:
    """Folds recorded events into the books of a run.

    Args:
        accounts: fresh books.
        plan: of the run's own graph.
        settings: gives the plans of the graphs inside it.
        steps: the recorded steps, each of them folded in before it comes here.

    Attributes:
        entered_at: open subgraph -> when it was opened, seconds since 1970.
        began_at: agent or tool under way -> when its attempt began or went on after a person's word.
    """

    def __init__(self, accounts: Accounts, plan: Plan, settings: RunSettings, steps: Steps) -> None:
        self.entered_at: dict[str, float] = {}
        self.began_at: dict[str, float] = {}
        self._accounts = accounts
        self._settings = settings
        self._steps = steps
        self._plans: dict[str, Plan] = {"": plan}
        self._open_calls: set[str] = set()
        self._with_claims: set[str] = set()
        self._at_work: dict[str, tuple[Budget, float]] = {}
        self._aside: set[str] = set()
        self._calls: dict[str, str] = {}
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
                self.began_at[event.execution] = event.at
                self._works(event.execution, event.at)
            case ModelAnswered() if event.usage is not None:
                self._budget(event.execution).settle_model_call(event.usage.tokens, event.usage.usd)
            case EffectClaimed():
                self._claimed(event)
            case EffectSettled():
                self._settled(event)
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
            self._accounts.open_scope(event.execution, scope_of(event.execution), limits)
        elif node.kind in ("agent", "tool"):
            self.began_at[event.execution] = event.at
            self._works(event.execution, event.at)

    def _decided(self, event: NodeCompleted | NodeFailed | NodeCancelled) -> None:
        execution = event.execution
        self._rests(execution, event.at)
        self._aside.discard(execution)
        self.began_at.pop(execution, None)
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
        if event.graph is not None:
            self._called(event)

    def _called(self, claim: EffectClaimed) -> None:
        """An agent stands aside for a graph, whose books are part of its own: these are needed from now on."""
        execution = claim.execution
        self._rests(execution, claim.at)
        limits = self._node(claim.node).doc.limits
        self._accounts.agent(scope_of(execution), execution, limits, self._steps.of(execution))
        self._accounts.open_call(claim, self._settings.called(claim.graph or "").document.limits)
        self._calls[claim.key] = execution

    def _settled(self, event: EffectSettled) -> None:
        if event.error is not None:
            self._open_calls.discard(event.key)  # made again, it counts again
        if self._calls.pop(event.key, None) is not None:
            self._accounts.close_call(event.key)
            if event.execution not in self._calls.values() and event.execution not in self._aside:
                self._works(event.execution, event.at)

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
        return self._accounts.of_execution(execution, scope_of(execution))

    def _node(self, path: str) -> PlanNode:
        outer, _, name = path.rpartition("/")
        plan = self._plan_in(outer)
        return plan.nodes[plan.number_of[name]]

    def _plan_in(self, path: str) -> Plan:
        """The plan of the graph at ``path``: in a subgraph node, or called by an agent; the run's own for ""."""
        plan = self._plans.get(path)
        if plan is None:
            called = called_graph(path)
            settings = self._settings
            found = settings.called(called) if called is not None else settings.plan_for(self._node(path))
            plan = self._plans[path] = found
        return plan
