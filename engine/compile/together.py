"""What can run at the same time.

Rule: two nodes can run at the same time if neither is surely over before the other starts, and one execution can reach
both. Surely over: a node waits for all its edges; a join that passes on early only for as many as it needs, so that its
rest runs beside what follows, up to the end of the iteration (edges that leave a loop wait for its whole body); what a
join cancels is over when it passes on; so is what lies behind another edge of a choice that was passed; an edge to an
``end`` waits for nothing else. One execution reaches both if their ways part at a fork and never meet again: by
Menger's theorem, if for some fork no other node lies on all ways from it to both. Sets of nodes are whole numbers, one
bit for each node that somebody asks about.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property

from engine.compile.analysis import Analysis, need_of
from engine.compile.dominators import ROOT
from engine.model.nodes import EndNode, ForkNode, JoinNode

MOST_STEPS = 500_000
"""Steps spent on pairs of nodes in one check; then the rest counts as not running together (``is_partial``)."""


class Together:
    """Answers for the nodes in ``asked``; all numbers are those of the shape.

    Cost: O(edges * asked / 64) to make, then O(log nodes) for most pairs. ``is_partial`` turns true when MOST_STEPS
    did not suffice.
    """

    def __init__(self, analysis: Analysis, asked: Iterable[int]) -> None:
        self._analysis = analysis
        self._shape = analysis.shape
        self._bit = {node: 1 << place for place, node in enumerate(sorted(set(asked)))}
        self._asked = sorted(self._bit)
        self._steps = MOST_STEPS
        self._apart: dict[tuple[int, int], bool] = {}
        self.is_partial = False

    # --- sets ---

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
        around = self._analysis.loops.around[one]
        if not around:
            return bool(self._ancestors[other] & self._bit[one])
        outermost = self._analysis.loops.loops[around[0]]
        inside = self._analysis.loops.around[other][:1] == around[:1]
        return inside or bool(self._ancestors[other] & self._entry_bit[outermost.header])

    def is_beside(self, one: int, other: int) -> bool:
        """Whether both can run at the same time."""
        first, last = min(one, other), max(one, other)
        return self.first_beside(last, self._bit[first]) is not None

    def first_beside(self, node: int, others: int) -> int | None:
        """Of the nodes with smaller numbers in the set, the nearest that can run at the same time as ``node``."""
        return next(iter(self.beside(node, others, most=1)), None)

    def beside(self, node: int, others: int, *, most: int) -> list[int]:
        """The nearest ``most`` such nodes, nearest first."""
        left = others & (self._bit[node] - 1) & ~self._over[node] & ~self._exclusive(node)
        for loop in self._analysis.loops.around[node]:
            left &= ~self._after_loops[loop]
        found: list[int] = []
        while left and len(found) < most:
            place = left.bit_length() - 1
            left ^= 1 << place
            other = self._asked[place]
            if self._can_meet(other, node):
                found.append(other)
        return found

    # --- what is over ---

    @cached_property
    def _over(self) -> list[int]:
        """For each node the asked ones that are surely decided, or never to run, when it starts."""
        started: list[int] = []
        decided: list[int] = []
        for node, document in enumerate(self._shape.nodes):
            sure = [self._when_taken(edge, started, decided) for edge in self._shape.into[node]]
            least = _union([self._when(edge, decided) for edge in self._shape.into[node]])
            need = 1 if isinstance(document, EndNode) else need_of(document) if isinstance(document, JoinNode) else 0
            if need:
                passed = _in_at_least(sure, max(1, len(sure) - need + 1))
                if isinstance(document, JoinNode) and document.rest == "cancel":
                    passed |= self.mask(self._analysis.branches[node])
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
        tree, single = self._analysis.tree, self._is_single[link.target]
        mine = self._dominated[link.target] if single and tree.parent[link.target] == link.source else 0
        return bits | self._exclusive(link.source) | (self._behind[link.source] & ~mine)

    def _when(self, edge: int, over: list[int]) -> int:
        """What is over before the source, the source, and the loops that the edge leaves and so waits for."""
        link = self._shape.links[edge]
        bits = over[link.source] | self._bit.get(link.source, 0)
        left = self._analysis.loops.leaves[edge]
        waits = left and not isinstance(self._shape.nodes[link.target], EndNode)
        return bits | self._bodies[left[-1]] if waits else bits

    @cached_property
    def _bodies(self) -> list[int]:
        """For each loop the asked nodes of its body, and a bit of its own above theirs: the loop is over."""
        return [
            self.mask(loop.body) | 1 << (len(self._asked) + place)
            for place, loop in enumerate(self._analysis.loops.loops)
        ]

    @cached_property
    def _after_loops(self) -> list[int]:
        """For each loop the asked nodes that surely start after it is over and are numbered before its last node.

        Only these have to be told: of two nodes it is the one with the larger number whose ``_over`` is looked at.
        """
        after: list[int] = []
        for place, loop in enumerate(self._analysis.loops.loops):
            among = self._asked[bisect_right(self._asked, loop.header) : bisect_right(self._asked, loop.body[-1])]
            over = 1 << (len(self._asked) + place)
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
        outermost = [loop.header for loop in self._analysis.loops.loops if loop.depth == 1]
        return {header: 1 << (len(self._asked) + place) for place, header in enumerate(outermost)}

    # --- one execution ---

    @cached_property
    def _choice_tops(self) -> list[int]:
        """For each node the highest of its dominators (or itself) at and below which there is no fork."""
        tree, shape = self._analysis.tree, self._shape
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
        parent = self._analysis.tree.parent
        return [
            all(source == parent[node] for source in self._shape.sources(node)) for node in range(len(self._shape.ids))
        ]

    @cached_property
    def _dominated(self) -> list[int]:
        """For each node the asked ones to which all ways lead through it."""
        parent = self._analysis.tree.parent
        found = [self._bit.get(node, 0) for node in range(len(self._shape.ids))]
        for node in reversed(range(len(found))):
            if parent[node] != ROOT:
                found[parent[node]] |= found[node]
        return found

    @cached_property
    def _behind(self) -> list[int]:
        """For each choice the asked nodes that lie behind a single one of its edges."""
        parent = self._analysis.tree.parent
        found = [0] * len(self._shape.ids)
        for node, single in enumerate(self._is_single):
            if single and parent[node] != ROOT and not isinstance(self._shape.nodes[parent[node]], ForkNode):
                found[parent[node]] |= self._dominated[node]
        return found

    @cached_property
    def _parted(self) -> list[int]:
        """For each node the asked ones that lie behind another edge of a choice, each of both behind one edge only."""
        parent = self._analysis.tree.parent
        found = [0] * len(self._shape.ids)
        for node, single in enumerate(self._is_single):
            if parent[node] != ROOT:
                apart = self._behind[parent[node]] & ~self._dominated[node] if single else 0
                found[node] = found[parent[node]] | apart
        return found

    def _can_meet(self, one: int, other: int) -> bool:
        """Whether one execution can reach both (``one`` has the smaller number): exact, unless the steps run out."""
        tree = self._analysis.tree
        common = tree.nearest_common(one, other)
        if common in (one, ROOT) or isinstance(self._shape.nodes[common], ForkNode):
            return True
        below = tree.depth[common] + 1
        sides = tree.above(one, below), tree.above(other, below)
        if sides not in self._apart:
            first, last = min(sides), max(sides)
            if first in self._above(last, common):
                return self._meet_below(one, other, common)
            # No way leads from one side to the other: what holds for the two holds for all behind them.
            self._apart[sides] = self._meet_below(first, last, common)
        return self._apart[sides]

    def _meet_below(self, one: int, other: int, common: int) -> bool:
        """The same for two nodes that part below a node which is no fork."""
        if self._steps < 0:
            self.is_partial = True
            return False
        to_one, to_other = self._above(one, common), self._above(other, common)
        if one in to_other:
            return True
        forks = [node for node in to_one & to_other if isinstance(self._shape.nodes[node], ForkNode)]
        return any(self._part_at(fork, one, other, to_one | to_other) for fork in sorted(forks, reverse=True))

    def _above(self, node: int, top: int) -> set[int]:
        """The node and all from which a way leads to it, below ``top``."""
        found = {node}
        todo = [node]
        while todo:
            for source in self._shape.sources(todo.pop()):
                if source != top and source not in found:
                    found.add(source)
                    todo.append(source)
        self._steps -= len(found)
        return found

    def _part_at(self, fork: int, one: int, other: int, within: set[int]) -> bool:
        """Whether ways to both part at the fork and never meet again.

        Every node behind the fork gets the nearest node below the fork that lies on all ways from the fork to it.
        """
        top_of: dict[int, int] = {}
        behind = sorted(node for node in within if node > fork)
        self._steps -= len(behind)
        for node in behind:
            tops = {
                node if source == fork else top_of[source]
                for source in self._shape.sources(node)
                if source == fork or source in top_of
            }
            if tops:
                top_of[node] = tops.pop() if len(tops) == 1 else node
        return top_of[one] != top_of[other]


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
