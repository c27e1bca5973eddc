"""All that is known of a graph's ways, worked out once and shared by the checker and the plan.

Rule: nothing here judges. Parts that only some questions need are worked out when they are first asked for, and once
for all graphs whose ways are the same.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from engine.compile.dominators import Dominators, dominators_of
from engine.compile.loops import Loops, loops_of
from engine.compile.regions import branches_of
from engine.compile.shape import Shape
from engine.model.graph import Graph
from engine.model.nodes import AgentNode, ForkNode, JoinNode, Node, SubgraphNode, ToolNode

MOST_IN_BRANCHES = 500_000
"""Nodes looked at for the branches of all joins together: they are listed one by one, so that this bounds memory."""


class Analysis:
    """The ways of one graph that has a shape.

    Args:
        graph: the document.
        shape: its shape.
        found: what is known already of the same ways.
    """

    def __init__(self, graph: Graph, shape: Shape, found: Found | None = None) -> None:
        self.graph = graph
        self.shape = shape
        self._found = Found(shape) if found is None else found

    def of(self, graph: Graph) -> Analysis:
        """The same for another graph with the same ways, whatever else its nodes say."""
        nodes = tuple([graph.nodes[name] for name in self.shape.ids])
        return Analysis(graph, replace(self.shape, nodes=nodes), self._found)

    @property
    def tree(self) -> Dominators:
        """Through which node all ways lead."""
        return self._found.tree

    @property
    def loops(self) -> Loops:
        """Headers, bodies, nesting, leaving edges."""
        return self._found.loops

    @property
    def branches(self) -> dict[int, tuple[int, ...]]:
        """For each join that leaves or cancels a rest the nodes of its branches, ascending.

        The joins at which MOST_IN_BRANCHES was used up are left out; see ``unbounded_joins``.
        """
        return self._found.branches

    @property
    def parting_joins(self) -> list[int]:
        """The joins that may pass on before all their edges are decided, or cancel what is left."""
        return self._found.parting_joins

    @property
    def early(self) -> frozenset[int]:
        """The nodes before which and beside which no tool, agent or subgraph can have run."""
        return self._found.early

    @property
    def unbounded_joins(self) -> list[int]:
        """The joins whose branches are too large to be listed."""
        return [join for join in self.parting_joins if join not in self.branches]

    @property
    def is_broken(self) -> bool:
        """Whether loops or starts are so broken that nothing can be said of what runs when."""
        return bool(self.loops.astray or self.loops.too_deep or self.unbounded_joins) or len(self.shape.starts) != 1


class Found:
    """What was worked out of a shape; of its nodes nothing but their kinds and what joins wait for is looked at."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    @cached_property
    def tree(self) -> Dominators:
        """See ``Analysis``."""
        return dominators_of(self._shape)

    @cached_property
    def loops(self) -> Loops:
        """See ``Analysis``."""
        return loops_of(self._shape, self.tree)

    @cached_property
    def branches(self) -> dict[int, tuple[int, ...]]:
        """See ``Analysis``."""
        found: dict[int, tuple[int, ...]] = {}
        left = MOST_IN_BRANCHES
        for join in self.parting_joins:
            nodes, seen = branches_of(self._shape, self.tree, join, left)
            left -= seen
            if left < 0:
                break
            found[join] = nodes
        return found

    @cached_property
    def parting_joins(self) -> list[int]:
        """See ``Analysis``."""
        joins = [(number, node) for number, node in enumerate(self._shape.nodes) if isinstance(node, JoinNode)]
        return [number for number, node in joins if need_of(node) or node.rest == "cancel"]

    @cached_property
    def early(self) -> frozenset[int]:
        """See ``Analysis``."""
        shape, loops = self._shape, self.loops
        busy = [any(works(shape.nodes[node]) for node in loop.body) for loop in loops.loops]
        late = [isinstance(node, ForkNode) or works(node) for node in shape.nodes]
        early: set[int] = set()
        for number in range(len(shape.ids)):
            if not any(late[source] for source in shape.sources(number)) and not any(
                busy[loop] for loop in loops.around[number]
            ):
                early.add(number)
            else:
                late[number] = True
        return frozenset(early)


def works(node: Node) -> bool:
    """Whether it does work that may write any key of the state."""
    return isinstance(node, ToolNode | AgentNode | SubgraphNode)


def need_of(join: JoinNode) -> int:
    """How many taken edges suffice; 0 means all must be decided and one taken."""
    match join.wait:
        case "all":
            return 0
        case "any":
            return 1
        case _:
            return join.wait
