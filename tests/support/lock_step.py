"""The scheduler and the plain model side by side: the same facts in, and after each the same answers out.

Rule: consequences must be equal in content and order; commands are gathered as a host would keep them (given out, taken
back by a cancel, done by the fact that answers them) and must be exactly what the plain model wishes for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.compile.compile import compile_graph
from engine.compile.plan import Plan, PlanNode
from engine.model.graph import Graph
from engine.scheduler import commands as cmd
from engine.scheduler import events as ev
from engine.scheduler.scheduler import Scheduler
from tests.support.plain_scope import Told, Wish
from tests.support.plain_walk import PlainWalk


class LockStep:
    """Both walks of one run.

    Args:
        graph: the root graph.
        graphs: the graphs that subgraph nodes name.
    """

    def __init__(self, graph: Graph, graphs: Mapping[str, Graph]) -> None:
        self.plain = PlainWalk(graph, graphs)
        plans = {name: compile_graph(inner) for name, inner in graphs.items()}

        def plan_of(node: PlanNode) -> Plan:
            return plans[node.doc.graph]

        self.scheduler = Scheduler(compile_graph(graph), plans=plan_of)
        self.pending: list[Wish] = []

    def apply(self, fact: ev.Event) -> list[Told]:
        """Give both a fact and compare what they make of it.

        Returns:
            The consequences that both drew.
        """
        if isinstance(fact, ev.RunFailed) and self.scheduler.failure is not None:
            assert fact.error.code == self.scheduler.failure.code
            fact = replace(fact, error=self.scheduler.failure)  # the two word their own failures differently
        expected = self.plain.apply(fact)
        if not self.scheduler.accepts(fact):
            assert expected == [], f"the scheduler drops {fact}, the plain model draws {expected}"
            self._compare()
            return []
        if isinstance(fact, ev.RunResumed):
            self.pending = []
        step = self.scheduler.apply(fact)
        found = [told(event) for event in step.consequences]
        assert found == expected, f"{fact}\n  scheduler: {found}\n  plain:     {expected}"
        self._forget_answered(fact)
        for command in step.commands:
            self._note(command)
        self._compare()
        self.pending = [w for w in self.pending if w[0] != "continue"]  # a host goes on at once and says no word
        self.plain.went_on()
        return expected

    def _compare(self) -> None:
        found, expected = set(self.pending), self.plain.wishes()
        assert found == expected, f"scheduler alone: {found - expected}, plain alone: {expected - found}"

    def _forget_answered(self, fact: ev.Event) -> None:
        match fact:
            case ev.NodeStarted() | ev.NodeCompleted() | ev.NodeFailed():
                self.pending = [w for w in self.pending if w[1] != fact.execution]
            case ev.RunCompleted() | ev.RunFailed() | ev.RunCancelled():
                self.pending = [w for w in self.pending if w[:2] != ("end", "")]
            case _:
                pass

    def _note(self, command: cmd.Command) -> None:
        if isinstance(command, cmd.Cancel):
            self.pending = [w for w in self.pending if w[1] != command.execution]
        else:
            self.pending.append(wished(command))


def wished(command: cmd.Command) -> Wish:
    """A command in the plain model's words."""
    match command:
        case cmd.Start():
            return ("start", command.execution, command.attempt)
        case cmd.Continue():
            return ("continue", command.execution, command.attempt)
        case cmd.Evaluate():
            return ("evaluate", command.execution)
        case cmd.Conclude():
            return ("conclude", command.execution, command.cause)
        case cmd.GiveUp():
            return ("give_up", command.execution, command.failure.code)
        case cmd.EndScope():
            code = None if command.failure is None else command.failure.code
            return ("end", command.scope.path, code, command.end, command.cancelled)
        case cmd.Cancel():
            return ("cancel", command.execution)


def told(event: ev.Event) -> Told:
    """A consequence in the plain model's words."""
    match event:
        case ev.NodeCompleted():
            return ("node.completed", event.execution, event.port, event.repeat is True)
        case ev.NodeFailed():
            return ("node.failed", event.execution, event.error.code, event.taken)
        case ev.NodeSkipped():
            return ("node.skipped", event.execution, event.why)
        case ev.NodeCancelled():
            return ("node.cancelled", event.execution, event.why)
        case ev.LoopRepeated():
            return ("loop.repeated", event.execution, event.iteration)
        case _:
            raise AssertionError(f"no consequence: {event}")
