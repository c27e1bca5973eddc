"""All that a node may do while it runs.

Rule: an executor reaches the run only through its ``NodeContext``: it reads its resolved input and the recorded steps
of earlier attempts, records events, waits for the disk before an effect, asks a person, reserves budget. It never
touches the scheduler or the journal itself. Executors are protocols here because the floors above implement them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from engine.model.types import DYNAMIC, Types
from engine.scheduler.events import EffectClaimed, Event, GateAnswered, GateOpened, TimerSet, Usage
from engine.scheduler.names import call_name

if TYPE_CHECKING:
    from engine.model.graph import Graph
    from engine.model.nodes import Retry
    from engine.runtime.clock import Clock
    from engine.runtime.limits import Budget

Names = Mapping[str, Any]
"""The names of GRAPH.md §2 for one execution: input, state, nodes, run, iteration, item, index; absent ones absent."""


@dataclass(slots=True)
class Result:
    """How an execution ended well.

    Attributes:
        output: JSON value.
        port: the port to leave by.
        target: node id of a transfer, when port is ``transfer``.
        writes: state keys set by tools, before ``output_key`` and ``save`` are added.
        escalated: ``nodes.ID.escalated``.
        usage: what was used, or None for nothing.
    """

    output: Any = None
    port: str = "ok"
    target: str | None = None
    writes: dict[str, Any] | None = None
    escalated: bool = False
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Which execution of which node of which run. ``node`` is the node's path."""

    run: str
    execution: str
    node: str


class Suspend(Exception):  # noqa: N818 - it is a way out, not an error
    """Raised through an executor when it must step aside for a person, a timer or a signal; no task stays behind.

    What it waits for has been recorded (gate.opened, timer.set). The host runs the same attempt again, with its
    recorded steps, once the answer is there.
    """


class RunFacade(Protocol):
    """What the context needs of the run's host."""

    def record(self, event: Event) -> None:
        """Number the event, apply it and hand it to the journal, in order."""
        ...

    async def wait_until_committed(self) -> None:
        """Return once everything recorded so far is on disk."""
        ...

    def emit(self, execution: str, node: str, kind: str, value: Any) -> None:
        """Tell the live feed something that is never journaled."""
        ...

    def record_together(self, events: Sequence[Event]) -> None:
        """Record events of one moment: nothing that follows from one of them comes between."""
        ...

    def graph_of(self, name: str) -> Graph:
        """A graph that is kept with the run.

        Raises:
            NodeError: ``graph.unknown``.
        """
        ...

    def too_deep(self, path: str) -> int | None:
        """The depth that a scope at ``path`` would exceed, or None where it may be opened."""
        ...


@dataclass(slots=True)
class NodeContext:
    """One attempt of one execution.

    Attributes:
        run_id: the run.
        execution: its name, for instance ``team/write@2`` or ``fetch[7]``.
        node: the node's path, for instance ``team/write``.
        attempt: from 1.
        doc: the node as it stands in the document.
        graph: the graph it stands in.
        input: what ``Executor.resolve`` made of the names.
        names: the names it was resolved with (a snapshot that does not change).
        recorded: events of this execution recorded by this and earlier attempts, oldest first (effects, model steps,
            gates, agent states).
        told: how many of them, from the oldest, are in the usage that an earlier fact has told.
        deadline: seconds since 1970 when the attempt is cut off (``timeout_s``), or None.
        seed: per-execution seed of the run.
        budget: what is left of the limits around this execution.
        iteration: iteration of the innermost loop, from 1.
        item: whether this is an item of ``each``.
        scripted: the scripted models' answers of the graph it stands in, or None where there are none.
        model: used instead of every model that the node names, or None.
        types: what the names are made of.
        is_simulated: no model is asked, and no tool called that has an effect outside.
        calls: tool calls of this attempt that were begun and leave no events of their own.
    """

    run_id: str
    execution: str
    node: str
    attempt: int
    doc: Any
    graph: Graph
    input: Any
    names: Names
    clock: Clock
    budget: Budget
    host: RunFacade
    recorded: list[Event] = field(default_factory=list[Event])
    told: int = 0
    deadline: float | None = None
    seed: int = 0
    iteration: int = 1
    item: bool = False
    scripted: Any = None
    model: str | None = None
    types: Types = DYNAMIC
    is_simulated: bool = False
    calls: int = 0

    def record(self, event: Event) -> None:
        """Journal an event of this execution. It is applied at once and written in order."""
        self.host.record(event)
        self.recorded.append(event)

    async def committed(self) -> None:
        """Wait until all that was recorded is on disk: to be awaited before anything happens outside."""
        await self.host.wait_until_committed()

    def emit(self, kind: str, value: Any) -> None:
        """Tell those who watch (``text``, ``progress``); volatile, never journaled."""
        self.host.emit(self.execution, self.node, kind, value)

    def graph_of(self, name: str) -> Graph:
        """A graph that may be called by its name, as it is kept with the run.

        Raises:
            NodeError: ``graph.unknown``.
        """
        return self.host.graph_of(name)

    def too_deep(self, call: str) -> int | None:
        """How many graphs may run inside one another, where the graph that this call opens would be one too many."""
        return self.host.too_deep(call_name(self.execution, call))

    def answer_to(self, gate: str) -> GateAnswered | None:
        """The recorded answer to a gate of this execution, or None."""
        for event in self.recorded:
            if isinstance(event, GateAnswered) and event.gate == gate:
                return event
        return None

    def step_aside(self, claims: Sequence[EffectClaimed], gate: GateOpened | None = None) -> NoReturn:
        """Open graphs, and a gate where there is one that is not open yet, and let others work until they are done.

        The same attempt goes on, with its recorded steps, when every graph has ended and the gate was answered.

        Raises:
            Suspend: always.
        """
        events: list[Event] = list(claims)
        if gate is not None and not any(isinstance(e, GateOpened) and e.gate == gate.gate for e in self.recorded):
            events.append(gate)
        if events:
            self.host.record_together(events)
        raise Suspend(self.execution)


class Executor(Protocol):
    """What a kind does when it runs. One instance serves every run of an engine."""

    def resolve(self, node: Any, names: Names, types: Types) -> Any:
        """The input of one execution: templates and expressions of the node resolved. JSON.

        Args:
            node: as it stands in the document.
            names: what they may refer to.
            types: what the names are made of (GRAPH.md §2: which numbers are doubles).

        Raises:
            NodeError: a template or expression failed.
        """
        ...

    async def run(self, ctx: NodeContext) -> Result:
        """Do the work.

        Raises:
            Suspend: it waits for a person.
            OutsideError: it failed; the class decides what follows.
        """
        ...

    def retry(self, node: Any) -> Retry:
        """The retry policy where the node names none: one attempt where an unsafe effect forbids more."""
        ...


class Waiter(Protocol):
    """What a kind does that only waits (human-gate, wait): it opens, and later concludes. Neither ever waits itself."""

    def resolve(self, node: Any, names: Names, types: Types) -> Any:
        """The input of one execution, as for ``Executor``."""
        ...

    def open(self, node: Any, place: Place, resolved: Any, *, now: float) -> GateOpened | TimerSet:
        """The event that says what is waited for. ``now``: seconds since 1970.

        Raises:
            NodeError: a resolved value does not fit (a wait's ``until`` is no time, …).
        """
        ...

    def conclude(self, fact: Event) -> Result:
        """What the answer, expiry, timer or signal comes to."""
        ...
