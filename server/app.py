"""The application: what the server can be asked, as a contents page, and how it is put together.

Rule: every way into the server stands in ``WAYS``; router, OpenAPI page and the test of the door are made from it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from engine.app import Engine
from engine.errors import EngineBug, InputError, JournalError, WeftError
from server import events as live
from server import graphs, inbox, login, ops, pages, pictures, runs, wire
from server.folder import Folder
from server.house import House
from server.links import Link, Links
from server.logs import tell, tell_event, tell_fault
from server.metrics import Metrics
from server.notifying import Notifier
from server.openapi import Openapi
from server.people import People, Person
from server.pictures import Pictures
from server.problems import problem
from server.security import Door
from server.sessions import Sessions
from server.settings import Settings
from server.shelf import Shelf
from server.versions import Versions
from server.ways import Way, routes_of

JSON: Final = "application/json"
STREAM: Final = "text/event-stream"
HTML: Final = "text/html"
ANY: Final = "*/*"

PAGES: Final = (
    Way("GET", "/", pages.home, gives=HTML),
    Way("GET", "/graphs/{name}", pages.graph_page, gives=HTML),
    Way("GET", "/runs/{id}", pages.run_page, gives=HTML),
    Way("GET", "/inbox", pages.inbox_page, gives=HTML),
    Way("GET", "/decide/{token}", pages.decision_page, gives=HTML),
    Way("GET", "/embed/{token}", pages.embed_page, gives=HTML),
    Way("GET", "/embed/{token}/run", pages.embed_run, gives=JSON),
    Way("GET", "/embed/{token}/diagram.svg", pages.embed_picture, gives="image/svg+xml"),
    Way("GET", "/embed/{token}/events", pages.embed_events, gives=STREAM),
    Way("GET", "/static/{file:path}", pages.static_file, gives=ANY),
)
"""What people open; not in the OpenAPI page."""

API: Final = (
    # who is there
    Way("POST", "/api/session", login.log_in, wire.LogIn, wire.Session),
    Way("GET", "/api/session", login.who_am_i, gives=wire.Session),
    Way("DELETE", "/api/session", login.log_out, status=204),
    Way("POST", "/api/session/links", login.make_login_link, wire.Nothing, wire.LinkMade, 201),
    # graphs
    Way("GET", "/api/graphs", graphs.list_graphs, gives=wire.GraphList),
    Way("GET", "/api/patterns", graphs.list_patterns, gives=wire.PatternList),
    Way("GET", "/api/patterns/{name}/diagram.svg", pictures.pattern_picture, gives="image/svg+xml"),
    Way("POST", "/api/graphs/{name}/new", graphs.begin_graph, wire.NewGraph, wire.Saved, 201),
    Way("GET", "/api/graphs/{name}", graphs.read_graph, gives=JSON),
    Way("PUT", "/api/graphs/{name}", graphs.save_graph, JSON, wire.Saved),
    Way("DELETE", "/api/graphs/{name}", graphs.remove_graph, status=204),
    Way("POST", "/api/graphs/{name}/rename", graphs.rename_graph, wire.Rename, wire.Saved),
    Way("POST", "/api/graphs/{name}/validate", graphs.check_graph, JSON, wire.Findings),
    Way("GET", "/api/graphs/{name}/layout", graphs.lay_out, gives=wire.Positions),
    Way("POST", "/api/graphs/{name}/layout", graphs.lay_out_document, JSON, wire.Positions),
    Way("GET", "/api/graphs/{name}/diff", graphs.compare_versions, gives=wire.Differences),
    Way("POST", "/api/graphs/{name}/diff", graphs.compare_document, JSON, wire.Differences),
    Way("GET", "/api/graphs/{name}/versions", graphs.list_versions, gives=wire.VersionList),
    Way("GET", "/api/graphs/{name}/versions/{etag}", graphs.read_version, gives=JSON),
    Way("PUT", "/api/graphs/{name}/versions/{etag}/label", graphs.name_version, wire.NameVersion, status=204),
    Way("GET", "/api/graphs/{name}/diagram.{ending}", pictures.graph_picture, gives=ANY),
    # runs
    Way("POST", "/api/runs", runs.start_run, wire.StartRun, wire.RunTold, 201),
    Way("GET", "/api/runs", runs.list_runs, gives=wire.RunList),
    Way("POST", "/api/runs/prune", runs.prune_runs, wire.Prune, wire.Pruned),
    Way("GET", "/api/runs/{id}", runs.show_run, gives=wire.RunTold),
    Way("DELETE", "/api/runs/{id}", runs.remove_run, status=204),
    Way("POST", "/api/runs/{id}/cancel", runs.cancel_run, wire.CancelRun, wire.RunTold, 202),
    Way("POST", "/api/runs/{id}/resume", runs.resume_run, wire.Nothing, wire.RunTold, 202),
    Way("POST", "/api/runs/{id}/signals/{name}", runs.send_signal, wire.SendSignal, wire.RunTold, 202),
    Way("GET", "/api/runs/{id}/events", live.run_events, gives=STREAM),
    Way("GET", "/api/runs/{id}/documents", runs.run_documents, gives=wire.RunDocuments),
    Way("GET", "/api/runs/{id}/diagram.{ending}", pictures.run_picture, gives=ANY),
    Way("POST", "/api/runs/{id}/embed", inbox.make_embed_link, wire.Nothing, wire.LinkMade, 201),
    Way("GET", "/api/events", live.all_events, gives=STREAM),
    # gates
    Way("GET", "/api/inbox", inbox.list_gates, gives=wire.Inbox),
    Way("POST", "/api/runs/{id}/gates/{gate:path}/link", inbox.make_decision_link, wire.MakeLink, wire.LinkMade, 201),
    Way("POST", "/api/runs/{id}/gates/{gate:path}", inbox.decide_gate, wire.Answer, wire.RunTold),
    Way("GET", "/api/inbox/decided", inbox.list_decided, gives=wire.DecidedList),
    Way("GET", "/decide/{token}/gate", inbox.linked_gate, gives=wire.GateTold),
    Way("POST", "/decide/{token}", inbox.decide_by_link, wire.Answer, wire.Decided),
    # what there is
    Way("GET", "/api/schema", graphs.schema, gives=JSON),
    Way("GET", "/api/tools", graphs.list_tools, gives=wire.ToolList),
    Way("GET", "/api/models", graphs.list_models, gives=wire.ModelList),
    # operations
    Way("GET", "/healthz", ops.live, gives=wire.Health),
    Way("GET", "/readyz", ops.ready, gives=wire.Health),
    Way("GET", "/metrics", ops.numbers, gives="text/plain"),
)
"""What programs ask."""

WAYS: Final = (*PAGES, *API, Way("GET", "/api/openapi.json", Openapi(API).show, gives=JSON))


class Application:
    """The server as an ASGI application; open it with ``lifespan`` or by the ASGI server's own.

    Args:
        engine: not yet open; it is opened and closed here.
        settings: the operator's.
    """

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.settings = settings
        self._engine = engine
        self._house: House | None = None
        self.first_link: str | None = None
        """The one-time token to log in with, while nobody is named in the settings."""
        self.inner = Starlette(
            routes=routes_of(WAYS),
            lifespan=self._lifespan,
            exception_handlers={
                WeftError: _on_error,
                HTTPException: _on_http,
                ClientDisconnect: _on_gone,
                Exception: _on_bug,
            },
        )
        self.inner.router.redirect_slashes = False
        self._door = Door(self.inner, lambda: self.house, pages.stranger_page)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        await self._door(scope, receive, send)

    @property
    def house(self) -> House:
        """What the routes share.

        Raises:
            EngineBug: before the application is open.
        """
        if self._house is None:
            raise EngineBug("the server is not open", where="server/app.py")
        return self._house

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[House]:
        """Open engine and tables, take up what is unfinished, watch the graphs; close it all at the end."""
        settings = self.settings
        async with self._engine as engine:
            shelf = Shelf(settings.db)
            await shelf.open()
            try:
                house = self._house = _house(engine, settings, shelf)
                await house.links.forget_logins()
                if not settings.people:
                    link = Link("login", settings.owner)
                    self.first_link = await house.links.make(link, now=engine.clock.now())
                self.inner.state.house = house
                engine.on("*", lambda _, event: house.metrics.noted(event))
                engine.on("*", tell_event)
                async with anyio.create_task_group() as group:
                    group.start_soon(house.folder.watch, settings.poll_s)
                    group.start_soon(_take_up, house)
                    for messenger in engine.messengers():
                        address = (settings.notify_address or links_of(settings, None, settings.port)).rstrip("/")
                        notifier = Notifier(engine, shelf, messenger, settings.notify_on, address)
                        group.start_soon(notifier.run)
                    yield house
                    house.closing.set()
                    group.cancel_scope.cancel()
            finally:
                await shelf.close()

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncGenerator[None]:
        del app
        async with self.open():
            yield


def _house(engine: Engine, settings: Settings, shelf: Shelf) -> House:
    people = People(settings.people)
    owner = None if settings.people else Person(settings.owner, frozenset({"admin"}))
    return House(
        settings=settings,
        engine=engine,
        folder=Folder(settings.graphs),
        versions=Versions(shelf),
        people=people,
        sessions=Sessions(shelf, people, owner),
        links=Links(shelf),
        pictures=Pictures(),
        metrics=Metrics(),
    )


async def _take_up(house: House) -> None:
    """Go on with what an earlier process left; the server answers meanwhile."""
    taken = await house.engine.take_up_unfinished()
    if taken:
        tell("runs.taken_up", count=len(taken))
    house.ready.set()


async def _on_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, WeftError):
        raise error
    request.scope["weft.code"] = error.code
    if isinstance(error, EngineBug | JournalError):
        tell_fault("fault", error, route=request.scope.get("weft.route"))
    headers = {"retry-after": "60"} if error.code == "request.rate" else {}
    return problem(error, headers=headers)


async def _on_http(request: Request, error: Exception) -> Response:
    """The router found nothing, or not this method."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    if status == 405:
        told = InputError("this address does not know the method", code="request.method")
    else:
        told = InputError("there is nothing here", code="request.unknown", hint="see /api/openapi.json")
    request.scope["weft.code"] = told.code
    return problem(told)


async def _on_gone(request: Request, error: Exception) -> Response:
    """The client went before it had said what it wanted; nobody reads this, and nothing is wrong here."""
    del request, error
    return problem(InputError("the request broke off", code="request.not_json"))


async def _on_bug(request: Request, error: Exception) -> Response:
    request.scope["weft.code"] = "engine.bug"
    tell_fault("fault", error, route=request.scope.get("weft.route"))
    return problem(EngineBug(type(error).__name__))


def links_of(settings: Settings, token: str | None, port: int) -> str:
    """The address to open in a browser; with the token in the fragment, which no server and no log ever sees."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}{settings.root_path}/" + ("" if token is None else f"#token={token}")
