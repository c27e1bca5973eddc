"""The transition table, row by row: each row happens in a run, and nothing else may."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from engine.errors import EngineBug, Failure
from engine.scheduler import events as ev
from engine.scheduler.executions import Execution
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
    walk = Walking("a -> b").scheduler._run.root
    execution = Execution("a", walk, walk.tables.plan.nodes[0], 1)
    execution.move("running")
    with pytest.raises(EngineBug):
        execution.move("skipped")
    assert repr(execution) == "<a running (start) attempt 1>"


def reuse(run: Walking) -> None:
    run.apply(ev.NodeCompleted(execution="a", node="a", port="ok", reused_from="older"))


def crash(run: Walking) -> None:
    run.begin("a")
    run.resume()


def end_and_resume(run: Walking) -> None:
    run.end()
    run.resume()


HAPPENINGS: dict[tuple[Status, Status], list[Callable[[Walking], object]]] = {
    ("waiting", "running"): [lambda r: r.begin("a")],
    ("waiting", "completed"): [lambda r: r.done("a"), lambda r: r.done("j")],
    ("waiting", "failed"): [
        lambda r: r.apply(ev.NodeFailed(execution="a", node="a", error=Failure("logic", "no", "no")))
    ],
    ("waiting", "skipped"): [lambda r: r.done("a")],
    ("waiting", "cancelled"): [lambda r: r.cancel()],
    ("waiting", "reused"): [reuse],
    ("running", "waiting"): [crash],
    ("running", "retrying"): [lambda r: r.fail("a", retry_at=1.0)],
    ("running", "asking"): [lambda r: r.ask("a", "a!1", "ask")],
    ("running", "completed"): [lambda r: r.done("a")],
    ("running", "failed"): [lambda r: r.fail("a")],
    ("running", "cancelled"): [lambda r: r.begin("a"), lambda r: r.cancel()],
    ("retrying", "running"): [lambda r: r.fail("a", retry_at=1.0), lambda r: r.begin("a")],
    ("retrying", "failed"): [
        lambda r: r.fail("a", retry_at=1.0),
        lambda r: r.apply(ev.NodeFailed(execution="a", node="a", attempt=2, error=Failure("limit", "no", "no"))),
    ],
    ("retrying", "cancelled"): [lambda r: r.fail("a", retry_at=1.0), lambda r: r.cancel()],
    ("asking", "running"): [lambda r: r.ask("a", "a!1", "ask"), lambda r: r.answer("a!1")],
    ("asking", "retrying"): [lambda r: r.ask("a", "a!1", "ask"), lambda r: r.fail("a", retry_at=1.0)],
    ("asking", "completed"): [lambda r: r.ask("a", "a!1", "ask"), lambda r: r.done("a")],
    ("asking", "failed"): [lambda r: r.ask("a", "a!1", "ask"), lambda r: r.fail("a")],
    ("asking", "cancelled"): [lambda r: r.ask("a", "a!1", "ask"), lambda r: r.cancel()],
    ("failed", "waiting"): [lambda r: r.fail("a"), end_and_resume],
    ("cancelled", "waiting"): [lambda r: r.cancel(), end_and_resume],
}


def test_every_row_has_its_happening() -> None:
    assert set(HAPPENINGS) == set(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=" to ".join)
def test_a_row_happens_in_a_run(row: tuple[Status, Status]) -> None:
    run = (
        Walking("a -(?)-> b; a -> j; j -(?)-> c; j -> d; a -(error ?)-> h")
        if row == ("waiting", "skipped")
        else (Walking("a -> j[output_key=x] -> d", state={"x": {}}))
    )
    if row == ("waiting", "skipped"):
        run.done("a", taken=(1,))
        assert "b skipped (dead_path)" in run.said
        return
    for happens in HAPPENINGS[row]:
        happens(run)
    assert run.events
