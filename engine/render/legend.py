"""The key to a picture: the kinds, statuses and kinds of wire that stand in it, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.render import paths
from engine.render.badges import DISC_PX, disc
from engine.render.icons import SIZE_PX, icon
from engine.render.lettering import width_px
from engine.render.picture import Picture, RunOverlay
from engine.render.scene import Drawing, Group, Mark, Words, icon_marks
from engine.render.tokens import KIND_WORDS, REGULAR, SMALL_PX, STATUS_WORDS, Status
from engine.render.wires import DASHED

ROW_PX = 28
_SIGN_PX = 24
_APART_PX = 20


@dataclass(frozen=True, slots=True)
class _Entry:
    """A sign and its word; exactly one of the three says which sign."""

    word: str
    kind: str | None = None
    status: Status | None = None
    dash: tuple[float, ...] = ()

    @property
    def sign_width(self) -> float:
        return _SIGN_PX + (4 if self.dash else 0)

    @property
    def width(self) -> float:
        return self.sign_width + width_px(self.word, SMALL_PX, REGULAR) + _APART_PX


def legend(picture: Picture, overlay: RunOverlay | None, width: float) -> tuple[list[Mark], float]:
    """The key's marks, its upper left at (0, 0), wrapped to ``width`` px, and its height in px."""
    marks, x, y = list[Mark](), 0.0, 0.0
    for entry in _entries(picture, overlay):
        if x and x + entry.width - _APART_PX > width:
            x, y = 0.0, y + ROW_PX
        scopes = ("legend", entry.kind and f"kind-{entry.kind}", entry.status and f"status-{entry.status}")
        css = " ".join(scope for scope in scopes if scope)
        marks.append(Group(tuple(_draw(entry, x, y + ROW_PX / 2)), css=css, kind=entry.kind, status=entry.status))
        x += entry.width
    return marks, y + ROW_PX if marks else 0


def _entries(picture: Picture, overlay: RunOverlay | None) -> Iterator[_Entry]:
    kinds = {node.kind for node in picture.nodes}
    yield from (_Entry(word, kind=kind) for kind, word in KIND_WORDS.items() if kind in kinds)
    manners = {edge.manner for edge in picture.edges}
    if "repeat" in manners:
        yield _Entry("repeat", dash=DASHED)
    if "transfer" in manners:
        yield _Entry("transfer", dash=DASHED)
    if overlay is None:
        return
    statuses = {run.status for run in overlay.nodes.values()}
    yield from (_Entry(word, status=status) for status, word in STATUS_WORDS.items() if status in statuses)


def _draw(entry: _Entry, x: float, middle: float) -> Iterator[Mark]:
    if entry.dash:
        line = paths.polyline([(x, middle), (x + 18, middle)])
        yield Drawing(line, stroke="edge", width=1.5, dash=entry.dash)
        head = paths.polyline([(x + 12, middle - 4), (x + 19, middle), (x + 12, middle + 4)])
        yield Drawing(head, stroke="edge", width=1.5)
    elif entry.status is not None:
        yield from disc(entry.status, x, middle)
    else:
        drawing = icon(entry.kind or "")
        if drawing is not None:
            yield from icon_marks(drawing, x + (DISC_PX - SIZE_PX) / 2, middle - SIZE_PX / 2, "kind-ink")
    yield Words(x + entry.sign_width, middle + 4, entry.word)
