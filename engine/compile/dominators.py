"""Through which node all ways lead: the tree of nearest dominators of a shape.

Rule: ``repeat`` edges do not count. They cannot matter where a loop is entered by its header alone, since then the
header dominates the loop-back. Above several starts stands ``ROOT``, so that a broken graph has a tree too.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.compile.shape import Shape

ROOT = -1
"""The parent of a node that nothing dominates."""


@dataclass(frozen=True, slots=True)
class Dominators:
    """The tree.

    Attributes:
        parent: for each node the nearest node through which all ways to it lead, or ROOT.
        depth: for each node how many nodes dominate it.
        skip: for each node an ancestor far up, which makes a climb O(log nodes).

    The last entry of each list stands for ROOT.
    """

    parent: list[int]
    depth: list[int]
    skip: list[int]

    def dominates(self, node: int, other: int) -> bool:
        """Whether all ways to ``other`` lead through ``node`` (a node dominates itself). O(log nodes)."""
        return self.above(other, self.depth[node]) == node

    def nearest_common(self, one: int, other: int) -> int:
        """The nearest node through which all ways to both lead (it may be one of them), or ROOT. O(log nodes)."""
        parent, depth, skip = self.parent, self.depth, self.skip
        one = self.above(one, depth[other])
        other = self.above(other, depth[one])
        while one != other:
            if skip[one] != skip[other]:
                one, other = skip[one], skip[other]
            else:
                one, other = parent[one], parent[other]
        return one

    def above(self, node: int, depth: int) -> int:
        """The dominator of the node at ``depth``, or the node itself if it is not deeper. O(log nodes)."""
        while self.depth[node] > depth:
            node = self.skip[node] if self.depth[self.skip[node]] >= depth else self.parent[node]
        return node


def dominators_of(shape: Shape) -> Dominators:
    """The tree of nearest dominators. O((nodes + edges) log nodes), with jumps of Myers' skew-binary lists."""
    count = len(shape.ids)
    tree = Dominators([ROOT] * (count + 1), [0] * count + [-1], [ROOT] * (count + 1))
    parent, depth, skip = tree.parent, tree.depth, tree.skip
    for node in range(count):
        sources = shape.sources(node)
        above = sources[0] if sources else ROOT
        for source in sources[1:]:
            above = tree.nearest_common(above, source)
        parent[node] = above
        depth[node] = depth[above] + 1
        far = skip[above]
        skip[node] = skip[far] if depth[above] - depth[far] == depth[far] - depth[skip[far]] else above
    return tree
