"""The journal that keeps nothing: the events themselves in lists, for as long as the process lives.

Rule: the same contract as on disk, at the price of a list. Events are kept as the objects they are (nobody changes an
event once it has its number) and folded or encoded only when somebody asks. As there is only this one process, a
lease is never taken over: its holder has to give it back.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from engine.errors import EngineBug
from engine.journal.codec import encode, hash_of
from engine.journal.projection import RunStatus, RunView
from engine.journal.records import (
    LEASE_TTL_S,
    PAGE_EVENTS,
    UNNAMED_KEPT_S,
    WAITS_SHOWN,
    Arrivals,
    Blob,
    Effect,
    Lease,
    Letter,
    OpenGate,
    Pruned,
    Recorded,
    RunFilter,
    RunRow,
    Span,
)
from engine.journal.refusals import check_new_run, lease_lost, run_elsewhere, run_exists, run_unknown
from engine.scheduler.events import Event, GateEvent, GateOpened, RunCompleted, RunStarted


@dataclass(slots=True, eq=False)
class _Run:
    """A run and what was folded of it so far."""

    id: str
    cursor: int
    started: RunStarted
    events: list[Event]
    token: int = 0
    lease: Lease | None = None
    is_clean: bool = True
    letters: list[Letter] = field(default_factory=list[Letter])
    view: RunView = field(default_factory=RunView)
    folded: int = 0
    effects: dict[str, tuple[int | None, int | None]] = field(default_factory=dict[str, tuple[int | None, int | None]])

    def fold(self) -> RunView:
        """The view of all events; O(events since the last call)."""
        for event in self.events[self.folded :]:
            self.view.apply(event)
        self.folded = len(self.events)
        for key, (claimed_n, settled_n) in self.view.take_changes().effects.items():
            before = self.effects.get(key, (None, None))[0]
            self.effects[key] = (before if claimed_n is None else claimed_n, settled_n)
        return self.view

    def event(self, n: int | None) -> Event | None:
        """The event with this number; None for None."""
        return None if n is None else self.events[n - 1]


class _Stretch(NamedTuple):
    """Events ``first`` to ``last`` (numbers) of a run, standing at ``position`` and after in the feed over all runs."""

    position: int
    run: _Run
    first: int
    last: int


class MemoryJournal:
    """See ``store.Journal`` for every method."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}
        self._created = 0
        self._stretches: list[_Stretch] = []
        self._position = 0
        self._letters = 0
        self._blobs: dict[str, tuple[Blob, float]] = {}
        self._documents: dict[str, tuple[str, float]] = {}
        self._cache: dict[str, tuple[Any, float]] = {}
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._done.set_result(None)

    @property
    def durability(self) -> Literal["memory"]:
        """Nothing is kept."""
        return "memory"

    async def close(self) -> None:
        """Nothing to write, nothing to close."""

    def _known(self, run_id: str) -> _Run:
        run = self._runs.get(run_id)
        if run is None:
            raise run_unknown(run_id)
        return run

    # --- writing a run ---

    async def create_run(
        self,
        run_id: str,
        started: RunStarted,
        *,
        holder: str,
        now: float,
        ttl_s: float = LEASE_TTL_S,
        documents: Mapping[str, str] | None = None,
    ) -> Lease:
        """Make a run; see the protocol."""
        check_new_run(run_id, started)
        if run_id in self._runs:
            raise run_exists(run_id)
        for digest, text in (documents or {}).items():
            self._documents.setdefault(digest, (text, now))
        self._created += 1
        run = self._runs[run_id] = _Run(run_id, self._created, started, [])
        lease = self._give(run, holder, now + ttl_s)
        self.append(run_id, [started])
        return replace(lease, last_n=1)

    def append(self, run_id: str, events: Sequence[Event], *, letters: Sequence[int] = ()) -> asyncio.Future[None]:
        """Take events in; the future has ended. See the protocol."""
        run = self._runs.get(run_id)
        if run is None or run.lease is None:
            refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            refused.set_exception(lease_lost(run_id))
            return refused
        if events:
            kept = run.events
            first, last = len(kept) + 1, len(kept) + len(events)
            if events[0].n != first or events[-1].n != last:
                raise EngineBug(f"event {events[0].n} of run {run_id} was handed over where {first} is next")
            kept.extend(events)
            self._stretches.append(_Stretch(self._position + 1, run, first, last))
            self._position += len(events)
        if letters:
            run.letters = [letter for letter in run.letters if letter.id not in letters]
        return self._done

    @property
    def is_congested(self) -> bool:
        """Never: nothing waits."""
        return False

    async def wait_for_room(self) -> None:
        """There is always room."""

    # --- leases ---

    def _give(self, run: _Run, holder: str, until: float) -> Lease:
        run.token += 1
        run.lease = Lease(run.id, holder, run.token, until, run.is_clean, len(run.events))
        return run.lease

    async def acquire(self, run_id: str, *, holder: str, now: float, ttl_s: float = LEASE_TTL_S) -> Lease:
        """Take a lease; see the protocol."""
        run = self._known(run_id)
        if run.lease is not None:
            raise run_elsewhere(run_id, run.lease.holder)
        return self._give(run, holder, now + ttl_s)

    async def holder(self, run_id: str, *, now: float) -> str | None:
        """Who holds a lease; see the protocol."""
        lease = self._known(run_id).lease
        return lease.holder if lease is not None and lease.until > now else None

    async def renew(self, run_ids: Sequence[str], *, now: float, ttl_s: float = LEASE_TTL_S) -> list[str]:
        """Prolong leases; see the protocol."""
        lost: list[str] = []
        for run_id in run_ids:
            run = self._runs.get(run_id)
            if run is None or run.lease is None:
                lost.append(run_id)
            else:
                run.lease = replace(run.lease, until=now + ttl_s)
        return lost

    async def release(self, run_id: str, *, is_clean: bool = True, with_mail: bool = False) -> bool:
        """Give a lease back; see the protocol."""
        run = self._runs.get(run_id)
        if run is None or run.lease is None:
            return True
        if run.letters and not with_mail:
            return False
        run.lease, run.is_clean = None, is_clean
        return True

    # --- mail ---

    async def post(self, run_id: str, kind: str, body: Any, *, at: float) -> int:
        """Put a letter into a run's mail; see the protocol."""
        run = self._known(run_id)
        self._letters += 1
        run.letters.append(Letter(self._letters, run_id, kind, body, at))
        return self._letters

    async def mail(self, run_id: str) -> list[Letter]:
        """The run's letters; see the protocol."""
        return list(self._known(run_id).letters)

    async def withdraw(self, run_id: str, letter: int) -> bool:
        """Take a letter back; see the protocol."""
        run = self._known(run_id)
        kept = [waiting for waiting in run.letters if waiting.id != letter]
        is_there = len(kept) < len(run.letters)
        run.letters = kept
        return is_there

    async def arrivals(self, after: int = 0) -> Arrivals:
        """Which runs have new mail; see the protocol."""
        if self._letters <= after:
            return Arrivals(after, frozenset())
        new = [letter for run in self._runs.values() for letter in run.letters if letter.id > after]
        return Arrivals(max((letter.id for letter in new), default=after), frozenset(x.run_id for x in new))

    # --- reading ---

    async def read(self, run_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        """The run's events as they stand at the first step; see the protocol."""
        for event in self._known(run_id).events[after:]:
            yield event

    async def read_page(self, run_id: str, *, after: int = 0, limit: int = PAGE_EVENTS) -> list[Event]:
        """A page of the run's events; see the protocol."""
        return self._known(run_id).events[after : after + limit]

    async def read_all(self, *, after: int = 0, limit: int = PAGE_EVENTS) -> list[Recorded]:
        """A page of all runs' events; see the protocol."""
        page: list[Recorded] = []
        # The stretch that begins at or before the wanted position may hold it.
        index = max(bisect_right(self._stretches, after + 1, key=lambda stretch: stretch.position) - 1, 0)
        for position, run, first, last in self._stretches[index:]:
            for n in range(first, last + 1):
                if position + n - first > after:
                    page.append(Recorded(position + n - first, run.id, run.events[n - 1]))
                if len(page) == limit:
                    return page
        return page

    async def position(self) -> int:
        """The newest position; see the protocol."""
        return self._position

    async def runs(self, which: RunFilter | None = None) -> list[RunRow]:
        """Runs, newest first; see the protocol."""
        which = which or RunFilter()
        found: list[RunRow] = []
        for run in sorted(self._runs.values(), key=lambda run: -run.cursor):
            if len(found) == which.limit:
                break
            if _is_wanted(run, which):
                found.append(_row(run))
        return found

    async def run(self, run_id: str) -> RunRow:
        """One run; see the protocol."""
        run = self._known(run_id)
        ended = run.event(run.fold().summary.ended_n)
        output = ended.output if isinstance(ended, RunCompleted) else None
        return replace(_row(run), input=run.started.input, output=output, options=run.started.options)

    async def inbox(self, *, run_id: str | None = None, after: tuple[float, str, str] | None = None) -> list[OpenGate]:
        """Open gates; see the protocol."""
        wanted = self._runs.values() if run_id is None else [self._known(run_id)]
        gates = [gate for run in wanted for gate in _open_gates(run)]
        gates.sort(key=_age)
        return [gate for gate in gates if after is None or _age(gate) > after][:PAGE_EVENTS]

    async def gate_events(
        self, kinds: Collection[type[GateEvent]], span: Span, *, run_id: str | None = None
    ) -> list[Recorded]:
        """What happened to gates; see the protocol."""
        run = None if run_id is None else self._known(run_id)
        found = [
            Recorded(position + n - first, of.id, of.events[n - 1])
            for position, of, first, last in self._stretches
            for n in range(first, last + 1)
            if (run is None or of is run) and type(of.events[n - 1]) in kinds
        ]
        if span.after is not None:
            found = [recorded for recorded in found if recorded.position > span.after]
        else:
            found.reverse()
        return [r for r in found if span.before is None or r.position < span.before][: span.limit]

    async def gate(self, run_id: str, gate: str) -> OpenGate | None:
        """One open gate; see the protocol."""
        return next((found for found in _open_gates(self._known(run_id)) if found.gate == gate), None)

    async def effect(self, run_id: str, key: str) -> Effect | None:
        """What is recorded of an effect; see the protocol."""
        run = self._known(run_id)
        run.fold()
        claimed_n, settled_n = run.effects.get(key, (None, None))
        return Effect.of(key, run.event(claimed_n), run.event(settled_n))

    # --- values beside the journal ---

    async def put_blob(self, content: bytes, *, media_type: str, now: float) -> str:
        """Keep bytes by their hash; see the protocol."""
        digest = hash_of(content)
        kept, _ = self._blobs.get(digest, (Blob(content, media_type), now))
        self._blobs[digest] = (kept, now)
        return digest

    async def get_blob(self, digest: str) -> Blob | None:
        """Bytes by their hash; see the protocol."""
        kept = self._blobs.get(digest)
        return None if kept is None else kept[0]

    async def put_document(self, digest: str, text: str, *, now: float) -> None:
        """Keep a document; see the protocol."""
        kept, _ = self._documents.get(digest, (text, now))
        self._documents[digest] = (kept, now)

    async def get_document(self, digest: str) -> str | None:
        """A document by its hash; see the protocol."""
        kept = self._documents.get(digest)
        return None if kept is None else kept[0]

    async def cache_get(self, key: str, *, now: float) -> tuple[Any] | None:
        """A kept result; see the protocol."""
        kept = self._cache.get(key)
        return None if kept is None or kept[1] <= now else (kept[0],)

    async def cache_put(self, key: str, value: Any, *, expires_at: float) -> None:
        """Keep a result; see the protocol."""
        self._cache[key] = (value, expires_at)

    # --- keeping house ---

    async def delete_run(self, run_id: str, *, now: float) -> None:
        """Remove a run; see the protocol."""
        run = self._known(run_id)
        if run.lease is not None and run.lease.until > now:
            raise run_elsewhere(run_id, run.lease.holder)
        del self._runs[run_id]
        self._stretches = [stretch for stretch in self._stretches if stretch.run is not run]

    async def prune(
        self,
        *,
        now: float,
        before: float | None = None,
        statuses: Collection[RunStatus] = ("completed", "failed", "cancelled"),
        ids: Collection[str] = (),
    ) -> Pruned:
        """Remove runs and what nobody needs; see the protocol."""
        which = RunFilter(statuses=statuses, ids=ids, is_free=now)
        gone = [run for run in self._runs.values() if _is_wanted(run, which) and _is_before(run, before)]
        for run in gone:
            await self.delete_run(run.id, now=now)
        named = {digest for run in self._runs.values() for digest in _named(run)}
        blobs = _unnamed(self._blobs, named, now)
        documents = _unnamed(self._documents, named, now)
        for digest in blobs:
            del self._blobs[digest]
        for digest in documents:
            del self._documents[digest]
        self._cache = {key: kept for key, kept in self._cache.items() if kept[1] > now}
        events = sum(len(run.events) for run in gone)
        return Pruned(tuple(run.id for run in gone), events, len(blobs), len(documents))

    async def vacuum(self) -> None:
        """There is nothing to give back."""

    async def rebuild_projections(self) -> None:
        """Fold everything anew; see the protocol."""
        for run in self._runs.values():
            run.view, run.folded = RunView(), 0
            run.effects.clear()


def _row(run: _Run) -> RunRow:
    view = run.fold()
    summary, started = view.summary, run.started
    return RunRow(
        id=run.id,
        cursor=run.cursor,
        graph=started.graph,
        graph_hash=started.graph_hash,
        status=summary.status,
        started_at=started.at,
        ended_at=summary.ended_at,
        waiting_for=tuple(sorted(view.waits.values(), key=lambda wait: wait.n)[:WAITS_SHOWN]),
        error=summary.error,
        usage=summary.usage,
        parent=started.parent,
    )


def _is_wanted(run: _Run, which: RunFilter) -> bool:
    view = run.fold()
    wakes = [wait.wake for wait in view.waits.values() if wait.wake is not None]
    return (
        (not which.statuses or view.summary.status in which.statuses)
        and (not which.ids or run.id in which.ids)
        and which.graph in {None, run.started.graph}
        and (which.since is None or run.started.at >= which.since)
        and (which.before is None or run.cursor < which.before)
        and (which.wake_before is None or min(wakes, default=which.wake_before) < which.wake_before)
        and (which.is_free is None or run.lease is None or run.lease.until <= which.is_free)
        and (which.is_left is None or (run.lease is not None and run.lease.until <= which.is_left))
    )


def _is_before(run: _Run, moment: float | None) -> bool:
    ended_at = run.fold().summary.ended_at
    return moment is None or (run.started.at if ended_at is None else ended_at) < moment


def _open_gates(run: _Run) -> list[OpenGate]:
    found: list[OpenGate] = []
    for wait in run.fold().waits.values():
        opened = run.events[wait.n - 1]
        if isinstance(opened, GateOpened):
            found.append(OpenGate.of(run.id, run.started.graph, opened, wait.assignees))
    return found


def _age(gate: OpenGate) -> tuple[float, str, str]:
    return (gate.since, gate.run_id, gate.gate)


def _named(run: _Run) -> set[str]:
    """Every hash that the run's events name; O(events), as each is encoded for it."""
    named = set(run.started.documents.values())
    for event in run.events:
        named |= encode(event).refs or set()
    return named


def _unnamed(kept: Mapping[str, tuple[Any, float]], named: set[str], now: float) -> list[str]:
    return [digest for digest, (_, at) in kept.items() if digest not in named and at < now - UNNAMED_KEPT_S]
