"""Gates that are left alone: reminders, others who may answer, and what happens at the deadline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import Graph, InputError
from engine.scheduler.events import Event, GateAnswered, GateEscalated, GateExpired, GateReminded
from tests.app.bench import Bench, engine_of
from tests.support.clock import START
from tests.support.sketch import document
from tests.support.threads import run_virtually

pytestmark = pytest.mark.anyio


def asking(text: str = "g -(ok)-> a; g -(expired)-> h", **fields: Any) -> Graph:
    """A graph that begins with the gate ``g``."""
    found = document(text)
    found["nodes"]["g"] |= fields
    return Graph.model_validate(found)


def moments(events: list[Event], kind: type[Event]) -> list[float]:
    """When events of one type happened, in seconds since the gate opened."""
    return [round(event.at - START, 3) for event in events if isinstance(event, kind)]


async def test_a_gate_reminds_until_it_is_answered(bench: Bench) -> None:
    heard: list[str] = []
    async with engine_of(bench) as engine:
        engine.on("gate.reminded", lambda run, _: heard.append(run))
        run = await engine.start(asking("g -(ok)-> a", reminder_s=10), id="r1")
        await bench.clock.sleep(35)
        await engine.answer("r1", "g", "ok")
        await run.result()
        await bench.clock.sleep(100)
        events = await run.recorded()

    assert moments(events, GateReminded) == [10, 20, 30]
    assert heard == ["r1", "r1", "r1"]


async def test_a_reminder_is_not_sent_at_the_deadline_itself(bench: Bench) -> None:
    async with engine_of(bench) as engine:
        run = await engine.start(asking(reminder_s=10, deadline_s=30))
        result = await engine.result(run.id, patience_s=1_000, deadlines=True)
        events = await run.recorded()

    assert moments(events, GateReminded) == [10, 20]
    assert moments(events, GateExpired) == [30]
    assert (result.status, bench.calls) == ("completed", ["h"])


@pytest.mark.parametrize(
    "urging", [{"deadline_s": 30}, {"reminder_s": 10}, {"escalate": [{"after_s": 5, "assignees": ["bo"]}]}]
)
async def test_whoever_waits_for_a_result_is_told_of_a_question_while_it_can_be_answered(
    bench: Bench, urging: dict[str, Any]
) -> None:
    gate = asking("g -(ok)-> a" + ("; g -(expired)-> h" if "deadline_s" in urging else ""), assignees=["ann"], **urging)
    async with engine_of(bench) as engine:
        run = await engine.start(gate, id="r1")
        result = await engine.result("r1", patience_s=60)
        assert (result.status, bench.clock.now()) == ("waiting", START)
        await engine.answer("r1", "g", "ok", by="ann")
        assert (await run.result()).status == "completed"


async def test_a_timer_beside_an_open_question_is_waited_for(bench: Bench) -> None:
    both = document("f{g,w}; g -(ok)-> a; w -> b")
    both["nodes"]["w"]["seconds"] = 20
    both["nodes"]["g"] |= {"deadline_s": 25, "default": "ok"}
    async with engine_of(bench) as engine:
        run = await engine.start(Graph.model_validate(both))
        result = await engine.result(run.id, patience_s=60)
        assert (result.status, bench.calls) == ("waiting", ["b"])


async def test_a_gate_is_passed_on_to_others_step_by_step(bench: Bench) -> None:
    steps = [{"after_s": 20, "assignees": ["boss"]}, {"after_s": 50, "assignees": ["owner"]}]
    async with engine_of(bench) as engine:
        run = await engine.start(asking("g -(ok)-> a", assignees=["ann"], escalate=steps), id="r1")
        await bench.clock.sleep(10)
        with pytest.raises(InputError, match=r"gate\.assignee"):
            await engine.answer("r1", "g", "ok", by="boss")
        await bench.clock.sleep(50)
        (gate,) = await engine.inbox()
        await engine.answer("r1", "g", "ok", by="owner")
        result = await run.result()
        events = await run.recorded()

    assert list(gate.assignees or ()) == ["ann", "boss", "owner"]
    assert moments(events, GateEscalated) == [20, 50]
    assert (result.status, bench.calls) == ("completed", ["a"])


async def test_the_default_is_taken_at_the_deadline_and_says_so(bench: Bench) -> None:
    gate = {"deadline_s": 30, "default": "no", "options": ["yes", "no"], "prefill": {"note": "{input.note}"}}
    async with engine_of(bench) as engine:
        run = await engine.start(asking("g -(yes)-> a; g -(no)-> b", **gate), {"note": "later"})
        await engine.result(run.id, patience_s=1_000, deadlines=True)
        answered = [event for event in await run.recorded() if isinstance(event, GateAnswered)]

    assert [(event.option, event.by, event.form) for event in answered] == [("no", "deadline", {"note": "later"})]
    assert bench.calls == ["b"]


def test_what_came_due_without_a_host_happens_once_when_the_run_is_taken_up(bench: Bench, tmp_path: Path) -> None:
    gate = asking(reminder_s=10, deadline_s=100, assignees=["ann"], escalate=[{"after_s": 40, "assignees": ["bo"]}])

    async def story() -> list[Event]:
        async with engine_of(bench, tmp_path / "weft.db") as engine:
            await (await engine.start(gate, id="r1")).result()
            await bench.clock.sleep(15)
        await bench.clock.sleep(60)
        async with engine_of(bench, tmp_path / "weft.db") as engine:
            run = await engine.resume("r1")
            await engine.result("r1", patience_s=1_000, deadlines=True)
            return await run.recorded()

    events = run_virtually(bench.clock, story())
    assert moments(events, GateReminded) == [10, 75, 90]
    assert [event.count for event in events if isinstance(event, GateReminded)] == [1, 2, 3]
    assert moments(events, GateEscalated) == [75]
    assert moments(events, GateExpired) == [100]
    assert bench.calls == ["h"]
