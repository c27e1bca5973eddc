"""Taking a run up again (RUNS.md §2, GRAPH.md §3.7): after a crash, a clean stop, a failure, a cancellation."""

from __future__ import annotations

from engine.errors import Failure
from engine.scheduler import events as ev
from tests.scheduler.walking import Walking

ALL_KINDS = "f{a,b,g,w,w2}; g -(ok)-> x; b -> y"


def test_what_was_running_is_wanted_again_as_its_next_attempt_and_the_rest_as_it_was() -> None:
    run = Walking(ALL_KINDS)
    run.begin("a")
    run.ask("g")
    run.wait("w", due=5.0)
    run.resume()
    assert run.wishes == ["start a #2", "start b", "start w2"]
    assert [gate.gate for gate in run.scheduler.open_gates()] == ["g"]
    run.fire("w")
    assert run.wishes[-1] == "conclude w (fired)"


def test_what_the_host_was_asked_for_is_asked_again() -> None:
    run = Walking(
        "f{a,b,g,c,s,d}; a -> j[output_key=x]; b -(error ?)-> h; g -(ok)-> x; s -> y",
        inner={"inner": "t"},
        state={"x": {}},
    )
    run.done("a")
    run.ask("g")
    run.answer("g")
    run.fail("c", retry_at=8.0)
    run.begin("s")
    run.done("s/t")
    before = sorted(run.wishes)
    run.resume()
    assert sorted(run.wishes) == before
    assert "evaluate j" in before and "conclude g (answered)" in before and "end s" in before  # noqa: PT018


def test_three_attempts_cut_off_by_a_crash_fail_the_node() -> None:
    run = Walking("a -> b; a -(error)-> h")
    for attempt in (1, 2, 3):
        run.apply(ev.NodeStarted(execution="a", node="a", attempt=attempt))
        run.resume()
    assert run.wishes == ["give up a (node.kills_process)"]
    run.resume()
    assert run.wishes == ["give up a (node.kills_process)"]
    run.fail("a", Failure("fatal", "node.kills_process", "again"), taken=(1,))
    assert run.wishes == ["start h"]


def test_attempts_cut_off_in_order_do_not_count() -> None:
    run = Walking("a -> b")
    for attempt in range(1, 6):
        run.apply(ev.NodeStarted(execution="a", node="a", attempt=attempt))
        run.resume(clean=True)
    assert run.wishes == ["start a #6"]
    assert run.scheduler.attempts_counted("a") == 0


def test_an_attempt_that_was_to_go_on_after_an_answer_is_wanted_again() -> None:
    run = Walking("a -> b")
    run.ask("a", "a!1", "ask")
    run.answer("a!1")
    run.resume()
    assert run.wishes == ["start a #2"]


def test_only_items_without_a_result_run_again() -> None:
    run = Walking("a[each=input.list,concurrency=2] -> b")
    run.begin("a", items=[1, 2, 3, 4])
    run.done("a[0]", output="one")
    run.begin("a[1]")
    run.resume()
    assert run.wishes == ["start a[1] #2", "start a[2]"]
    run.all_done("a[1]", "a[2]", "a[3]")
    run.resume()
    assert run.wishes == ["conclude a (items)"]


def test_inside_a_subgraph_the_same_holds() -> None:
    run = Walking("s -> z", inner={"inner": "f{a,b}"})
    run.begin("s")
    run.begin("s/a")
    run.resume()
    assert run.wishes == ["start s/a #2", "start s/b"]


def test_a_run_whose_end_was_decided_is_only_ended() -> None:
    run = Walking("a")
    run.done("a")
    run.resume()
    assert run.wishes == ["end"]


def test_a_run_that_was_finishing_does_not_begin_again_what_the_crash_cut_off() -> None:
    run = Walking("f{a,b}", on_failure="finish")
    run.begin("b")
    run.fail("a")
    assert run.resume() == ["b cancelled (run)"]
    assert run.wishes == ["end (tool.failed)"]


def test_a_failed_run_goes_on_with_what_failed_and_what_that_cut_off() -> None:
    run = Walking("f{a,b,c,d} -> j -> z")
    run.done("d", output="kept")
    run.begin("b")
    run.fail("a", retry_at=1.0)
    run.fail("a")
    run.end()
    assert run.status == "failed"
    run.resume()
    assert run.wishes == ["start a #3", "start b #2", "start c"]
    assert run.scheduler.attempts_counted("a") == 0
    run.all_done("a", "b", "c", "z")
    assert run.nodes["j"]["output"]["d"] == "kept"
    assert run.end() == "completed"


def test_it_does_not_go_on_with_what_a_join_cancelled() -> None:
    run = Walking("f{a,b}; a -> j[any,cancel]; b -> j; j -> z")
    run.begin("b")
    run.done("a")
    run.fail("z")
    run.end()
    run.resume()
    assert run.wishes == ["start z #2"]


