"""The server killed in the middle, again and again: every run ends right, no effect happens after it was settled.

Rule: a kill comes after a number of marks that chance chose, so that it falls anywhere. A mark left outside is held
against the journal: an execution leaves at most one mark per attempt, and none after its settlement is on disk.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import anyio
import httpx2

from tests.soak.crowd import Crowd, Outcome, meet, run_ids
from tests.soak.serving import Served

CLOCKS_DIFFER_S = 0.002
"""The journal tells moments in whole milliseconds."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One line that the tool wrote: whose, and when (seconds since 1970)."""

    run: str
    execution: str
    key: str
    at: float


@dataclass(slots=True)
class Survival:
    """What came of it.

    Attributes:
        crowd: of the runs and their readers.
        faults: what is wrong with the marks.
        kills: how often the server was killed while runs were at work.
        marks, executions: how many marks, left by how many executions.
    """

    crowd: Outcome
    faults: list[str]
    kills: int
    marks: int
    executions: int


async def survive(served: Served, crowd: Crowd, *, nodes: int, kills: int) -> Survival:
    """Run a crowd of ``stamped`` runs while the server is killed so many times, and judge."""
    killed = 0
    chance = random.Random(crowd.seed)
    every = max(1, crowd.runs * nodes // (kills + 1))
    outcomes = list[Outcome]()

    async def strike() -> None:
        nonlocal killed
        for number in range(kills):
            due = every * number + chance.randrange(1, every + 1)
            while (len(marks_in(served.place))) < due and not outcomes:
                await anyio.sleep(0.005)
            if outcomes:
                return
            await served.kill()
            killed += 1
            await served.start()

    async def go() -> None:
        outcomes.append(await meet(served, crowd))

    async with anyio.create_task_group() as group:
        group.start_soon(go)
        group.start_soon(strike)
    marks = marks_in(served.place)
    async with served.client() as client:
        faults = [fault for run in run_ids(crowd) for fault in await _faults(client, run, marks, nodes)]
    return Survival(outcomes[0], faults, killed, len(marks), len({(mark.run, mark.execution) for mark in marks}))


def marks_in(place: Path) -> list[Mark]:
    """Every mark so far; a line that is being written is left out."""
    file = place / "effects.txt"
    lines = file.read_text().splitlines() if file.exists() else []
    fields = [line.split(" ") for line in lines]
    return [Mark(run, execution, key, float(at)) for run, execution, key, at in (f for f in fields if len(f) == 4)]


async def _faults(client: httpx2.AsyncClient, run: str, marks: list[Mark], nodes: int) -> list[str]:
    events = await events_of(client, run)
    own = [mark for mark in marks if mark.run == run]
    attempts = Counter(event["execution"] for event in events if event["type"] == "node.started")
    settled = {event["key"]: _moment(event["at"]) for event in events if event["type"] == "effect.settled"}
    claimed = {event["key"] for event in events if event["type"] == "effect.claimed"}
    completed = Counter(event["node"] for event in events if event["type"] == "node.completed")
    faults = [f"{execution} completed {count} times" for execution, count in completed.items() if count != 1]
    faults += [f"{len(completed)} nodes completed instead of {nodes}"] if len(completed) != nodes else []
    for execution, count in Counter(mark.execution for mark in own).items():
        if count > attempts[execution]:
            faults.append(f"{execution} left {count} marks in {attempts[execution]} attempts")
    for mark in own:
        if mark.key not in claimed:
            faults.append(f"{mark.execution} left a mark without a claim")
        if mark.at > settled.get(mark.key, mark.at) + CLOCKS_DIFFER_S:
            faults.append(f"{mark.execution} left a mark after it was settled")
    return [f"{run}: {fault}" for fault in faults]


async def events_of(client: httpx2.AsyncClient, run: str) -> list[dict[str, Any]]:
    """A run's journal as JSON, after its end."""
    import orjson

    from tests.soak.readers import frames_of

    async with client.stream("GET", f"/api/runs/{run}/events") as answer:
        return [orjson.loads(data) async for id, _, data in frames_of(answer.aiter_raw()) if id is not None]


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
