"""Loops (GRAPH.md §3.4): iterations, what leaves a body, nesting, ends."""

from __future__ import annotations

from engine.errors import Failure
from engine.scheduler.commands import Evaluate
from tests.scheduler.walking import Walking


def test_a_loop_repeats_until_its_iterations_are_used_up_and_then_leaves_by_done() -> None:
    run = Walking("a -> b -> l[max=2,exit] ~> a; l -> z")
    run.done("a")
    assert run.done("b") == ["l completed by repeat", "a@2 again"]
    assert run.wishes == ["start a@2"]
    run.done("a@2")
    assert run.done("b@2") == ["l@2 completed by done"]
    assert run.wishes == ["start z"]
    assert run.nodes["l"]["output"] == {"iteration": 2, "exhausted": True}


def test_a_loop_that_runs_out_fails_with_the_class_limit() -> None:
    run = Walking("a -> l[max=1] ~> a")
    assert run.done("a") == ["l failed (loop.exhausted)"]
    assert run.nodes["l"]["error"]["class"] == "limit"
    assert run.wishes == ["end (loop.exhausted)"]


def test_its_failure_can_be_caught() -> None:
    run = Walking("a -> l[max=1] ~> a; l -(error)-> h")
    assert run.done("a") == ["l failed (loop.exhausted)"]
    assert run.wishes == ["start h"]


def test_a_condition_on_its_error_edge_lets_the_host_fail_it() -> None:
    run = Walking("a -> l[max=1] ~> a; l -(error ?)-> h")
    run.done("a")
    assert run.wishes == ["evaluate l"]
    run.fail("l", Failure("limit", "loop.exhausted", "enough"), taken=(1,))
    assert run.wishes == ["start h"]


def test_while_is_evaluated_with_what_the_host_needs_to_vote() -> None:
    run = Walking("a -> l[max=2,while=input.go] ~> a; l -> z")
    run.done("a")
    (command,) = run.open
    assert isinstance(command, Evaluate)
    assert (command.iteration, command.may_repeat) == (1, True)
    run.done("l", port="repeat", repeat=True)
    run.done("a@2")
    (command,) = run.open
    assert isinstance(command, Evaluate)
    assert (command.iteration, command.may_repeat) == (2, False)
    run.done("l@2", port="done", exhausted=False)
    assert run.wishes == ["start z"]
    assert run.nodes["l"]["output"] == {"iteration": 2, "exhausted": False}


def test_an_edge_that_leaves_the_body_takes_effect_when_the_iteration_is_decided() -> None:
    run = Walking("h -> f{a,b}; a -(?)-> z; a -> j; b -> j -> l[max=3,exit] ~> h; l -> y")
    run.done("h")
    assert run.done("a", taken=(0,)) == []
    assert run.wishes == ["start b"]
    assert run.done("b") == ["j completed", "l completed by repeat", "y skipped (dead_path)"]
    assert run.wishes == ["start z"]


def test_a_skipped_edge_out_of_the_body_is_held_too_and_forgotten_by_a_repeat() -> None:
    run = Walking("h -(?)-> z; h -> l[max=3,exit] ~> h; l -> z")
    assert run.done("h", taken=(1,)) == ["l completed by repeat", "h@2 again"]
    assert run.done("h@2", taken=(0,)) == ["l@2 skipped (dead_path)"]
    assert run.wishes == ["start z"]


def test_leaving_wins_over_a_vote_to_repeat() -> None:
    run = Walking("h -> f{a,b}; a -(?)-> z; a -> l; b -> l2[max=9,exit] ~> h; l[max=9,exit] ~> h; l -> y; l2 -> x")
    run.done("h")
    run.done("a", taken=(0,))
    told = run.done("b")
    assert "h@2 again" not in told
    assert run.wishes == ["start z"]


def test_without_a_vote_the_loop_is_over() -> None:
    run = Walking("h -> g; g -(ok)-> l[max=3,exit] ~> h; l -> z; h -(error)-> y")
    run.fail("h", taken=(1,))
    assert run.wishes == ["start y"]
    assert run.nodes.keys() == {"h"}


def test_a_repeat_sets_inner_loops_back_to_their_first_iteration() -> None:
    run = Walking("o -> i -> l[max=2,exit] ~> i; l -> m -> l2[max=2,exit] ~> o; l2 -> z")
    run.all_done("o", "i", "i@1.2", "m")
    assert run.said == ["l2 completed by repeat", "o@2 again"]
    run.done("o@2")
    run.done("i@2.1")
    assert run.said == ["l@2.1 completed by repeat", "i@2.2 again"]
    run.done("i@2.2")
    assert run.said == ["l@2.2 completed by done"]
    run.all_done("m@2", "z")
    assert run.wishes == ["end"]


