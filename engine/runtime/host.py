"""The host of one run: inbox → apply → write → act → commit → publish.

Rule: this is the only writer of the run's journal and the only user of its scheduler. Everybody else drops a fact with
``post``. A fact is applied, numbered and handed to the journal in one go; what has no effect outside begins at once;
what has one waits for the disk (``NodeContext.committed``); nobody is told anything before it is committed.

Theory of operation: nothing drives a run from outside. Whoever drops a fact applies it on the spot, with all that
follows from it, and begins what became ready. ``scribe.py`` writes, ``clerk.py`` answers what needs no work,
``workers.py`` carries out what does, ``waits.py`` knows when gates and waits are due.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.errors import NodeError, WeftError
from engine.journal.projection import ENDED
from engine.model.graph import Graph
from engine.runtime.accounts import scope_of
from engine.runtime.clerk import Clerk
from engine.runtime.feed import Volatile
from engine.runtime.outcomes import Outcomes
from engine.runtime.recollection import Recollection
from engine.runtime.scribe import Scribe
from engine.runtime.steps import Steps
from engine.runtime.surroundings import RunSettings, Surroundings
from engine.runtime.waits import Waits
from engine.runtime.workers import Workers
from engine.scheduler.commands import Cancel, Command, Conclude, Continue, EndScope, Evaluate, GiveUp, Start
from engine.scheduler.events import (
    EffectClaimed,
    EffectSettled,
    Event,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeStarted,
    RunStarted,
)
from engine.scheduler.scheduler import Scheduler


@dataclass(frozen=True, slots=True)
class _Written:
    """A fact that is in the journal already and only has to be applied."""

    event: RunStarted


class Host:
    """Runs one run in this process.

    Args:
        run: the run's id.
        scheduler: its walk, fresh or replayed.
        around: what all hosts share.
        settings: what belongs to this run alone.

    Attributes:
        failure: what stopped it against its will, or None.
        on_rest: called when the run has ended or only waits, and all of it is on disk.
        on_fall: called once when something stopped it against its will.
    """

    def __init__(self, run: str, scheduler: Scheduler, around: Surroundings, settings: RunSettings) -> None:
        self.run = run
        self.scheduler = scheduler
        self.around = around
        self.failure: WeftError | None = None
        self.on_rest: Callable[[Host], None] = _nobody
        self.on_fall: Callable[[Host], None] = _nobody
        self.waits = Waits(around.timers, around.clock, self.post)
        self.scribe = Scribe(run, around.journal, around.clock, on_written=self._on_written, on_refused=self.fall)
        outcomes = Outcomes(scheduler, around.executors, around.clock, settings.seed)
        self._settings = settings
        self._steps = Steps()
        self._clerk = Clerk(run, scheduler, around, settings, outcomes)
        self._workers = Workers(self, around, settings, clerk=self._clerk, outcomes=outcomes, steps=self._steps)
        self._idle_watchers: list[asyncio.Future[None]] = []
        self._sleepers: list[asyncio.Future[None]] = []
        self._agenda: deque[Event | Command | _Written] = deque()
        self._void: set[str] = set()
        self._is_applying = False
        self._is_stopped = False

    # -- words from outside ------------------------------------------------------------------------------------------

    def begin(self, started: RunStarted) -> None:
        """Begin a run whose first event has been written already."""
        if self._is_stopped:
            return
        self.scribe.go_on_from(started.n)
        self.waits.arm()
        self._agenda.append(_Written(started))
        self._drain()
        self._workers.begin()
        self.around.publish(self.run, [started])

    def recall(self, events: Sequence[Event], missing: Sequence[Event] = ()) -> None:
        """Fold the journal of an earlier host in.

        Args:
            events: the journal; the scheduler has been replayed with it.
            missing: consequences of its last fact that it does not hold; they are written now.
        """
        books = Recollection(self._clerk.accounts, self.scheduler.plan, self._settings, self._steps)
        for event in events:
            self._steps.note(event)
            self.waits.note(event)
            books.note(event)
        books.stop()
        for start in self.scheduler.open_subgraphs():
            self._workers.inside(start, books.entered_at[start.execution])
        for start in self.scheduler.callers():
            self._workers.inside(start, books.began_at[start.execution])
        if events:
            self.scribe.go_on_from(events[-1].n)
        for event in missing:
            self._note(event)
        self.waits.arm()

    def post(self, fact: Event) -> None:
        """Apply a fact, hand it to the journal and begin what became ready. Dropped when it comes too late."""
        if self._is_stopped:
            return
        self.apply(fact)
        self._workers.begin()

    def post_letter(self, letter: int, fact: Event | None) -> None:
        """Do what a letter asks for and strike it off in the same transaction; None: it does not fit any more."""
        if self._is_stopped:
            return
        self.scribe.strike(letter)
        if fact is not None:
            self.apply(fact)
            self._workers.begin()
        self.scribe.flush()

    # -- what may be awaited -----------------------------------------------------------------------------------------

    async def wait_until_committed(self) -> None:
        """Return once everything recorded so far is on disk.

        Raises:
            JournalError: it could not be written; the host has stopped.
        """
        await self.scribe.wait_until_committed()

    async def wait_until_idle(self) -> None:
        """Return once the run has ended or only waits, and all of it is on disk.

        Raises:
            WeftError: what stopped the host.
        """
        while not self.is_idle:
            if self.failure is not None:
                raise self.failure
            if self._is_stopped:
                return
            await self._told(self._idle_watchers)

    async def wait_until_woken(self) -> None:
        """Return after the next events that are written, or when the host stops."""
        if not self._is_stopped:
            await self._told(self._sleepers)

    def next_due(self) -> float | None:
        """When the run goes on by itself (seconds since 1970), or None when it does not."""
        due = [moment for moment in (self.waits.next_due(), self._workers.alarms.next_due()) if moment is not None]
        return min(due, default=None)

    def goes_on_by(self, *, timers: float, retries: float) -> bool:
        """Whether the run, if it only waits, goes on by these moments (seconds since 1970) without anybody's doing.

        What is due where somebody is asked (deadlines, reminders, escalations) is left out: they may still answer.
        """
        timer, retry = self.waits.next_timer(), self._workers.alarms.next_attempt()
        return (timer is not None and timer <= timers) or (retry is not None and retry <= retries)

    @property
    def is_idle(self) -> bool:
        """Nothing is being done, and all that was done is on disk."""
        return self.scheduler.status != "running" and self.scribe.is_written and self._workers.is_idle

    async def stop(self) -> None:
        """End this host in order: work under way is cut off and stays to be resumed; what was recorded is written."""
        self._halt()
        await self._workers.wait_until_ended()
        await self.scribe.finish()
        self._tell()

    # -- what a node's context and the workers ask -------------------------------------------------------------------

    def record(self, event: Event) -> None:
        """Journal a step of a node under way."""
        self.post(event)

    def record_together(self, events: Sequence[Event]) -> None:
        """Journal several steps of a node before anything that follows from one of them."""
        if self._is_stopped:
            return
        self._agenda.extend(events)
        if not self._is_applying:
            self._drain()
        self._workers.begin()

    def graph_of(self, name: str) -> Graph:
        """A graph that is kept with the run.

        Raises:
            NodeError: ``graph.unknown``.
        """
        try:
            plan = self._settings.called(name)
        except KeyError:
            hint = "it has to stand beside the graph when the run is started"
            raise NodeError(
                f"there is no graph {name!r} in this run", code="graph.unknown", error_class="fatal", hint=hint
            ) from None
        document: Graph = plan.document
        return document

    def too_deep(self, path: str) -> int | None:
        """The depth that a scope at ``path`` would exceed, or None where it may be opened."""
        return self._clerk.accounts.too_deep(path, scope_of(path))

    def emit(self, execution: str, node: str, kind: str, value: Any) -> None:
        """Tell the watchers a word that is never journaled."""
        if self.around.feed.is_watched(self.run):
            self.around.feed.emit(Volatile(self.run, execution, node, kind, value))

    def apply(self, fact: Event) -> None:
        """Apply a fact and everything that follows from it without waiting, in order."""
        self._agenda.append(fact)
        if not self._is_applying:
            self._drain()

    def fall(self, error: WeftError) -> None:
        """Stop at once: the journal refused, or an invariant broke. Nothing more is written."""
        is_first = self.failure is None
        if is_first:
            self.failure = error
        self._halt()
        self.scribe.forget()
        self._tell()
        if is_first:
            self.on_fall(self)

    def look(self) -> None:
        """Tell those who wait for the run to come to rest, if it has."""
        if self.is_idle:
            _release(self._idle_watchers)
            if not self._is_stopped:
                self.on_rest(self)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _drain(self) -> None:
        self._is_applying = True
        agenda = self._agenda
        try:
            while agenda:
                item = agenda.popleft()
                if not isinstance(item, _COMMANDS):
                    self._apply_one(item)
                elif _whose(item) not in self._void:
                    for answer in self._clerk.answer(item):
                        self._apply_one(answer)
            if self._void:
                self._void.clear()
        except WeftError as error:
            self.fall(error)
        finally:
            self._is_applying = False

    def _apply_one(self, item: Event | _Written) -> None:
        if isinstance(item, _Written):
            step = self.scheduler.apply(item.event)
        else:
            taken = self.scheduler.take(item)
            if taken is None:
                if isinstance(item, EffectSettled):
                    self._note(item)  # what happened outside is recorded even if nobody needs it any more
                return
            step = taken
            self._note(item)
        for consequence in step.consequences:
            self._note(consequence)
        for command in step.commands:
            if isinstance(command, Cancel):
                self._workers.withdraw(command.execution)
                self._void.add(command.execution)  # what stands on the agenda for it is void
            elif isinstance(command, Continue) or (
                isinstance(command, Start) and not self._clerk.answers_start(command)
            ):
                self._workers.enqueue(command)
            else:
                self._void.discard(_whose(command))
                self._agenda.append(command)

    def _note(self, event: Event) -> None:
        self.scribe.note(event)
        self._steps.note(event)
        if type(event) is NodeStarted:
            return  # nothing else is to be known of it beside the walk, and every node has one
        self.waits.note(event)
        match event:
            case NodeCompleted() | NodeCancelled():
                self._clerk.accounts.close_agent(event.execution)
            case NodeFailed() if event.retry_at is None:
                self._clerk.accounts.close_agent(event.execution)
            case EffectClaimed() if event.graph is not None:
                self._clerk.enter_call(event)
            case EffectSettled():
                self._clerk.accounts.close_call(event.key)
            case _:
                pass

    def _on_written(self, events: list[Event]) -> None:
        if events:
            self.around.publish(self.run, events)
            _release(self._sleepers)
        self.look()

    def _halt(self) -> None:
        self._is_stopped = True
        self._agenda.clear()
        self.waits.disarm()
        self._workers.halt()

    def _tell(self) -> None:
        _release(self._idle_watchers)
        _release(self._sleepers)

    async def _told(self, waiting: list[asyncio.Future[None]]) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(future)
        await future

    @property
    def has_begun(self) -> bool:
        """Its first event has been applied; a run may have to stand in line before."""
        return self.scribe.last_n > 0

    @property
    def has_ended(self) -> bool:
        """The run is completed, failed or cancelled."""
        return self.scheduler.status in ENDED


def _nobody(host: Host) -> None:
    """Nobody wants to know."""
    del host


def _release(waiting: list[asyncio.Future[None]]) -> None:
    futures = list(waiting)
    waiting.clear()
    for future in futures:
        if not future.done():
            future.set_result(None)


def _whose(command: Command) -> str:
    """The execution that a command is about; "" for the end of the run itself."""
    if not isinstance(command, EndScope):
        return command.execution
    return "" if command.parent is None else command.parent.execution


_COMMANDS: Final = (Start, Continue, Evaluate, Conclude, GiveUp, EndScope, Cancel)
