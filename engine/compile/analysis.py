"""All that is known of a graph's ways, worked out once and shared by the checker and the plan.

Rule: nothing here judges. Parts that only some questions need are worked out when they are first asked for.
"""

from __future__ import annotations

from functools import cached_property

from engine.compile.dominators import Dominators, dominators_of
from engine.compile.loops import Loops, loops_of
from engine.compile.regions import branches_of
from engine.compile.shape import Shape
from engine.model.graph import Graph
from engine.model.nodes import JoinNode

MOST_IN_BRANCHES = 500_000
"""Nodes looked at for the branches of all joins together: they are listed one by one, so that this bounds memory."""


class Analysis:
    """The ways of one graph that has a shape."""

    def __init__(self, graph: Graph, shape: Shape) -> None:
        self.graph = graph
        self.shape = shape

    @cached_property
    def tree(self) -> Dominators:
        """Through which node all ways lead."""
        return dominators_of(self.shape)

    @cached_property
    def loops(self) -> Loops:
        """Headers, bodies, nesting, leaving edges."""
        return loops_of(self.shape, self.tree)

    @property
    def is_broken(self) -> bool:
        """Whether loops or starts are so broken that nothing can be said of what runs when."""
        return bool(self.loops.astray or self.loops.too_deep or self.unbounded_joins) or len(self.shape.starts) != 1

    @cached_property
    def branches(self) -> dict[int, tuple[int, ...]]:
        """For each join that leaves or cancels a rest the nodes of its branches, ascending.

        The joins at which MOST_IN_BRANCHES was used up are left out; see ``unbounded_joins``.
        """
        found: dict[int, tuple[int, ...]] = {}
        left = MOST_IN_BRANCHES
        for join in self.parting_joins:
            nodes, seen = branches_of(self.shape, self.tree, join, left)
            left -= seen
            if left < 0:
                break
            found[join] = nodes
        return found

    @cached_property
    def parting_joins(self) -> list[int]:
        """The joins that may pass on before all their edges are decided, or cancel what is left."""
        joins = [(number, node) for number, node in enumerate(self.shape.nodes) if isinstance(node, JoinNode)]
        return [number for number, node in joins if need_of(node) or node.rest == "cancel"]

    @property
    def unbounded_joins(self) -> list[int]:
        """The joins whose branches are too large to be listed."""
        return [join for join in self.parting_joins if join not in self.branches]


def need_of(join: JoinNode) -> int:
    """How many taken edges suffice; 0 means all must be decided and one taken."""
    match join.wait:
        case "all":
            return 0
        case "any":
            return 1
        case _:
            return join.wait
