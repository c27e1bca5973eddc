"""Heights by our own means: the last rung of the ladder, which never fails, and the smoothing after every rung.

Rule: plain sweeps over the columns, each O(items + links): order by the mean of the neighbours (Sugiyama's barycentre),
then pull each item towards its neighbours without ever letting two touch. The pull is exact: with the order given, the
heights nearest to the wished ones are found by pooling adjacent violators (isotonic regression).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from engine.render.columns import Columns, Link
from engine.render.tokens import GRID_PX

_ORDER_SWEEPS = 8
_PULL_SWEEPS = 12
_HOLDS, _LOOSE = (1.0, 1e4, 1e8), 1e-2
"""How hard an item keeps to its wish, by the hold of its wire; a node to which no one wire leads is easily moved.

The steps are so large because strengths share a move: all that pull at a main way together shift it by less than 1 px.
"""
_SNAP_PX = GRID_PX // 2
"""Everything stands on half the grid, as do all ports: what is nearly in line comes to be exactly so."""


_STEP_PX = 24
"""So far a node moves to be level with one of several ways in; further it stays between them."""


def stack(grid: Columns) -> list[float]:
    """The middle of every item in px, found without Graphviz."""
    heights = [0.0] * len(grid.items)
    pulls = _pulls(grid)
    columns = [list(members) for members in grid.members]
    for column in columns:
        _pile(grid, column, heights)
    for sweep in range(_ORDER_SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            places = {number: _wish(pulls[sweep % 2][number], heights, heights[number]) for number in column}
            column.sort(key=places.__getitem__)
            _pile(grid, column, heights)
    for sweep in range(_PULL_SWEEPS):
        side = sweep % 2
        for column in columns if side == 0 else reversed(columns):
            wishes = [_wish(pulls[side][number], heights, heights[number]) for number in column]
            for number, height in zip(column, spread(wishes, _gaps(grid, column)), strict=True):
                heights[number] = height
    return heights


def straighten(grid: Columns, heights: Sequence[float]) -> list[float]:
    """The same order, with every wire straight that can be, main ways before others.

    From left to right each item takes the height of the one port that leads to it; then, from right to left, words
    and passing wires that could not take that of their target, so that such a wire turns once and not twice.
    """
    straight = list(heights)
    leads, ways_in = _leads(grid), _ways_into_nodes(grid)
    ahead = {link.tail: link for link in grid.links if grid.items[link.tail].node is None}
    columns = [sorted(members, key=lambda number: (heights[number], number)) for members in grid.members]
    for column in columns:
        wishes, strengths = list[float](), list[float]()
        for number in column:
            link = leads.get(number)
            wishes.append(_near(straight, ways_in[number], number) if link is None else _level(straight, link))
            is_node = grid.items[number].node is not None
            strengths.append(_HOLDS[link.hold] if link is not None else _LOOSE if is_node else _HOLDS[1])
        _take(grid, straight, column, (wishes, strengths))
    for column in reversed(columns):
        wishes, strengths = list[float](), list[float]()
        for number in column:
            link, before = ahead.get(number), leads.get(number)
            is_level = before is not None and abs(_level(straight, before) - straight[number]) < 1
            wishes.append(straight[number] if link is None or is_level else straight[link.head])
            keeps = link is None or (is_level and before is not None and before.hold > 0)
            strengths.append(_HOLDS[2] if keeps else _HOLDS[1])
        _take(grid, straight, column, (wishes, strengths))
    return straight


def _level(heights: list[float], link: Link) -> float:
    """The height at which a link leaves its tail."""
    return heights[link.tail] + link.tail_dy


def _near(heights: list[float], ways_in: list[Link], number: int) -> float:
    """The height of the nearest of several ways in, if a small step makes that one straight; else the item's own."""
    steps = [_level(heights, link) - heights[number] for link in ways_in]
    step = min(steps, key=abs, default=0.0)
    return heights[number] + (step if abs(step) <= _STEP_PX else 0)


def _ways_into_nodes(grid: Columns) -> list[list[Link]]:
    """For each item the links into it; none for bars, whose wires each have a height of their own."""
    found: list[list[Link]] = [[] for _ in grid.items]
    for link in grid.links:
        node_id = grid.items[link.head].node
        if node_id is not None and grid.forms[node_id].shape != "bar":
            found[link.head].append(link)
    return found


