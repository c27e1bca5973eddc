"""Pictures over HTTP: laid out once for a graph, drawn once for a format, and laid under every run of it.

Rule: geometry depends on the graph's hash alone, so it is computed once however many look, in a worker process; two who
ask at the same time wait for the same one. What is kept is bounded.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Final, Generic, TypeVar, get_args

import anyio
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from engine.errors import InputError
from engine.gallery import patterns
from engine.model import Graph, Node
from engine.render import Format, Layout, NodeRun, RunOverlay, Theme, layout, picture_of, render
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

        async def make() -> Layout:
            picture = await to_thread.run_sync(picture_of, graph)
            return await layout(picture, deadline_s=DEADLINE_S * 0.6)

        return await self._layouts.get(graph.hash, make, keeps=lambda _: True)

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

    async def draw_live(self, graph: Graph, theme: Theme) -> bytes:
        """A graph as SVG for a page that lays a run over it: every node has its badge, which says that it waits.

        It follows from the graph alone, so that all its runs are laid out and drawn once.

        Raises:
            InputError: ``picture.deadline``.
        """
        picture = picture_of(graph)
        overlay = RunOverlay({node.id: NodeRun("waiting") for node in picture.nodes})

        async def make() -> bytes:
            geometry = await self.layout_of(graph)
            return await render(
                picture, to="svg", theme=theme, overlay=overlay, geometry=geometry, deadline_s=DEADLINE_S
            )

        return await self._drawings.get(
            (graph.hash, "live", theme), make, keeps=lambda drawn: len(drawn) <= DRAWING_BYTES
        )


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


async def pattern_picture(request: Request) -> Response:
    """A sample graph as SVG; it comes with weft, so it is drawn before anybody has made a graph of it."""
    house, theme, name = house_of(request), theme_of(request), request.path_params["name"]
    file = patterns().get(name)
    if file is None:
        raise InputError(f"there is no pattern {name[:80]!r}", code="request.unknown", hint="see /api/patterns")
    graph = await to_thread.run_sync(Graph.load, file)
    drawn = await house.pictures.draw(graph, "svg", theme)
    return _picture(request, drawn, "svg", name, {"cache-control": "no-cache"})


async def run_picture(request: Request) -> Response:
    """A run as it stands, drawn over the graph that it is bound to."""
    return await picture_of_run(request, request.path_params["id"], *_wanted(request))


async def picture_of_run(request: Request, run_id: str, to: Format, theme: Theme) -> Response:
    """The picture of one run."""
    house = house_of(request)
    documents = await house.engine.documents_of(run_id)
    graph = next(iter(documents.values()))
    if request.query_params.get("live") == "1":
        graph = graph_inside(graph, documents, request.query_params.get("inside", ""))
        drawn = await house.pictures.draw_live(graph, theme)
        return _picture(request, drawn, to, run_id, {"cache-control": "no-store"})
    drawn = await house.pictures.draw(graph, to, theme, await house.engine.overlay(run_id))
    return _picture(request, drawn, to, run_id, {"cache-control": "no-store"})


def graph_inside(graph: Graph, documents: Mapping[str, Graph], path: str) -> Graph:
    """The graph of the sub-flow node at a path (``team/writers``), "" for the run's own.

    A graph that an agent calls is named behind a mark: ``lead!research``.

    Raises:
        InputError: ``request.invalid``: there is no sub-flow at this path.
    """
    for node_id in filter(None, path.split("/")):
        _, mark, called = node_id.partition("!")
        inner = documents.get(called) if mark else _inner(graph.nodes.get(node_id), documents)
        if inner is None:
            raise InputError(f"there is no sub-flow at {path[:80]!r}", code="request.invalid", where="?inside=")
        graph = inner
    return graph


def _inner(node: Node | None, documents: Mapping[str, Graph]) -> Graph | None:
    if node is None or node.kind != "subgraph":
        return None
    return documents.get(node.graph or "") if node.inline is None else Graph.model_validate(node.inline)


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
