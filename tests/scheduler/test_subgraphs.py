"""Subgraphs (GRAPH.md §2, §3): a scope of its own, its end, its failure, its withdrawal, its next attempt."""

from __future__ import annotations

import pytest

from engine.errors import EngineBug, Failure
from engine.scheduler import events as ev
from engine.scheduler.commands import EndScope, Scope
from engine.scheduler.scheduler import Scheduler
from tests.scheduler.walking import BROKEN, STARTED, Walking


def test_a_subgraph_walks_its_own_graph_under_its_name_and_then_ends_its_node() -> None:
    run = Walking("s -> z", inner={"inner": "a -> f{b,c} -> j -> d"})
    assert run.begin("s", given={"y": 2}) == []
    assert run.wishes == ["start s/a"]
    assert run.done("s/a") == ["s/f completed"]
    run.all_done("s/b", "s/c", "s/d")
    (command,) = run.open
    assert isinstance(command, EndScope)
    assert (command.scope.path, command.failure, command.end) == ("s", None, None)
    run.done("s", output={"article": 1})
    assert run.nodes["s"]["output"] == {"article": 1}
    assert run.wishes == ["start z"]


def test_it_sees_its_arguments_and_nothing_else_of_its_caller() -> None:
    run = Walking("a -> s -> z", inner={"inner": "b -> c"}, state={"x": {"default": 1}})
    run.done("a", output="secret")
    run.begin("s", given={"y": 2})
    names = run.scheduler.names(scope_of(run, "s/b"), "s/b")
    assert names["input"] == {"y": 2}
    assert dict(names["nodes"]) == {}
    assert names["state"] == {}


def test_its_loops_count_for_themselves_and_stand_in_the_name() -> None:
    run = Walking("s -> l[max=2,exit] ~> s; l -> z", inner={"inner": "b -> l[max=2,exit] ~> b; l -> c"})
    run.begin("s")
    assert run.done("s/b")[-1] == "s/b@2 again"
    run.all_done("s/b@2", "s/c", "s")
    run.begin("s@2")
    assert run.wishes == ["start s@2/b"]


def test_an_end_inside_ends_the_subgraph_alone() -> None:
    run = Walking("s -> z", inner={"inner": 'f{a,b}; a -> end[output="enough"]'})
    run.begin("s")
    run.done("s/a")
    assert run.done("s/end", "enough") == ["s/b cancelled (end)"]
    assert run.wishes == ["end s (s/end)"]
    run.done("s", output="enough")
    assert run.wishes == ["start z"]


def test_a_failure_inside_ends_the_scope_with_it() -> None:
    run = Walking("s -> z; s -(error)-> h", inner={"inner": "f{a,b}"})
    run.begin("s")
    assert run.fail("s/a") == ["s/b cancelled (scope)"]
    (command,) = run.open
    assert isinstance(command, EndScope)
    assert command.failure == BROKEN
    assert run.fail("s", taken=(1,)) == ["z skipped (dead_path)"]
    assert run.wishes == ["start h"]


def test_its_own_on_failure_rules_inside() -> None:
    run = Walking("s -> z", inner={"inner": "f{a,b}"})
    run.plans["inner"] = Walking("f{a,b}", on_failure="finish").plan
    run.begin("s")
    run.begin("s/b")
    assert run.fail("s/a") == []
    run.done("s/b")
    assert run.wishes == ["end s (tool.failed)"]


def test_a_node_that_times_out_takes_its_scope_with_it() -> None:
    run = Walking("s -> z; s -(error)-> h", inner={"inner": "f{a,g}; g -(ok)-> b"})
    run.begin("s")
    run.begin("s/a")
    run.ask("s/g")
    told = run.fail("s", Failure("limit", "timeout", "slow"), taken=(1,))
    assert told == ["s/a cancelled (scope)", "s/g cancelled (scope)", "z skipped (dead_path)"]
    assert run.scheduler.open_gates() == []
    assert run.wishes == ["start h"]


