"""JSON Schemas inside a document: checking values against them, filling defaults in, finding what a path leads to.

Rule: schemas are JSON Schema 2020-12, checked offline; a ``$ref`` may lead to a place in the same schema and nowhere
else. Reading a value is bounded: patterns are of the kind that is matched in one pass (no looking around, no reference
back), a schema may not branch without end (``branching.py``), and of a large value only the first thing that is wrong
is told. A schema that lists ``properties`` names all there are, unless it says ``additionalProperties``: so a misspelt
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

from engine.model.branching import BranchingError, readings
from engine.model.findings import parts, pointer
from engine.model.values import ABSENT, MAX_DEPTH, Absent, compact

MOST_PROBLEMS = 100
MOST_LOOKS = 5_000_000
"""So often the places of one value are looked at together where a schema branches (about a second)."""
_LINEAR = 64
"""A schema that looks at a place no more often than this costs no more than the value's size is worth."""
_MOST_TOLD = 10_000
"""Places, each as often as it is looked at, of a value in which everything that is wrong is sought."""
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

    __slots__ = ("_compiled", "_readings")

    def __init__(self, text: str) -> None:
        self._readings = readings(text)
        self._compiled = jsonschema_rs.Draft202012Validator(
            text, offline=True, validate_formats=True, pattern_options=_PATTERNS
        )

    def accepts(self, value: JsonValue) -> bool:
        """Whether the value fits. Cost: O(size of the value), about 1 µs at least."""
        return self._can_read(value) and self._compiled.is_valid(value)

    def problems(self, value: JsonValue) -> list[Problem]:
        """Every reason why the value does not fit, at most 100, of a large one the first; empty if it fits."""
        if not self._can_read(value):
            return [Problem("", "it is nested too deeply for a schema that branches so much")]
        if self._compiled.is_valid(value):
            return []
        size, depth = _extent(value, _MOST_TOLD)
        if size * self._readings_at(depth) > _MOST_TOLD:
            return [self._first_problem(value, depth)]
        found: list[Problem] = []
        for error in self._compiled.iter_errors(value):
            if len(found) == MOST_PROBLEMS:
                break
            found.append(Problem(pointer(*error.instance_path), _sentence(error)))
        return found

    def _first_problem(self, value: JsonValue, depth: int) -> Problem:
        if self._readings_at(depth) <= _MOST_TOLD:
            try:
                self._compiled.validate(value)
            except jsonschema_rs.ValidationError as error:
                return Problem(pointer(*error.instance_path), _sentence(error))
        return Problem("", "it does not fit its schema")

    def _readings_at(self, depth: int) -> int:
        return self._readings[min(depth, len(self._readings) - 1)] if self._readings else 1

    def _can_read(self, value: JsonValue) -> bool:
        """Whether the value can be read in good time: at once where no value could be too deep."""
        if not self._readings or self._readings[-1] <= _LINEAR:
            return True
        size, depth = _extent(value, MOST_LOOKS)
        often = self._readings_at(depth)
        return often <= _LINEAR or often * size <= MOST_LOOKS


def _extent(value: JsonValue, most: int) -> tuple[int, int]:
    """How many values there are in a value, itself included and counted no further than ``most``, and how deep."""
    size, depth = 1, 0
    level: list[JsonValue] = [value]
    while level and size <= most:
        below: list[JsonValue] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list):
                below += item
        size += len(below)
        depth += bool(below)
        level = below
    return size, depth if size <= most else MAX_DEPTH


_PATTERNS = jsonschema_rs.RegexOptions(size_limit=1_000_000, dfa_size_limit=1_000_000)
"""The kind that is matched in one pass: looking around costs the square of a text's length, a million millions."""


def validator(schema: Schema | bool) -> Validator:
    """The schema made ready, once per schema.

    Raises:
        ValueError: the schema is wrong (``schema_problems`` says how; reading a document has reported it).
    """
    return _validator(compact(schema))


@lru_cache(maxsize=1024)
def _validator(text: str) -> Validator:
    return Validator(text)


def schema_problems(schema: Schema) -> list[tuple[str, str]]:
    """What is wrong with a schema itself: places in it and sentences; empty if it can be used."""
    try:
        validator(schema)
    except BranchingError as error:
        return [("", f"the schema is wrong: {error}")]
    except jsonschema_rs.ValidationError as error:
        is_small = _extent(schema, _MOST_TOLD)[0] <= _MOST_TOLD
        errors = [*(_of_schemas().iter_errors(schema) if is_small else ()), error][:MOST_PROBLEMS]
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
        case "format" if kind.as_dict().get("format") == "regex":
            return f"{_short(error.instance)} is no pattern, or one that looks around or refers back"
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
    """Steps that a walk over a schema may still take: references in circles must make it neither long nor deep.

    Each item of a list that was given has a budget of its own, since there are no more of them than were given; the
    items of a default share one.
    """

    __slots__ = ("is_shared", "left")

    def __init__(self, *, is_shared: bool = False) -> None:
        self.left = _MOST_STEPS
        self.is_shared = is_shared

    def of_item(self) -> Budget:
        """The budget of the next item of a list."""
        return self if self.is_shared else Budget()

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
        return [_filled(items, item, root, budget.of_item(), depth + 1) for item in value]
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
            inside = budget if budget.is_shared else Budget(is_shared=True)
            result[name] = _filled(inner, known["default"], root, inside, depth)
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
