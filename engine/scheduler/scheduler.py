"""The walk of one run: facts in, consequences and commands out. No I/O, no clock, no randomness.

Theory of operation: the host asks ``accepts`` whether a fact still matters, journals it, and calls ``apply``, which
returns the consequences (to be journaled right behind the fact) and the commands (to be carried out). ``walk.py`` knows
edges, joins and loops; ``admission.py`` which facts still matter; ``control.py`` the kinds that live here; ``each.py``
items; ``calls.py`` graphs that agents call; ``ending.py`` failures and ends; ``resume.py`` what a new host takes up;
``run.py`` holds what is under way. The same facts always give the same consequences and commands in the same order. A
fact that does not fit raises ``EngineBug`` and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.compile.plan import Plan, PlanNode
from engine.errors import EngineBug, Failure
from engine.scheduler import calls, control, each, ending, resume
from engine.scheduler.admission import STEPS, is_fitting
from engine.scheduler.commands import Scope, Start
from engine.scheduler.events import (
    DERIVED,
    EffectClaimed,
    EffectSettled,
    Event,
    GateAnswered,
    GateEscalated,
    GateExpired,
    GateOpened,
    GateReminded,
    NodeCompleted,
    NodeFailed,
    NodeStarted,
    RunCancelled,
    RunCancelRequested,
    RunCompleted,
    RunFailed,
    RunResumed,
    RunStarted,
    SignalReceived,
    TimerFired,
    TimerSet,
)
from engine.scheduler.executions import Execution
from engine.scheduler.names import inside
from engine.scheduler.run import NOTHING, Run, Step
from engine.scheduler.state import RunStatus
from engine.scheduler.tables import Decided
from engine.scheduler.values import Entry, Values
from engine.scheduler.walk import Walk


@dataclass(frozen=True, slots=True)
class WaitingFor:
    """One thing that a run waits for.

    Attributes:
        what: ``answer``, ``timer``, ``signal`` or ``retry``.
        execution, node: whose it is.
        gate: the gate's id, for an answer.
        signal: its name, for a signal.
        due: when it goes on by itself, seconds since 1970: a timer, a deadline, a retry; None when it does not.
    """

    what: str
    execution: str
    node: str
    gate: str | None = None
    signal: str | None = None
    due: float | None = None


class Scheduler:
    """The walk of one run.

    Args:
        plan: of the run's graph.
        plans: gives the plan of a subgraph node's graph; asked each time such a node starts.
        called: gives the plan of a graph that an agent calls by its name.
        run: what the name ``run`` holds (``id``, ``started_at``), or None.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        plans: Callable[[PlanNode], Plan] | None = None,
        called: Callable[[str], Plan] | None = None,
        run: Mapping[str, Any] | None = None,
    ) -> None:
        self.plan = plan
        self.run_names = dict(run or {})
        self._run = Run(plan, plans or _no_plans, called or _no_graphs)
        self._apply: dict[type[Any], Callable[[Any], None]] = {
            RunStarted: self._run_started,
            NodeStarted: self._node_started,
            NodeCompleted: self._node_completed,
            NodeFailed: self._node_failed,
            GateOpened: self._gate_opened,
            GateAnswered: self._gate_closed,
            GateExpired: self._gate_closed,
            TimerSet: self._timer_set,
            TimerFired: self._timer_fired,
            SignalReceived: self._signal_received,
            RunResumed: self._run_resumed,
            RunCancelRequested: self._cancel_requested,
            RunCompleted: self._run_completed,
            RunFailed: self._run_failed,
            RunCancelled: self._run_cancelled,
            **dict.fromkeys(_RECORDED, _nothing),
            EffectClaimed: self._effect_claimed,
            EffectSettled: self._effect_settled,
        }

    # -- facts -------------------------------------------------------------------------------------------------------

    def accepts(self, fact: Event) -> bool:
        """Whether a fact still matters.

        False for late words of cancelled or older executions, for answers to closed gates, and for the start of an
        item's next attempt while no slot is free: then its Start is given out again.
        """
        return is_fitting(self._run, fact)

    def apply(self, fact: Event) -> Step:
        """Take a fact in. Amortised O(1) per event and edge that it decides.

        Raises:
            EngineBug: the fact does not fit; nothing has changed.
        """
        step = self.take(fact)
        if step is None:
            raise EngineBug(f"a fact that does not fit: {fact}", where=getattr(fact, "execution", None))
        return step

    def take(self, fact: Event) -> Step | None:
        """``accepts`` and ``apply`` in one go: None, and nothing has changed, if the fact matters no more.

        Raises:
            EngineBug: the fact matters, but says what the plan does not know; nothing has changed.
        """
        kind, run = type(fact), self._run
        if kind is NodeStarted or kind is NodeCompleted:
            execution = run.executions.get(fact.execution)  # type: ignore[union-attr]
            if execution is not None and execution.is_plain:
                step = self._apply_plainly(execution, fact)  # type: ignore[arg-type]
                if step is not None:
                    return step
        if not is_fitting(run, fact):
            return None
        self._apply[kind](fact)
        if run.unsettled or run.stirred or run.granted or run.root.is_draining:
            run.settle()
        return run.collect()

    def _apply_plainly(self, execution: Execution, fact: NodeStarted | NodeCompleted) -> Step | None:
        """The start and the end of a tool or agent with nothing special about it; None where there is something.

        What the other functions come to in this case, written out because it is the case of nearly every event.
        """
        if execution.attempt != fact.attempt:
            return None
        run, walk = self._run, execution.walk
        if type(fact) is NodeStarted:
            if execution.phase != "start":
                return None
            execution.status, execution.phase = "running", "attempt"
            execution.was_begun = True
            if walk.tried is not None:
                walk.tried[execution.name] = execution.attempt
            if not execution.is_read:
                execution.is_read = True
                execution.state, execution.version = walk.values.state, walk.values.version
            return NOTHING
        if type(fact) is not NodeCompleted or execution.phase != "attempt" or walk.is_draining:
            return None
        node, values = execution.node, walk.values
        ways = _ways_of(walk, node, fact)
        if fact.writes:
            values.state = values.after(fact.writes)
        execution.status = "completed"
        del run.executions[execution.name]
        del walk.active[node.number]
        walk.busy -= 1
        entry = {"output": fact.output, "port": fact.port, "escalated": fact.escalated}
        values.put(node.id, entry, keep=bool(walk.active))
        walk.leave(node.number, ways)
        walk.decide(node.number)
        walk.drain()
        if walk.parent is not None:
            run.stirred.append(walk)
        if walk.touched:
            run.unsettled.append(walk)
        if run.unsettled or run.stirred or run.granted:
            run.settle()
        return run.collect()

    # -- what one may ask --------------------------------------------------------------------------------------------

    @property
    def status(self) -> RunStatus:
        """The run's status. ``waiting``: only answers, timers, signals and later attempts are left."""
        if self._run.outcome is not None:
            return self._run.outcome
        root = self._run.root
        return "waiting" if self._run.is_started and root.busy == 0 and not root.is_ended else "running"

    @property
    def failure(self) -> Failure | None:
        """The run's first failure, or None."""
        return self._run.root.failure

    @property
    def root(self) -> Scope:
        """The scope of the run itself."""
        return self._run.root.scope

    def values(self, scope: Scope) -> Values:
        """The values of an open scope.

        Raises:
            EngineBug: it is not open.
        """
        return self._walk(scope).values

    def names(self, scope: Scope, execution: str | None) -> dict[str, Any]:
        """The names of GRAPH.md §2 as an execution reads them: a snapshot of when its first attempt began.

        Before that, and for ``execution`` None (a graph's ``output``), as they are now. ``nodes`` is a Mapping.
        """
        walk = self._walk(scope)
        found = None if execution is None else self._run.executions.get(execution)
        reader = found if found is None or found.item is None else found.item.owner
        values = walk.values
        if reader is None or not reader.is_read:
            return self._names(walk, found, values.state, values.version)
        return self._names(walk, found, reader.state or {}, reader.version)

    def names_now(self, scope: Scope, execution: str | None) -> dict[str, Any]:
        """The same names as they are now: for ``save``, ``when``, ``while``."""
        walk = self._walk(scope)
        found = None if execution is None else self._run.executions.get(execution)
        return self._names(walk, found, walk.values.state, walk.values.version)

    def _names(self, walk: Walk, execution: Execution | None, state: dict[str, Any], version: int) -> dict[str, Any]:
        values = walk.values
        names: dict[str, Any] = {
            "input": values.input,
            "state": state,
            "nodes": values.nodes_at(version),
            "run": self.run_names,
        }
        if execution is not None:
            iteration = walk.iteration_of(execution.node)
            if iteration is not None:
                names["iteration"] = iteration
            item = execution.item
            if item is not None:
                names["item"] = item.items.values[item.index]
                names["index"] = item.index
        return names

    def attempts_counted(self, execution: str) -> int:
        """How many failed attempts of an execution count against its retry policy so far; 0 if it is not under way."""
        found = self._run.executions.get(execution)
        return 0 if found is None else found.counted

    def gate(self, name: str) -> GateOpened:
        """The open gate of this id, or the only open one of the node of this path.

        Raises:
            InputError: ``gate.closed``, ``gate.unknown`` or ``gate.ambiguous``.
        """
        return self._run.desk.gate(name)

    def open_gates(self) -> list[GateOpened]:
        """The open gates in the order in which they opened."""
        return [gate.opened for gate in self._run.desk.gates.values()]

    def open_subgraphs(self) -> list[Start]:
        """The subgraph nodes whose scopes are open, oldest first, as their Start had them."""
        parents = [walk.parent for walk in self._run.scopes.values()]
        return [_start(e) for e in parents if e is not None and e.caller is None]

    def callers(self) -> list[Start]:
        """The agents that have called graphs which are under way, as their Start had them."""
        run = self._run
        return [_start(e) for e in run.executions.values() if e.phase == "calling" and run.calls_of(e)]

    def around(self, execution: str) -> Start | None:
        """The open subgraph node, or the agent that has called graphs, of this name, as its Start had it."""
        found = self._run.executions.get(execution)
        is_around = found is not None and found.caller is None and (found.inside is not None or found.calls)
        return _start(found) if found is not None and is_around else None

    def claim_at(self, path: str) -> EffectClaimed | None:
        """What opened the scope at ``path``, where it is that of a graph which an agent called."""
        walk = self._run.scopes.get(path)
        parent = None if walk is None else walk.parent
        return None if parent is None else parent.claim

    def is_calling(self, execution: str) -> bool:
        """Whether an execution stands aside for graphs that it called, and for nothing else."""
        found = self._run.executions.get(execution)
        return found is not None and found.phase == "calling"

    def waiting_for(self) -> list[WaitingFor]:
        """All that the run waits for: answers, timers and signals, later attempts. O(what is under way)."""
        run = self._run
        found = [
            WaitingFor("answer", g.opened.execution, g.opened.node, gate=g.opened.gate, due=g.opened.deadline)
            for g in run.desk.gates.values()
        ]
        for wait in run.desk.waits.values():
            event = wait.set
            if event.signal is None:
                found.append(WaitingFor("timer", event.execution, event.node, due=event.due))
            else:
                found.append(WaitingFor("signal", event.execution, event.node, signal=event.signal, due=event.deadline))
        for execution in run.executions.values():
            if execution.phase == "retry":
                path = execution.walk.path_of(execution.node)
                found.append(WaitingFor("retry", execution.name, path, due=execution.retry_at))
        return found

    def _walk(self, scope: Scope) -> Walk:
        walk = self._run.scopes.get(scope.path)
        if walk is None:
            raise EngineBug(f"no scope {scope.path!r} is open", where=scope.path)
        return walk

    # -- what facts do -----------------------------------------------------------------------------------------------

    def _run_started(self, fact: RunStarted) -> None:
        self._run.is_started = True
        self._run.root.values.input = fact.input
        self._run.root.start()
        self._run.unsettled.append(self._run.root)

    def _node_started(self, fact: NodeStarted) -> None:
        execution = self._run.executions[fact.execution]
        walk, number = execution.walk, execution.node.number
        has_items = execution.item is None and walk.tables.has_items[number]
        if has_items and fact.items is None and execution.items is None:
            raise EngineBug(f"{fact.execution} started without its items", where=fact.execution)
        plan = self._run.plans(execution.node) if execution.node.kind == "subgraph" and not has_items else None
        execution.move("running")
        if execution.phase == "retry":
            self._run.stir(walk, +1)
            if execution.item is not None:
                execution.item.items.take(execution.item.index)
        execution.phase = "attempt"
        execution.was_begun = True
        if walk.tried is not None:
            walk.tried[execution.name] = execution.attempt
        if not execution.is_read:
            execution.is_read = True
            execution.state, execution.version = walk.values.state, walk.values.version
        if has_items:
            each.open_items(self._run, execution, fact.items)
        elif plan is not None:
            self._open_scope(execution, plan, fact.input)

    def _open_scope(self, execution: Execution, plan: Plan, given: Any) -> None:
        run, outer = self._run, execution.walk
        run.rest(execution, "inside")
        if execution.inside is not None:
            resume.revive(run, execution.inside)
            return
        path = inside(outer.scope.node_path, execution.node.id)
        walk = run.new_walk(plan, Scope(execution.name, path, plan), given)
        walk.parent, execution.inside = execution, walk
        if execution.tried is None:
            execution.tried = {} if outer.tried is None else outer.tried
        walk.tried = execution.tried
        walk.start()
        run.unsettled.append(walk)

    def _node_completed(self, fact: NodeCompleted) -> None:
        run = self._run
        execution = run.executions[fact.execution]
        walk, node = execution.walk, execution.node
        item = execution.item
        ways = () if item is not None or node.kind == "end" else _ways_of(walk, node, fact)
        state = walk.values.after(fact.writes) if fact.writes else None
        if state is not None:
            walk.values.state = state
        run.unsettled.append(walk)
        if item is not None:
            each.complete(run, execution, item, fact)
            return
        execution.move("completed" if fact.reused_from is None else "reused")
        if execution.calls:
            calls.cut_off(run, execution)
        if execution.is_control:
            run.put_away(execution)
            control.passed_on(run, walk, node, fact)
            return
        items = execution.items
        if items is not None and items.verdict != "over":
            run.rest(execution, "unheard")
            run.executions.pop(execution.name)
        else:
            run.put_away(execution)
        walk.values.put(node.id, _entry(execution, fact), keep=bool(walk.active))
        walk.leave(node.number, ways)
        if execution.phase != "unheard":
            walk.decide(node.number)

    def _node_failed(self, fact: NodeFailed) -> None:
        run = self._run
        execution = run.executions[fact.execution]
        walk, node = execution.walk, execution.node
        item = execution.item
        if fact.taken and item is None:
            walk.tables.ways(node, "error", fact.taken)
        if fact.retry_at is not None and not fact.ends_run and execution.items is None:
            self._retry(execution, fact.retry_at)
            return
        run.unsettled.append(walk)
        if item is not None:
            each.fail(run, execution, item, fact)
            if fact.ends_run:
                ending.fail(run, run.root, fact.error)
            return
        execution.move("failed")
        if execution.inside is not None:
            self._cut_inside(execution.inside)
        if execution.calls:
            calls.cut_off(run, execution)
        if execution.items is not None:
            each.withdraw_items(run, execution.items)
        run.put_away(execution)
        ending.failed(run, walk, node, fact, execution)

    def _cut_inside(self, walk: Walk) -> None:
        """A subgraph's node is decided while its scope is under way: that goes with it."""
        if not walk.is_ended:
            walk.is_ended = True
            for execution in list(walk.active.values()):
                self._run.withdraw(execution, "scope", keep=True)

    def _retry(self, execution: Execution, retry_at: float) -> None:
        run = self._run
        execution.move("retrying")
        if execution.inside is not None:
            self._cut_inside(execution.inside)
        if execution.calls:
            calls.cut_off(run, execution)
        run.silence(execution)
        execution.inside = execution.calls = None
        execution.phase = "retry"
        execution.retry_at = retry_at
        execution.attempt += 1
        execution.counted += 1
        execution.was_begun = False
        if execution.walk.is_draining:
            run.withdraw(execution, "run" if execution.walk.parent is None else "scope", keep=True)
            return
        run.commands.append(run.wish(execution))
        if execution.item is not None:
            each.step_aside(run, execution.item, retry_at)

    def _gate_opened(self, fact: GateOpened) -> None:
        run = self._run
        execution = run.executions[fact.execution]
        run.desk.open_gate(fact, execution)
        if execution.phase == "asking":
            return
        execution.move("asking")
        if execution.phase == "calling":
            execution.phase = "asking"
        else:
            run.rest(execution, "asking")
        if execution.walk.is_draining:
            run.withdraw(execution, "run" if execution.walk.parent is None else "scope", keep=True)
            return
        if execution.calls:
            calls.follow(run, execution)
        elif execution.item is not None:
            each.step_aside(run, execution.item)

    def _gate_closed(self, fact: GateAnswered | GateExpired) -> None:
        run = self._run
        execution = run.desk.close_gate(fact.gate)
        if execution.node.kind == "human-gate":
            execution.move("running")
            run.conclude(execution, fact)
        elif not execution.gates:
            if run.calls_of(execution):
                execution.move("running")
                execution.phase = "calling"
                return
            if execution.item is not None:
                each.answered(run, execution.item)
                return
            execution.move("running")
            run.ask(execution, "attempt")

    def _effect_claimed(self, fact: EffectClaimed) -> None:
        if fact.graph is not None:
            plan = self._run.called(fact.graph)
            calls.open_call(self._run, self._run.executions[fact.execution], fact, plan)

    def _effect_settled(self, fact: EffectSettled) -> None:
        calls.settle(self._run, self._run.executions[fact.execution], fact)

    def _timer_set(self, fact: TimerSet) -> None:
        run = self._run
        execution = run.executions[fact.execution]
        signal = run.desk.open_wait(fact, execution)
        if signal is None:
            run.rest(execution, "open wait")
        else:
            run.conclude(execution, signal)

    def _timer_fired(self, fact: TimerFired) -> None:
        self._run.conclude(self._run.desk.close_wait(fact.execution), fact)

    def _signal_received(self, fact: SignalReceived) -> None:
        for execution in self._run.desk.receive(fact):
            self._run.conclude(execution, fact)

    def _cancel_requested(self, _: RunCancelRequested) -> None:
        ending.cancel(self._run)

    def _run_resumed(self, fact: RunResumed) -> None:
        run = self._run
        if self._run.outcome is None:
            resume.take_up(run, is_clean=fact.clean)
        else:
            self._run.outcome = None
            resume.revive(run, run.root)

    def _run_completed(self, _: RunCompleted) -> None:
        self._run.outcome = "completed"

    def _run_failed(self, fact: RunFailed) -> None:
        self._run.outcome = "failed"
        self._run.root.failure = fact.error

    def _run_cancelled(self, _: RunCancelled) -> None:
        self._run.outcome = "cancelled"


