"""The commands of the scheduler: wishes in the imperative, which the host carries out and answers with facts.

Rule: a command names an execution and what is wanted of it; nothing here is journaled. The same journal always gives
the same commands in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.compile.plan import Plan, PlanNode
from engine.errors import Failure
from engine.scheduler.events import EffectClaimed, Event


@dataclass(slots=True)
class Scope:
    """One execution of one graph: the run itself, a subgraph node's, an agent's call. Identity matters, not equality.

    Attributes:
        path: "" for the run, else the subgraph node's execution name, for instance ``team@2`` or ``team[3]``; of a
            graph that an agent called ``write!3``.
        node_path: the same without iterations and items: "" or ``team``, ``team/inner``, ``write!research``.
        plan: the plan that is walked.
    """

    path: str
    node_path: str
    plan: Plan


@dataclass(slots=True)
class Start:
    """Begin attempt ``attempt`` of an executing node (agent, tool, subgraph, human-gate, wait) or of one item.

    The host answers with ``node.started`` when it really begins, and later with ``node.completed`` or
    ``node.failed``. ``not_before``: seconds since 1970 for a retry, else None. ``item``: index under ``each``; a node
    with ``each`` first gets a Start with ``item`` None, which the host answers with ``node.started`` and ``items``.
    """

    scope: Scope
    node: PlanNode
    execution: str
    attempt: int = 1
    item: int | None = None
    not_before: float | None = None


@dataclass(slots=True)
class Continue:
    """Go on with an attempt that had stepped aside for a person: its gate has been answered. No new node.started."""

    scope: Scope
    node: PlanNode
    execution: str
    attempt: int
    item: int | None = None


@dataclass(slots=True)
class Evaluate:
    """A fork, join, loop-back or end is ready and something of it must be evaluated: answer node.completed/failed.

    ``iteration`` and ``may_repeat`` serve a loop-back: when ``while`` holds (or is absent) it votes ``repeat`` if
    ``may_repeat``, else it ends by ``on_limit``. ``output``: of a fork or join, what it comes to (for ``save`` and
    ``when``; the event says DERIVED). These kinds have no attempts: the events say 1.
    """

    scope: Scope
    node: PlanNode
    execution: str
    iteration: int = 1
    may_repeat: bool = False
    output: Any = None


@dataclass(slots=True)
class Conclude:
    """All is there to end an execution: its gate is closed, its timer fired, its signal came, its items are decided.

    The host evaluates ``save`` and ``when`` and answers node.completed/failed.
    ``cause``: ``answered``, ``expired``, ``fired``, ``signal``, ``items``. ``fact``: the gate.answered, gate.expired,
    timer.fired or signal.received that caused it (with its ``at``), None for items. ``value``: for items the list of
    outputs in item order (null where an item failed or was not waited for), else None; ``errors``: index -> failure as
    JSON for those items (``NodeCompleted.errors``).
    """

    scope: Scope
    node: PlanNode
    execution: str
    attempt: int
    cause: str
    fact: Event | None = None
    value: Any = None
    errors: dict[str, Any] | None = None


@dataclass(slots=True)
class GiveUp:
    """Fail this execution with ``failure``: the host evaluates the error edges and answers node.failed.

    Three attempts were cut off by the end of the process, an item of ``each`` failed for good, or a join or loop-back
    failed that has a condition on an error edge.
    """

    scope: Scope
    node: PlanNode
    execution: str
    attempt: int
    failure: Failure


@dataclass(slots=True)
class EndScope:
    """The walk of a scope is over: resolve its output.

    For the run itself the host answers run.completed, run.failed or run.cancelled; for a subgraph node's scope
    node.completed or node.failed of that node; for a graph that an agent called effect.settled. ``failure``: None when
    the walk ended well. ``end``: the execution of the ``end`` node that ended it, or None; ``end_output`` is that
    node's output (None where it gave none). ``parent``: the Start of the subgraph node whose scope it is, of an agent's
    call the same under the call's name, None for the run. ``claim``: what opened an agent's call, else None.
    """

    scope: Scope
    failure: Failure | None = None
    end: str | None = None
    end_output: Any = None
    cancelled: bool = False
    parent: Start | None = None
    claim: EffectClaimed | None = None


@dataclass(slots=True)
class Cancel:
    """Stop whatever is being done for this execution; its late words are dropped."""

    execution: str


Command = Start | Continue | Evaluate | Conclude | GiveUp | EndScope | Cancel
