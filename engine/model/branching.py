"""How often a JSON Schema makes its reader look at the same place of a value: bounded before anything is read.

Rule (SECURITY.md 9): reading a value costs at most its size times a small number. ``anyOf`` over two references to
something that does the same doubles the work at every step: twenty lines of schema, and one value is read a million
times. So the branching of a schema is counted, not tried out; what counts too high is refused when the document is
read, or, where only a deep value would make it so, when such a value comes.

Counted is the worst way down through one value. What is found nowhere in the schema is refused, so nothing is missed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

import orjson
from pydantic import JsonValue

from engine.model.findings import parts
from engine.model.values import MAX_DEPTH

MOST_READINGS: Final = 10_000
"""So often a schema may look at one place of a flat value; a document that holds a worse one is not opened."""
MOST_PARTS: Final = 5_000
"""So many parts a schema may have that refers to parts of itself."""
_MANY: Final = 10**12
_CAN_BRANCH: Final = re.compile(r'"(?:\$ref|\$dynamicRef|\$recursiveRef|unevaluated[A-Z]\w+)"')
_KNOWN_ELSEWHERE: Final = ("https://json-schema.org/", "http://json-schema.org/")

_SAME_LISTS: Final = ("allOf", "anyOf", "oneOf")
_SAME: Final = ("not", "if", "then", "else")
_REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
_OF_MEMBERS: Final = ("additionalProperties", "unevaluatedProperties", "propertyNames")
_OF_ITEMS: Final = ("items", "contains", "unevaluatedItems", "additionalItems")
_SEEN_AGAIN: Final = 3
"""``unevaluated…`` reads what stands beside it again to learn what has been evaluated."""


class BranchingError(ValueError):
    """A schema that would be read too often, or that leads where nobody can count."""


@dataclass(slots=True)
class _Part:
    """One schema within the schema: the numbers of the parts that look at the same value, and one step below it."""

    again: int = 1
    same: list[int] = field(default_factory=list[int])
    one_of: list[int] = field(default_factory=list[int])
    all_members: list[int] = field(default_factory=list[int])
    one_item: list[int] = field(default_factory=list[int])
    all_items: list[int] = field(default_factory=list[int])

    def below(self, counts: list[int]) -> int:
        """How often the worst thing one step below is read."""
        members = max((counts[n] for n in self.one_of), default=0) + sum(counts[n] for n in self.all_members)
        items = max((counts[n] for n in self.one_item), default=0) + sum(counts[n] for n in self.all_items)
        return max(members, items)


def readings(text: str) -> tuple[int, ...]:
    """How often one place of a value is read at most: for a value 0, 1, 2 … deep; the last stands for all deeper.

    Empty: no more often than the schema has parts.

    Args:
        text: the schema as JSON.

    Raises:
        BranchingError: a reference leads out of the schema, or a flat value would be read too often.
    """
    if _CAN_BRANCH.search(text) is None:
        return ()
    found = list(_parts_of(orjson.loads(text)))
    order = _innermost_first(found)
    counts = _flat(found, order)
    told = [counts[0]]
    for _ in range(MAX_DEPTH):
        deeper = _deeper(found, order, counts)
        if deeper == counts:
            break
        counts = deeper
        told.append(counts[0])
    if told[0] > MOST_READINGS:
        raise BranchingError(f"it branches so much that one value would be read more than {MOST_READINGS} times")
    return tuple(told)


def _flat(found: list[_Part], order: list[int]) -> list[int]:
    return _deeper(found, order, [0] * len(found))


def _deeper(found: list[_Part], order: list[int], counts: list[int]) -> list[int]:
    """The counts for values one step deeper. What refers to itself without a step counts once: the reader stops."""
    told = [1] * len(found)
    for number in order:
        part = found[number]
        told[number] = min(1 + part.again * sum(told[n] for n in part.same) + part.below(counts), _MANY)
    return told


def _innermost_first(found: list[_Part]) -> list[int]:
    """Every part after those that look at the same value from within it."""
    order: list[int] = []
    state = [0] * len(found)
    for start in range(len(found)):
        stack = [(start, iter(found[start].same))] if not state[start] else []
        state[start] = 1
        while stack:
            number, inner = stack[-1]
            following = next((n for n in inner if not state[n]), None)
            if following is None:
                order.append(number)
                stack.pop()
            else:
                state[following] = 1
                stack.append((following, iter(found[following].same)))
    return order


def _parts_of(root: JsonValue) -> list[_Part]:
    """Every part that a reader can come to, the schema itself first."""
    numbers: dict[int, int] = {id(root): 0}
    schemas: list[JsonValue] = [root]
    anchors = _anchors(root)
    found: list[_Part] = []

    def number(schema: JsonValue) -> int:
        if id(schema) not in numbers or not isinstance(schema, dict):
            numbers[id(schema)] = len(schemas)
            schemas.append(schema)
            if len(schemas) > MOST_PARTS:
                raise BranchingError(f"it refers to parts of itself and has more than {MOST_PARTS} of them")
        return numbers[id(schema)]

    while len(found) < len(schemas):
        schema = schemas[len(found)]
        part = _Part()
        found.append(part)
        if not isinstance(schema, dict):
            continue
        if len(found) > 1 and isinstance(schema.get("$id"), str):
            raise BranchingError("a part of it has an $id of its own")
        part.same += [number(inner) for inner in _in_place(schema, root, anchors)]
        part.again = _SEEN_AGAIN if any(key.startswith("unevaluated") for key in schema) else 1
        part.one_of += map(number, _values(schema.get("properties")))
        part.all_members += map(number, _values(schema.get("patternProperties")))
        part.all_members += [number(schema[key]) for key in _OF_MEMBERS if key in schema]
        part.one_item += map(number, _listed(schema.get("prefixItems")))
        part.all_items += [number(schema[key]) for key in _OF_ITEMS if key in schema]
    return found


def _in_place(schema: dict[str, JsonValue], root: JsonValue, anchors: dict[str, JsonValue]) -> Iterator[JsonValue]:
    """The schemas that look at the same value."""
    for key in _SAME_LISTS:
        yield from _listed(schema.get(key))
    yield from (schema[key] for key in _SAME if key in schema)
    for key in ("dependentSchemas", "dependencies"):
        yield from (inner for inner in _values(schema.get(key)) if isinstance(inner, dict))
    for key in _REFERENCES:
        reference = schema.get(key)
        if isinstance(reference, str) and not reference.startswith(_KNOWN_ELSEWHERE):
            yield _target(reference, root, anchors)


def _target(reference: str, root: JsonValue, anchors: dict[str, JsonValue]) -> JsonValue:
    here: JsonValue = root
    name = unquote(reference[1:])
    if not reference.startswith("#"):
        raise BranchingError(f"{reference[:80]} does not lead to a place in the same schema")
    if name and not name.startswith("/"):
        here = anchors.get(name)
    else:
        for step in parts(name):
            if isinstance(here, list) and step.isdecimal() and int(step) < len(here):
                here = here[int(step)]
            else:
                here = here.get(step) if isinstance(here, dict) else None
    if not isinstance(here, dict | bool):
        raise BranchingError(f"{reference[:80]} leads to nothing")
    return here


def _anchors(root: JsonValue) -> dict[str, JsonValue]:
    """Every part that has a name of its own."""
    found: dict[str, JsonValue] = {}
    waiting = [root]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            for key in ("$anchor", "$dynamicAnchor"):
                name = here.get(key)
                if isinstance(name, str) and found.setdefault(name, here) is not here:
                    raise BranchingError(f"two parts of it are called {name[:80]}")
            waiting += here.values()
        elif isinstance(here, list):
            waiting += here
    return found


def _values(value: JsonValue) -> list[JsonValue]:
    return list(value.values()) if isinstance(value, dict) else []


def _listed(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
