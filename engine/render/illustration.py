"""The whole picture put together: title, nodes, wires, key.

Rule: the drawing order is canvas, lines, words on lines, nodes, title, key; nothing that is drawn later hides what a
reader needs, because the layout gave each its own room.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.render.cards import card, start_dot
from engine.render.columns import START
from engine.render.layout import Layout, Spot, Wire
from engine.render.legend import legend
from engine.render.lettering import clean, shorten, width_px
from engine.render.picture import EdgeKey, Picture, PictureEdge, RunOverlay
from engine.render.scene import Drawing, Group, Mark, Scene, Words
from engine.render.tokens import BODY_PX, REGULAR, SEMIBOLD, SMALL_PX, TITLE_PX, EdgeState
from engine.render.wires import ABOVE, wire_line, wire_words

MARGIN_PX = 32
_LEAST_WIDTH_PX = 480
_TITLE_ROOM_PX = 960


def illustrate(picture: Picture, layout: Layout, overlay: RunOverlay | None = None) -> Scene:
    """Everything that is to be drawn, in order. O(nodes + edges)."""
    lines = [line for line in (picture.description, clean(overlay.caption) if overlay else "") if line]
    width = max(layout.width, min(_title_width(picture.title, lines), _TITLE_ROOM_PX), _LEAST_WIDTH_PX)
    header = list(_header(picture.title, lines, width))
    top = MARGIN_PX + 24 + 20 * len(lines) + 28
    key, key_height = legend(picture, overlay, width)
    shifted = _shift(layout, MARGIN_PX, top)
    key_top = top + layout.height + 36
    marks = (
        *_wires(picture, shifted, overlay),
        *_nodes(picture, shifted, overlay),
        *header,
        *(_moved(mark, MARGIN_PX, key_top) for mark in key),
    )
    height = key_top + key_height + MARGIN_PX - 8
    return Scene(round(width + 2 * MARGIN_PX), round(height), picture.title, " ".join(lines), marks)


def _title_width(title: str, lines: list[str]) -> float:
    rest = (width_px(line, BODY_PX, REGULAR) for line in lines)
    return max(width_px(title, TITLE_PX, SEMIBOLD), *rest, 0) + 1


def _header(title: str, lines: list[str], width: float) -> Iterator[Mark]:
    name = shorten(title, width, TITLE_PX, SEMIBOLD)
    yield Words(MARGIN_PX, MARGIN_PX + 16, name, "text", TITLE_PX, SEMIBOLD, css="title")
    for place, line in enumerate(lines):
        shown = shorten(line, width, BODY_PX, REGULAR)
        yield Words(MARGIN_PX, MARGIN_PX + 40 + 20 * place, shown, size=BODY_PX, css="caption")


def _wires(picture: Picture, layout: Layout, overlay: RunOverlay | None) -> Iterator[Group]:
    states = overlay.edges if overlay is not None else {}
    edges = {(edge.source, edge.index): edge for edge in picture.edges}
    if (START, 0) in layout.wires:
        edges[START, 0] = PictureEdge(START, 0, "", "")
        states = dict(states) | ({(START, 0): _start_state(overlay)} if overlay is not None else {})
    order = sorted((key for key in edges if key in layout.wires), key=lambda key: ABOVE[states.get(key)])
    for key in order:
        yield wire_line(edges[key], layout.wires[key], states.get(key), flows=_flows(edges[key], states, overlay))
    for key in order:
        yield from wire_words(key, layout.wires[key], states.get(key))


def _start_state(overlay: RunOverlay) -> EdgeState:
    return "taken" if overlay.nodes else "pending"


def _flows(edge: PictureEdge, states: object, overlay: RunOverlay | None) -> bool:
    if overlay is None or overlay.edges.get((edge.source, edge.index)) != "taken":
        return False
    run = overlay.nodes.get(edge.target)
    return run is not None and run.status == "running"


def _nodes(picture: Picture, layout: Layout, overlay: RunOverlay | None) -> Iterator[Group]:
    if START in layout.spots:
        yield start_dot(layout.spots[START])
    for node in picture.nodes:
        run = overlay.nodes.get(node.id) if overlay is not None else None
        yield card(node, layout.spots[node.id], run, in_run=overlay is not None)


def _shift(layout: Layout, dx: float, dy: float) -> Layout:
    spots = {node_id: Spot(spot.x + dx, spot.y + dy, spot.form) for node_id, spot in layout.spots.items()}
    wires: dict[EdgeKey, Wire] = {}
    for key, wire in layout.wires.items():
        at = None if wire.words_at is None else (wire.words_at[0] + dx, wire.words_at[1] + dy)
        wires[key] = Wire(tuple((x + dx, y + dy) for x, y in wire.points), wire.words, at)
    return replace(layout, spots=spots, wires=wires)


def _moved(mark: Mark, dx: float, dy: float) -> Mark:
    match mark:
        case Group():
            return replace(mark, marks=tuple(_moved(inner, dx, dy) for inner in mark.marks))
        case Words():
            return replace(mark, x=mark.x + dx, y=mark.y + dy)
        case Drawing():
            path = tuple(
                (letter, tuple(value + (dy if place % 2 else dx) for place, value in enumerate(values)))
                for letter, values in mark.path
            )
            return replace(mark, path=path)
