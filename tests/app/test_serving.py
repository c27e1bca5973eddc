"""An engine in a process that goes on for long: places, sleep, waking, taking up."""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from engine import Engine, Graph, RunFilter, Serving, ToolContext, tool
from engine.errors import JournalError
from engine.journal.store import Recorded
from engine.runtime.admission import Admission
from engine.runtime.clock import SystemClock
from tests.support.sketch import document

pytestmark = pytest.mark.anyio


class Doors:
    """A tool that waits until it is let through."""

    def __init__(self) -> None:
        self.inside: list[str] = []
        self.most = 0
        self.open = asyncio.Event()

    def tool(self) -> Any:
        """``work``."""

        @tool(effect="read")
        async def work(ctx: ToolContext) -> str:
            """Wait at the door."""
            self.inside.append(ctx.run_id)
            self.most = max(self.most, len(self.inside))
            await self.open.wait()
            self.inside.remove(ctx.run_id)
            return ctx.run_id

        return work


def graph(text: str, name: str = "sketch") -> Graph:
    """A sketch as a graph."""
    return Graph.model_validate(document(text, name=name))


async def test_only_so_many_runs_are_at_work_and_all_come_through() -> None:
    doors = Doors()
    serving = Serving(max_running=2, max_running_per_graph=1)
    async with Engine.open("memory:", tools=[doors.tool()], serving=serving) as engine:
        runs = [await engine.start(graph("a", name), id=f"{name}-{n}") for name in ("x", "y") for n in range(3)]
        await asyncio.sleep(0)
        doors.open.set()
        results = [await run.result() for run in runs]

    assert {result.status for result in results} == {"completed"}
    assert doors.most == 2


def test_places_go_round_the_graphs() -> None:
    admission, order = Admission(most=1), list[str]()
    for run in ("x1", "x2", "x3", "y1"):
        admission.ask(run, run[0], lambda run=run: order.append(run))  # type: ignore[misc]
    assert (order, admission.waiting) == (["x1"], 3)
    for run in ("x1", "x2", "y1"):
        admission.leave(run)
    assert order == ["x1", "x2", "y1", "x3"]


async def test_a_waiting_run_is_given_back_and_wakes_for_its_answer(tmp_path: Path) -> None:
    async with Engine.open(tmp_path / "weft.db", serving=Serving()) as engine:
        run = await engine.start(graph("g -(ok)-> end"), id="r1")
        assert (await run.result()).status == "waiting"
        while not await engine.runs(RunFilter(ids=["r1"], is_free=engine.clock.now())):  # noqa: ASYNC110 - tells nobody
            await asyncio.sleep(0)

        await engine.answer("r1", "g", "ok")
        assert (await run.result()).status == "completed"


