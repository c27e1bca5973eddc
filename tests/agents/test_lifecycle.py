"""The table of an agent's states, row by row, and what is journaled of it."""

from __future__ import annotations

import pytest

from engine.agents.lifecycle import ASIDE, TRANSITIONS, Lifecycle, State
from engine.errors import EngineBug
from engine.scheduler.events import AgentStateChanged
from tests.agents.desk import Desk, graph_of

GRAPH = graph_of({"a": {"kind": "agent"}})
WAYS: dict[State, list[State]] = {
    State.INITIALIZED: [],
    State.PLANNING: [State.PLANNING],
    State.EXECUTING: [State.EXECUTING],
    State.TOOL_CALLING: [State.EXECUTING, State.TOOL_CALLING],
    State.DELEGATING: [State.EXECUTING, State.DELEGATING],
    State.REFLECTING: [State.EXECUTING, State.REFLECTING],
    State.COMPLETED: [State.EXECUTING, State.COMPLETED],
    State.FAILED: [State.FAILED],
}
"""How each state is reached."""


def desk() -> Desk:
    return Desk(GRAPH, "a")


def in_state(state: State, here: Desk) -> Lifecycle:
    life = Lifecycle(here.context({}), "")
    life.begin()
    for step in WAYS[state]:
        life.go(step)
    return life


@pytest.mark.parametrize("before", list(State))
@pytest.mark.parametrize("after", list(State))
def test_the_table_is_kept_row_by_row(before: State, after: State) -> None:
    here = desk()
    life = in_state(before, here)
    if after in TRANSITIONS[before]:
        life.go(after)
        assert here.of(AgentStateChanged)[-1].state == after.value
    else:
        with pytest.raises(EngineBug):
            life.go(after)


def test_the_eight_states_are_those_of_the_harness() -> None:
    assert [state.value for state in State] == [
        "initialized", "planning", "executing", "tool_calling", "delegating", "reflecting", "completed", "failed",
    ]  # fmt: skip


def test_nothing_is_done_before_the_beginning_or_begun_twice() -> None:
    life = Lifecycle(desk().context({}), "")
    with pytest.raises(EngineBug):
        life.go(State.EXECUTING)
    life.begin()
    with pytest.raises(EngineBug):
        life.begin()


def test_a_resumed_lifecycle_journals_only_what_is_new() -> None:
    here = desk()
    in_state(State.TOOL_CALLING, here)
    there = here.resumed()
    life = in_state(State.TOOL_CALLING, there)
    assert len(there.events) == len(here.events)
    life.go(State.EXECUTING)
    assert len(there.events) == len(here.events) + 1


def test_after_a_failure_it_is_initialized_again_and_goes_on_where_it_stood() -> None:
    here = desk()
    in_state(State.EXECUTING, here).fail({"error": {}})
    life = in_state(State.EXECUTING, here)
    life.go(State.TOOL_CALLING)
    steps = [(e.state, bool(e.detail and e.detail.get(ASIDE))) for e in here.of(AgentStateChanged)]
    assert steps == [
        ("initialized", False), ("executing", False), ("failed", False),
        ("initialized", True), ("executing", True), ("tool_calling", False),
    ]  # fmt: skip


def test_the_lifecycles_of_two_agents_do_not_mix() -> None:
    here = desk()
    in_state(State.PLANNING, here)
    other = Lifecycle(here.context({}), "buyer!1")
    other.begin()
    assert [(e.agent, e.state) for e in here.of(AgentStateChanged)][-1] == ("buyer!1", "initialized")


def test_failing_twice_is_failing_once() -> None:
    here = desk()
    life = in_state(State.FAILED, here)
    life.fail({})
    assert [e.state for e in here.of(AgentStateChanged)].count("failed") == 1
