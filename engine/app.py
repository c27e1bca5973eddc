"""The engine: the only place that wires all floors together, and the one facade behind every door.

Rule: the command line, the server and Python programs all come in here and get the same behaviour. An engine belongs
to one event loop; everything it does for a run is in the run's journal before anybody is told of it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from engine import library as shelves
from engine.agents.models.registry import ModelRegistry
from engine.agents.registry import ToolRegistry
from engine.compile.check import check
from engine.compile.compile import compile_graph
from engine.compile.plan import Plan, PlanNode
from engine.config import Config
from engine.errors import GraphError, InputError, JournalError, LeaseLost
from engine.hooks import Hook, Hooks
from engine.journal import open_journal
from engine.journal.codec import moment_text, to_json
from engine.journal.projection import ENDED
from engine.journal.store import Durability, Journal, Lease, OpenGate, Recorded, RunFilter, RunRow
from engine.library import Library
from engine.model.findings import Finding
from engine.model.graph import Graph
from engine.model.names import nearest
from engine.model.schema import fill_defaults, problems
from engine.model.values import as_object, normal, problem
from engine.pictures import run_overlay
from engine.render.picture import RunOverlay
from engine.run import Run, RunResult
from engine.runtime.clock import Clock, SystemClock
from engine.runtime.feed import Feed, Volatile
from engine.runtime.gates import check_answer, find_gate
from engine.runtime.host import Host, RunSettings, Surroundings
from engine.runtime.ids import checked_run_id, new_holder, new_run_id, new_seed
from engine.runtime.keeper import Keeper
from engine.runtime.timers import Timers
from engine.scheduler.events import (
    Event,
    GateAnswered,
    RunCancelled,
    RunCancelRequested,
    RunCompleted,
    RunFailed,
    RunResumed,
    RunStarted,
    SignalReceived,
)
from engine.scheduler.replay import replay
from engine.scheduler.scheduler import Scheduler
from engine.version import VERSION
from engine.wiring import Wiring, text_and_hash

__all__ = [
    "ENDED",
    "Engine",
    "Event",
    "OpenGate",
    "Recorded",
    "Run",
    "RunFilter",
    "RunResult",
    "RunRow",
    "Volatile",
    "checked_input",
    "event_json",
    "json_value",
    "moment_text",
    "refuse",
]

SCRIPTED: Final = ".scripted"
"""Ending of the name under which a graph's scripted answers are kept with a run."""
FOLLOW_EVERY_S: Final = 0.1
"""How often a run that another process hosts is looked at."""