def limit_files(size_bytes: int) -> None:
    """Let this process write no file beyond this size, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, resource.RLIM_INFINITY))


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on files is Linux's")
async def test_a_run_that_a_full_disk_kept_from_being_given_back_takes_its_answer_once_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Engine.open(tmp_path / "weft.db", serving=Serving()) as engine:
        engine.on("gate.opened", lambda run_id, event: limit_files(1))
        try:
            await engine.start(graph("g -(ok)-> end"), id="r1")
            with anyio.fail_after(10):
                while "was not given back" not in caplog.text:  # noqa: ASYNC110 - a log tells nobody
                    await asyncio.sleep(0.01)
            with pytest.raises(JournalError):
                await engine.answer("r1", "g", "ok")
        finally:
            limit_files(resource.RLIM_INFINITY)

        with anyio.fail_after(10):
            await engine.answer("r1", "g", "ok")
            assert (await engine.result("r1")).status == "completed"


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on files is Linux's")
async def test_a_run_that_is_due_while_the_disk_is_full_goes_on_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.hosting.RETRY_EVERY_S", 0.1)
    soon = document("w -> end", name="soon")
    soon["nodes"]["w"] = {"kind": "wait", "seconds": 3, "to": [{"node": "end"}]}
    async with Engine.open(tmp_path / "weft.db", serving=Serving()) as engine:
        await engine.start(Graph.model_validate(soon), id="r1")
        while not await engine.runs(RunFilter(ids=["r1"], is_free=engine.clock.now())):  # noqa: ASYNC110 - tells nobody
            await asyncio.sleep(0)
        limit_files(1)
        try:
            with anyio.fail_after(30):
                while "was not taken up" not in caplog.text:  # noqa: ASYNC110 - a log tells nobody
                    await asyncio.sleep(0.01)
        finally:
            limit_files(resource.RLIM_INFINITY)
        with anyio.fail_after(10):
            seen = [type(event).__name__ async for event in engine.events("r1")]

    assert seen[-1] == "RunCompleted"


async def test_a_run_that_only_waits_is_taken_up_once_for_an_answer(tmp_path: Path) -> None:
    async with Engine.open(tmp_path / "weft.db", serving=Serving(), durability="process") as engine:
        for number in range(30):
            run = await engine.start(graph("g -(ok)-> end"), id=f"r{number}")
            while not await engine.runs(RunFilter(ids=[run.id], is_free=engine.clock.now())):  # noqa: ASYNC110
                await asyncio.sleep(0)
            await engine.answer(run.id, "g", "ok")
            kinds = [type(event).__name__ async for event in engine.events(run.id)]
            assert kinds.count("RunResumed") == 1


async def test_after_a_restart_unfinished_runs_go_on_and_waiting_ones_when_they_are_due(tmp_path: Path) -> None:
    doors = Doors()
    db = tmp_path / "weft.db"
    soon = document("w -> end", name="soon")
    soon["nodes"]["w"] = {"kind": "wait", "seconds": 0.3, "to": [{"node": "end"}]}
    async with Engine.open(db, tools=[doors.tool()], serving=Serving()) as engine:
        await engine.start(graph("a"), id="r1")
        await engine.start(Graph.model_validate(soon), id="r2")
        await engine.start(graph("g -(ok)-> end"), id="r3")
        await engine.result("r2")
    doors.open.set()
    async with Engine.open(db, tools=[doors.tool()], serving=Serving()) as engine:
        assert await engine.take_up_unfinished() == ["r1"]
        results = [await engine.result("r1")]
        async for item in engine.feed():
            if isinstance(item, Recorded) and item.run_id == "r2" and type(item.event).__name__ == "RunCompleted":
                break
        results += [await engine.look("r2"), await engine.look("r3")]

    assert [result.status for result in results] == ["completed", "completed", "waiting"]


class ClockAhead(SystemClock):
    """The machine's clock, and so many seconds more."""

    ahead_s = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s


async def test_what_a_host_left_without_a_word_is_taken_up_once_its_lease_is_over(tmp_path: Path) -> None:
    shut, doors, clock = Doors(), Doors(), ClockAhead()
    doors.open.set()
    async with Engine.open(tmp_path / "weft.db", tools=[shut.tool()], serving=Serving()) as stuck:
        await stuck.start(graph("a"), id="r1")
        async with Engine.open(tmp_path / "weft.db", tools=[doors.tool()], serving=Serving(), clock=clock) as engine:
            assert await engine.take_up_unfinished() == []
            clock.ahead_s = 16
            seen = [type(event).__name__ async for event in engine.events("r1")]

    assert seen[-1] == "RunCompleted"
    assert "RunResumed" in seen


async def test_the_feed_tells_every_event_of_all_runs_once_in_order() -> None:
    doors = Doors()
    doors.open.set()
    async with Engine.open("memory:", tools=[doors.tool()]) as engine:
        seen: list[tuple[int, str, int]] = []
        news = asyncio.Event()

        async def watch() -> None:
            async for item in engine.feed():
                if isinstance(item, Recorded):
                    seen.append((item.position, item.run_id, item.event.n))
                    news.set()

        watcher = asyncio.create_task(watch())
        for n in range(5):
            await engine.run(graph("a -> b"), id=f"r{n}")
        last = await engine.position()
        while not seen or seen[-1][0] < last:
            news.clear()
            await news.wait()
        watcher.cancel()

    assert [position for position, _, _ in seen] == sorted({position for position, _, _ in seen})
    for n in range(5):
        numbers = [number for _, run, number in seen if run == f"r{n}"]
        assert numbers == list(range(1, len(numbers) + 1))
