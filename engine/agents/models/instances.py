"""A value that fits a JSON Schema, made up: what a simulation answers where nobody has written an answer.

Rule: always the same for the same schema, and as small as it is easily found: constants, defaults and examples first,
of objects the required properties, of lists the fewest items. What comes out has been held against the schema; where
nothing that fits was found, nothing comes out.
"""

from __future__ import annotations

import math
from typing import Any, Final

from pydantic import JsonValue

from engine.model.schema import Budget, Schema, resolved, validator
from engine.model.values import ABSENT, Absent, as_object

MOST_CHOICES: Final = 8
"""So many members of every ``anyOf`` and ``oneOf`` are tried."""

_FORMATS: Final = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "PT0S",
    "email": "simulated@example.org",
    "hostname": "example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_SHORT: Final = (
    *("a", "A", "0", "a0", "A0", "00", "AA", "000", "AAA", "0000"),
    *("a-a", "A-0", "0.0.0", "#000000", "a.a", "/"),
)
"""Texts that are tried where a ``pattern`` does not take the words."""


def smallest_instance(schema: Schema | bool, *, words: str) -> JsonValue | Absent:
    """A value that fits the schema, or ABSENT where none was found.

    Args:
        schema: JSON Schema; references lead to places in it.
        words: a text of the schema says this where it may.
    """
    for choice in range(MOST_CHOICES):
        made = _Maker(schema, words, choice).made(schema, 0)
        if validator(schema).accepts(made):
            return made
    return ABSENT


class _Maker:
    """One try: every ``anyOf`` and ``oneOf`` by its member number ``choice``, counted round."""

    def __init__(self, root: JsonValue, words: str, choice: int) -> None:
        self._root = root
        self._words = words
        self._choice = choice
        self._budget = Budget()

    def made(self, schema: JsonValue, depth: int) -> JsonValue:
        place = resolved(schema, self._root)
        if not isinstance(place, dict) or self._budget.is_spent(depth):
            return self._words
        known = self._whole(place)
        if "const" in known:
            return known["const"]
        for key in ("enum", "examples"):
            values = known.get(key)
            if isinstance(values, list) and values:
                return values[self._choice % len(values)]
        if "default" in known:
            return known["default"]
        match self._type(known):
            case "object":
                return self._object(known, depth)
            case "array":
                return self._array(known, depth)
            case "integer" | "number" as kind:
                return _number(known, is_whole=kind == "integer")
            case "boolean":
                return False
            case "null":
                return None
            case _:
                return self._text(known)

    def _whole(self, schema: Schema) -> Schema:
        """The schema with what its ``allOf`` and one way of its ``anyOf`` or ``oneOf`` add."""
        parts: list[Schema] = [schema]
        members = schema.get("allOf")
        parts += [as_object(resolved(m, self._root)) for m in members] if isinstance(members, list) else []
        for key in ("anyOf", "oneOf"):
            ways = schema.get(key)
            if isinstance(ways, list) and ways:
                parts.append(as_object(resolved(ways[self._choice % len(ways)], self._root)))
        if len(parts) == 1:
            return schema
        whole: dict[str, Any] = {}
        for part in parts:
            for name, value in part.items():
                known = whole.get(name)
                if name == "properties" and isinstance(known, dict):
                    whole[name] = {**known, **as_object(value)}
                elif name == "required" and isinstance(known, list) and isinstance(value, list):
                    whole[name] = [*known, *value]
                else:
                    whole[name] = value
        return whole

    def _type(self, known: Schema) -> str:
        kind = known.get("type")
        if isinstance(kind, list) and kind:
            kind = kind[self._choice % len(kind)]
        if isinstance(kind, str):
            return kind
        if known.keys() & {"properties", "required"}:
            return "object"
        return "array" if known.keys() & {"items", "prefixItems", "minItems"} else "string"

    def _object(self, known: Schema, depth: int) -> JsonValue:
        properties = as_object(known.get("properties"))
        required = known.get("required")
        names = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
        least = _whole_number(known.get("minProperties"))
        names += [name for name in properties if name not in names][: max(0, least - len(set(names)))]
        return {name: self.made(properties.get(name, True), depth + 1) for name in names}

    def _array(self, known: Schema, depth: int) -> JsonValue:
        first = known.get("prefixItems")
        places = list(first) if isinstance(first, list) else []
        least = max(_whole_number(known.get("minItems")), 1 if "contains" in known else 0)
        rest = known.get("items", known.get("contains", True))
        schemas = [places[i] if i < len(places) else rest for i in range(min(least, 1000))]
        return [self.made(schema, depth + 1) for schema in schemas]

    def _text(self, known: Schema) -> JsonValue:
        form = known.get("format")
        if isinstance(form, str) and form in _FORMATS:
            return _FORMATS[form]
        text = self._words
        least, most = _whole_number(known.get("minLength")), known.get("maxLength")
        if len(text) < least:
            text = text.ljust(min(least, 100_000), ".")
        if isinstance(most, int | float):
            text = text[: int(most)]
        if "pattern" in known:
            check = validator({key: known[key] for key in ("pattern", "minLength", "maxLength") if key in known})
            return next((short for short in (text, *_SHORT) if check.accepts(short)), text)
        return text


def _number(known: Schema, *, is_whole: bool) -> JsonValue:
    """0 where that fits, else the nearest bound that does."""

    def bound(name: str) -> float | None:
        value = known.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    step = bound("multipleOf") or 1.0
    least, most = bound("minimum"), bound("maximum")
    above, below = bound("exclusiveMinimum"), bound("exclusiveMaximum")
    found = 0.0
    if least is not None and found < least:
        found = math.ceil(least / step) * step if is_whole or "multipleOf" in known else least
    if above is not None and found <= above:
        found = (math.floor(above / step) + 1) * step
        if below is not None and found >= below and not is_whole:
            found = (above + below) / 2
    if most is not None and found > most:
        found = math.floor(most / step) * step if is_whole or "multipleOf" in known else most
    if below is not None and found >= below:
        found = (math.ceil(below / step) - 1) * step
    return int(found) if found.is_integer() else found


def _whole_number(value: JsonValue) -> int:
    return int(value) if isinstance(value, int | float) and value > 0 else 0
