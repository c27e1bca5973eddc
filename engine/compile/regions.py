"""The branches of joins: which nodes a join's early passing leaves behind.

Rule (GRAPH.md §3.3): the branches are the nodes after the nearest node through which all ways to the join lead, within
its innermost loop body, that have a way onward and whose every way onward, repeats included, leads to it. A way leads
to the join if it does so within one iteration; a join that heads a loop belongs, with its ways in, to the loop around.
"""

from __future__ import annotations

from engine.compile.dominators import Dominators
from engine.compile.shape import Shape


def branches_of(shape: Shape, tree: Dominators, join: int, most: int) -> tuple[tuple[int, ...], int]:
    """The nodes of a join's branches, ascending, and how many nodes had to be looked at.

    All that reaches the join without passing its nearest dominator lies behind that dominator and in the loop around
    the join, because loops are entered by their headers alone. Of these, those fall out from which a way leads
    elsewhere: to another node, or back to a header outside. Gives up, with no branches, after ``most`` nodes.
    O(edges between the join and its nearest dominator).
    """
    inside = _led_from(shape, join, tree.parent[join], most)
    if len(inside) > most:
        return (), len(inside)
    stray = [node for node in inside if any(t not in inside and t != join for t in shape.targets(node))]
    fallen = set(stray)
    while stray:
        for source in _all_sources(shape, stray.pop()):
            if source in inside and source not in fallen:
                fallen.add(source)
                stray.append(source)
    return tuple(sorted(inside - fallen)), len(inside)


def _led_from(shape: Shape, join: int, nearest: int, most: int) -> set[int]:
    """The nodes from which a way leads to the join without passing ``nearest`` or the join itself, up to ``most``."""
    todo = [source for source in shape.sources(join) if source != nearest]
    found = set(todo)
    while todo and len(found) <= most:
        for source in _all_sources(shape, todo.pop()):
            if source != nearest and source not in found:
                found.add(source)
                todo.append(source)
    return found


def _all_sources(shape: Shape, node: int) -> list[int]:
    return shape.sources(node) + [shape.links[edge].source for edge in shape.repeats_into[node]]
