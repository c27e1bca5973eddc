"""One value, one text, one hash: the form of arguments and requests that approvals, claims and journals compare.

Rule: two JSON values are the same exactly when their canonical bytes are: compact UTF-8, keys sorted by code point.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, TypeGuard

import orjson


def canonical_bytes(value: Any) -> bytes:
    """The value as compact JSON with sorted keys, UTF-8. The value must be JSON. Cost: O(size)."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def digest(value: Any) -> str:
    """SHA-256 of the canonical bytes, as 64 hex digits."""
    return sha256(canonical_bytes(value)).hexdigest()


def shown(value: Any) -> str:
    """The value as indented JSON for a person who has to decide on it.

    Everything that is not plainly visible is escaped: control characters, and those that turn or hide text (bidi marks,
    zero-width characters), because whoever wrote the value may want the reader to see something else.
    """
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return "".join(c if c == "\n" or c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1]


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether a JSON value is a list."""
    return isinstance(value, list)
