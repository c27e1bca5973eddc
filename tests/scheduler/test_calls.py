"""Graphs that agents call: scopes inside an execution that stands aside for them (docs/agents.md)."""

from __future__ import annotations

import pytest

from engine.errors import EngineBug, Failure
from engine.model.nodes import Limits
from engine.scheduler import events as ev
from engine.scheduler.commands import EndScope
from engine.scheduler.overview import overview
from engine.scheduler.replay import replay
from engine.scheduler.scheduler import Scheduler
from tests.scheduler.walking import Walking

STOPPED = Failure("limit", "timeout", "too long", "a")


def calling(text: str = "a -> z", inner: str = "p -> q", **top: str) -> Walking:
    """A run in which ``a``, whatever kind it is, is about to call the graph ``inner``."""
    return Walking(text, inner={"inner": inner}, **top)


def replayed(run: Walking) -> Scheduler:
    """A fresh scheduler after the same journal."""
    again = run.again()
    assert list(replay(again, run.events)) == []
    return again


def test_a_call_walks_the_graph_under_its_own_name_and_then_the_attempt_goes_on() -> None:
    run = calling()
    run.call("a", given={"y": 2})
    assert run.wishes == ["start a!1/p"]
    assert run.scheduler.is_calling("a")
    assert run.path("a!1/p") == "a!inner/p"
    run.all_done("a!1/p", "a!1/q")
    (command,) = run.open
    assert isinstance(command, EndScope)
    assert command.claim is not None
    assert (command.scope.path, command.scope.node_path, command.claim.input) == ("a!1", "a!inner", {"y": 2})
    assert run.status == "running"
    run.returned("a", result=1)
    assert run.wishes == ["continue a"]
    assert not run.scheduler.is_calling("a")
    run.done("a")
    assert run.wishes == ["start z"]
    assert replayed(run).status == "running"


def test_it_goes_on_when_every_call_has_ended() -> None:
    run = calling()
    run.call("a")
    run.call("a", "2")
    assert run.wishes == ["start a!1/p", "start a!2/p"]
    run.all_done("a!1/p", "a!1/q")
    run.returned("a", "1")
    assert run.wishes == ["start a!2/p"]
    run.all_done("a!2/p", "a!2/q")
    run.returned("a", "2")
    assert run.wishes == ["continue a"]


def test_the_run_waits_while_all_in_the_graph_waits() -> None:
    run = calling(inner="g -(ok)-> q")
    run.call("a")
    run.ask("a!1/g")
    assert run.status == "waiting"
    assert [w.gate for w in run.scheduler.waiting_for()] == ["a!1/g"]
    assert (overview(run.events).status, [s.execution for s in run.scheduler.callers()]) == ("waiting", ["a"])
    run.answer("a!1/g", "ok")
    assert run.status == "running"
    assert overview(run.events).status == "running"


@pytest.mark.parametrize("is_answered_first", [True, False])
def test_a_question_of_the_attempt_itself_is_waited_for_too(*, is_answered_first: bool) -> None:
    run = calling()
    run.call("a")
    run.ask("a", "a!2", "ask")
    run.done("a!1/p")
    if is_answered_first:
        run.answer("a!2")
        assert run.scheduler.is_calling("a")
        assert overview(run.events).status == "running"
    run.done("a!1/q")
    run.returned("a")
    if not is_answered_first:
        assert (run.wishes, run.status, overview(run.events).status) == ([], "waiting", "waiting")
        run.answer("a!2")
    assert run.wishes == ["continue a"]
    assert overview(run.events).status == "running"


def test_a_call_that_is_given_up_takes_its_graph_with_it() -> None:
    run = calling(inner="p -> f{q,g}; g -(ok)-> r")
    run.call("a")
    run.done("a!1/p")
    run.ask("a!1/g")
    assert run.returned("a") == ["a!1/q cancelled (scope)", "a!1/g cancelled (scope)"]
    assert run.wishes == ["continue a"]
    assert not run.scheduler.open_gates()


@pytest.mark.parametrize("phase", ["calling", "asking"])
def test_what_ends_the_attempt_ends_its_calls(phase: str) -> None:
    run = calling()
    run.call("a")
    if phase == "asking":
        run.ask("a", "a!2", "ask")
    assert run.apply(ev.NodeFailed(execution="a", node="a", error=STOPPED)) == ["a!1/p cancelled (scope)"]
    assert run.wishes == ["end (timeout)"]


def test_an_attempt_that_completes_all_the_same_ends_its_calls() -> None:
    run = calling()
    run.call("a")
    run.ask("a", "a!2", "ask")
    assert run.apply(ev.NodeCompleted(execution="a", node="a", port="ok")) == ["a!1/p cancelled (scope)"]
    assert run.wishes == ["start z"]


def test_the_next_attempt_calls_anew_and_attempts_go_on_counting() -> None:
    run = calling()
    run.call("a")
    run.begin("a!1/p")
    run.apply(ev.NodeFailed(execution="a", node="a", error=STOPPED, retry_at=5.0))
    assert run.wishes == ["start a #2 at 5"]
    run.call("a")
    assert run.wishes == ["start a!1/p #2"]


