"""Failures and ends (GRAPH.md §3.6, §3.11): who takes a failure up, what stops, what finishes, cancelling a run."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import EngineBug, Failure
from engine.scheduler import events as ev
from tests.scheduler.walking import BROKEN, Walking

FINISH: dict[str, Any] = {"on_failure": "finish"}


def test_a_failure_leaves_by_the_error_edge() -> None:
    run = Walking("a -> b; a -(error)-> h")
    assert run.fail("a", taken=(1,)) == ["b skipped (dead_path)"]
    assert run.wishes == ["start h"]
    assert run.nodes["a"] == {"error": BROKEN.as_json(), "port": "error", "escalated": False}


def test_a_failure_that_nobody_takes_up_fails_the_run_and_stops_what_runs() -> None:
    run = Walking("f{a,b,c} -> j -> z; j -(error)-> h")
    run.begin("b")
    assert run.fail("a") == ["b cancelled (run)", "c cancelled (run)"]
    assert run.wishes == ["end (tool.failed)"]
    assert run.end() == "failed"
    assert run.scheduler.failure == BROKEN


def test_a_join_that_accepts_failures_takes_it_up_and_leaves_it_out() -> None:
    run = Walking("f{a,b} -> j[accept] -> z")
    assert run.fail("a") == []
    assert run.done("b", output=2) == ["j completed"]
    assert run.nodes["j"]["output"] == {"b": 2}
    assert run.nodes["a"]["error"]["code"] == "tool.failed"


def test_a_failure_is_passed_on_to_the_join_past_the_nodes_in_between() -> None:
    run = Walking("f -> a -> c -> j[accept]; f -> b -> j; j -> z")
    assert run.fail("a") == ["c skipped (upstream_failed)"]
    run.done("b")
    assert run.wishes == ["start z"]


def test_a_node_behind_a_failed_and_a_taken_way_is_skipped_when_both_are_decided() -> None:
    run = Walking("f{a,b}; a -> f2; b -> f2; f2{c,d} -> j[accept] -> z; j -(error)-> h")
    assert run.fail("a") == []
    told = run.done("b")
    assert told[:3] == ["f2 skipped (upstream_failed)", "c skipped (upstream_failed)", "d skipped (upstream_failed)"]
    assert told[3:] == ["j failed (join.starved)", "z skipped (dead_path)"]


def test_error_edges_of_what_a_failure_passes_are_skipped() -> None:
    run = Walking("f -> a -> c -> j[accept]; c -(error)-> h -> j2; f -> b -> j; j -> j2 -> z")
    assert run.fail("a") == ["c skipped (upstream_failed)", "h skipped (dead_path)"]


def test_one_way_onward_without_such_a_join_fails_the_run() -> None:
    run = Walking("f{a,b}; a -> f2{c,d}; c -> j[accept]; b -> j; d -> e; j -> z")
    run.fail("a")
    assert run.wishes == ["end (tool.failed)"]


def test_a_node_without_a_way_onward_fails_the_run() -> None:
    run = Walking("f{a,b} -> j[accept]; j -> z")
    run.all_done("a", "b")
    run.fail("z")
    assert run.wishes == ["end (tool.failed)"]


def test_a_failure_after_the_join_has_passed_on_fails_nothing() -> None:
    run = Walking("f{a,b} -> j[any] -> z")
    run.done("a")
    assert run.fail("b") == []
    run.done("z")
    assert run.end() == "completed"


def test_every_way_onward_must_meet_such_a_join() -> None:
    graph = "f{a,b,c}; b -> j[any]; c -> j2[any]; a -> f2; f2 -> j; f2 -> j2; j -> j3; j2 -> j3 -> z"
    run = Walking(graph)
    run.all_done("b", "c")
    assert run.fail("a") == ["f2 skipped (upstream_failed)"]
    run = Walking(graph)
    run.all_done("b")
    assert run.fail("a") == ["c cancelled (run)"]


def test_a_failure_before_the_join_passes_on_fails_the_run() -> None:
    run = Walking("f{a,b} -> j[any] -> z")
    run.fail("b")
    assert run.wishes == ["end (tool.failed)"]


def test_a_loop_that_runs_out_among_the_rest_fails_nothing() -> None:
    run = Walking("f{a,b}; a -> j[any]; b -> c -(?)-> j; c -> l[max=1] ~> b; j -> z")
    run.all_done("a", "z", "b")
    assert run.done("c", taken=(1,)) == ["l failed (loop.exhausted)"]
    assert run.wishes == ["end"]


def test_a_join_whose_ways_all_failed_fails_itself() -> None:
    run = Walking("f{a,b} -> j[accept] -> z")
    run.fail("a")
    assert run.fail("b") == ["j failed (join.starved)"]
    assert run.wishes == ["end (join.starved)"]


def test_a_starved_join_with_a_condition_on_its_error_edge_is_failed_by_the_host() -> None:
    run = Walking("f{a,b} -> j[accept]; j -> z; j -(error ?)-> h")
    run.fail("a")
    run.fail("b")
    assert run.wishes == ["give up j (join.starved)"]
    assert run.fail("j", Failure("logic", "join.starved", "too few"), taken=(1,)) == ["z skipped (dead_path)"]
    assert run.wishes == ["start h"]


def test_a_failed_edge_out_of_a_body_counts_as_leaving() -> None:
    run = Walking("f{h,b}; h -(?)-> j[accept]; h -> l[max=3,exit] ~> h; l -> j; b -> j; j -> z")
    assert run.fail("h") == ["l skipped (upstream_failed)"]
    assert run.done("b") == ["j completed"]


def test_a_failing_loop_back_in_an_inner_body_leaves_it_by_its_failed_repeat_edge() -> None:
    run = Walking(
        "o -> i -> f{a,b}; a -> l[max=1,while=input.go] ~> o; l -> j[accept]; b -> j -> l2[max=3,exit] ~> i; l2 -> z"
    )
    run.all_done("o", "i", "a")
    assert run.wishes == ["start b", "evaluate l"]
    run.fail("l", Failure("limit", "loop.exhausted", "enough"))
    assert run.done("b") == ["j completed", "l2 completed by repeat", "z skipped (dead_path)"]
    assert run.wishes == ["end"]


def test_the_first_failure_is_the_runs() -> None:
    run = Walking("f{a,b} -> j -> z", **FINISH)
    run.begin("b")
    run.fail("a", Failure("tool", "first", "one"))
    run.fail("b", Failure("tool", "second", "two"))
    assert run.wishes == ["end (first)"]


def test_finish_lets_running_attempts_end_and_starts_nothing_new() -> None:
    run = Walking("f{a,b,c}; b -> d; a -> x; c -> y", **FINISH)
    run.begin("b")
    assert run.fail("a") == ["c cancelled (run)"]
    assert run.status == "running"
    assert run.wishes == []
    assert run.done("b") == []
    assert run.wishes == ["end (tool.failed)"]
    assert run.nodes["b"]["output"] is None


def test_finish_cancels_gates_waits_and_pending_retries_at_once() -> None:
    run = Walking("f{a,b,g,w}; g -(ok)-> x", **FINISH)
    run.ask("g")
    run.wait("w", due=5.0)
    run.fail("b", retry_at=9.0)
    told = run.fail("a")
    assert sorted(told) == ["b cancelled (run)", "g cancelled (run)", "w cancelled (run)"]
    assert run.wishes == ["end (tool.failed)"]


def test_finish_grants_no_further_attempt_and_no_question() -> None:
    run = Walking("f{a,b,c}", **FINISH)
    run.begin("b")
    run.begin("c")
    run.fail("a")
    assert run.fail("b", retry_at=9.0) == ["b cancelled (run)"]
    assert run.ask("c", "c!1", "ask") == ["c cancelled (run)"]
    assert run.wishes == ["end (tool.failed)"]


def test_an_unevaluated_end_does_not_turn_a_failure_into_success() -> None:
    run = Walking('f{a,b,c}; b -> end[output="done"]; c -> d', **FINISH)
    run.done("b")
    run.begin("c")
    assert run.fail("a") == ["end cancelled (run)"]
    run.done("c")
    assert run.wishes == ["end (tool.failed)"]


def test_a_used_up_limit_of_the_run_passes_every_catch() -> None:
    run = Walking("f{a,b}; a -> j[accept]; b -> j -> z; a -(error)-> h")
    assert run.fail("a", Failure("limit", "limit.usd", "spent"), taken=(1,), ends_run=True) == ["b cancelled (run)"]
    assert run.wishes == ["end (limit.usd)"]


def test_what_the_queue_still_holds_is_dropped_by_the_first_end() -> None:
    run = Walking("f{a,b}; a -> f2{end,c}; b -> d")
    assert run.done("a") == ["f2 completed", "end completed", "b cancelled (end)"]
    assert run.wishes == ["end (end)"]


def test_cancelling_stops_all_that_is_under_way() -> None:
    run = Walking("f{a,g,w}; g -(ok)-> x")
    run.begin("a")
    run.ask("g")
    run.wait("w", due=3.0)
    assert run.cancel() == ["a cancelled (run)", "g cancelled (run)", "w cancelled (run)"]
    assert run.wishes == ["end (cancelled)"]
    assert run.end() == "cancelled"
    assert run.scheduler.open_gates() == []
    assert run.scheduler.waiting_for() == []


def test_cancelling_a_run_that_is_failing_ends_it_at_once_with_its_failure() -> None:
    run = Walking("f{a,b}", **FINISH)
    run.begin("b")
    run.fail("a")
    assert run.cancel() == ["b cancelled (run)"]
    assert run.wishes == ["end (tool.failed)"]


def test_a_run_that_is_over_takes_nothing_more() -> None:
    run = Walking("a")
    run.done("a")
    assert not run.scheduler.accepts(ev.RunCancelRequested())
    assert not run.scheduler.accepts(ev.SignalReceived(name="x"))
    assert not run.scheduler.accepts(ev.RunCancelled())
    assert not run.scheduler.accepts(ev.RunStarted(graph="", graph_hash="", documents={}, input=1, seed=1, engine=""))
    run.end()
    assert not run.scheduler.accepts(ev.RunCompleted(output=1))


def test_an_output_that_cannot_be_resolved_fails_the_run() -> None:
    run = Walking("a")
    run.done("a")
    run.apply(ev.RunFailed(error=BROKEN))
    assert run.status == "failed"
    assert run.scheduler.failure == BROKEN


def test_another_failure_than_the_runs_own_is_refused() -> None:
    run = Walking("a")
    run.fail("a")
    with pytest.raises(EngineBug):
        run.scheduler.apply(ev.RunFailed(error=Failure("tool", "other", "other")))
    assert not run.scheduler.accepts(ev.RunCompleted(output=1))
    assert run.end() == "failed"
