"""What running costs: CPU time per node beside bare asyncio doing the same calls, and a thousand runs at once.

Prints one line of JSON per shape and durability: nodes, CPU and wall time per node in microseconds (medians), and
``times_bare``, the CPU time over that of coroutines awaited, gathered or started by hand in the same process. Try
``python -m tests.bench.host --nodes 100 --shape chain``.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from engine import Engine, Graph
from tests.bench import shapes

SHAPES = {"chain": shapes.chain, "fork": shapes.fork, "loop": shapes.loop, "dag": shapes.dag}
MANY_RUNS, MANY_NODES = 1000, 10
Timed = tuple[float, float]


async def _one() -> int:
    return 1


async def _one_after_the_other(n: int) -> None:
    total = 0
    for _ in range(n):
        total += await _one()


async def _all_at_once(n: int) -> None:
    await asyncio.gather(*(_one() for _ in range(n)))


async def _as_they_become_ready(n: int) -> None:
    """The DAG by hand: a task per node, begun when the last of its predecessors has ended."""
    after = shapes.successors(n)
    missing = [0] * n
    for targets in after:
        for target in targets:
            missing[target] += 1
    done = asyncio.get_running_loop().create_future()
    tasks: set[asyncio.Task[None]] = set()
    left = n

    async def node(i: int) -> None:
        nonlocal left
        await _one()
        for target in after[i]:
            missing[target] -= 1
            if not missing[target]:
                tasks.add(asyncio.create_task(node(target)))
        left -= 1
        if not left:
            done.set_result(None)

    tasks |= {asyncio.create_task(node(i)) for i in range(n) if not missing[i]}
    await done


BARE: dict[str, Callable[[int], Awaitable[None]]] = {
    "chain": _one_after_the_other,
    "fork": _all_at_once,
    "loop": _one_after_the_other,
    "dag": _as_they_become_ready,
}


async def timed(work: Callable[[], Awaitable[None]], *, repeats: int) -> Timed:
    """Median CPU and wall seconds; the first time, which compiles, is not counted."""
    cpu: list[float] = []
    wall: list[float] = []
    for _ in range(repeats + 1):
        gc.collect()
        cpu_before, wall_before = time.process_time(), time.perf_counter()
        await work()
        cpu.append(time.process_time() - cpu_before)
        wall.append(time.perf_counter() - wall_before)
    return statistics.median(cpu[1:]), statistics.median(wall[1:])


async def one_run(graph: Graph, where: str, *, repeats: int) -> Timed:
    """One run of a graph."""
    async with Engine.open(where) as engine:

        async def run() -> None:
            result = await engine.run(graph, {})
            if result.status != "completed":
                raise SystemExit(f"{graph.name}: {result.status} {result.error}")

        return await timed(run, repeats=repeats)


async def many_runs(where: str, *, runs: int, nodes: int, repeats: int) -> Timed:
    """So many runs of a short chain, all started before the first one is waited for."""
    graph = shapes.chain(nodes)
    async with Engine.open(where) as engine:

        async def run_all() -> None:
            begun = [await engine.start(graph, {}) for _ in range(runs)]
            for run in begun:
                if (await run.result()).status != "completed":
                    raise SystemExit(f"{run.id} is not completed")

        return await timed(run_all, repeats=repeats)


def told(shape: str, nodes: int, durability: str, found: Timed, bare_s: float | None) -> None:
    """Print one line."""
    line = {"shape": shape, "nodes": nodes, "durability": durability}
    line |= {"cpu_us": round(found[0] * 1e6 / nodes, 1), "wall_us": round(found[1] * 1e6 / nodes, 1)}
    if bare_s is not None:
        line["times_bare"] = round(found[0] / bare_s, 1)
    print(json.dumps(line))


def main() -> None:
    """Measure every shape, in memory and on disk."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--shape", choices=[*SHAPES, "runs"], action="append")
    options = parser.parse_args()
    nodes, repeats = options.nodes, options.repeats
    with tempfile.TemporaryDirectory() as directory:
        for shape in options.shape or [*SHAPES, "runs"]:
            for durability, where in (("memory", "memory:"), ("full", str(Path(directory, f"{shape}.db")))):
                if shape == "runs":
                    several = many_runs(where, runs=MANY_RUNS, nodes=MANY_NODES, repeats=1)
                    told(shape, MANY_RUNS * MANY_NODES, durability, asyncio.run(several), None)
                    continue
                bare = BARE[shape]

                async def by_hand(work: Callable[[int], Awaitable[None]] = bare) -> None:
                    await work(nodes)

                bare_s, _ = asyncio.run(timed(by_hand, repeats=4 * repeats))
                found = asyncio.run(one_run(SHAPES[shape](nodes), where, repeats=repeats))
                told(shape, nodes, durability, found, bare_s)


if __name__ == "__main__":
    main()
