"""A picture too large to read: boxes and lines only, as seen from afar.

Rule: one path for all wires of a state and one for all bodies of a colour, whatever their number; wires that lie on
each other are drawn once. So a fork of 10,000 still becomes a PNG in a second, where 40,000 marks would take minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from engine.render import paths
from engine.render.layout import Layout, Spot
from engine.render.paths import Command, Path, Point
from engine.render.picture import Picture, RunOverlay
from engine.render.scene import Drawing, Group
from engine.render.tokens import EdgeState, Status
from engine.render.wires import ABOVE

LEAST_SCALE = 0.35
"""Below so many pixels per px no word can be read; the canvas of the editor changes to boxes there too."""
_INK: dict[EdgeState, str] = {"pending": "edge", "skipped": "line", "taken": "muted", "failed": "failed-ink"}


def from_afar(picture: Picture, layout: Layout, overlay: RunOverlay | None, thickness: float) -> Iterator[Group]:
    """Wires, then bodies.

    Args:
        picture: what it is.
        layout: where everything stands.
        overlay: of the run, or None.
        thickness: of lines in px of the layout, so that they stay visible when it is scaled down.
    """
    lines: dict[EdgeState, list[tuple[Point, ...]]] = {}
    for key, wire in layout.wires.items():
        state = overlay.edges.get(key, "pending") if overlay is not None else "pending"
        lines.setdefault(state, []).append(wire.points)
    for state in sorted(lines, key=lambda state: ABOVE[state]):
        path = _as_path(_merged(lines[state]))
        yield Group((Drawing(path, stroke=_INK[state], width=thickness, css="line"),), css=f"edges state-{state}")
    bodies: dict[tuple[str, Status | None], list[Command]] = {}
    for node in picture.nodes:
        run = overlay.nodes.get(node.id) if overlay is not None else None
        bodies.setdefault((node.kind, run.status if run else None), []).extend(_body(layout.spots[node.id]))
    for (kind, status), commands in bodies.items():
        body = Drawing(tuple(commands), fill="status-ink" if status else "kind-ink", css="body")
        css = f"nodes kind-{kind}" + (f" status-{status}" if status else "")
        yield Group((body,), css=css, kind=kind, status=status)


def _body(spot: Spot) -> Path:
    x, y = spot.corner
    return paths.rounded_box(x, y, spot.form.body_width, spot.form.body_height, radius=0)


def _merged(wires: Iterable[tuple[Point, ...]]) -> Iterator[tuple[Point, Point]]:
    """The straight pieces of wires, those that lie on each other joined into one. O(pieces · log pieces)."""
    level: dict[float, list[tuple[float, float]]] = {}
    upright: dict[float, list[tuple[float, float]]] = {}
    for points in wires:
        for (x1, y1), (x2, y2) in pairwise(points):
            if y1 == y2:
                level.setdefault(y1, []).append((min(x1, x2), max(x1, x2)))
            else:
                upright.setdefault(x1, []).append((min(y1, y2), max(y1, y2)))
    for y, spans in level.items():
        yield from (((start, y), (end, y)) for start, end in _joined(spans))
    for x, spans in upright.items():
        yield from (((x, start), (x, end)) for start, end in _joined(spans))


def _joined(spans: list[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    spans.sort()
    first, last = spans[0]
    for start, end in spans[1:]:
        if start > last:
            yield first, last
            first, last = start, end
        last = max(last, end)
    yield first, last


def _as_path(pieces: Iterable[tuple[Point, Point]]) -> Path:
    commands: list[Command] = []
    for start, end in pieces:
        commands.append(("M", start))
        commands.append(("L", end))
    return tuple(commands)
