"""Who takes a failure up: worked out ahead, so that a failing node asks only the joins that matter.

Rule (GRAPH.md §3.6): a failure is taken up if the node has at least one way onward (``repeat`` and ``error`` edges
aside) and each meets a join that has ``accept_failed`` or has passed on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.compile.shape import Link, Shape
from engine.model.nodes import JoinNode

Answer = Literal["always", "never", "ask"]


@dataclass(frozen=True, slots=True)
class TakeUp:
    """Whether a node's failure is taken up; ``asks`` are the nodes to ask where the graph alone does not say."""

    answer: Answer
    asks: tuple[int, ...] = ()


_ALWAYS, _NEVER = TakeUp("always"), TakeUp("never")


def take_ups_of(shape: Shape) -> tuple[TakeUp, ...]:
    """For each node whether its failure is taken up. O(nodes + edges)."""
    found = [_NEVER] * len(shape.ids)
    for node in reversed(range(len(shape.ids))):
        found[node] = _take_up(shape, found, node)
    return tuple(found)


def _take_up(shape: Shape, found: list[TakeUp], node: int) -> TakeUp:
    onward = [link.target for edge in shape.out[node] if _is_onward(link := shape.links[edge])]
    if not onward:
        return _NEVER
    asks: set[int] = set()
    for target in onward:
        there = shape.nodes[target]
        join = there if isinstance(there, JoinNode) else None
        beyond = found[target]
        if beyond.answer == "always" or (join is not None and join.accept_failed):
            continue
        if join is None and beyond.answer == "never":
            return _NEVER
        asks.update(beyond.asks if join is None and len(beyond.asks) == 1 else (target,))
    return TakeUp("ask", tuple(sorted(asks))) if asks else _ALWAYS


def _is_onward(link: Link) -> bool:
    return not link.is_repeat and link.port != "error"
