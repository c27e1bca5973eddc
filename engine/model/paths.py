"""The way from a name to a value: ``nodes.write.output.title[0]`` in what a node can see.

Rule: names and indices only; no attribute of a Python object is ever read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from engine.model.values import ABSENT, Absent

Path = tuple[str | int, ...]


def value_at_path(path: Path, names: Mapping[str, Any]) -> Any | Absent:
    """The value that a path leads to, or ABSENT. ``nodes.ID.escalated`` is false unless set (GRAPH.md §2)."""
    value: Any = names
    for step in path:
        # A list of a number, a mapping of a text: anything else has no such place.
        fits = type(value) is dict or isinstance(value, Mapping) if type(step) is str else isinstance(value, list)
        if not fits:
            return _nothing(path)
        try:
            value = cast("Any", value)[step]
        except (KeyError, IndexError):
            return _nothing(path)
    return value


def _nothing(path: Path) -> Any | Absent:
    return False if len(path) == 3 and path[0] == "nodes" and path[2] == "escalated" else ABSENT
