"""How wires are drawn: round corners, an arrow, words on the line; what a run made of them.

Rule: all lines come before all words, so that no line crosses a word; what was taken lies above what was not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from engine.render import paths
from engine.render.layout import Wire
from engine.render.lettering import width_px
from engine.render.paths import Point
from engine.render.picture import EdgeKey, PictureEdge
from engine.render.scene import Drawing, Group, Words
from engine.render.tokens import RADIUS_PX, REGULAR, SKIPPED_OPACITY, SMALL_PX, EdgeState

ARROW_PX = (8, 4)
"""Length and half width of an arrow head."""
DASHED, DOTTED = (6, 4), (0.1, 4)
ABOVE: dict[EdgeState | None, int] = {"skipped": 0, "pending": 1, None: 1, "taken": 2, "failed": 3}
"""What is drawn later lies above."""


def wire_line(edge: PictureEdge, wire: Wire, state: EdgeState | None, *, flows: bool = False) -> Group:
    """A wire without its words: a group ``edge-SOURCE-INDEX`` with ``edge state-STATE`` and its manner as classes."""
    role = {"taken": "muted", "failed": "failed-ink"}.get(state or "", "edge")
    width = 2 if state in ("taken", "failed") else 1.5
    dash = DOTTED if state == "skipped" else DASHED if edge.manner != "plain" and state != "taken" else ()
    if edge.manner == "repeat" and state != "skipped":
        dash = DASHED
    if flows:
        role = "running-ink"
    is_open = edge.manner == "repeat"
    tip, back = wire.points[-1], _before_tip(wire.points)
    end = tip if is_open else paths.toward(tip, back, ARROW_PX[0] - 1)
    line = paths.rounded_line([*wire.points[:-1], end], radius=RADIUS_PX)
    marks = (
        Drawing(line, stroke=role, width=width, dash=dash, css="line"),
        _head(tip, back, role, width, is_open=is_open),
    )
    port = f"port-{edge.port}" if edge.port.isidentifier() else ""
    css = ["edge", port, f"state-{state}" if state else "", edge.manner]
    names = " ".join(name for name in css if name and name != "plain") + (" flows" if flows else "")
    return Group(
        marks,
        f"edge-{edge.source}-{edge.index}" if edge.source else "",
        names,
        _title(edge),
        opacity=SKIPPED_OPACITY if state == "skipped" else 1,
    )


def wire_words(key: EdgeKey, wire: Wire, state: EdgeState | None) -> Iterator[Group]:
    """The words of a wire, standing on it."""
    if wire.words_at is None:
        return
    x, y = wire.words_at
    reach = width_px(wire.words, SMALL_PX, REGULAR) / 2 + 5
    back = paths.rounded_box(x - reach, y - 9, 2 * reach, 18, radius=4)
    marks = (Drawing(back, fill="canvas", css="words-back"), Words(x, y + 4, wire.words, anchor="middle", css="words"))
    css = f"edge-words state-{state}" if state else "edge-words"
    yield Group(marks, f"edge-{key[0]}-{key[1]}-words", css, opacity=SKIPPED_OPACITY if state == "skipped" else 1)


def _title(edge: PictureEdge) -> str:
    words = f": {edge.words}" if edge.words else ""
    return f"{edge.source or 'start'} → {edge.target}{words}"


def _before_tip(points: tuple[Point, ...]) -> Point:
    return next((point for point in reversed(points[:-1]) if math.dist(point, points[-1]) > 0), points[0])


def _head(tip: Point, back: Point, role: str, width: float, *, is_open: bool) -> Drawing:
    length, half = ARROW_PX
    base = paths.toward(tip, back, length)
    span = math.dist(tip, back) or 1
    across = -(tip[1] - back[1]) / span * half, (tip[0] - back[0]) / span * half
    corners = [(base[0] + across[0], base[1] + across[1]), tip, (base[0] - across[0], base[1] - across[1])]
    if is_open:
        return Drawing(paths.polyline(corners), stroke=role, width=width, css="head")
    return Drawing(paths.polyline(corners, closed=True), fill=role, css="head")
