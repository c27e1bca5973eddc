"""Values made up to fit a schema."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.agents.models.instances import smallest_instance
from engine.model.schema import validator
from engine.model.templates import escaped, parse
from engine.model.values import ABSENT

TREE: dict[str, Any] = {
    "$ref": "#/$defs/tree",
    "$defs": {"tree": {"type": "object", "properties": {"next": {"$ref": "#/$defs/tree"}}, "required": ["next"]}},
}
FITTING: list[tuple[Any, Any]] = [
    (True, "words"),
    ({"type": "string", "minLength": 8}, "words..."),
    ({"type": "string", "maxLength": 3}, "wor"),
    ({"type": "string", "format": "date"}, "2026-01-01"),
    ({"type": "string", "pattern": "^[a-z]$"}, "a"),
    ({"type": "integer"}, 0),
    ({"type": "integer", "minimum": 3}, 3),
    ({"type": "integer", "maximum": -3}, -3),
    ({"type": "integer", "multipleOf": 7, "minimum": 10}, 14),
    ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
    ({"type": "number", "exclusiveMaximum": 0}, -1),
    ({"type": "boolean"}, False),
    ({"type": "null"}, None),
    ({"const": {"a": 1}}, {"a": 1}),
    ({"enum": ["x", "y"]}, "x"),
    ({"type": "string", "default": "d"}, "d"),
    ({"type": "string", "examples": ["e"]}, "e"),
    ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [0, 0]),
    ({"prefixItems": [{"type": "null"}], "minItems": 2, "items": {"const": 1}}, [None, 1]),
    ({"type": "object", "properties": {"a": {"type": "null"}, "b": {}}, "required": ["a"]}, {"a": None}),
    ({"type": "object", "properties": {"a": {"type": "null"}}, "minProperties": 1}, {"a": None}),
    ({"oneOf": [{"type": "integer"}, {"type": "integer"}, {"type": "null"}]}, None),
    ({"allOf": [{"required": ["a"]}, {"properties": {"a": {"const": 1}}}], "required": ["b"]}, {"b": "words", "a": 1}),
]


@pytest.mark.parametrize(("schema", "expected"), FITTING)
def test_a_schema_has_a_small_instance_that_is_always_the_same(schema: Any, expected: Any) -> None:
    assert smallest_instance(schema, words="words") == expected
    assert validator(schema).accepts(expected)


@pytest.mark.parametrize("schema", [False, TREE, {"type": "string", "pattern": "^[0-9]{31}$"}, {"not": {}}])
def test_where_nothing_that_fits_is_found_nothing_is_told(schema: Any) -> None:
    assert smallest_instance(schema, words="words") is ABSENT


@given(st.text(alphabet="{}a.?[0]"))
def test_an_escaped_text_is_a_template_for_itself(text: str) -> None:
    assert (parse(escaped(text)).constant or "") == text
