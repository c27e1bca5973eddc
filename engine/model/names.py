"""Names in a document: what may be an id, a key or a graph's name, and which known name an unknown one meant.

Rule: an id never changes its meaning by where it stands, so the words of GRAPH.md §2 and of CEL are no ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

NAME_PATTERN = r"^[a-z0-9][a-z0-9-]{0,63}$"
"""A graph's name, which is also its file's stem."""

KEY_PATTERN = r"^[a-z][a-z0-9_]{0,63}$"
"""A node's id and a key of the state."""

ROOTS = ("input", "state", "nodes", "run", "iteration", "item", "index", "output", "error")
"""The names that templates and expressions may begin with (GRAPH.md §2)."""

WORDS = frozenset({"in", "true", "false", "null"})
"""Words of CEL that no node and no key can be called."""

_NAME = re.compile(NAME_PATTERN)
_KEY = re.compile(KEY_PATTERN)


def is_name(text: str) -> bool:
    """Whether a graph can be called so."""
    return _NAME.fullmatch(text) is not None


def is_node_id(text: str) -> bool:
    """Whether a node can be called so."""
    return _KEY.fullmatch(text) is not None and text not in WORDS


def is_state_key(text: str) -> bool:
    """Whether a key of the state can be called so."""
    return is_node_id(text) and text not in ROOTS


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that the word most likely meant, or None. The word's first 64 characters count."""
    close = get_close_matches(word[:64].lower(), list(known), n=1, cutoff=0.6)
    return close[0] if close else None


def suggested_id(text: str) -> str:
    """A valid id that resembles the text: ``My Node`` gives ``my_node``; ``node`` where nothing is left."""
    lowered = re.sub(r"[^a-z0-9]+", "_", text.lower()[:64]).strip("_").lstrip("0123456789_")
    return lowered if is_state_key(lowered) else f"{lowered}_node".lstrip("_")[:64]
