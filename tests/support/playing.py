"""Plays a case through the public facade on a virtual clock, and holds what came of it against what was expected.

Rule: nothing here knows how the engine works inside: runs are started, answered, signalled, cancelled and resumed as a
program would do it, and judged by their results, their journals and the book of their tools.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine import Engine, Event, Graph, GraphError, InputError, RunResult
from engine.journal.codec import to_json as event_json
from tests.support.cases import Act, Case, Expected, Look
from tests.support.clock import VirtualClock
from tests.support.scripted_tools import Book, ScriptedTool, scripted_tools

RUN = "case"
LEASE_RUNS_OUT_S = 16.0
"""After so many virtual seconds a host that is gone may be replaced (RUNS.md §2)."""


@dataclass(slots=True)
class Played:
    """What came of a case."""

    result: RunResult | None
    refusal: GraphError | None
    journal: list[Event]
    book: Book
    took_s: float = 0.0

    @property
    def events(self) -> list[dict[str, Any]]:
        """The journal as JSON objects."""
        return [event_json(event) for event in self.journal]


@dataclass(slots=True)
class Stage:
    """Where a case is played: an engine on a database, a clock, tools that do what the case says."""

    db: str | Path
    folder: Path
    tools: dict[str, ScriptedTool]
    clock: VirtualClock = field(default_factory=VirtualClock)
    book: Book = field(default_factory=Book)

    def engine(self) -> Engine:
        """A new engine, not opened yet."""
        tools = scripted_tools(self.tools, self.book, self.clock)
        return Engine.open(self.db, tools=tools, graphs=self.folder, durability="process", clock=self.clock)


class Play:
    """One run of a case."""

    def __init__(self, case: Case, given: Any, stage: Stage) -> None:
        self.case = case
        self.given = given
        self.stage = stage
        self.engine = stage.engine()
        self.abandoned: list[Engine] = []
        self.graph = Graph.load(stage.folder / "graph.json")

    async def to_the_end(self) -> Played:
        """Start the run, do what the case says, and wait until it is over (or waits, if that is expected)."""
        book = self.stage.book
        began = self.stage.clock.now()
        await self.engine.__aenter__()
        try:
            try:
                await self.engine.start(self.graph, self.given, id=RUN, pins=self.case.pins)
            except GraphError as refusal:
                return Played(None, refusal, [], book)
            for act in self.case.acts:
                if act.at_s is None:
                    await self._settle(sleeps_through_gates=False)
                else:
                    await self.stage.clock.sleep_until(began + act.at_s)
                await self._do(act)
            result = await self._settle(sleeps_through_gates=self.case.expect.status != "waiting")
            journal = await self.engine.journal_of(RUN)
            return Played(result, None, journal, book, (result.ended_at or self.stage.clock.now()) - began)
        finally:
            for engine in (self.engine, *self.abandoned):
                await engine.close()

    async def _settle(self, *, sleeps_through_gates: bool) -> RunResult:
        """Until the run is over or waits for something that no clock brings."""
        while True:
            result = await self.engine.result(RUN)
            due = [
                wait.wake
                for wait in result.waiting_for
                if wait.wake is not None and (sleeps_through_gates or wait.kind in ("retry", "timer"))
            ]
            if result.status != "waiting" or not due:
                return result
            await self.stage.clock.sleep_until(min(due))

    async def _do(self, act: Act) -> None:
        match act:
            case Act(answer=answer) if answer is not None:
                with refused(answer.refused):
                    await self.engine.answer(RUN, answer.gate, answer.option, form=answer.form, by=answer.by)
            case Act(signal=signal) if signal is not None:
                await self.engine.signal(RUN, signal.name, signal.value)
            case Act(start=code) if code is not None:
                with refused(code):
                    await self.engine.start(self.graph, self.given, id=RUN)
            case Act(look=look) if look is not None:
                await self._look(look)
            case Act(cancel=True):
                await self.engine.cancel(RUN)
            case Act(crash=True):
                await self._crash()
            case Act(reopen=True):
                await self._reopen()
            case Act(resume=True):
                await self.engine.resume(RUN)
            case _:
                raise ValueError(f"an act that says nothing: {act}")

    async def _look(self, look: Look) -> None:
        result = await self.engine.look(RUN)
        if look.status is not None:
            assert result.status == look.status
        if look.waiting_for is not None:
            assert sorted(wait.name for wait in result.waiting_for) == sorted(look.waiting_for)
        assert {name: count_calls(self.stage.book, name) for name in look.calls} == look.calls

    async def _crash(self) -> None:
        """The host does nothing any more, not even give its lease back; when that has run out another takes over."""
        self.stage.clock.freeze()
        self.abandoned.append(self.engine)
        frozen, self.stage.clock = self.stage.clock, VirtualClock(self.stage.clock.now() + LEASE_RUNS_OUT_S)
        self.stage.clock.is_busy = frozen.is_busy
        await self._take_over()

    async def _reopen(self) -> None:
        await self.engine.close()
        await self._take_over()

    async def _take_over(self) -> None:
        self.engine = self.stage.engine()
        await self.engine.__aenter__()
        await self.engine.resume(RUN)


def refused(code: str | None) -> Any:
    """A context in which an InputError of this code must be raised; None: no error."""
    if code is None:
        return _AllWell()
    return pytest.raises(InputError, match=code.replace(".", r"\."))


class _AllWell:
    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


# --- what came of it ---


def check(played: Played, expect: Expected) -> None:
    """Hold what came of a case against what was expected."""
    if expect.status == "refused":
        _check_refusal(played, expect)
        return
    assert played.refusal is None, played.refusal
    assert played.result is not None
    _check_result(played.result, expect)
    _check_order(played, expect)
    _check_book(played.book, expect)
    if expect.took_s is not None:
        assert played.took_s == pytest.approx(expect.took_s, abs=1e-6)
    if expect.within_s is not None:
        assert played.took_s <= expect.within_s


def _check_refusal(played: Played, expect: Expected) -> None:
    assert played.refusal is not None, "the run was started"
    found = [f for f in played.refusal.findings if f.code == expect.finding]
    assert found, [f.code for f in played.refusal.findings]
    assert all(name in found[0].message for name in expect.names), found[0].message


def _check_result(result: RunResult, expect: Expected) -> None:
    assert result.status == expect.status, result.error
    if "output" in expect.model_fields_set:
        assert result.output == expect.output
    if expect.error is not None:
        assert result.error is not None
        found = result.error.as_json()
        assert {key: found.get(key) for key in expect.error} == expect.error
    if expect.waiting_for is not None:
        assert sorted(wait.name for wait in result.waiting_for) == sorted(expect.waiting_for)
    for key, values in expect.sums.items():
        assert sorted(result.output[key], key=str) == sorted(values, key=str)


def _check_order(played: Played, expect: Expected) -> None:
    trace = trace_of(played)
    if expect.trace is not None:
        assert trace == expect.trace
    if expect.traces is not None:
        assert trace in expect.traces
    completed = [e["execution"].split("@")[0] for e in played.events if e["type"] == "node.completed"]
    assert {name: completed.count(name) for name in expect.completions} == expect.completions
    for first, second in expect.order:
        assert decided_at(played, first) < began_at(played, second), f"{second} began before {first} was decided"
    assert_in_order(played.events, expect.events)
    for words in expect.never:
        assert [event for event in played.events if fits(event, words)] == []


def _check_book(book: Book, expect: Expected) -> None:
    assert {name: count_calls(book, name) for name in expect.calls} == expect.calls
    assert {e: [c.value for c in book.calls if c.execution == e][-1:] for e in expect.saw} == {
        execution: [value] for execution, value in expect.saw.items()
    }
    if expect.lines is not None:
        assert book.lines == expect.lines
    cut_off = {call.execution for call in book.calls if call.was_cut_off}
    assert set(expect.cut_off) <= cut_off
    for name, (least, most) in expect.at_once.items():
        assert least <= most_at_once(book, [name]) <= most
    if expect.apart:
        assert most_at_once(book, expect.apart) == 1


def trace_of(played: Played) -> list[str]:
    """The node ids of executions that called a tool, in the order in which they completed; each item counts."""
    called = {call.execution for call in played.book.calls}
    completed = [e for e in played.events if e["type"] == "node.completed" and e["execution"] in called]
    return [event["node"].rpartition("/")[2] for event in completed]


def decided_at(played: Played, execution: str) -> int:
    """The number of the event that decided an execution."""
    decided = ("node.completed", "node.skipped", "node.cancelled", "node.failed")
    return next(int(e["n"]) for e in played.events if e["type"] in decided and e.get("execution") == execution)


def began_at(played: Played, execution: str) -> int:
    """The number of the event with which an execution began (for what the scheduler completes itself: ended)."""
    began = ("node.started", "node.completed")
    return next(int(e["n"]) for e in played.events if e["type"] in began and e.get("execution") == execution)


def assert_in_order(events: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """Every expected event stands in the journal after the one before it."""
    at = 0
    for words in expected:
        found = next((i for i in range(at, len(events)) if fits(events[i], words)), None)
        assert found is not None, f"no {words} after event {at}"
        at = found + 1


def fits(found: Any, words: Any) -> bool:
    """Whether a value says at least what the words say."""
    match found, words:
        case {**fields}, {**wanted}:
            return all(key in fields and fits(fields[key], value) for key, value in wanted.items())
        case _:
            return bool(found == words)


def node_of(execution: str) -> str:
    """The node path of an execution's name."""
    return "/".join(part.split("@")[0].split("[")[0] for part in execution.split("/"))


def count_calls(book: Book, name: str) -> int:
    """How often the tool of a node was begun."""
    return sum(node_of(call.execution) == name for call in book.calls)


def most_at_once(book: Book, names: Sequence[str]) -> int:
    """How many calls of these nodes were under way at the same time at most."""
    calls = [call for call in book.calls if node_of(call.execution) in names]
    ends = [float("inf") if call.ended is None else call.ended for call in calls]
    return max(
        (sum(c.began <= call.began < end for c, end in zip(calls, ends, strict=True)) for call in calls), default=0
    )
