"""The recorded steps that an execution goes on from."""

from __future__ import annotations

import pytest

from engine.errors import Failure
from engine.runtime.steps import Steps
from engine.scheduler.events import (
    AgentStateChanged,
    EffectClaimed,
    EffectSettled,
    Event,
    GateAnswered,
    GateOpened,
    ModelAnswered,
    ModelRequested,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeStarted,
)

BROKEN = Failure("tool", "tool.failed", "no")


def claimed(execution: str, key: str = "k", effect: str = "unsafe") -> EffectClaimed:
    return EffectClaimed(
        execution=execution,
        node=execution,
        key=key,
        tool="pay",
        args_hash="",
        effect=effect,
    )


def settled(execution: str, key: str = "k") -> EffectSettled:
    return EffectSettled(execution=execution, node=execution, key=key, result=1)


def turn(execution: str) -> list[Event]:
    """One event of every class that is a step, and one that is none."""
    asked = GateOpened(gate=f"{execution}!1", execution=execution, node="", purpose="ask", prompt="", options=[])
    return [
        NodeStarted(execution=execution, node=execution, attempt=1),
        AgentStateChanged(execution=execution, node=execution, state="executing"),
        ModelRequested(execution=execution, node=execution, step=1, model="m", messages_ref=""),
        ModelAnswered(execution=execution, node=execution, step=1, answer={}),
        claimed(execution),
        settled(execution),
        asked,
    ]


def steps_of(*events: Event) -> Steps:
    """The fold of these events."""
    steps = Steps()
    for event in events:
        steps.note(event)
    return steps


def test_the_steps_of_an_execution_are_its_own_oldest_first() -> None:
    a, b = turn("a"), turn("b")
    steps = steps_of(*(event for pair in zip(a, b, strict=True) for event in pair))
    assert steps.of("a") == a[1:]
    assert steps.of("b") == b[1:]
    assert steps.of("c") == []


def test_whoever_asks_gets_a_copy() -> None:
    steps = steps_of(*turn("a"))
    steps.of("a").clear()
    assert len(steps.of("a")) == 6


def test_an_attempt_that_is_tried_again_leaves_its_steps_and_its_failure_to_the_next() -> None:
    again = NodeFailed(execution="a", node="a", attempt=1, error=BROKEN, retry_at=5.0)
    assert steps_of(*turn("a"), again).of("a") == [*turn("a")[1:], again]


@pytest.mark.parametrize(
    "end",
    [
        NodeCompleted(execution="a", node="a", attempt=1),
        NodeFailed(execution="a", node="a", attempt=1, error=BROKEN, taken=(0,)),
        NodeCancelled(execution="a", node="a", why="join"),
        NodeCancelled(execution="a", node="a", why="end"),
        NodeCancelled(execution="a", node="a", why="alone"),
    ],
)
def test_what_nothing_begins_again_needs_its_steps_no_more(end: Event) -> None:
    assert steps_of(*turn("a"), end).of("a") == []


@pytest.mark.parametrize(
    "end",
    [
        NodeFailed(execution="a", node="a", attempt=1, error=BROKEN),
        NodeCancelled(execution="a", node="a", why="run"),
        NodeCancelled(execution="a", node="a", why="scope"),
        NodeCancelled(execution="a", node="a", why="each"),
    ],
)
def test_what_a_resumed_run_goes_on_with_keeps_its_steps_but_open_questions(end: Event) -> None:
    steps = steps_of(*turn("a"), end)
    assert steps.of("a") == turn("a")[1:-1]
    assert (steps.told("a"), steps_of(*turn("a")).told("a")) == (5, 0)
    answer = GateAnswered(gate="a!1", execution="a", node="", option="yes")
    assert steps_of(*turn("a"), answer, end).of("a") == [*turn("a")[1:], answer]


def test_inside_a_subgraph_effects_outlive_their_execution_because_the_subgraph_may_be_tried_again() -> None:
    steps = steps_of(*turn("s/a"), NodeCompleted(execution="s/a", node="s/a", attempt=1))
    assert steps.of("s/a") == [claimed("s/a"), settled("s/a")]
    assert steps.told("s/a") == 2


@pytest.mark.parametrize("inside", ["s/a", "s!1/a", "s/t/a"])
def test_what_runs_inside_begins_anew_when_the_next_attempt_does_and_goes_on_when_a_resumed_run_does(
    inside: str,
) -> None:
    cut = [*turn(inside), NodeCancelled(execution=inside, node=inside, why="scope"), claimed(inside, "late")]
    again = NodeFailed(execution="s", node="s", attempt=1, error=BROKEN, retry_at=5.0)
    began = NodeStarted(execution="s", node="s", attempt=2)
    assert len(steps_of(*cut, again).of(inside)) == 6
    assert steps_of(*cut, began).of(inside) == [*turn(inside)[1:-1], claimed(inside, "late")]
    steps = steps_of(*turn("sa"), *cut, again, NodeStarted(execution="x", node="x"), began)
    assert steps.of(inside) == [claimed(inside), settled(inside), claimed(inside, "late")]
    assert (steps.told(inside), len(steps.of("sa"))) == (2, 6)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], False),
        ([claimed("a")], True),
        ([claimed("a", effect="idempotent"), claimed("a", "l", effect="read")], False),
        ([claimed("a"), settled("a")], False),
        ([claimed("a"), settled("a", "other")], True),
        ([claimed("b")], False),
    ],
)
def test_an_unsafe_effect_is_open_from_its_claim_to_its_settlement(events: list[Event], expected: bool) -> None:
    assert steps_of(*events).has_open_effect("a") is expected