def test_what_the_end_left_in_the_queue_is_walked_on() -> None:
    run = Walking("a -> f{x,c}; x -> end[fail=no]; c -> d")
    run.done("a")
    run.done("x")
    run.fail("end", Failure("fatal", "end.fail", "no"))
    run.end()
    run.resume()
    assert run.wishes == ["evaluate end", "start c"]


def test_a_cancelled_run_goes_on_where_it_was() -> None:
    run = Walking("a -> w -> b")
    run.done("a")
    run.wait("w", due=9.0)
    run.cancel()
    assert run.end() == "cancelled"
    run.resume()
    assert run.status == "running"
    assert run.wishes == ["start w #2"]
    run.wait("w", due=9.0)
    run.fire("w")
    run.all_done("w", "b")
    assert run.end() == "completed"


def test_a_completed_run_refuses() -> None:
    run = Walking("a")
    run.done("a")
    run.end()
    assert not run.scheduler.accepts(ev.RunResumed())


def test_a_loop_that_ran_out_runs_out_again() -> None:
    run = Walking("f{a,b}; a -> l[max=1] ~> a; b -> c")
    run.begin("b")
    run.done("a")
    run.end()
    assert run.resume() == ["l failed (loop.exhausted)"]
    assert run.wishes == ["end (loop.exhausted)"]
    assert run.end() == "failed"


def test_a_starved_join_starves_again() -> None:
    run = Walking("f{a,b} -> j[accept] -> z")
    run.fail("a")
    run.fail("b")
    run.end()
    assert run.resume() == ["j failed (join.starved)"]


def test_a_join_that_the_host_failed_is_given_up_again() -> None:
    run = Walking("f{a,b} -> j[accept]; j -> z; j -(error ?)-> h")
    run.fail("a")
    run.fail("b")
    run.fail("j", Failure("logic", "join.starved", "too few"))
    run.end()
    run.resume()
    assert run.wishes == ["give up j (join.starved)"]


def test_completed_nodes_inside_a_failed_subgraph_do_not_run_again() -> None:
    run = Walking("s -> z", inner={"inner": "a -> f{b,c}"})
    run.begin("s")
    run.done("s/a")
    run.begin("s/c")
    run.fail("s/b")
    run.fail("s")
    run.end()
    run.resume()
    assert run.wishes == ["start s #2"]
    run.begin("s")
    assert run.wishes == ["start s/b #2", "start s/c #2"]
    run.all_done("s/b", "s/c")
    assert run.wishes == ["end s"]


def test_a_subgraph_that_was_over_when_the_run_was_cancelled_only_ends() -> None:
    run = Walking("s -> z", inner={"inner": "a"})
    run.begin("s")
    run.done("s/a")
    run.cancel()
    run.end()
    run.resume()
    run.begin("s")
    assert run.wishes == ["end s"]
    run.done("s")
    assert run.wishes == ["start z"]


def test_items_with_a_result_do_not_run_again_after_a_failure() -> None:
    run = Walking("a[each=input.list] -> b")
    run.begin("a", items=[1, 2, 3])
    run.done("a[0]", output="one")
    run.fail("a[1]")
    run.fail("a")
    run.end()
    run.resume()
    run.begin("a", items=[1, 2, 3])
    assert run.wishes == ["start a[1] #2", "start a[2]"]
    run.done("a[1]", output="two")
    run.done("a[2]", output="three")
    run.done("a", output=ev.DERIVED)
    assert run.nodes["a"]["output"] == ["one", "two", "three"]


def test_a_node_that_had_all_its_items_concludes_again() -> None:
    run = Walking("a[each=input.list] -> b")
    run.begin("a", items=[1])
    run.done("a[0]")
    run.cancel()
    run.end()
    run.resume()
    run.begin("a", items=[1])
    assert run.wishes == ["conclude a (items)"]


def test_items_that_nobody_waited_for_go_on_too() -> None:
    run = Walking("a[each=input.list,any] -> b")
    run.begin("a", items=[1, 2])
    run.all_done("a[0]", "a")
    run.begin("a[1]")
    run.fail("b")
    run.end()
    run.resume()
    assert run.wishes == ["start b #2", "start a[1] #2"]
    run.all_done("a[1]", "b")
    assert run.wishes == ["end"]


def test_what_finished_while_the_run_was_failing_is_walked_on_from() -> None:
    run = Walking("f{a,b}; b -> c", on_failure="finish")
    run.begin("b")
    run.fail("a")
    run.done("b")
    run.end()
    run.resume()
    assert run.wishes == ["start a #2", "start c"]


def test_a_second_failure_while_finishing_starts_again_too() -> None:
    run = Walking("f{a,b}", on_failure="finish")
    run.begin("b")
    run.fail("a")
    run.fail("b")
    run.end()
    run.resume()
    assert run.wishes == ["start a #2", "start b #2"]


def test_an_output_that_could_not_be_resolved_is_asked_for_again() -> None:
    run = Walking("a")
    run.done("a")
    run.apply(ev.RunFailed(error=Failure("logic", "template", "no")))
    run.resume()
    assert run.wishes == ["end"]
