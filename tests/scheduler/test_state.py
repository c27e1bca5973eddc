"""The transition table, row by row: each row happens in a run, and nothing else may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest

from engine.errors import EngineBug, Failure
from engine.scheduler import events as ev
from engine.scheduler.executions import Execution
from engine.scheduler.overview import node_statuses, overview
from engine.scheduler.run import Run
from engine.scheduler.state import STATUSES, TRANSITIONS, Status, check_transition, is_final
from tests.scheduler.walking import Walking

ROWS = [(row.source, row.target) for row in TRANSITIONS]


def test_every_row_stands_once_and_says_why() -> None:
    assert len(set(ROWS)) == len(ROWS)
    assert all(row.cause for row in TRANSITIONS)


@pytest.mark.parametrize(("source", "target"), ROWS)
def test_a_row_is_a_legal_change(source: Status, target: Status) -> None:
    check_transition("a", source, target)


@pytest.mark.parametrize(("source", "target"), sorted(set(product(STATUSES, STATUSES)) - set(ROWS)))
def test_every_other_change_is_refused(source: Status, target: Status) -> None:
    with pytest.raises(EngineBug, match=f"from {source} to {target}"):
        check_transition("a", source, target)


@pytest.mark.parametrize("status", STATUSES)
def test_a_decided_execution_changes_only_when_its_run_is_resumed(status: Status) -> None:
    onward = {target for source, target in ROWS if source == status}
    assert is_final(status) is (onward <= {"waiting"})


def test_an_execution_moves_by_the_table_alone() -> None:
    plan = Walking("a -> b").plan
    root = Run(plan, lambda node: plan, lambda name: plan).root
    execution = Execution("a", root, plan.nodes[0], 1)
    execution.move("running")
    with pytest.raises(EngineBug):
        execution.move("skipped")
    assert repr(execution) == "<a running (start) attempt 1>"


Step = Callable[[Walking], object]
FAILED_EARLY = ev.NodeFailed(execution="a", node="a", error=Failure("logic", "no", "no"))
GIVEN_UP = ev.NodeFailed(execution="a", node="a", attempt=2, error=Failure("limit", "no", "no"))
REUSED = ev.NodeCompleted(execution="a", node="a", port="ok", reused_from="older")


def begin(run: Walking) -> None:
    run.begin("a")


def ask(run: Walking) -> None:
    run.ask("a", "a!1", "ask")


def fail(run: Walking) -> None:
    run.fail("a")


def fail_for_now(run: Walking) -> None:
    run.fail("a", retry_at=1.0)


def cancel(run: Walking) -> None:
    run.cancel()


def end(run: Walking) -> None:
    run.end()


def resume(run: Walking) -> None:
    run.resume()


HAPPENINGS: dict[tuple[Status, Status], tuple[str, list[Step]]] = {
    ("waiting", "running"): ("a", [begin]),
    ("waiting", "completed"): ("j", [lambda run: run.done("a", taken=(0,)), lambda run: run.done("j")]),
    ("waiting", "failed"): ("a", [lambda run: run.apply(FAILED_EARLY)]),
    ("waiting", "skipped"): ("b", [begin, lambda run: run.done("a", taken=(0,))]),
    ("waiting", "cancelled"): ("a", [cancel]),
    ("waiting", "reused"): ("a", [lambda run: run.apply(replace(REUSED, taken=(0,)))]),
    ("running", "waiting"): ("a", [begin, resume]),
    ("running", "retrying"): ("a", [begin, fail_for_now]),
    ("running", "asking"): ("a", [begin, ask]),
    ("running", "completed"): ("a", [begin, lambda run: run.done("a", taken=(0,))]),
    ("running", "failed"): ("a", [begin, fail]),
    ("running", "cancelled"): ("a", [begin, cancel]),
    ("retrying", "running"): ("a", [fail_for_now, begin]),
    ("retrying", "failed"): ("a", [fail_for_now, lambda run: run.apply(GIVEN_UP)]),
    ("retrying", "cancelled"): ("a", [fail_for_now, cancel]),
    ("asking", "running"): ("a", [ask, lambda run: run.answer("a!1")]),
    ("asking", "retrying"): ("a", [ask, fail_for_now]),
    ("asking", "completed"): ("a", [ask, lambda run: run.done("a", taken=(0,))]),
    ("asking", "failed"): ("a", [ask, fail]),
    ("asking", "cancelled"): ("a", [ask, cancel]),
    ("failed", "waiting"): ("a", [fail, end, resume]),
    ("cancelled", "waiting"): ("a", [begin, cancel, end, resume]),
}


@pytest.mark.parametrize("row", ROWS, ids=" to ".join)
def test_a_row_happens_in_a_run(row: tuple[Status, Status]) -> None:
    node, steps = HAPPENINGS[row]
    run = Walking("a -(?)-> j[output_key=x] -> d; a -> b", state={"x": {}})
    for happens in steps[:-1]:
        happens(run)
    assert status_of(run, node) == row[0]
    steps[-1](run)
    if row[1] == "waiting":  # what is wanted again stands as a wish, not as an event
        assert run.wishes == [f"start {node} #2"]
    else:
        assert status_of(run, node) == row[1]


def status_of(run: Walking, node: str) -> str:
    return node_statuses(overview(run.events), run.plan)[node]
