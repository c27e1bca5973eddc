"""How a run stands, told by its events alone: for lists, pictures, exports and the live view.

Rule: a fold that needs no plan, so that it serves a saved journal as well as a run under way, up to any event. It is
O(1) per event and its size is that of the graph, whatever the loops do. Where a picture needs the plan (which nodes an
iteration set back, which edges a node decided), ``node_statuses`` and ``edge_states`` put the two together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, assert_never

from engine.compile.plan import Plan, PlanNode
from engine.errors import Failure
from engine.scheduler import events as ev
from engine.scheduler.names import inside, parts
from engine.scheduler.spending import Spending, add
from engine.scheduler.state import RunStatus, Status
from engine.scheduler.tables import FAILED, TAKEN, tables_of

EdgeState = Literal["undecided", "taken", "skipped", "failed"]
Look = Status | Literal["pinned"]


@dataclass(slots=True)
class NodeView:
    """How one node stands, by its latest execution.

    Attributes:
        path: its id with the path of its subgraph.
        status: of the latest execution.
        execution: that execution's name, "" before the first.
        turns: its iterations, outermost first; () when all are 1.
        attempt: the latest attempt of it, from 1; 0 before the first.
        retry_at: when the next attempt is due, seconds since 1970, while it is retrying.
        started_at, ended_at: seconds since 1970, of the latest execution.
        port, taken, target: how it left, as the event says.
        error: how it failed.
        why: why it was skipped or cancelled.
        executions: how many executions there were.
        items, items_done, items_failed: under ``each``: how many there are and how they stand; ``items`` None without.
        usage: of all its attempts.
        pinned: whether its output was given at the start of the run, and nothing was executed.
    """

    path: str
    status: Status = "waiting"
    execution: str = ""
    turns: tuple[int, ...] = ()
    attempt: int = 0
    retry_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    port: str | None = None
    taken: tuple[int, ...] | None = None
    target: str | None = None
    error: Failure | None = None
    why: str | None = None
    executions: int = 0
    items: int | None = None
    items_done: int = 0
    items_failed: int = 0
    usage: ev.Usage = field(default_factory=ev.Usage)
    pinned: bool = False

    @property
    def look(self) -> Look:
        """What it is shown as: a pinned one is completed, and its badge says pinned."""
        return "pinned" if self.pinned and self.status == "completed" else self.status


@dataclass(slots=True)
class Overview:
    """How a run stands after the events that were noted.

    Attributes:
        nodes: node path -> how it stands; nodes that nothing happened to are absent.
        turns: header's path -> the iterations of the loops around it and of its own, outermost first, for loops that
            have repeated.
        gates: gate id -> the event that opened it, for open gates.
        waits: execution -> timer.set, for open waits.
        retries: execution -> when its next attempt is due, seconds since 1970.
        n: number of the last event.
    """

    graph: str = ""
    graph_hash: str = ""
    input: Any = None
    output: Any = None
    failure: Failure | None = None
    parent: dict[str, Any] | None = None
    started_at: float | None = None
    ended_at: float | None = None
    outcome: RunStatus | None = None
    nodes: dict[str, NodeView] = field(default_factory=dict[str, NodeView])
    turns: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    gates: dict[str, ev.GateOpened] = field(default_factory=dict[str, ev.GateOpened])
    waits: dict[str, ev.TimerSet] = field(default_factory=dict[str, ev.TimerSet])
    retries: dict[str, float] = field(default_factory=dict[str, float])
    usage: ev.Usage = field(default_factory=ev.Usage)
    n: int = 0
    _working: dict[str, None] = field(default_factory=dict[str, None])
    _calls: dict[str, str] = field(default_factory=dict[str, str])
    _spending: Spending = field(default_factory=Spending)

    @property
    def status(self) -> RunStatus:
        """The run's status: ``waiting`` when nothing is being executed and something is waited for."""
        if self.outcome is not None:
            return self.outcome
        return "waiting" if not self._working and (self.gates or self.waits or self.retries) else "running"

    def note(self, event: ev.Event) -> None:
        """Take one event in. O(1)."""
        self.n = event.n
        match event:
            case ev.RunStarted():
                self._run_started(event)
            case ev.NodeStarted():
                self._node_started(event)
            case ev.NodeCompleted():
                self._node_completed(event)
            case ev.NodeFailed():
                self._node_failed(event)
            case ev.NodeSkipped() | ev.NodeCancelled():
                self._node_left_out(event)
            case ev.LoopRepeated():
                self.turns[event.header] = parts(event.execution).turns
            case (
                ev.GateOpened()
                | ev.GateAnswered()
                | ev.GateExpired()
                | ev.TimerSet()
                | ev.TimerFired()
                | ev.SignalReceived()
            ):
                self._wait_changed(event)
            case ev.RunResumed() | ev.RunCompleted() | ev.RunFailed() | ev.RunCancelled():
                self._run_changed(event)
            case ev.ModelAnswered():
                self._spending.step(event)
            case ev.EffectClaimed():
                self._spending.step(event)
                if event.graph is not None:
                    self._calls[event.key] = event.execution
                    self._working.pop(event.execution, None)
            case ev.EffectSettled():
                if self._calls.pop(event.key, None) is not None:
                    self._go_on(event.execution)
            case (
                ev.ModelRequested()
                | ev.AgentStateChanged()
                | ev.GateReminded()
                | ev.GateEscalated()
                | ev.RunCancelRequested()
            ):
                pass
            case _:
                assert_never(event)

    def view(self, path: str) -> NodeView:
        """How a node stands; entered if nothing happened to it so far."""
        view = self.nodes.get(path)
        if view is None:
            view = self.nodes[path] = NodeView(path)
        return view

    # -- the run -----------------------------------------------------------------------------------------------------

    def _run_started(self, event: ev.RunStarted) -> None:
        self.graph, self.graph_hash, self.input = event.graph, event.graph_hash, event.input
        self.parent, self.started_at = event.parent, event.at

    def _run_changed(self, event: ev.RunResumed | ev.RunCompleted | ev.RunFailed | ev.RunCancelled) -> None:
        match event:
            case ev.RunResumed():
                self._working.clear()
                self.outcome, self.ended_at, self.failure = None, None, None
                return
            case ev.RunCompleted():
                self.outcome, self.output = "completed", event.output
            case ev.RunFailed():
                self.outcome, self.failure = "failed", event.error
            case ev.RunCancelled():
                self.outcome = "cancelled"
            case _:
                assert_never(event)
        self.ended_at = event.at

    # -- nodes -------------------------------------------------------------------------------------------------------

    def _node_started(self, event: ev.NodeStarted) -> None:
        name = parts(event.execution)
        self.retries.pop(event.execution, None)
        if event.items is None:
            self._working[event.execution] = None
        if name.scope:
            self._working.pop(name.scope, None)
        view = self.view(event.node)
        if name.item is not None:
            return
        self._enter(view, event.execution, event.at)
        view.attempt, view.status = event.attempt, "running"
        if event.items is not None:
            view.items = len(event.items)

    def _enter(self, view: NodeView, execution: str, at: float) -> None:
        """An execution of a node is heard of: what is known of the one before is forgotten, its usage apart."""
        view.retry_at = view.ended_at = None
        if view.execution == execution and view.executions:
            return
        view.execution, view.turns = execution, parts(execution).turns
        view.executions += 1
        view.attempt = 1
        view.started_at = at
        view.port = view.taken = view.target = view.error = view.why = None
        view.items, view.items_done, view.items_failed = None, 0, 0
        view.pinned = False

    def _node_completed(self, event: ev.NodeCompleted) -> None:
        view = self.view(event.node)
        self._rest(event.execution)
        self._spend(view, self._spending.decided(event.execution, event.usage))
        if parts(event.execution).item is not None:
            view.items_done += 1
            return
        self._enter(view, event.execution, event.at)
        view.status = "completed" if event.reused_from is None else "reused"
        view.attempt, view.ended_at, view.pinned = event.attempt, event.at, event.pinned
        view.port, view.taken, view.target, view.error = event.port, event.taken, event.target, None

    def _node_failed(self, event: ev.NodeFailed) -> None:
        view = self.view(event.node)
        self._rest(event.execution)
        is_last = event.retry_at is None
        self._spend(view, self._spending.decided(event.execution, event.usage) if is_last else event.usage)
        if event.retry_at is not None:
            self.retries[event.execution] = event.retry_at
        if parts(event.execution).item is not None:
            view.items_failed += event.retry_at is None
            return
        self._enter(view, event.execution, event.at)
        view.attempt, view.error = event.attempt, event.error
        if event.retry_at is not None:
            view.status, view.retry_at = "retrying", event.retry_at
        else:
            view.status, view.ended_at = "failed", event.at
            view.port, view.taken = "error", event.taken

    def _node_left_out(self, event: ev.NodeSkipped | ev.NodeCancelled) -> None:
        self._rest(event.execution)
        view = self.view(event.node)
        self._spend(view, self._spending.decided(event.execution, None))
        if parts(event.execution).item is not None:
            return
        self._enter(view, event.execution, event.at)
        view.status = "skipped" if isinstance(event, ev.NodeSkipped) else "cancelled"
        view.why, view.ended_at = event.why, event.at

    def _rest(self, execution: str) -> None:
        """An attempt is over: nothing of it works or waits any more."""
        self._working.pop(execution, None)
        self.waits.pop(execution, None)
        self.retries.pop(execution, None)
        if self._calls:
            self._calls = {key: caller for key, caller in self._calls.items() if caller != execution}
        if self.gates:
            for gate in [g for g, opened in self.gates.items() if opened.execution == execution]:
                del self.gates[gate]

    def _spend(self, view: NodeView, usage: ev.Usage | None) -> None:
        if usage is not None:
            add(view.usage, usage)
            add(self.usage, usage)

    # -- what is waited for ------------------------------------------------------------------------------------------

    def _wait_changed(
        self,
        event: ev.GateOpened | ev.GateAnswered | ev.GateExpired | ev.TimerSet | ev.TimerFired | ev.SignalReceived,
    ) -> None:
        match event:
            case ev.GateOpened():
                self.gates[event.gate] = event
                self._working.pop(event.execution, None)
                self._turn_to(event.node, event.execution, "asking")
            case ev.GateAnswered() | ev.GateExpired():
                self.gates.pop(event.gate, None)
                self._go_on(event.execution)
                self._turn_to(event.node, event.execution, "running")
            case ev.TimerSet():
                self.waits[event.execution] = event
                self._working.pop(event.execution, None)
            case ev.TimerFired():
                self.waits.pop(event.execution, None)
                self._working[event.execution] = None
            case ev.SignalReceived():
                for name in [name for name, wait in self.waits.items() if wait.signal == event.name]:
                    del self.waits[name]
                    self._working[name] = None
            case _:
                assert_never(event)

    def _go_on(self, execution: str) -> None:
        """An execution has what it waited for: it works again, unless a graph or a question of it is left."""
        is_asking = any(gate.execution == execution for gate in self.gates.values())
        if not is_asking and execution not in self._calls.values():
            self._working[execution] = None

    def _turn_to(self, path: str, execution: str, status: Status) -> None:
        view = self.view(path)
        if view.execution == execution:
            view.status = status


