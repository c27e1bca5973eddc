"""Logging in and out over HTTP.

Rule: a token comes in by POST only, never in an address that is logged; it goes out as a cookie that no script can
read and no other site can send.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from engine.errors import InputError
from server import wire
from server.answers import json_answer, nothing, read
from server.asking import house_of, person_of
from server.house import House
from server.links import LASTS_S, Link
from server.moments import told_moment
from server.people import Person
from server.security import cookie_of
from server.sessions import LASTS_S as SESSION_S


async def log_in(request: Request) -> Response:
    """Exchange a token, one's own or a link's, for a cookie."""
    house, guard = house_of(request), request.scope["state"]["guard"]
    asked = await read(request, wire.LogIn, limit=4096)
    guard.may_try("login")
    guard.was_wrong("login")  # noted before it is looked up, else any number could guess at the same time
    person = house.people.holder_of(asked.token) or await _by_link(house, asked.token)
    if person is None:
        raise InputError(
            "nobody is known by this token",
            code="request.unauthorized",
            hint="a link logs in once; start weft serve again",
        )
    guard.was_right("login")
    cookie = await house.sessions.begin(person, now=house.engine.clock.now())
    answer = json_answer(_told(person))
    answer.set_cookie(
        house.settings.cookie,
        cookie,
        max_age=int(SESSION_S),
        path=f"{request.scope.get('root_path', '')}/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


async def _by_link(house: House, token: str) -> Person | None:
    try:
        link = await house.links.spend(token, "login", now=house.engine.clock.now())
    except InputError:
        return None
    owner = house.sessions.owner
    return owner if owner is not None and owner.name == link.person else house.people.named(link.person)


async def who_am_i(request: Request) -> Response:
    """Who is logged in."""
    return json_answer(_told(person_of(request)))


async def log_out(request: Request) -> Response:
    """End this session."""
    house = house_of(request)
    cookie = cookie_of(request.headers, house.settings.cookie)
    if cookie is not None:
        await house.sessions.end(cookie)
    answer = nothing()
    answer.delete_cookie(house.settings.cookie, path=f"{request.scope.get('root_path', '')}/")
    return answer


async def make_login_link(request: Request) -> Response:
    """A link that logs the same person in once, elsewhere: on a phone, in another browser."""
    house, person = house_of(request), person_of(request)
    await read(request, wire.Nothing)
    now = house.engine.clock.now()
    token = await house.links.make(Link("login", person.name), now=now)
    url = f"{request.url.scheme}://{request.headers['host']}{request.scope.get('root_path', '')}/#token={token}"
    return json_answer({"url": url, "until": told_moment(now + LASTS_S["login"])}, 201)


def _told(person: Person) -> dict[str, object]:
    return {"name": person.name, "groups": sorted(person.groups), "is_admin": person.is_admin}
