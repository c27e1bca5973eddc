"""Random graphs with tools of random temper, run through the facade: each ends, and its journal is as GRAPH.md says."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine import Engine, Event, Graph, GraphError, RunResult, ToolContext, ToolError, tool
from tests.support.clock import VirtualClock
from tests.support.graphs import Tastes, random_graphs
from tests.support.plain_replay import retell
from tests.support.threads import run_virtually

RUN = "random"
MOST_STEPS = 500


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


async def run_to_the_end(world: World, db: str | Path, graphs: Path, graph: Graph, given_input: Any) -> list[Event]:
    chance = Random(world.seed)
    async with Engine.open(
        db, tools=world.tools(), graphs=graphs, durability="process", clock=world.clock
    ) as engine:  # fmt: skip
        run = await engine.start(graph, given_input, id=RUN)
        for _ in range(MOST_STEPS):
            result = await run.result()
            if result.is_ended:
                return await engine.journal_of(RUN)
            await world.move(engine, result, chance)
    raise AssertionError("the run does not end")


@given(st.integers(0, 2**32), st.integers(1, 18), st.booleans(), st.integers(0, 4))
@settings(max_examples=80, deadline=None)
def test_a_random_run_ends_and_its_journal_is_what_the_plain_model_makes_of_its_facts(
    tmp_path_factory: Any, seed: int, size: int, go: bool, length: int
) -> None:
    graph, graphs = random_graphs(Random(seed), Tastes(size))
    folder: Path = tmp_path_factory.mktemp("graphs")
    graphs["inner"].save(folder / "inner.json")
    clock = VirtualClock()
    given_input = {"go": go, "list": list(range(length))}
    try:
        journal = run_virtually(clock, run_to_the_end(World(seed, clock), "memory:", folder, graph, given_input))
    except GraphError:
        assume(False)
        raise
    retell(graph, graphs, journal)
