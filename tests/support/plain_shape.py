"""What GRAPH.md §3 says of a graph alone, each notion by its definition and never by a clever algorithm.

Rule: nothing here is shared with ``engine.compile`` or ``engine.scheduler``; a notion of the text is worked out from
the text each time it is asked for (paths by walking them all, bodies by reachability), so that a mistake of the engine
is not repeated here. Only graphs that the checker accepts have a meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from engine.model.graph import Graph
from engine.model.nodes import JoinNode, LoopBackNode, port_of

EXECUTING = ("agent", "tool", "subgraph", "human-gate", "wait")
WAITING_KINDS = ("human-gate", "wait")


@dataclass(frozen=True, slots=True)
class Way:
    """One edge: the ``index``-th of ``source``."""

    source: str
    index: int
    port: str
    target: str
    conditional: bool


class Shape:
    """The edges, loops, joins and ways of one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: dict[str, Any] = dict(graph.nodes)

    # --- edges ---

    @cached_property
    def edges(self) -> list[Way]:
        """All edges, node by node in file order."""
        return [
            Way(name, i, port_of(node, e), e.node, e.when is not None)
            for name, node in self.nodes.items()
            for i, e in enumerate(node.to)
        ]

    @cached_property
    def _out(self) -> dict[str, list[Way]]:
        return {name: [e for e in self.edges if e.source == name] for name in self.nodes}

    def out(self, name: str) -> list[Way]:
        """The edges of a node in file order."""
        return self._out[name]

    def is_repeat(self, edge: Way) -> bool:
        """Whether it is the ``repeat`` edge of a loop-back."""
        return edge.port == "repeat" and isinstance(self.nodes[edge.source], LoopBackNode)

    @cached_property
    def _into(self) -> dict[str, list[Way]]:
        return {name: [e for e in self.edges if e.target == name and not self.is_repeat(e)] for name in self.nodes}

    def into(self, name: str) -> list[Way]:
        """The edges that lead to a node, repeat edges aside."""
        return self._into[name]

    @cached_property
    def start(self) -> str:
        """The one node without a way in."""
        (name,) = [name for name in self.nodes if not self.into(name)]
        return name

    @cached_property
    def order(self) -> list[str]:
        """Topological, ties by file order: always the first node of the file whose predecessors are all placed."""
        placed: list[str] = []
        while len(placed) < len(self.nodes):
            placed.append(
                next(
                    name
                    for name in self.nodes
                    if name not in placed and all(e.source in placed for e in self.into(name))
                )
            )
        return placed

    def reach(self, name: str, *, without: str | None = None, repeats: bool = True) -> set[str]:
        """Every node that a way of at least one edge leads to from ``name``, never passing through ``without``."""
        found: set[str] = set()
        todo = [name]
        while todo:
            for edge in self.out(todo.pop()):
                if edge.target != without and edge.target not in found and (repeats or not self.is_repeat(edge)):
                    found.add(edge.target)
                    todo.append(edge.target)
        return found

    # --- loops ---

    def header_of(self, loop_back: str) -> str:
        """Where the repeat edge of a loop-back leads."""
        return next(e.target for e in self.out(loop_back) if self.is_repeat(e))

    @cached_property
    def bodies(self) -> dict[str, frozenset[str]]:
        """Header -> body: the header, and all from which a loop-back of it can be reached without passing it."""
        backs: dict[str, set[str]] = {}
        for edge in self.edges:
            if self.is_repeat(edge):
                backs.setdefault(edge.target, set()).add(edge.source)
        return {
            header: frozenset(
                {header}
                | mine
                | {n for n in self.nodes if n != header and self.reach(n, without=header) & mine}
            )
            for header, mine in backs.items()
        }  # fmt: skip

    @cached_property
    def _loops_of(self) -> dict[str, list[str]]:
        return {
            name: sorted((h for h, body in self.bodies.items() if name in body), key=lambda h: -len(self.bodies[h]))
            for name in self.nodes
        }

    def loops_of(self, name: str) -> list[str]:
        """The headers of the loops around a node, outermost first."""
        return self._loops_of[name]

    def around(self, header: str) -> str | None:
        """The header of the loop just around another loop."""
        loops = self.loops_of(header)
        return loops[loops.index(header) - 1] if loops.index(header) else None

    def leaves(self, edge: Way) -> list[str]:
        """The loops that an edge leaves, innermost first."""
        return [h for h in reversed(self.loops_of(edge.source)) if edge.target not in self.bodies[h]]

    def loop_backs(self, header: str) -> list[str]:
        """The loop-backs of a loop in file order."""
        return [e.source for e in self.edges if self.is_repeat(e) and e.target == header]

    # --- joins ---

    def need(self, join: str) -> int | None:
        """How many taken edges a join waits for; None: all must be decided."""
        node = self.nodes[join]
        assert isinstance(node, JoinNode)
        return {"all": None, "any": 1}[node.wait] if isinstance(node.wait, str) else node.wait

    def scope_of_join(self, join: str) -> frozenset[str]:
        """The nodes of the innermost loop whose iteration a join waits in (all nodes outside loops).

        A join that heads a loop waits for what comes before the loop, so the loop around counts.
        """
        loops = [h for h in self.loops_of(join) if h != join]
        return self.bodies[loops[-1]] if loops else frozenset(self.nodes)

    @cached_property
    def _branches(self) -> dict[str, frozenset[str]]:
        joins = [name for name, node in self.nodes.items() if isinstance(node, JoinNode)]
        return {join: self._branches_of(join) for join in joins}

    def branches(self, join: str) -> frozenset[str]:
        """The branches of a join (GRAPH.md §3.3)."""
        return self._branches[join]

    def nearest(self, join: str) -> str | None:
        """The nearest node through which all ways to a join lead; None if it is the start itself."""
        before = [n for n in self.nodes if n != join and join in self.reach(n, repeats=False)]
        gates = [n for n in before if join not in self._reached_from_start(without=n)]
        return next((n for n in gates if all(n == m or n in self.reach(m, repeats=False) for m in gates)), None)

    def _branches_of(self, join: str) -> frozenset[str]:
        nearest = self.nearest(join)
        after = self.reach(nearest, repeats=False) if nearest is not None else set[str]()
        return frozenset(n for n in after & self.scope_of_join(join) if n != join and self._every_way_leads_to(n, join))

    def _reached_from_start(self, *, without: str) -> set[str]:
        return set() if self.start == without else {self.start} | self.reach(self.start, without=without, repeats=False)

    def _every_way_leads_to(self, name: str, join: str) -> bool:
        """Within one iteration: a way back to the join itself, or to the header of the loop around, leads elsewhere."""
        met = {name} | self.reach(name, without=join)
        headers = {join, *[h for h in self.loops_of(join) if h != join][-1:]}
        is_lost = any(self.is_repeat(e) and e.target in headers for n in met for e in self.out(n))
        return not is_lost and all(join in self.reach(n) for n in met)

    # --- ways onward ---

    def ways_meet(self, name: str, joins: set[str]) -> bool:
        """Whether the node has a way onward, repeat and error edges aside, and each meets one of ``joins``."""
        onward = [e for e in self.out(name) if e.port != "error" and not self.is_repeat(e)]
        return bool(onward) and all(e.target in joins or self.ways_meet(e.target, joins) for e in onward)
