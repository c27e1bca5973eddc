"""RFC 6902, as much of it as fixes use: to see that a fix really removes its finding."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from engine.model.findings import parts


def patched(document: dict[str, Any], patch: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """A copy of the document with the operations carried out in order."""
    value = copy.deepcopy(document)
    for operation in patch:
        match operation["op"]:
            case "add":
                add(value, operation["path"], copy.deepcopy(operation["value"]))
            case "replace":
                take(value, operation["path"])
                add(value, operation["path"], copy.deepcopy(operation["value"]))
            case "remove":
                take(value, operation["path"])
            case "move":
                add(value, operation["path"], take(value, operation["from"]))
            case unknown:
                raise AssertionError(f"no such operation: {unknown}")
    return value


def add(value: Any, path: str, item: Any) -> None:
    holder, last = held(value, path)
    if type(holder) is dict:
        holder[last] = item
    else:
        place = len(holder) if last == "-" else int(last)
        assert place <= len(holder), f"{path} is beyond the list"
        holder.insert(place, item)


def take(value: Any, path: str) -> Any:
    holder, last = held(value, path)
    return holder.pop(_key(holder, last))


def held(value: Any, path: str) -> tuple[Any, str]:
    """What holds the last part of a path, and that part."""
    steps = parts(path)
    for step in steps[:-1]:
        value = value[_key(value, step)]
    return value, steps[-1]


def _key(holder: Any, step: str) -> str | int:
    return int(step) if isinstance(holder, list) else step
