"""The runs hosted by one engine: started, taken up, told, let go.

Rule: a run is hosted in one place. Here that is a ``Host`` and a lease; a word for a run that is hosted elsewhere goes
by letter, one for a run that nobody hosts makes this engine its host. An engine that serves gives a run back as
soon as it only waits, so that a waiting run costs a row and nothing else; mail and due times wake it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Coroutine, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from engine.documents import Documents, scripts_of
from engine.errors import InputError, JournalError, LeaseLost
from engine.journal.codec import moment_text
from engine.journal.projection import ENDED
from engine.journal.store import Journal, Lease, RunFilter, RunRow
from engine.model.graph import Graph
from engine.runtime.admission import Admission
from engine.runtime.host import Host
from engine.runtime.ids import new_holder
from engine.runtime.keeper import Keeper
from engine.runtime.surroundings import RunSettings, Surroundings
from engine.runtime.timers import Timer
from engine.scheduler.events import (
    Event,
    GateAnswered,
    RunCancelRequested,
    RunResumed,
    RunStarted,
    SignalReceived,
)
from engine.scheduler.replay import replay
from engine.scheduler.scheduler import Scheduler
from engine.version import VERSION
from engine.wiring import Wiring

FOLLOW_EVERY_S: Final = 0.1
"""How often a run that another process hosts is looked at."""
BACK_OFF_S: Final = 60.0
"""A run that tries something again within so many seconds is at work for those who wait for its result."""
RETRY_EVERY_S: Final = 5.0
"""How soon a run that is due is taken up again where the database did not let it."""
PATIENCE_S: Final = 5.0
"""So long a signal or a cancel is waited for that a host elsewhere has not read yet."""
PAGE_RUNS: Final = 500
LOG: Final = logging.getLogger("weft.hosting")


@dataclass(frozen=True, slots=True)
class Serving:
    """How an engine behaves in a process that goes on for long.

    Attributes:
        max_running: so many runs are at work at the same time, the others stand in line; None is no bound.
        max_running_per_graph: the same for the runs of one graph.
    """

    max_running: int | None = None
    max_running_per_graph: int | None = None


class Hosting:
    """All hosts of an engine.

    Args:
        journal: the engine's.
        around: what its hosts share.
        documents: plans by hash.
        wiring: the operator's limits.
        serving: bounds, and that runs which only wait are given back; None: neither.
    """

    def __init__(
        self,
        journal: Journal,
        around: Surroundings,
        *,
        documents: Documents,
        wiring: Wiring,
        serving: Serving | None,
    ) -> None:
        self._journal = journal
        self._around = around
        self._documents = documents
        self._wiring = wiring
        self._admission = (
            Admission() if serving is None else Admission(serving.max_running, serving.max_running_per_graph)
        )
        self._lets_go = serving is not None
        self._holder = new_holder()
        self._hosts: dict[str, Host] = {}
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._taking: dict[str, asyncio.Lock] = {}
        self._asleep: dict[str, Timer] = {}
        self._wanted: Counter[str] = Counter()
        self._in_line: set[str] = set()
        self._waking: set[asyncio.Task[None]] = set()
        self._is_closing = False
        self._keeper = Keeper(journal, around.clock, self)
        if self._lets_go:
            self._keeper.start()

    # -- hosting -----------------------------------------------------------------------------------------------------

    def host(self, run_id: str) -> Host | None:
        """The run's host, if it is hosted here."""
        return self._hosts.get(run_id)

    async def start(
        self, run_id: str, started: RunStarted, graphs: Mapping[str, Graph], *, texts: Mapping[str, str], scripts: Any
    ) -> None:
        """Make a run and host it.

        Args:
            run_id: its id.
            started: its first event, number and moment set.
            graphs: its documents, its own graph under its name.
            texts: hash -> text of everything it keeps.
            scripts: graph name -> scripted answers.

        Raises:
            InputError: ``run.exists``.
        """
        now = self._around.clock.now()
        await self._journal.create_run(run_id, started, holder=self._holder, now=now, documents=texts)
        host = self._new_host(run_id, graphs, started, scripts)
        self._adopt(run_id, host)
        self._admission.ask(run_id, started.graph, partial(self._begin, host, started))
        if not host.has_begun:
            self._in_line.add(run_id)

    async def take_up(self, run_id: str, *, in_line: bool = False, revives: bool = False) -> Host:
        """Become the run's host by replaying its journal.

        Args:
            run_id: the run.
            in_line: wait for a place among the runs at work, instead of going on at once.
            revives: take it up even if it has failed or was cancelled; a word that came too late must not.

        Raises:
            InputError: ``run.unknown``, ``run.ended``, or ``run.elsewhere`` while another process hosts it.
            JournalError: ``journal.mismatch`` when the journal does not replay.
        """
        async with self._taking.setdefault(run_id, asyncio.Lock()):
            host = self._hosts.get(run_id)
            if host is not None:
                return host
            if (leaving := self._leaving.get(run_id)) is not None:
                await leaving
            if (alarm := self._asleep.pop(run_id, None)) is not None:
                alarm.cancel()
            lease = await self._journal.acquire(run_id, holder=self._holder, now=self._around.clock.now())
            try:
                host, graph = await self._replayed(run_id)
                if host.has_ended and not revives:
                    raise run_ended(run_id)
            except BaseException:
                await self._journal.release(run_id, is_clean=lease.was_clean, with_mail=True)
                raise
            self._adopt(run_id, host)
            resumed = partial(self._resume, host, lease)
            if in_line:
                self._admission.ask(run_id, graph, resumed)
            else:
                resumed()
            await self._deliver(run_id)
        self._taking.pop(run_id, None)
        return host

    async def tell(self, run_id: str, fact: Event, kind: str, body: Any) -> None:
        """Bring a word to the run's host: here, elsewhere by letter, or by becoming the host; on disk on return.

        Raises:
            InputError: ``gate.closed``: somebody else's answer came first; ``run.ended``.
        """
        with self._kept(run_id):
            try:
                host = self._hosts.get(run_id) or await self.take_up(run_id)
            except InputError as error:
                if error.code != "run.elsewhere":
                    raise
            else:
                await self._say(run_id, host, fact, kind, body)
                return
        letter = await self._journal.post(run_id, kind, body, at=self._around.clock.now())
        await self._heard(run_id, letter, fact)

    async def _say(self, run_id: str, host: Host, fact: Event, kind: str, body: Any) -> None:
        """Bring a word to a host that stays while it is told."""
        if not host.has_begun:
            if not isinstance(fact, RunCancelRequested):
                await self._journal.post(run_id, kind, body, at=self._around.clock.now())  # read when it begins
                return
            self._admission.hurry(run_id)  # to end it needs no place
        if not host.scheduler.accepts(fact):
            raise too_late(run_id, fact)
        host.post(fact)
        await host.wait_until_committed()

    @contextlib.contextmanager
    def _kept(self, run_id: str) -> Generator[None]:
        """Meanwhile the run is not given back, though it only waits: a word to a host that has left would be lost."""
        self._wanted[run_id] += 1
        try:
            yield
        finally:
            self._wanted[run_id] -= 1
            if not self._wanted[run_id]:
                del self._wanted[run_id]
                if (host := self._hosts.get(run_id)) is not None:
                    host.look()

    async def _heard(self, run_id: str, letter: int, fact: Event) -> None:
        """Wait until a letter has been read, and see that what it asks for came about.

        One that its run has ended before reading is taken back: a run that is resumed later must not obey it then. An
        answer is waited for as long as it takes, since another's may count instead; other words need not be, while the
        run they will be read by has a living host.
        """
        patience = 0 if isinstance(fact, GateAnswered) else round(PATIENCE_S / FOLLOW_EVERY_S)
        while any(waiting.id == letter for waiting in await self._journal.mail(run_id)):
            if (await self._journal.run(run_id)).status in ENDED:
                if await self._journal.withdraw(run_id, letter):
                    raise too_late(run_id, fact)
                break
            if await self._is_free(run_id):
                with contextlib.suppress(InputError):
                    await self.take_up(run_id)
            elif (patience := patience - 1) == 0:
                return
            await asyncio.sleep(FOLLOW_EVERY_S)
        if not isinstance(fact, GateAnswered) and (await self._journal.run(run_id)).status not in ENDED:
            return
        async for event in self._journal.read(run_id):
            if says_the_same(event, fact):
                return
            if isinstance(event, GateAnswered) and isinstance(fact, GateAnswered) and event.gate == fact.gate:
                break
        raise too_late(run_id, fact)

    async def _is_free(self, run_id: str) -> bool:
        """Whether no living lease holds the run."""
        return await self._journal.holder(run_id, now=self._around.clock.now()) is None

    async def settle(self, run_id: str, *, patience_s: float, deadlines: bool) -> None:
        """Return when the run has ended or only waits, wherever it is hosted; see ``Engine.result``."""
        host = self._hosts.get(run_id)
        if host is None:
            await self._follow(run_id)
            return
        await host.wait_until_idle()
        while self._goes_on_soon(host, patience_s, deadlines=deadlines):
            await host.wait_until_woken()
            await host.wait_until_idle()

    def _goes_on_soon(self, host: Host, patience_s: float, *, deadlines: bool) -> bool:
        now = self._around.clock.now()
        if deadlines and (due := host.next_due()) is not None and due <= now + patience_s:
            return True
        return host.goes_on_by(timers=now + patience_s, retries=now + max(patience_s, BACK_OFF_S))

    async def take_up_unfinished(self) -> list[str]:
        """Take up every run that is neither ended nor hosted elsewhere: those at work at once, waiting ones when due.

        Returns:
            The ids of those that go on now.
        """
        begun: list[str] = []
        for row in await self._unfinished():
            if row.status == "waiting" and self._lets_go and not await self._journal.mail(row.id):
                self._sleep(row.id, min((w.wake for w in row.waiting_for if w.wake is not None), default=None))
                continue
            with contextlib.suppress(InputError):
                await self.take_up(row.id, in_line=True)
                begun.append(row.id)
        return begun

    async def close(self) -> None:
        """Stop every host in order and give the runs back."""
        self._is_closing = True
        await self._keeper.close()
        for task in tuple(self._waking):
            task.cancel()
        for alarm in self._asleep.values():
            alarm.cancel()
        for run_id in list(self._hosts):
            self._dismiss(run_id)
        while self._leaving:
            await asyncio.wait(tuple(self._leaving.values()))

    # -- for the keeper ----------------------------------------------------------------------------------------------

    @property
    def is_watchful(self) -> bool:
        """Whether mail matters now."""
        return self._lets_go or bool(self._hosts)

    def hosted(self) -> list[str]:
        """The runs hosted here."""
        return list(self._hosts)

    async def lost(self, run_id: str) -> None:
        """Another process has taken the run: stop at once, write nothing more."""
        host = self._hosts.get(run_id)
        if host is not None:
            host.fall(LeaseLost("another process has taken the run", where=f"run {run_id}"))
            if (leaving := self._leaving.get(run_id)) is not None:
                await leaving

    async def arrived(self, run_id: str) -> None:
        """There is mail: bring it in, or wake the run."""
        if run_id in self._hosts:
            await self._deliver(run_id)
        elif self._lets_go:
            await self._wake(run_id)

    async def look_for_left(self) -> None:
        """Take up runs whose leases ran out: their host was killed, maybe seconds before this engine was opened."""
        if not self._lets_go:
            return
        which = RunFilter(statuses=("running", "waiting"), is_left=self._around.clock.now(), limit=PAGE_RUNS)
        for row in await self._journal.runs(which):
            if row.id not in self._hosts:
                self._wake_soon(row.id)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _new_host(self, run_id: str, graphs: Mapping[str, Graph], started: RunStarted, scripts: Any) -> Host:
        plan = self._documents.plan(graphs[started.graph])
        plan_for, called = self._documents.plan_for(graphs), self._documents.called(graphs)
        settings = RunSettings(
            seed=started.seed,
            limits=self._wiring.limits_of(plan.document),
            plan_for=plan_for,
            called=called,
            model=(started.options or {}).get("model"),
            scripts=scripts,
            simulates=bool((started.options or {}).get("simulate")),
            pins=(started.options or {}).get("pins", {}),
        )
        about = {"id": run_id, "started_at": moment_text(started.at)}
        return Host(run_id, Scheduler(plan, plans=plan_for, called=called, run=about), self._around, settings)

    def _adopt(self, run_id: str, host: Host) -> None:
        self._hosts[run_id] = host
        host.on_rest = self._rested
        host.on_fall = self._fallen
        if self._journal.durability != "memory":
            self._keeper.start()

    def _begin(self, host: Host, started: RunStarted) -> None:
        """A run gets its place; what was said to it in line is read."""
        host.begin(started)
        if host.run in self._in_line:
            self._in_line.discard(host.run)
            self._spawn(self._deliver(host.run))

    def _resume(self, host: Host, lease: Lease) -> None:
        host.post(RunResumed(clean=lease.was_clean, engine=VERSION))

    async def _replayed(self, run_id: str) -> tuple[Host, str]:
        events = [event async for event in self._journal.read(run_id)]
        started = events[0]
        if not isinstance(started, RunStarted):
            raise JournalError("the journal does not begin with run.started", code="journal.corrupt", where=run_id)
        graphs = await self._documents.of_run(self._journal, started)
        host = self._new_host(run_id, graphs, started, await scripts_of(self._journal, started))
        missing = replay(host.scheduler, events)
        host.recall(events, missing)
        return host, started.graph

    def _rested(self, host: Host) -> None:
        """A host has come to rest, and all of it is written."""
        self._admission.leave(host.run)
        if self._hosts.get(host.run) is host and (host.has_ended or (self._lets_go and host.run not in self._wanted)):
            due = None if host.has_ended else host.next_due()
            self._dismiss(host.run)
            if not host.has_ended:
                self._sleep(host.run, due)

    def _fallen(self, host: Host) -> None:
        """A host could not go on; whoever asks for the run next may take it up again, here or elsewhere."""
        if self._hosts.get(host.run) is host:
            LOG.error("run %s is left by its host: %s", host.run, getattr(host.failure, "code", "unknown"))
            self._dismiss(host.run)

    def _dismiss(self, run_id: str) -> None:
        host = self._hosts.pop(run_id)
        self._admission.forget(run_id)
        self._in_line.discard(run_id)
        self._leaving[run_id] = asyncio.get_running_loop().create_task(self._leave(run_id, host))

    async def _leave(self, run_id: str, host: Host) -> None:
        try:
            await host.stop()
            has_failed = host.failure is not None
            hurries = has_failed or host.has_ended or self._is_closing
            if not await self._journal.release(run_id, is_clean=not has_failed, with_mail=hurries):
                await self._journal.release(run_id, with_mail=True)
                self._wake_soon(run_id)
        except JournalError as error:
            # The lease ends by itself; here the run can be taken up again at once.
            LOG.warning("run %s was not given back: %s", run_id, error)
        finally:
            self._leaving.pop(run_id, None)

    def _sleep(self, run_id: str, due: float | None) -> None:
        if due is not None and not self._is_closing:
            self._asleep[run_id] = self._around.timers.at(due, partial(self._wake_soon, run_id))

    def _wake_soon(self, run_id: str) -> None:
        self._asleep.pop(run_id, None)
        if self._is_closing:
            return
        self._spawn(self._wake(run_id))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._waking.add(task)
        task.add_done_callback(self._waking.discard)

    async def _wake(self, run_id: str) -> None:
        """Take a run up again; not here if another process has it, or if it has been removed."""
        try:
            if (await self._journal.run(run_id)).status not in ENDED:
                await self.take_up(run_id, in_line=True)
        except InputError:
            pass
        except JournalError as error:
            LOG.warning("run %s was not taken up, and will be tried again: %s", run_id, error)
            self._sleep(run_id, self._around.clock.now() + RETRY_EVERY_S)

    async def _unfinished(self) -> list[RunRow]:
        found: list[RunRow] = []
        before: int | None = None
        while True:
            which = RunFilter(statuses=("running", "waiting"), is_free=self._around.clock.now(), before=before)
            page = await self._journal.runs(which)
            if not page:
                return found[::-1]
            found += page
            before = page[-1].cursor

    async def _deliver(self, run_id: str) -> None:
        """Bring a hosted run's mail in. A letter that does not fit any more is struck off unread."""
        mail = await self._journal.mail(run_id)
        for letter in mail:
            host = self._hosts.get(run_id)
            if host is None:
                return
            if not host.has_begun:
                if any(letter.kind == "cancel" for letter in mail):
                    self._admission.hurry(run_id)  # to end it needs no place
                return
            host.post_letter(letter.id, fact_of(host, letter.kind, letter.body))

    async def _follow(self, run_id: str) -> None:
        """Wait for a run that is not hosted here: until it ended, or waits and has read its mail."""
        while True:
            if (leaving := self._leaving.get(run_id)) is not None:
                await asyncio.wait([leaving])
            # First the mail, then the status: what a letter came to in between is in the status then.
            has_mail = bool(await self._journal.mail(run_id))
            row = await self._journal.run(run_id)
            if row.status in ENDED or (row.status == "waiting" and not has_mail):
                return
            if await self._is_free(run_id):
                # Its host has gone without a word; what it was doing is taken up here.
                with contextlib.suppress(InputError):
                    await (await self.take_up(run_id)).wait_until_idle()
                    return
            await asyncio.sleep(FOLLOW_EVERY_S)


