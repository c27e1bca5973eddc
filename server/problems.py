"""Errors as RFC 9457 problems: one table from our codes to HTTP's.

Rule: a client acts on ``code``, which never changes meaning; the status only says who must act. What is our own fault
is logged and told without a word about our inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.responses import Response

from engine.errors import ConfigError, EngineBug, GraphError, InputError, JournalError, WeftError

MEDIA_TYPE: Final = "application/problem+json"

STATUS: Final[Mapping[str, int]] = {
    "request.unauthorized": 401,
    "request.rate": 429,
    "request.host": 421,
    "request.origin": 403,
    "request.media_type": 415,
    "request.too_big": 413,
    "request.not_json": 400,
    "request.invalid": 422,
    "request.unknown": 404,
    "request.method": 405,
    "request.key_reused": 422,
    "graph.unknown": 404,
    "graph.version": 404,
    "graph.changed": 412,
    "graph.unread": 428,
    "graph.exists": 409,
    "graph.in_use": 409,
    "graph.unwritable": 507,
    "run.unknown": 404,
    "run.exists": 409,
    "run.ended": 409,
    "run.not_ended": 409,
    "run.elsewhere": 409,
    "gate.unknown": 404,
    "gate.closed": 409,
    "gate.ambiguous": 409,
    "gate.assignee": 403,
    "link.unknown": 404,
    "picture.deadline": 503,
    "journal.full": 507,
    "journal.mismatch": 409,
    "lease.lost": 409,
}
"""Where a code has a status of its own; else the error's class decides."""

TITLES: Final[Mapping[int, str]] = {
    400: "Bad request",
    401: "Log in first",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    412: "Changed meanwhile",
    413: "Too big",
    415: "Not JSON",
    421: "Wrong host",
    422: "Cannot be used as it is",
    428: "Say which version you read",
    429: "Too many attempts",
    500: "A fault of weft",
    503: "Not now",
    507: "Cannot be stored",
}


def status_of(error: WeftError) -> int:
    """The HTTP status of an error."""
    known = STATUS.get(error.code)
    if known is not None:
        return known
    match error:
        case JournalError():
            return 503
        case GraphError() | InputError():
            return 422
        case ConfigError():
            return 503
        case _:
            return 500


def problem(
    error: WeftError, *, more: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """An error as an answer.

    Args:
        error: what happened. Of an ``EngineBug`` only that it happened is told.
        more: further members of the problem.
        headers: further headers.
    """
    status = status_of(error)
    told: dict[str, Any] = {"type": f"urn:weft:problem:{error.code}", "title": TITLES[status], "status": status}
    if isinstance(error, EngineBug):
        told |= {"detail": "weft failed; its log says more", "code": "engine.bug", "where": None, "hint": None}
    else:
        told |= {"detail": error.message, "code": error.code, "where": error.where, "hint": error.hint}
    if isinstance(error, GraphError) and error.findings:
        told["findings"] = [finding.as_json() for finding in error.findings]
    return Response(
        orjson.dumps(told | dict(more or {}), default=str), status, dict(headers or {}), media_type=MEDIA_TYPE
    )
