"""Commit before it is felt: nothing happens outside, and nobody is told anything, that the disk does not know."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine import Event, JournalError, ToolContext, tool
from engine.errors import LeaseLost
from engine.journal.memory import MemoryJournal
from engine.scheduler.events import EffectClaimed, NodeCompleted
from tests.app.test_resume_at_every_point import AGENT_SCRIPT, story
from tests.support.clock import VirtualClock
from tests.support.cutting import RUN, World, brought_to_its_end, on, taken_up

pytestmark = pytest.mark.anyio


class SlowDisk(MemoryJournal):
    """A journal whose commits take a second each, or fail when told to.

    Attributes:
        clock: whose second.
        known: the events that are on disk.
        failure: what the next commit fails with.
    """

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self.clock = clock
        self.known: list[Event] = []
        self.failure: JournalError | None = None
        self.tasks: set[asyncio.Task[None]] = set()

    def append(self, run_id: str, events: Sequence[Event], *, letters: Sequence[int] = ()) -> asyncio.Future[None]:
        """Hand over; the future ends a second later."""
        task = asyncio.ensure_future(self._commit(run_id, list(events), letters, asyncio.gather(*self.tasks)))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def _commit(
        self, run_id: str, events: list[Event], letters: Sequence[int], earlier: asyncio.Future[list[None]]
    ) -> None:
        await earlier
        await self.clock.sleep(1)
        if self.failure is not None:
            raise self.failure
        await super().append(run_id, events, letters=letters)
        self.known += events

    @property
    def last_n(self) -> int:
        """Number of the last event on disk; the first one is written with the run."""
        return self.known[-1].n if self.known else 1


def watched(journal: SlowDisk) -> list[Any]:
    """Tools with an effect that look into the journal when they are called."""

    def look(ctx: ToolContext) -> str:
        claims = [e.key for e in journal.known if isinstance(e, EffectClaimed)]
        assert ctx.idempotency_key in claims, f"{ctx.idempotency_key} begins before its claim is on disk"
        return ctx.execution

    @tool(effect="idempotent")
    async def send(ctx: ToolContext, value: Any = None, fails: int = 0) -> Any:
        """Have an effect."""
        del value, fails
        return look(ctx)

    @tool(effect="unsafe")
    async def pay(ctx: ToolContext, value: Any = None) -> Any:
        """Have an effect that must not be repeated."""
        del value
        return look(ctx)

    @tool(effect="read")
    async def work(ctx: ToolContext, value: Any = None) -> Any:
        """Have no effect."""
        del value
        return ctx.execution

    return [send, pay, work]


STORIES = {
    "a chain": story("a -> b -> c", nodes={"a": {"tool": "send"}, "b": {"tool": "pay"}}),
    "branches": story("f{a,b,c}; a,b,c -> j -> d", nodes={n: {"tool": "pay"} for n in "abd"} | {"c": {"tool": "send"}}),
    "items in a subgraph": story(
        "s[each=input.list] -> z", inner="p -> q", inside={"p": {"tool": "pay"}}, input={"list": [1, 2]}
    ),
    "an agent": story(
        "boss",
        nodes={
            "boss": {
                "kind": "agent",
                "tool": None,
                "model": "scripted:boss",
                "plan": True,
                "reflect": True,
                "tools": ["work", {"tool": "send", "requires_confirmation": True}, "pay", "human.ask", "agent:helper"],
                "agents": {"helper": {"description": "helps", "model": "scripted:helper", "tools": ["send"]}},
            }
        },
        script=AGENT_SCRIPT,
    ),
}


@pytest.mark.parametrize("name", STORIES)
async def test_an_effect_begins_when_its_claim_is_on_disk_and_nothing_is_told_before(name: str, tmp_path: Path) -> None:
    told = STORIES[name]
    for graph in told.inner.values():
        graph.save(tmp_path / f"{graph.name}.json")
    clock = VirtualClock()
    journal = SlowDisk(clock)
    early: list[Event] = []

    def hear(run_id: str, event: Event) -> None:
        del run_id
        if event.n > journal.last_n:
            early.append(event)

    async with on(journal, World(clock), graphs=tmp_path, tools=watched(journal)) as engine:
        engine.on("*", hear)
        await engine.start(told.graph, told.input, id=RUN, answers=told.script)
        result = await brought_to_its_end(engine)

    assert (result.status, result.error, early) == ("completed", None, [])


async def test_a_chain_without_effects_does_not_wait_for_the_disk() -> None:
    clock = VirtualClock()
    journal = SlowDisk(clock)
    async with on(journal, World(clock), tools=watched(journal)) as engine:
        began = clock.now()
        await engine.run(story(" -> ".join("abcdehik")).graph, id=RUN)
        assert clock.now() - began <= 2


@pytest.mark.parametrize("failure", [LeaseLost("another has it"), JournalError("full", code="journal.full")])
async def test_a_host_that_cannot_write_stops_and_lets_nothing_happen(failure: JournalError) -> None:
    clock = VirtualClock()
    journal, world = SlowDisk(clock), World(clock)
    told = story("a -> b -> c -> d", nodes={"c": {"tool": "pay"}, "d": {"tool": "send"}})
    async with on(journal, world) as engine:
        run = await engine.start(told.graph, id=RUN)
        async for event in run.events():
            if isinstance(event, NodeCompleted) and event.execution == "a":
                journal.failure = failure
                break
        with pytest.raises(type(failure)):
            await run.result()
    assert world.happened == []

    written = await journal.read_page(RUN)
    texts = {told.graph.hash: told.graph.dumps()}
    after = await taken_up(written, len(written), texts)
    assert (after.result.status, after.happened) == ("completed", ["r1/c!1", "r1/d!1"])
