"""The long trials of the server: ``python -m tests.soak.server``, some minutes on two cores.

What ``tests/server/acceptance`` does with small numbers is done here with those of the plan; ``--only`` picks a part.
Prints one line per part, and what was wrong; the exit code says whether anything was.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio

from tests.soak import graphs
from tests.soak.crowd import Crowd, meet
from tests.soak.killing import survive
from tests.soak.probing import furnish, probe
from tests.soak.saving import quarrel
from tests.soak.serving import Served

Trial = Callable[[Path, argparse.Namespace], Awaitable[tuple[str, list[str]]]]


async def crowd(place: Path, options: argparse.Namespace) -> tuple[str, list[str]]:
    """Many runs at once, many readers; several rounds with other chances."""
    served, faults, told = Served(place), list[str](), list[str]()
    served.put(graphs.mixed())
    async with served:
        for seed in range(1, options.rounds + 1):
            outcome = await meet(served, Crowd("mixed", runs=options.runs, readers=options.readers, seed=seed))
            faults += outcome.faults
            told.append(f"{outcome.seen} events on {outcome.connections} lines in {outcome.took_s:.1f} s")
    return f"{options.runs} runs, {options.readers} readers: " + "; ".join(told), faults


async def kills(place: Path, options: argparse.Namespace) -> tuple[str, list[str]]:
    """The server killed in the middle; after the last three kills the leases of the dead run out by themselves."""
    served, nodes = Served(place, tools=graphs.TOOLS), 6 * options.kills
    served.put(graphs.stamped(nodes))
    crowd = Crowd("stamped", runs=options.runs // 8, readers=options.readers)
    async with served:
        survival = await survive(served, crowd, nodes=nodes, kills=options.kills, patient=min(3, options.kills))
    faults = survival.crowd.faults + survival.faults
    if survival.kills < options.kills:
        faults.append(f"the runs were over after {survival.kills} kills")
    told = f"{survival.kills} kills, {crowd.runs} runs, {survival.executions} executions, {survival.marks} marks"
    return f"{told}, {survival.crowd.took_s:.0f} s", faults


async def saves(place: Path, options: argparse.Namespace) -> tuple[str, list[str]]:
    """Two people, one graph, random schedules."""
    served = Served(place)
    served.put(graphs.chain(3))
    async with served, served.client() as client:
        tally = await quarrel(client, "chain", schedules=options.schedules)
    return f"{options.schedules} schedules: {len(tally.saves)} saved, {tally.refused} refused", tally.faults


async def probes(place: Path, options: argparse.Namespace) -> tuple[str, list[str]]:
    """Schemathesis, all its phases."""
    served = Served(place)
    furnish(served)
    async with served:
        found = await probe(served, examples=options.examples, phases=("coverage", "fuzzing", "stateful"))
    last = found.report.rstrip().rpartition("\n")[2].strip("= ")
    return f"schemathesis: {last}", [] if found.is_well else [found.report]


TRIALS: dict[str, Trial] = {"crowd": crowd, "kills": kills, "saves": saves, "probes": probes}


def main() -> int:
    """Do what was asked for; 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", choices=TRIALS, action="append")
    parser.add_argument("--rounds", type=int, default=5, help="of the crowd")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--schedules", type=int, default=10_000)
    parser.add_argument("--examples", type=int, default=100, help="for each operation")
    options = parser.parse_args()
    is_well = True
    for name in options.only or TRIALS:
        with tempfile.TemporaryDirectory() as place:
            began = time.monotonic()
            told, faults = anyio.run(TRIALS[name], Path(place), options)
        is_well = is_well and not faults
        print(f"{'FAULT' if faults else 'ok   '} {name} ({time.monotonic() - began:.0f} s): {told}", flush=True)
        for fault in faults[:20]:
            print(f"      {fault}", flush=True)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
