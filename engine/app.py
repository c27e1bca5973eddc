"""The engine: the one facade behind every door.

Rule: the command line, the server and Python programs all come in here and get the same behaviour. An engine belongs
to one event loop; everything it does for a run is in the run's journal before anybody is told of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from engine.agents.models.registry import ModelRegistry
from engine.agents.models.simulated import simulated_scripts
from engine.agents.registry import ToolRegistry
from engine.compile.check import check
from engine.compile.memory import Memory
from engine.config import Config
from engine.documents import SCRIPTED, Documents, started_of
from engine.errors import InputError, JournalError
from engine.hooks import Hook, Hooks
from engine.hosting import Hosting, Serving
from engine.journal import open_journal
from engine.journal.codec import moment_text, to_json
from engine.journal.projection import ENDED, RunStatus
from engine.journal.store import Durability, Journal, OpenGate, Pruned, Recorded, RunFilter, RunRow, Span
from engine.library import Library, inline_graph
from engine.messenger import Messenger, Undelivered
from engine.model.findings import Finding
from engine.model.graph import Graph
from engine.model.names import nearest
from engine.model.schema import fill_defaults, problems
from engine.model.values import as_object, normal, problem
from engine.pins import Starter, checked_pins
from engine.run import Run, RunResult
from engine.runtime.clock import Clock, SystemClock
from engine.runtime.feed import Feed, Volatile
from engine.runtime.gates import check_answer, find_gate
from engine.runtime.ids import checked_run_id, new_run_id, new_seed
from engine.runtime.surroundings import Surroundings
from engine.runtime.timers import Timers
from engine.scheduler.events import (
    TYPE_NAMES,
    Event,
    GateAnswered,
    GateEscalated,
    GateExpired,
    GateOpened,
    GateReminded,
    RunCancelRequested,
    RunStarted,
    SignalReceived,
)
from engine.version import VERSION
from engine.watching import watch_all, watch_run
from engine.wiring import Wiring, text_and_hash

__all__ = [
    "ENDED",
    "Engine",
    "Event",
    "Messenger",
    "OpenGate",
    "Recorded",
    "Run",
    "RunFilter",
    "RunResult",
    "RunRow",
    "Serving",
    "Undelivered",
    "Volatile",
    "checked_input",
    "event_json",
    "event_type",
    "json_value",
    "moment_text",
]
"""What the doors may reach through the facade."""

if TYPE_CHECKING:
    from engine.render.picture import RunOverlay


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
        serving: Serving | None,
    ) -> None:
        self.library = Library(graphs)
        self.clock = clock
        self._db = db
        self._durability: Durability = durability
        self._serving = serving
        self._documents = Documents(
            lambda graph, library: self.check(graph, library=library), results=lambda: results_of(self.tools)
        )
        self._memory = Memory()
        self._feed = Feed()
        self._hooks = Hooks()
        self._wiring = wiring
        self._journal: Journal | None = None
        self._opened: Hosting | None = None
        self._timers = Timers(clock)

    @classmethod
    def open(  # noqa: PLR0913 - every setting there is, each with a default
        cls,
        db: str | Path = "weft.db",
        *,
        tools: Iterable[Any] = (),
        graphs: str | Path = "graphs",
        config: Config | None = None,
        durability: Durability = "full",
        clock: Clock | None = None,
        serving: Serving | None = None,
    ) -> Engine:
        """An engine on a database; ``async with`` opens and closes it.

        Args:
            db: path of a SQLite file, made when absent; ``memory:`` keeps nothing.
            tools: functions marked ``@tool``, beside the built-in ones.
            graphs: directory where graphs are looked up by name.
            config: what ``weft.toml`` says; nothing by default.
            durability: ``full`` survives a power cut, ``process`` a kill -9, ``memory`` nothing.
            clock: for tests; the machine's by default.
            serving: for a process that goes on for long: bounds for runs at work, and runs that only wait are given
                back until due times or mail wake them. None: neither.

        Raises:
            ConfigError: two tools of one name, or a tool that cannot be used.
        """
        time = clock if clock is not None else SystemClock()
        wiring = Wiring.of(config if config is not None else Config(), tools=tools, clock=time)
        return cls(db, wiring=wiring, graphs=Path(graphs), durability=durability, clock=time, serving=serving)

    async def __aenter__(self) -> Engine:
        journal = await open_journal(self._db, durability=self._durability)
        self._journal = journal
        around = Surroundings(
            journal=journal,
            feed=self._feed,
            clock=self.clock,
            timers=self._timers,
            executors=self._wiring.executors,
            waiters=self._wiring.waiters,
            hooks=[self._hooks.call],
        )
        self._opened = Hosting(
            journal,
            around,
            documents=self._documents,
            wiring=self._wiring,
            serving=self._serving,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop every run hosted here in order, write everything, close the database. May be repeated."""
        if self._opened is not None:
            await self._opened.close()
            self._opened = None
        self._feed.wake_all()
        self._timers.close()
        await self._hooks.settle()
        if self._journal is not None:
            await self._journal.close()
            self._journal = None

    # -- graphs ------------------------------------------------------------------------------------------------------

    def check(self, graph: Graph, *, library: Library | None = None) -> list[Finding]:
        """Every finding of a graph against the tools, models and graphs known here; nothing is run."""
        shelf = library if library is not None else self.library
        tools = {tool.name: tool for tool in self.tools}
        return check(graph, tools=tools, graphs=shelf.find, models=self._wiring.knows_model, memory=self._memory)

    @property
    def tools(self) -> ToolRegistry:
        """Every registered tool."""
        return self._wiring.services.tools

    @property
    def models(self) -> ModelRegistry:
        """Every provider of models."""
        return self._wiring.services.models

    def pins_of(
        self, graph: Graph, pins: Any, *, by: str | None = None, groups: Collection[str] = ()
    ) -> dict[str, Any]:
        """Pins as a run of the graph would keep them.

        Raises:
            InputError: ``pin.…``; see ``start``.
        """
        return checked_pins(json_value(pins, "pins"), graph, self.library.find, _starter(by, groups))

    # -- runs --------------------------------------------------------------------------------------------------------

    async def start(  # noqa: PLR0913 - every setting of a run, each with a default
        self,
        graph: Graph | str | Path,
        input: Any = None,
        *,
        id: str | None = None,
        answers: Mapping[str, Any] | None = None,
        model: str | None = None,
        simulate: bool = False,
        pins: Mapping[str, Any] | None = None,
        by: str | None = None,
        groups: Collection[str] = (),
        parent: Mapping[str, Any] | None = None,
    ) -> Run:
        """Start a run; it goes on in the background.

        Args:
            graph: a document, a name in the graphs directory, or a file.
            input: JSON value for the graph's input; defaults are filled in.
            id: the run's id; made up when absent.
            answers: scripted models' answers instead of the file beside the graph.
            model: used by every agent instead of the models it names.
            simulate: no model is asked and nothing outside is changed: agents answer from the scripted answers, and
                where there are none with made-up ones; tools whose effect is not ``read`` are not called, and what
                they return is made up.
            pins: node path (``write``, ``team/write``) -> the output that stands for its work, of a gate ``{option,
                form?}``: it does not execute, its ``save`` and ``when`` are evaluated as usual, and it is left by
                that option, else by ``ok``.
            by: who starts it, as a login says: the decisions of pinned gates are theirs. None: whoever the pin names.
            groups: that ``by`` belongs to.
            parent: the run and event that it was made from.

        Returns:
            A handle; the run's first event is on disk.

        Raises:
            GraphError: with every finding; nothing was written.
            InputError: the input or a pin does not fit, or the id is taken or malformed; ``simulation.answer`` where
                no answer of an agent could be made up; nothing was written.
        """
        document, shelf = (graph, self.library) if isinstance(graph, Graph) else self.library.open(graph)
        if simulate and model is not None:
            raise InputError("a simulation asks no model", where="model", hint="leave out one of the two")
        forgiven = frozenset({"model.unknown"}) if simulate else frozenset[str]()
        graphs = self._documents.prepared(document, shelf, forgiven=forgiven)
        filled = checked_input(document, input)
        pinned = (
            {} if pins is None else checked_pins(json_value(pins, "pins"), document, graphs.get, _starter(by, groups))
        )
        now = self.clock.now()
        run_id = checked_run_id(id) if id is not None else new_run_id(now)
        self._wiring.check_model(model)
        scripts = self._wiring.scripts_for(graphs, shelf.directory, answers)
        if simulate:
            scripts = simulated_scripts(graphs, scripts, inline_graph)
        kept = {f"{name}{SCRIPTED}": text_and_hash(script) for name, script in scripts.items()}
        texts = {g.hash: self._documents.text(g) for g in graphs.values()}
        texts |= {digest: text for text, digest in kept.values()}
        started = RunStarted(
            graph=document.name,
            graph_hash=document.hash,
            documents={name: g.hash for name, g in graphs.items()} | {name: h for name, (_, h) in kept.items()},
            input=filled,
            seed=new_seed(),
            engine=VERSION,
            parent=dict(parent) if parent is not None else None,
            options=_options(simulate=simulate, model=model, pins=pinned),
            n=1,
            at=now,
        )
        await self._hosting.start(run_id, started, graphs, texts=texts, scripts=scripts)
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
            await self._hosting.take_up(run_id, revives=True)
        return Run(run_id, self)

    async def answer(  # noqa: PLR0913 - who decides what of which gate, and how strictly it is named
        self,
        run_id: str,
        gate: str,
        option: str,
        *,
        form: Any = None,
        by: str | None = None,
        groups: Collection[str] = (),
        is_exact: bool = False,
    ) -> Run:
        """Decide an open gate; the run goes on, here unless another process hosts it.

        Args:
            run_id: the run.
            gate: the gate's id, or its node while only one gate of that node is open.
            option: one of the gate's options.
            form: JSON object for the option's form; what is absent comes from the prefill and the defaults.
            by: who decides.
            groups: those that whoever decides belongs to; a gate may be assigned to one.
            is_exact: take ``gate`` for an id alone: what was meant for one round of a loop is not taken for the next.

        Raises:
            InputError: ``gate.closed``, ``gate.ambiguous``, ``gate.option``, ``gate.form``, ``gate.assignee``,
                ``run.unknown``, ``run.ended``; the gate stays as it is.
        """
        await self._unended(run_id)
        opened = await self._store.gate(run_id, gate)
        if opened is None:
            opened = find_gate(gate, await self._store.inbox(run_id=run_id), run=run_id, is_exact=is_exact)
        given = None if form is None else json_value(form, f"form for {gate}")
        # Whoever belongs to a group that a gate is assigned to is one of its assignees.
        may = None if by is not None and set(groups).intersection(opened.assignees or ()) else opened.assignees
        filled = check_answer(opened, option, given, by=by, assignees=may, run=run_id)
        fact = GateAnswered(
            gate=opened.gate, execution=opened.execution, node=opened.node, option=option, form=filled, by=by
        )
        body = {"gate": opened.gate, "option": option, "form": filled, "by": by}
        await self._hosting.tell(run_id, fact, "answer", body)
        return Run(run_id, self)

    async def cancel(self, run_id: str, *, by: str | None = None, reason: str | None = None) -> Run:
        """Ask a run to end.

        Raises:
            InputError: ``run.unknown``, ``run.ended``.
        """
        await self._unended(run_id)
        await self._hosting.tell(
            run_id, RunCancelRequested(by=by, reason=reason), "cancel", {"by": by, "reason": reason}
        )
        return Run(run_id, self)

    async def signal(self, run_id: str, name: str, value: Any = None) -> Run:
        """Send a signal to a run: to every wait that is open for it, else kept for the first that opens.

        Raises:
            InputError: ``run.unknown``, ``run.ended``.
        """
        await self._unended(run_id)
        given = json_value(value, f"value of the signal {name}")
        await self._hosting.tell(
            run_id, SignalReceived(name=name, value=given), "signal", {"name": name, "value": given}
        )
        return Run(run_id, self)

    # -- reading -----------------------------------------------------------------------------------------------------

    async def result(self, run_id: str, *, patience_s: float = 0.0, deadlines: bool = False) -> RunResult:
        """What a run came to, or what it waits for; waits while it is being executed.

        Args:
            run_id: the run.
            patience_s: a timer of a run hosted here that is due within so many seconds is waited for too, and a retry
                that is due within a minute always is.
            deadlines: the same for what is due where somebody is asked: deadlines, reminders, escalations.

        Raises:
            InputError: ``run.unknown``.
        """
        await self._hosting.settle(run_id, patience_s=patience_s, deadlines=deadlines)
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

    async def decided(
        self, *, before: int | None = None, run_id: str | None = None, limit: int = 100
    ) -> list[Recorded]:
        """What was decided at gates, of all runs or of one, newest first, as ``gate.answered`` and ``gate.expired``.

        Args:
            before: only below this position.
            run_id: only of this run. What was decided in a run that has been removed went with it.
            limit: so many at most.

        Raises:
            InputError: ``run.unknown``.
        """
        return await self._store.gate_events(
            (GateAnswered, GateExpired), Span(before=before, limit=limit), run_id=run_id
        )

    async def asked(self, *, after: int, on: Collection[str]) -> list[Recorded]:
        """What was asked of people after a position, oldest first, a page at a time.

        Args:
            after: a position of the feed.
            on: ``gate.opened``, ``gate.reminded``, ``gate.escalated``: which of them.
        """
        kinds = [kind for kind in (GateOpened, GateReminded, GateEscalated) if TYPE_NAMES[kind] in on]
        return await self._store.gate_events(kinds, Span(after=after, limit=100))

    async def open_gate(self, run_id: str, gate: str) -> OpenGate | None:
        """One open gate, or None where it is not open.

        Raises:
            InputError: ``run.unknown``.
        """
        return await self._store.gate(run_id, gate)

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
        return await self._documents.of_run(self._store, await started_of(self._store, run_id))

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
        hosting = self._hosting
        watched = watch_run(
            self._store, self._feed, run_id, after=after, is_hosted=lambda: hosting.host(run_id) is not None
        )
        async for item in watched:
            yield item

    async def feed(self, *, after: int = 0) -> AsyncIterator[Recorded | Volatile]:
        """The events of all runs with a position above ``after``, then live, without an end."""
        async for item in watch_all(self._store, self._feed, after=after):
            yield item

    async def overlay(self, run_id: str) -> RunOverlay:
        """How a run stands, to be laid over the picture of the graph that it is bound to.

        Raises:
            InputError: ``run.unknown``.
        """
        from engine.pictures import run_overlay  # noqa: PLC0415 - what draws nothing need not wait for the drawing

        graphs = await self.documents_of(run_id)
        plan = self._documents.plan(next(iter(graphs.values())))
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

    @property
    def own_ports(self) -> set[int]:
        """The ports that this process listens on: add yours, and no tool and no message is sent there."""
        return self._wiring.own_ports

    def messengers(self) -> list[Messenger]:
        """The ways on which the operator wants to be told when a person is asked; see ``[notify]``."""
        return self._wiring.messengers(self.clock)

    # -- keeping house -----------------------------------------------------------------------------------------------

    async def take_up_unfinished(self) -> list[str]:
        """Go on with every run that is neither ended nor hosted elsewhere, for instance after a restart.

        Returns:
            The ids of the runs that go on now; those that only wait go on when something comes.
        """
        return await self._hosting.take_up_unfinished()

    async def prune(
        self, *, before: float | None = None, statuses: Sequence[RunStatus] = tuple(ENDED), ids: Sequence[str] = ()
    ) -> Pruned:
        """Remove runs and whatever only they needed; see ``Journal.prune``."""
        return await self._store.prune(now=self.clock.now(), before=before, statuses=statuses, ids=ids)

    async def delete(self, run_id: str) -> None:
        """Remove one run and all that is its own.

        Raises:
            InputError: ``run.unknown``; ``run.elsewhere`` while it is being executed.
        """
        await self._store.delete_run(run_id, now=self.clock.now())

    # -- inside ------------------------------------------------------------------------------------------------------

    @property
    def _store(self) -> Journal:
        if self._journal is None:
            raise JournalError("the engine is not open", hint="use `async with Engine.open(...)`")
        return self._journal

    @property
    def _hosting(self) -> Hosting:
        if self._opened is None:
            raise JournalError("the engine is not open", hint="use `async with Engine.open(...)`")
        return self._opened

    async def _unended(self, run_id: str) -> None:
        status = (await self._store.run(run_id)).status
        if status in ENDED:
            raise InputError(
                f"the run is {status}", code="run.ended", where=f"run {run_id}", hint=f"see `weft show {run_id}`"
            )


def _starter(by: str | None, groups: Collection[str]) -> Starter | None:
    return None if by is None else Starter(by, groups)


def _options(*, simulate: bool, model: str | None, pins: Mapping[str, Any]) -> dict[str, Any] | None:
    """What belongs to one run alone, as its first event keeps it; None where there is nothing."""
    options = {"simulate": simulate or None, "model": model, "pins": pins or None}
    return {key: value for key, value in options.items() if value is not None} or None


def results_of(tools: Iterable[Any]) -> dict[str, Any]:
    """Tool -> JSON Schema of its result, where it is known."""
    return {tool.name: tool.returns for tool in tools if tool.returns is not None}


def event_json(event: Event) -> dict[str, Any]:
    """An event as every door writes it: one JSON object (RUNS.md §1)."""
    return to_json(event)


def event_type(event: Event) -> str:
    """What an event is called: its ``type`` in JSON."""
    return TYPE_NAMES[type(event)]


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
