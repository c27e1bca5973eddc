"""What can run at the same time.

Rule: two nodes can run at the same time if neither is surely over before the other starts, and one execution can reach
both. One execution reaches both if their ways part at a fork and never meet again: by Menger's theorem, if for some
fork no other node lies on all ways from it to both. What is over when is worked out once for all nodes (``nodesets``);
pairs are looked at one by one, and how many is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.compile.dominators import ROOT
from engine.compile.nodesets import NodeSets
from engine.model.nodes import ForkNode

MOST_STEPS = 500_000
"""Steps spent on pairs of nodes in one check; then the rest counts as not running together (``is_partial``)."""


@dataclass(slots=True)
class Spent:
    """What was spent on pairs so far, and what came of it.

    Attributes:
        steps: that are left.
        apart: pairs of sides of a choice to whether one execution can reach both.
        is_partial: whether the steps did not suffice.
    """

    steps: int = MOST_STEPS
    apart: dict[tuple[int, int], bool] = field(default_factory=dict[tuple[int, int], bool])
    is_partial: bool = False

    def copy(self) -> Spent:
        """The same, to be spent from again."""
        return Spent(self.steps, dict(self.apart), self.is_partial)


class Together:
    """Answers for the nodes that the sets know of; all numbers are those of the shape.

    Cost: O(log nodes) for most pairs, beside that of the sets.

    Args:
        sets: what is over when.
        spent: what earlier questions have spent; nothing by default.
    """

    def __init__(self, sets: NodeSets, spent: Spent | None = None) -> None:
        self._sets = sets
        self._shape = sets.analysis.shape
        self._spent = Spent() if spent is None else spent

    @property
    def is_partial(self) -> bool:
        """Whether MOST_STEPS did not suffice."""
        return self._spent.is_partial

    def spent(self) -> Spent:
        """What was spent so far."""
        return self._spent.copy()

    def mask(self, nodes: Iterable[int]) -> int:
        """Nodes as a set of bits; those that nobody asks about are left out."""
        return self._sets.mask(nodes)

    def can_precede(self, one: int, other: int) -> bool:
        """Whether ``one`` can have run before ``other``, running at the same time aside."""
        return self._sets.can_precede(one, other)

    def is_beside(self, one: int, other: int) -> bool:
        """Whether both can run at the same time."""
        first, last = min(one, other), max(one, other)
        return self.first_beside(last, self._sets.mask((first,))) is not None

    def first_beside(self, node: int, others: int) -> int | None:
        """Of the nodes with smaller numbers in the set, the nearest that can run at the same time as ``node``."""
        return next(iter(self.beside(node, others, most=1)), None)

    def beside(self, node: int, others: int, *, most: int) -> list[int]:
        """The nearest ``most`` such nodes, nearest first."""
        left = others & self._sets.not_over(node)
        found: list[int] = []
        while left and len(found) < most:
            place = left.bit_length() - 1
            left ^= 1 << place
            other = self._sets.asked[place]
            if self._can_meet(other, node):
                found.append(other)
        return found

    # --- one execution ---

    def _can_meet(self, one: int, other: int) -> bool:
        """Whether one execution can reach both (``one`` has the smaller number): exact, unless the steps run out."""
        tree = self._sets.analysis.tree
        common = tree.nearest_common(one, other)
        if common in (one, ROOT) or isinstance(self._shape.nodes[common], ForkNode):
            return True
        below = tree.depth[common] + 1
        sides = tree.above(one, below), tree.above(other, below)
        if sides not in self._spent.apart:
            first, last = min(sides), max(sides)
            if first in self._above(last, common):
                return self._meet_below(one, other, common)
            # No way leads from one side to the other: what holds for the two holds for all behind them.
            self._spent.apart[sides] = self._meet_below(first, last, common)
        return self._spent.apart[sides]

    def _meet_below(self, one: int, other: int, common: int) -> bool:
        """The same for two nodes that part below a node which is no fork."""
        if self._spent.steps < 0:
            self._spent.is_partial = True
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
        self._spent.steps -= len(found)
        return found

    def _part_at(self, fork: int, one: int, other: int, within: set[int]) -> bool:
        """Whether ways to both part at the fork and never meet again.

        Every node behind the fork gets the nearest node below the fork that lies on all ways from the fork to it.
        """
        top_of: dict[int, int] = {}
        behind = sorted(node for node in within if node > fork)
        self._spent.steps -= len(behind)
        for node in behind:
            tops = {
                node if source == fork else top_of[source]
                for source in self._shape.sources(node)
                if source == fork or source in top_of
            }
            if tops:
                top_of[node] = tops.pop() if len(tops) == 1 else node
        return top_of[one] != top_of[other]