def _take(
    grid: Columns, heights: list[float], column: list[int], wanted: tuple[Sequence[float], Sequence[float]]
) -> None:
    wishes, strengths = wanted
    for number, height in zip(column, spread(wishes, _gaps(grid, column), strengths), strict=True):
        heights[number] = height


def _leads(grid: Columns) -> dict[int, Link]:
    """For each item the one wire into it that it should be level with: its only one, if its port has no other."""
    ways_in = Counter(link.head for link in grid.links)
    ways_out = Counter((link.tail, link.tail_dy) for link in grid.links)
    lone_in = {link.head: link for link in grid.links if ways_in[link.head] == 1}
    return {head: link for head, link in lone_in.items() if ways_out[link.tail, link.tail_dy] == 1}


def settle(grid: Columns, heights: Sequence[float]) -> list[float]:
    """The same heights on half the grid and nowhere nearer than each item's room allows, each column from above."""
    settled = list(heights)
    for members in grid.members:
        column = sorted(members, key=lambda number: (heights[number], number))
        floor = float("-inf")
        spaced = spread([heights[number] for number in column], _gaps(grid, column))
        for place, (number, height) in enumerate(zip(column, spaced, strict=True)):
            gap = _room(grid, column[place - 1], number) if place else 0
            snapped = _SNAP_PX * round(height / _SNAP_PX + 1e-6)
            floor = max(snapped, floor + _SNAP_PX * -(-gap // _SNAP_PX))
            settled[number] = floor
    return settled


def spread(wishes: Sequence[float], gaps: Sequence[float], strengths: Sequence[float] | None = None) -> list[float]:
    """The values nearest to ``wishes`` that keep their order and ``gaps[i]`` between i and i + 1. O(n).

    Nearest by least squares, each weighed by its strength (1 where there are none).
    """
    force = strengths if strengths is not None else [1.0] * len(wishes)
    shifts = [0.0]
    for gap in gaps:
        shifts.append(shifts[-1] + gap)
    pools: list[tuple[float, float, int]] = []  # (weighed sum, weight, count) of neighbours that have to move as one
    for wish, shift, strength in zip(wishes, shifts, force, strict=False):
        total, weight, count = (wish - shift) * strength, strength, 1
        while pools and pools[-1][0] / pools[-1][1] > total / weight:
            more, heavier, members = pools.pop()
            total, weight, count = total + more, weight + heavier, count + members
        pools.append((total, weight, count))
    flat = [total / weight for total, weight, count in pools for _ in range(count)]
    return [value + shift for value, shift in zip(flat, shifts, strict=False)]


def _pulls(grid: Columns) -> tuple[list[list[tuple[int, float, int]]], list[list[tuple[int, float, int]]]]:
    """For each item its neighbours (number, px to add to the neighbour's middle, weight) on the left, on the right."""
    left: list[list[tuple[int, float, int]]] = [[] for _ in grid.items]
    right: list[list[tuple[int, float, int]]] = [[] for _ in grid.items]
    for link in grid.links:
        left[link.head].append((link.tail, link.tail_dy, link.weight))
        right[link.tail].append((link.head, -link.tail_dy, link.weight))
    return left, right


def _wish(pulls: list[tuple[int, float, int]], heights: list[float], own: float) -> float:
    weight = sum(strength for _, _, strength in pulls)
    if not weight:
        return own
    return sum((heights[number] + shift) * strength for number, shift, strength in pulls) / weight


def _pile(grid: Columns, column: list[int], heights: list[float]) -> None:
    """Stand the column's items on each other in their order, the whole centred on 0."""
    gaps = _gaps(grid, column)
    height = -sum(gaps) / 2
    for number, gap in zip(column, [*gaps, 0.0], strict=False):
        heights[number] = height
        height += gap


def _gaps(grid: Columns, column: list[int]) -> list[float]:
    return [_room(grid, upper, lower) for upper, lower in pairwise(column)]


def _room(grid: Columns, upper: int, lower: int) -> float:
    a, b = grid.items[upper], grid.items[lower]
    return (a.height + a.air + b.height + b.air) / 2
