"""A run cut off after any of its events and taken up by a new engine, as after ``kill -9`` at that moment.

Rule: the journal of the cut is made of the recorded events in their stored form, byte for byte; what the world outside
would remember (which calls had their effect, how often a call failed) follows from those events alone. A person and
whoever sends signals say the same thing every time they are asked.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine import Engine, Event, Graph, OpenGate, RunResult, ToolContext, ToolError, tool
from engine.journal.codec import decode, encode
from engine.journal.memory import MemoryJournal
from engine.model.values import as_object
from engine.scheduler.events import EffectClaimed, EffectSettled, NodeFailed, RunStarted
from tests.support.clock import VirtualClock

MOST_WORDS = 100
RUN = "r1"


class BatchedJournal(MemoryJournal):
    """A journal that notes where its batches end: a crash leaves whole batches."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[int] = [1]

    def append(self, run_id: str, events: Sequence[Event], *, letters: Sequence[int] = ()) -> asyncio.Future[None]:
        """As the base does it, and noted."""
        self.ends += [event.n for event in events[-1:]]
        return super().append(run_id, events, letters=letters)


@dataclass(slots=True)
class World:
    """The tools and what they remember.

    Attributes:
        clock: what they take their time from.
        happened: idempotency keys of the calls that had an effect here, in order.
        failures: idempotency key -> how often that call has failed so far.
    """

    clock: VirtualClock
    happened: list[str] = field(default_factory=list[str])
    failures: Counter[str] = field(default_factory=Counter[str])

    def tools(self) -> list[Any]:
        """``work`` reads, ``send`` is idempotent, ``pay`` unsafe; each takes a second and may be told to fail."""

        @tool(effect="read")
        async def work(ctx: ToolContext, value: Any = None, fails: int = 0, error: str = "transient") -> Any:
            """Work for a second."""
            return await self.done(ctx, value, fails, error)

        @tool(effect="idempotent")
        async def send(ctx: ToolContext, value: Any = None, fails: int = 0, error: str = "transient") -> Any:
            """Have an effect that may be repeated under the same key."""
            return await self.done(ctx, value, fails, error, leaves_a_mark=True)

        @tool(effect="unsafe")
        async def pay(ctx: ToolContext, value: Any = None, fails: int = 0) -> Any:
            """Have an effect that must not be repeated."""
            return await self.done(ctx, value, fails, "tool", leaves_a_mark=True)

        @tool(effect="read")
        async def jot(ctx: ToolContext, key: str, value: Any) -> Any:
            """Write to the state."""
            ctx.set_state(key, value)
            return value

        return [work, send, pay, jot]

    async def done(self, ctx: ToolContext, value: Any, fails: int, error: Any, *, leaves_a_mark: bool = False) -> Any:
        """A second's work: as often as told it fails, and nothing has happened; then it comes to ``value``."""
        await self.clock.sleep(1)
        if self.failures[ctx.idempotency_key] < fails:
            self.failures[ctx.idempotency_key] += 1
            raise ToolError("not yet", error_class=error, happened=False)
        if leaves_a_mark:
            self.happened.append(ctx.idempotency_key)
        return ctx.execution if value is None else value

    def recall(self, events: Sequence[Event]) -> None:
        """Remember the failures that these events tell of."""
        settled = Counter(e.key for e in events if isinstance(e, EffectSettled) and e.error is not None)
        failed = Counter(f"{RUN}/{e.execution}!1" for e in events if isinstance(e, NodeFailed))
        self.failures = settled | failed


