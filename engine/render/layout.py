"""A picture with coordinates: where every node, wire and word stands.

Rule: computed once for a graph and the same for every run and theme of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from anyio import to_thread

from engine.render.columns import Columns, columns_of
from engine.render.forms import Form
from engine.render.ladder import Rung, heights_of
from engine.render.lanes import route_around
from engine.render.lettering import shorten, width_px
from engine.render.paths import Point
from engine.render.picture import EdgeKey, Picture
from engine.render.routes import channels_of, middle_x, touches_of, wire_points
from engine.render.tokens import REGULAR, SMALL_PX

DEADLINE_S = 10.0
LANE_WORDS_PX = 320
"""The most that words take on the long way back of a loop."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a node stands: the middle of its cell in px, and its form."""

    x: float
    y: float
    form: Form

    @property
    def corner(self) -> Point:
        """The upper left corner of the body: the position that a canvas keeps."""
        return self.x - self.form.body_width / 2, self.y - self.form.body_height / 2


@dataclass(frozen=True, slots=True)
class Wire:
    """A wire's corners in px from its source to its target, its words as they fit, and where their middle is."""

    points: tuple[Point, ...]
    words: str = ""
    words_at: Point | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """The geometry of a picture; the upper left of everything is (0, 0).

    Attributes:
        spots: node id → where it stands; the start dot has the id "".
        wires: (source, index) → its way; the wire from the start dot is ("", 0).
        width, height: of everything together, px.
        rung: which means gave it, see ``ladder``.
    """

    spots: Mapping[str, Spot]
    wires: Mapping[EdgeKey, Wire]
    width: float
    height: float
    rung: Rung


async def layout(picture: Picture, *, deadline_s: float = DEADLINE_S) -> Layout:
    """Lay a picture out, left to right.

    Args:
        picture: what to lay out; nothing is too large or too tangled.
        deadline_s: seconds after which plainer means are used (see ``ladder``).
    """
    grid = await to_thread.run_sync(columns_of, picture)
    heights, rung = await heights_of(grid, deadline_s)
    return await to_thread.run_sync(_assemble, picture, grid, heights, rung)


def _assemble(picture: Picture, grid: Columns, heights: Sequence[float], rung: Rung) -> Layout:
    touches = touches_of(grid, heights)
    channels = channels_of(grid, heights, touches)
    spots = {
        node_id: Spot(middle_x(grid, channels, number), heights[number], grid.forms[node_id])
        for node_id, number in grid.place.items()
    }
    wires: dict[EdgeKey, Wire] = {}
    for key, chain in grid.chains.items():
        points = wire_points(grid, channels, touches, key, heights)
        words = next((number for number in chain if grid.items[number].words), None)
        if words is None:
            wires[key] = Wire(tuple(points))
        else:
            at = middle_x(grid, channels, words), heights[words]
            wires[key] = Wire(tuple(points), grid.items[words].words, at)
    spoken = {(edge.source, edge.index): edge.words for edge in picture.edges}
    for key, (points, at) in route_around(grid, channels, heights).items():
        room = min(max(x for x, _ in points) - min(x for x, _ in points) - 48, LANE_WORDS_PX)
        words_shown = shorten(spoken.get(key, ""), max(room, 0), SMALL_PX, REGULAR)
        wires[key] = Wire(tuple(points), words_shown, at if words_shown else None)
    return _shifted(spots, wires, rung)


def _shifted(spots: dict[str, Spot], wires: dict[EdgeKey, Wire], rung: Rung) -> Layout:
    """The same, with the upper left of everything at (0, 0)."""
    boxes = [_cell(spot) for spot in spots.values()] + [_extent(wire) for wire in wires.values()]
    left, top = min((box[0] for box in boxes), default=0), min((box[1] for box in boxes), default=0)
    right, bottom = max((box[2] for box in boxes), default=0), max((box[3] for box in boxes), default=0)
    return Layout(
        {node_id: Spot(spot.x - left, spot.y - top, spot.form) for node_id, spot in spots.items()},
        {key: _moved(wire, left, top) for key, wire in wires.items()},
        right - left,
        bottom - top,
        rung,
    )


def _moved(wire: Wire, left: float, top: float) -> Wire:
    at = None if wire.words_at is None else (wire.words_at[0] - left, wire.words_at[1] - top)
    return Wire(tuple((x - left, y - top) for x, y in wire.points), wire.words, at)


def _cell(spot: Spot) -> tuple[float, float, float, float]:
    wide, high = spot.form.width / 2, spot.form.height / 2
    return spot.x - wide, spot.y - high, spot.x + wide, spot.y + high


def _extent(wire: Wire) -> tuple[float, float, float, float]:
    points = list(wire.points)
    if wire.words_at is not None:
        reach = width_px(wire.words, SMALL_PX, REGULAR) / 2 + 6
        x, y = wire.words_at
        points += [(x - reach, y - 10), (x + reach, y + 10)]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)
