"""How each kind of node is drawn: shape, ink, icon, name, and what a run says.

Rule: the body stays the colour of the surface; the kind speaks by shape, icon and a 3 px edge of its ink, the run by
its badge. Every text is cut to its room by measure; the whole of it is in the group's title.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.render import paths
from engine.render.badges import (
    GAP_PX,
    badge,
    badge_width,
    iteration_words,
    number_words,
    short_status_words,
    status_words,
)
from engine.render.forms import BADGE_ROOM_PX, HEXAGON_POINT_PX, OCTAGON_CUT_PX, RING_PX
from engine.render.icons import SIZE_PX, icon
from engine.render.layout import Spot
from engine.render.lettering import shorten, width_px
from engine.render.picture import NodeRun, PictureNode
from engine.render.scene import Drawing, Group, Mark, Words, icon_marks
from engine.render.tokens import (
    BODY_PX,
    KIND_WORDS,
    RADIUS_PX,
    REGULAR,
    SEMIBOLD,
    SKIPPED_OPACITY,
    SMALL_PX,
    Status,
)

STRIP_PX = 3
_SEPARATOR = " · "
_SKIPPED_BORDER = (0.1, 3.5)


def card(node: PictureNode, spot: Spot, run: NodeRun | None, *, in_run: bool) -> Group:
    """One node as a group with the id ``node-ID`` and the classes ``node kind-KIND status-STATUS``.

    Args:
        node: what it is.
        spot: where it stands.
        run: what happened there, None if nothing has.
        in_run: whether the picture shows a run: then a node without a record is ``waiting``, without a badge.
    """
    status: Status | None = run.status if run is not None else "waiting" if in_run else None
    css = f"node kind-{node.kind}" + (f" status-{status}" if status else "")
    marks = tuple(_marks(node, spot, run))
    opacity = SKIPPED_OPACITY if status == "skipped" else 1
    return Group(marks, f"node-{node.id}", css, _title(node, run), node.kind, status, opacity)


def start_dot(spot: Spot) -> Group:
    """The dot before the first node."""
    dot = Drawing(paths.circle((spot.x, spot.y), 7), fill="kind-ink", css="shape")
    return Group((dot,), "", "start kind-start", "start", "start")


def _title(node: PictureNode, run: NodeRun | None) -> str:
    parts = [f"{node.label} ({KIND_WORDS[node.kind]})", node.mark, node.detail]
    if run is not None:
        parts += [status_words(run), *number_words(node, run), iteration_words(node, run)]
    return _SEPARATOR.join(part for part in parts if part)


def _marks(node: PictureNode, spot: Spot, run: NodeRun | None) -> Iterator[Mark]:
    match spot.form.shape:
        case "bar":
            yield from _bar(node, spot, run)
        case "hexagon":
            yield from _hexagon(node, spot, run)
        case "ring":
            yield from _ring(node, spot, run)
        case _:
            yield from _box(node, spot, run)


def _box(node: PictureNode, spot: Spot, run: NodeRun | None) -> Iterator[Mark]:
    x, y = spot.corner
    width, height = spot.form.body_width, spot.form.body_height
    yield from _outline(node.kind, (x, y, width, height), skipped=run is not None and run.status == "skipped")
    inset = 8 if node.kind in ("wait", "subgraph") else 0
    left, right = x + 14 + inset, x + width - 14 - inset
    middle = y + height / 2 + (0 if run is not None or node.detail else 12)
    drawing = icon(node.kind)
    if drawing is not None:
        yield from icon_marks(drawing, left, middle - 20, "kind-ink")
    times = iteration_words(node, run)
    if times:
        yield Words(right, middle - 8, times, anchor="end", css="iteration")
    text_left = left + SIZE_PX + 8
    room = right - text_left - (width_px(times, SMALL_PX, REGULAR) + 8 if times else 0)
    name = shorten(node.label, room, BODY_PX, SEMIBOLD)
    yield Words(text_left, middle - 7.5, name, "text", BODY_PX, SEMIBOLD, css="label")
    if run is None:
        detail = shorten(node.detail, right - text_left, SMALL_PX, REGULAR)
        yield Words(text_left, middle + 16.5, detail, css="detail")
    else:
        yield from _status_line(node, run, (left - 1, right), middle + 12.5)


def _status_line(node: PictureNode, run: NodeRun, ends: tuple[float, float], middle: float) -> Iterator[Mark]:
    """Badge at the left, at the right as many numbers as leave the badge its words."""
    left, right = ends
    numbers = number_words(node, run)
    words, taken = status_words(run), _numbers_width(numbers)
    if badge_width(words, right - left) > right - left - taken:
        words = short_status_words(run)
    while numbers and badge_width(words, right - left) > right - left - taken:
        numbers.pop()
        taken = _numbers_width(numbers)
    yield from badge(run.status, words, left, middle, right - left - taken)
    yield Words(right, middle + 4, _SEPARATOR.join(numbers), anchor="end", css="numbers")


def _numbers_width(numbers: list[str]) -> float:
    return width_px(_SEPARATOR.join(numbers), SMALL_PX, REGULAR) + 8 if numbers else 0


def _outline(kind: str, box: tuple[float, float, float, float], *, skipped: bool) -> Iterator[Drawing]:
    x, y, width, height = box
    dash = _SKIPPED_BORDER if skipped else (4, 4) if kind == "missing" else ()
    border = "kind-ink" if kind == "missing" else "border"
    if kind == "human-gate":
        body = paths.cut_box(x, y, width, height, cut=OCTAGON_CUT_PX)
        strip = paths.cut_strip(x, y, height, cut=OCTAGON_CUT_PX, width=STRIP_PX)
    else:
        radius = {"tool": 0, "wait": height / 2}.get(kind, RADIUS_PX)
        body = paths.rounded_box(x, y, width, height, radius=radius)
        strip = paths.left_strip(x, y, height, radius=radius, width=STRIP_PX)
    yield Drawing(body, fill="surface", css="body")
    yield Drawing(body, stroke=border, width=1.5 if skipped else 1, dash=dash, css="shape")
    yield Drawing(strip, fill="kind-ink", css="strip")
    if kind == "subgraph":
        inner = paths.rounded_box(x + 4, y + 4, width - 8, height - 8, radius=RADIUS_PX - 4)
        yield Drawing(inner, stroke=border, css="shape")


def _bar(node: PictureNode, spot: Spot, run: NodeRun | None) -> Iterator[Mark]:
    x, y = spot.corner
    height = spot.form.body_height
    dash = _SKIPPED_BORDER if run is not None and run.status == "skipped" else ()
    body = paths.rounded_box(x, y, spot.form.body_width, height, radius=3)
    yield Drawing(body, fill="surface" if dash else "kind-ink", stroke="kind-ink", dash=dash, css="bar")
    yield from _name_above(node, spot, y - 8)
    yield from _line_below(node, spot, run, y + height + 14)


def _hexagon(node: PictureNode, spot: Spot, run: NodeRun | None) -> Iterator[Mark]:
    x, y = spot.corner
    width, height = spot.form.body_width, spot.form.body_height
    dash = _SKIPPED_BORDER if run is not None and run.status == "skipped" else ()
    body = paths.hexagon(x, y, width, height, point=HEXAGON_POINT_PX)
    yield Drawing(body, fill="surface", css="body")
    yield Drawing(body, stroke="border", width=1.5 if dash else 1, dash=dash, css="shape")
    yield Drawing(
        paths.hexagon_strip(x, y, height, point=HEXAGON_POINT_PX, width=STRIP_PX), fill="kind-ink", css="strip"
    )
    count = iteration_words(node, run) or node.mark
    room = width - 2 * HEXAGON_POINT_PX - SIZE_PX - 6
    shown = shorten(count, room, BODY_PX, SEMIBOLD)
    left = spot.x - (SIZE_PX + 6 + width_px(shown, BODY_PX, SEMIBOLD)) / 2
    drawing = icon(node.kind)
    if drawing is not None:
        yield from icon_marks(drawing, left, spot.y - SIZE_PX / 2, "kind-ink")
    yield Words(left + SIZE_PX + 6, spot.y + 4.5, shown, "text", BODY_PX, SEMIBOLD, css="count")
    yield from _name_above(node, spot, y - 8, run)


def _ring(node: PictureNode, spot: Spot, run: NodeRun | None) -> Iterator[Mark]:
    yield Drawing(
        paths.circle((spot.x, spot.y), RING_PX / 2 - 1.5), fill="surface", stroke="kind-ink", width=3, css="shape"
    )
    cross = icon("status-failed")
    if node.fails and cross is not None:
        yield from icon_marks(cross, spot.x - SIZE_PX / 2, spot.y - SIZE_PX / 2, "kind-ink")
    top, bottom = spot.y - spot.form.body_height / 2, spot.y + spot.form.body_height / 2
    yield from _name_above(node, spot, top - 8)
    yield from _line_below(node, spot, run, bottom + 14)


def _name_above(node: PictureNode, spot: Spot, baseline: float, run: NodeRun | None = None) -> Iterator[Mark]:
    """The name centred above a small shape, its icon before it; with ``run`` its disc behind it."""
    drawing = icon(node.kind) if spot.form.shape == "bar" else None
    lead = SIZE_PX + GAP_PX if drawing is not None else 0
    words = short_status_words(run) if run is not None else ""
    room = BADGE_ROOM_PX - 2 * GAP_PX
    tail = badge_width(words, room) + 2 * GAP_PX if run is not None else 0
    name = shorten(node.label, spot.form.width - lead - tail, BODY_PX, SEMIBOLD)
    left = spot.x - (lead + width_px(name, BODY_PX, SEMIBOLD) + tail) / 2
    if drawing is not None:
        yield from icon_marks(drawing, left, baseline - 12, "kind-ink")
    yield Words(left + lead, baseline, name, "text", BODY_PX, SEMIBOLD, css="label")
    if run is not None:
        start = left + lead + width_px(name, BODY_PX, SEMIBOLD) + 2 * GAP_PX
        yield from badge(run.status, words, start, baseline - 4.5, room)


def _line_below(node: PictureNode, spot: Spot, run: NodeRun | None, middle: float) -> Iterator[Mark]:
    """Rule, badge and numbers of a small shape, centred below it."""
    rule = node.mark
    if run is None:
        yield Words(spot.x, middle + 4, rule, anchor="middle", css="rule")
        return
    if run.items_total is not None and rule != "any":
        rule = number_words(node, run)[0]
    taken = width_px(rule, SMALL_PX, REGULAR) + 2 * GAP_PX if rule else 0
    words, room = short_status_words(run), spot.form.width - taken
    left = spot.x - (taken + badge_width(words, room)) / 2
    if rule:
        yield Words(left, middle + 4, rule, css="rule")
    yield from badge(run.status, words, left + taken, middle, room)
