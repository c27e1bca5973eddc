"""A run played by hand, for tests of the scheduler: what is done is said by name, what comes of it is read as words.

Rule: no clock, no journal, no values that a test does not give. ``done("a")`` begins and completes what is wished,
whatever kind it is; consequences read as ``"j completed"``, ``"c cancelled (join)"``; open wishes as ``"start b"``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.compile.compile import compile_graph
from engine.compile.plan import Plan, PlanNode
from engine.errors import Failure
from engine.model.graph import Graph
from engine.scheduler import events as ev
from engine.scheduler.commands import (
    Cancel,
    Command,
    Conclude,
    Continue,
    EndScope,
    Evaluate,
    GiveUp,
    Start,
)
from engine.scheduler.names import inside, node_path
from engine.scheduler.scheduler import Scheduler
from tests.support.sketch import sketch

STARTED = ev.RunStarted(graph="sketch", graph_hash="", documents={}, input={"x": 1}, seed=1, engine="test")
BROKEN = Failure("tool", "tool.failed", "broken")

Content = Graph | str


class Walking:
    """One run: its scheduler, its journal so far, and what the host is wished to do."""

    def __init__(self, graph: Content, *, inner: Mapping[str, Content] | None = None, **top: Any) -> None:
        self.plan = _plan(graph, **top)
        self.plans = {name: _plan(text, name=name) for name, text in (inner or {}).items()}
        self.scheduler = self.again()
        self.nodes_of: dict[str, tuple[str, PlanNode]] = {}
        self.events: list[ev.Event] = []
        self.open: list[Command] = []
        self.said: list[str] = []
        self.apply(STARTED)

    def plan_of(self, node: PlanNode) -> Plan:
        """The plan of a subgraph node's graph."""
        return self.plans[node.doc.graph]

    def again(self) -> Scheduler:
        """A fresh scheduler for the same graphs."""
        return Scheduler(self.plan, plans=self.plan_of, called=self.plans.__getitem__)

    # -- facts -------------------------------------------------------------------------------------------------------

    def apply(self, fact: ev.Event) -> list[str]:
        """Journal and apply a fact; what came of it, in words."""
        step = self.scheduler.apply(fact)
        new = [fact, *step.consequences]
        for event in new:
            event.n = 0
        self.events += new
        for number, event in enumerate(self.events, start=1):
            event.n = number
        for command in step.commands:
            self._enter(command)
        self.said = [said(event) for event in step.consequences]
        return self.said

    def _enter(self, command: Command) -> None:
        if isinstance(command, Start | Evaluate):
            path = inside(command.scope.node_path, command.node.id)
            self.nodes_of[command.execution] = path, command.node
        if isinstance(command, Cancel):
            self.open = [c for c in self.open if name_of(c) != command.execution]
        else:
            self.open = [c for c in self.open if name_of(c) != name_of(command)]
            self.open.append(command)

    def wish(self, name: str) -> Command:
        """The open wish for an execution, taken off the list."""
        found = next((c for c in self.open if name_of(c) == name), None)
        assert found is not None, f"nothing is wished of {name}: {self.wishes}"
        self.open.remove(found)
        return found

    def path(self, name: str) -> str:
        """The node path of an execution that was wished for; what its name says of all others."""
        return self.nodes_of[name][0] if name in self.nodes_of else node_path(name)

    def begin(self, name: str, *, items: list[Any] | None = None, given: Any = None) -> list[str]:
        """An attempt begins."""
        command = self.wish(name)
        assert isinstance(command, Start)
        return self.apply(
            ev.NodeStarted(execution=name, node=self.path(name), attempt=command.attempt, items=items, input=given)
        )

    def done(self, name: str, output: Any = None, **more: Any) -> list[str]:
        """An execution comes to its result; begun first if it was not."""
        attempt = self._ready_to_end(name)
        node = self.plan_node(name)
        if node.kind in ("parallel-fork", "join", "loop-back") and output is None:
            output = ev.DERIVED
        port = None if "[" in name.rpartition("/")[2] else _port(node)
        said_more: dict[str, Any] = {"output": output, "port": port, **more}
        return self.apply(ev.NodeCompleted(execution=name, node=self.path(name), attempt=attempt, **said_more))

    def fail(self, name: str, error: Failure = BROKEN, **more: Any) -> list[str]:
        """An execution's attempt fails; begun first if it was not."""
        attempt = self._ready_to_end(name)
        return self.apply(ev.NodeFailed(execution=name, node=self.path(name), attempt=attempt, error=error, **more))

    def _ready_to_end(self, name: str) -> int:
        command = next((c for c in self.open if name_of(c) == name), None)
        if isinstance(command, Start):
            self.begin(name)
        elif command is not None:
            self.open.remove(command)
        if isinstance(command, Start | Continue | Conclude | GiveUp):
            return command.attempt
        if isinstance(command, EndScope) and command.parent is not None:
            return command.parent.attempt
        if isinstance(command, Evaluate):
            return 1
        return self.attempt(name)

    def attempt(self, name: str) -> int:
        """The attempt of an execution that is under way."""
        started = [e for e in self.events if isinstance(e, ev.NodeStarted) and e.execution == name]
        return started[-1].attempt

    def ask(self, name: str, gate: str | None = None, purpose: str = "gate", **more: Any) -> list[str]:
        """A gate opens; the execution is begun first if it was not."""
        if any(isinstance(c, Start) and c.execution == name for c in self.open):
            self.begin(name)
        return self.apply(
            ev.GateOpened(
                gate=gate or name,
                execution=name,
                node=self.path(name),
                purpose=purpose,
                prompt="?",
                options=[{"name": "yes"}, {"name": "no"}],
                **more,
            )
        )

    def call(self, name: str, call: str = "1", graph: str = "inner", given: Any = None) -> list[str]:
        """An agent calls a graph; it is begun first if it was not."""
        found = next((c for c in self.open if name_of(c) == name), None)
        if isinstance(found, Start):
            self.begin(name)
        elif found is not None:
            self.open.remove(found)
        return self.apply(
            ev.EffectClaimed(
                execution=name,
                node=self.path(name),
                key=f"r1/{name}!{call}",
                tool=f"graph:{graph}",
                args_hash="",
                effect="read",
                graph=graph,
                call=call,
                input=given,
            )
        )

    def returned(self, name: str, call: str = "1", result: Any = None) -> list[str]:
        """A graph that an agent called has ended, or its time has."""
        self.open = [c for c in self.open if name_of(c) != f"{name}!{call}"]
        return self.apply(
            ev.EffectSettled(execution=name, node=self.path(name), key=f"r1/{name}!{call}", result=result)
        )

    def answer(self, gate: str, option: str = "yes") -> list[str]:
        """A person answers."""
        execution = next(g.execution for g in self.scheduler.open_gates() if g.gate == gate)
        return self.apply(ev.GateAnswered(gate=gate, execution=execution, node=self.path(execution), option=option))

    def expire(self, gate: str) -> list[str]:
        """A gate's deadline comes."""
        execution = gate.partition("!")[0]
        return self.apply(ev.GateExpired(gate=gate, execution=execution, node=node_path(execution)))

    def wait(self, name: str, **more: Any) -> list[str]:
        """A wait opens."""
        self.begin(name)
        return self.apply(ev.TimerSet(execution=name, node=node_path(name), **more))

    def fire(self, name: str, *, expired: bool = False) -> list[str]:
        """A wait's time comes."""
        return self.apply(ev.TimerFired(execution=name, node=node_path(name), expired=expired))

    def signal(self, name: str, value: Any = None) -> list[str]:
        """A signal is sent to the run."""
        return self.apply(ev.SignalReceived(name=name, value=value))

    def resume(self, *, clean: bool = False) -> list[str]:
        """A new host takes the run up; what the old one was wished to do is forgotten."""
        self.open.clear()
        return self.apply(ev.RunResumed(clean=clean))

    def cancel(self) -> list[str]:
        """Somebody wants the run to end."""
        return self.apply(ev.RunCancelRequested())

    def end(self, output: Any = None) -> str:
        """Answer the wish to end the run; the run's status."""
        command = self.wish("")
        assert isinstance(command, EndScope)
        if command.cancelled:
            self.apply(ev.RunCancelled())
        elif command.failure is not None:
            self.apply(ev.RunFailed(error=command.failure))
        else:
            self.apply(ev.RunCompleted(output=output))
        return self.status

    # -- what one sees -----------------------------------------------------------------------------------------------

    @property
    def status(self) -> str:
        """The run's status."""
        return self.scheduler.status

    @property
    def wishes(self) -> list[str]:
        """The open wishes in words, in the order in which they were made."""
        return [words(command) for command in self.open]

    @property
    def nodes(self) -> dict[str, Any]:
        """``nodes`` of the run's own graph, as they are now."""
        return dict(self.scheduler.values(self.scheduler.root).nodes)

    @property
    def state(self) -> dict[str, Any]:
        """The state of the run's own graph."""
        return self.scheduler.values(self.scheduler.root).state

    def plan_node(self, name: str) -> PlanNode:
        """The plan's node of an execution."""
        if name in self.nodes_of:
            return self.nodes_of[name][1]
        plan = self.plan
        *around, last = node_path(name).split("/")
        for node in around:
            plan = self.plan_of(plan.nodes[plan.number_of[node]])
        return plan.nodes[plan.number_of[last]]

    def all_done(self, *names: str) -> list[str]:
        """Several executions come to their results, one after the other; what came of the last."""
        for name in names:
            self.done(name)
        return self.said


