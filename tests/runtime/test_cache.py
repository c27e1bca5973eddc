"""When a kept result is the right one, and what may be kept."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import NodeError
from engine.model.graph import Graph
from engine.runtime.cache import Kept, cache_key, is_worth_keeping
from engine.runtime.context import Result
from engine.scheduler.commands import Start
from tests.scheduler.walking import Walking
from tests.support.sketch import document

CACHE = {"cache": {"ttl_s": 60}}


def key(fields: dict[str, Any], *, resolved: Any = None, name: str = "sketch", node: str = "a", **names: Any) -> str:
    """The key of the only node of a graph."""
    found = document(node, name=name)
    found["nodes"][node] |= {**CACHE, **fields}
    command = Walking(Graph.model_validate(found)).wish(node)
    assert isinstance(command, Start)
    return cache_key(command, resolved, {"input": {}, "state": {}, "nodes": {}, **names})


def test_the_same_node_with_the_same_input_has_one_key() -> None:
    assert key({}, resolved={"x": 1, "y": 2}) == key({}, resolved={"y": 2, "x": 1})
    assert key({}, resolved={"x": 1}) != key({}, resolved={"x": 2})


@pytest.mark.parametrize("other", [{"name": "another"}, {"node": "b"}])
def test_another_graph_or_node_has_another(other: dict[str, str]) -> None:
    assert key({}, resolved=1) != key({}, resolved=1, **other)


def test_a_node_that_does_something_else_now_has_another() -> None:
    assert key({"tool": "work"}) != key({"tool": "rest"})
    assert key({"args": {"text": "x"}}) != key({"args": {"text": "y"}})


@pytest.mark.parametrize("fields", [{"label": "Work"}, {"description": "Works."}, {"cache": {"ttl_s": 5}}])
def test_how_it_is_called_and_how_long_it_is_kept_change_no_key(fields: dict[str, Any]) -> None:
    assert key({}) == key(fields)


def test_where_a_key_is_given_it_decides_and_the_input_does_not() -> None:
    by_topic = {"cache": {"ttl_s": 60, "key": "{input.topic?}"}}
    rivers, seas = {"topic": "rivers"}, {"topic": "seas"}
    assert key(by_topic, resolved=1, input=rivers) == key(by_topic, resolved=2, input=rivers)
    assert key(by_topic, resolved=1, input=rivers) != key(by_topic, resolved=1, input=seas)
    assert key(by_topic, resolved=1, input={}) == key(by_topic, resolved=2, input={})


def test_a_key_that_cannot_be_filled_in_is_an_error() -> None:
    with pytest.raises(NodeError, match=r"template\.absent"):
        key({"cache": {"ttl_s": 60, "key": "{input.topic}"}}, input={})


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (Result(1), True),
        (Result(None), True),
        (Result(1, "transfer", "b"), False),
        (Result(1, writes={"x": 1}), False),
        (Result(1, escalated=True), False),
    ],
)
def test_only_what_is_all_in_the_output_may_be_kept(result: Result, expected: bool) -> None:
    assert is_worth_keeping(result) is expected


def test_what_is_kept_says_who_worked_for_it() -> None:
    kept = Kept({"x": [1, None]}, "r1")
    assert Kept.of(kept.as_json()) == kept
