"""Gates, waits, timers and signals (GRAPH.md §3.10), and the status of a run that only waits (§3.11)."""

from __future__ import annotations

import pytest

from engine.errors import EngineBug, InputError
from engine.scheduler import events as ev
from engine.scheduler.commands import Conclude
from tests.scheduler.walking import Walking


def test_an_answered_gate_is_concluded_with_its_answer() -> None:
    run = Walking("g -(ok)-> z")
    run.ask("g")
    assert run.status == "waiting"
    run.answer("g", "ok")
    (command,) = run.open
    assert isinstance(command, Conclude)
    assert isinstance(command.fact, ev.GateAnswered)
    assert run.status == "running"
    run.done("g", output={"option": "ok"}, port="ok")
    assert run.wishes == ["start z"]


def test_an_expired_gate_is_concluded_as_such() -> None:
    run = Walking("g[deadline_s=9] -(ok)-> z; g -(expired)-> h")
    run.ask("g")
    run.expire("g")
    assert run.wishes == ["conclude g (expired)"]
    assert run.done("g", port="expired") == ["z skipped (dead_path)"]


def test_the_inbox_holds_open_gates_in_the_order_in_which_they_opened() -> None:
    run = Walking("f{g,g2}; g -(ok)-> a; g2 -(ok)-> b")
    run.ask("g2")
    run.ask("g")
    assert [gate.gate for gate in run.scheduler.open_gates()] == ["g2", "g"]
    run.answer("g2")
    assert [gate.gate for gate in run.scheduler.open_gates()] == ["g"]


def test_a_gate_is_found_by_its_id_or_by_its_node_while_only_one_of_it_is_open() -> None:
    run = Walking("s[each=input.list]", inner={"inner": "g -(ok)-> z"})
    run.begin("s", items=[1, 2])
    run.begin("s[0]")
    run.ask("s[0]/g")
    assert run.scheduler.gate("s[0]/g").gate == "s[0]/g"
    assert run.scheduler.gate("s/g").gate == "s[0]/g"
    run.begin("s[1]")
    run.ask("s[1]/g")
    with pytest.raises(InputError, match="several gates") as caught:
        run.scheduler.gate("s/g")
    assert (caught.value.code, caught.value.hint) == ("gate.ambiguous", "name one of s[0]/g, s[1]/g")


def test_a_gate_that_is_closed_or_unknown_is_told_apart() -> None:
    run = Walking("g -(ok)-> z")
    with pytest.raises(InputError, match="no gate of this run is open") as caught:
        run.scheduler.gate("nothing")
    assert caught.value.code == "gate.unknown"
    run.ask("g")
    with pytest.raises(InputError, match="open are: g"):
        run.scheduler.gate("nothing")
    run.answer("g")
    with pytest.raises(InputError) as caught:
        run.scheduler.gate("g")
    assert caught.value.code == "gate.closed"


def test_an_answer_to_a_gate_that_is_not_open_is_refused() -> None:
    run = Walking("g -(ok)-> z")
    run.ask("g")
    run.answer("g")
    again = ev.GateAnswered(gate="g", execution="g", node="g", option="yes")
    assert not run.scheduler.accepts(again)
    with pytest.raises(EngineBug):
        run.scheduler.apply(again)


def test_reminders_and_escalations_are_recorded_while_the_gate_is_open() -> None:
    run = Walking("g -(ok)-> z")
    reminder = ev.GateReminded(gate="g", execution="g", node="g", count=1)
    assert not run.scheduler.accepts(reminder)
    run.ask("g")
    assert run.apply(reminder) == []
    assert run.apply(ev.GateEscalated(gate="g", execution="g", node="g", step=0, assignees=["boss"])) == []


