"""Random runs that fail, are cancelled and are resumed: no effect happens twice unasked, no model is asked twice."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from engine import Engine, Event, Graph, GraphError, InputError, OpenGate, ToolContext, ToolError, tool
from engine.model.values import as_object
from engine.scheduler.events import EffectClaimed, EffectSettled, ModelAnswered, NodeCompleted
from tests.support.clock import VirtualClock
from tests.support.graphs import random_graphs

RUN = "r1"
MOST_MOVES = 60
TOOLS = ("work", "send", "pay")


@dataclass
class World:
    """What is outside a run.

    Attributes:
        begun, done: idempotency key -> how often that call was begun here, and had its effect.
        excused: keys of calls that a person said had failed, or were to be made again.
    """

    chance: Random
    clock: VirtualClock = field(default_factory=VirtualClock)
    begun: Counter[str] = field(default_factory=Counter[str])
    done: Counter[str] = field(default_factory=Counter[str])
    excused: set[str] = field(default_factory=set[str])

    def tools(self) -> list[Any]:
        """One tool of each effect."""

        @tool(effect="read")
        async def work(ctx: ToolContext, x: int = 0) -> int:
            """Work."""
            return await self.act(ctx, x)

        @tool(effect="idempotent")
        async def send(ctx: ToolContext, x: int = 0) -> int:
            """Send."""
            return await self.act(ctx, x)

        @tool(effect="unsafe")
        async def pay(ctx: ToolContext, x: int = 0) -> int:
            """Pay."""
            return await self.act(ctx, x)

        return [work, send, pay]

    async def act(self, ctx: ToolContext, x: int) -> int:
        """Take a while, then fail without a trace, or have an effect and take a while more before anybody knows."""
        key = ctx.idempotency_key
        self.begun[key] += 1
        await self.clock.sleep(self.chance.choice([0, 0.5, 1, 3]))
        if self.chance.random() < 0.15:
            kind = self.chance.choice(["tool", "fatal", "transient"])
            raise ToolError("not now", code="broken", error_class=kind, happened=False)  # type: ignore[arg-type]
        self.done[key] += 1
        await self.clock.sleep(self.chance.choice([0, 0.5]))
        return x

    def decided(self, gate: OpenGate) -> tuple[str, Any]:
        """What a person says."""
        option = str(self.chance.choice(gate.options)["name"])
        if gate.purpose == "effect":
            if option != "happened":
                self.excused.add(str(as_object(gate.detail)["key"]))
            return option, {"result": 1} if option == "happened" else {}
        return option, {"answer": "so"} if gate.purpose == "ask" else None


def with_effects(graph: Graph, chance: Random) -> Graph:
    """The graph with tools of every effect, and agents, in the place of its tools."""
    found = json.loads(graph.dumps())
    for node in found["nodes"].values():
        if node["kind"] != "tool":
            continue
        node["tool"] = chance.choice([*TOOLS, "agent", "agent"])
        if node["tool"] == "agent":
            node.pop("args", None)
            del node["tool"]
            node |= {"kind": "agent", "model": "scripted:m", "prompt": "Go", "tools": [*TOOLS, "human.ask"]}
        elif node["tool"] == "pay":
            node.pop("retry", None)
            node.pop("cache", None)
    return Graph.model_validate(found)


def script(chance: Random) -> dict[str, Any]:
    """A turn of a few rounds of calls, perhaps with a question in between."""
    steps: list[Any] = []
    for _ in range(chance.randint(1, 4)):
        wanted = [
            {"tool": chance.choice(TOOLS), "args": {"x": chance.randint(0, 999)}} for _ in range(chance.randint(1, 3))
        ]
        steps.append({"tools": wanted})
    if chance.random() < 0.3:
        steps.insert(chance.randint(0, len(steps)), {"tool": "human.ask", "args": {"question": "How?"}})
    return {"m": [{"steps": [*steps, {"text": "done"}]}]}


async def played(graph: Graph, place: Path, world: World) -> list[Event]:
    """The run, cancelled and resumed by chance, until it is completed or has had enough."""
    chance = world.chance
    async with Engine.open("memory:", tools=world.tools(), clock=world.clock, graphs=place) as engine:
        given_input = {"go": chance.random() < 0.5, "list": [1, 2, 3], "x": 1}
        try:
            await engine.start(graph, given_input, id=RUN, answers=script(chance))
        except (GraphError, InputError):
            reject()
        for _ in range(MOST_MOVES):
            if chance.random() < 0.15:
                await world.clock.sleep(chance.choice([0.25, 0.75, 1.5]))
                if (await engine.look(RUN)).status in ("running", "waiting"):
                    await engine.cancel(RUN)
            result = await engine.result(RUN)
            if result.status == "completed":
                break
            if result.is_ended:
                await engine.resume(RUN)
            elif result.waiting_for:
                await move(engine, world, chance.choice(result.waiting_for))
        return await engine.journal_of(RUN)


async def move(engine: Engine, world: World, wait: Any) -> None:
    """Bring about what is waited for."""
    if wait.kind == "gate":
        (gate,) = [one for one in await engine.inbox(run_id=RUN) if one.gate == wait.name]
        option, form = world.decided(gate)
        await engine.answer(RUN, wait.name, option, form=form)
    elif wait.kind == "signal":
        await engine.signal(RUN, wait.signal)
    elif wait.wake is not None:
        await world.clock.sleep_until(wait.wake)


def repeated(events: list[Event], world: World) -> list[str]:
    """What happened more often than it may."""
    failed = Counter(e.key for e in events if isinstance(e, EffectSettled) and e.error is not None)
    settled = Counter(e.key for e in events if isinstance(e, EffectSettled) and e.error is None)
    unsafe = {e.key for e in events if isinstance(e, EffectClaimed) and e.effect == "unsafe"} - world.excused
    # Inside a subgraph that is tried again nodes complete and models answer anew; effects do not.
    outside = [e for e in events if "/" not in getattr(e, "execution", "/")]
    completed = Counter(e.execution for e in outside if isinstance(e, NodeCompleted))
    answered = Counter((e.execution, e.step) for e in outside if isinstance(e, ModelAnswered))
    return [
        *(f"{key} had its effect twice" for key in unsafe if world.done[key] > 1),
        *(f"{key} was begun again" for key in unsafe if world.begun[key] > 1 + failed[key]),
        *(f"{key} was settled twice" for key, count in settled.items() if count > 1),
        *(f"{execution} completed twice" for execution, count in completed.items() if count > 1),
        *(f"step {step} of {execution} was asked twice" for (execution, step), count in answered.items() if count > 1),
    ]


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_whatever_ends_a_run_and_takes_it_up_again_nothing_is_repeated(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chance = Random(seed)
    place = tmp_path_factory.mktemp("graphs")
    graph, inner = random_graphs(chance)
    for name, one in inner.items():
        with_effects(one, chance).save(place / f"{name}.json")
        (place / f"{name}.scripted.json").write_text(json.dumps(script(chance)))
    world = World(chance)
    events = asyncio.run(played(with_effects(graph, chance), place, world))
    assert repeated(events, world) == []
