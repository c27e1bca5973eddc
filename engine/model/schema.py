"""JSON Schemas inside a document: checking values against them, filling defaults in, finding what a path leads to.

Rule: schemas are JSON Schema 2020-12, checked offline; a ``$ref`` may lead to a place in the same schema and nowhere
else. A schema that lists ``properties`` names all there are, unless it says ``additionalProperties``: so a misspelt
name is found before a run, though JSON Schema alone would let it pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Final

import jsonschema_rs
from pydantic import JsonValue

from engine.model.findings import parts, pointer
from engine.model.values import ABSENT, MAX_DEPTH, Absent, compact

MOST_PROBLEMS = 100
_MOST_HOPS = 32
_MOST_STEPS = 2_000

Schema = dict[str, JsonValue]


class _Unknown(Enum):
    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


Unknown = _Unknown
UNKNOWN: Final = _Unknown.UNKNOWN
"""A place of which the schema says nothing."""

Place = JsonValue | Unknown | Absent
"""What stands at a place of a schema: a schema, UNKNOWN, or ABSENT where no value has such a place."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Where a value does not fit its schema: a JSON Pointer into the value, and a sentence."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class Validator:
    """A schema made ready; made by ``validator``."""

    __slots__ = ("_compiled",)

    def __init__(self, schema: Schema | bool) -> None:
        self._compiled = jsonschema_rs.Draft202012Validator(
            schema, offline=True, validate_formats=True, pattern_options=_PATTERNS
        )

    def accepts(self, value: JsonValue) -> bool:
        """Whether the value fits. Cost: O(size of the value), about 1 µs at least."""
        return self._compiled.is_valid(value)

    def problems(self, value: JsonValue) -> list[Problem]:
        """Every reason why the value does not fit, at most 100; empty if it fits."""
        found: list[Problem] = []
        for error in self._compiled.iter_errors(value):
            if len(found) == MOST_PROBLEMS:
                break
            found.append(Problem(pointer(*error.instance_path), _sentence(error)))
        return found


_PATTERNS = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000, size_limit=1_000_000, dfa_size_limit=1_000_000)


def validator(schema: Schema | bool) -> Validator:
    """The schema made ready, once per schema.

    Raises:
        ValueError: the schema is wrong (``schema_problems`` says how; reading a document has reported it).
    """
    return _validator(compact(schema))


@lru_cache(maxsize=1024)
def _validator(text: str) -> Validator:
    return Validator(text)  # type: ignore[arg-type]


def schema_problems(schema: Schema) -> list[tuple[str, str]]:
    """What is wrong with a schema itself: places in it and sentences; empty if it can be used."""
    try:
        validator(schema)
    except jsonschema_rs.ValidationError as error:
        errors = [*_of_schemas().iter_errors(schema), error][:MOST_PROBLEMS]
        wrong = {pointer(*e.instance_path): f"the schema is wrong: {_sentence(e)}" for e in reversed(errors)}
        return sorted(wrong.items())
    return []


@lru_cache(maxsize=1)
def _of_schemas() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({"$ref": "https://json-schema.org/draft/2020-12/schema"}, offline=True)


def _sentence(error: jsonschema_rs.ValidationError) -> str:
    """The library's words, but for those that name its own ways."""
    kind = error.kind
    match kind.name:
        case "required":
            return f"{compact(kind.value)} is missing"
        case "additionalProperties" | "unevaluatedProperties":
            names = ", ".join(map(compact, kind.value))
            return f"{names} is not allowed here" if len(kind.value) == 1 else f"{names} are not allowed here"
        case "type":
            return f"it must be {_either(kind.as_dict()['types'])}, not {_short(error.instance)}"
        case "enum":
            return f"it must be {' or '.join(map(compact, kind.value))}, not {_short(error.instance)}"
        case _:
            return error.message.replace(" under any of the schemas listed in the 'anyOf' keyword", "")[:300]


_TYPES = {
    "string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "array": "a list", "object": "an object", "null": "null",
}  # fmt: skip


def _either(types: Sequence[str]) -> str:
    return " or ".join(_TYPES.get(name, name) for name in types)


