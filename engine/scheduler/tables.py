"""What the walk looks up of a plan, worked out once per plan.

Rule: lists by number instead of searches, so that an event costs what it touches. Everything here follows from the plan
alone and never changes, but for the memo of ways out, which fills as ports are used.
"""

from __future__ import annotations

from typing import Final

from engine.compile.plan import Plan, PlanEdge, PlanNode
from engine.errors import EngineBug

SKIPPED: Final = 0
TAKEN: Final = 1
FAILED: Final = 2
"""What becomes of an edge (GRAPH.md §3.1)."""

PLAIN: Final = 0
JOIN: Final = 1
END: Final = 2
"""How a node counts the edges that lead to it."""

Decided = tuple[int, int]
"""An edge's number and what became of it."""

_ARRIVAL: Final = {"join": JOIN, "end": END}
CONTROL: Final = frozenset({"parallel-fork", "join", "loop-back", "end"})
"""Kinds that live wholly in the scheduler."""

_WORK: Final = frozenset({"agent", "tool"})

PERSON_OR_TIME: Final = frozenset({"human-gate", "wait"})


def tables_of(plan: Plan) -> Tables:
    """The plan's lists, made once and kept with the plan."""
    tables = plan.facts.get("tables")
    if not isinstance(tables, Tables):
        tables = plan.facts["tables"] = Tables(plan)
    return tables


