"""A run as its caller holds it, and what it came to.

Rule: a handle has no state of its own; everything it tells comes from the journal and the feed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.errors import Failure
from engine.journal.projection import ENDED, RunStatus, Wait
from engine.journal.store import RunRow
from engine.runtime.feed import Volatile
from engine.scheduler.events import Event, Usage


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run came to, or what it waits for.

    Attributes:
        id, graph, graph_hash: which run, of which graph (name and SHA-256).
        status: ``running``, ``waiting``, ``completed``, ``failed`` or ``cancelled``.
        input: the run's input, defaults filled in.
        output: name -> value, once completed; else None.
        error: the run's first failure, once failed; else None.
        usage: tokens, usd (None: unknown price), seconds of work, tool calls.
        waiting_for: gates, timers, signals and retries that are open, oldest first.
        started_at, ended_at: seconds since 1970; ``ended_at`` None until it ended.
        is_simulated: no model was asked, and no tool called that changes something outside.
        parent: the run and event that it was made from, or None.
        pins: node path -> the output that stands for its work; of a gate ``{option, form, by}``.
    """

    id: str
    graph: str
    graph_hash: str
    status: RunStatus
    input: Any
    output: Any
    error: Failure | None
    usage: Usage
    waiting_for: tuple[Wait, ...]
    started_at: float
    ended_at: float | None
    is_simulated: bool = False
    parent: dict[str, Any] | None = None
    pins: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def is_ended(self) -> bool:
        """Completed, failed or cancelled."""
        return self.status in ENDED

    @classmethod
    def of(cls, row: RunRow) -> RunResult:
        """From the journal's row."""
        return cls(
            row.id,
            row.graph,
            row.graph_hash,
            row.status,
            row.input,
            row.output,
            row.error,
            row.usage,
            row.waiting_for,
            row.started_at,
            row.ended_at,
            bool((row.options or {}).get("simulate")),
            row.parent,
            (row.options or {}).get("pins", {}),
        )


class RunDesk(Protocol):
    """What a handle asks of the engine."""

    async def result(self, run_id: str) -> RunResult:
        """Wait until the run has ended or only waits."""
        ...

    async def journal_of(self, run_id: str, *, after: int = 0) -> list[Event]:
        """The events that are on disk."""
        ...

    def events(self, run_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        """The journal so far, then live, to the run's end."""
        ...

    def watch(self, run_id: str, *, after: int = 0) -> AsyncIterator[Event | Volatile]:
        """As ``events``, with the words that are never journaled in between."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """A handle on one run. ``id``: its id."""

    id: str
    desk: RunDesk

    async def result(self) -> RunResult:
        """What it came to; returns at a wait too, but not while it only waits for a moment to try something again.

        Raises:
            JournalError: the run could not be written; nothing that was not written has been felt.
        """
        return await self.desk.result(self.id)

    async def recorded(self, *, after: int = 0) -> list[Event]:
        """Its events with ``n`` > ``after`` that are on disk now."""
        return await self.desk.journal_of(self.id, after=after)

    def events(self, *, after: int = 0) -> AsyncIterator[Event]:
        """Its events with ``n`` > ``after``: the journal so far, then live, to the end of the run."""
        return self.desk.events(self.id, after=after)

    def watch(self, *, after: int = 0) -> AsyncIterator[Event | Volatile]:
        """As ``events``, with volatile words (model text, progress) in between."""
        return self.desk.watch(self.id, after=after)