class Engine:
    """Runs graphs. Make one with ``Engine.open`` and use it as an async context manager.

    Everything here may raise JournalError when the database cannot be used.
    """

    def __init__(
        self,
        db: str | Path,
        *,
        wiring: Wiring,
        graphs: Path,
        durability: Durability,
        clock: Clock,
    ) -> None:
        self.library = Library(graphs)
        self.clock = clock
        self._db = db
        self._durability: Durability = durability
        self._holder = new_holder()
        self._hosts: dict[str, Host] = {}
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._taking: dict[str, asyncio.Lock] = {}
        self._plans: dict[str, Plan] = {}
        self._texts: dict[str, str] = {}
        self._feed = Feed()
        self._hooks = Hooks()
        self._wiring = wiring
        self._journal: Journal | None = None
        self._keeper: Keeper | None = None
        self._around: Surroundings | None = None

    @classmethod
    def open(
        cls,
        db: str | Path = "weft.db",
        *,
        tools: Iterable[Any] = (),
        graphs: str | Path = "graphs",
        config: Config | None = None,
        durability: Durability = "full",
        clock: Clock | None = None,
    ) -> Engine:
        """An engine on a database; ``async with`` opens and closes it.

        Args:
            db: path of a SQLite file, made when absent; ``memory:`` keeps nothing.
            tools: functions marked ``@tool``, beside the built-in ones.
            graphs: directory where graphs are looked up by name.
            config: what ``weft.toml`` says; nothing by default.
            durability: ``full`` survives a power cut, ``process`` a kill -9, ``memory`` nothing.
            clock: for tests; the machine's by default.

        Raises:
            ConfigError: two tools of one name, or a tool that cannot be used.
        """
        time = clock if clock is not None else SystemClock()
        wiring = Wiring.of(config if config is not None else Config(), tools=tools, clock=time)
        return cls(db, wiring=wiring, graphs=Path(graphs), durability=durability, clock=time)

    async def __aenter__(self) -> Engine:
        journal = await open_journal(self._db, durability=self._durability)
        self._journal = journal
        self._around = Surroundings(
            journal=journal,
            feed=self._feed,
            clock=self.clock,
            timers=Timers(self.clock),
            executors=self._wiring.executors,
            waiters=self._wiring.waiters,
            hooks=[self._hooks.call],
        )
        self._keeper = Keeper(journal, self.clock, self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop every run hosted here in order, write everything, close the database. May be repeated."""
        if self._keeper is not None:
            await self._keeper.close()
        for run_id in list(self._hosts):
            await self._let_go(run_id, with_mail=True)
        while self._leaving:
            await asyncio.wait(tuple(self._leaving.values()))
        self._feed.wake_all()
        if self._around is not None:
            self._around.timers.close()
        await self._wiring.close()
        if self._journal is not None:
            await self._journal.close()
            self._journal = None

    # -- graphs ------------------------------------------------------------------------------------------------------

    def check(self, graph: Graph, *, library: Library | None = None) -> list[Finding]:
        """Every finding of a graph against the tools, models and graphs known here; nothing is run."""
        shelf = library if library is not None else self.library
        tools = {tool.name: tool for tool in self.tools}
        return check(graph, tools=tools, graphs=shelf.find, models=self._wiring.knows_model)

    @property
    def tools(self) -> ToolRegistry:
        """Every registered tool."""
        return self._wiring.services.tools

    @property
    def models(self) -> ModelRegistry:
        """Every provider of models."""
        return self._wiring.services.models

    # -- runs --------------------------------------------------------------------------------------------------------

    async def start(
        self,
        graph: Graph | str | Path,
        input: Any = None,
        *,
        id: str | None = None,
        answers: Mapping[str, Any] | None = None,
        model: str | None = None,
        parent: Mapping[str, Any] | None = None,
    ) -> Run:
        """Start a run; it goes on in the background.

        Args:
            graph: a document, a name in the graphs directory, or a file.
            input: JSON value for the graph's input; defaults are filled in.
            id: the run's id; made up when absent.
            answers: scripted models' answers instead of the file beside the graph.
            model: used by every agent instead of the models it names.
            parent: the run and event that it was made from.

        Returns:
            A handle; the run's first event is on disk.

        Raises:
            GraphError: with every finding; nothing was written.
            InputError: the input does not fit, or the id is taken or malformed; nothing was written.
        """
        document, shelf = self._resolved(graph)
        documents = self._prepared(document, shelf)
        filled = checked_input(document, input)
        now = self.clock.now()
        run_id = checked_run_id(id) if id is not None else new_run_id(now)
        scripts = self._wiring.scripts_for(documents, shelf.directory, answers)
        kept = {f"{name}{SCRIPTED}": text_and_hash(script) for name, script in scripts.items()}
        texts = {g.hash: self._text_of(g) for g in documents.values()}
        texts |= {digest: text for text, digest in kept.values()}
        started = RunStarted(
            graph=document.name,
            graph_hash=document.hash,
            documents={name: g.hash for name, g in documents.items()} | {name: h for name, (_, h) in kept.items()},
            input=filled,
            seed=new_seed(),
            engine=VERSION,
            parent=dict(parent) if parent is not None else None,
            options={"model": model} if model is not None else None,
            n=1,
            at=now,
        )
        await self._store.create_run(run_id, started, holder=self._holder, now=now, documents=texts)
        host = self._new_host(run_id, documents, started, scripts)
        self._adopt(run_id, host)
        host.begin(started)
        return Run(run_id, self)

    async def run(self, graph: Graph | str | Path, input: Any = None, **options: Any) -> RunResult:
        """``start`` and wait for its result; see there."""
        handle = await self.start(graph, input, **options)
        return await handle.result()

    async def resume(self, run_id: str) -> Run:
        """Take an unfinished run up here; a completed one is only handed back.

        A failed or cancelled run is taken up again where its ending cut it off.

        Raises:
            InputError: ``run.unknown``, or ``run.elsewhere`` while another process runs it.
            JournalError: ``journal.mismatch`` when the journal does not replay.
        """
        row = await self._store.run(run_id)
        if row.status != "completed":
            await self._take_up(run_id)
        return Run(run_id, self)

    async def answer(self, run_id: str, gate: str, option: str, *, form: Any = None, by: str | None = None) -> Run:
        """Decide an open gate; the run goes on, here unless another process hosts it.

        Args:
            run_id: the run.
            gate: the gate's id, or its node while only one gate of that node is open.
            option: one of the gate's options.
            form: JSON object for the option's form; what is absent comes from the prefill and the defaults.
            by: who decides.

        Raises:
            InputError: ``gate.closed``, ``gate.ambiguous``, ``gate.option``, ``gate.form``, ``gate.assignee``,
                ``run.unknown``, ``run.ended``; the gate stays as it is.
        """
        await self._unended(run_id)
        opened = find_gate(gate, await self._store.inbox(run_id=run_id), run=run_id)
        given = None if form is None else json_value(form, f"form for {gate}")
        filled = check_answer(opened, option, given, by=by, assignees=opened.assignees, run=run_id)
        fact = GateAnswered(
            gate=opened.gate, execution=opened.execution, node=opened.node, option=option, form=filled, by=by
        )
        body = {"gate": opened.gate, "option": option, "form": filled, "by": by}
        await self._tell(run_id, fact, "answer", body)
        return Run(run_id, self)

    async def cancel(self, run_id: str, *, by: str | None = None, reason: str | None = None) -> Run:
        """Ask a run to end.

        Raises:
            InputError: ``run.unknown``, ``run.ended``.
        """
        await self._unended(run_id)
        await self._tell(run_id, RunCancelRequested(by=by, reason=reason), "cancel", {"by": by, "reason": reason})
        return Run(run_id, self)

    async def signal(self, run_id: str, name: str, value: Any = None) -> Run:
        """Send a signal to a run: to every wait that is open for it, else kept for the first that opens.

        Raises:
            InputError: ``run.unknown``, ``run.ended``.
        """
        await self._unended(run_id)
        given = json_value(value, f"value of the signal {name}")
        await self._tell(run_id, SignalReceived(name=name, value=given), "signal", {"name": name, "value": given})
        return Run(run_id, self)

    # -- reading -----------------------------------------------------------------------------------------------------

    async def result(self, run_id: str, *, patience_s: float = 0.0) -> RunResult:
        """What a run came to, or what it waits for; waits while it is being executed.

        Args:
            run_id: the run.
            patience_s: a timer, deadline or retry of a run hosted here that is due within so many seconds is waited
                for too.

        Raises:
            InputError: ``run.unknown``.
        """
        host = self._hosts.get(run_id)
        if host is not None:
            await host.wait_until_idle()
            while (due := host.next_due()) is not None and due <= self.clock.now() + patience_s:
                await host.wait_until_woken()
                await host.wait_until_idle()
        elif (await self._store.run(run_id)).status == "running" or await self._store.mail(run_id):
            await self._follow(run_id)
        return RunResult.of(await self._store.run(run_id))

    async def look(self, run_id: str) -> RunResult:
        """What is known of a run now, without waiting.

        Raises:
            InputError: ``run.unknown``.
        """
        return RunResult.of(await self._store.run(run_id))

    async def runs(self, which: RunFilter | None = None) -> list[RunRow]:
        """Runs, newest first; see ``RunFilter``."""
        return await self._store.runs(which)

    async def inbox(self, *, run_id: str | None = None, after: tuple[float, str, str] | None = None) -> list[OpenGate]:
        """Open gates of all runs or of one, oldest first, a page at a time; ``after``: since, run, gate of the last."""
        return await self._store.inbox(run_id=run_id, after=after)

    async def position(self) -> int:
        """The newest position of the feed over all runs; 0 before the first event."""
        return await self._store.position()

    async def journal_of(self, run_id: str, *, after: int = 0) -> list[Event]:
        """The run's events with ``n`` > ``after`` as far as they are on disk.

        Raises:
            InputError: ``run.unknown``.
        """
        return [event async for event in self._store.read(run_id, after=after)]

    async def documents_of(self, run_id: str) -> dict[str, Graph]:
        """The graphs that a run is bound to: name -> graph, its own first."""
        started = await self._started(run_id)
        return await self._documents(started)

    async def events(self, run_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        """The journal so far, then live, to the run's end.

        Raises:
            InputError: ``run.unknown``, at the first step.
        """
        async for item in self.watch(run_id, after=after):
            if not isinstance(item, Volatile):
                yield item

    async def watch(self, run_id: str, *, after: int = 0) -> AsyncIterator[Event | Volatile]:
        """As ``events``, with volatile words in between. A watcher that is slow reads the journal again.

        Raises:
            InputError: ``run.unknown``, at the first step.
        """
        subscription = self._feed.subscribe(run_id)
        seen = after
        try:
            while True:
                async for event in self._store.read(run_id, after=seen):
                    seen = event.n
                    yield event
                subscription.behind = False
                if await self._is_over(run_id, seen):
                    return
                async for item in self._live(run_id, subscription, seen):
                    if not isinstance(item, Volatile):
                        seen = item.n
                    yield item
        finally:
            self._feed.unsubscribe(subscription)

    async def overlay(self, run_id: str) -> RunOverlay:
        """How a run stands, to be laid over the picture of the graph that it is bound to.

        Raises:
            InputError: ``run.unknown``.
        """
        documents = await self.documents_of(run_id)
        plan = self._plan(next(iter(documents.values())))
        return run_overlay(await self.journal_of(run_id), plan, run_id=run_id, now=self.clock.now())

    def on(self, what: str, hook: Hook) -> Callable[[], None]:
        """Call ``hook(run_id, event)`` after every committed event of a type, or agent state.

        Args:
            what: an event type (``node.completed``), an agent's lifecycle state (``tool_calling``) or ``*``.
            hook: sync or async; one that fails is reported in the log and never breaks a run.

        Returns:
            A function that takes the hook back.

        Raises:
            InputError: there is no such event type or state.
        """
        return self._hooks.add(what, hook)

    # -- keeping house -----------------------------------------------------------------------------------------------

    async def prune(
        self, *, before: float | None = None, statuses: Sequence[str] = tuple(sorted(ENDED)), ids: Sequence[str] = ()
    ) -> Any:
        """Remove runs and whatever only they needed; see ``Journal.prune``."""
        return await self._store.prune(
            now=self.clock.now(),
            before=before,
            statuses=statuses,  # type: ignore[arg-type]
            ids=ids,
        )

    async def delete(self, run_id: str) -> None:
        """Remove a run that has ended, and whatever only it needed.

        Raises:
            InputError: ``run.unknown``, ``run.not_ended``; ``run.elsewhere`` while its host is still leaving.
        """
        if (await self._store.run(run_id)).status not in ENDED:
            hint = f"cancel it first: weft cancel {run_id}"
            raise InputError("the run has not ended", code="run.not_ended", where=f"run {run_id}", hint=hint)
        if (leaving := self._leaving.get(run_id)) is not None:
            await leaving
        await self._store.delete_run(run_id, now=self.clock.now())

    # -- for the keeper ----------------------------------------------------------------------------------------------

    def hosted(self) -> list[str]:
        """The runs hosted here."""
        return list(self._hosts)

    async def lost(self, run_id: str) -> None:
        """Another process has taken the run: stop at once, write nothing more."""
        host = self._hosts.pop(run_id, None)
        if host is not None:
            host.fall(LeaseLost("another process has taken the run", where=f"run {run_id}"))
            await self._leave(run_id, host, with_mail=True)

    async def deliver(self, run_id: str) -> None:
        """Bring a hosted run's mail in. A letter that does not fit any more is put aside."""
        for letter in await self._store.mail(run_id):
            host = self._hosts.get(run_id)
            if host is None:
                return
            host.post_letter(letter.id, self._fact_of(host, letter.kind, letter.body))

    # -- inside ------------------------------------------------------------------------------------------------------

    @property
    def _store(self) -> Journal:
        if self._journal is None:
            raise JournalError("the engine is not open", hint="use `async with Engine.open(...)`")
        return self._journal

    @property
    def _shared(self) -> Surroundings:
        if self._around is None:
            raise JournalError("the engine is not open", hint="use `async with Engine.open(...)`")
        return self._around

    async def _unended(self, run_id: str) -> None:
        status = (await self._store.run(run_id)).status
        if status in ENDED:
            raise InputError(
                f"the run is {status}", code="run.ended", where=f"run {run_id}", hint=f"see `weft show {run_id}`"
            )

    def _resolved(self, graph: Graph | str | Path) -> tuple[Graph, Library]:
        return (graph, self.library) if isinstance(graph, Graph) else self.library.open(graph)

    def _prepared(self, graph: Graph, shelf: Library) -> dict[str, Graph]:
        """Every document that a checked graph reaches, its own first; their plans are made.

        Raises:
            GraphError: with every finding.
        """
        if graph.hash in self._plans and not shelves.subgraph_names(graph):
            return {graph.name: graph}
        refuse(graph, self.check(graph, library=shelf))
        documents = shelves.reachable(graph, shelf)
        for other in documents.values():
            if other is not graph:
                refuse(other, self.check(other, library=shelf))
            self._plan(other)
        return documents

    def _plan(self, graph: Graph) -> Plan:
        plan = self._plans.get(graph.hash)
        if plan is None:
            plan = self._plans[graph.hash] = compile_graph(graph)
        return plan

    def _text_of(self, graph: Graph) -> str:
        text = self._texts.get(graph.hash)
        if text is None:
            text = self._texts[graph.hash] = graph.dumps()
        return text

    def _new_host(
        self, run_id: str, documents: Mapping[str, Graph], started: RunStarted, scripts: Mapping[str, Any]
    ) -> Host:
        plan = self._plan(documents[started.graph])

        def plan_for(node: PlanNode) -> Plan:
            name: str | None = node.doc.graph
            return self._plan(documents[name] if name is not None else shelves.inline_graph(node.doc.inline))

        settings = RunSettings(
            seed=started.seed,
            limits=self._wiring.limits_of(plan.document),
            plan_for=plan_for,
            model=(started.options or {}).get("model"),
            scripts=scripts,
        )
        about = {"id": run_id, "started_at": moment_text(started.at)}
        return Host(run_id, Scheduler(plan, plans=plan_for, run=about), self._shared, settings)

    def _adopt(self, run_id: str, host: Host) -> None:
        self._hosts[run_id] = host
        host.on_end = self._ended
        if self._keeper is not None and self._store.durability != "memory":
            self._keeper.start()

    def _ended(self, run_id: str) -> None:
        """A hosted run has ended and all of it is written: it is nobody's any more."""
        host = self._hosts.pop(run_id, None)
        if host is not None:
            self._leaving[run_id] = asyncio.get_running_loop().create_task(self._leave(run_id, host, with_mail=True))

    async def _let_go(self, run_id: str, *, with_mail: bool) -> None:
        host = self._hosts.pop(run_id, None)
        if host is not None:
            await self._leave(run_id, host, with_mail=with_mail)

    async def _leave(self, run_id: str, host: Host, *, with_mail: bool) -> None:
        try:
            await host.stop()
            await self._store.release(run_id, is_clean=host.failure is None, with_mail=with_mail or bool(host.failure))
        finally:
            self._leaving.pop(run_id, None)

    async def _tell(self, run_id: str, fact: Event, kind: str, body: Any) -> None:
        """Bring a word to the run's host: here, elsewhere by letter, or by becoming the host."""
        try:
            host = self._hosts.get(run_id) or await self._take_up(run_id)
        except InputError as error:
            if error.code != "run.elsewhere":
                raise
            await self._store.post(run_id, kind, body, at=self.clock.now())
            return
        host.post(fact)
        await host.wait_until_committed()

    async def _take_up(self, run_id: str) -> Host:
        """Become the run's host by replaying its journal."""
        lock = self._taking.setdefault(run_id, asyncio.Lock())
        async with lock:
            host = self._hosts.get(run_id)
            if host is not None:
                return host
            if (leaving := self._leaving.get(run_id)) is not None:
                await leaving
            lease = await self._store.acquire(run_id, holder=self._holder, now=self.clock.now())
            try:
                host = await self._replayed(run_id, lease)
            except BaseException:
                await self._store.release(run_id, is_clean=lease.was_clean, with_mail=True)
                raise
            self._adopt(run_id, host)
            host.post(RunResumed(clean=lease.was_clean, engine=VERSION))
            await self.deliver(run_id)
        return host

    async def _replayed(self, run_id: str, lease: Lease) -> Host:
        events = await self.journal_of(run_id)
        started = events[0]
        if not isinstance(started, RunStarted):
            raise JournalError("the journal does not begin with run.started", code="journal.corrupt", where=run_id)
        documents = await self._documents(started)
        scripts = {
            name.removesuffix(SCRIPTED): json.loads(await self._text(digest))
            for name, digest in started.documents.items()
            if name.endswith(SCRIPTED)
        }
        host = self._new_host(run_id, documents, started, scripts)
        replay(host.scheduler, events)
        host.recall(events)
        return host

    async def _started(self, run_id: str) -> RunStarted:
        page = await self._store.read_page(run_id, limit=1)
        first = page[0] if page else None
        if not isinstance(first, RunStarted):
            raise JournalError("the journal does not begin with run.started", code="journal.corrupt", where=run_id)
        return first

    async def _documents(self, started: RunStarted) -> dict[str, Graph]:
        names = [started.graph, *(n for n in started.documents if n != started.graph and not n.endswith(SCRIPTED))]
        return {
            name: Graph.loads(await self._text(started.documents[name]), where=f"graph {name} of the run")
            for name in names
        }

    async def _text(self, digest: str) -> str:
        text = await self._store.get_document(digest)
        if text is None:
            raise JournalError(f"the document {digest} of the run is missing", code="journal.corrupt")
        return text

    def _fact_of(self, host: Host, kind: str, body: Mapping[str, Any]) -> Event | None:
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

    async def _follow(self, run_id: str) -> None:
        """Wait for a run that another process hosts: until it ended or waits and has read its mail."""
        while True:
            row = await self._store.run(run_id)
            if row.status != "running" and not await self._store.mail(run_id):
                return
            free = await self._store.runs(RunFilter(ids=(run_id,), is_free=self.clock.now(), limit=1))
            if free and row.status not in ENDED:
                # Its host has gone without a word; what it was doing is taken up here.
                await (await self._take_up(run_id)).wait_until_idle()
                return
            await asyncio.sleep(FOLLOW_EVERY_S)

    async def _is_over(self, run_id: str, seen: int) -> bool:
        """Whether a run has ended and its last event has been seen."""
        if (await self._store.run(run_id)).status not in ENDED:
            return False
        return not await self._store.read_page(run_id, after=seen, limit=1)

    async def _live(self, run_id: str, subscription: Any, seen: int) -> AsyncIterator[Event | Volatile]:
        """What the feed tells, until the journal must be read again."""
        while True:
            timeout_s = None if run_id in self._hosts else FOLLOW_EVERY_S
            try:
                async with asyncio.timeout(timeout_s):
                    items = await subscription.take()
            except TimeoutError:
                return
            if subscription.behind or not items:
                return
            for item in items:
                if isinstance(item, Volatile):
                    yield item
                    continue
                event = item[1]
                if event.n <= seen:
                    continue
                if event.n != seen + 1:
                    return
                seen = event.n
                yield event
                if isinstance(event, RunCompleted | RunFailed | RunCancelled):
                    return


def event_json(event: Event) -> dict[str, Any]:
    """An event as every door writes it: one JSON object (RUNS.md §1)."""
    return to_json(event)


def refuse(graph: Graph, findings: Sequence[Finding]) -> None:
    """Raise when there is an error among the findings.

    Raises:
        GraphError: ``graph.invalid`` with all findings, its message the first error's.
    """
    errors = [f for f in findings if f.severity == "error"]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise GraphError(
            f"{errors[0].message}{more}",
            where=f"{graph.name}{errors[0].place}",
            hint=errors[0].hint or "see `weft validate` for every finding",
            findings=tuple(findings),
        )


def checked_input(graph: Graph, given: Any) -> Any:
    """The run's input: defaults filled in, checked against the graph's schema.

    Raises:
        InputError: it does not fit; the message names every problem.
    """
    value: Any = {} if given is None else json_value(given, f"input of {graph.name}")
    if graph.input is None:
        return value
    filled = fill_defaults(graph.input, value)
    found = problems(graph.input, filled)
    if found:
        names = list(as_object(as_object(graph.input).get("properties")))
        strange = [key for key in as_object(value) if key not in names] if names else list[str]()
        near = nearest(strange[0], names) if strange else None
        raise InputError(
            "; ".join(found),
            where=f"input of {graph.name}",
            hint=f"did you mean {near}?" if near else f"the graph takes: {', '.join(names) or 'see its input schema'}",
        )
    return filled


def json_value(value: Any, where: str) -> Any:
    """A value from a caller as it is kept: a copy, its numbers as ECMAScript holds them.

    Raises:
        InputError: it is no JSON value.
    """
    found = problem(value)
    if found is not None:
        path = "/".join(str(part) for part in found[0])
        raise InputError(found[1], where=f"{where}: /{path}" if path else where, hint="give a JSON value")
    return normal(value)
