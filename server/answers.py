"""JSON out, JSON in.

Rule: what comes in is read by the same strict reader as a graph's file (no key twice, no giant, no NaN, no depth
without end), then held against its model; unknown fields are refused, so a misspelt one is never silently ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import orjson
from anyio import CapacityLimiter, to_thread
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from engine.errors import InputError
from engine.model.reading import read_document

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

AT_ONCE: Final = 4
"""So many documents are read, checked or compared at the same time."""

SMALL_BYTES: Final = 64 * 1024
"""A body up to this size is parsed at once (about 3 ms), a longer one in a thread."""


async def in_turn(limiter: CapacityLimiter, act: Callable[..., T], *args: Any) -> T:
    """Do heavy work on a document in a thread, a few at a time.

    The threads that sessions, links and files need are others, so that a flood of giants keeps nobody out.
    """
    return await to_thread.run_sync(act, *args, limiter=limiter)


def json_answer(value: Any, status: int = 200, *, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON value as an answer."""
    return Response(orjson.dumps(value), status, dict(headers or {}), media_type="application/json")


def nothing(headers: Mapping[str, str] | None = None) -> Response:
    """Done, and nothing to say."""
    return Response(b"", 204, dict(headers or {}))


async def body_bytes(request: Request, *, limit: int) -> bytes:
    """The body of a request.

    Raises:
        InputError: ``request.too_big``.
    """
    declared = request.headers.get("content-length", "0")
    size = int(declared) if declared.isdecimal() else 0
    pieces = list[bytes]()
    if size <= limit:
        size = 0
        async for piece in request.stream():
            size += len(piece)
            if size > limit:
                break
            pieces.append(piece)
    if size > limit:
        raise InputError(
            f"the body is longer than {limit} bytes", code="request.too_big", hint="send less, or a file by reference"
        )
    return b"".join(pieces)


async def json_body(request: Request, *, limit: int) -> Any:
    """The JSON value of a request's body; an absent body is ``{}``.

    Raises:
        InputError: ``request.too_big``, ``request.not_json``.
    """
    content = await body_bytes(request, limit=limit)
    if not content.strip():
        return {}
    if len(content) <= SMALL_BYTES:
        value, findings = read_document(content)
    else:
        value, findings = await in_turn(request.app.state.house.documents, read_document, content)
    if findings:
        first = findings[0]
        raise InputError(first.message, code="request.not_json", where=first.place or "body", hint=first.hint)
    return value


async def read(request: Request, model: type[M], *, limit: int = 1 << 20) -> M:
    """The body of a request as its model.

    Raises:
        InputError: ``request.too_big``, ``request.not_json``, ``request.invalid``.
    """
    return checked(model, await json_body(request, limit=limit))


def checked(model: type[M], value: Any) -> M:
    """A value held against its model.

    Raises:
        InputError: ``request.invalid``: its message names the first thing that is wrong.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = "/".join(str(part) for part in first["loc"])
        known = ", ".join(field.alias or name for name, field in model.model_fields.items())
        raise InputError(
            str(first["msg"]), code="request.invalid", where=place or "body", hint=f"fields: {known or 'none'}"
        ) from None
