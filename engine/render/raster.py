"""PNG and PDF: the same scene through the worker, with the shipped font embedded or drawn.

Rule: both are made in a process of their own (resvg keeps the interpreter's lock for as long as it works, a large page
takes seconds), and both are scaled down to what readers of these formats can open.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from typing import Any

from engine.render.lettering import FONT_FILES, clean
from engine.render.paths import rounded_box
from engine.render.scene import Drawing, Group, Mark, Scene, Words
from engine.render.svg import write_svg
from engine.render.tokens import Status, Theme, colour, token_of

MOST_PIXELS = 24_000_000
"""Writing this many takes about a second."""
LONGEST_SIDE_PX = 16_000
MOST_PDF_PARTS = 2_500
"""Nodes and wires of which a page is written within a few seconds; more are drawn as from afar."""
LONGEST_PAGE_PT = 14_400
"""PDF 1.7, annex C: no side of a page may be longer."""
PT_PER_PX = 0.75


def png_scale(size: tuple[float, float], wanted: float) -> float:
    """How many pixels per px a PNG of that size (px) can have, at most ``wanted``."""
    wide, high = size
    return min(wanted, LONGEST_SIDE_PX / wide, LONGEST_SIDE_PX / high, sqrt(MOST_PIXELS / (wide * high)))


def png_job(scene: Scene, theme: Theme, scale: float) -> dict[str, Any]:
    """The worker's job for a PNG with ``scale`` pixels per px."""
    return {
        "do": "png",
        "svg": write_svg(scene, theme),
        "fonts": [str(path) for path in FONT_FILES.values()],
        "width": max(int(scene.width * scale), 1),
    }


def pdf_scale(size: tuple[float, float]) -> float:
    """How many points per px a page of that size (px) can have."""
    return min(PT_PER_PX, LONGEST_PAGE_PT / size[0], LONGEST_PAGE_PT / size[1])


def pdf_job(scene: Scene, theme: Theme) -> dict[str, Any]:
    """The worker's job for a PDF of one page."""
    wide, high = scene.width, scene.height
    ground = Drawing(rounded_box(0, 0, wide, high, radius=0), fill="canvas")
    return {
        "do": "pdf",
        "title": clean(scene.title),
        "width": wide,
        "height": high,
        "scale": pdf_scale((wide, high)),
        "fonts": {str(weight): str(path) for weight, path in FONT_FILES.items()},
        "steps": [step for mark in (ground, *scene.marks) for step in _steps(mark, theme, None, None, 1)],
    }


def _steps(mark: Mark, theme: Theme, kind: str | None, status: Status | None, opacity: float) -> Iterator[list[Any]]:
    match mark:
        case Group():
            for inner in mark.marks:
                yield from _steps(inner, theme, mark.kind, mark.status, opacity * mark.opacity)
        case Words():
            ink = colour(token_of(mark.role, kind, status), theme)
            if mark.text:
                yield ["text", mark.x, mark.y, clean(mark.text), mark.size, mark.weight, ink, mark.anchor, opacity]
        case Drawing():
            fill, stroke = (
                None if role is None else colour(token_of(role, kind, status), theme)
                for role in (mark.fill, mark.stroke)
            )
            yield ["path", mark.path, fill, stroke, mark.width, mark.dash, opacity]
