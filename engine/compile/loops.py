"""Loops: headers, bodies, nesting, and the edges that leave.

Rule (GRAPH.md §3.4): the body of a loop is its header and all from which one of its loop-backs can be reached without
passing the header, other loops' ``repeat`` edges counted as ways; all loop-backs with one header are one loop. That is
the natural loop of a reducible flow graph, so bodies are disjoint or nested as long as every header dominates its
loop-backs. A ``repeat`` edge for which that does not hold makes no loop here; it is ``astray`` and the checker tells.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.compile.dominators import Dominators
from engine.compile.shape import Shape

MAX_DEPTH = 32
"""Loops within loops. Bodies are listed for every loop around a node, so that this bounds memory, and people."""


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop; ``parent`` is the number of the innermost loop around it, ``depth`` is 1 for an outermost one."""

    header: int
    loop_backs: tuple[int, ...]
    body: tuple[int, ...]
    parent: int | None
    depth: int


@dataclass(frozen=True, slots=True)
class Loops:
    """All loops of a shape.

    Attributes:
        loops: outermost first, then by header.
        around: for each node the numbers of the loops whose body it is in, outermost first.
        leaves: for each edge the numbers of the loops that it leaves, innermost first. A ``repeat`` edge leaves those
            inside the loop that it repeats.
        astray: the ``repeat`` edges that lead to no header of theirs.
        too_deep: headers of loops nested deeper than MAX_DEPTH; if there are any, no loop is listed.
    """

    loops: tuple[Loop, ...]
    around: tuple[tuple[int, ...], ...]
    leaves: tuple[tuple[int, ...], ...]
    astray: tuple[int, ...]
    too_deep: tuple[int, ...]


def loops_of(shape: Shape, tree: Dominators) -> Loops:
    """All loops of a shape. Near O(nodes * depth + edges)."""
    backs: dict[int, list[int]] = {}
    astray: list[int] = []
    for edge, link in enumerate(shape.links):
        if link.is_repeat and tree.dominates(link.target, link.source):
            backs.setdefault(link.target, []).append(link.source)
        elif link.is_repeat:
            astray.append(edge)
    header_of = _innermost_headers(shape, backs)
    depth_of = _depths(backs, header_of)
    too_deep = tuple(sorted(header for header, depth in depth_of.items() if depth > MAX_DEPTH))
    if too_deep:
        nowhere = tuple(() for _ in shape.links)
        return Loops((), tuple(() for _ in shape.ids), nowhere, tuple(astray), too_deep)
    headers = sorted(backs, key=lambda header: (depth_of[header], header))
    number_of = {header: number for number, header in enumerate(headers)}
    around = _around(shape, header_of, number_of)
    bodies: list[list[int]] = [[] for _ in headers]
    for node, loops in enumerate(around):
        for loop in loops:
            bodies[loop].append(node)
    listed = tuple(
        Loop(
            header=header,
            loop_backs=tuple(sorted(set(backs[header]))),
            body=tuple(bodies[number]),
            parent=around[header][-2] if len(around[header]) > 1 else None,
            depth=depth_of[header],
        )
        for number, header in enumerate(headers)
    )
    return Loops(listed, tuple(around), _leaves(shape, around), tuple(astray), ())


def _innermost_headers(shape: Shape, backs: dict[int, list[int]]) -> dict[int, int]:
    """For each node of a body the header of the innermost loop around it; for a header, of the loop around its own.

    Inner loops come first (a header has a smaller number than what it dominates) and are then one node, the header:
    every node is met once.
    """
    header_of: dict[int, int] = {}
    merged = list(range(len(shape.ids)))
    for header in sorted(backs, reverse=True):
        todo = list(backs[header])
        while todo:
            node = _met(merged, todo.pop())
            if node == header:
                continue
            header_of[node] = header
            merged[node] = header
            todo += shape.sources(node)
    return header_of


def _met(merged: list[int], node: int) -> int:
    """The node that stands for this one now, with path halving."""
    while merged[node] != node:
        merged[node] = merged[merged[node]]
        node = merged[node]
    return node


def _depths(backs: dict[int, list[int]], header_of: dict[int, int]) -> dict[int, int]:
    depth_of: dict[int, int] = {}
    for header in sorted(backs):
        depth_of[header] = depth_of[header_of[header]] + 1 if header in header_of else 1
    return depth_of


def _around(shape: Shape, header_of: dict[int, int], number_of: dict[int, int]) -> list[tuple[int, ...]]:
    around: list[tuple[int, ...]] = []
    for node in range(len(shape.ids)):
        outer = around[header_of[node]] if node in header_of else ()
        around.append((*outer, number_of[node]) if node in number_of else outer)
    return around


def _leaves(shape: Shape, around: list[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    """Common prefixes: loops around a node are outermost first, so what differs behind them is what is left."""
    leaves: list[tuple[int, ...]] = []
    for link in shape.links:
        here, there = around[link.source], around[link.target]
        left = () if here == there else tuple(loop for loop in reversed(here) if loop not in there)
        leaves.append(left)
    return tuple(leaves)
