"""The server killed in the middle, again and again: every run ends right, no effect happens after it was settled.

Rule: a kill comes after a number of marks that chance chose, so that it falls anywhere; but every run has moved on
before, since a node during which the process died three times in a row is given up as what kills it. A mark left
outside is held against the journal: an execution leaves at most one mark per attempt, and none after its settlement is
on disk.
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
import orjson

from tests.soak.crowd import Crowd, Outcome, meet, run_ids
from tests.soak.readers import frames_of
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


async def survive(served: Served, crowd: Crowd, *, nodes: int, kills: int, patient: int = 0) -> Survival:
    """Run a crowd of runs that leave marks while the server is killed so many times, and judge.

    Args:
        served: a running server with ``graphs.TOOLS``.
        crowd: of runs of ``graphs.stamped(nodes)``.
        nodes: how many marks each run leaves.
        kills: how often the server is killed.
        patient: after so many of the kills, the last ones, the leases of the dead run out by themselves (15 s); after
            the others they are ended by hand.
    """
    killed = 0
    chance = random.Random(crowd.seed)
    outcomes = list[Outcome]()

    async def strike() -> None:
        nonlocal killed
        for number in range(kills):
            before, more = Counter(mark.run for mark in marks_in(served.place)), chance.randrange(crowd.runs)
            while not _all_moved_on(served.place, before, more, run_ids(crowd), nodes):
                if outcomes:
                    return
                await anyio.sleep(0.005)  # nobody tells of a new line in a file
            await served.kill()
            killed += 1
            if number < kills - patient:
                served.end_leases()
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


def _all_moved_on(place: Path, before: Counter[str], more: int, runs: list[str], nodes: int) -> bool:
    """Whether every run that is not over has left two marks since ``before``, and all together ``more`` besides."""
    marks = marks_in(place)
    now, done = Counter(mark.run for mark in marks), Counter(run for run, _ in {(m.run, m.execution) for m in marks})
    under_way = [run for run in runs if done[run] < nodes]
    needed = 2 * len(under_way) + more
    return all(now[run] >= before[run] + 2 for run in under_way) and now.total() - before.total() >= needed


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
    async with client.stream("GET", f"/api/runs/{run}/events") as answer:
        return [orjson.loads(data) async for id, _, data in frames_of(answer.aiter_raw()) if id is not None]


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
