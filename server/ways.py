"""One way into the server: a method, a path, who acts, and what goes in and comes out.

Rule: the router and the OpenAPI page are made from the same list of ways, so neither can know one that the other does
not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.errors import InputError

Act = Callable[[Request], Awaitable[Any]]
"""A handler; what it returns is an ASGI application, mostly a ``Response``."""


@dataclass(frozen=True, slots=True)
class Way:
    """One operation.

    Attributes:
        method, path: as Starlette writes them.
        act: does it; the first line of its docstring says what.
        takes, gives: the models of the bodies, or media types.
        status: of success.
    """

    method: str
    path: str
    act: Act
    takes: type[BaseModel] | str | None = None
    gives: type[BaseModel] | str | None = None
    status: int = 200


def routes_of(ways: Sequence[Way]) -> list[Route]:
    """One route per path, which knows all methods of it."""
    by_path: dict[str, dict[str, Way]] = {}
    for way in ways:
        by_path.setdefault(way.path, {})[way.method] = way
    return [Route(path, _one_of(path, known), methods=list(known)) for path, known in by_path.items()]


def _one_of(path: str, known: dict[str, Way]) -> Callable[[Request], Awaitable[Response]]:
    async def act(request: Request) -> Response:
        request.scope["weft.route"] = path
        way = known.get("GET" if request.method == "HEAD" else request.method)
        if way is None:
            raise InputError("this address does not know the method", code="request.method")
        answer: Response = await way.act(request)
        return answer

    return act
