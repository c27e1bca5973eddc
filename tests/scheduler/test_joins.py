"""Joins (GRAPH.md §3.3): when they pass on, what becomes of the rest, what their output is."""

from __future__ import annotations

from engine.scheduler.events import NodeCompleted
from tests.scheduler.walking import Walking


def test_all_passes_on_when_every_edge_is_decided_and_one_was_taken() -> None:
    run = Walking("f{a,b} -> j -> z; a -(error)-> h")
    run.done("a")
    assert run.wishes == ["start b"]
    assert run.done("b") == ["j completed"]
    assert run.nodes["j"]["output"] == {"a": None, "b": None}


def test_the_output_holds_the_taken_ways_in_edge_order() -> None:
    run = Walking("f{a,b,c} -> j -> z")
    run.done("c", output=3)
    run.done("a", output=None)
    run.done("b", output="two")
    assert list(run.nodes["j"]["output"].items()) == [("a", None), ("b", "two"), ("c", 3)]


def test_a_skipped_way_is_decided_and_absent_from_the_output() -> None:
    run = Walking("f -(?)-> a -> j; f -(?)-> b -> j; j -> z")
    run.done("f", taken=(0,))
    run.done("a", output=1)
    assert run.nodes["j"]["output"] == {"a": 1}


def test_a_join_of_dead_paths_is_skipped() -> None:
    run = Walking("a -(?)-> f{b,c} -> j -> d; a -> z")
    assert run.done("a", taken=(1,))[-2:] == ["j skipped (dead_path)", "d skipped (dead_path)"]


def test_any_passes_on_at_the_first_way_and_the_rest_goes_on_unheard() -> None:
    run = Walking("f{a,b} -> j[any] -> z")
    assert run.done("b", output=2) == ["j completed"]
    assert run.wishes == ["start a", "start z"]
    assert run.nodes["j"]["output"] == {"b": 2}
    run.all_done("z", "a")
    assert run.nodes["j"]["output"] == {"b": 2}
    assert run.wishes == ["end"]


def test_the_run_ends_only_when_the_rest_is_decided() -> None:
    run = Walking("f{a,b} -> j[any] -> z")
    run.all_done("b", "z")
    assert run.wishes == ["start a"]


def test_n_passes_on_at_that_many_taken_ways() -> None:
    run = Walking("f{a,b,c} -> j[2] -> z")
    assert run.done("c") == []
    assert run.done("a") == ["j completed"]


def test_too_few_ways_starve_it() -> None:
    run = Walking("f{a,b,c}; a -> j[2]; b -> j; c -(?)-> j; c -> d; b -(error)-> h; j -(error)-> x; j -> z")
    run.all_done("a")
    run.fail("b", taken=(1,))
    assert run.done("c", taken=(1,)) == ["j failed (join.starved)", "z skipped (dead_path)"]
    assert run.wishes == ["start h", "start d", "start x"]


def test_cancel_withdraws_the_rest_at_once() -> None:
    run = Walking("f -> a -> j[any,cancel]; f -> b -> j; f -> c -> d -> j; j -> z")
    run.begin("c")
    assert run.done("b") == ["j completed", "a cancelled (join)", "c cancelled (join)", "d cancelled (join)"]
    assert run.wishes == ["start z"]
    assert not run.scheduler.accepts(NodeCompleted(execution="c", node="c", port="ok"))
    run.done("z")
    assert run.wishes == ["end"]


def test_cancel_leaves_alone_what_leads_elsewhere() -> None:
    run = Walking("f{a,b}; a -> j[any,cancel]; b -> f2; f2 -> c -> j; f2 -> side; j -> z")
    run.done("b")
    assert run.done("a") == ["j completed", "c cancelled (join)"]
    assert run.wishes == ["start side", "start z"]


def test_cancel_takes_what_an_inner_join_left_behind() -> None:
    run = Walking("f{a,b} -> j[any] -> j2[cancel]; f -> c -> j2 -> z")
    run.done("a")
    run.begin("b")
    assert run.done("c") == ["j2 completed", "b cancelled (join)"]


def test_cancel_ends_loops_in_the_branches_whatever_they_voted() -> None:
    run = Walking("f{a,b}; a -> l[max=3,exit] ~> a; l -> j[any,cancel]; b -> j -> z")
    run.done("a")
    assert run.said == ["l completed by repeat", "a@2 again"]
    assert run.done("b") == ["j completed", "a@2 cancelled (join)", "l@2 cancelled (join)"]
    run.done("z")
    assert run.wishes == ["end"]


