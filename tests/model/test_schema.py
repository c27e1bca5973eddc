"""JSON Schemas in a document: checking, defaults, and what a path leads to."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given

from engine.model.schema import UNKNOWN, fill_defaults, lookup, problems, schema_problems, validator
from engine.model.values import ABSENT
from tests.model.documents import values

TOPIC: Any = {
    "type": "object",
    "properties": {
        "topic": {"type": "string", "minLength": 1},
        "size": {"type": "integer", "default": 3},
        "mood": {"enum": ["glad", "sad"]},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["topic"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"topic": "a"}, []),
        ({}, ['"topic" is missing']),
        ({"topic": "a", "x": 1}, ['"x" is not allowed here']),
        ({"topic": "a", "x": 1, "y": 2}, ['"x", "y" are not allowed here']),
        ({"topic": 5}, ["/topic: it must be text, not 5"]),
        ({"topic": "a", "mood": "bad"}, ['/mood: it must be "glad" or "sad", not "bad"']),
        (
            {"topic": "a", "tags": ["x", 1, None]},
            ["/tags/1: it must be text, not 1", "/tags/2: it must be text, not null"],
        ),
        ({"topic": ""}, ['/topic: "" is shorter than 1 character']),
        ([1] * 50, [f"it must be an object, not {str([1] * 50).replace(' ', '')[:60]}…"]),
    ],
)
def test_a_misfit_is_told_in_sentences_with_places(value: Any, told: list[str]) -> None:
    assert problems(TOPIC, value) == told
    assert validator(TOPIC).accepts(value) is (told == [])


def test_a_union_of_types_is_told_as_one() -> None:
    assert problems({"type": ["string", "null"]}, 5) == ["it must be null or text, not 5"]


def test_a_hundred_problems_are_enough() -> None:
    assert len(problems({"items": {"type": "string"}}, list(range(1_000)))) == 100


def test_a_validator_is_made_once_per_schema() -> None:
    assert validator({"type": "string"}) is validator({"type": "string"})


def test_formats_are_checked_and_unknown_ones_are_not() -> None:
    assert problems({"type": "string", "format": "date-time"}, "soon") != []
    assert problems({"type": "string", "format": "template"}, "soon") == []


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"type": "strin"}, "/type"),
        ({"properties": {"a": {"minimum": "x"}}}, "/properties/a/minimum"),
        ({"pattern": "("}, "/pattern"),
        ({"$ref": "#/nowhere"}, ""),
        ({"$ref": "https://example.org/schema"}, ""),
        ({"$ref": "file:///etc/passwd"}, ""),
        ({"$id": "https://example.org/", "items": {"$ref": "other"}}, ""),
    ],
)
def test_a_bad_schema_is_told_with_its_place(schema: Any, place: str) -> None:
    assert [found[0] for found in schema_problems(schema)] == [place]


def test_every_mistake_of_a_schema_is_told() -> None:
    schema: Any = {"type": 1, "properties": {"a": 3}}
    assert [place for place, _ in schema_problems(schema)] == ["/properties/a", "/type"]
    assert schema_problems(TOPIC) == []


def test_a_catastrophic_pattern_ends_at_once() -> None:
    started = time.process_time()
    assert problems({"pattern": "(a+)+$"}, "a" * 1_000_000 + "b") != []
    assert time.process_time() - started < 5


@pytest.mark.parametrize("pattern", [r"^(a|aa)+\1$", "(?=a*b)c", "(?<=a+)b"])
def test_a_pattern_that_is_not_matched_in_one_pass_is_refused(pattern: str) -> None:
    (found,) = schema_problems({"properties": {"a": {"pattern": pattern}}})
    assert found[0] == "/properties/a/pattern"
    assert "refers back" in found[1]


def test_of_a_large_value_the_first_problem_is_told() -> None:
    started = time.process_time()
    numbers: Any = list(range(300_000))
    assert problems({"items": {"type": "string"}}, numbers) == ["/0: it must be text, not 0"]
    assert len(problems({"items": {"type": "string"}}, numbers[:1000])) == 100
    assert len(schema_problems({"required": numbers})) == 1
    assert time.process_time() - started < 10


def test_defaults_within_defaults_are_filled_as_far_as_one_budget_goes() -> None:
    none: dict[str, Any] = {}
    schema: Any = {"properties": {"xs": {"items": {"$ref": "#"}, "default": [none, none]}}}
    filled: Any = fill_defaults(schema, {})
    assert filled["xs"][0]["xs"][0]["xs"]
    assert len(str(filled)) < 100_000
    empty: list[Any] = []
    given: Any = {"xs": [{"xs": empty}] * 3_000}
    assert fill_defaults(schema, given) == given


# --- defaults ---


@pytest.mark.parametrize(
    ("schema", "value", "filled"),
    [
        (None, {"a": 1}, {"a": 1}),
        (True, {"a": 1}, {"a": 1}),
        (TOPIC, {"topic": "a"}, {"topic": "a", "size": 3}),
        (TOPIC, {"size": 1}, {"size": 1}),
        (TOPIC, [1], [1]),
        ({"properties": {"a": {"default": {}, "properties": {"b": {"default": 1}}}}}, {}, {"a": {"b": 1}}),
        ({"items": {"properties": {"a": {"default": 1}}}}, [{}, {"a": 2}, 3], [{"a": 1}, {"a": 2}, 3]),
        ({"items": {"type": "string"}}, ["a"], ["a"]),
        (
            {"allOf": [{"properties": {"a": {"default": 1}}}, {"properties": {"b": {"default": 2}}}]},
            {},
            {"a": 1, "b": 2},
        ),
        ({"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"default": 7}}}, {}, {"a": 7}),
        ({"properties": {"a": {"$ref": "#/$defs/x"}}}, {}, {}),
        ({"properties": {"a": {"default": None}}}, {}, {"a": None}),
        ({"properties": 5, "items": 5}, {}, {}),
    ],
)
def test_defaults_are_filled_in_where_a_property_is_absent(schema: Any, value: Any, filled: Any) -> None:
    before = str(value)
    assert fill_defaults(schema, value) == filled
    assert str(value) == before


CIRCLES: list[Any] = [
    {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]},
    {"allOf": [{"$ref": "#"}, {"$ref": "#"}]},
    {"$ref": "#"},
    {"type": "object", "properties": {name: {"$ref": "#"} for name in "abcdefgh"}},
    {"type": "array", "items": {"$ref": "#"}},
    {
        "properties": {"a": {"$ref": "#/$defs/x"}},
        "$defs": {"x": {"default": {}, "properties": {"a": {"$ref": "#/$defs/x"}, "b": {"$ref": "#/$defs/x"}}}},
    },
]


@pytest.mark.parametrize("schema", CIRCLES)
def test_references_in_circles_end(schema: Any) -> None:
    started = time.process_time()
    fill_defaults(schema, {"a": [{"b": {}}]})
    fill_defaults(schema, [[[]]])
    lookup(schema, ["a", "b", 0])
    assert time.process_time() - started < 5


@given(values)
def test_filling_changes_nothing_where_there_are_no_defaults(value: Any) -> None:
    schema: Any = {"properties": {"a": {"items": {"type": "string"}}}, "items": {"properties": {}}}
    assert fill_defaults(schema, value) == value


# --- paths ---

STRING: Any = {"type": "string"}


@pytest.mark.parametrize(
    ("schema", "path", "found"),
    [
        (TOPIC, [], TOPIC),
        (TOPIC, ["topic"], TOPIC["properties"]["topic"]),
        (TOPIC, ["topik"], ABSENT),
        (TOPIC, ["topik", "x"], ABSENT),
        (TOPIC, ["tags", 0], STRING),
        (TOPIC, ["tags", "x"], ABSENT),
        (TOPIC, [0], ABSENT),
        (TOPIC, ["topic", "x"], ABSENT),
        ({"properties": {"a": STRING}}, ["b"], ABSENT),
        ({"properties": {"a": STRING}, "additionalProperties": True}, ["b"], UNKNOWN),
        ({"properties": {"a": STRING}, "additionalProperties": {"type": "null"}}, ["b"], {"type": "null"}),
        ({"properties": {"a": STRING}, "patternProperties": {"b": True}}, ["b"], UNKNOWN),
        ({"additionalProperties": False}, ["b"], ABSENT),
        ({"type": ["object", "null"], "properties": {"a": STRING}}, ["a"], STRING),
        ({"type": ["string", "null"]}, ["a"], ABSENT),
        ({}, ["a", 0], UNKNOWN),
        (True, ["a"], UNKNOWN),
        (True, [], UNKNOWN),
        (False, ["a"], ABSENT),
        (UNKNOWN, ["a"], UNKNOWN),
        ({"properties": {"a": True}}, ["a"], UNKNOWN),
        ({"prefixItems": [STRING], "items": False}, [0], STRING),
        ({"prefixItems": [STRING], "items": False}, [1], ABSENT),
        ({"items": True}, [1], UNKNOWN),
        ({"anyOf": [{"properties": {"a": STRING}}, {"properties": {"b": STRING}}]}, ["a"], STRING),
        ({"anyOf": [{"properties": {"a": STRING}}, {"properties": {"a": {"type": "null"}}}]}, ["a"], UNKNOWN),
        ({"oneOf": [{"properties": {"b": STRING}}, {"type": "null"}]}, ["a"], ABSENT),
        ({"allOf": [{"properties": {"a": STRING}}, {"properties": {"b": STRING}}]}, ["b"], STRING),
        ({"anyOf": [{"properties": {"a": STRING}}], "properties": {"b": STRING}}, ["b"], STRING),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"properties": {"a": STRING}}}}, ["a"], STRING),
        ({"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": STRING}}, ["a"], STRING),
        ({"properties": {"a": {"$ref": "#/$defs/y"}}, "$defs": {"x": STRING}}, ["a", "b"], UNKNOWN),
        ({"properties": {"a": {"$ref": "other"}}}, ["a"], UNKNOWN),
    ],
)
def test_a_path_leads_to_a_schema_to_nothing_or_to_the_unknown(schema: Any, path: list[str | int], found: Any) -> None:
    assert lookup(schema, path) == found


def test_words_for_what_is_not_there() -> None:
    assert repr(UNKNOWN) == "UNKNOWN"
