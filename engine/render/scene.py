"""What is to be drawn, in order, before anybody decides whether as SVG or as PDF.

Rule: marks carry roles ("kind-ink", "muted"), never colours: the colour follows from theme, kind and status when it is
written, and a page that shows an SVG can decide again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from engine.render.icons import STROKE_PX, Icon
from engine.render.paths import Path, moved
from engine.render.tokens import REGULAR, SMALL_PX, Status

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A path with the roles of its fill and stroke; ``dash`` is px of stroke and gap in turn."""

    path: Path
    fill: str | None = None
    stroke: str | None = None
    width: float = 1
    dash: tuple[float, ...] = ()
    css: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text; (x, y) is its anchor on the baseline."""

    x: float
    y: float
    text: str
    role: str = "muted"
    size: float = SMALL_PX
    weight: int = REGULAR
    anchor: Anchor = "start"
    css: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Marks that belong together: a node or a wire.

    Attributes:
        marks: in drawing order.
        id, css: for a page that shows the picture.
        title: the whole label and status, for hovering and screen readers.
        kind, status: the scope for the roles ``kind-…``, ``status-…`` and ``border``.
        opacity: of everything inside.
    """

    marks: tuple[Mark, ...]
    id: str = ""
    css: str = ""
    title: str = ""
    kind: str | None = None
    status: Status | None = None
    opacity: float = 1


Mark = Drawing | Words | Group


@dataclass(frozen=True, slots=True)
class Scene:
    """A whole picture: its size in px, its name, its marks in drawing order on the canvas colour."""

    width: float
    height: float
    title: str
    description: str
    marks: tuple[Mark, ...]


def icon_marks(icon: Icon, x: float, y: float, role: str, *, scale: float = 1) -> Iterator[Drawing]:
    """An icon with its upper left corner at (x, y)."""
    if icon.solid:
        yield Drawing(moved(icon.solid, x, y, scale=scale), fill=role, css="icon")
    yield Drawing(moved(icon.line, x, y, scale=scale), stroke=role, width=STROKE_PX * scale, css="icon")