def test_a_withdrawn_node_takes_all_that_is_inside_with_it_however_deep() -> None:
    run = Walking("f{a,s} -> j[any,cancel] -> z", inner={"inner": "s[graph=deep]", "deep": "t -> u"})
    run.begin("s")
    run.begin("s/s")
    assert run.done("a") == [
        "j completed",
        "s cancelled (join)",
        "s/s cancelled (scope)",
        "s/s/t cancelled (scope)",
    ]
    assert not run.scheduler.accepts(ev.NodeStarted(execution="s/s/t", node="s/s/t"))


def test_a_retried_subgraph_opens_a_fresh_scope_in_which_attempts_go_on() -> None:
    run = Walking("s -> z", inner={"inner": "a -> b"})
    run.begin("s")
    run.done("s/a", output="first")
    run.fail("s/b")
    run.fail("s", retry_at=7.0)
    assert run.wishes == ["start s #2 at 7"]
    run.begin("s")
    assert run.wishes == ["start s/a #2"]
    assert dict(run.scheduler.values(scope_of(run, "s/a")).nodes) == {}
    run.done("s/a")
    assert run.wishes == ["start s/b #2"]


def test_a_subgraph_whose_scope_ran_when_it_is_retried_leaves_nothing_behind() -> None:
    run = Walking("s -> z", inner={"inner": "s[graph=deep] -> c", "deep": "t -> u"})
    run.begin("s")
    run.begin("s/s")
    run.begin("s/s/t")
    told = run.fail("s", Failure("limit", "timeout", "slow"), retry_at=7.0)
    assert told == ["s/s cancelled (scope)", "s/s/t cancelled (scope)"]
    assert run.status == "waiting"
    run.begin("s")
    assert run.wishes == ["start s/s #2"]
    run.begin("s/s")
    assert run.wishes == ["start s/s/t #2"]


def test_a_run_waits_when_its_subgraphs_only_wait() -> None:
    run = Walking("s -> z", inner={"inner": "g -(ok)-> a"})
    run.begin("s")
    assert run.status == "running"
    run.ask("s/g")
    assert run.status == "waiting"
    run.answer("s/g")
    assert run.status == "running"


def test_a_used_up_limit_of_the_run_ends_it_from_within() -> None:
    run = Walking("f{s,a}; s -(error)-> h", inner={"inner": "b -> c; b -(error)-> d"})
    run.begin("s")
    told = run.fail("s/b", Failure("limit", "limit.usd", "spent"), taken=(1,), ends_run=True)
    assert told == ["s cancelled (run)", "a cancelled (run)"]
    assert run.wishes == ["end (limit.usd)"]


def test_finish_lets_running_attempts_inside_end_too() -> None:
    run = Walking("f{s,a}", inner={"inner": "f{b,c}; b -> d"}, on_failure="finish")
    run.begin("s")
    run.begin("s/b")
    assert run.fail("a") == ["s/c cancelled (scope)"]
    assert run.done("s/b") == ["s cancelled (run)"]
    assert run.wishes == ["end (tool.failed)"]


def test_a_failure_inside_while_the_run_finishes_is_recorded_and_starts_nothing() -> None:
    run = Walking("f{s,a}", inner={"inner": "f{b,c}"}, on_failure="finish")
    run.begin("s")
    run.begin("s/b")
    run.begin("s/c")
    run.fail("a", Failure("tool", "first", "one"))
    assert run.fail("s/b") == []
    assert run.done("s/c") == ["s cancelled (run)"]
    assert run.wishes == ["end (first)"]


def test_a_graph_that_nobody_knows_is_a_bug_of_the_host() -> None:
    scheduler = Scheduler(Walking("s", inner={"inner": "a"}).plan)
    scheduler.apply(STARTED)
    with pytest.raises(EngineBug, match="no plan"):
        scheduler.apply(ev.NodeStarted(execution="s", node="s"))


def test_a_scope_that_is_not_open_has_no_values() -> None:
    run = Walking("a")
    with pytest.raises(EngineBug, match="no scope"):
        run.scheduler.values(Scope("s", "s", run.plan))


def scope_of(run: Walking, name: str) -> Scope:
    """The scope of an execution that is wished for."""
    command = next(c for c in run.open if not isinstance(c, EndScope) and c.execution == name)
    return command.scope  # type: ignore[union-attr]