def test_an_edge_that_leaves_several_loops_waits_for_all_of_them() -> None:
    run = Walking("o -> f{i,b}; i -(?)-> x; i -> l[max=3,exit] ~> i; l -> j; b -> j -> l2[max=3,exit] ~> o; l2 -> z")
    run.done("o")
    assert run.done("i", taken=(0,)) == ["l skipped (dead_path)"]
    assert run.wishes == ["start b"]
    assert run.done("b") == ["j completed", "l2 completed by repeat", "z skipped (dead_path)"]
    assert run.wishes == ["start x"]


def test_a_repeat_out_of_an_inner_body_leaves_the_inner_loop() -> None:
    run = Walking("o -> i -> f{a,b}; a -> l[max=2,exit] ~> o; l -> j; b -> j -> l2[max=2,exit] ~> i; l2 -> z")
    run.all_done("o", "i", "a")
    assert run.said == ["l completed by repeat"]
    assert run.done("b")[-1] == "o@2 again"
    run.all_done("o@2", "i@2.1", "b@2.1")
    assert run.done("a@2.1") == [
        "l@2.1 completed by done",
        "j@2.1 completed",
        "l2@2.1 completed by repeat",
        "i@2.2 again",
    ]


def test_a_taken_edge_to_an_end_is_not_held() -> None:
    run = Walking("h -> f{a,b}; a -(?)-> end; a -> j; b -> j -> l[max=3,exit] ~> h; l -> z")
    run.done("h")
    run.begin("b")
    assert run.done("a", taken=(0,)) == ["end completed", "b cancelled (end)"]


def test_a_skipped_edge_to_an_end_is_forgotten_by_a_repeat_like_any_other() -> None:
    run = Walking("h -(?)-> end; h -> l[max=3,exit] ~> h; l -> end")
    run.done("h", taken=(1,))
    assert run.done("h@2", taken=(0,)) == ["end completed"]


def test_a_join_as_header_keeps_the_output_of_its_first_pass() -> None:
    run = Walking("f{a,b} -> j -> c -> l[max=2,exit] ~> j; l -> z")
    run.done("a", output=1)
    run.done("b", output=2)
    assert run.done("c") == ["l completed by repeat", "j@2 again", "j@2 completed"]
    assert run.nodes["j"]["output"] == {"a": 1, "b": 2}


def test_the_rest_of_a_header_join_stays_unheard_in_later_iterations() -> None:
    run = Walking("f{a,b} -> j[any] -> c -> l[max=3,exit] ~> j; l -> z")
    run.all_done("a", "c")
    run.fail("b")
    assert run.status == "running"
    run.all_done("c@2", "c@3", "z")
    assert run.end() == "completed"


def test_a_fork_as_header_keeps_what_it_came_to() -> None:
    run = Walking("a -> f{b,c} -> j -> l[max=2,exit] ~> f; l -> z")
    run.done("a", output="first")
    run.all_done("b", "c")
    assert run.said[-2:] == ["f@2 again", "f@2 completed"]
    assert run.nodes["f"]["output"] == "first"


def test_what_a_node_came_to_stays_readable_in_the_next_iteration_until_it_is_skipped() -> None:
    run = Walking("h -(?)-> a -> j; h -> j -> l[max=3,exit] ~> h; l -> z")
    run.done("h", taken=(0,))
    run.done("a", output="one")
    assert run.nodes["a"]["output"] == "one"
    run.done("h@2", taken=(1,))
    assert "a" not in run.nodes


def test_names_tell_the_iteration_of_the_innermost_loop_and_of_the_one_a_loop_back_repeats() -> None:
    run = Walking("o -> i -> l[max=2,exit] ~> i; l -> m -> l2[max=2,while=input.go] ~> o; l2 -> z")
    run.all_done("o", "i")
    names = run.scheduler.names(run.scheduler.root, "i@1.2")
    assert names["iteration"] == 2
    run.all_done("i@1.2", "m")
    assert run.scheduler.names(run.scheduler.root, "l2")["iteration"] == 1
    assert "iteration" not in run.scheduler.names(run.scheduler.root, None)


def test_two_loop_backs_of_one_loop_share_its_count() -> None:
    run = Walking("h -(?)-> l[max=3,exit] ~> h; h -> l2[max=2,exit] ~> h; l -> z; l2 -> z")
    run.done("h", taken=(0,))
    assert run.said == ["l completed by repeat", "l2 skipped (dead_path)", "h@2 again"]
    told = run.done("h@2", taken=(1,))
    assert told == ["l@2 skipped (dead_path)", "l2@2 completed by done"]
    assert run.wishes == ["start z"]
