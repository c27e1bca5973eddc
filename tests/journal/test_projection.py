"""What lists show of a run follows from its events alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Failure
from engine.journal.projection import RunView, next_reminder_at
from engine.scheduler import events as ev
from tests.journal.facts import any_event, completed, failed, gate_answered, gate_opened, signal, started


def fold(*events: ev.Event) -> RunView:
    """The view of these events, summarised after each as a store does."""
    view = RunView()
    for event in events:
        view.apply(event)
        view.take_changes()
    return view


def status(*events: ev.Event) -> str:
    return fold(*events).summary.status


def waiting_names(*events: ev.Event) -> list[str]:
    return [wait.name for wait in fold(*events).waits.values()]


def timer(n: int, execution: str = "pause", **fields: object) -> ev.TimerSet:
    return ev.TimerSet(execution=execution, node=execution, n=n, at=1000.0 + n, **fields)  # type: ignore[arg-type]


def fired(n: int, execution: str = "pause") -> ev.TimerFired:
    return ev.TimerFired(execution=execution, node=execution, n=n, at=1000.0 + n)


def test_a_run_that_works_and_waits_is_running() -> None:
    assert status(started(2, "a"), started(3, "review"), gate_opened(4)) == "running"


def test_a_run_that_only_waits_is_waiting() -> None:
    assert status(started(2, "a"), started(3, "review"), gate_opened(4), completed(5, "a")) == "waiting"


def test_a_run_that_has_just_been_answered_is_running() -> None:
    assert status(started(3, "review"), gate_opened(4), gate_answered(5)) == "running"


def test_a_subgraph_whose_inside_waits_does_not_work_itself() -> None:
    inside: list[ev.Event] = [started(2, "team"), started(3, "team/review"), gate_opened(4, "team/review")]
    assert status(*inside) == "waiting"


def test_a_node_under_each_does_not_work_itself() -> None:
    items: list[ev.Event] = [started(2, "ask", items=[1, 2]), started(3, "ask[0]"), started(4, "ask[1]")]
    gates = [gate_opened(5, "ask[0]!1"), gate_opened(6, "ask[1]!1")]
    assert status(*items, gates[0]) == "running"
    assert status(*items, *gates) == "waiting"


def test_back_off_before_a_retry_is_a_wait_until_the_next_attempt() -> None:
    view = fold(started(2), failed(3, retry_at=1060.0))
    assert view.summary.status == "waiting"
    assert [(wait.kind, wait.wake) for wait in view.waits.values()] == [("retry", 1060.0)]
    view = fold(started(2), failed(3, retry_at=1060.0), started(4, attempt=2))
    assert (view.summary.status, view.waits) == ("running", {})


def test_a_question_goes_with_the_attempt_that_asked_it() -> None:
    view = fold(started(2), gate_opened(3, "work!1"), timer(4, "work", due=1005.0), failed(5, retry_at=1060.0))
    assert [(wait.kind, wait.name) for wait in view.waits.values()] == [("retry", "work")]


@pytest.mark.parametrize(
    "end",
    [
        completed(9, "review"),
        ev.NodeCancelled(execution="review", node="review", why="join", n=9, at=1009.0),
        ev.NodeSkipped(execution="review", node="review", why="dead_path", n=9, at=1009.0),
        ev.GateExpired(gate="review", execution="review", node="review", n=9, at=1009.0),
    ],
)
def test_a_gate_closes_with_its_execution(end: ev.Event) -> None:
    assert waiting_names(started(2, "review"), gate_opened(3), end) == []


def test_items_that_nobody_waits_for_go_on_after_their_node() -> None:
    items: list[ev.Event] = [started(2, "ask", items=[1, 2]), started(3, "ask[0]"), gate_opened(4, "ask[0]!1")]
    assert waiting_names(*items, completed(5, "ask")) == ["ask[0]!1"]


def test_an_execution_with_two_questions_works_again_only_after_both() -> None:
    asked: list[ev.Event] = [started(2, "a"), gate_opened(3, "a!1"), gate_opened(4, "a!2")]
    assert status(*asked, gate_answered(5, "a!1")) == "waiting"
    assert status(*asked, gate_answered(5, "a!1"), gate_answered(6, "a!2")) == "running"


def test_timers_and_signals_wake_their_execution() -> None:
    assert status(started(2, "pause"), timer(3, due=1060.0)) == "waiting"
    assert status(started(2, "pause"), timer(3, due=1060.0), fired(4)) == "running"
    heard: list[ev.Event] = [
        started(2, "a"),
        timer(3, "a", signal="count"),
        started(4, "b"),
        timer(5, "b", signal="other"),
    ]
    assert status(*heard) == "waiting"
    assert status(*heard, signal(6, 1)) == "running"
    assert waiting_names(*heard, signal(6, 1)) == ["b"]


def test_a_signal_that_came_before_anybody_waited_is_kept_for_one() -> None:
    early: list[ev.Event] = [signal(2, 1), started(3, "a"), timer(4, "a", signal="count")]
    assert status(*early) == "running"
    assert waiting_names(*early, started(5, "b"), timer(6, "b", signal="count")) == ["b"]


def test_a_gate_wakes_for_what_comes_first() -> None:
    opened = gate_opened(
        2, deadline=5000.0, remind_every_s=100.0, escalate=[{"after_s": 150, "assignees": ["bob"]}], assignees=["ann"]
    )

    def wake(*events: ev.Event) -> float | None:
        return fold(opened, *events).waits["gate", "review"].wake

    reminded = ev.GateReminded(gate="review", execution="review", node="review", count=1, n=3, at=1102.0)
    escalated = ev.GateEscalated(
        gate="review", execution="review", node="review", step=0, assignees=["bob", "ann"], n=4, at=1152.0
    )
    assert wake() == 1102.0
    assert wake(reminded) == 1152.0
    assert wake(reminded, escalated) == 1202.0
    assert fold(opened, reminded, escalated).waits["gate", "review"].assignees == ("ann", "bob")


@pytest.mark.parametrize(
    ("reminded_at", "expected"), [(1000, 1100), (1100, 1200), (1099.9995, 1200), (1130, 1200), (1370, 1500)]
)
def test_a_reminder_comes_in_step_and_those_missed_are_one(reminded_at: float, expected: float) -> None:
    assert next_reminder_at(1000, 100, reminded_at) == expected


@pytest.mark.parametrize(("due", "deadline"), [(1060.0, 1030.0), (1030.0, 1060.0), (None, 1030.0), (1030.0, None)])
def test_a_wait_wakes_for_its_time_or_its_deadline_whichever_is_first(
    due: float | None, deadline: float | None
) -> None:
    view = fold(started(2, "pause"), timer(3, due=due, deadline=deadline))
    assert [wait.wake for wait in view.waits.values()] == [1030.0]


def test_a_gate_that_everybody_may_answer_stays_so() -> None:
    opened = gate_opened(2, escalate=[{"after_s": 150, "assignees": ["bob"]}])
    escalated = ev.GateEscalated(
        gate="review", execution="review", node="review", step=0, assignees=["bob"], n=4, at=1152.0
    )
    assert fold(opened, escalated).waits["gate", "review"].assignees is None


def test_late_words_about_a_closed_gate_change_nothing() -> None:
    reminded = ev.GateReminded(gate="review", execution="review", node="review", count=1, n=3, at=1102.0)
    escalated = ev.GateEscalated(
        gate="review", execution="review", node="review", step=0, assignees=["bob"], n=4, at=1152.0
    )
    assert fold(reminded, escalated).waits == {}


def test_usage_is_summed_over_attempts_and_reused_results_cost_nothing() -> None:
    used = ev.Usage(10, 0.5, 1.0, 1)
    view = fold(
        failed(2, retry_at=1.0, usage=used), completed(3, usage=used), completed(4, usage=used, reused_from="r0")
    )
    assert view.summary.usage == ev.Usage(20, 1.0, 2.0, 2)
    assert fold(failed(2), completed(3)).summary.usage == ev.Usage()


def test_one_unknown_price_makes_the_sum_unknown() -> None:
    view = fold(completed(2, usage=ev.Usage(1, None)), completed(3, usage=ev.Usage(1, 0.5)))
    assert view.summary.usage.usd is None


def test_the_summary_is_a_new_object_only_when_it_changed() -> None:
    view = fold(started(2))
    before = view.summary
    view.apply(completed(3))
    assert not view.take_changes()
    assert view.summary is before


def test_a_wait_is_shown_with_what_it_waits_for() -> None:
    view = fold(gate_opened(2, "review@2", deadline=1060.5), timer(3, signal="go"), timer(4, "nap", due=2000.0))
    assert [wait.as_json() for wait in view.waits.values()] == [
        {
            "kind": "gate",
            "node": "review",
            "execution": "review@2",
            "gate": "review@2",
            "until": "1970-01-01T00:17:40.500Z",
            "since": "1970-01-01T00:16:42.000Z",
        },
        {
            "kind": "signal",
            "node": "pause",
            "execution": "pause",
            "signal": "go",
            "since": "1970-01-01T00:16:43.000Z",
        },
        {
            "kind": "timer",
            "node": "nap",
            "execution": "nap",
            "until": "1970-01-01T00:33:20.000Z",
            "since": "1970-01-01T00:16:44.000Z",
        },
    ]


def test_a_resumed_run_runs_again() -> None:
    over = ev.RunFailed(error=Failure("tool", "tool.failed", "it broke"), n=3, at=1003.0)
    assert status(gate_opened(2), over) == "failed"
    assert fold(gate_opened(2), over).waits == {}
    resumed = fold(gate_opened(2), over, ev.RunResumed(n=4, at=1004.0))
    assert (resumed.summary.status, resumed.summary.error) == ("running", None)


@given(st.lists(any_event, max_size=30))
def test_any_events_at_all_can_be_folded_at_once_or_one_by_one(events: list[ev.Event]) -> None:
    at_once = RunView()
    for event in events:
        at_once.apply(event)
    at_once.take_changes()
    one_by_one = fold(*events)
    assert at_once.waits == one_by_one.waits
    assert at_once.summary == one_by_one.summary


@given(st.lists(any_event, max_size=30), st.integers(0, 30))
def test_the_changes_lead_from_any_state_to_the_next(events: list[ev.Event], cut: int) -> None:
    view = RunView()
    for event in events[:cut]:
        view.apply(event)
    view.take_changes()
    shown = dict(view.waits)
    for event in events[cut:]:
        view.apply(event)
    changes = view.take_changes()
    if changes.closed_all:
        shown = {}
    for key, wait in changes.waits.items():
        if wait is None:
            shown.pop(key, None)
        else:
            shown[key] = wait
    assert shown == view.waits