def says_the_same(event: Event, fact: Event) -> bool:
    """Whether a recorded event is the one that a word asked for."""
    if isinstance(event, GateAnswered) and isinstance(fact, GateAnswered):
        told, asked = (event.gate, event.option, event.form, event.by), (fact.gate, fact.option, fact.form, fact.by)
        return told == asked
    if isinstance(event, SignalReceived) and isinstance(fact, SignalReceived):
        return (event.name, event.value) == (fact.name, fact.value)
    return isinstance(event, RunCancelRequested) and isinstance(fact, RunCancelRequested)


def too_late(run_id: str, fact: Event) -> InputError:
    """A word that does not fit any more."""
    if isinstance(fact, GateAnswered):
        return InputError(
            f"the gate {fact.gate} is not open any more",
            code="gate.closed",
            where=f"run {run_id}",
            hint=f"see `weft show {run_id}` for what was decided",
        )
    return run_ended(run_id)


def run_ended(run_id: str) -> InputError:
    """Nothing can be asked of a run that has ended."""
    return InputError("the run has ended", code="run.ended", where=f"run {run_id}", hint=f"see `weft show {run_id}`")


def fact_of(host: Host, kind: str, body: Mapping[str, Any]) -> Event | None:
    """The fact that a letter asks for, or None when it does not fit any more."""
    match kind:
        case "answer":
            gate = host.waits.gates.get(body["gate"])
            if gate is None:
                return None
            opened = gate.opened
            return GateAnswered(
                gate=opened.gate,
                execution=opened.execution,
                node=opened.node,
                option=body["option"],
                form=body["form"],
                by=body["by"],
            )
        case "cancel":
            return RunCancelRequested(by=body["by"], reason=body["reason"])
        case "signal":
            return SignalReceived(name=body["name"], value=body["value"])
        case _:
            return None