def overview(events: list[ev.Event]) -> Overview:
    """How a run stands after these events. O(events)."""
    found = Overview()
    for event in events:
        found.note(event)
    return found


def node_statuses(found: Overview, plan: Plan, path: str = "") -> dict[str, Status]:
    """Node id -> status in the present iteration, for one graph of the run.

    What a repeat set back and was not reached since is waiting again.

    Args:
        found: how the run stands.
        plan: the graph's plan.
        path: the node path of the subgraph node, "" for the run's own graph.
    """
    return {
        node.id: view.status if (view := _present(found, plan, node, path)) is not None else "waiting"
        for node in plan.nodes
    }


def edge_states(found: Overview, plan: Plan, path: str = "") -> list[EdgeState]:
    """For each edge of the plan what became of it in the present iteration. O(nodes + edges)."""
    states: list[EdgeState] = ["undecided"] * len(plan.edges)
    for node in plan.nodes:
        view = _present(found, plan, node, path)
        for number, state in _ways(plan, node, view) if view is not None else ():
            states[number] = "taken" if state == TAKEN else "failed" if state == FAILED else "skipped"
    return states


def _present(found: Overview, plan: Plan, node: PlanNode, path: str) -> NodeView | None:
    """A node's view, None when nothing has happened to it in the present iteration of the loops around it."""
    view = found.nodes.get(inside(path, node.id))
    if view is None:
        return None
    now: tuple[int, ...] = ()
    for loop in node.loops:
        turns = found.turns.get(inside(path, plan.nodes[plan.loops[loop].header].id), ())
        now = turns if turns[:-1] == now and turns else (*now, 1)
    return view if (view.turns or (1,) * len(node.loops)) == now else None


def _ways(plan: Plan, node: PlanNode, view: NodeView) -> tuple[tuple[int, int], ...]:
    tables = tables_of(plan)
    match view.status:
        case "completed" | "reused":
            if view.port is None:
                return ()
            taken = view.taken
            if taken is None and view.target is not None:
                to = [plan.nodes[plan.edges[e].target].id for e in node.out]
                taken = (to.index(view.target),)
            return tables.ways(node, view.port, taken)
        case "failed":
            return tables.ways(node, "error", view.taken) if view.taken else tables.broken[node.number]
        case "skipped":
            return tables.broken[node.number] if view.why == "upstream_failed" else tables.dead[node.number]
        case "cancelled":
            return tables.dead[node.number]
        case "waiting" | "running" | "retrying" | "asking":
            return ()
        case _:
            assert_never(view.status)
