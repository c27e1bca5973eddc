"""The OpenAPI page, made from the ways into the server and the models on the wire.

Rule: nothing is described here that the router does not know; what a way takes and gives it says itself.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import Response

from engine import __version__
from server import wire
from server.answers import json_answer
from server.pictures import ENDINGS
from server.problems import MEDIA_TYPE, TITLES
from server.runs import MOST_LISTED, STATUSES
from server.security import is_open
from server.ways import Way

Asked = tuple[str, str, dict[str, Any], str]
"""A parameter: name, ``query`` or ``header``, JSON Schema, what it is."""

_TEXT: Final = {"type": "string"}
_IF_MATCH: Final[Asked] = ("If-Match", "header", _TEXT, "the ETag of the version that was read")
_FROM: Final[Asked] = ("from", "query", _TEXT, "an ETag, or current")
_THEME: Final[Asked] = ("theme", "query", {"enum": ["light", "dark"]}, "which colours; light by default")
_STYLE: Final[Asked] = ("style", "query", {"enum": ["none"]}, "an SVG without its style sheet")
_AFTER: Final[tuple[Asked, ...]] = (
    ("Last-Event-ID", "header", {"type": "integer", "minimum": 0, "maximum": 2**53}, "go on after this event"),
    ("after", "query", {"type": "integer", "minimum": 0, "maximum": 2**53}, "the same, for the first time"),
)
_KEY: Final = {"type": "string", "minLength": 1, "maxLength": 255}
_LIMIT: Final = {"type": "integer", "minimum": 1, "maximum": MOST_LISTED}

ASKS: Final[dict[str, tuple[Asked, ...]]] = {
    "save_graph": (_IF_MATCH, ("If-None-Match", "header", _TEXT, "* for a new graph")),
    "remove_graph": (_IF_MATCH,),
    "rename_graph": (_IF_MATCH,),
    "compare_versions": (_FROM, ("to", "query", _TEXT, "an ETag, or current")),
    "compare_document": (_FROM,),
    "graph_picture": (_THEME, _STYLE),
    "run_picture": (_THEME, _STYLE),
    "start_run": (("Idempotency-Key", "header", _KEY, "sent twice, it starts one run"),),
    "list_runs": (
        ("status", "query", _TEXT, f"one or more of {', '.join(STATUSES)}, with commas"),
        ("graph", "query", _TEXT, "a graph's name"),
        ("before", "query", {"type": "integer", "minimum": 1, "maximum": 2**53}, "``next`` of the page before"),
        ("limit", "query", _LIMIT, "50 by default"),
    ),
    "list_gates": (
        ("after", "query", _TEXT, "``next`` of the page before"),
        ("run", "query", _TEXT, "only this run's"),
    ),
    "list_decided": (
        ("before", "query", {"type": "integer", "minimum": 1, "maximum": 2**53}, "``next`` of the page before"),
        ("limit", "query", _LIMIT, "50 by default"),
        ("run", "query", _TEXT, "only this run's"),
    ),
    "run_events": _AFTER,
    "all_events": _AFTER,
}
"""Parameters beside those of the path, by handler."""

CONFLICT: Final = frozenset(
    {
        "begin_graph", "rename_graph", "remove_graph", "start_run", "remove_run", "cancel_run", "resume_run",
        "send_signal", "decide_gate", "make_decision_link", "linked_gate", "decide_by_link",
    }
)  # fmt: skip
"""Handlers that may answer 409."""
WRITES_FILES: Final = frozenset({"save_graph", "rename_graph", "remove_graph"})
"""Handlers that may answer 412 (with ``current``), 428 and 507."""
PATH_SCHEMAS: Final[dict[str, dict[str, Any]]] = {"ending": {"enum": list(ENDINGS)}}
_PARAMETER: Final = re.compile(r"\{(\w+)(?::\w+)?\}")


@dataclass(frozen=True)
class Openapi:
    """The page of these ways."""

    ways: Sequence[Way]

    async def show(self, request: Request) -> Response:
        """The whole description."""
        root = request.scope.get("root_path", "")
        return json_answer({**self.page, "servers": [{"url": root or "/"}]})

    @cached_property
    def page(self) -> dict[str, Any]:
        """OpenAPI 3.1."""
        models: set[type[BaseModel]] = {wire.Problem}
        for way in self.ways:
            models.update(model for model in (way.takes, way.gives) if isinstance(model, type))
        ordered = sorted(models, key=lambda model: model.__name__)
        _, definitions = models_json_schema(
            [(model, "validation") for model in ordered], ref_template="#/components/schemas/{model}"
        )
        paths: dict[str, dict[str, Any]] = {}
        for way in self.ways:
            paths.setdefault(_PARAMETER.sub(r"{\1}", way.path), {})[way.method.lower()] = _operation(way)
        return {
            "openapi": "3.1.0",
            "info": {"title": "weft", "version": __version__, "license": {"name": "Apache-2.0"}},
            "paths": paths,
            "components": {
                "schemas": definitions.get("$defs", {}),
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            },
            "security": [{"token": []}],
        }


def _operation(way: Way) -> dict[str, Any]:
    name, says = way.act.__name__, inspect.getdoc(way.act) or ""
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": says.partition("\n")[0].replace("``", "`"),
        "parameters": [*_path_parameters(way), *(_parameter(asked) for asked in ASKS.get(name, ()))],
        "responses": _responses(way),
    }
    if way.takes is not None:
        body = {"content": {"application/json": {"schema": _schema(way.takes)}}}
        operation["requestBody"] = body | {"required": isinstance(way.takes, type) and way.takes is not wire.Nothing}
    if is_open(way.method, _PARAMETER.sub("x", way.path)):
        operation["security"] = []
    return operation


def _path_parameters(way: Way) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": PATH_SCHEMAS.get(name, {**_TEXT, "minLength": 1})}
        for name in _PARAMETER.findall(way.path)
    ]


def _parameter(asked: Asked) -> dict[str, Any]:
    name, place, schema, what = asked
    return {"name": name, "in": place, "required": False, "schema": schema, "description": what}


def _responses(way: Way) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "done"}
    if way.gives is not None:
        media_type = way.gives if isinstance(way.gives, str) else "application/json"
        success["content"] = {media_type: {} if isinstance(way.gives, str) else {"schema": _schema(way.gives)}}
    answers: dict[str, Any] = {str(way.status): success}
    if way.act.__name__ == "save_graph":
        answers["201"] = success
    if way.gives == "text/event-stream":
        answers["204"] = {"description": "there is nothing more to come"}
    if way.act.__name__ == "ready":
        return answers | {"503": success}
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    refusals = {str(status): {"description": TITLES[status], "content": problem} for status in sorted(_refusals(way))}
    return answers | refusals


def _refusals(way: Way) -> set[int]:
    """The statuses with which a way may refuse."""
    name = way.act.__name__
    found = {401, 403, 421, 429, 500, 503}
    found |= {404} if _PARAMETER.search(way.path) or name in ("start_run", "list_gates", "list_decided") else set()
    found |= {400, 413, 415, 422} if way.takes is not None else set()
    found |= {422} if name in ASKS or "{name}" in way.path else set()
    found |= {409} if name in CONFLICT else set()
    found |= {412, 428, 507} if name in WRITES_FILES else {507} if name == "begin_graph" else set()
    return found


def _schema(what: type[BaseModel] | str) -> dict[str, Any]:
    return {} if isinstance(what, str) else {"$ref": f"#/components/schemas/{what.__name__}"}