@dataclass(frozen=True, slots=True)
class Story:
    """A graph to be cut, with all that it needs.

    Attributes:
        graph: the root document.
        inner: graphs that its subgraph nodes name.
        input: the run's input.
        script: the scripted models' answers.
    """

    graph: Graph
    inner: Mapping[str, Graph] = field(default_factory=dict[str, Graph])
    input: Any = None
    script: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a run came to: its result, its whole journal, what had an effect after the cut, where batches end."""

    result: RunResult
    events: list[Event]
    happened: list[str]
    ends: list[int]


async def whole(story: Story, place: Path) -> tuple[Told, dict[str, str]]:
    """The run from its start to its end without a cut, and the documents that are kept with it."""
    for name, graph in story.inner.items():
        graph.save(place / f"{name}.json")
    world, journal = World(VirtualClock()), BatchedJournal()
    async with on(journal, world, graphs=place) as engine:
        run = await engine.start(story.graph, story.input, id=RUN, answers=story.script)
        result = await brought_to_its_end(engine)
        events = await run.recorded()
    started = events[0]
    assert isinstance(started, RunStarted)
    texts = {digest: await journal.get_document(digest) for digest in started.documents.values()}
    return Told(result, events, world.happened, journal.ends), {
        digest: text for digest, text in texts.items() if text is not None
    }


async def taken_up(events: Sequence[Event], n: int, texts: Mapping[str, str], *, is_clean: bool = False) -> Told:
    """The run after a cut behind event ``n``, brought to its end by an engine that knows its journal alone."""
    before = [stored_and_read(event) for event in events[:n]]
    world = World(VirtualClock(before[-1].at))
    world.recall(before)
    journal = BatchedJournal()
    first = before[0]
    assert isinstance(first, RunStarted)
    await journal.create_run(RUN, first, holder="gone", now=first.at, documents=texts)
    if n > 1:
        await journal.append(RUN, before[1:])
    await journal.release(RUN, is_clean=is_clean)
    async with on(journal, world) as engine:
        run = await engine.resume(RUN)
        result = await brought_to_its_end(engine)
        return Told(result, await run.recorded(), world.happened, journal.ends)


@asynccontextmanager
async def on(
    journal: MemoryJournal, world: World, *, graphs: Path = Path("graphs"), tools: Sequence[Any] | None = None
) -> AsyncGenerator[Engine]:
    """An engine on this journal, with the world's tools or these."""

    async def given(place: Any, **how: Any) -> MemoryJournal:
        del place, how
        return journal

    known = world.tools() if tools is None else tools
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.app.open_journal", given)
        async with Engine.open("memory:", tools=known, clock=world.clock, graphs=graphs) as engine:
            yield engine


def stored_and_read(event: Event) -> Event:
    """The event as it comes back from disk."""
    stored = encode(event)
    return decode(event.n, event.at, stored.code, 1, stored.body, (stored.blobs or {}).__getitem__)


async def brought_to_its_end(engine: Engine) -> RunResult:
    """Answer and signal whatever the run waits for, let time pass, until it has ended."""
    for _ in range(MOST_WORDS):
        result = await engine.result(RUN)
        if result.is_ended:
            return result
        gates = await engine.inbox(run_id=RUN)
        signals = sorted({wait.signal for wait in result.waiting_for if wait.signal is not None})
        if gates:
            option, form = decision(gates[0])
            await engine.answer(RUN, gates[0].gate, option, form=form)
        elif signals:
            await engine.signal(RUN, signals[0], f"the signal {signals[0]}")
        else:
            await engine.result(RUN, patience_s=1e9, deadlines=True)
    raise AssertionError(f"the run does not end: {await engine.look(RUN)}")


def decision(gate: OpenGate) -> tuple[str, Any]:
    """What the person says: a call cut off has happened; ``revise`` on the first turn, else the first option."""
    names = [option["name"] for option in gate.options]
    if gate.purpose == "ask":
        return names[0], {"answer": "enough"}
    if gate.purpose == "effect":
        args = as_object(as_object(gate.detail)["args"])
        if "fails" in args:
            return "fail", {}
        return "happened", {"result": args.get("value") or gate.execution}
    if "revise" in names:
        return ("approve" if "@" in gate.execution else "revise"), {}
    return names[0], None


def settled_keys(events: Sequence[Event]) -> set[str]:
    """The calls that are known to have had their effect."""
    return {e.key for e in events if isinstance(e, EffectSettled) and e.error is None}


def open_keys(events: Sequence[Event]) -> set[str]:
    """The unsafe calls of which nobody knows what became."""
    settled = {e.key for e in events if isinstance(e, EffectSettled)}
    return {e.key for e in events if isinstance(e, EffectClaimed) and e.effect == "unsafe"} - settled
