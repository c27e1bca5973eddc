"""A scene as SVG, written by us alone.

Rule: four elements with text of ours around data that is cleaned and escaped: no script, no link, no foreign object,
no image, no event attribute, nothing loaded. Every colour stands as a literal attribute; a style sheet hidden from
viewers that do not know CSS variables lets a page that shows the picture decide the colours itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.render.lettering import clean
from engine.render.paths import Path
from engine.render.scene import Drawing, Group, Mark, Scene, Words
from engine.render.tokens import FONT_FAMILY, Status, Theme, colour, stylesheet, token_of

_UNNAMEABLE = re.compile(r"[^A-Za-z0-9_-]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def write_svg(scene: Scene, theme: Theme) -> str:
    """The scene as one SVG document with literal colours of ``theme``. O(marks)."""
    width, height = _number(scene.width), _number(scene.height)
    style = f"@supports (--weft:0){{{stylesheet(theme)}}}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="weft-picture" role="img" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" font-family="{FONT_FAMILY}" fill="none"'
        ' stroke-linecap="round" stroke-linejoin="round">',
        f"<title>{escape(scene.title)}</title>",
        f"<desc>{escape(scene.description)}</desc>" if scene.description else "",
        f"<style>{style}</style>",
        f'<path class="canvas f-canvas" fill="{colour("canvas", theme)}" d="M0 0H{width}V{height}H0Z"/>',
    ]
    for mark in scene.marks:
        parts.extend(_mark(mark, theme, None, None))
    parts.append("</svg>\n")
    return "\n".join(part for part in parts if part)


def escape(text: str) -> str:
    """Cleaned text, safe between tags and inside attributes."""
    return clean(text).translate(_ESCAPES)


def _mark(mark: Mark, theme: Theme, kind: str | None, status: Status | None) -> Iterator[str]:
    match mark:
        case Group():
            yield from _group(mark, theme)
        case Words():
            if mark.text:
                yield _words(mark, colour(token_of(mark.role, kind, status), theme))
        case Drawing():
            yield _drawing(mark, theme, kind, status)


def _group(group: Group, theme: Theme) -> Iterator[str]:
    name = f' id="{_UNNAMEABLE.sub("_", group.id)}"' if group.id else ""
    faint = f' opacity="{_number(group.opacity)}"' if group.opacity < 1 else ""
    yield f'<g{name} class="{escape(group.css)}"{faint}>'
    if group.title:
        yield f"<title>{escape(group.title)}</title>"
    for mark in group.marks:
        yield from _mark(mark, theme, group.kind, group.status)
    yield "</g>"


def _words(words: Words, fill: str) -> str:
    css = " ".join(name for name in (words.css, f"f-{words.role}") if name)
    anchor = f' text-anchor="{words.anchor}"' if words.anchor != "start" else ""
    weight = f' font-weight="{words.weight}"' if words.weight != 400 else ""
    return (
        f'<text class="{css}" x="{_number(words.x)}" y="{_number(words.y)}" font-size="{_number(words.size)}"'
        f'{weight}{anchor} fill="{fill}">{escape(words.text)}</text>'
    )


def _drawing(drawing: Drawing, theme: Theme, kind: str | None, status: Status | None) -> str:
    css, paint = [drawing.css], ""
    if drawing.fill is not None:
        css.append(f"f-{drawing.fill}")
        paint += f' fill="{colour(token_of(drawing.fill, kind, status), theme)}"'
    if drawing.stroke is not None:
        css.append(f"s-{drawing.stroke}")
        paint += f' stroke="{colour(token_of(drawing.stroke, kind, status), theme)}"'
        paint += f' stroke-width="{_number(drawing.width)}"'
    if drawing.dash:
        paint += f' stroke-dasharray="{" ".join(map(_number, drawing.dash))}"'
    return f'<path class="{" ".join(filter(None, css))}"{paint} d="{path_data(drawing.path)}"/>'


def path_data(path: Path) -> str:
    """A path in SVG's notation, to a hundredth of a pixel."""
    return "".join(letter + " ".join(map(_number, values)) for letter, values in path)


def _number(value: float) -> str:
    if value == int(value):
        return str(int(value))
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