def test_an_attempt_that_asks_steps_aside_and_goes_on_when_all_its_gates_are_answered() -> None:
    run = Walking("a -> b")
    run.ask("a", "a!1", "ask")
    run.ask("a", "a!2", "approval")
    assert run.status == "waiting"
    run.answer("a!1")
    assert run.wishes == []
    run.answer("a!2")
    assert run.wishes == ["continue a"]
    run.done("a")
    assert run.wishes == ["start b"]


def test_an_attempt_may_end_without_its_answer_and_its_gates_close() -> None:
    run = Walking("f{a,b}")
    run.ask("a", "a!1", "ask")
    run.done("a")
    assert run.scheduler.open_gates() == []
    run.ask("b", "b!1", "ask")
    run.fail("b", retry_at=5.0)
    assert run.scheduler.open_gates() == []
    assert run.wishes == ["start b #2 at 5"]


def test_a_wait_goes_on_when_its_time_comes() -> None:
    run = Walking("w -> z")
    run.wait("w", due=12.0)
    assert run.status == "waiting"
    run.fire("w")
    assert run.wishes == ["conclude w (fired)"]
    assert not run.scheduler.accepts(ev.TimerFired(execution="w", node="w"))
    run.done("w")
    assert run.wishes == ["start z"]


def test_a_signal_goes_to_every_open_wait_for_it() -> None:
    run = Walking("f{w,w2,w3}")
    run.wait("w", signal="go")
    run.wait("w2", signal="go")
    run.wait("w3", signal="stop")
    run.signal("go", 7)
    assert run.wishes == ["conclude w (signal)", "conclude w2 (signal)"]
    assert [c.fact.value for c in run.open if isinstance(c, Conclude)] == [7, 7]  # type: ignore[union-attr]


def test_a_signal_that_nobody_waits_for_is_kept_for_the_first_wait_that_opens() -> None:
    run = Walking("f{w,w2}")
    run.signal("go", 1)
    run.signal("go", 2)
    run.wait("w", signal="go")
    run.wait("w2", signal="go")
    assert [c.fact.value for c in run.open if isinstance(c, Conclude)] == [1, 2]  # type: ignore[union-attr]


def test_a_wait_for_a_signal_leaves_by_expired_at_its_deadline() -> None:
    run = Walking("w[deadline_s=9] -> z; w -(expired)-> h")
    run.wait("w", signal="go", deadline=4.0)
    run.fire("w", expired=True)
    assert run.wishes == ["conclude w (expired)"]
    run.signal("go")
    assert run.wishes == ["conclude w (expired)"]


def test_a_withdrawn_wait_no_longer_hears_its_signal() -> None:
    run = Walking("f{a,w,w2}; a -> j[any,cancel]; w -> j; w2 -> z; j -> y")
    run.wait("w", signal="go")
    run.done("a")
    run.signal("go")
    run.wait("w2", signal="go")
    assert "conclude w2 (signal)" in run.wishes


def test_a_run_waits_when_only_waits_are_left_and_says_for_what() -> None:
    run = Walking("f{a,g,w,w2}; g -(ok)-> x")
    run.ask("g", deadline=50.0)
    run.wait("w", due=12.0)
    run.wait("w2", signal="go")
    assert run.status == "running"
    run.fail("a", retry_at=9.0)
    assert run.status == "waiting"
    assert [(w.what, w.execution, w.gate, w.signal, w.due) for w in run.scheduler.waiting_for()] == [
        ("answer", "g", "g", None, 50.0),
        ("timer", "w", None, None, 12.0),
        ("signal", "w2", None, "go", None),
        ("retry", "a", None, None, 9.0),
    ]


def test_an_attempt_is_tried_again_when_it_is_due() -> None:
    run = Walking("a -> b")
    assert run.scheduler.attempts_counted("a") == 0
    run.fail("a", retry_at=9.0)
    assert run.wishes == ["start a #2 at 9"]
    assert run.scheduler.attempts_counted("a") == 1
    run.begin("a")
    assert run.status == "running"
    run.done("a")
    assert run.scheduler.attempts_counted("a") == 0
    assert run.wishes == ["start b"]
