"""The state: first values, merge rules, schemas."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import NodeError
from engine.model.graph import Graph, StateKey
from engine.model.state import checked_write, initial_state, initial_value, merge_write, write
from engine.model.values import ABSENT
from tests.model.documents import values


def key(merge: str = "replace", **fields: Any) -> StateKey:
    return StateKey.model_validate({"merge": merge, **fields})


def failed(act: Any) -> NodeError:
    with pytest.raises(NodeError) as caught:
        act()
    assert caught.value.error_class == "logic"
    return caught.value


@pytest.mark.parametrize(
    ("merge", "first"),
    [("append", []), ("extend", []), ("merge", {}), ("sum", 0), ("replace", ABSENT), ("min", ABSENT), ("max", ABSENT)],
)
def test_every_rule_has_its_first_value(merge: str, first: Any) -> None:
    assert initial_value(key(merge)) == first
    assert initial_state({"k": key(merge)}) == ({} if first is ABSENT else {"k": first})


def test_a_default_is_the_first_value_and_null_is_one() -> None:
    keys = {"a": key(default=None), "b": key("sum", default=5), "c": key()}
    assert initial_state(keys) == {"a": None, "b": 5}


@pytest.mark.parametrize(
    ("merge", "current", "value", "after"),
    [
        ("replace", ABSENT, 1, 1),
        ("replace", {"a": 1}, {"b": 2}, {"b": 2}),
        ("append", ABSENT, [1], [[1]]),
        ("append", [1], None, [1, None]),
        ("extend", [1], [2, 3], [1, 2, 3]),
        ("extend", ABSENT, [], []),
        ("merge", {"a": {"x": 1}, "b": 1}, {"a": {"y": 2}}, {"a": {"y": 2}, "b": 1}),
        ("sum", ABSENT, 2, 2),
        ("sum", 0.5, 0.5, 1),
        ("sum", 2**53, 1, 2**53),
        ("min", ABSENT, 3, 3),
        ("min", 3, 2.5, 2.5),
        ("max", 3, 2.5, 3),
        ("max", -1, -2, -1),
    ],
)
def test_a_write_is_merged_by_the_keys_rule(merge: str, current: Any, value: Any, after: Any) -> None:
    written = merge_write("k", key(merge), current, value)
    assert written == after
    assert type(written) is type(after)


@pytest.mark.parametrize(
    ("merge", "current", "value", "words"),
    [
        ("extend", [], 1, "a list is needed, not a number"),
        ("append", "x", 1, "a list is needed, not text"),
        ("merge", {}, [], "an object is needed, not a list"),
        ("sum", 0, "1", "a number is needed, not text"),
        ("sum", 0, True, "a number is needed, not true or false"),
        ("min", "a", 1, "a number is needed, not text"),
        ("max", 1, None, "a number is needed, not null"),
        ("sum", 1.7e308, 1.7e308, "no number any more"),
    ],
)
def test_what_cannot_be_merged_fails_the_node(merge: str, current: Any, value: Any, words: str) -> None:
    error = failed(lambda: merge_write("k", key(merge), current, value))
    assert error.code == "state.type"
    assert words in error.message
    assert "`k`" in error.message


@given(st.sampled_from(["append", "extend", "merge", "replace"]), values, values)
def test_a_snapshot_is_never_changed(merge: str, first: Any, second: Any) -> None:
    wrapped: Any = {"append": [first], "extend": [first], "merge": {"a": first}, "replace": first}[merge]
    value: Any = {"append": second, "extend": [second], "merge": {"b": second}, "replace": second}[merge]
    before = str(wrapped)
    merge_write("k", key(merge), wrapped, value)
    assert str(wrapped) == before


LIST = {"type": "array", "items": {"type": "string"}}


@pytest.mark.parametrize(
    ("declared", "current", "value", "fits"),
    [
        (key(schema={"type": "string"}), ABSENT, "a", True),
        (key(schema={"type": "string"}), ABSENT, 1, False),
        (key(schema=True), ABSENT, 1, True),
        (key(schema=False), ABSENT, 1, False),
        (key("append", schema=LIST), ["a"], "b", True),
        (key("append", schema=LIST), ["a"], 1, False),
        (key("extend", schema=LIST), [], ["a", 2], False),
        (key("extend", schema=LIST), [], ["a", "b"], True),
        (key("append", schema={"type": "array"}), [], 1, True),
        (key("append", schema={**LIST, "maxItems": 2}), ["a"], "b", True),
        (key("append", schema={**LIST, "maxItems": 2}), ["a", "b"], "c", False),
        (key("append", schema={"type": "object"}), [], "c", False),
        (key("append", schema={"type": "array", "items": False}), [], "c", False),
        (key("sum", schema={"type": "number", "maximum": 3}), 2, 2, False),
        (key("merge", schema={"properties": {"a": {"type": "integer"}}}), {}, {"a": "x"}, False),
    ],
)
def test_the_outcome_must_fit_the_keys_schema(declared: StateKey, current: Any, value: Any, fits: bool) -> None:
    if fits:
        assert checked_write("k", declared, current, value) == merge_write("k", declared, current, value)
    else:
        error = failed(lambda: checked_write("k", declared, current, value))
        assert error.code == "state.schema"
        assert "`k`" in error.message


def test_writes_are_applied_in_order_to_a_copy() -> None:
    graph = Graph.model_validate(
        {"format": "weft/1", "name": "g", "state": {"a": {}, "n": {"merge": "sum"}}, "nodes": {"e": {"kind": "end"}}}
    )
    before = initial_state(graph.state)
    assert write(graph, before, {"a": "x", "n": 2}) == {"a": "x", "n": 2}
    assert before == {"n": 0}
    error = failed(lambda: write(graph, before, {"a": 1, "b": 2}))
    assert (error.code, error.where) == ("state.unknown", "state.b")
