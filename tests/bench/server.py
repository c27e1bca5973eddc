"""The server as its users meet it, over HTTP from another process: ``python -m tests.bench.server``.

Rule: every number stands beside that of a bare Starlette route, asked by the same client in the same round, so that a
busy machine shows in both. A round's number is the 95th percentile of its requests; what is printed is the median of
the rounds. Aims are those of the plan, for a machine of one's own.
"""

from __future__ import annotations

import argparse
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx2
import orjson

from tests.bench import shapes
from tests.bench.lint import flow
from tests.soak import graphs
from tests.soak.readers import ENDS, Note, Reader
from tests.soak.serving import ROOT, Served, none_running, until

Ask = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Figure:
    """One line of the table.

    Attributes:
        what: is measured.
        aim: of the plan.
        unit: of all numbers of the line.
        weft, bare: a number per round.
        cpu: of weft's process, ms a request, per round; steadier than the clock where others are at work too.
    """

    what: str
    aim: float
    unit: str
    weft: list[float] = field(default_factory=list[float])
    bare: list[float] = field(default_factory=list[float])
    cpu: list[float] = field(default_factory=list[float])

    @property
    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        columns = (self.weft, self.bare, self.cpu)
        told = [f"{statistics.median(numbers):,.1f}" if numbers else "-" for numbers in columns]
        return self.what, f"{self.aim:,.1f}", self.unit, *told


@dataclass(frozen=True, slots=True)
class Both:
    """Clients of the two servers."""

    served: Served
    weft: httpx2.AsyncClient
    bare: httpx2.AsyncClient


async def timed_ms(ask: Ask) -> float:
    """How long one request takes."""
    before = time.perf_counter()
    await ask()
    return (time.perf_counter() - before) * 1e3


def p95(numbers: list[float]) -> float:
    """The 95th percentile: the smallest number that 95 % are not above."""
    return sorted(numbers)[math.ceil(len(numbers) * 0.95) - 1]


async def alternate(figure: Figure, both: Both, weft: Ask, bare: Ask, *, rounds: int, requests: int) -> Figure:
    """Ask both, in turns, after one request each that is not counted."""
    await weft()
    await bare()
    for _ in range(rounds):
        cpu_s = both.served.cpu_s()
        figure.weft.append(p95([await timed_ms(weft) for _ in range(requests)]))
        figure.cpu.append((both.served.cpu_s() - cpu_s) * 1e3 / requests)
        figure.bare.append(p95([await timed_ms(bare) for _ in range(requests)]))
    return figure


# --- what is measured ---


async def measure_editing(
    both: Both, shape: str, document: dict[str, Any], *, rounds: int, requests: int
) -> list[Figure]:
    """Save and validate one graph; every save is another document."""
    path, nodes = f"/api/graphs/{document['name']}", len(document["nodes"])
    etag, number = (await both.weft.get(path)).headers["etag"], 0

    def body() -> bytes:
        nonlocal number
        number += 1
        return orjson.dumps({**document, "description": f"version {number}"})

    async def save() -> None:
        nonlocal etag
        headers = {"if-match": etag, "content-type": "application/json"}
        etag = checked(await both.weft.put(path, content=body(), headers=headers)).headers["etag"]

    async def validate() -> None:
        headers = {"content-type": "application/json"}
        checked(await both.weft.post(f"{path}/validate", content=body(), headers=headers))

    async def echo() -> None:
        checked(await both.bare.put("/echo", content=body()))

    run = partial(alternate, both=both, bare=echo, rounds=rounds, requests=requests)
    return [
        await run(Figure(f"save, {shape} of {nodes:,} nodes, p95", 50, "ms"), weft=save),
        await run(Figure(f"validate, {shape} of {nodes:,} nodes, p95", 50, "ms"), weft=validate),
    ]


async def measure_first_byte(both: Both, nodes: int, *, rounds: int, requests: int) -> Figure:
    """From the request to the first event of a run of so many nodes that has ended."""
    await finished(both.weft, "chain", "first-byte")

    async def first(client: httpx2.AsyncClient, path: str) -> None:
        async with client.stream("GET", path) as answer:
            async for piece in answer.aiter_raw():
                if b"id: " in piece:
                    return

    figure = Figure(f"first event of a stream, run of {nodes:,} nodes, p95", 100, "ms")
    weft, bare = partial(first, both.weft, "/api/runs/first-byte/events"), partial(first, both.bare, "/stream")
    return await alternate(figure, both, weft, bare, rounds=rounds, requests=requests)


async def measure_runs(both: Both, *, runs: int, rounds: int) -> Figure:
    """From the first request to the end of the last run, as the feed tells it."""
    figure = Figure(f"{runs:,} runs of 10 nodes through HTTP", 4 * runs / 1000, "s")
    for number in range(rounds):
        ids = {f"bench{number}-{i}" for i in range(runs)}
        before = time.perf_counter()
        async with anyio.create_task_group() as group:
            after = (await both.weft.get("/api/runs?limit=1")).json()["position"]
            group.start_soon(until_ended, both.weft, set(ids), after)
            await many(both.weft, "/api/runs", [{"graph": "ten", "id": run} for run in ids])
        figure.weft.append(time.perf_counter() - before)
        before = time.perf_counter()
        await many(both.bare, "/echo", [{"graph": "ten", "id": run} for run in ids])
        figure.bare.append(time.perf_counter() - before)
    return figure


