"""What a run waits for, the same live and after a resume."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.errors import Failure
from engine.runtime.timers import Timers
from engine.runtime.waits import Waits
from engine.scheduler.events import (
    Event,
    GateAnswered,
    GateEscalated,
    GateExpired,
    GateOpened,
    GateReminded,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    TimerFired,
    TimerSet,
)
from tests.support.clock import START, VirtualClock

pytestmark = pytest.mark.anyio


class Host:
    """The host's side: whatever is due becomes an event, is noted, and stands in the journal."""

    def __init__(self, clock: VirtualClock | None = None) -> None:
        self.clock = VirtualClock() if clock is None else clock
        self.waits = Waits(Timers(self.clock), self.clock, self.note)
        self.journal: list[Event] = []

    def note(self, event: Event) -> None:
        """Number, stamp and note an event."""
        event.n, event.at = len(self.journal) + 1, self.clock.now()
        self.journal.append(event)
        self.waits.note(event)

    def taken_up(self) -> Host:
        """Another host of the run, at the same moment; this one is gone."""
        self.waits.disarm()
        other = Host(self.clock)
        for event in self.journal:
            other.journal.append(replace(event))
            other.waits.note(event)
        other.waits.arm()
        return other

    def told(self) -> list[tuple[str, float]]:
        """What has happened by itself, with its seconds."""
        words: dict[type[Any], str] = {
            GateReminded: "reminded",
            GateEscalated: "escalated",
            GateExpired: "expired",
            TimerFired: "fired",
            GateAnswered: "answered",
        }
        return [(words[type(e)], e.at - START) for e in self.journal if type(e) in words]


def armed() -> Host:
    """A host at work."""
    host = Host()
    host.waits.arm()
    return host


def gate(name: str = "g", execution: str = "", **fields: Any) -> GateOpened:
    """A gate; deadlines in seconds from the beginning."""
    asked: dict[str, Any] = {"purpose": "gate", "prompt": "?", "options": [{"name": "ok"}], **fields}
    return GateOpened(gate=name, execution=execution or name, node=name, **asked)


async def test_a_gate_reminds_escalates_and_expires_at_its_moments() -> None:
    host = armed()
    host.note(gate(remind_every_s=10, deadline=START + 35, escalate=[{"after_s": 15, "assignees": ["bo"]}]))
    assert host.waits.next_due() == START + 10
    await host.clock.sleep(100)

    assert host.told() == [("reminded", 10), ("escalated", 15), ("reminded", 20), ("reminded", 30), ("expired", 35)]
    assert (host.waits.gates, host.waits.next_due()) == ({}, None)


@pytest.mark.parametrize("cut_s", [0, 5, 10, 12, 15, 29, 34])
async def test_a_host_that_takes_the_run_up_goes_on_with_the_same_moments(cut_s: float) -> None:
    host = armed()
    host.note(gate(remind_every_s=10, deadline=START + 35, escalate=[{"after_s": 15, "assignees": ["bo"]}]))
    await host.clock.sleep(cut_s)
    other = host.taken_up()
    await other.clock.sleep(100)

    assert other.told() == [("reminded", 10), ("escalated", 15), ("reminded", 20), ("reminded", 30), ("expired", 35)]


async def test_an_answer_ends_all_that_was_due_for_its_gate_and_nothing_else() -> None:
    host = armed()
    host.note(gate("g", remind_every_s=10))
    host.note(gate("h", remind_every_s=40))
    host.note(GateAnswered(gate="g", execution="g", node="g", option="ok"))
    await host.clock.sleep(50)

    assert host.told() == [("answered", 0), ("reminded", 40)]


async def test_the_default_answers_at_the_deadline_with_the_first_values() -> None:
    host = armed()
    host.note(gate(deadline=START + 5, default="ok", prefill={"note": "later"}))
    await host.clock.sleep(10)

    (answered,) = [event for event in host.journal if isinstance(event, GateAnswered)]
    assert (answered.option, answered.form, answered.by) == ("ok", {"note": "later"}, "deadline")


async def test_those_a_gate_is_passed_on_to_come_beside_those_asked_first() -> None:
    host = armed()
    steps = [{"after_s": 10, "assignees": ["bo"]}, {"after_s": 20, "assignees": ["cy"]}]
    host.note(gate("g", assignees=["ann"], escalate=steps))
    host.note(gate("h", escalate=steps))
    await host.clock.sleep(100)

    assert host.waits.gates["g"].assignees == ["ann", "bo", "cy"]
    assert host.waits.gates["h"].assignees is None


@pytest.mark.parametrize(
    ("due", "deadline", "fired_at", "expired"), [(10, None, 10, False), (10, 30, 10, False), (30, 10, 10, True)]
)
async def test_a_wait_fires_at_its_time_or_expires_at_its_deadline(
    due: float, deadline: float | None, fired_at: float, expired: bool
) -> None:
    host = armed()
    end = None if deadline is None else START + deadline
    host.note(TimerSet(execution="w", node="w", due=START + due, deadline=end))
    await host.clock.sleep(100)

    (fired,) = [event for event in host.journal if isinstance(event, TimerFired)]
    assert (fired.at - START, fired.expired, host.waits.waits) == (fired_at, expired, {})


@pytest.mark.parametrize(
    "end",
    [
        NodeCompleted(execution="a", node="a", attempt=1),
        NodeFailed(execution="a", node="a", attempt=1, error=Failure("tool", "tool.failed", "no")),
        NodeCancelled(execution="a", node="a", why="run"),
    ],
)
async def test_with_its_execution_everything_ends_that_it_waited_for(end: Event) -> None:
    host = armed()
    host.note(gate("a!1", "a", remind_every_s=10))
    host.note(gate("a!2", "a", deadline=START + 10))
    host.note(gate("b!1", "b", deadline=START + 20))
    host.note(TimerSet(execution="a", node="a", due=START + 10))
    host.note(end)
    await host.clock.sleep(100)

    assert host.told() == [("expired", 20)]


async def test_a_disarmed_host_lets_nothing_happen_and_says_that_nothing_is_due() -> None:
    host = armed()
    host.note(gate(remind_every_s=10))
    host.note(TimerSet(execution="w", node="w", due=START + 10))
    host.waits.disarm()
    host.note(gate("late", deadline=START + 10))
    await host.clock.sleep(100)

    assert (host.told(), host.waits.next_due()) == ([], None)


async def test_a_signal_that_is_waited_for_without_an_end_is_never_due() -> None:
    host = armed()
    host.note(TimerSet(execution="w", node="w", signal="go"))
    assert (host.waits.next_due(), list(host.waits.waits)) == (None, ["w"])


async def test_words_for_a_gate_that_is_closed_change_nothing() -> None:
    host = armed()
    host.note(GateReminded(gate="gone", execution="gone", node="gone", count=1))
    host.note(GateExpired(gate="gone", execution="gone", node="gone"))
    host.note(TimerFired(execution="gone", node="gone"))
    assert (host.waits.gates, host.waits.waits) == ({}, {})
