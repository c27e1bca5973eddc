"""Facts are made of what happened: writes, edges taken, failures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.errors import EngineBug, Failure, NodeError
from engine.model.graph import Graph
from engine.runtime import judge
from engine.runtime.context import Result
from engine.scheduler.commands import Start
from tests.scheduler.walking import Walking
from tests.support.sketch import document

NAMES: dict[str, Any] = {"input": {"go": True}, "state": {}, "nodes": {}, "run": {}, "iteration": 1}
BROKEN = Failure("tool", "tool.failed", "broken")


def started(text: str, *, fields: dict[str, Any] | None = None, **top: Any) -> Start:
    """The wish to start the node ``a`` of a sketch, with fields laid over it."""
    found = document(text, **top)
    found["nodes"]["a"] |= fields or {}
    command = Walking(Graph.model_validate(found)).wish("a")
    assert isinstance(command, Start)
    return command


def names(**more: Any) -> dict[str, Any]:
    return {**NAMES, **more}


def refused(command: Start, result: Result, **more: Any) -> str:
    """The code of the error that a result is."""
    with pytest.raises(NodeError) as refusal:
        judge.completed(command, result, lambda: names(**more))
    assert refusal.value.error_class == "logic"
    return refusal.value.code


@pytest.mark.parametrize(("x", "taken"), [(1, (0,)), (2, (1,)), (3, (2,))])
def test_of_several_edges_the_first_that_holds_is_taken(x: int, taken: tuple[int, ...]) -> None:
    command = started("a -(? output == 1)-> b; a -(? output < 3)-> c; a -> d")
    assert judge.completed(command, Result(x), names).taken == taken


def test_an_item_that_fails_takes_no_edge_of_its_node() -> None:
    command = started("a -(error ? error.class == 'tool')-> b; a -(error)-> c")
    assert judge.failed(command, BROKEN, names()).taken == (0,)
    assert judge.failed(replace(command, item=2), BROKEN, names()).taken == ()


def test_edges_without_a_condition_need_no_word() -> None:
    assert judge.completed(started("a -> b"), Result(1), names).taken is None


def test_a_port_whose_edges_all_fail_to_hold_is_an_error() -> None:
    assert refused(started("a -(? output == 1)-> b"), Result(2)) == "route.unmatched"


def test_a_condition_that_errs_is_neither_true_nor_false() -> None:
    assert refused(started("a -(? input.list[3] == 1)-> b; a -> c"), Result(2)) == "expression.failed"


def test_an_output_and_what_is_saved_are_writes_and_absent_ones_are_not() -> None:
    state: dict[str, Any] = {"x": {"schema": {}}, "y": {"schema": {}}, "z": {"schema": {}}}
    fields = {"output_key": "x", "save": {"y": "{output.n}", "z": "{input.none?}"}}
    event = judge.completed(started("a", fields=fields, state=state), Result({"n": 5}), names)
    assert event.writes == {"x": {"n": 5}, "y": 5}


def test_a_condition_sees_the_state_after_the_nodes_own_writes() -> None:
    state = {"n": {"schema": {"type": "integer"}, "merge": "sum"}}
    command = started("a -(? state.n == 7)-> b; a -> c", fields={"output_key": "n"}, state=state)
    assert judge.completed(command, Result(5), lambda: names(state={"n": 2})).taken == (0,)
    assert judge.completed(command, Result(5), lambda: names(state={"n": 3})).taken == (1,)


@pytest.mark.parametrize(("value", "code"), [("five", "state.schema"), (None, "state.schema")])
def test_a_write_that_breaks_its_key_is_an_error(value: Any, code: str) -> None:
    state = {"n": {"schema": {"type": "integer"}}}
    assert refused(started("a", fields={"output_key": "n"}, state=state), Result(value)) == code


def test_a_tool_that_writes_a_key_that_is_not_there_fails_its_node() -> None:
    assert refused(started("a"), Result(1, writes={"n": 1})) == "state.unknown"


def test_a_transfer_takes_the_edge_to_its_target_and_writes_no_output() -> None:
    agent = {"kind": "agent", "model": "scripted:m", "output_key": "x"}
    found = document("a -(transfer)-> b; a -(transfer)-> c", state={"x": {"schema": {}}})
    del found["nodes"]["a"]["tool"]
    found["nodes"]["a"] |= agent
    command = Walking(Graph.model_validate(found)).wish("a")
    assert isinstance(command, Start)
    event = judge.completed(command, Result({}, "transfer", "c"), names)
    assert (event.taken, event.target, event.writes) == ((1,), "c", None)
    with pytest.raises(EngineBug):
        judge.completed(command, Result({}, "transfer", "nobody"), names)


def test_a_failure_for_good_takes_the_first_error_edge_that_holds() -> None:
    command = started("a -(error ? error.code == 'timeout')-> b; a -(error)-> c")
    assert judge.failed(command, BROKEN, names()).taken == (1,)
    assert judge.failed(command, Failure("limit", "timeout", "late"), names()).taken == (0,)


def test_a_failure_that_is_tried_again_takes_no_edge() -> None:
    event = judge.failed(started("a -(error)-> c"), BROKEN, names(), retry_at=5.0)
    assert (event.taken, event.retry_at) == ((), 5.0)


def test_a_failure_names_the_node_where_it_first_was() -> None:
    assert judge.failed(started("a"), BROKEN, names()).error.node == "a"
    inner = Failure("tool", "tool.failed", "broken", node="a/b")
    assert judge.failed(started("a"), inner, names()).error.node == "a/b"


def test_an_error_edge_whose_condition_errs_is_not_taken_and_that_error_stands() -> None:
    command = started("a -(error ? input.list[3] == 1)-> b")
    event = judge.failed(command, BROKEN, names())
    assert (event.error.code, event.taken) == ("expression.failed", ())


@pytest.mark.parametrize(("value", "length", "expected"), [("강", 60, '"강"'), ([1, 2, 3], 6, "[1, 2…")])
def test_a_value_is_told_in_one_short_line(value: Any, length: int, expected: str) -> None:
    assert judge.short(value, length) == expected