_RECORDED: Final = (*STEPS, GateReminded, GateEscalated)


def _nothing(_: Event) -> None:
    """Recorded for the host and for readers; the walk does not change."""


def _start(execution: Execution) -> Start:
    return Start(execution.walk.scope, execution.node, execution.name, execution.attempt, execution.index)


def _no_graphs(graph: str) -> Plan:
    raise EngineBug(f"no plan for the graph {graph} that an agent calls", where=graph)


def _no_plans(node: PlanNode) -> Plan:
    raise EngineBug(f"no plan for the graph of {node.id}", where=node.id)


def _ways_of(walk: Walk, node: PlanNode, fact: NodeCompleted) -> tuple[Decided, ...]:
    """What becomes of a node's edges; of a transfer without ``taken``, the edge to its target is taken."""
    if fact.port is None:
        raise EngineBug(f"{fact.execution} completed without a port", where=fact.execution)
    taken = fact.taken
    if taken is None:
        plain = walk.tables.plain_ways[node.number].get(fact.port)
        if plain is not None:
            return plain
    if taken is None and fact.target is not None:
        plan = walk.tables.plan
        edges = (plan.edges[e] for e in node.by_port.get(fact.port, ()))
        taken = tuple(edge.index for edge in edges if plan.nodes[edge.target].id == fact.target)[:1]
    return walk.tables.ways(node, fact.port, taken)


def _entry(execution: Execution, fact: NodeCompleted) -> Entry:
    entry: Entry = {"output": fact.output, "port": fact.port, "escalated": fact.escalated}
    if execution.items is not None:
        outputs, errors = execution.items.result
        entry["errors"] = {index: failure.as_json() for index, failure in errors.items()}
        if fact.output is DERIVED:
            entry["output"] = outputs
    return entry
