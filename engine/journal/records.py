"""The records that a journal speaks in: leases, letters, lines of lists.

Rule: a record is what was true when it was read; it does not change and knows no store. Moments are seconds since
1970.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from engine.errors import Failure
from engine.journal.projection import RunStatus, Wait
from engine.scheduler.events import EffectClaimed, EffectSettled, Event, GateOpened, Usage

Durability = Literal["full", "process", "memory"]
"""What a commit survives: a power cut, the end of the process, nothing (RUNS.md §2)."""

LEASE_TTL_S: Final = 15.0
"""How long a lease holds without being renewed (RUNS.md §2)."""

RENEW_EVERY_S: Final = 5.0
"""How often a host renews its leases (RUNS.md §2)."""

PAGE_EVENTS: Final = 500
"""Events in one page of a read; a page of big values is shorter."""


UNNAMED_KEPT_S: Final = 86_400.0
"""How long a blob or document is kept that no event names."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write one run.

    Attributes:
        run_id: the run.
        holder: the host's name, unique among all processes that use the database.
        token: counts the run's leases; an append under an older token is refused.
        until: seconds since 1970; from then on another host may take the run over.
        was_clean: the host before this one released the run in order (True for a new run).
        last_n: number of the run's last event when the lease began.
    """

    run_id: str
    holder: str
    token: int
    until: float
    was_clean: bool
    last_n: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A word to a run's host: ``kind`` is ``answer``, ``cancel``, ``signal``, …; ``body`` a JSON value."""

    id: int
    run_id: str
    kind: str
    body: Any
    at: float


class Arrivals(NamedTuple):
    """Which runs have mail newer than asked for, and the newest letter's id to ask with the next time."""

    newest: int
    run_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs to list; a field at its default does not narrow.

    Attributes:
        statuses, graph, ids: of these statuses, of this graph, among these ids.
        since: started at or after this moment.
        wake_before: with a wait that is due before this moment (timer, deadline, reminder, retry).
        is_free: no living lease at this moment.
        is_left: a lease that is over by this moment and was never given back: its host went without a word.
        before: only runs older than this cursor (``RunRow.cursor`` of the last one seen).
        limit: at most so many.
    """

    statuses: Collection[RunStatus] = ()
    graph: str | None = None
    ids: Collection[str] = ()
    since: float | None = None
    wake_before: float | None = None
    is_free: float | None = None
    is_left: float | None = None
    before: int | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as lists show it; moments in seconds since 1970.

    Attributes:
        cursor: grows with every run created; for paging.
        waiting_for: open waits, oldest first; at most ``WAITS_SHOWN``.
        input, output: JSON values, only from ``Journal.run``; None in lists.
        options: as in ``run.started``, only from ``Journal.run``; None in lists.
        parent: the run and event that it was made from, as in ``run.started``, or None.
    """

    id: str
    cursor: int
    graph: str
    graph_hash: str
    status: RunStatus
    started_at: float
    ended_at: float | None
    waiting_for: tuple[Wait, ...]
    error: Failure | None
    usage: Usage
    parent: dict[str, Any] | None
    input: Any = None
    output: Any = None
    options: dict[str, Any] | None = None


WAITS_SHOWN: Final = 100
"""So many open waits stand in one ``RunRow``; ``inbox`` pages through all gates."""


@dataclass(frozen=True, slots=True)
class OpenGate:
    """A question that waits for a person; fields as in ``GateOpened``, ``assignees`` with the escalations."""

    run_id: str
    graph: str
    gate: str
    execution: str
    node: str
    purpose: str
    prompt: str
    options: list[dict[str, Any]]
    form: Any
    prefill: dict[str, Any] | None
    assignees: tuple[str, ...] | None
    since: float
    deadline: float | None
    default: str | None
    detail: Any

    @classmethod
    def of(cls, run_id: str, graph: str, opened: GateOpened, assignees: tuple[str, ...] | None) -> OpenGate:
        """The gate that this event opened; ``assignees``: who may answer it by now."""
        return cls(
            run_id=run_id,
            graph=graph,
            gate=opened.gate,
            execution=opened.execution,
            node=opened.node,
            purpose=opened.purpose,
            prompt=opened.prompt,
            options=opened.options,
            form=opened.form,
            prefill=opened.prefill,
            assignees=assignees,
            since=opened.at,
            deadline=opened.deadline,
            default=opened.default,
            detail=opened.detail,
        )


class Recorded(NamedTuple):
    """One event of the feed over all runs; ``position`` grows in the order of the commits."""

    position: int
    run_id: str
    event: Event


@dataclass(frozen=True, slots=True)
class Span:
    """A page of the feed: positions above ``after``, ascending; without it those below ``before``, newest first."""

    after: int | None = None
    before: int | None = None
    limit: int = PAGE_EVENTS


@dataclass(frozen=True, slots=True)
class Effect:
    """What is known of one effect: who claimed it, and its outcome once ``is_settled``."""

    key: str
    execution: str
    tool: str
    args_hash: str
    effect: str
    is_settled: bool
    result: Any = None
    error: Failure | None = None

    @classmethod
    def of(cls, key: str, claimed: Event | None, settled: Event | None) -> Effect | None:
        """The effect as its last claim and what settled that tell it; None where it was never claimed."""
        if not isinstance(claimed, EffectClaimed):
            return None
        outcome = settled if isinstance(settled, EffectSettled) else None
        return cls(
            key=key,
            execution=claimed.execution,
            tool=claimed.tool,
            args_hash=claimed.args_hash,
            effect=claimed.effect,
            is_settled=outcome is not None,
            result=None if outcome is None else outcome.result,
            error=None if outcome is None else outcome.error,
        )


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes kept by their SHA-256, for instance of a file value."""

    content: bytes
    media_type: str

    @property
    def size_bytes(self) -> int:
        """How many bytes it is long."""
        return len(self.content)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a clean-up removed."""

    runs: tuple[str, ...]
    events: int
    blobs: int
    documents: int
