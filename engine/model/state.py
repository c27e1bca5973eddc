"""The state of one graph's execution: what it begins with, and what a write does to it.

Rule (GRAPH.md §2): a write is merged into what is there by its key's ``merge`` and must then fit the key's schema;
nothing is changed in place, so a snapshot that a node reads stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from pydantic import JsonValue

from engine.errors import NodeError
from engine.model.graph import Graph, StateKey
from engine.model.schema import Schema, validator
from engine.model.values import ABSENT, Absent, number, shape_of

State = dict[str, JsonValue]
_PLAIN_LIST = {"type", "items", "title", "description", "default", "examples"}


def initial_state(keys: Mapping[str, StateKey]) -> State:
    """The state before the first write: defaults, else ``[] [] {} 0`` by merge rule; other keys are absent."""
    values = {name: initial_value(key) for name, key in keys.items()}
    return {name: value for name, value in values.items() if value is not ABSENT}


def initial_value(key: StateKey) -> JsonValue | Absent:
    """A key's first value, or ABSENT."""
    if "default" in key.model_fields_set:
        return key.default
    match key.merge:
        case "append" | "extend":
            return list[JsonValue]()
        case "merge":
            return dict[str, JsonValue]()
        case "sum":
            return 0
        case "replace" | "min" | "max":
            return ABSENT
        case _:
            assert_never(key.merge)


def write(graph: Graph, state: State, writes: Mapping[str, JsonValue]) -> State:
    """The state after some writes, in their order; a new object, the old one is untouched.

    Raises:
        NodeError: ``state.unknown``, ``state.type`` or ``state.schema``; nothing is written then.
    """
    after = dict(state)
    for name, value in writes.items():
        key = graph.state.get(name)
        if key is None:
            raise NodeError(f"the graph has no state key `{name}`", code="state.unknown", where=f"state.{name}")
        after[name] = checked_write(name, key, after.get(name, ABSENT), value)
    return after


def checked_write(name: str, key: StateKey, current: JsonValue | Absent, value: JsonValue) -> JsonValue:
    """What a key holds after one write.

    Args:
        name: the key, for the error.
        key: its declaration.
        current: what it holds, or ABSENT.
        value: what is written.

    Raises:
        NodeError: class ``logic``: ``state.type`` if the value cannot be merged by the key's rule, ``state.schema`` if
            the outcome does not fit the key's schema.
    """
    merged = merge_write(name, key, current, value)
    if key.schema_ is not None:
        _check(name, key.schema_, key, merged, value)
    return merged


def merge_write(name: str, key: StateKey, current: JsonValue | Absent, value: JsonValue) -> JsonValue:
    """Like ``checked_write``, without the schema.

    Raises:
        NodeError: ``state.type``.
    """
    there = initial_value(key) if current is ABSENT else current
    match key.merge:
        case "replace":
            return value
        case "append":
            return [*_list(name, key, there), value]
        case "extend":
            return [*_list(name, key, there), *_list(name, key, value)]
        case "merge":
            return {**_object(name, key, there), **_object(name, key, value)}
        case "sum" | "min" | "max":
            return _calculated(name, key, there, value)
        case _:
            assert_never(key.merge)


def _calculated(name: str, key: StateKey, there: JsonValue | Absent, value: JsonValue) -> JsonValue:
    written = _number(name, key, value)
    if there is ABSENT:
        return written
    held = _number(name, key, there)
    if key.merge != "sum":
        return min(held, written) if key.merge == "min" else max(held, written)
    try:
        return number(held + written)
    except OverflowError:
        raise _wrong(name, key, "the sum is no number any more") from None


def _list(name: str, key: StateKey, value: JsonValue | Absent) -> list[JsonValue]:
    if isinstance(value, list):
        return value
    raise _wrong(name, key, f"a list is needed, not {shape_of(value)}")


def _object(name: str, key: StateKey, value: JsonValue | Absent) -> dict[str, JsonValue]:
    if isinstance(value, dict):
        return value
    raise _wrong(name, key, f"an object is needed, not {shape_of(value)}")


def _number(name: str, key: StateKey, value: JsonValue) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise _wrong(name, key, f"a number is needed, not {shape_of(value)}")


def _wrong(name: str, key: StateKey, why: str) -> NodeError:
    message = f"the state key `{name}` cannot {key.merge} this: {why}"
    return NodeError(message, code="state.type", where=f"state.{name}")


def _check(name: str, schema: Schema | bool, key: StateKey, merged: JsonValue, value: JsonValue) -> None:
    """Whether the outcome fits; of a plain list only the new elements are looked at, so appending stays O(element)."""
    grown = isinstance(schema, dict) and key.merge in ("append", "extend") and schema.keys() <= _PLAIN_LIST
    if grown and isinstance(schema, dict) and schema.get("type") == "array":
        items = schema.get("items")
        items = items if isinstance(items, dict | bool) else True
        new = value if key.merge == "extend" and isinstance(value, list) else [value]
        found = [problem for item in new for problem in _problems(items, item)]
    else:
        found = _problems(schema, merged)
    if found:
        message = f"the value does not fit the schema of the state key `{name}`: {'; '.join(found[:3])}"
        raise NodeError(message, code="state.schema", where=f"state.{name}")


def _problems(schema: Schema | bool, value: JsonValue) -> list[str]:
    ready = validator(schema)
    return [] if ready.accepts(value) else [str(problem) for problem in ready.problems(value)]
