"""The plan: a checked graph as numbers, ready to be walked.

Rule: everything that the walk needs and that depends on the graph alone is worked out here, once, so that no event
costs more than the edges it touches. Nodes are numbered in a topological order of the graph without ``repeat`` edges
(ties by file order), edges in file order (node by node, edge by edge), loops outermost first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class PlanEdge:
    """One edge.

    Attributes:
        number: its place in ``Plan.edges``.
        source, target: node numbers.
        index: its place in the source's ``to`` list, from 0.
        port: the port it stands on (defaults filled in).
        conditional: it has a ``when``.
        is_repeat: the ``repeat`` edge of a loop-back (never counted as a way in).
        to_end: the target is an ``end`` node.
        leaves: numbers of the loops that the edge leaves, innermost first; for a ``repeat`` edge those inside the
            loop that it repeats. Empty for an edge that stays.
    """

    number: int
    source: int
    target: int
    index: int
    port: str
    conditional: bool
    is_repeat: bool
    to_end: bool
    leaves: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class JoinRule:
    """When a join passes on and what becomes of the rest.

    Attributes:
        need: how many taken edges suffice; 0 means all must be decided and one taken.
        cancels: ``rest`` is ``cancel``.
        accepts_failed: ``accept_failed``.
        branches: numbers of the nodes of its branches (GRAPH.md §3.3), ascending; what ``cancel`` cancels. Empty where
            the join waits for all and cancels nothing, since then nothing of them is undecided when it passes on.
            "Every way onward leads to it" is meant within one iteration: a way through the header of the innermost
            loop around the join (for a join that is itself a header, of the loop around that one) or past the join
            does not lead to it.
    """

    need: int
    cancels: bool
    accepts_failed: bool
    branches: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PlanLoop:
    """One loop: all loop-backs with one header.

    Attributes:
        number: its place in ``Plan.loops``.
        header: node number.
        body: numbers of its nodes, ascending, inner loops' nodes included.
        loop_backs: numbers of the loop-backs whose ``repeat`` edge leads to the header.
        parent: number of the innermost loop around it, or None.
        depth: 1 for an outermost loop.
        leaving: numbers of the edges that leave it (edges of inner loops that leave it too, and ``repeat`` edges of
            outer loops that start in its body).
    """

    number: int
    header: int
    body: tuple[int, ...]
    loop_backs: tuple[int, ...]
    parent: int | None
    depth: int
    leaving: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PlanNode:
    """One node.

    Attributes:
        number: its place in ``Plan.nodes``.
        id: its name in the file.
        kind: one of the nine kinds.
        doc: the document's node (engine.model.nodes).
        out: numbers of its edges in file order.
        by_port: port -> numbers of its edges in file order; ports without an edge are absent.
        deciding: the ports with an edge that has a condition.
        into: numbers of the edges that lead to it, file order, ``repeat`` edges left out.
        loop: number of the innermost loop whose body it is in, or None.
        loops: numbers of all loops around it, outermost first.
        repeats: for a loop-back, the number of the loop that it repeats, else None.
        join: the rule of a join, else None.
        evaluates: a fork, join, loop-back or end for which the host must evaluate something when it completes
            (``when`` on an edge, ``save``, ``while``, ``output``, ``fail``); else the scheduler completes it itself.
        takes_up: whether a failure here, without an error edge, is taken up by joins (GRAPH.md §3.6): ``always`` and
            ``never`` are known from the graph alone; ``ask`` depends on joins that may have passed on.
        asks: for ``ask`` the numbers of the nodes to ask, ascending, else empty: the failure is taken up if each of
            them is a join that has passed on in its present iteration, or its own failure would be taken up
            (``takes_up`` and ``asks`` of that node, and so on; the graph of ``asks`` has no cycle). Ways that meet an
            accepting join in any case and nodes in between with one way only are left out.
        lock: the lock's name, or None.
    """

    number: int
    id: str
    kind: str
    doc: Any
    out: tuple[int, ...]
    by_port: dict[str, tuple[int, ...]]
    into: tuple[int, ...]
    loop: int | None
    loops: tuple[int, ...]
    repeats: int | None
    join: JoinRule | None
    evaluates: bool
    takes_up: Literal["always", "never", "ask"]
    asks: tuple[int, ...] = ()
    lock: str | None = None
    deciding: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """A graph ready to be walked.

    Attributes:
        name: the graph's name.
        hash: the graph's SHA-256 in hex.
        start: number of the start node.
        nodes, edges, loops: see their classes; index = number.
        number_of: node id -> number.
        document: the graph it was made from.
    """

    name: str
    hash: str
    start: int
    nodes: tuple[PlanNode, ...]
    edges: tuple[PlanEdge, ...]
    loops: tuple[PlanLoop, ...]
    number_of: dict[str, int]
    document: Any
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
