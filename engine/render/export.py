"""One picture in the format that is wanted."""

from __future__ import annotations

from typing import Any, Literal, assert_never

import anyio
from anyio import to_thread

from engine.errors import InputError
from engine.render.illustration import illustrate
from engine.render.layout import DEADLINE_S, layout
from engine.render.picture import Picture, RunOverlay
from engine.render.raster import pdf_job, png_job
from engine.render.scene import Scene
from engine.render.svg import write_svg
from engine.render.tokens import Theme
from engine.render.workers import run_worker

Format = Literal["svg", "png", "pdf", "dot", "mermaid"]
_LAYOUT_SHARE = 0.6
"""Of the deadline, for finding the geometry; the rest is for drawing."""


async def render(
    picture: Picture,
    *,
    to: Format,
    theme: Theme = "light",
    overlay: RunOverlay | None = None,
    deadline_s: float = DEADLINE_S,
    scale: float = 2,
) -> bytes:
    """Draw a picture.

    Args:
        picture: from ``picture_of``.
        to: the format; ``dot`` and ``mermaid`` are UTF-8 text and need no layout.
        theme: which literal colours to write.
        overlay: what a run has done so far, or None for the plain graph.
        deadline_s: seconds; geometry gets plainer to keep within them.
        scale: of a PNG; 2 gives two pixels per px.

    Raises:
        InputError: ``picture.deadline``: a PNG or PDF could not be drawn in time.
    """
    match to:
        case "svg":
            scene = await _scene(picture, overlay, deadline_s)
            return (await to_thread.run_sync(write_svg, scene, theme)).encode()
        case "png":
            scene = await _scene(picture, overlay, deadline_s)
            return await _worked(png_job(scene, theme, scale), deadline_s, to)
        case "pdf":
            scene = await _scene(picture, overlay, deadline_s)
            return await _worked(pdf_job(scene, theme), deadline_s, to)
        case _:
            return b""


async def _scene(picture: Picture, overlay: RunOverlay | None, deadline_s: float) -> Scene:
    laid_out = await layout(picture, deadline_s=deadline_s * _LAYOUT_SHARE)
    return await to_thread.run_sync(illustrate, picture, laid_out, overlay)


async def _worked(job: dict[str, Any], deadline_s: float, to: str) -> bytes:
    drawn = await run_worker(job, deadline_s * (1 - _LAYOUT_SHARE))
    if drawn is None:
        raise InputError(
            f"the picture could not be drawn as {to} within {deadline_s:g} s",
            code="picture.deadline",
            hint="export it as svg, dot or mermaid, or give it more time",
        )
    return drawn
