"""Schemas that make their reader look at one place again and again: counted before anything is read."""

from __future__ import annotations

import time
from typing import Any

import pytest

from engine.model.branching import MOST_PARTS, BranchingError, readings
from engine.model.schema import problems, schema_problems, validator
from engine.model.values import compact


def doubled(steps: int, word: str = "anyOf") -> Any:
    """Every step looks at the same value by two ways."""
    parts: Any = {f"d{n}": {word: [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(steps)}
    return {"$defs": {**parts, f"d{steps}": {"const": 0}}, "$ref": "#/$defs/d0"}


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


TREE: Any = {
    "$defs": {"node": {"properties": {"left": {"$ref": "#/$defs/node"}, "right": {"$ref": "#/$defs/node"}}}},
    "$ref": "#/$defs/node",
}
TWO_LISTS: Any = {
    "$defs": {
        "n": {
            "anyOf": [
                {"type": "array", "items": {"$ref": "#/$defs/n"}},
                {"type": "array", "items": {"$ref": "#/$defs/n"}},
                {"const": 5},
            ]
        }
    },
    "$ref": "#/$defs/n",
}


def test_a_schema_without_references_is_not_counted() -> None:
    assert readings(compact({"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}}})) == ()


@pytest.mark.parametrize("steps", [1, 2, 5, 8])
def test_what_doubles_is_counted_so(steps: int) -> None:
    told = readings(compact(doubled(steps)))
    assert len(told) == 1
    assert 2**steps <= told[0] <= 8 * 2**steps


@pytest.mark.parametrize("word", ["anyOf", "allOf", "oneOf"])
@pytest.mark.parametrize("steps", [14, 40, 400])
def test_what_doubles_too_often_is_refused_at_once(word: str, steps: int) -> None:
    started = time.process_time()
    ((place, message),) = schema_problems(doubled(steps, word))
    assert place == ""
    assert "branches" in message
    assert time.process_time() - started < 5


HIDDEN: list[Any] = [
    {
        "$defs": {
            "a": {"$anchor": "a", "allOf": [{"$ref": "#b"}] * 200},
            "b": {"$dynamicAnchor": "b", "allOf": [{"$ref": "#/$defs/c"}] * 200},
            "c": True,
        },
        "$ref": "#a",
    },
    {
        "$defs": {
            "a": {"allOf": [{"$dynamicRef": "#b"}] * 200},
            "b": {"$anchor": "b", "allOf": [{"$ref": "#/$defs/b~1c"}] * 200},
            "b/c": {},
        },
        "$ref": "#/%24defs/a",
    },
    {"allOf": [{"$ref": "#/anyOf/0"}] * 200, "anyOf": [{"not": {"allOf": [{"$ref": "#/x"}] * 200}}], "x": {}},
    {
        "if": {"$ref": "#/x"},
        "x": {"dependentSchemas": {str(n): {"$ref": "#/y"} for n in range(200)}},
        "y": {"anyOf": [{"$ref": "#/z"}] * 200},
        "z": {},
    },
]


@pytest.mark.parametrize("schema", HIDDEN, ids=range(len(HIDDEN)))
def test_no_way_of_branching_is_overlooked(schema: Any) -> None:
    with pytest.raises(BranchingError, match="branches"):
        readings(compact(schema))


def test_what_reads_its_neighbours_again_counts_for_it() -> None:
    schema: Any = {"properties": {"a": True}}
    for _ in range(20):
        schema = {"allOf": [schema], "unevaluatedProperties": False}
    assert "branches" in schema_problems(schema)[0][1]


ASTRAY: list[tuple[Any, str]] = [
    ({"$ref": "https://example.org/schema"}, "does not lead to a place in the same schema"),
    ({"$ref": "other.json#/a"}, "does not lead to a place in the same schema"),
    ({"$ref": "#/nowhere"}, "leads to nothing"),
    ({"$ref": "#/allOf/7", "allOf": [{}]}, "leads to nothing"),
    ({"$ref": "#/allOf/0/0", "allOf": [True]}, "leads to nothing"),
    ({"$ref": "#nobody"}, "leads to nothing"),
    ({"$ref": "#/title", "title": "text"}, "leads to nothing"),
    ({"$ref": "#/$defs/a", "$defs": {"a": {"$id": "https://example.org/a"}}}, "$id of its own"),
    ({"$ref": "#a", "x": {"$anchor": "a"}, "y": {"$anchor": "a"}}, "two parts"),
    ({"$ref": "#/p", "p": {"properties": {str(n): {} for n in range(MOST_PARTS + 1)}}}, "more than"),
]


@pytest.mark.parametrize(("schema", "why"), ASTRAY)
def test_what_cannot_be_counted_is_refused(schema: Any, why: str) -> None:
    ((_, message),) = schema_problems(schema)
    assert why in message


FINE: list[tuple[Any, Any]] = [
    (TREE, {"left": {"right": {}}}),
    ({"$id": "https://example.org/own", "$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}}, "x"),
    ({"$ref": "https://json-schema.org/draft/2020-12/schema"}, {"type": "string"}),
    ({"$ref": "#"}, 1),
    ({"$ref": "#/allOf/0", "allOf": [True]}, 1),
    ({"prefixItems": [{"$ref": "#/$defs/a"}], "items": False, "$defs": {"a": True}}, [1]),
    ({"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}, {}]}}, "$ref": "#/$defs/a"}, 1),
    ({"patternProperties": {"^a": {"$ref": "#"}}, "dependencies": {"a": ["b"]}}, {"a": {"a": 1, "b": 1}, "b": 1}),
]


@pytest.mark.parametrize(("schema", "value"), FINE, ids=range(len(FINE)))
def test_what_people_write_is_fine(schema: Any, value: Any) -> None:
    assert schema_problems(schema) == []
    assert problems(schema, value) == []
    assert validator(schema).accepts(value)


def test_a_tree_of_any_depth_is_looked_at_once_at_each_place() -> None:
    assert readings(compact(TREE))[-1] < 400
    value: Any = {"right": 3}
    for _ in range(90):
        value = {"left": value, "right": {}}
    assert problems(TREE, value) == []


def test_only_a_value_that_is_too_deep_is_refused_where_a_schema_branches_step_by_step() -> None:
    started = time.process_time()
    assert problems(TWO_LISTS, deep(2)) == ["[[1]] is not valid"]
    assert problems(TWO_LISTS, deep(12)) == ["it does not fit its schema"]
    for value in (deep(16), deep(60), [deep(14)] * 1000):
        assert problems(TWO_LISTS, value) == ["it is nested too deeply for a schema that branches so much"]
        assert not validator(TWO_LISTS).accepts(value)
    assert time.process_time() - started < 5


def test_of_a_value_that_is_read_often_the_first_problem_is_told() -> None:
    schema: Any = {"items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"type": "string"}}}
    assert problems(schema, list(range(20_000))) == ["/0: it must be text, not 0"]
