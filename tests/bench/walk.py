"""The engine's own cost per node: ``make bench``, or ``python -m tests.bench.walk --nodes 100``.

Prints one line of JSON per shape and durability: nodes, CPU and wall time per node in microseconds (medians).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import statistics
import tempfile
import time
from pathlib import Path

from engine import Engine, Graph
from tests.bench import shapes

SHAPES = {"chain": shapes.chain, "fork": shapes.fork, "loop": shapes.loop, "dag": shapes.dag}


async def measure(graph: Graph, where: str, *, repeats: int) -> tuple[float, float]:
    """Median CPU and wall seconds of one run; the first run, which compiles, is not counted."""
    cpu: list[float] = []
    wall: list[float] = []
    async with Engine.open(where) as engine:
        for _ in range(repeats + 1):
            gc.collect()
            cpu_before, wall_before = time.process_time(), time.perf_counter()
            result = await engine.run(graph, {})
            cpu.append(time.process_time() - cpu_before)
            wall.append(time.perf_counter() - wall_before)
            if result.status != "completed":
                raise SystemExit(f"{graph.name}: {result.status} {result.error}")
    return statistics.median(cpu[1:]), statistics.median(wall[1:])


def main() -> None:
    """Measure every shape, in memory and on disk."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--shape", choices=SHAPES, action="append")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        for shape in options.shape or SHAPES:
            for durability, where in (("memory", "memory:"), ("full", str(Path(directory, f"{shape}.db")))):
                graph = SHAPES[shape](options.nodes)
                cpu_s, wall_s = asyncio.run(measure(graph, where, repeats=options.repeats))
                microseconds = {"cpu_us": cpu_s * 1e6 / options.nodes, "wall_us": wall_s * 1e6 / options.nodes}
                rounded = {name: round(value, 1) for name, value in microseconds.items()}
                print(json.dumps({"shape": shape, "nodes": options.nodes, "durability": durability} | rounded))


if __name__ == "__main__":
    main()
