"""Replay (RUNS.md §1): the same facts give the same consequences, and a journal that parts is told where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.errors import Failure, JournalError
from engine.scheduler import events as ev
from engine.scheduler.replay import replay
from tests.scheduler.walking import Walking


def played() -> Walking:
    run = Walking("a -> f{b,c} -> j[any,cancel] -> l[max=2,exit] ~> a; l -> z")
    run.all_done("a", "b", "a@2", "c@2", "z")
    run.end(output={"done": True})
    return run


def test_a_journal_replays_to_the_same_end() -> None:
    run = played()
    again = run.again()
    assert list(replay(again, run.events)) == []
    assert again.status == "completed"
    assert again.values(again.root).nodes == run.nodes


def test_every_beginning_of_a_journal_replays_and_says_what_is_missing_of_its_last_fact() -> None:
    run = played()
    for length in range(len(run.events) + 1):
        again = run.again()
        missing = list(replay(again, run.events[:length]))
        assert run.events[length : length + len(missing)] == [
            replace(e, n=f.n) for e, f in zip(missing, run.events[length:], strict=False)
        ]


def test_a_consequence_that_the_graph_does_not_lead_to_is_named() -> None:
    run = played()
    place, cancelled = next((i, e) for i, e in enumerate(run.events) if isinstance(e, ev.NodeCancelled))
    events = [*run.events[:place], replace(cancelled, why="end"), *run.events[place + 1 :]]
    with pytest.raises(JournalError) as caught:
        replay(run.again(), events)
    assert caught.value.code == "journal.mismatch"
    assert caught.value.where == f"event {place + 1}"
    assert "the journal says node.cancelled of c" in str(caught.value)


def test_a_consequence_of_another_kind_is_named() -> None:
    run = played()
    place = next(i for i, e in enumerate(run.events) if isinstance(e, ev.NodeCancelled))
    with pytest.raises(JournalError, match=r"here the graph leads to node\.cancelled of c"):
        replay(run.again(), [*run.events[:place], ev.RunCancelRequested(n=place + 1)])


def test_a_fact_that_does_not_fit_is_named() -> None:
    run = played()
    with pytest.raises(JournalError, match=r"event 2.*run\.completed, but it does not fit"):
        replay(run.again(), [run.events[0], ev.RunCompleted(output=1, n=2)])


def test_a_fact_that_the_plan_does_not_know_is_named() -> None:
    run = Walking("a -(?)-> b; a -> c")
    run.begin("a")
    wrong = ev.NodeCompleted(execution="a", node="a", port="ok", taken=(7,), n=3)
    with pytest.raises(JournalError, match=r"event 3.*no edges \(7,\)"):
        replay(run.again(), [*run.events, wrong])


def test_a_late_settlement_of_an_effect_stands_in_the_journal_and_changes_nothing() -> None:
    run = Walking("f{a,b}; a -> j[any,cancel]; b -> j; j -> z")
    run.begin("b")
    run.done("a")
    late = ev.EffectSettled(execution="b", node="b", key="r/b/1", result=1)
    assert not run.scheduler.accepts(late)
    assert list(replay(run.again(), [*run.events, late])) == []


def test_what_a_failed_and_resumed_run_did_replays_too() -> None:
    run = Walking("f{a,b} -> j -> z", on_failure="finish")
    run.begin("b")
    run.fail("a", Failure("tool", "x", "y"))
    run.done("b")
    run.end()
    run.resume()
    run.all_done("a", "z")
    run.end()
    again = run.again()
    replay(again, run.events)
    assert again.status == "completed"
