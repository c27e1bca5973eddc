"""JSON values in memory: numbers, texts, keys, and what is no JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.reading import read_document
from engine.model.values import (
    ABSENT,
    MAX_DEPTH,
    as_object,
    compact,
    exceeds,
    halved,
    normal,
    number,
    number_text,
    ordered,
    problem,
    shape_of,
    string_text,
)
from tests.model.documents import numbers, values
from tests.model.javascript import JavaScript


@pytest.fixture(scope="module")
def javascript() -> Iterator[JavaScript]:
    with JavaScript() as process:
        yield process


@given(values)
def test_a_value_is_written_as_javascript_writes_it(javascript: JavaScript, value: Any) -> None:
    text = json.dumps(value)
    read, findings = read_document(text)
    assert findings == []
    assert read is not ABSENT
    assert compact(read) == javascript.rewritten(text)


@given(numbers)
def test_a_number_is_written_as_javascript_writes_it(javascript: JavaScript, value: float) -> None:
    assert number_text(value) == javascript.rewritten(json.dumps(value))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"), (-0.0, "0"), (0.1, "0.1"), (1e21, "1e+21"), (1e20, "100000000000000000000"), (-1e-7, "-1e-7"),
        (1e-6, "0.000001"), (1.5e300, "1.5e+300"), (5e-324, "5e-324"), (123.456, "123.456"),
        (2**53 + 1, "9007199254740992"), (2**60, "1152921504606847000"), (-12.5, "-12.5"),
    ],
)  # fmt: skip
def test_numbers_have_one_written_form(value: float, text: str) -> None:
    assert number_text(value) == text


@given(numbers)
def test_a_held_number_is_the_double_that_javascript_reads(value: float) -> None:
    held = number(value)
    assert held == float(value)
    assert isinstance(held, int) == (float(value).is_integer() and abs(float(value)) <= 2**53)
    assert number(held) == held


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises((OverflowError, ValueError)):
        number(value)
    assert problem(value) is not None


@given(st.text())
def test_text_is_escaped_only_where_it_must_be(text: str) -> None:
    written = string_text(text)
    assert json.loads(written) == text
    assert not halved(written)


def test_a_lone_surrogate_is_escaped() -> None:
    assert string_text("a\ud800") == '"a\\ud800"'


def test_keys_stand_as_javascript_orders_them() -> None:
    assert ordered({"b": 1, "10": 1, "2": 1, "01": 1, "a": 1, "4294967295": 1}) == [
        "2",
        "10",
        "b",
        "01",
        "a",
        "4294967295",
    ]
    assert ordered({"b": 1, "a": 1}) == ["b", "a"]
    assert ordered({"²": 1, "1": 1}) == ["1", "²"]


@given(values)
def test_a_json_value_has_no_problem_and_is_its_own_normal_form(value: Any) -> None:
    assert problem(value) is None
    assert normal(normal(value)) == normal(value)
    assert compact(normal(value)) == compact(value)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": [1, {"b": float("nan")}]}, ("a", 1, "b")),
        ({1: 2}, ()),
        ({"a": {"\ud800": 1}}, ("a",)),
        (["\ud800"], (0,)),
        ([{1, 2}], (0,)),
        ((1, 2), ()),
    ],
)
def test_what_is_no_json_is_named_with_its_path(value: Any, path: tuple[Any, ...]) -> None:
    found = problem(value)
    assert found is not None
    assert found[0] == path


def in_a_list(inner: Any) -> Any:
    return [inner]


def in_an_object(inner: Any) -> Any:
    return {"a": inner}


@pytest.mark.parametrize("wrap", [in_a_list, in_an_object])
def test_nesting_has_a_limit(wrap: Callable[[Any], Any]) -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH):
        value = wrap(value)
    assert problem(value) is None
    assert problem(wrap(value)) is not None


def test_shapes_have_words() -> None:
    shown: list[Any] = [None, True, "a", 1, 1.5, [], {}, set[int]()]
    shapes = [shape_of(value) for value in shown]
    assert shapes == ["null", "true or false", "text", "a number", "a number", "a list", "an object", "a Python set"]
    assert repr(ABSENT) == "ABSENT"


def test_what_is_no_object_is_taken_for_an_empty_one() -> None:
    assert as_object({"a": 1}) == {"a": 1}
    assert as_object([1]) == as_object(None) == {}


@pytest.mark.parametrize(
    ("value", "units"),
    [("", 0), ("abc", 3), (None, 8), (7, 8), ([], 8), ([1, [2]], 32), ({"key": "abc"}, 22), ({"a": {"b": []}}, 26)],
)
def test_a_value_has_a_size(value: Any, units: int) -> None:
    assert not exceeds(value, units)
    assert exceeds(value, units - 1)


def test_what_stands_in_a_value_often_counts_often_and_is_not_looked_at_without_end() -> None:
    value: Any = ["x"]
    for _ in range(90):
        value = [value, value]
    assert exceeds(value)
