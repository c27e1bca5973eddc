"""One run's walks and executions: what is begun, given out to the host, withdrawn and put away.

Rule: the mechanics that every rule of GRAPH.md §3 needs, and no rule of its own. Consequences and commands of the fact
at hand are collected here in the order in which they arise. ``busy`` counts, scope by scope, what the host works on or
has been asked for; a scope in which nothing is busy only waits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.scheduler import calls, control, each, ending
from engine.scheduler.commands import Cancel, Command, Conclude, Continue, EndScope, GiveUp, Scope, Start
from engine.scheduler.desk import Desk
from engine.scheduler.events import (
    Event,
    GateAnswered,
    GateExpired,
    LoopRepeated,
    NodeCancelled,
    NodeSkipped,
    SignalReceived,
    TimerFired,
)
from engine.scheduler.executions import IDLE, Execution
from engine.scheduler.locks import Locks
from engine.scheduler.tables import CONTROL, PERSON_OR_TIME, tables_of
from engine.scheduler.values import Values
from engine.scheduler.walk import Walk

if TYPE_CHECKING:
    from engine.compile.plan import Plan, PlanNode
    from engine.errors import Failure
    from engine.scheduler.executions import Concluding
    from engine.scheduler.state import RunStatus

CAUSES: Final[dict[type[object], str]] = {
    GateAnswered: "answered",
    GateExpired: "expired",
    SignalReceived: "signal",
    TimerFired: "fired",
}


@dataclass(slots=True)
class Step:
    """What a fact led to: events that directly follow it in the journal, and wishes for the host, both in order."""

    consequences: Sequence[Event] = ()
    commands: Sequence[Command] = ()


NOTHING: Final = Step()


class Run:
    """All that is under way in one run.

    Attributes:
        root: the walk of the run's own graph.
        is_started: whether the first fact was taken in.
        outcome: how it ended, None while it has not.
        executions: name -> every execution and item that is not decided.
        scopes: path -> walk, for every scope that is open.
        plans, called: give the plan of a subgraph node's graph, and of a graph that an agent calls by its name.
        events, commands: of the fact at hand.
        granted: executions that have got the lock they waited for.
        unsettled: walks whose queue may hold something.
        stirred: subgraphs' walks in which more or less is being done than before.
    """

    def __init__(self, plan: Plan, plans: Callable[[PlanNode], Plan], called: Callable[[str], Plan]) -> None:
        self.plans = plans
        self.called = called
        self.is_started = False
        self.outcome: RunStatus | None = None
        self.executions: dict[str, Execution] = {}
        self.scopes: dict[str, Walk] = {}
        self.desk = Desk()
        self.locks = Locks()
        self.events: list[Event] = []
        self.commands: list[Command] = []
        self.granted: deque[Execution] = deque()
        self.unsettled: deque[Walk] = deque()
        self.stirred: list[Walk] = []
        self._has_withdrawn = False
        self.root = self.new_walk(plan, Scope("", "", plan), None)

    # -- walks -------------------------------------------------------------------------------------------------------

    def new_walk(self, plan: Plan, scope: Scope, given: object) -> Walk:
        """A walk that has not begun, known by its path."""
        walk = Walk(scope, tables_of(plan), Values(plan.document, given), self)
        self.scopes[scope.path] = walk
        return walk

    def settle(self) -> None:
        """Work off every queue and all that follows, until nothing moves any more."""
        while True:
            if self.granted:
                self._grant(self.granted.popleft())
            elif self.unsettled:
                walk = self.unsettled.popleft()
                walk.drain()
                if walk.touched and not walk.is_ended:
                    self._withdraw_left_alone(walk)
            elif self.stirred:
                self._stir(self.stirred.pop())
            else:
                break
        if self.root.is_draining:
            ending.end_if_drained(self, self.root)

    def _grant(self, execution: Execution) -> None:
        """Give out what has its lock now, unless it was withdrawn meanwhile."""
        if self.executions.get(execution.name) is execution:
            self.give_out(execution)

    def _withdraw_left_alone(self, walk: Walk) -> None:
        for number in walk.left_alone():
            execution = walk.active[number]
            self.withdraw(execution, "alone")
            walk.values.clear(execution.node.id, keep=bool(walk.active))
            walk.leave(number, walk.tables.dead[number])
            walk.decide(number)
            self.unsettled.append(walk)

    def _stir(self, walk: Walk) -> None:
        """A subgraph's scope may have begun to work or come to rest: its node follows."""
        parent = walk.parent
        if parent is None or parent.inside is not walk or self.executions.get(parent.name) is not parent:
            return
        if walk.is_draining:
            ending.end_if_drained(self, walk)
        is_working = walk.busy > 0
        if is_working is not walk.is_working:
            walk.is_working = is_working
            self.stir(parent.walk, 1 if is_working else -1)
        if parent.item is not None:
            each.follow(self, parent.item, is_working=is_working)
        elif parent.caller is not None:
            calls.follow(self, parent.caller)

    def stir(self, walk: Walk, change: int) -> None:
        """More or less is being done in a walk."""
        walk.busy += change
        if walk.parent is not None:
            self.stirred.append(walk)

    # -- executions --------------------------------------------------------------------------------------------------

    def begin(self, walk: Walk, node: PlanNode) -> None:
        """A node is ready and has something to be done for it by the host, or must wait for its lock."""
        name = walk.name_of(node)
        self.admit(Execution(name, walk, node, walk.attempt_of(name)))

    def begin_failing(self, walk: Walk, node: PlanNode, failure: Failure) -> None:
        """A node of the scheduler's own fails, and the host must evaluate the way on."""
        execution = Execution(walk.name_of(node), walk, node, 1)
        execution.failure = failure
        self.admit(execution)

    def admit(self, execution: Execution) -> None:
        """Enter an execution and give it out, or let it stand in line for its lock."""
        walk, node = execution.walk, execution.node
        number = node.number
        self.executions[execution.name] = execution
        walk.active[number] = execution
        tables = walk.tables
        if tables.watched_by[number]:
            walk.watch(number, +1)
            if node.kind in PERSON_OR_TIME:
                walk.is_unheard(number)
        if node.lock is not None and not self.locks.acquire(execution):
            execution.phase = "locked"
            return
        self.give_out(execution)

    def give_out(self, execution: Execution) -> None:
        """Ask the host to begin, evaluate or give up what is ready; a node with nothing to evaluate completes here."""
        walk, node = execution.walk, execution.node
        if not execution.is_control:
            execution.phase = "start"
        elif execution.failure is not None:
            execution.phase = "give up"
        elif node.evaluates:
            execution.phase = "evaluate"
        else:
            execution.phase = "locked"
            self.put_away(execution)
            control.complete(self, walk, node)
            self.unsettled.append(walk)
            return
        self.stir(walk, +1)
        self.commands.append(self.wish(execution))

    def wish(self, execution: Execution) -> Command:
        """The command for what the host has been asked for: the same again after a resume."""
        walk, node = execution.walk, execution.node
        scope, name, attempt = walk.scope, execution.name, execution.attempt
        match execution.phase:
            case "evaluate":
                return control.evaluate(walk, node, name)
            case "conclude":
                return self._conclude(execution)
            case "give up" if execution.failure is not None:
                return GiveUp(scope, node, name, attempt, execution.failure)
            case "end scope" if execution.inside is not None:
                return self.end_scope(execution.inside)
            case "attempt":
                return Continue(scope, node, name, attempt, execution.index)
            case "retry":
                return Start(scope, node, name, attempt, execution.index, execution.retry_at)
            case _:
                return Start(scope, node, name, attempt, execution.index)

    def _conclude(self, execution: Execution) -> Conclude:
        node, scope, fact = execution.node, execution.walk.scope, execution.fact
        conclude = Conclude(scope, node, execution.name, execution.attempt, "items", fact)
        if execution.items is not None:
            conclude.value, errors = execution.items.result
            conclude.errors = {index: failure.as_json() for index, failure in errors.items()}
        else:
            has_expired = isinstance(fact, TimerFired) and fact.expired
            conclude.cause = "expired" if has_expired else CAUSES[type(fact)]
        return conclude

    def end_scope(self, walk: Walk) -> EndScope:
        """The command that ends a scope."""
        parent = walk.parent
        return EndScope(
            walk.scope,
            failure=walk.failure,
            end=walk.end,
            end_output=walk.end_output,
            cancelled=walk.is_cancelled,
            parent=None
            if parent is None
            else Start(parent.walk.scope, parent.node, parent.name, parent.attempt, parent.index),
            claim=None if parent is None else parent.claim,
        )

    def ask(self, execution: Execution, phase: str) -> None:
        """Ask the host for something more: to conclude, to give up, to end the scope, to go on."""
        if execution.phase in IDLE:
            self.stir(execution.walk, +1)
        execution.phase = phase  # type: ignore[assignment]
        self.commands.append(self.wish(execution))

    def rest(self, execution: Execution, phase: str) -> None:
        """Nothing more is asked of the host for an execution until something happens."""
        self.stir(execution.walk, -1)
        execution.phase = phase  # type: ignore[assignment]

    def conclude(self, execution: Execution, fact: Concluding | None) -> None:
        """All is there to end it."""
        execution.fact = fact
        if execution.walk.rest:
            execution.walk.is_concluding(execution.node.number)
        self.ask(execution, "conclude")

    def give_up(self, execution: Execution, failure: Failure) -> None:
        """Let the host fail it."""
        execution.failure = failure
        self.ask(execution, "give up")

    # -- the end of executions ---------------------------------------------------------------------------------------

    def put_away(self, execution: Execution) -> None:
        """An execution of a node is decided: nothing more is known of it here."""
        self.silence(execution)
        self.executions.pop(execution.name, None)
        walk, number = execution.walk, execution.node.number
        del walk.active[number]
        if walk.tables.watched_by[number]:
            walk.watch(number, -1)
        if execution.node.lock is not None:
            following = self.locks.release(execution)
            if following is not None:
                self.granted.append(following)

    def silence(self, execution: Execution) -> None:
        """Its gates close, its wait ends, its scope is closed, and the host has nothing more to do for it."""
        if execution.gates or execution.phase == "open wait":
            self.desk.close_all_of(execution)
        inside = execution.inside
        if inside is not None:
            self.scopes.pop(inside.scope.path, None)
            if inside.is_working:
                inside.is_working = False
                self.stir(execution.walk, -1)
        if execution.phase not in IDLE:
            self.stir(execution.walk, -1)

    def withdraw(self, execution: Execution, why: str, *, keep: bool = False) -> None:
        """Cancel an execution with its items and all that is inside it; it leaves the walk's ``active``.

        The node itself is left undecided. ``keep``: a resumed run goes on with it, so it stays in ``cut`` of its walk.
        O(what is under way in it).
        """
        todo = [(execution, why)]
        while todo:
            one, reason = todo.pop()
            is_unheard = one.phase == "unheard"
            if not is_unheard:
                if one.caller is None:  # a call is told by the nodes inside it
                    one.move("cancelled")
                    self.events.append(NodeCancelled(execution=one.name, node=one.walk.path_of(one.node), why=reason))
                self.commands.append(Cancel(one.name))
                self._has_withdrawn = True
            todo.extend((inner, "scope") for inner in reversed(self._inside_of(one)))
            if one.calls:
                todo.extend((call, "scope") for call in reversed(self.calls_of(one)))
            if one.items is not None:
                todo.extend((item, "each") for item in reversed(one.items.live.values()))
            if one.item is not None:
                each.leave(self, one, one.item)
            elif one.caller is not None:
                calls.leave(self, one)
            else:
                if keep or one is not execution:
                    one.walk.cut.append(one)
                self.put_away(one)

    def calls_of(self, execution: Execution) -> list[Execution]:
        """The graphs that an agent has called and that are under way, in the order in which it called them."""
        if not execution.calls:
            return []
        return [call for call in execution.calls.values() if self.executions.get(call.name) is call]

    @staticmethod
    def _inside_of(execution: Execution) -> list[Execution]:
        inside = execution.inside
        if inside is None or inside.is_ended:
            return []
        inside.is_ended = True
        return list(inside.active.values())

    # -- what a walk leaves to the run -------------------------------------------------------------------------------

    def ready(self, walk: Walk, node: PlanNode) -> None:
        """A node is ready."""
        number, tables = node.number, walk.tables
        if tables.is_simple[number]:
            # What ``begin`` comes to for most nodes, written out because it is done for every one of them.
            name = walk.name_of(node)
            attempt = 1 if walk.tried is None else walk.attempt_of(name)
            execution = Execution(name, walk, node, attempt)
            if tables.is_plain[number]:
                execution.is_plain = True
            self.executions[name] = walk.active[number] = execution
            walk.busy += 1
            if walk.parent is not None:
                self.stirred.append(walk)
            self.commands.append(Start(walk.scope, node, name, attempt))
        elif node.kind in CONTROL and not node.evaluates and node.lock is None:
            control.complete(self, walk, node)
        else:
            self.begin(walk, node)

    def starved(self, walk: Walk, node: PlanNode) -> None:
        """A join cannot pass on."""
        control.starve(self, walk, node)

    def skipped(self, walk: Walk, node: PlanNode, why: str) -> None:
        """A node was skipped."""
        self.events.append(NodeSkipped(execution=walk.name_of(node), node=walk.path_of(node), why=why))
        walk.values.clear(node.id, keep=bool(walk.active))

    def passed(self, walk: Walk, node: PlanNode) -> None:
        """A join has passed on."""
        rule = node.join
        if rule is not None and rule.cancels:
            self._cancel_branches(walk, node, rule.branches)
        else:
            for gate in walk.tables.rest_gates.get(node.number, ()):
                execution = walk.active.get(gate)
                if execution is not None and execution.phase != "conclude":
                    walk.is_unheard(gate)

    def _cancel_branches(self, walk: Walk, join: PlanNode, branches: tuple[int, ...]) -> None:
        walk.withdraw_loops(join.number)
        nodes = walk.tables.plan.nodes
        for number in branches:
            execution = walk.active.get(number)
            if execution is not None:
                self.withdraw(execution, "join")
                if execution.status != "cancelled":
                    walk.decide(number)
            if not walk.is_decided[number]:
                self._cancel_node(walk, nodes[number], is_told=execution is not None)

    def _cancel_node(self, walk: Walk, node: PlanNode, *, is_told: bool) -> None:
        walk.is_begun[node.number] = True
        if not is_told:
            name, path = walk.name_of(node), walk.path_of(node)
            self.events.append(NodeCancelled(execution=name, node=path, why="join"))
        walk.values.clear(node.id, keep=bool(walk.active))
        walk.decide(node.number)

    def repeated(self, walk: Walk, loop: int) -> None:
        """A loop begins its next iteration."""
        header = walk.tables.plan.nodes[walk.tables.plan.loops[loop].header]
        self.events.append(
            LoopRepeated(header=walk.path_of(header), iteration=walk.iteration[loop], execution=walk.name_of(header))
        )

    def over(self, walk: Walk) -> None:
        """Every node of a scope is decided."""
        ending.complete(self, walk)

    # -- the fact at hand --------------------------------------------------------------------------------------------

    def collect(self) -> Step:
        """The consequences and commands of the fact at hand; what was given out and withdrawn at once is left out."""
        events, commands = self.events, self.commands
        if events:
            self.events = []
        if commands:
            self.commands = []
            if self._has_withdrawn:
                self._has_withdrawn = False
                commands = _without_withdrawn(commands)
        elif not events:
            return NOTHING
        return Step(events, commands)


def _without_withdrawn(commands: list[Command]) -> list[Command]:
    last = {command.execution: place for place, command in enumerate(commands) if isinstance(command, Cancel)}
    kept: list[Command] = []
    for place, command in enumerate(commands):
        if isinstance(command, EndScope):
            name = None if command.parent is None else command.parent.execution
        else:
            name = command.execution
        if isinstance(command, Cancel) or name is None or last.get(name, -1) < place:
            kept.append(command)
    return kept
