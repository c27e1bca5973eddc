"""Wires that lead back: a lane above or below everything in their columns, so that they go around the nodes.

Rule: an inner loop gets the inner lane. A wire leaves its node straight down (or up) where that way is free of nodes
and words, else by its right side and the channel there; it arrives likewise, else by the channel left of its target.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.render.columns import Columns
from engine.render.forms import Form
from engine.render.paths import Point
from engine.render.picture import EdgeKey, PictureEdge
from engine.render.routes import Channels, entry_point, exit_point, middle_x

LANE_PX = 28
"""From the outermost thing to the first lane, and between lanes: words on a lane have room."""
_DETOUR_PX = 160
"""How much longer a way may be before one with a detour through a channel is taken."""
_STEP_OUT_PX = 12
_ASIDE_PX = 24
"""Ways back that are no repeats (in unfinished graphs) leave right and arrive left of the middle, apart from those."""


@dataclass(slots=True)
class Lanes:
    """Lanes taken so far: (first column, last column, height), and the heights that everything else keeps within."""

    tops: list[float]
    bottoms: list[float]
    taken: list[tuple[int, int, float]] = field(default_factory=list[tuple[int, int, float]])


@dataclass(frozen=True, slots=True)
class _Side:
    """One way around: ``sign`` is 1 below and -1 above."""

    sign: int
    height: float
    leaves_straight: bool
    enters_straight: bool
    cost: float


def route_around(
    grid: Columns, channels: Channels, heights: Sequence[float]
) -> dict[EdgeKey, tuple[list[Point], Point]]:
    """For each wire of ``grid.around`` its corners and the middle of its lane, where its words stand."""
    lanes = _extents(grid, heights)
    found: dict[EdgeKey, tuple[list[Point], Point]] = {}
    crowd = len(grid.around) > 200
    for edge in sorted(grid.around, key=lambda edge: _span(grid, edge)):
        tail, head = grid.place[edge.source], grid.place[edge.target]
        side = min(
            (_side(grid, channels, heights, (tail, head), lanes, sign) for sign in (1, -1)), key=lambda s: s.cost
        )
        first, last = sorted((grid.items[tail].column, grid.items[head].column))
        if not crowd:  # among thousands every wire shares the one lane around everything
            lanes.taken.append((first, last, side.height))
        points = _points(grid, channels, heights, edge, side)
        found[edge.source, edge.index] = points, _lane_middle(points, side.height)
    return found


def _span(grid: Columns, edge: PictureEdge) -> tuple[int, int, int]:
    tail, head = grid.place[edge.source], grid.place[edge.target]
    return abs(grid.items[tail].column - grid.items[head].column), tail, head


def _extents(grid: Columns, heights: Sequence[float]) -> Lanes:
    tops, bottoms = list[float](), list[float]()
    for members in grid.members:
        halves = [(heights[number], grid.items[number].height / 2) for number in members]
        tops.append(min((middle - half for middle, half in halves), default=0))
        bottoms.append(max((middle + half for middle, half in halves), default=0))
    return Lanes(tops, bottoms)


def _side(
    grid: Columns,
    channels: Channels,
    heights: Sequence[float],
    ends: tuple[int, int],
    lanes: Lanes,
    sign: int,
) -> _Side:
    tail, head = ends
    first, last = sorted((grid.items[tail].column, grid.items[head].column))
    edge = max(lanes.bottoms[first : last + 1]) if sign > 0 else -min(lanes.tops[first : last + 1])
    crossed = [sign * height for start, end, height in lanes.taken if start <= last and first <= end]
    height = max([edge, *crossed]) + LANE_PX
    height = sign * 4 * round(height / 4)
    leaves, enters = (_is_open(grid, channels, heights, number, sign) for number in ends)
    length = abs(height - heights[tail]) + abs(height - heights[head])
    return _Side(sign, height, leaves, enters, length + _DETOUR_PX * ((not leaves) + (not enters)) - sign)


def _is_open(grid: Columns, channels: Channels, heights: Sequence[float], number: int, sign: int) -> bool:
    """Whether a wire can go straight down (or up) from the middle of a node without meeting a node or words."""
    item, form = grid.items[number], _form(grid, number)
    if not (form.clear_below if sign > 0 else form.clear_above):
        return False
    return not any(
        (heights[other] - heights[number]) * sign > 0
        and (grid.items[other].node is not None or grid.items[other].words)
        for other in grid.members[item.column]
    )


def _form(grid: Columns, number: int) -> Form:
    return grid.forms[grid.items[number].node or ""]


def _points(grid: Columns, channels: Channels, heights: Sequence[float], edge: PictureEdge, side: _Side) -> list[Point]:
    tail, head = grid.place[edge.source], grid.place[edge.target]
    points = list[Point]()
    if side.leaves_straight:
        x = middle_x(grid, channels, tail) + (0 if edge.manner == "repeat" else _ASIDE_PX)
        points.append((x, heights[tail] + side.sign * _form(grid, tail).body_height / 2))
    else:
        level = heights[tail] + _form(grid, tail).ports.get(edge.port, 12 * side.sign)
        x = _right_of(grid, channels, tail)
        points += [exit_point(grid, channels, tail, heights, level), (x, level)]
    points.append((x, side.height))
    if side.enters_straight:
        x = middle_x(grid, channels, head) - (0 if edge.manner == "repeat" else _ASIDE_PX)
        points += [(x, side.height), (x, heights[head] + side.sign * _form(grid, head).body_height / 2)]
    else:
        x = channels.lefts[grid.items[head].column] - _STEP_OUT_PX - 2
        points += [(x, side.height), (x, heights[head]), entry_point(grid, channels, head, heights[head])]
    return points


def _right_of(grid: Columns, channels: Channels, number: int) -> float:
    column = grid.items[number].column
    return channels.lefts[column] + channels.widths[column] + _STEP_OUT_PX


def _lane_middle(points: list[Point], height: float) -> Point:
    on_lane = [x for x, y in points if y == height]
    return (min(on_lane) + max(on_lane)) / 2, height