def _short(value: Any) -> str:
    text = compact(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


# --- defaults ---


def fill_defaults(schema: Schema | bool | None, value: JsonValue) -> JsonValue:
    """The value with the schema's defaults where a property is absent, at any depth; a copy where anything changed.

    Followed are ``properties``, ``items``, ``allOf`` and local ``$ref``; a default itself is filled too.
    """
    return _filled(schema, value, schema, Budget(), 0)


class Budget:
    """Steps that a walk over a schema may still take: references in circles must make it neither long nor deep."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = _MOST_STEPS

    def is_spent(self, depth: int) -> bool:
        """Take one step at a depth; whether there was none left or it is too deep."""
        self.left -= 1
        return self.left < 0 or depth > MAX_DEPTH


def _filled(schema: JsonValue, value: JsonValue, root: JsonValue, budget: Budget, depth: int) -> JsonValue:
    known = resolved(schema, root)
    if not isinstance(known, dict) or budget.is_spent(depth):
        return value
    members = known.get("allOf")
    for member in members if isinstance(members, list) else ():
        value = _filled(member, value, root, budget, depth + 1)
    if isinstance(value, dict):
        return _filled_object(known, value, root, budget, depth + 1)
    items = known.get("items")
    if isinstance(value, list) and isinstance(items, dict) and not _has_no_default(items):
        return [_filled(items, item, root, Budget(), depth + 1) for item in value]
    return value


def _has_no_default(schema: Schema) -> bool:
    return not schema.keys() & {"properties", "items", "allOf", "$ref"}


def _filled_object(
    schema: Schema, value: dict[str, JsonValue], root: JsonValue, budget: Budget, depth: int
) -> JsonValue:
    properties = schema.get("properties")
    result = dict(value)
    for name, inner in properties.items() if isinstance(properties, dict) else ():
        known = resolved(inner, root)
        if name in result:
            result[name] = _filled(inner, result[name], root, budget, depth)
        elif isinstance(known, dict) and "default" in known:
            result[name] = _filled(inner, known["default"], root, budget, depth)
    return result


# --- paths ---


def lookup(schema: Place, path: Sequence[str | int], *, root: Place = None) -> Place:
    """The schema of what a path leads to.

    Args:
        schema: a JSON Schema, ``True``, UNKNOWN or ABSENT.
        path: names of properties and indices of lists, outermost first.
        root: the schema that local references lead into; absent: the schema itself.

    Returns:
        A schema; UNKNOWN where the schema leaves it open; ABSENT where no value of the schema has such a place.
    """
    top = schema if root is None else root
    here = schema
    for part in path:
        if here is ABSENT:
            return ABSENT
        here = _step(here, part, top, Budget(), 0)
    here = resolved(here, top)
    return UNKNOWN if here is True else here


def _step(schema: Place, part: str | int, root: Place, budget: Budget, depth: int) -> Place:
    schema = resolved(schema, root)
    if not isinstance(schema, dict) or budget.is_spent(depth):
        return ABSENT if schema is False else UNKNOWN
    ways: list[Place] = []
    for keyword in ("anyOf", "oneOf"):
        members = schema.get(keyword)
        if isinstance(members, list):
            ways.append(_merged([_step(member, part, root, budget, depth + 1) for member in members]))
    members = schema.get("allOf")
    if isinstance(members, list):
        ways += [_step(member, part, root, budget, depth + 1) for member in members]
    ways.append(_own_step(schema, part, is_open=bool(ways)))
    known = [way for way in ways if way is not UNKNOWN]
    found = [way for way in known if way is not ABSENT]
    return found[0] if found else known[0] if known else UNKNOWN


def _merged(ways: list[Place]) -> Place:
    """One of several may hold: absent only if all say so, known only if all that have it agree."""
    present = [way for way in ways if way is not ABSENT]
    if not present:
        return ABSENT
    return present[0] if all(way == present[0] for way in present) else UNKNOWN


def _own_step(schema: Schema, part: str | int, *, is_open: bool) -> Place:
    types = schema.get("type")
    wanted = "array" if isinstance(part, int) else "object"
    if isinstance(types, str | list) and wanted not in ([types] if isinstance(types, str) else types):
        return ABSENT
    if isinstance(part, int):
        return _item(schema, part)
    properties = schema.get("properties")
    if isinstance(properties, dict) and part in properties:
        return properties[part]
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        return others
    if others is False:
        return ABSENT
    closed = isinstance(properties, dict) and others is None and "patternProperties" not in schema and not is_open
    return ABSENT if closed else UNKNOWN


def _item(schema: Schema, index: int) -> Place:
    first = schema.get("prefixItems")
    if isinstance(first, list) and index < len(first):
        return first[index]
    items = schema.get("items", UNKNOWN)
    return ABSENT if items is False else UNKNOWN if items is True else items


def resolved(schema: Place, root: Place) -> Place:
    """The schema behind local references into ``root``; UNKNOWN where one leads nowhere."""
    for _ in range(_MOST_HOPS):
        if not isinstance(schema, dict) or "$ref" not in schema:
            return schema
        schema = _target(str(schema["$ref"]), root)
    return UNKNOWN


def _target(reference: str, root: Place) -> Place:
    if not reference.startswith("#"):
        return UNKNOWN
    here = root
    for part in parts(reference[1:]):
        if not isinstance(here, dict) or part not in here:
            return UNKNOWN
        here = here[part]
    return here


def problems(schema: Schema | bool, value: JsonValue) -> list[str]:
    """Every reason why the value does not fit the schema, as sentences with their places; empty if it fits."""
    return [str(problem) for problem in validator(schema).problems(value)]
