"""Who is over when, and who parts from whom at a choice: sets of nodes for all nodes at once.

Rule: surely over is what has been waited for. A node waits for all its edges; a join that passes on early only for as
many as it needs, so that its rest runs beside what follows, up to the end of the iteration (edges that leave a loop
wait for its whole body); what a join cancels is over when it passes on; so is what lies behind another edge of a choice
that was passed; an edge to an ``end`` waits for nothing else. Sets of nodes are whole numbers, one bit for each node
that somebody asks about. They depend on the ways of a graph alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property

from engine.compile.analysis import Analysis, need_of
from engine.compile.dominators import ROOT
from engine.model.nodes import EndNode, ForkNode, JoinNode


class NodeSets:
    """The sets for the nodes in ``asked``; all numbers are those of the shape.

    Cost: O(edges * asked / 64) in all, when they are first asked for.

    Attributes:
        analysis: the ways.
        asked: the nodes that somebody asks about, ascending; bit n stands for the n-th.
    """

    def __init__(self, analysis: Analysis, asked: Iterable[int]) -> None:
        self.analysis = analysis
        self.asked = sorted(set(asked))
        self._shape = analysis.shape
        self._loops = analysis.loops
        self._bit = {node: 1 << place for place, node in enumerate(self.asked)}

    def mask(self, nodes: Iterable[int]) -> int:
        """Nodes as a set of bits; those that nobody asks about are left out."""
        bits = 0
        for node in nodes:
            bits |= self._bit.get(node, 0)
        return bits

    def can_precede(self, one: int, other: int) -> bool:
        """Whether ``one`` can have run before ``other``, running at the same time aside.

        A way leads from one to the other, repeats included, or a loop around ``one`` is over before.
        """
        around = self._loops.around[one]
        if not around:
            return bool(self._ancestors[other] & self._bit[one])
        outermost = self._loops.loops[around[0]]
        inside = self._loops.around[other][:1] == around[:1]
        return inside or bool(self._ancestors[other] & self._entry_bit[outermost.header])

    def not_over(self, node: int) -> int:
        """The asked nodes with smaller numbers that may run at the same time as far as waiting and choices say."""
        left = (self._bit[node] - 1) & ~self._over[node] & ~self._exclusive(node)
        for loop in self._loops.around[node]:
            left &= ~self._after_loops[loop]
        return left

    # --- what is over ---

    @cached_property
    def _over(self) -> list[int]:
        """For each node the asked ones that are surely decided, or never to run, when it starts."""
        started: list[int] = []
        decided: list[int] = []
        for node, document in enumerate(self._shape.nodes):
            into = self._shape.into[node]
            sure = [self._when_taken(edge, started, decided) for edge in into]
            least = _union([self._when(edge, decided) for edge in into])
            need = 1 if isinstance(document, EndNode) else need_of(document) if isinstance(document, JoinNode) else 0
            if need:
                passed = _in_at_least(sure, max(1, len(sure) - need + 1))
                if isinstance(document, JoinNode) and document.rest == "cancel":
                    passed |= self.mask(self.analysis.branches[node])
                # One that starves or is skipped has waited for all its edges, and cancels nothing.
                started.append(passed)
                decided.append(passed & least)
            else:
                # All edges are decided and at least one is taken; a skipped one tells less than a taken one.
                started.append(least | _in_at_least(sure, max(1, len(sure))))
                decided.append(least)
        return started

    def _when_taken(self, edge: int, started: list[int], decided: list[int]) -> int:
        """What is surely over when an edge is taken; a join may leave by ``error`` without having passed on."""
        link = self._shape.links[edge]
        source = self._shape.nodes[link.source]
        if link.port == "error" and isinstance(source, JoinNode):
            return self._when(edge, decided)
        bits = self._when(edge, started)
        if isinstance(source, ForkNode):
            return bits
        tree, single = self.analysis.tree, self._is_single[link.target]
        mine = self._dominated[link.target] if single and tree.parent[link.target] == link.source else 0
        return bits | self._exclusive(link.source) | (self._behind[link.source] & ~mine)

    def _when(self, edge: int, over: list[int]) -> int:
        """What is over before the source, the source, and the loops that the edge leaves and so waits for."""
        link = self._shape.links[edge]
        bits = over[link.source] | self._bit.get(link.source, 0)
        left = self._loops.leaves[edge]
        waits = left and not isinstance(self._shape.nodes[link.target], EndNode)
        return bits | self._bodies[left[-1]] if waits else bits

    @cached_property
    def _bodies(self) -> list[int]:
        """For each loop the asked nodes of its body, and a bit of its own above theirs: the loop is over."""
        return [self.mask(loop.body) | 1 << (len(self.asked) + place) for place, loop in enumerate(self._loops.loops)]

    @cached_property
    def _after_loops(self) -> list[int]:
        """For each loop the asked nodes that surely start after it is over and are numbered before its last node.

        Only these have to be told: of two nodes it is the one with the larger number whose ``_over`` is looked at.
        """
        after: list[int] = []
        for place, loop in enumerate(self._loops.loops):
            among = self.asked[bisect_right(self.asked, loop.header) : bisect_right(self.asked, loop.body[-1])]
            over = 1 << (len(self.asked) + place)
            after.append(self.mask(node for node in among if self._over[node] & over))
        return after

    @cached_property
    def _ancestors(self) -> list[int]:
        """For each node the asked ones and, in the bits above, the outermost headers that lead to it."""
        found: list[int] = []
        for node in range(len(self._shape.ids)):
            above = self._entry_bit.get(node, 0)
            for source in self._shape.sources(node):
                above |= found[source] | self._bit.get(source, 0)
            found.append(above)
        return found

    @cached_property
    def _entry_bit(self) -> dict[int, int]:
        outermost = [loop.header for loop in self._loops.loops if loop.depth == 1]
        return {header: 1 << (len(self.asked) + place) for place, header in enumerate(outermost)}

    # --- one execution ---

    @cached_property
    def _choice_tops(self) -> list[int]:
        """For each node the highest of its dominators (or itself) at and below which there is no fork."""
        tree, shape = self.analysis.tree, self._shape
        count = len(shape.ids)
        forked = [isinstance(node, ForkNode) for node in shape.nodes]
        for node in reversed(range(count)):
            if forked[node] and tree.parent[node] != ROOT:
                forked[tree.parent[node]] = True
        tops = list(range(count))
        for node in range(count):
            parent = tree.parent[node]
            if parent != ROOT and not forked[parent]:
                tops[node] = tops[parent]
        return tops

    @cached_property
    def _below(self) -> dict[int, int]:
        """For each such top the asked nodes that have it."""
        found: dict[int, int] = {}
        for node, bit in self._bit.items():
            top = self._choice_tops[node]
            found[top] = found.get(top, 0) | bit
        return found

    def _exclusive(self, node: int) -> int:
        """Asked nodes that part from this one at a choice: with no fork in sight, or each behind an edge of its own."""
        bits = self._below.get(self._choice_tops[node], 0) | self._parted[node]
        return bits & ~self._bit.get(node, 0)

    @cached_property
    def _is_single(self) -> list[bool]:
        """For each node whether all its edges come from its nearest dominator."""
        parent = self.analysis.tree.parent
        return [
            all(source == parent[node] for source in self._shape.sources(node)) for node in range(len(self._shape.ids))
        ]

    @cached_property
    def _dominated(self) -> list[int]:
        """For each node the asked ones to which all ways lead through it."""
        parent = self.analysis.tree.parent
        found = [self._bit.get(node, 0) for node in range(len(self._shape.ids))]
        for node in reversed(range(len(found))):
            if parent[node] != ROOT:
                found[parent[node]] |= found[node]
        return found

    @cached_property
    def _behind(self) -> list[int]:
        """For each choice the asked nodes that lie behind a single one of its edges."""
        parent = self.analysis.tree.parent
        found = [0] * len(self._shape.ids)
        for node, single in enumerate(self._is_single):
            if single and parent[node] != ROOT and not isinstance(self._shape.nodes[parent[node]], ForkNode):
                found[parent[node]] |= self._dominated[node]
        return found

    @cached_property
    def _parted(self) -> list[int]:
        """For each node the asked ones that lie behind another edge of a choice, each of both behind one edge only."""
        parent = self.analysis.tree.parent
        found = [0] * len(self._shape.ids)
        for node, single in enumerate(self._is_single):
            if parent[node] != ROOT:
                apart = self._behind[parent[node]] & ~self._dominated[node] if single else 0
                found[node] = found[parent[node]] | apart
        return found


def _union(sets: list[int]) -> int:
    union = 0
    for bits in sets:
        union |= bits
    return union


def _in_at_least(sets: list[int], count: int) -> int:
    """The bits that are in at least ``count`` of the sets: counters of one bit plane each, added and compared."""
    if count == 1:
        return _union(sets)
    planes: list[int] = []
    for bits in sets:
        carry = bits
        for place, plane in enumerate(planes):
            planes[place], carry = plane ^ carry, plane & carry
        if carry:
            planes.append(carry)
    if count >> len(planes):
        return 0
    more, equal = 0, -1
    for place in reversed(range(len(planes))):
        plane = planes[place]
        if count >> place & 1:
            equal &= plane
        else:
            more |= equal & plane
            equal &= ~plane
    return more | equal
