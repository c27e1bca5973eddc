"""Pictures over HTTP: laid out once for a graph, drawn once for a format, and laid under every run of it.

Rule: geometry depends on the graph's hash alone, so it is computed once however many look, in a worker process; two who
ask at the same time wait for the same one. What is kept is bounded.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar, get_args

import anyio
from starlette.requests import Request
from starlette.responses import Response

from engine.errors import InputError
from engine.model import Graph
from engine.render import Format, Layout, RunOverlay, Theme, layout, picture_of, render
from server.asking import house_of

V = TypeVar("V")

ENDINGS: Final[dict[str, Format]] = {"svg": "svg", "png": "png", "pdf": "pdf", "dot": "dot", "mmd": "mermaid"}
MEDIA_TYPES: Final[dict[Format, str]] = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "pdf": "application/pdf",
    "dot": "text/vnd.graphviz",
    "mermaid": "text/vnd.mermaid",
}
DEADLINE_S: Final = 20.0
LAYOUTS_KEPT: Final = 256
DRAWINGS_KEPT: Final = 256
DRAWING_BYTES: Final = 1 << 20
"""A larger drawing is made anew each time."""
_STYLE: Final = re.compile(rb"<style>[^<]*</style>")


class Kept(Generic[V]):
    """The newest ``most`` values by key; a value that is being made is made once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, V] = OrderedDict()
        self._making: dict[Hashable, anyio.Lock] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[V]], *, keeps: Callable[[V], bool]) -> V:
        """The value under ``key``, made by ``make`` where there is none."""
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]
        lock = self._making.setdefault(key, anyio.Lock())
        try:
            async with lock:
                if key not in self._values:
                    value = await make()
                    if not keeps(value):
                        return value
                    self._values[key] = value
                    if len(self._values) > self._most:
                        self._values.popitem(last=False)
                return self._values[key]
        finally:
            if not lock.statistics().tasks_waiting:
                self._making.pop(key, None)


class Pictures:
    """The pictures of one server."""

    def __init__(self) -> None:
        self._layouts: Kept[Layout] = Kept(LAYOUTS_KEPT)
        self._drawings: Kept[bytes] = Kept(DRAWINGS_KEPT)

    async def layout_of(self, graph: Graph) -> Layout:
        """Where everything of a graph stands; the same for all its runs and themes."""
        return await self._layouts.get(
            graph.hash, lambda: layout(picture_of(graph), deadline_s=DEADLINE_S * 0.6), keeps=lambda _: True
        )

    async def draw(self, graph: Graph, to: Format, theme: Theme, overlay: RunOverlay | None = None) -> bytes:
        """A graph, or a run of it, as a picture.

        Raises:
            InputError: ``picture.deadline``.
        """

        async def make() -> bytes:
            geometry = None if to in ("dot", "mermaid") else await self.layout_of(graph)
            return await render(
                picture_of(graph), to=to, theme=theme, overlay=overlay, geometry=geometry, deadline_s=DEADLINE_S
            )

        if overlay is not None:
            return await make()
        return await self._drawings.get((graph.hash, to, theme), make, keeps=lambda drawn: len(drawn) <= DRAWING_BYTES)


async def graph_picture(request: Request) -> Response:
    """A graph as SVG, PNG, PDF, DOT or Mermaid; ``?version=`` draws an earlier one, ``?theme=dark`` for the dark."""
    house = house_of(request)
    to, theme = _wanted(request)
    graph = (await house.folder.entry(request.path_params["name"])).graph
    tag = f'"{graph.hash[:32]}-{to}-{theme}{"-plain" if is_plain(request) else ""}"'
    if request.headers.get("if-none-match") == tag:
        return Response(b"", 304, {"etag": tag})
    drawn = await house.pictures.draw(graph, to, theme)
    return _picture(request, drawn, to, graph.name, {"etag": tag, "cache-control": "no-cache"})


async def run_picture(request: Request) -> Response:
    """A run as it stands, drawn over the graph that it is bound to."""
    return await picture_of_run(request, request.path_params["id"], *_wanted(request))


async def picture_of_run(request: Request, run_id: str, to: Format, theme: Theme) -> Response:
    """The picture of one run."""
    house = house_of(request)
    graph = next(iter((await house.engine.documents_of(run_id)).values()))
    drawn = await house.pictures.draw(graph, to, theme, await house.engine.overlay(run_id))
    return _picture(request, drawn, to, run_id, {"cache-control": "no-store"})


def theme_of(request: Request) -> Theme:
    """The theme that a request names; light where it names none.

    Raises:
        InputError: ``request.invalid``.
    """
    given = request.query_params.get("theme", "light")
    for theme in get_args(Theme):
        if given == theme:
            found: Theme = theme
            return found
    raise InputError(f"{given[:40]!r} is no theme", code="request.invalid", where="?theme=", hint="light or dark")


def _wanted(request: Request) -> tuple[Format, Theme]:
    ending = request.path_params["ending"]
    if ending not in ENDINGS:
        raise InputError(
            f"{ending[:20]!r} is no format of a picture", code="request.unknown", hint=f"one of {', '.join(ENDINGS)}"
        )
    return ENDINGS[ending], theme_of(request)


def is_plain(request: Request) -> bool:
    """Whether an SVG is wanted without its style sheet: for a page that brings the same rules (``picture.css``).

    A page's policy forbids style sheets inside documents, and would report each.
    """
    return request.query_params.get("style") == "none"


def _picture(request: Request, drawn: bytes, to: Format, name: str, headers: dict[str, str]) -> Response:
    if to == "svg" and is_plain(request):
        drawn = _STYLE.sub(b"", drawn, count=1)
    ending = next(ending for ending, known in ENDINGS.items() if known == to)
    shown = {**headers, "content-disposition": f'inline; filename="{name}.{ending}"'}
    return Response(drawn, 200, shown, media_type=MEDIA_TYPES[to])
