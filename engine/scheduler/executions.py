"""One execution under way: what is wanted of it and how far it is.

Rule: there is one record per execution from the moment it is ready until it is decided; it holds no rules, the other
modules do. ``phase`` is the finer word behind ``status``: what the host has been asked for or what it waits for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from engine.scheduler.state import Status, check_transition
from engine.scheduler.tables import CONTROL

if TYPE_CHECKING:
    from engine.compile.plan import PlanNode
    from engine.errors import Failure
    from engine.scheduler.events import EffectClaimed, GateAnswered, GateExpired, SignalReceived, TimerFired
    from engine.scheduler.items import Items
    from engine.scheduler.walk import Walk

    Concluding = GateAnswered | GateExpired | TimerFired | SignalReceived

Phase = Literal[
    "locked",  # ready, but another node holds its lock
    "start",  # a Start was given out
    "evaluate",  # an Evaluate was given out
    "attempt",  # an attempt is being executed
    "asking",  # a gate of it is open
    "answered",  # its gate is answered, but it waits for a slot among the items
    "open wait",  # a timer or signal is awaited
    "retry",  # the next attempt is due later
    "inside",  # its items or its subgraph's scope are under way
    "calling",  # graphs that it called are under way
    "conclude",  # a Conclude was given out
    "end scope",  # the EndScope of its subgraph was given out
    "give up",  # a GiveUp was given out
    "unheard",  # decided already; items that nobody waited for are still under way
]

IDLE: Final = frozenset({"locked", "asking", "answered", "open wait", "retry", "inside", "calling", "unheard"})
"""Phases in which nothing is asked of the host and nothing is being executed by the execution itself."""


@dataclass(frozen=True, slots=True)
class Item:
    """Which item an execution is: of whom, among which, the how manieth (from 0)."""

    owner: Execution
    items: Items
    index: int


class Execution:
    """One execution of one node, or of one item of it.

    Attributes:
        name: see GRAPH.md §5.
        walk: the walk it belongs to.
        node: the node.
        attempt: the attempt that is wanted or under way, from 1.
        is_plain: a tool or agent without ``each``, lock or anything to watch.
        item: which item of which node it is under ``each``, else None.
        has_slot: an item: whether it takes one of the slots of ``concurrency``.
        status, phase: see ``state.py`` and above.
        was_begun: whether its present attempt has begun.
        is_read: whether its first attempt has begun; ``state`` and ``version`` are what it then read.
        counted: failed attempts that count against the retry policy.
        kills: attempts cut off by the end of a process.
        retry_at: when the next attempt is due, seconds since 1970.
        gates: ids of its open gates.
        fact: what concluded it: gate.answered, gate.expired, timer.fired, signal.received.
        failure: what it is given up with.
        items: its items, once they are known.
        inside: the walk of its subgraph, once it is open.
        calls: an agent: idempotency key -> the graph that it called, until that call is settled.
        claim: a call: what opened it; ``caller`` is whose call it is. Its ``node`` is the caller's.
        tried: for what runs inside: execution -> its last attempt, over all attempts of this subgraph.
    """

    status: Status = "waiting"
    phase: Phase = "start"
    is_plain = False
    item: Item | None = None
    has_slot = False
    was_begun = False
    is_read = False
    state: dict[str, Any] | None = None
    version = 0
    counted = 0
    kills = 0
    retry_at: float | None = None
    gates: list[str] | None = None
    fact: Concluding | None = None
    failure: Failure | None = None
    items: Items | None = None
    inside: Walk | None = None
    calls: dict[str, Execution] | None = None
    claim: EffectClaimed | None = None
    caller: Execution | None = None
    tried: dict[str, int] | None = None
    # What an execution starts with stands in the class: most never differ from it, and one is made for every node.

    def __init__(self, name: str, walk: Walk, node: PlanNode, attempt: int) -> None:
        self.name = name
        self.walk = walk
        self.node = node
        self.attempt = attempt

    def move(self, status: Status) -> None:
        """Change the status.

        Raises:
            EngineBug: the table does not hold this change.
        """
        check_transition(self.name, self.status, status)
        self.status = status

    @property
    def is_control(self) -> bool:
        """Whether it is of a kind that lives wholly in the scheduler."""
        return self.node.kind in CONTROL

    @property
    def index(self) -> int | None:
        """Its index under ``each``, else None."""
        return None if self.item is None else self.item.index

    def __repr__(self) -> str:
        return f"<{self.name} {self.status} ({self.phase}) attempt {self.attempt}>"
