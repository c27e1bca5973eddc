"""Many runs at once with many readers: every reader sees every event once, in order.

Rule: nothing is judged by what the readers agree on among themselves, but by the journal as the server tells it to
somebody who comes when all is over.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import anyio
import httpx2

from tests.soak.readers import ENDS, MANNERS, Note, Reader, faults_of_all, faults_of_run
from tests.soak.serving import Served, start_surely

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Crowd:
    """What is done.

    Attributes:
        graph: name of the graph that every run is of.
        runs: how many, all started at once.
        readers: how many; every fifth reads all runs, the others one run each.
        seed: of ids and chances.
    """

    graph: str
    runs: int
    readers: int
    seed: int = 1


@dataclass(slots=True)
class Outcome:
    """What came of it.

    Attributes:
        faults: what is wrong; empty when all is well.
        events: how many there are in all journals.
        seen: how many events were seen by all readers together.
        connections: how often they connected.
        took_s: seconds until the last reader was content.
    """

    faults: list[str]
    events: int
    seen: int
    connections: int
    took_s: float


def run_ids(crowd: Crowd) -> list[str]:
    """The ids of its runs."""
    return [f"crowd{crowd.seed}-{i}" for i in range(crowd.runs)]


def readers_of(crowd: Crowd) -> list[Reader]:
    """Its readers: manners go round, every fifth reads the feed over all runs."""
    chance, ids = random.Random(crowd.seed), run_ids(crowd)
    readers = list[Reader]()
    for i in range(crowd.readers):
        run = None if i % 5 == 0 else chance.choice(ids)
        path = "/api/events" if run is None else f"/api/runs/{run}/events"
        readers.append(Reader(path, run, MANNERS[i % len(MANNERS)], seed=crowd.seed * 1000 + i))
    return readers


async def meet(served: Served, crowd: Crowd) -> Outcome:
    """Start all runs at once with all readers, wait until every reader has seen the end, and judge."""
    ids, readers = run_ids(crowd), readers_of(crowd)
    began = anyio.current_time()
    async with served.client(timeout_s=60.0) as client, anyio.create_task_group() as group:
        for reader in readers:
            group.start_soon(_read, reader, client, frozenset(ids))
        for run in ids:
            group.start_soon(start_surely, client, crowd.graph, run)
    took_s = anyio.current_time() - began
    async with served.client() as client:
        journals = {run: await journal(client, run) for run in ids}
    return _judged(readers, journals, took_s)


def _judged(readers: list[Reader], journals: dict[str, list[Note]], took_s: float) -> Outcome:
    expected = {run: len(notes) for run, notes in journals.items()}
    faults = [f"{run}: {fault}" for run, notes in journals.items() for fault in faults_of_run(notes)]
    faults += [
        f"{run} ended as {notes[-1].type}" for run, notes in journals.items() if notes[-1].type != "run.completed"
    ]
    for number, reader in enumerate(readers):
        found = faults_of_all(reader.seen, expected) if reader.run is None else faults_of_run(reader.seen)
        if reader.run is not None and len(reader.seen) != expected[reader.run]:
            found.append(f"{len(reader.seen)} of {expected[reader.run]} events")
        faults += [f"reader {number} ({reader.manner}) of {reader.path}: {fault}" for fault in found]
    seen = sum(len(reader.seen) for reader in readers)
    return Outcome(faults, sum(expected.values()), seen, sum(reader.connections for reader in readers), took_s)


async def _read(reader: Reader, client: httpx2.AsyncClient, ids: frozenset[str]) -> None:
    """Let one reader read to the end of what it reads; a run that is not there yet is asked for again."""
    open_runs = set(ids)

    def is_enough(note: Note) -> bool:
        if note.type in ENDS:
            open_runs.discard(note.run)
        return note.type in ENDS if reader.run is not None else not open_runs

    if reader.run is not None:
        await _until_there(client, reader.run)
    await reader.read(client, is_enough)


async def _until_there(client: httpx2.AsyncClient, run: str) -> None:
    while True:
        try:
            if (await client.get(f"/api/runs/{run}")).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        await anyio.sleep(0.02)


async def journal(client: httpx2.AsyncClient, run: str) -> list[Note]:
    """A run's whole journal, read in one go after its end."""
    reader = Reader(f"/api/runs/{run}/events", run, "steady", seed=0)
    await reader.read(client, lambda note: note.type in ENDS)
    return reader.seen
