"""The pages: static files that hold nothing of anybody, and ask for the rest when they are open.

Rule: a page is the same bytes for everybody; what it shows comes over the interface under the reader's own login. Two
style sheets and the icons are made from the picture language, so that pages and pictures cannot part.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from posixpath import dirname, normpath
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

import engine.render
from engine.errors import EngineBug, GraphError, InputError
from engine.render.icons import icon, icon_names
from engine.render.svg import path_data
from engine.render.tokens import COLOURS, stylesheet
from server.answers import json_answer
from server.asking import house_of
from server.events import stream_of_run
from server.inbox import followed_link
from server.pictures import picture_of_run, theme_of
from server.runs import run_line

_HERE: Final = Path(__file__).resolve().parent
_PLACES: Final = (_HERE / "editor_static", _HERE.parent / "editor_static")
_FONTS: Final = Path(engine.render.__file__).resolve().parent / "fonts"

_PAGES_OF_ROOMS: Final = {"graphs": "editor.html", "runs": "run.html"}
"""Pages whose address names a thing: first part of the path -> file."""

_SCRIPT: Final = re.compile(r'<script type="module" src="((?:\.\.?/)*static/)([^"]+)"')
_IMPORT: Final = re.compile(r'^(?:import|export)\b[^;"]*?"(\.\.?/[^"]+\.js)"', re.MULTILINE)

MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".otf": "font/otf",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
"""What is served by its ending; a file of any other ending is not there."""


async def home(request: Request) -> Response:
    """The graphs, the runs and the inbox; the login where nobody is logged in."""
    del request
    return _page("home.html")


async def graph_page(request: Request) -> Response:
    """The editor of one graph; with 404 where there is none of that name, and the page offers to make it."""
    folder = house_of(request).folder
    try:
        await folder.entry(request.path_params["name"])
    except GraphError:
        return _page("editor.html", status=404)
    return _page("editor.html")


async def run_page(request: Request) -> Response:
    """One run: its live picture, its events, its gates."""
    await house_of(request).engine.look(request.path_params["id"])
    return _page("run.html")


async def inbox_page(request: Request) -> Response:
    """Everything that waits for somebody's decision, over all runs."""
    del request
    return _page("inbox.html")


async def decision_page(request: Request) -> Response:
    """What is asked by the link in the address. Looking at it decides nothing."""
    return await _linked_page(request, "decide", "decide.html")


async def embed_page(request: Request) -> Response:
    """One run to look at, in somebody else's page."""
    return await _linked_page(request, "embed", "embed.html")


async def embed_picture(request: Request) -> Response:
    """The picture of the run that a link is about."""
    link = await followed_link(request, house_of(request), "embed")
    return await picture_of_run(request, link.run or "", "svg", theme_of(request))


async def embed_run(request: Request) -> Response:
    """How the run that a link is about stands, without its input and output."""
    house = house_of(request)
    link = await followed_link(request, house, "embed")
    line = run_line(await house.engine.look(link.run or ""))
    return json_answer({key: line[key] for key in ("id", "graph", "status", "started_at", "ended_at")})


async def embed_events(request: Request) -> object:
    """The events of the run that a link is about, without what went in and came out."""
    house = house_of(request)
    link = await followed_link(request, house, "embed")
    return await stream_of_run(request, house, link.run or "", is_brief=True)


def stranger_page(path: str) -> Response | None:
    """The page at this path for a reader who is not logged in: the same bytes with 401; they ask for the login.

    None: there is no page at this path.
    """
    if path == "/inbox":
        return _page("inbox.html", status=401)
    _, _, rest = path.partition("/")
    room, _, name = rest.partition("/")
    if not name or "/" in name or room not in _PAGES_OF_ROOMS:
        return None
    return _page(_PAGES_OF_ROOMS[room], status=401)


async def static_file(request: Request) -> Response:
    """A file of the pages, a font, or a style sheet of tokens."""
    name: str = request.path_params["file"]
    made = made_files().get(name)
    if made is None:
        made = _file(name)
    tag = f'"{hash_of(made)}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(b"", 304, headers)
    return Response(made, 200, headers, media_type=MEDIA_TYPES[Path(name).suffix])


async def _linked_page(request: Request, kind: str, name: str) -> Response:
    """A page behind a link; to a browser it says itself, in the reader's language, that a link is used up."""
    try:
        await followed_link(request, house_of(request), kind)
    except InputError as error:
        if error.code != "link.unknown" or "text/html" not in request.headers.get("accept", ""):
            raise
        return _page(name, status=404)
    return _page(name)


def _page(name: str, *, status: int = 200) -> Response:
    content = _file(name).replace(b"</head>", _preloads(name) + b"</head>", 1)
    return Response(content, status, {"cache-control": "no-cache"}, media_type="text/html; charset=utf-8")


@cache
def _preloads(page: str) -> bytes:
    """A line for each module that a page's script leads to: all are asked for at once, not one after the other.

    A module that was added since is loaded all the same, only later.
    """
    script = _SCRIPT.search(_file(page).decode())
    if script is None:
        return b""
    root, found = script[1], [script[2]]
    for module in found:
        text = "" if module in made_files() else _file(module).decode()
        near = (normpath(f"{dirname(module)}/{path}") for path in _IMPORT.findall(text))
        found += [path for path in dict.fromkeys(near) if path not in found]
    return "".join(f'<link rel="modulepreload" href="{root}{module}">\n' for module in found).encode()


def _file(name: str) -> bytes:
    """The bytes of a file below the static directory, or of a font; nothing that a link leads to elsewhere.

    Raises:
        InputError: ``request.unknown``.
    """
    root, rest = (_FONTS, name.removeprefix("fonts/")) if name.startswith("fonts/") else (static_directory(), name)
    try:
        path = (root / rest).resolve()
        if Path(name).suffix in MEDIA_TYPES and path.is_relative_to(root) and path.is_file():
            return path.read_bytes()
    except (OSError, ValueError):  # a name that no disk could have
        pass
    raise InputError("there is no such file", code="request.unknown", where=f"/static/{name[:80]}")


@cache
def static_directory() -> Path:
    """Where the pages lie: beside the package in a checkout, inside it once installed.

    Raises:
        EngineBug: the installation lacks them.
    """
    for place in _PLACES:
        if (place / "pages").is_dir():
            return place.resolve()
    raise EngineBug("the pages are missing", where=str(_HERE), hint="install weft again")


@cache
def made_files() -> dict[str, bytes]:
    """Style sheets made from the tokens, and the icons as a module: name -> content."""
    variables = "".join(f"--weft-{name}:light-dark({light},{dark});" for name, (light, dark) in COLOURS.items())
    return {
        "tokens.css": f":root{{color-scheme:light dark;{variables}}}\n".encode(),
        "picture.css": f"{stylesheet('light')}\n".encode(),
        "icons.js": _icons_module().encode(),
    }


def _icons_module() -> str:
    """Every icon of the pictures as SVG path data: ``ICONS[name]`` is ``{line, solid}``."""
    shown = {
        name: {"line": path_data(drawing.line), "solid": path_data(drawing.solid)}
        for name in icon_names()
        if (drawing := icon(name)) is not None
    }
    return f"export const ICONS = Object.freeze({json.dumps(shown)});\n"


def hash_of(content: bytes) -> str:
    """A short name for some bytes."""
    return hashlib.sha256(content).hexdigest()[:32]
