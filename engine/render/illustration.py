"""The whole picture put together: title, nodes, wires, key.

Rule: the drawing order is canvas, lines, words on lines, nodes, title, key; nothing that is drawn later hides what a
reader needs, because the layout gave each its own room.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from engine.render.afar import from_afar
from engine.render.cards import card, start_dot
from engine.render.columns import START
from engine.render.layout import Layout, Spot, Wire
from engine.render.legend import legend
from engine.render.lettering import clean, shorten, width_px
from engine.render.paths import moved
from engine.render.picture import EdgeKey, Picture, PictureEdge, RunOverlay
from engine.render.scene import Drawing, Group, Mark, Scene, Words
from engine.render.tokens import BODY_PX, REGULAR, SEMIBOLD, TITLE_PX, EdgeState
from engine.render.wires import ABOVE, wire_line, wire_words

MARGIN_PX = 32
_LEAST_WIDTH_PX = 480
_TITLE_ROOM_PX = 960


def illustrate(picture: Picture, layout: Layout, overlay: RunOverlay | None = None) -> Scene:
    """Everything that is to be drawn, in order. O(nodes + edges)."""
    frame = _Frame.around(picture, layout, overlay)
    placed = _shift(layout, MARGIN_PX, frame.top)
    return frame.scene(picture, [*_wires(picture, placed, overlay), *_nodes(picture, placed, overlay)])


def illustrate_from_afar(picture: Picture, layout: Layout, overlay: RunOverlay | None, scale: float) -> Scene:
    """The same size, as it is seen when ``scale`` pixels per px leave no word readable: boxes and lines."""
    frame = _Frame.around(picture, layout, overlay)
    placed = _shift(layout, MARGIN_PX, frame.top)
    return frame.scene(picture, from_afar(picture, placed, overlay, max(1.0, 0.75 / scale)))


def size_of(picture: Picture, layout: Layout, overlay: RunOverlay | None) -> tuple[float, float]:
    """Width and height of the whole picture in px, before anything is drawn."""
    frame = _Frame.around(picture, layout, overlay)
    return frame.width + 2 * MARGIN_PX, frame.height


@dataclass(frozen=True, slots=True)
class _Frame:
    """What stands around the graph: title above, key below; heights in px from the picture's top."""

    width: float
    top: float
    height: float
    header: tuple[Mark, ...]
    key: tuple[Mark, ...]
    lines: tuple[str, ...]

    @classmethod
    def around(cls, picture: Picture, layout: Layout, overlay: RunOverlay | None) -> _Frame:
        caption = clean(overlay.caption) if overlay is not None else ""
        lines = tuple(line for line in (picture.description, caption) if line)
        width = max(layout.width, min(_title_width(picture.title, lines), _TITLE_ROOM_PX), _LEAST_WIDTH_PX)
        top = MARGIN_PX + 24 + 20 * len(lines) + 28
        key, key_height = legend(picture, overlay, width)
        key_top = top + layout.height + 36
        return cls(
            width=width,
            top=top,
            height=key_top + key_height + MARGIN_PX - 8,
            header=tuple(_header(picture.title, lines, width)),
            key=tuple(_moved(mark, MARGIN_PX, key_top) for mark in key),
            lines=lines,
        )

    def scene(self, picture: Picture, graph: Iterable[Mark]) -> Scene:
        marks = (*graph, *self.header, *self.key)
        return Scene(round(self.width + 2 * MARGIN_PX), round(self.height), picture.title, " ".join(self.lines), marks)


def _title_width(title: str, lines: Sequence[str]) -> float:
    rest = (width_px(line, BODY_PX, REGULAR) for line in lines)
    return max(width_px(title, TITLE_PX, SEMIBOLD), *rest, 0) + 1


def _header(title: str, lines: Sequence[str], width: float) -> Iterator[Mark]:
    name = shorten(title, width, TITLE_PX, SEMIBOLD)
    yield Words(MARGIN_PX, MARGIN_PX + 16, name, "text", TITLE_PX, SEMIBOLD, css="title")
    for place, line in enumerate(lines):
        shown = shorten(line, width, BODY_PX, REGULAR)
        yield Words(MARGIN_PX, MARGIN_PX + 40 + 20 * place, shown, size=BODY_PX, css="caption")


def _wires(picture: Picture, layout: Layout, overlay: RunOverlay | None) -> Iterator[Group]:
    states: dict[EdgeKey, EdgeState] = dict(overlay.edges) if overlay is not None else {}
    edges = {(edge.source, edge.index): edge for edge in picture.edges}
    if (START, 0) in layout.wires:
        edges[START, 0] = PictureEdge(START, 0, "", "")
        if overlay is not None:
            states[START, 0] = "taken" if overlay.nodes else "pending"
    order = sorted((key for key in edges if key in layout.wires), key=lambda key: ABOVE[states.get(key)])
    for key in order:
        yield wire_line(edges[key], layout.wires[key], states.get(key), flows=_flows(edges[key], overlay))
    for key in order:
        yield from wire_words(key, layout.wires[key], states.get(key))


def _flows(edge: PictureEdge, overlay: RunOverlay | None) -> bool:
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
            return replace(mark, path=moved(mark.path, dx, dy))
