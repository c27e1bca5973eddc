"""Text that may be shown in a terminal or a log: without what would steer it (SECURITY.md 24)."""

from __future__ import annotations

import re

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What steers a terminal, or turns the direction of what follows."""


def printable(text: str) -> str:
    """Text without control characters (line feeds and tabs stay) and without marks that turn the direction."""
    return CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
