"""Edges and nodes (GRAPH.md §3.1, §3.2, §3.11): what becomes ready, what is skipped, when a run is over."""

from __future__ import annotations

import pytest

from engine.errors import EngineBug
from engine.model.graph import Graph
from engine.scheduler import events as ev
from engine.scheduler.commands import EndScope, Evaluate
from tests.scheduler.walking import Walking, consequences_of
from tests.support.sketch import document


def test_a_chain_runs_node_by_node_and_then_asks_for_the_output() -> None:
    run = Walking("a -> b -> c")
    assert run.wishes == ["start a"]
    assert run.done("a") == []
    assert run.wishes == ["start b"]
    run.all_done("b", "c")
    assert run.wishes == ["end"]
    assert run.status == "running"
    assert run.end() == "completed"


def test_branches_start_at_once_and_know_no_barrier() -> None:
    run = Walking("a -> f{b,c}; b -> d; c -> e; d -> j; e -> j")
    assert run.done("a") == ["f completed"]
    assert run.wishes == ["start b", "start c"]
    run.done("c")
    assert run.wishes == ["start b", "start e"]


def test_a_node_waits_for_all_its_edges_and_needs_one_that_was_taken() -> None:
    run = Walking("f{a,b} -> j -> c")
    run.done("a")
    assert run.wishes == ["start b"]
    assert run.done("b") == ["j completed"]
    assert run.wishes == ["start c"]


def test_a_dead_path_is_told_on_edge_by_edge() -> None:
    run = Walking("a -(? input.x == 1)-> b -> c -> d; a -(?)-> e -> d")
    assert run.done("a", taken=(1,)) == ["b skipped (dead_path)", "c skipped (dead_path)"]
    run.done("e")
    assert run.wishes == ["start d"]


def test_the_edges_of_the_other_ports_are_skipped() -> None:
    run = Walking("a -> b; a -(error)-> h; b -> c; h -> c")
    assert run.done("a") == ["h skipped (dead_path)"]
    run.done("b")
    assert run.wishes == ["start c"]


def test_a_port_without_edges_ends_its_path_there() -> None:
    run = Walking("a -(error)-> h")
    assert run.done("a") == ["h skipped (dead_path)"]
    assert run.wishes == ["end"]


def test_a_fork_takes_every_edge_and_with_conditions_those_that_hold() -> None:
    run = Walking("a -> f; f -(?)-> b; f -(?)-> c; f -(?)-> d; b -> j; c -> j; d -> j")
    run.done("a")
    assert run.wishes == ["evaluate f"]
    assert run.done("f", taken=(0, 2)) == ["c skipped (dead_path)"]
    assert run.wishes == ["start b", "start d"]


def test_a_transfer_takes_the_edge_to_its_target() -> None:
    text = document("a -(transfer)-> b; a -(transfer)-> c; a -> d")
    text["nodes"]["a"] = {"kind": "agent", "model": "scripted:a", "to": text["nodes"]["a"]["to"]}
    run = Walking(Graph.model_validate(text))
    assert run.done("a", port="transfer", target="c") == ["b skipped (dead_path)", "d skipped (dead_path)"]
    assert run.wishes == ["start c"]


def test_consequences_come_first_in_first_out() -> None:
    run = Walking("a -(?)-> b; a -(?)-> c; b -> f{d,e} -> j; c -> f2{x,y} -> j; j -> z")
    told = run.done("a", taken=(0,))
    assert told == [
        "c skipped (dead_path)",
        "f2 skipped (dead_path)",
        "x skipped (dead_path)",
        "y skipped (dead_path)",
    ]


def test_an_end_ends_its_graph_at_once_and_cancels_what_is_under_way() -> None:
    run = Walking("a -> f{b,c}; b -> end; c -> d")
    run.all_done("a")
    run.begin("c")
    assert run.done("b") == ["end completed", "c cancelled (end)"]
    assert run.wishes == ["end (end)"]
    assert run.end() == "completed"


def test_an_end_with_an_output_is_evaluated_first_and_its_output_stands() -> None:
    run = Walking('f{a,b}; a -> end[output="over"]; b -> c')
    run.done("a")
    assert run.wishes == ["start b", "evaluate end"]
    assert run.done("end", "over") == ["b cancelled (end)"]
    (command,) = run.open
    assert isinstance(command, EndScope)
    assert command.end_output == "over"


def test_the_first_edge_to_an_end_suffices() -> None:
    run = Walking("f{a,b,c}; a -> end; b -> end; c -> d")
    assert run.done("b") == ["end completed", "a cancelled (end)", "c cancelled (end)"]


def test_an_end_that_nobody_takes_is_skipped() -> None:
    run = Walking("a -(?)-> end; a -> b")
    assert run.done("a", taken=(1,)) == ["end skipped (dead_path)"]


def test_a_lone_end_is_a_run_of_one_consequence() -> None:
    run = Walking("end")
    assert run.wishes == ["end (end)"]


def test_only_what_must_be_evaluated_is_asked_of_the_host() -> None:
    run = Walking("a -> j[output_key=x] -> b", state={"x": {}})
    run.done("a", output=7)
    (command,) = run.open
    assert isinstance(command, Evaluate)
    assert command.output == {"a": 7}
    run.done("j", writes={"x": 1})
    assert run.state == {"x": 1}
    assert run.wishes == ["start b"]


@pytest.mark.parametrize(
    ("port", "taken"),
    [
        pytest.param("ok", (2,), id="an edge of another port"),
        pytest.param("ok", (9,), id="an edge that is not there"),
        pytest.param("ok", (), id="no edge of a port that has some"),
        pytest.param("ok", (0, 1), id="two edges of a node that is no fork"),
        pytest.param("ok", None, id="what the plan alone does not say"),
        pytest.param(None, None, id="no port"),
    ],
)
def test_a_completion_that_the_plan_does_not_know_is_refused_and_changes_nothing(
    port: str | None, taken: tuple[int, ...] | None
) -> None:
    run = Walking("a -(?)-> b; a -> c; a -(error)-> h")
    run.begin("a")
    with pytest.raises(EngineBug):
        run.scheduler.apply(ev.NodeCompleted(execution="a", node="a", port=port, taken=taken))
    assert run.done("a", taken=(0,)) == ["c skipped (dead_path)", "h skipped (dead_path)"]


def test_a_write_that_does_not_fit_is_refused_and_changes_nothing() -> None:
    run = Walking("a -> b", state={"list": {"merge": "extend"}})
    run.begin("a")
    for writes in ({"list": 3}, {"unknown": 1}):
        with pytest.raises(EngineBug, match=r"recorded write|no key"):
            run.scheduler.apply(ev.NodeCompleted(execution="a", node="a", port="ok", writes=writes))
    assert run.state == {"list": []}
    assert consequences_of(run, ["a"]) == []