async def measure_waiting(served: Served, *, runs: int, seconds: float) -> list[Figure]:
    """What runs cost that only wait for a person, in a server that was started anew with them."""
    async with served.client(timeout_s=120.0) as client:
        await many(client, "/api/runs", [{"graph": "gated", "id": f"waits-{i}"} for i in range(runs)])
        await until(partial(none_running, client), every_s=0.1)
    figures = [
        Figure(f"memory with {runs:,} waiting runs", 300, "MB"),
        Figure(f"processor over {seconds:.0f} s with {runs:,} waiting runs", 2, "% of a core"),
        Figure(f"memory with {runs:,} waiting runs, after a restart", 300, "MB"),
        Figure(f"processor over {seconds:.0f} s with {runs:,} waiting runs, after a restart", 2, "% of a core"),
    ]
    for place in (0, 2):
        if place:
            await served.stop()
            await served.start()
            await until(partial(is_ready, served))
        cpu_s, began = served.cpu_s(), time.perf_counter()
        await anyio.sleep(seconds)
        figures[place].weft.append(served.resident_bytes() / 1e6)
        figures[place + 1].weft.append(100 * (served.cpu_s() - cpu_s) / (time.perf_counter() - began))
    return figures


# --- inside ---


def checked(answer: httpx2.Response) -> httpx2.Response:
    """The answer, if it is a good one."""
    if answer.status_code >= 300:
        raise SystemExit(f"{answer.request.url}: {answer.status_code} {answer.text[:500]}")
    return answer


async def many(client: httpx2.AsyncClient, path: str, bodies: list[dict[str, Any]], *, at_once: int = 16) -> None:
    """Post all bodies, so many at once."""
    waiting = iter(bodies)

    async def post() -> None:
        for body in waiting:
            checked(await client.post(path, json=body))

    async with anyio.create_task_group() as group:
        for _ in range(at_once):
            group.start_soon(post)


async def until_ended(client: httpx2.AsyncClient, ids: set[str], after: int) -> None:
    """Return when the feed over all runs has told the end of each."""

    def is_enough(note: Note) -> bool:
        if note.type in ENDS:
            ids.discard(note.run)
        return not ids

    reader = Reader("/api/events", None, "steady", seed=0, seen=[Note(after, "", 0, "")])
    await reader.read(client, is_enough)


async def finished(client: httpx2.AsyncClient, graph: str, run: str) -> None:
    """Start a run and wait for its end."""
    after = (await client.get("/api/runs?limit=1")).json()["position"]
    checked(await client.post("/api/runs", json={"graph": graph, "id": run}))
    await until_ended(client, {run}, after)


async def is_ready(served: Served) -> bool:
    """Whether unfinished runs have been taken up."""
    async with served.client() as client:
        return (await client.get("/readyz")).status_code == 200


@asynccontextmanager
async def both_servers(place: Path, nodes: int) -> AsyncGenerator[Both]:
    """Both servers, weft and the bare route, each in a process of its own."""
    served = Served(place)
    for graph in (shapes.chain(nodes), flow(nodes)):
        served.put(orjson.loads(graph.dumps()))
    served.put(graphs.chain(10, name="ten"))
    served.put(graphs.gated())
    command = [sys.executable, "-m", "tests.bench.bare"]
    process = await anyio.open_process(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=None)
    if process.stdout is None:
        raise SystemExit("the bare server has no output")
    try:
        port = int(await process.stdout.receive())
        async with (
            served,
            served.client(timeout_s=60.0) as weft,
            httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60.0, trust_env=False) as bare,
        ):
            yield Both(served, weft, bare)
    finally:
        process.kill()
        await process.wait()


def table(figures: list[Figure]) -> str:
    """The figures in columns."""
    rows = [("", "aim", "", "weft", "bare", "cpu ms"), *(figure.cells for figure in figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)


async def measure(options: argparse.Namespace) -> list[Figure]:
    """Everything that was asked for."""
    figures = list[Figure]()
    repeats = {"rounds": options.rounds, "requests": options.requests}
    with tempfile.TemporaryDirectory() as place:
        async with both_servers(Path(place), options.nodes) as both:
            for shape in (shapes.chain, flow):
                document = orjson.loads(shape(options.nodes).dumps())
                figures += await measure_editing(both, document["name"], document, **repeats)
            figures.append(await measure_first_byte(both, options.nodes, **repeats))
            figures.append(await measure_runs(both, runs=options.runs, rounds=options.rounds))
            if options.waiting:
                figures += await measure_waiting(both.served, runs=options.waiting, seconds=options.seconds)
    return figures


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--nodes", type=int, default=1000, help="size of the graphs that are edited")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=20, help="of each kind in a round")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--waiting", type=int, default=10_000, help="runs that wait; 0 leaves this out")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long waiting runs are watched")
    print(table(anyio.run(measure, parser.parse_args())))


if __name__ == "__main__":
    main()
