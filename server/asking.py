"""What a request asks in: the house that it came to, and who sent it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection, Request

from engine.errors import InputError
from server.people import Person

if TYPE_CHECKING:
    from server.house import House


def house_of(connection: HTTPConnection) -> House:
    """The house that a request came to."""
    house: House = connection.app.state.house
    return house


def person_of(request: Request) -> Person:
    """Who is logged in; the door has let nobody else through."""
    person: Person | None = request.scope["state"].get("person")
    if person is None:
        raise InputError("nobody is logged in", code="request.unauthorized", hint="log in at /")
    return person
