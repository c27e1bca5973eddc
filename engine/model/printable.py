"""Text that may be shown in a terminal or a log: without what would steer it (SECURITY.md 24)."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Text without control characters (line feeds and tabs stay) and without marks that turn the direction."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
