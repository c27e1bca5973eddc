"""Documents that somebody has tampered with: good ones with a few values, keys or places exchanged for bad ones.

Rule: what comes out is always a JSON value, hardly ever a good graph, and near enough to one to get past the first
checks; so a checker meets what a person, a merge or an attacker might hand it.
"""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

from tests.support.graphs import Tastes, random_document

SAMPLES = Path(__file__).parents[2] / "graphs"

STRANGE: list[Any] = [
    None, True, False, 0, -1, 1, 1.5, 1e308, -1e-308, 2**63, 10**30, "", " ", "a", "in", "null",
    "\x00", "\u202e", "ß" * 70,
    "x" * 5_000, "{", "}", "{{", "{input", "{input.x}", "{state.}", "{nodes.a.output[0]}", "{nodes..x}", "{__class__}",
    "{input.x?}", "{a.b.c[99999999999]}", "1 +", "input.x", "state.k > 1 && true", "has(input.x)", "[1].map(x, x)",
    "size(input) > 0 ? 1 : 'x'", "))))", "'" * 40, "//", "../../etc/passwd", "file:///x", "sk-" + "a1B2" * 8, [], {},
    [[]], [None], {"": ""}, {"$cel": "1"}, {"$cel": 1}, {"$secret": "X"}, {"$file": "0" * 64}, {"type": "nothing"},
    {"$ref": "#"}, {"type": "object", "properties": []}, {"kind": "tool"}, [{"node": "a"}], {"node": "a"},
]  # fmt: skip
"""Values that fit hardly anywhere."""

WORDS = [
    "kind", "to", "node", "on", "when", "save", "each", "wait", "rest", "while", "max_iterations", "options", "form",
    "graph", "inline", "args", "lock", "retry", "output_key", "timeout_s", "tool", "model", "tools", "agents", "signal",
    "seconds", "deadline_s", "default", "format", "name", "state", "input", "output", "limits", "layout", "nodes",
    "__proto__", "constructor", "$notes", "weft/2", "start", "t1", "j2", "l3", "all", "any", "cancel", "merge",
]  # fmt: skip
"""Keys and names that mean something somewhere."""


def deep(levels: int) -> Any:
    """A list in a list in a list, so many levels deep."""
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


def samples() -> list[Any]:
    """The sample graphs of the checkout."""
    return [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(SAMPLES.glob("*.json"))
        if not path.stem.endswith(".scripted")
    ]


def spoilt_document(rnd: Random, good: list[Any]) -> Any:
    """A good document with one to six things spoilt."""
    document = deepcopy(rnd.choice(good)) if rnd.random() < 0.5 else random_document(rnd, Tastes(rnd.randint(1, 12)))
    for _ in range(rnd.choice([1, 1, 1, 1, 2, 3, 6])):
        document = spoil(rnd, document)
    return document


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values inside, containers included, the whole itself left out."""
    found: list[tuple[Any, ...]] = []
    for key, part in _inside(value):
        found.append((*path, key))
        found += _places(part, (*path, key))
    return found


def _inside(value: Any) -> list[tuple[Any, Any]]:
    match value:
        case {**fields}:
            return list(fields.items())
        case [*items]:
            return list(enumerate(items))
        case _:
            return []


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def spoil(rnd: Random, document: Any) -> Any:
    """The document with one thing spoilt, in place where it can be."""
    places = _places(document)
    if not places:
        return rnd.choice(STRANGE)
    path = rnd.choice(places)
    holder, key = _at(document, path[:-1]), path[-1]
    match rnd.randrange(8):
        case 0 | 1:
            holder[key] = deepcopy(rnd.choice(STRANGE))
        case 2:
            del holder[key]
        case 3:
            holder[key] = deepcopy(_at(document, rnd.choice(places)))
        case 4 if isinstance(key, str):
            holder[rnd.choice(WORDS)] = holder.pop(key)
        case 5 if isinstance(key, str):
            holder[rnd.choice(WORDS)] = deepcopy(rnd.choice(STRANGE))
        case 6:
            holder[key] = rnd.choice(WORDS)
        case 7 if rnd.random() < 0.1:
            holder[key] = deep(rnd.choice([50, 90, 200]))
        case _:
            pass
    return document
