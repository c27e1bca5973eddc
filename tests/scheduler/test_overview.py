"""How a run stands, told by its events alone: for lists, pictures and the live view."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.errors import Failure
from engine.scheduler import events as ev
from engine.scheduler.overview import Overview, edge_states, node_statuses, overview
from tests.scheduler.walking import BROKEN, Walking


def seen(run: Walking) -> Overview:
    """The overview of what happened so far."""
    return overview(run.events)


def statuses(run: Walking) -> dict[str, str]:
    return dict(node_statuses(seen(run), run.plan))


def edges(run: Walking) -> dict[str, str]:
    """``a -> b``: what became of it."""
    ids = [node.id for node in run.plan.nodes]
    states = edge_states(seen(run), run.plan)
    return {f"{ids[e.source]} -> {ids[e.target]}": states[e.number] for e in run.plan.edges}


def test_it_tells_what_became_of_every_node_and_edge() -> None:
    run = Walking("a -(?)-> b; a -> c; a -(error)-> h")
    run.done("a", taken=(1,))
    run.begin("c")
    assert statuses(run) == {"a": "completed", "b": "skipped", "c": "running", "h": "skipped"}
    assert edges(run) == {"a -> b": "skipped", "a -> c": "taken", "a -> h": "skipped"}


REUSED = ev.NodeCompleted(execution="a", node="a", port="ok", reused_from="older")
HAPPENINGS: list[tuple[Callable[[Walking], object], str]] = [
    (lambda run: run.begin("a"), "running"),
    (lambda run: run.fail("a", retry_at=5.0), "retrying"),
    (lambda run: run.ask("a", "a!1", "ask"), "asking"),
    (lambda run: run.done("a"), "completed"),
    (lambda run: run.fail("a"), "failed"),
    (lambda run: run.cancel(), "cancelled"),
    (lambda run: run.apply(REUSED), "reused"),
]


@pytest.mark.parametrize(("happens", "status"), HAPPENINGS)
def test_it_knows_every_status(happens: Callable[[Walking], object], status: str) -> None:
    run = Walking("a -> b")
    happens(run)
    assert statuses(run)["a"] == status


def test_a_pinned_node_is_completed_and_looks_pinned_until_it_runs_again() -> None:
    run = Walking("a -> l; l ~> a")
    run.apply(ev.NodeCompleted(execution="a", node="a", port="ok", pinned=True))
    view = seen(run).nodes["a"]
    assert (view.status, view.look) == ("completed", "pinned")
    run.begin("a@2")
    again = seen(run).nodes["a"]
    assert (again.status, again.look) == ("running", "running")


def test_a_status_of_the_run_follows_from_what_works_and_what_waits() -> None:
    run = Walking("f{a,g,w,w2}; g -(ok)-> z")
    assert seen(run).status == "running"
    run.begin("a")
    run.ask("g")
    run.wait("w", due=3.0)
    run.wait("w2", signal="go")
    assert seen(run).status == "running"
    run.fail("a", retry_at=9.0)
    view = seen(run)
    assert (view.status, list(view.gates), list(view.waits), view.retries) == (
        "waiting",
        ["g"],
        ["w", "w2"],
        {"a": 9.0},
    )
    run.answer("g")
    assert seen(run).status == "running"
    run.done("g", port="ok")
    run.done("z")
    assert seen(run).status == "waiting"
    run.signal("go")
    run.done("w2")
    run.fire("w")
    assert seen(run).status == "running"
    run.done("w")
    run.done("a")
    run.end(output=4)
    view = seen(run)
    assert (view.status, view.output, view.ended_at) == ("completed", 4, 0.0)


def test_an_expired_gate_is_open_no_more() -> None:
    run = Walking("g[deadline_s=5] -(ok)-> a; g -(expired)-> b")
    run.ask("g")
    run.expire("g")
    assert seen(run).gates == {}
    assert statuses(run)["g"] == "running"


def test_a_gate_that_is_withdrawn_leaves_the_list() -> None:
    run = Walking("f{a,g}; a -> j[any,cancel]; g -(ok)-> j; j -> z")
    run.ask("g")
    run.done("a")
    assert seen(run).gates == {}
    assert seen(run).nodes["g"].why == "join"


def test_items_are_counted_at_their_node() -> None:
    run = Walking("a[each=input.list,accept] -> b")
    run.begin("a", items=[1, 2, 3])
    run.fail("a[0]", retry_at=1.0)
    run.fail("a[0]")
    run.done("a[1]")
    view = seen(run).nodes["a"]
    assert (view.status, view.items, view.items_done, view.items_failed) == ("running", 3, 1, 1)
    run.done("a[2]")
    run.done("a", output=ev.DERIVED)
    view = seen(run).nodes["a"]
    assert (view.status, view.items_done, view.executions) == ("completed", 2, 1)


def test_a_cancelled_item_is_no_status_of_its_node() -> None:
    run = Walking("a[each=input.list,any,cancel] -> b")
    run.begin("a", items=[1, 2])
    run.done("a[0]")
    assert statuses(run)["a"] == "running"


def test_a_repeat_sets_the_body_back() -> None:
    run = Walking("o -> i -> l[max=3,exit] ~> i; l -> m -> l2[max=3,exit] ~> o; l2 -> z")
    run.all_done("o", "i")
    assert statuses(run) == {
        "o": "completed",
        "i": "waiting",
        "l": "waiting",
        "m": "waiting",
        "l2": "waiting",
        "z": "waiting",
    }
    assert edges(run)["o -> i"] == "taken"
    assert edges(run)["i -> l"] == "undecided"
    run.all_done("i@1.2", "i@1.3", "m")
    assert statuses(run)["o"] == "waiting"
    run.all_done("o@2", "i@2.1")
    view = seen(run)
    assert view.turns == {"i": (2, 2), "o": (2,)}
    assert node_statuses(view, run.plan)["o"] == "completed"
    assert node_statuses(view, run.plan)["i"] == "waiting"
    assert view.nodes["i"].executions == 4


def test_a_failure_that_joins_take_up_colours_its_edges() -> None:
    run = Walking("f -> a -> c -> j[accept]; f -> b -> j; j -> z; a -(error ?)-> h")
    run.fail("a")
    assert edges(run)["a -> c"] == "failed"
    assert edges(run)["c -> j"] == "failed"
    assert edges(run)["a -> h"] == "skipped"
    run.fail("b")
    assert statuses(run)["b"] == "failed"


def test_a_caught_failure_takes_the_error_edge() -> None:
    run = Walking("a -> b; a -(error)-> h")
    run.fail("a", taken=(1,))
    assert edges(run) == {"a -> b": "skipped", "a -> h": "taken"}
    assert seen(run).nodes["a"].error == BROKEN


def test_cancelled_nodes_and_ends_have_skipped_edges_and_none() -> None:
    run = Walking("f{a,b}; a -> end; b -> c")
    run.done("a")
    assert edges(run)["b -> c"] == "skipped"
    assert edges(run)["a -> end"] == "taken"
    assert statuses(run)["end"] == "completed"


def test_a_transfer_shows_the_edge_to_its_target() -> None:
    run = Walking("a -> b; a -(error)-> h")
    run.done("a")
    events = [*run.events]
    done = next(e for e in events if isinstance(e, ev.NodeCompleted))
    done.port, done.target = "error", "h"
    assert edge_states(overview(events), run.plan) == ["skipped", "taken"]


def test_inside_a_subgraph_nodes_stand_under_its_path() -> None:
    run = Walking("s -> z", inner={"inner": "a -> g; g -(ok)-> b"})
    run.begin("s")
    run.done("s/a")
    run.ask("s/g")
    view = seen(run)
    assert view.status == "waiting"
    assert node_statuses(view, run.plans["inner"], "s") == {"a": "completed", "g": "asking", "b": "waiting"}
    assert view.nodes["s"].status == "running"


def test_usage_is_summed_per_node_and_for_the_run() -> None:
    run = Walking("a -> b")
    run.fail("a", retry_at=1.0, usage=ev.Usage(tokens=5, usd=0.5, seconds=1.0, tool_calls=1))
    run.done("a", usage=ev.Usage(tokens=7, usd=0.25, seconds=2.0))
    run.done("b", usage=ev.Usage(tokens=1, usd=None))
    view = seen(run)
    assert view.nodes["a"].usage == ev.Usage(tokens=12, usd=0.75, seconds=3.0, tool_calls=1)
    assert view.usage == ev.Usage(tokens=13, usd=None, seconds=3.0, tool_calls=1)


def test_a_run_that_ended_badly_says_how_and_a_resumed_one_stands_anew() -> None:
    run = Walking("a -> b")
    run.fail("a", Failure("tool", "x", "y"))
    run.end()
    view = seen(run)
    assert (view.status, view.failure, view.n) == ("failed", Failure("tool", "x", "y"), len(run.events))
    run.resume()
    assert (seen(run).status, seen(run).failure) == ("running", None)
    run.cancel()
    run.end()
    assert seen(run).status == "cancelled"


def test_steps_within_an_attempt_change_nothing() -> None:
    run = Walking("a -> b")
    run.begin("a")
    before = seen(run)
    run.apply(ev.AgentStateChanged(execution="a", node="a", state="planning"))
    after = seen(run)
    after.n = before.n
    assert after == before


def test_a_person_that_answers_an_older_execution_is_no_status_of_the_present_one() -> None:
    view = Overview()
    view.note(ev.NodeStarted(execution="a@2", node="a"))
    view.note(ev.GateAnswered(gate="a!1", execution="a", node="a", option="yes"))
    assert view.nodes["a"].status == "running"
    view.note(ev.GateOpened(gate="a!1", execution="a", node="a", purpose="ask", prompt="", options=[]))
    assert view.nodes["a"].status == "running"
