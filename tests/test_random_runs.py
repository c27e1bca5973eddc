"""Random graphs with tools of random temper, run through the facade: each ends, and its journal is as GRAPH.md says."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from engine import Engine, Event, Graph, GraphError, RunResult, ToolContext, ToolError, tool
from engine.scheduler.events import NodeCompleted
from tests.support.clock import VirtualClock
from tests.support.graphs import Tastes, random_graphs
from tests.support.plain_replay import retell
from tests.support.threads import run_virtually

RUN = "random"
MOST_STEPS = 500
LEASE_RUNS_OUT_S = 16.0
SEEDS = st.integers(0, 2**32)
SIZES = st.integers(1, 18)


class World:
    """What is outside a run: tools of random temper, and people who decide by chance."""

    def __init__(self, seed: int, clock: VirtualClock) -> None:
        self.seed = seed
        self.clock = clock
        self.calls: dict[str, int] = {}

    def tools(self) -> list[Any]:
        @tool(effect="read")
        async def work(ctx: ToolContext) -> int:
            """Take a while, then fail or return; what happens depends on the call's name and how often it was made."""
            count = self.calls[ctx.execution] = self.calls.get(ctx.execution, 0) + 1
            fate = Random(f"{self.seed} {ctx.execution} {count}")
            await self.clock.sleep(fate.choice([0, 0, 0.5, 1, 2, 60]))
            if fate.random() < 0.1:
                raise ToolError("later perhaps", code="busy", error_class="transient")
            if fate.random() < 0.03:
                raise ToolError("never", code="broken")
            return count

        return [work]

    async def move(self, engine: Engine, result: RunResult, chance: Random) -> None:
        """Bring one of the things about that the run waits for."""
        wait = chance.choice(result.waiting_for)
        if wait.kind == "gate":
            await engine.answer(RUN, wait.name, chance.choice(["yes", "no"]))
        elif wait.kind == "signal" and wait.signal is not None:
            await engine.signal(RUN, wait.signal)
        elif wait.wake is not None:
            await self.clock.sleep_until(wait.wake)


class RandomRun:
    """One run of a random graph, hosted by one engine after another.

    Args:
        world: what is outside.
        db: where the journal is kept.
        graphs: the directory of the graph ``inner``.
        crashes: how often its host is to stop in the middle without a word.
    """

    def __init__(self, world: World, db: str | Path, graphs: Path, crashes: int = 0) -> None:
        self.world = world
        self.db = db
        self.graphs = graphs
        self.crashes = crashes
        self.chance = Random(world.seed)
        self.gone: list[Engine] = []
        self.engine = self._new_engine()

    def _new_engine(self) -> Engine:
        tools, clock = self.world.tools(), self.world.clock
        return Engine.open(self.db, tools=tools, graphs=self.graphs, durability="process", clock=clock)

    async def to_the_end(self, graph: Graph, given_input: Any) -> list[Event]:
        """Run it, whatever happens; its journal."""
        await self.engine.__aenter__()
        try:
            await self.engine.start(graph, given_input, id=RUN)
            for _ in range(MOST_STEPS):
                result = await self._next_rest()
                if result is None:
                    await self._crash()
                elif result.is_ended:
                    return await self.engine.journal_of(RUN)
                else:
                    await self.world.move(self.engine, result, self.chance)
            raise AssertionError("the run does not end")
        finally:
            for engine in (self.engine, *self.gone):
                await engine.close()

    async def _next_rest(self) -> RunResult | None:
        """The run's next rest; None when its host is to stop before."""
        rest = asyncio.ensure_future(self.engine.result(RUN))
        if not self.crashes:
            return await rest
        self.crashes -= 1
        alarm = asyncio.ensure_future(self.world.clock.sleep(self.chance.choice([0, 0.25, 0.75, 1.5, 5])))
        await asyncio.wait([rest, alarm], return_when=asyncio.FIRST_COMPLETED)
        alarm.cancel()
        if rest.done():
            return rest.result()
        rest.cancel()
        return None

    async def _crash(self) -> None:
        clock = self.world.clock
        clock.freeze()
        self.gone.append(self.engine)
        self.world.clock = VirtualClock(clock.now() + LEASE_RUNS_OUT_S)
        self.world.clock.is_busy = clock.is_busy
        self.engine = self._new_engine()
        await self.engine.__aenter__()
        await self.engine.resume(RUN)


def journal_of(
    seed: int, db: str | Path, folder: Path, graph: Graph, given_input: Any, crashes: int = 0
) -> list[Event]:
    clock = VirtualClock()
    run = RandomRun(World(seed, clock), db, folder, crashes)
    try:
        return run_virtually(clock, run.to_the_end(graph, given_input))
    except GraphError:
        reject()


@given(SEEDS, SIZES, st.booleans(), st.integers(0, 4))
@settings(max_examples=80, deadline=None)
def test_a_random_run_ends_and_its_journal_is_what_the_plain_model_makes_of_its_facts(
    tmp_path_factory: pytest.TempPathFactory, seed: int, size: int, go: bool, length: int
) -> None:
    graph, graphs = random_graphs(Random(seed), Tastes(size))
    folder = tmp_path_factory.mktemp("graphs")
    graphs["inner"].save(folder / "inner.json")
    journal = journal_of(seed, "memory:", folder, graph, {"go": go, "list": list(range(length))})
    retell(graph, graphs, journal)


@given(SEEDS, SIZES, st.integers(0, 4), st.integers(1, 4))
@settings(max_examples=30, deadline=None)
def test_a_random_run_whose_hosts_die_ends_all_the_same_and_runs_nothing_twice_that_was_recorded(
    tmp_path_factory: pytest.TempPathFactory, seed: int, size: int, length: int, crashes: int
) -> None:
    graph, graphs = random_graphs(Random(seed), Tastes(size))
    folder = tmp_path_factory.mktemp("graphs")
    graphs["inner"].save(folder / "inner.json")
    journal = journal_of(seed, folder / "weft.db", folder, graph, {"go": True, "list": list(range(length))}, crashes)
    retell(graph, graphs, journal)
    completed = [
        event.execution for event in journal if isinstance(event, NodeCompleted) and "/" not in event.execution
    ]
    assert len(completed) == len(set(completed))
