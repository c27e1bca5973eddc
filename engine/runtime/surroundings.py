"""What a host works with: what all hosts of an engine share, and what belongs to one run alone.

Rule: records only; whoever opens the engine fills them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from engine.runtime.clock import Clock
from engine.runtime.context import Executor, Waiter
from engine.runtime.feed import Feed
from engine.runtime.scribe import RunJournal
from engine.runtime.timers import Timers
from engine.scheduler.events import Event

if TYPE_CHECKING:
    from engine.compile.plan import Plan, PlanNode
    from engine.model.nodes import Cache, Limits
    from engine.model.types import Types
    from engine.scheduler.commands import Scope


MOST_TRAITS: Final = 100_000


class HostJournal(RunJournal, Protocol):
    """What a host needs of a journal."""

    async def cache_get(self, key: str, *, now: float) -> tuple[Any] | None:
        """The value kept under the key, in a tuple of one, or None."""
        ...

    async def cache_put(self, key: str, value: Any, *, expires_at: float) -> None:
        """Keep a JSON value until ``expires_at``."""
        ...


class Traits:
    """What hosts ask of a node again and again, looked up once: its kind's fields are not the same for all."""

    __slots__ = ("cache", "executor", "limits", "node", "timeout_s", "types")

    def __init__(self, scope: Scope, node: PlanNode, executor: Executor | None) -> None:
        self.node = node
        self.executor = executor
        self.types: Types = scope.plan.document.types_in(node.id)
        self.cache: Cache | None = getattr(node.doc, "cache", None)
        self.limits: Limits | None = getattr(node.doc, "limits", None)
        self.timeout_s: float | None = getattr(node.doc, "timeout_s", None)


@dataclass(slots=True)
class Surroundings:
    """What every host of an engine shares.

    Attributes:
        executors: kind -> what does its work (agent, tool).
        waiters: kind -> what opens and concludes it (human-gate, wait).
        hooks: called with (run id, event) for every event that was committed.
    """

    journal: HostJournal
    feed: Feed
    clock: Clock
    timers: Timers
    executors: Mapping[str, Executor]
    waiters: Mapping[str, Waiter]
    hooks: list[Callable[[str, Event], None]] = field(default_factory=list[Callable[[str, Event], None]])

    _traits: dict[int, Traits] = field(default_factory=dict[int, Traits])

    def traits_of(self, scope: Scope, node: PlanNode) -> Traits:
        """The traits of a node; looked up once for all runs of a plan, while there are not too many."""
        found = self._traits.get(id(node))
        if found is None or found.node is not node:
            if len(self._traits) >= MOST_TRAITS:
                self._traits.clear()
            found = self._traits[id(node)] = Traits(scope, node, self.executors.get(node.kind))
        return found

    def publish(self, run: str, events: list[Event]) -> None:
        """Tell the watchers and the hooks what has been committed."""
        self.feed.publish(run, events)
        for hook in self.hooks:
            for event in events:
                hook(run, event)


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What belongs to one run.

    Attributes:
        seed: the run's seed.
        limits: of the run: its graph's, tightened by the operator's.
        plan_for: gives the plan of a subgraph node's graph.
        called: gives the plan of a graph that an agent calls by its name; KeyError: none is kept with the run.
        model: used instead of every model that a node names, or None.
        scripts: graph name -> the scripted models' answers for it.
        simulates: no model is asked, and no tool called that has an effect outside.
        pins: node path -> the output that stands for its work; of a gate ``{option, form, by}``.
    """

    seed: int
    limits: Limits | None
    plan_for: Callable[[PlanNode], Plan]
    called: Callable[[str], Plan]
    model: str | None = None
    scripts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    simulates: bool = False
    pins: Mapping[str, Any] = field(default_factory=dict[str, Any])
