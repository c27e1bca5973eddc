"""``json.*`` and ``value.set``: what people do with lists and objects between two other steps.

Rule: pure functions; what is given is never changed. A path names a place in a value: ``title``, ``items[0].name``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cmp_to_key
from typing import Annotated, Any

import orjson
from pydantic import Field

from engine.agents import tool
from engine.agents.canonical import canonical_bytes, is_list, is_object
from engine.errors import ToolError
from engine.model.values import compact, normal, shape_of

Path = Annotated[str, Field(min_length=1, max_length=1000)]
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d{1,9})\]")


@tool(effect="read", name="json.parse")
async def parse(text: str) -> Any:
    """The value that a text holds as JSON."""
    try:
        return normal(orjson.loads(text))
    except orjson.JSONDecodeError as error:
        raise ToolError(f"this is no JSON: {error}", code="json.syntax", happened=False) from None


@tool(effect="read", name="json.dump")
async def dump(value: Any, *, pretty: bool = False) -> str:
    """A value as JSON text.

    Args:
        value: any value.
        pretty: on several lines, indented by two blanks.
    """
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() if pretty else compact(value)


@tool(effect="read", name="json.get")
async def get(value: Any, path: Path, default: Any = None) -> Any:
    """What stands at a path in a value.

    Args:
        value: where to look.
        path: for instance ``items[0].name``.
        default: the result where nothing is there.
    """
    return _at(value, _steps(path), default)


@tool(effect="read", name="json.keys")
async def keys(value: dict[str, Any]) -> list[str]:
    """The keys of an object, in its order."""
    return list(value)


@tool(effect="read", name="json.values")
async def values(value: dict[str, Any]) -> list[Any]:
    """The values of an object, in its order."""
    return list(value.values())


@tool(effect="read", name="json.length")
async def length(value: list[Any] | dict[str, Any]) -> int:
    """How many elements a list has, or entries an object."""
    return len(value)


@tool(effect="read", name="json.pick")
async def pick(value: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    """An object with some of its keys only; those that are not there are left out.

    Args:
        value: the object.
        keys: the keys to keep, in this order.
    """
    return {key: value[key] for key in keys if key in value}


@tool(effect="read", name="json.column")
async def column(items: list[Any], path: Path) -> list[Any]:
    """What stands at a path in each element of a list; elements without it are left out.

    Args:
        items: the list.
        path: for instance ``name``.
    """
    steps, missing = _steps(path), object()
    found = (_at(item, steps, missing) for item in items)
    return [value for value in found if value is not missing]


@tool(effect="read", name="json.flatten")
async def flatten(items: list[Any], depth: Annotated[int, Field(ge=1, le=100)] = 1) -> list[Any]:
    """A list in which the lists inside are replaced by their elements.

    Args:
        items: the list.
        depth: how many levels to take out.
    """
    found: list[Any] = []
    for item in items:
        if is_list(item):
            found.extend(item if depth == 1 else await flatten(item, depth - 1))
        else:
            found.append(item)
    return found


@tool(effect="read", name="json.sort")
async def sort(items: list[Any], by: Path | None = None, *, descending: bool = False) -> list[Any]:
    """A list in order: null, then false, true, numbers, texts by their letters; equal ones stay as they stood.

    Args:
        items: the list.
        by: path of what is compared in each element; absent: the element itself.
        descending: the greatest first.
    """
    steps = _steps(by) if by is not None else ()
    compared = [(_rank(_at(item, steps, None)), item) for item in items]
    order = cmp_to_key(_compare)
    return [item for _, item in sorted(compared, key=lambda pair: order(pair[0]), reverse=descending)]


@tool(effect="read", name="json.unique")
async def unique(items: list[Any], by: Path | None = None) -> list[Any]:
    """A list without repetitions; the first of equal elements stays.

    Args:
        items: the list.
        by: path of what is compared in each element; absent: the whole element.
    """
    steps = _steps(by) if by is not None else ()
    seen: set[bytes] = set()
    found: list[Any] = []
    for item in items:
        key = canonical_bytes(_at(item, steps, None))
        if key not in seen:
            seen.add(key)
            found.append(item)
    return found


@tool(effect="read", name="json.group")
async def group(items: list[Any], by: Path) -> dict[str, list[Any]]:
    """The elements of a list by what stands at a path in them: text -> elements, in the list's order.

    Args:
        items: the list.
        by: path of what they are grouped by; what is no text is written as JSON, what is absent as null.
    """
    steps = _steps(by)
    found: dict[str, list[Any]] = {}
    for item in items:
        key = _at(item, steps, None)
        found.setdefault(key if isinstance(key, str) else compact(key), []).append(item)
    return found


@tool(effect="read", name="json.merge")
async def merge(items: list[dict[str, Any]], *, deep: bool = False) -> dict[str, Any]:
    """One object of several; of equal keys the last one counts.

    Args:
        items: the objects.
        deep: objects under equal keys are merged too.
    """
    merged: dict[str, Any] = {}
    for item in items:
        merged = _merged(merged, item, deep=deep)
    return merged


@tool(effect="read", name="json.chunk")
async def chunk(items: list[Any], size: Annotated[int, Field(ge=1)]) -> list[list[Any]]:
    """A list cut into lists of at most so many elements, for instance for ``each``.

    Args:
        items: the list.
        size: how many elements a part has at most.
    """
    return [items[start : start + size] for start in range(0, len(items), size)]


@tool(effect="read", name="json.sum")
async def total(items: list[Any], by: Path | None = None) -> float:
    """The sum of the numbers in a list.

    Args:
        items: the list.
        by: path of the number in each element; absent: the element itself.
    """
    steps = _steps(by) if by is not None else ()
    found: float = 0
    for index, item in enumerate(items):
        number = _at(item, steps, None)
        if isinstance(number, bool) or not isinstance(number, int | float):
            place = f"items[{index}]" + (f".{by}" if by is not None else "")
            raise ToolError(f"{place} is {shape_of(number)}, not a number", code="tool.arguments", happened=False)
        found += number
    return found


@tool(effect="read", name="value.set")
async def set_value(value: Any = None) -> Any:
    """The value itself: for a step that only sets a key of the state.

    Args:
        value: any value, mostly a template.
    """
    return value


def _steps(path: str) -> tuple[str | int, ...]:
    steps: list[str | int] = []
    position = 0
    while position < len(path):
        found = _STEP.match(path, position)
        if found is None or (position == 0 and path[0] == "."):
            raise ToolError(
                f"{path!r} is no path", code="tool.arguments", hint="write it like items[0].name", happened=False
            )
        steps.append(found[1] if found[1] is not None else int(found[2]))
        position = found.end()
    return tuple(steps)


def _at(value: Any, steps: tuple[str | int, ...], default: Any) -> Any:
    found: Any = value
    for step in steps:
        if isinstance(step, str):
            if not is_object(found) or step not in found:
                return default
            found = found[step]
        else:
            if not is_list(found) or step >= len(found):
                return default
            found = found[step]
    return found


def _merged(first: Mapping[str, Any], second: Mapping[str, Any], *, deep: bool) -> dict[str, Any]:
    result = dict(first)
    for key, value in second.items():
        there = result.get(key)
        result[key] = _merged(there, value, deep=True) if deep and is_object(there) and is_object(value) else value
    return result


def _rank(value: Any) -> tuple[int, Any]:
    match value:
        case None:
            return (0, 0)
        case bool():
            return (1, value)
        case int() | float():
            return (2, value)
        case str():
            return (3, value)
        case _:
            return (4, compact(value))


def _compare(first: tuple[int, Any], second: tuple[int, Any]) -> int:
    return (first > second) - (first < second)


TOOLS = (
    parse, dump, get, keys, values, length, pick, column, flatten, sort, unique, group, merge, chunk, total, set_value,
)  # fmt: skip
