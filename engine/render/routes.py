"""From columns and heights to coordinates: how wide the channels are and where every wire runs.

Rule: between two columns lies a channel that belongs to wires alone. A wire runs level through columns and turns only
in channels, on a track that it shares with the wires of its own port (or its own target) and with nobody it would lie
upon. Wires that lead back run on lanes above or below everything in their columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.render.columns import START, Columns
from engine.render.forms import BAR_END_PX, BAR_PITCH_PX, HEXAGON_POINT_PX
from engine.render.paths import Point
from engine.render.picture import EdgeKey
from engine.render.stacking import spread
from engine.render.tracks import Net, Way, assign_tracks, part

TRACK_PX = 12
BEFORE_NODES_PX, BEFORE_WORDS_PX = 28, 12
AFTER_NODES_PX, AFTER_WORDS_PX = 24, 12
WIDEST_CHANNEL_PX = 480
Exit = tuple[int, float]
"""An item and the height at which a wire leaves it."""


@dataclass(slots=True)
class Channels:
    """The horizontal half of a layout.

    Attributes:
        lefts, widths: of each column in px.
        turns: for each (wire, channel) where it turns, absent where it runs straight.
    """

    lefts: list[float]
    widths: list[float]
    turns: dict[tuple[EdgeKey, int], float]


@dataclass(frozen=True, slots=True)
class Touches:
    """Where wires touch nodes: for each forward wire its height at the source and at the target."""

    leaves: dict[EdgeKey, float]
    enters: dict[EdgeKey, float]


def touches_of(grid: Columns, heights: Sequence[float]) -> Touches:
    """Where each forward wire leaves and enters; on bars in the order of what comes next, so none cross there."""
    leaves: dict[EdgeKey, float] = {}
    enters: dict[EdgeKey, float] = {}
    out_of_bars: dict[int, list[EdgeKey]] = {}
    into_bars: dict[int, list[EdgeKey]] = {}
    bars = {number for number, item in enumerate(grid.items) if item.node and grid.forms[item.node].shape == "bar"}
    ports = {(link.tail, link.head): link.tail_dy for link in grid.links}
    for key, chain in grid.chains.items():
        leaves[key] = heights[chain[0]] + ports[chain[0], chain[1]]
        enters[key] = heights[chain[-1]]
        if chain[0] in bars:
            out_of_bars.setdefault(chain[0], []).append(key)
        if chain[-1] in bars:
            into_bars.setdefault(chain[-1], []).append(key)
    for number, keys in out_of_bars.items():
        _along_bar(grid, leaves, heights, (number, {key: grid.chains[key][1] for key in keys}))
    for number, keys in into_bars.items():
        _along_bar(grid, enters, heights, (number, {key: grid.chains[key][-2] for key in keys}))
    return Touches(leaves, enters)


def _along_bar(
    grid: Columns, touch: dict[EdgeKey, float], heights: Sequence[float], near: tuple[int, dict[EdgeKey, int]]
) -> None:
    """Spread wires along a bar, each as near to the height of its neighbour as the bar and the others allow."""
    bar, neighbours = near
    half = grid.forms[grid.items[bar].node or ""].body_height / 2 - BAR_END_PX
    ordered = sorted(neighbours, key=lambda key: heights[neighbours[key]])
    pitch = BAR_PITCH_PX if (len(ordered) - 1) * BAR_PITCH_PX <= 2 * half else 0
    slack = half - (len(ordered) - 1) * pitch / 2
    wishes = [min(max(heights[neighbours[key]] - heights[bar], -half), half) for key in ordered]
    firm = [1e3 if abs(wish) < half else 1.0 for wish in wishes]
    placed = spread(wishes, [pitch] * (len(ordered) - 1), firm)
    for place, (key, height) in enumerate(zip(ordered, placed, strict=True)):
        offset = (place - (len(ordered) - 1) / 2) * pitch
        touch[key] = heights[bar] + min(max(height, offset - slack), offset + slack)


def channels_of(grid: Columns, heights: Sequence[float], touches: Touches) -> Channels:
    """Tracks for all turns and, from their number, the place of every column."""
    widths = [max((grid.items[number].width for number in members), default=0) for members in grid.members]
    holds_nodes = [any(grid.items[number].node is not None for number in members) for members in grid.members]
    nets, riders = _nets(grid, heights, touches)
    lefts, at = list[float](), 0.0
    turns: dict[tuple[EdgeKey, int], float] = {}
    for column, width in enumerate(widths):
        lefts.append(at)
        at += width
        if column + 1 == len(widths):
            break
        before = AFTER_NODES_PX if holds_nodes[column] else AFTER_WORDS_PX
        behind = BEFORE_NODES_PX if holds_nodes[column + 1] else BEFORE_WORDS_PX
        tracks = assign_tracks(nets[column])
        pitch = min(TRACK_PX, WIDEST_CHANNEL_PX / max(tracks, 1))
        room = max((tracks - 1) * pitch, 0 if not (holds_nodes[column] and holds_nodes[column + 1]) else 16)
        first = at + before + (room - max(tracks - 1, 0) * pitch) / 2
        for key, net in riders[column].items():
            turns[key, column] = first + net.track * pitch
        at += before + room + behind
    return Channels(lefts, widths, turns)


def _nets(
    grid: Columns, heights: Sequence[float], touches: Touches
) -> tuple[list[list[Net]], list[dict[EdgeKey, Net]]]:
    """For each channel its nets with a turn, and which wire rides on which."""
    by_exit: list[dict[Exit, dict[EdgeKey, Way]]] = [{} for _ in grid.members]
    for key, chain in grid.chains.items():
        for place, (tail, head) in enumerate(pairwise(chain)):
            left = touches.leaves[key] if place == 0 else heights[tail]
            right = touches.enters[key] if place == len(chain) - 2 else heights[head]
            by_exit[grid.items[tail].column].setdefault((tail, left), {})[key] = left, right, head
    parted = [part(exits.values()) for exits in by_exit]
    return [nets for nets, _ in parted], [riders for _, riders in parted]


def wire_points(
    grid: Columns, channels: Channels, touches: Touches, key: EdgeKey, heights: Sequence[float]
) -> list[Point]:
    """The corners of one forward wire, from its source's body to its target's."""
    chain = grid.chains[key]
    points = [exit_point(grid, channels, chain[0], heights, touches.leaves[key])]
    level = touches.leaves[key]
    for place, head in enumerate(chain[1:], start=1):
        right = touches.enters[key] if place == len(chain) - 1 else heights[head]
        turn = channels.turns.get((key, grid.items[head].column - 1))
        if turn is not None and right != level:
            points += [(turn, level), (turn, right)]
            level = right
    return [*points, entry_point(grid, channels, chain[-1], level)]


def middle_x(grid: Columns, channels: Channels, number: int) -> float:
    """The middle of an item: that of its column."""
    column = grid.items[number].column
    return channels.lefts[column] + channels.widths[column] / 2


def exit_point(grid: Columns, channels: Channels, number: int, heights: Sequence[float], level: float) -> Point:
    """Where a wire at height ``level`` leaves the body of a node to the right."""
    node_id = grid.items[number].node or START
    form = grid.forms[node_id]
    slant = 0.0
    if form.shape == "hexagon":  # a hexagon's side recedes from its point
        slant = HEXAGON_POINT_PX * abs(level - heights[number]) / (form.body_height / 2)
    return middle_x(grid, channels, number) + form.body_width / 2 - slant, level


def entry_point(grid: Columns, channels: Channels, number: int, level: float) -> Point:
    """Where a wire at height ``level`` meets the body of a node from the left."""
    form = grid.forms[grid.items[number].node or START]
    return middle_x(grid, channels, number) - form.body_width / 2, level
