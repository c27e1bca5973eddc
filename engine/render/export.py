"""One picture in the format that is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, assert_never

import anyio
from anyio import to_thread

from engine.errors import InputError
from engine.render.afar import LEAST_SCALE
from engine.render.dot import write_dot
from engine.render.illustration import illustrate, illustrate_from_afar, size_of
from engine.render.layout import DEADLINE_S, Layout, layout
from engine.render.mermaid import write_mermaid
from engine.render.picture import Picture, RunOverlay
from engine.render.raster import MOST_PDF_PARTS, pdf_job, pdf_scale, png_job, png_scale
from engine.render.scene import Scene
from engine.render.svg import write_svg
from engine.render.tokens import Theme
from engine.render.workers import run_worker

Format = Literal["svg", "png", "pdf", "dot", "mermaid"]
_LAYOUT_SHARE = 0.6
"""Of the deadline, for finding the geometry; the rest is for drawing."""


async def render(  # noqa: PLR0913 - each decides one thing about one picture
    picture: Picture,
    *,
    to: Format,
    theme: Theme = "light",
    overlay: RunOverlay | None = None,
    geometry: Layout | None = None,
    deadline_s: float = DEADLINE_S,
    scale: float = 2,
) -> bytes:
    """Draw a picture.

    Args:
        picture: from ``picture_of``.
        to: the format; ``dot`` and ``mermaid`` are UTF-8 text and need no layout.
        theme: which literal colours to write.
        overlay: what a run has done so far, or None for the plain graph.
        geometry: from ``layout`` of the same picture, for who draws it more than once; None: it is found here.
        deadline_s: seconds; geometry gets plainer to keep within them.
        scale: of a PNG; 2 gives two pixels per px.

    Raises:
        InputError: ``picture.deadline``: a PNG or PDF could not be drawn in time.
    """
    match to:
        case "dot":
            return write_dot(picture, theme, overlay).encode()
        case "mermaid":
            return write_mermaid(picture, theme, overlay).encode()
        case "svg" | "png" | "pdf":
            end = anyio.current_time() + deadline_s
            laid_out = geometry or await layout(picture, deadline_s=deadline_s * _LAYOUT_SHARE)
            order = _Order(picture, laid_out, overlay, theme, scale)
            if to == "svg":
                return (await to_thread.run_sync(_svg, order)).encode()
            job = await to_thread.run_sync(_png if to == "png" else _pdf, order)
            drawn = await run_worker(job, end - anyio.current_time())
            if drawn is None:
                raise InputError(
                    f"the picture could not be drawn as {to} within {deadline_s:g} s",
                    code="picture.deadline",
                    hint="export it as svg, dot or mermaid, or give it more time",
                )
            return drawn
        case _:
            assert_never(to)


@dataclass(frozen=True, slots=True)
class _Order:
    """Everything that decides how a picture looks."""

    picture: Picture
    layout: Layout
    overlay: RunOverlay | None
    theme: Theme
    scale: float


def _svg(order: _Order) -> str:
    return write_svg(_scene(order, None), order.theme)


def _png(order: _Order) -> dict[str, Any]:
    scale = png_scale(size_of(order.picture, order.layout, order.overlay), order.scale)
    is_far = scale < min(LEAST_SCALE, order.scale)
    return png_job(_scene(order, scale if is_far else None), order.theme, scale)


def _pdf(order: _Order) -> dict[str, Any]:
    scale = pdf_scale(size_of(order.picture, order.layout, order.overlay))
    is_far = len(order.picture.nodes) + len(order.picture.edges) > MOST_PDF_PARTS
    return pdf_job(_scene(order, scale if is_far else None), order.theme)


def _scene(order: _Order, far_scale: float | None) -> Scene:
    if far_scale is None:
        return illustrate(order.picture, order.layout, order.overlay)
    return illustrate_from_afar(order.picture, order.layout, order.overlay, far_scale)