def test_a_join_with_a_condition_cancels_the_rest_before_it_is_evaluated() -> None:
    run = Walking("f{a,b} -> j[any,cancel]; j -(?)-> y; j -> z")
    assert run.done("a") == ["b cancelled (join)"]
    assert run.wishes == ["evaluate j"]
    assert run.done("j", taken=(1,)) == ["y skipped (dead_path)"]


def test_a_join_with_one_way_in_passes_on_at_once() -> None:
    run = Walking("a -> j -> b")
    assert run.done("a", output=1) == ["j completed"]
    assert run.nodes["j"]["output"] == {"a": 1}


def test_the_way_of_a_failure_into_a_join_counts_as_taken_without_a_value() -> None:
    run = Walking("f{a,b}; a -(error)-> j; b -> j -> z")
    run.fail("a", taken=(0,))
    run.done("b", output=2)
    assert run.nodes["j"]["output"] == {"a": None, "b": 2}


def test_a_fork_comes_to_what_its_first_taken_predecessor_came_to() -> None:
    run = Walking("a -> f{b,c} -> j -> z")
    run.done("a", output="draft")
    assert run.nodes["f"]["output"] == "draft"


def test_a_fork_at_the_start_comes_to_the_input() -> None:
    assert Walking("f{a,b}").nodes["f"]["output"] == {"x": 1}


def test_a_join_of_a_later_iteration_counts_that_iteration_alone() -> None:
    run = Walking("h -> f{a,b} -> j -> l[max=2,exit] ~> h; l -> z")
    run.all_done("h", "a")
    run.done("b", output="b1")
    run.done("h@2")
    run.done("a@2", output="a2")
    assert run.nodes["j"]["output"] == {"a": None, "b": "b1"}
    run.done("b@2", output="b2")
    assert run.nodes["j"]["output"] == {"a": "a2", "b": "b2"}


def test_gates_left_alone_among_the_rest_are_cancelled() -> None:
    run = Walking("f{a,g}; a -> j[any]; g -(ok)-> k -> j; j -> z")
    run.ask("g")
    run.done("a")
    assert run.wishes == ["start z"]
    assert run.done("z") == ["g cancelled (alone)", "k skipped (dead_path)"]
    assert run.wishes == ["end"]


def test_a_gate_of_the_rest_waits_as_long_as_anything_else_goes_on() -> None:
    run = Walking("f{a,b,g}; a -> j[any]; b -> j; g -(ok)-> j; j -> z")
    run.ask("g")
    run.done("a")
    assert run.done("z") == []
    assert run.done("b") == ["g cancelled (alone)"]


def test_an_answered_gate_of_the_rest_is_not_cancelled() -> None:
    run = Walking("f{a,g}; a -> j[any]; g -(ok)-> k -> j; j -> z")
    run.ask("g")
    run.done("a")
    run.answer("g")
    assert run.done("z") == []
    run.done("g", port="ok")
    assert run.wishes == ["start k"]


def test_a_gate_that_becomes_ready_among_the_rest_and_is_alone_is_cancelled_before_it_opens() -> None:
    run = Walking("f{a,b}; a -> j[any]; b -> w -> j; j -> z")
    run.all_done("a", "z")
    assert run.done("b") == ["w cancelled (alone)"]
    assert run.wishes == ["end"]


def test_a_gate_left_alone_in_a_body_holds_up_no_iteration() -> None:
    run = Walking("h -> f{a,g}; a -> j[any]; g -(ok)-> j; j -> l[max=2,exit] ~> h; l -> z")
    run.done("h")
    run.ask("g")
    assert run.done("a") == ["j completed", "l completed by repeat", "g cancelled (alone)", "h@2 again"]


def test_a_gate_that_a_join_waits_for_is_not_alone() -> None:
    run = Walking("f{a,g}; a -> j; g -(ok)-> j; j -> z")
    run.ask("g")
    assert run.done("a") == []
    assert run.status == "waiting"


def test_a_gate_may_be_left_alone_by_the_very_fact_that_leads_to_it() -> None:
    run = Walking("a -> f; f -> j[any]; f -> g; g -(ok)-> j; j -> l[max=2,exit] ~> f; l -> z")
    assert run.done("a") == [
        *("f completed", "j completed", "l completed by repeat", "g cancelled (alone)", "f@2 again", "f@2 completed"),
        *("j@2 completed", "l@2 completed by done", "g@2 cancelled (alone)"),
    ]
    assert run.wishes == ["start z"]