def test_a_failed_run_that_is_resumed_goes_on_inside_where_it_was() -> None:
    run = calling("f{a,b}; a,b -> j", inner="p -> q -> r")
    run.call("a")
    run.done("a!1/p")
    assert run.fail("b") == ["a cancelled (run)", "a!1/q cancelled (scope)"]
    run.end()
    run.resume()
    assert run.wishes == ["start b #2", "start a #2"]
    run.call("a")
    assert "start a!1/q" in run.wishes
    assert not any("a!1/p" in wish for wish in run.wishes)
    replayed(run)


def test_a_process_that_ends_finds_the_graph_where_it_stood() -> None:
    run = calling()
    run.call("a")
    run.done("a!1/p")
    run.begin("a!1/q")
    run.resume()
    assert run.wishes == ["start a!1/q #2"]
    run.done("a!1/q")
    run.resume()  # before the scope's end was answered
    (command,) = run.open
    assert isinstance(command, EndScope)
    run.returned("a")
    run.resume()
    assert run.wishes == ["start a #2"]


def test_an_item_whose_graph_only_waits_holds_no_slot() -> None:
    run = calling("a[each=input.list,concurrency=1] -> z", inner="g -(ok)-> q")
    run.begin("a", items=[1, 2])
    run.call("a[0]")
    run.ask("a[0]!1/g")
    assert run.wishes == ["start a[1]"]
    run.begin("a[1]")
    run.answer("a[0]!1/g", "ok")
    run.done("a[0]!1/g", port="ok")
    run.done("a[0]!1/q")
    run.returned("a[0]")
    assert run.wishes == ["continue a[0]"]


def test_an_item_whose_call_was_given_up_while_it_waited_needs_a_slot_again() -> None:
    run = calling("a[each=input.list,concurrency=1] -> z", inner="g -(ok)-> q")
    run.begin("a", items=[1, 2])
    run.call("a[0]")
    run.ask("a[0]!1/g")
    run.begin("a[1]")
    run.returned("a[0]")
    assert run.wishes == []
    run.done("a[1]")
    assert run.wishes == ["continue a[0]"]


def test_an_item_asks_a_person_while_its_graph_works_and_keeps_its_slot() -> None:
    run = calling("a[each=input.list,concurrency=1] -> z")
    run.begin("a", items=[1, 2])
    run.call("a[0]")
    run.ask("a[0]", "a[0]!2", "ask")
    assert run.wishes == ["start a[0]!1/p"]
    run.answer("a[0]!2")
    run.all_done("a[0]!1/p", "a[0]!1/q")
    run.returned("a[0]")
    assert run.wishes == ["continue a[0]"]


def test_what_runs_in_a_graph_may_end_where_the_run_fails_with_finish() -> None:
    run = calling("f{a,b}; a,b -> j", inner="p -> q", on_failure="finish")
    run.call("a")
    run.begin("a!1/p")
    assert run.fail("b") == []
    assert run.done("a!1/p") == ["a cancelled (run)"]
    assert run.wishes == ["end (tool.failed)"]


def test_nothing_is_called_any_more_once_the_run_has_failed_with_finish() -> None:
    run = calling("f{a,b}; a,b -> j", on_failure="finish")
    run.begin("a")
    run.fail("b")
    assert run.call("a") == ["a cancelled (run)"]
    assert run.wishes == ["end (tool.failed)"]


def test_a_graph_that_nobody_knows_cannot_be_called() -> None:
    run = Walking("a -> z")
    run.begin("a")
    with pytest.raises(KeyError):
        run.call("a", graph="elsewhere")
    bare = Scheduler(run.plan)
    for event in run.events:
        bare.apply(event)
    claim = ev.EffectClaimed(
        execution="a", node="a", key="k", tool="", args_hash="", effect="", graph="inner", call="1"
    )
    with pytest.raises(EngineBug, match="no plan for the graph inner"):
        bare.apply(claim)


def test_a_call_is_claimed_once() -> None:
    run = calling()
    run.call("a")
    assert not run.scheduler.accepts(run.events[-1])
    run.returned("a")
    run.done("a")
    assert not run.scheduler.accepts(run.events[2])


def test_limits_are_tightened_field_by_field() -> None:
    own = Limits(tokens=10, usd=2, depth=3)
    assert own.tightened(Limits(tokens=20, seconds=5)) == Limits(tokens=10, usd=2, seconds=5, depth=3)


def test_an_ordinary_effect_is_no_call_of_a_graph() -> None:
    run = calling()
    run.begin("a")
    claim = ev.EffectClaimed(execution="a", node="a", key="k", tool="send", args_hash="", effect="unsafe")
    assert run.apply(claim) == []
    assert overview(run.events).status == "running"
    assert run.apply(ev.EffectSettled(execution="a", node="a", key="k", result=1)) == []
    assert run.done("a") == []
    assert run.wishes == ["start z"]
