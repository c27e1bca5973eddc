"""The page of a run while it goes on: from an event to what is seen of it, and a flood of them.

Rule: the events are those of real runs. The flood is one that was executed before, written again into the server's
database at a fixed rate, as another process that shares the database would; so the rate is known, and the engine's own
speed is no part of it.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NamedTuple

import anyio
import orjson

from engine import Engine, Graph
from engine.journal import open_journal
from engine.scheduler.events import Event, RunStarted
from tests.bench.browser import Looked, percentile
from tests.soak.serving import Served, start_run

EVERY_S: Final = 0.01
"""How often the next events are written."""
LOOKED_AT_S: Final = 4.0
"""How long a flood is looked at."""
BRANCHES: Final = 18

Document = dict[str, Any]


class Row(NamedTuple):
    """One line of the table."""

    what: str
    aim: str
    value: float


# --- from event to pixel ---


def pixels_graph() -> Document:
    """Four branches of ten nodes that each wait for a moment: some 25 events a second."""
    nodes: Document = {"split": {"kind": "parallel-fork", "to": [{"node": f"w{b}0"} for b in range(4)]}}
    for branch in range(4):
        for step in range(10):
            to = f"w{branch}{step + 1}" if step < 9 else "meet"
            seconds = 0.23 + 0.03 * ((branch * 7 + step * 3) % 5)
            nodes[f"w{branch}{step}"] = {"kind": "wait", "seconds": seconds, "to": [{"node": to}]}
    nodes["meet"] = {"kind": "join"}
    return {
        "format": "weft/1",
        "name": "pixels",
        "nodes": {"ready": {"kind": "wait", "signal": "go", "to": [{"node": "split"}]}, **nodes},
    }


async def measure_pixels(look: Looked, served: Served, options: argparse.Namespace) -> tuple[str, list[Row]]:
    """An ordinary run: from the moment that its journal names to the frame in which a node stands there as done."""
    del options
    async with served.client() as client:
        await start_run(client, "pixels", "pixels")
        await opened(look, "pixels")
        before = await look.main_ms()
        began = time.perf_counter()
        (await client.post("/api/runs/pixels/signals/go", json={})).raise_for_status()
        await look.page.locator("#node-meet.status-completed").wait_for()
        spent, lasted = await look.main_ms() - before, time.perf_counter() - began
        events = await journal(client, "pixels")
    shown = await look.ask("() => bench.shown")
    done = {f"node-{e['node']}": moment_ms(e["at"]) for e in events if e["type"] == "node.completed"}
    delays = [shown[node] - at for node, at in done.items() if node in shown]
    return f"an ordinary run, {len(events) / lasted:.0f} events a second", [
        Row("event to pixel, p50 ms", "-", percentile(delays, 0.5)),
        Row("event to pixel, p95 ms", "150", percentile(delays, 0.95)),
        Row("nodes seen as done", f"{len(done)}", len(delays)),
        Row("main thread, % of a core", "-", spent / lasted / 10),
    ]


def moment_ms(text: str) -> float:
    """Milliseconds since 1970."""
    return datetime.fromisoformat(text).timestamp() * 1e3


# --- the flood ---


def wide(nodes: int, *, rounds: int) -> Document:
    """A loop of about so many nodes: fork, branches and join, again and again; it goes round so often."""
    layers = max(1, nodes // (BRANCHES + 2))
    graph: Document = {}
    for layer in range(layers):
        graph[f"f{layer}"] = {"kind": "parallel-fork", "to": [{"node": f"n{layer}x{b}"} for b in range(BRANCHES)]}
        for b in range(BRANCHES):
            work = {"kind": "tool", "tool": "value.set", "args": {"value": b}, "to": [{"node": f"j{layer}"}]}
            graph[f"n{layer}x{b}"] = work
        after = f"f{layer + 1}" if layer + 1 < layers else "again"
        graph[f"j{layer}"] = {"kind": "join", "to": [{"node": after}]}
    ways = [{"on": "repeat", "node": "f0"}, {"on": "done", "node": "over"}]
    graph["again"] = {"kind": "loop-back", "max_iterations": rounds, "on_limit": "exit", "to": ways}
    graph["over"] = {"kind": "end"}
    return {"format": "weft/1", "name": "wide", "nodes": graph}


async def measure_flood(look: Looked, served: Served, options: argparse.Namespace) -> tuple[str, list[Row]]:
    """A run of many nodes at a high rate, all of it in view."""
    graph = Graph.loads((served.place / "graphs" / "wide.json").read_bytes())
    events = await executed(graph)
    store = await open_journal(served.place / "weft.db", durability="process")
    try:
        started = events[0]
        assert isinstance(started, RunStarted)
        now = time.time()
        await store.create_run(
            "flood", replace(started, at=now), holder="bench", now=now, ttl_s=600, documents={graph.hash: graph.dumps()}
        )
        await opened(look, "flood")
        rows = list[Row]()
        async with anyio.create_task_group() as group:
            group.start_soon(write, store, events[1:], options.rate)
            await anyio.sleep(1.0)
            rows += await looked_at(look)
        async with served.client() as client:
            count = len(await journal(client, "flood"))
        await look.page.locator(f".scrubber input[max='{count}']").wait_for()
        known = int(await look.ask("() => document.querySelector('.scrubber input').max"))
    finally:
        await store.close()
    rows.append(Row("events lost", "0", count - known))
    rows.append(Row("events", "-", count))
    return f"a run of {len(graph.nodes):,} nodes at {options.rate:,.0f} events a second", rows


async def looked_at(look: Looked) -> list[Row]:
    """What it costs to look on for a while."""
    length = "() => Number(document.querySelector('.scrubber input').max)"
    first, paints, began = await look.ask(length), await look.ask("() => bench.paints"), time.perf_counter()
    async with look.costing() as cost:
        await anyio.sleep(LOOKED_AT_S)
    lasted = time.perf_counter() - began
    paints = await look.ask("() => bench.paints") - paints
    return [
        Row("events taken in, a second", "5,000", (await look.ask(length) - first) / lasted),
        Row("paints a second", "at most 10", paints / lasted),
        Row("main thread, % of a core", "-", cost.main_ms / lasted / 10),
        Row("main thread, ms a paint", "-", cost.main_ms / max(1, paints)),
        Row("frames, p50 ms", "-", percentile(cost.frames_ms, 0.5)),
        Row("frames, p95 ms", "50", percentile(cost.frames_ms, 0.95)),
    ]


async def executed(graph: Graph) -> list[Event]:
    """Every event of a run of a graph, executed here and now, kept nowhere."""
    async with Engine.open("memory:") as engine:
        run = await engine.start(graph, {}, id="wide")
        await run.result()
        return await engine.journal_of("wide")


async def write(store: Any, events: Sequence[Event], rate: float) -> None:
    """Write events at a rate, each with the moment at which it is written."""
    began, written = time.perf_counter(), 0
    while written < len(events):
        due = min(len(events), math.ceil((time.perf_counter() - began) * rate))
        for event in events[written:due]:
            event.at = time.time()
        if due > written:
            store.append("flood", events[written:due])
            await store.wait_for_room()
        written = due
        await anyio.sleep(EVERY_S)


# --- both ---


async def opened(look: Looked, run: str) -> None:
    """Open a run's page, and look at its picture from then on."""
    await look.open(f"/runs/{run}")
    await look.page.locator(".run-canvas svg g.node").first.wait_for()
    await look.settled()
    await look.ask("() => bench.watch()")


async def journal(client: Any, run: str) -> list[Document]:
    """Every event of a run that has ended."""
    async with client.stream("GET", f"/api/runs/{run}/events") as answer:
        lines = [line async for line in answer.aiter_lines()]
    return [
        orjson.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ") and '"type"' in line
    ]
