"""A run's host as an executor sees it: it keeps what is recorded, knows what is on disk, and can start again.

Rule: this stands for the host, which is another floor's. It journals nothing and decides nothing; what it keeps can be
cut off at any event, as a kill would, and handed to a fresh attempt.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.agents.definition import Tool, tool_of
from engine.errors import NodeError
from engine.model.graph import Graph
from engine.model.nodes import Limits
from engine.runtime.context import NodeContext, Result, Suspend
from engine.runtime.limits import Budget
from engine.scheduler.events import Event, GateAnswered, GateOpened
from tests.support.clock import VirtualClock

Answer = tuple[str, Any]
"""Option and form."""


class Runs(Protocol):
    """What runs an attempt."""

    async def run(self, ctx: NodeContext) -> Result:
        """The attempt."""
        ...


@dataclass
class Desk:
    """The host's side of one execution.

    Attributes:
        events: all that was recorded, oldest first.
        written: how many of them are on disk.
        said: volatile words, as (kind, value).
        kill_after: the process dies when so many events are recorded.
    """

    graph: Graph
    node: str
    names: Mapping[str, Any] = field(default_factory=dict[str, Any])
    clock: VirtualClock = field(default_factory=VirtualClock)
    events: list[Event] = field(default_factory=list[Event])
    said: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    budget: Budget = field(default_factory=lambda: Budget(""))
    written: int = 0
    attempt: int = 0
    kill_after: int | None = None
    timeout_s: float | None = None
    scripted: Any = None
    iteration: int = 1
    graphs: Mapping[str, Graph] = field(default_factory=dict[str, Graph])

    def record(self, event: Event) -> None:
        if self.kill_after is not None and len(self.events) >= self.kill_after:
            raise KilledError
        event.n = len(self.events) + 1
        event.at = self.clock.now()
        self.events.append(event)

    def record_together(self, events: Sequence[Event]) -> None:
        for event in events:
            self.record(event)

    def graph_of(self, name: str) -> Graph:
        if name not in self.graphs:
            raise NodeError(f"there is no graph {name}", code="graph.unknown", error_class="fatal")
        return self.graphs[name]

    def too_deep(self, path: str) -> int | None:
        return None if path.count("/") < 2 else 2

    async def wait_until_committed(self) -> None:
        self.written = len(self.events)

    def emit(self, execution: str, node: str, kind: str, value: Any) -> None:
        self.said.append((kind, value))

    def context(self, resolved: Any) -> NodeContext:
        """The next attempt, with all that was recorded so far."""
        self.attempt += 1
        deadline = None if self.timeout_s is None else self.clock.now() + self.timeout_s
        return NodeContext(
            run_id="r1",
            execution=self.node,
            node=self.node,
            attempt=self.attempt,
            doc=self.graph.nodes[self.node],
            graph=self.graph,
            input=resolved,
            names=self.names,
            clock=self.clock,
            budget=self.budget,
            host=self,
            recorded=list(self.events),
            deadline=deadline,
            iteration=self.iteration,
            scripted=self.scripted,
        )

    def open_gates(self) -> list[GateOpened]:
        """The gates that nobody has answered."""
        answered = {e.gate for e in self.events if isinstance(e, GateAnswered)}
        return [e for e in self.events if isinstance(e, GateOpened) and e.gate not in answered]

    def answer(self, option: str, form: Any = None, *, by: str = "ann") -> GateOpened:
        """Answer the only open gate."""
        (gate,) = self.open_gates()
        answered = GateAnswered(
            gate=gate.gate, execution=gate.execution, node=gate.node, option=option, form=form, by=by
        )
        self.record(answered)
        return gate

    def of(self, *kinds: type[Any]) -> list[Any]:
        """The recorded events of these classes."""
        return [event for event in self.events if isinstance(event, kinds)]

    def resumed(self, length: int | None = None) -> Desk:
        """Another host of the same run, with a copy of the first ``length`` events."""
        events = copy.deepcopy(self.events[:length])
        return Desk(
            self.graph,
            self.node,
            self.names,
            VirtualClock(self.clock.now()),
            events,
            attempt=self.attempt,
            scripted=self.scripted,
            iteration=self.iteration,
        )


class KilledError(BaseException):
    """The process is gone."""


async def to_end(desk: Desk, executor: Runs, resolved: Any, answers: Iterable[Answer] = ()) -> Result:
    """Run the node to its end, answering its gates one after the other."""
    waiting = iter(answers)
    while True:
        try:
            return await executor.run(desk.context(resolved))
        except Suspend:
            if desk.open_gates():
                option, form = next(waiting)
                desk.answer(option, form)


def as_tool(function: object) -> Tool:
    """The tool that a marked function is."""
    found = tool_of(function)
    assert found is not None
    return found


def graph_of(nodes: Mapping[str, Any], *, state: Mapping[str, Any] | None = None, **rest: Any) -> Graph:
    """A graph with these nodes."""
    return Graph.model_validate({"format": "weft/1", "name": "g", "nodes": nodes, "state": state or {}, **rest})


def budget_of(**limits: Any) -> Budget:
    """A run's budget with these limits."""
    return Budget("", Limits(**limits))
