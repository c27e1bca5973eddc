"""Hooks of schemathesis: in every other request, names that the server knows stand where it drew some.

Loaded by schemathesis itself (``SCHEMATHESIS_HOOKS``); ``WEFT_PROBE_KNOWN`` is the file that ``probing`` wrote:
{parameter: [values]}, and under ``documents`` graphs as JSON.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import schemathesis

_KNOWN: dict[str, list[Any]] = json.loads(Path(os.environ["WEFT_PROBE_KNOWN"]).read_text(encoding="utf-8"))
_chance = random.Random(7)


@schemathesis.hook  # pyright: ignore[reportUnknownMemberType]
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:
    """Replace what was drawn, now and then."""
    del context, kwargs
    for name in case.path_parameters:
        if name in _KNOWN and _chance.random() < 0.6:
            case.path_parameters[name] = _chance.choice(_KNOWN[name])
    if "/api/graphs/" in case.path and case.method in ("PUT", "POST", "DELETE"):
        if _chance.random() < 0.7:
            case.headers["If-Match"] = "*"  # pyright: ignore[reportUnknownMemberType]
        if "name" in case.path_parameters and "rename" not in case.path and _chance.random() < 0.5:
            document = _chance.choice(_KNOWN["documents"])
            case.body = {**document, "name": case.path_parameters["name"]}
    if case.path == "/api/runs" and isinstance(case.body, dict) and _chance.random() < 0.7:
        case.body = {**case.body, "graph": _chance.choice(_KNOWN["name"])}