def _plan(graph: Content, **top: Any) -> Plan:
    return compile_graph(sketch(graph, **top) if isinstance(graph, str) else graph)


def _port(node: PlanNode) -> str | None:
    return {"parallel-fork": "branch", "loop-back": "done", "human-gate": "yes", "end": None}.get(node.kind, "ok")


def name_of(command: Command) -> str:
    """The execution a command is about; "" for the end of the run."""
    if isinstance(command, EndScope):
        return "" if command.parent is None else command.parent.execution
    return command.execution


def said(event: ev.Event) -> str:
    """A consequence in words."""
    match event:
        case ev.NodeCompleted():
            port = f" by {event.port}" if event.port not in ("ok", "branch", None) else ""
            return f"{event.execution} completed{port}"
        case ev.NodeFailed():
            return f"{event.execution} failed ({event.error.code})"
        case ev.NodeSkipped():
            return f"{event.execution} skipped ({event.why})"
        case ev.NodeCancelled():
            return f"{event.execution} cancelled ({event.why})"
        case ev.LoopRepeated():
            return f"{event.execution} again"
        case _:
            raise AssertionError(f"no consequence: {event}")


def words(command: Command) -> str:
    """A wish in words."""
    match command:
        case Start():
            attempt = f" #{command.attempt}" if command.attempt > 1 else ""
            due = "" if command.not_before is None else f" at {command.not_before:g}"
            return f"start {command.execution}{attempt}{due}"
        case Continue():
            return f"continue {command.execution}"
        case Evaluate():
            return f"evaluate {command.execution}"
        case Conclude():
            return f"conclude {command.execution} ({command.cause})"
        case GiveUp():
            return f"give up {command.execution} ({command.failure.code})"
        case EndScope():
            how = "cancelled" if command.cancelled else command.failure.code if command.failure else command.end
            name = name_of(command)
            return f"end{' ' + name if name else ''}{f' ({how})' if how else ''}"
        case Cancel():
            raise AssertionError("a Cancel is carried out, never open")


def consequences_of(walking: Walking, names: Sequence[str]) -> list[str]:
    """Complete some executions; all that came of it, in order."""
    found: list[str] = []
    for name in names:
        found += walking.done(name)
    return found