class Tables:
    """A plan's lists. ``n`` nodes, ``m`` loops; the whole scope counts as loop ``m``. O(nodes + edges) to make.

    Attributes:
        whole: ``m``, the number that stands for the scope itself among its loops.
        target: for each edge the node it leads to.
        arrival: for each node PLAIN, JOIN or END.
        waits: for each node how many edges lead to it, repeat edges aside.
        home: for each node its innermost loop, else ``m``.
        outer: for each loop the one around it, else ``m``.
        parts: for each loop and the scope, how many nodes and loops stand directly in it.
        inner: for each loop all loops inside it.
        is_plain_exit: for each node whether all its edges stay where they are: none leaves, repeats or leads to an end.
        dead: for each node its edges, all skipped.
        broken: for each node its edges as they are when a failure is passed on: failed, those for errors skipped.
        cut_loops: for each join the loops whose header lies in its branches.
        join_home: as ``home``, but a header belongs, with its ways in, to the loop around its own.
        has_items: for each node whether it has ``each``.
        watched_by: for each node the loops (or ``m``) around it in which a gate or wait may be left alone.
        rest_of: for each node the joins with ``rest: wait`` in whose branches it lies.
        rest_gates: for each such join the gates and waits in its branches, if there are any.
        is_simple: for each node whether it is begun by nothing but a Start: no lock, nothing to watch.
        is_plain: for each of these whether it is a tool or agent without ``each``.
        plain_ways: for each node port -> what becomes of its edges where the plan alone says it, as far as asked for.
        asks_on_error: for each node whether an expression says which error edge is taken.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.whole = len(plan.loops)
        self.target = [edge.target for edge in plan.edges]
        self.arrival = [_ARRIVAL.get(node.kind, PLAIN) for node in plan.nodes]
        self.waits = [len(node.into) for node in plan.nodes]
        self.home = [self.whole if node.loop is None else node.loop for node in plan.nodes]
        self.outer = [self.whole if loop.parent is None else loop.parent for loop in plan.loops]
        self.parts = self._parts()
        self.inner = self._inner()
        edges = plan.edges
        self.is_plain_exit = [not any(_is_special(edges[e]) for e in node.out) for node in plan.nodes]
        self.dead: list[tuple[Decided, ...]] = [tuple((e, SKIPPED) for e in node.out) for node in plan.nodes]
        self.broken = [tuple((e, _broken(edges[e])) for e in node.out) for node in plan.nodes]
        self.cut_loops = {
            node.number: self._loops_headed_in(node.join.branches)
            for node in plan.nodes
            if node.join is not None and node.join.cancels
        }
        headers = frozenset(loop.header for loop in plan.loops)
        self.join_home = [
            self.outer[home] if number in headers and home != self.whole else home
            for number, home in enumerate(self.home)
        ]
        self.has_items = [getattr(node.doc, "each", None) is not None for node in plan.nodes]
        self.asks_on_error = [any(edges[e].conditional for e in node.by_port.get("error", ())) for node in plan.nodes]
        self._watch()
        self.is_simple = [
            node.kind not in CONTROL and node.lock is None and not self.watched_by[node.number] for node in plan.nodes
        ]
        self.is_plain = [
            self.is_simple[node.number] and node.kind in _WORK and not self.has_items[node.number]
            for node in plan.nodes
        ]
        self.plain_ways: list[dict[str, tuple[Decided, ...]]] = [{} for _ in plan.nodes]
        self._chosen_ways: dict[tuple[int, str, tuple[int, ...]], tuple[Decided, ...]] = {}

    def _parts(self) -> list[int]:
        parts = [0] * (self.whole + 1)
        for loop in (*self.home, *self.outer):
            parts[loop] += 1
        return parts

    def _inner(self) -> list[list[int]]:
        inner: list[list[int]] = [[] for _ in self.plan.loops]
        for loop in self.plan.loops:
            around = loop.parent
            while around is not None:
                inner[around].append(loop.number)
                around = self.plan.loops[around].parent
        return inner

    def _loops_headed_in(self, branches: tuple[int, ...]) -> tuple[int, ...]:
        if not self.plan.loops:
            return ()
        nodes = frozenset(branches)
        return tuple(loop.number for loop in self.plan.loops if loop.header in nodes)

    def _watch(self) -> None:
        nodes = self.plan.nodes
        self.rest_of: list[tuple[int, ...]] = [()] * len(nodes)
        self.rest_gates: dict[int, tuple[int, ...]] = {}
        watched: set[int] = set()
        for node in nodes:
            rule = node.join
            if rule is None or rule.cancels:
                continue
            for branch in rule.branches:
                self.rest_of[branch] = (*self.rest_of[branch], node.number)
            gates = tuple(v for v in rule.branches if nodes[v].kind in PERSON_OR_TIME)
            if gates:
                self.rest_gates[node.number] = gates
                watched.add(self.join_home[node.number])
        self.watched_by: list[tuple[int, ...]] = [()] * len(nodes)
        if watched:
            self.watched_by = [tuple(x for x in (*node.loops, self.whole) if x in watched) for node in nodes]

    def ways(self, node: PlanNode, port: str, taken: tuple[int, ...] | None) -> tuple[Decided, ...]:
        """What becomes of a node's edges when it leaves by ``port``, in file order.

        Args:
            node: the node that is decided.
            port: the port it left by.
            taken: indices into its ``to``, or None for what the plan alone says.

        Raises:
            EngineBug: an index is no edge of this port; or the plan alone does not say, or no edge is taken of a port
                that has some.
        """
        if taken is None:
            plain = self.plain_ways[node.number]
            ways = plain.get(port)
            if ways is None:
                ways = plain[port] = self._new_ways(node, port, None)
            return ways
        if len(taken) > 1:
            return self._new_ways(node, port, taken)
        key = (node.number, port, taken)
        ways = self._chosen_ways.get(key)
        if ways is None:
            ways = self._chosen_ways[key] = self._new_ways(node, port, taken)
        return ways

    def _new_ways(self, node: PlanNode, port: str, taken: tuple[int, ...] | None) -> tuple[Decided, ...]:
        edges = [self.plan.edges[e] for e in node.by_port.get(port, ())]
        if taken is None:
            chosen = frozenset(self._plain_choice(node, edges))
        else:
            chosen = frozenset(taken)
            if not chosen <= {edge.index for edge in edges}:
                raise EngineBug(f"{node.id} has no edges {taken} on port {port}", where=node.id)
        if edges and not chosen:
            raise EngineBug(f"{node.id} left by port {port} and took none of its edges", where=node.id)
        if len(chosen) > 1 and node.kind != "parallel-fork":
            raise EngineBug(f"{node.id} is no fork and took the edges {taken}", where=node.id)
        numbers = frozenset(edge.number for edge in edges if edge.index in chosen)
        return tuple((e, TAKEN if e in numbers else SKIPPED) for e in node.out)

    def _plain_choice(self, node: PlanNode, edges: list[PlanEdge]) -> list[int]:
        if any(edge.conditional for edge in edges) or (len(edges) > 1 and node.kind != "parallel-fork"):
            raise EngineBug(f"{node.id}: the plan alone does not say which edges are taken", where=node.id)
        return [edge.index for edge in edges]


def _is_special(edge: PlanEdge) -> bool:
    return edge.is_repeat or edge.to_end or bool(edge.leaves)


def _broken(edge: PlanEdge) -> int:
    """A failure that joins take up goes on over all edges but those for errors."""
    return SKIPPED if edge.port == "error" else FAILED
