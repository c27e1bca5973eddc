"""The host of one run: inbox → apply → write → act → commit → publish.

Rule: this is the only writer of the run's journal and the only user of its scheduler. Everybody else drops a fact with
``post``. A fact is applied, numbered and handed to the journal in one go; what has no effect outside begins at once;
what has one waits for the disk (``NodeContext.committed``); nobody is told anything before it is committed.

Theory of operation: a task carries out one ready node and then goes on with the next one itself, so that a chain costs
no task per node; several ready nodes get tasks of their own. Nothing drives the run from outside: whoever drops a fact
applies it on the spot and begins what became ready. A node that waits for a person, a timer or a signal leaves no task
behind. The broad ``except`` in ``_work`` is the only one: there a node's failure becomes an event.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from engine.errors import EngineBug, Failure, NodeError, OutsideError, WeftError
from engine.journal.projection import ENDED
from engine.model.nodes import Cache, Limits, Retry
from engine.model.schema import fill_defaults, problems
from engine.runtime import judge
from engine.runtime.accounts import Accounts, usage_of
from engine.runtime.cache import Kept, cache_key, is_worth_keeping
from engine.runtime.clock import Clock
from engine.runtime.context import Executor, Names, NodeContext, Place, Result, Suspend, Waiter
from engine.runtime.feed import Feed, Volatile
from engine.runtime.ids import execution_seed, input_digest
from engine.runtime.limits import Budget, LimitReached
from engine.runtime.timers import Timer, Timers
from engine.runtime.waits import Waits
from engine.scheduler.commands import Cancel, Command, Conclude, Continue, EndScope, Evaluate, GiveUp, Start
from engine.scheduler.events import (
    AgentStateChanged,
    EffectClaimed,
    EffectSettled,
    Event,
    GateAnswered,
    GateOpened,
    ModelAnswered,
    ModelRequested,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeStarted,
    RunCancelled,
    RunCompleted,
    RunFailed,
    RunStarted,
    Usage,
)
from engine.scheduler.retry import delay_s
from engine.scheduler.scheduler import Scheduler

if TYPE_CHECKING:
    from engine.compile.plan import Plan, PlanNode
    from engine.model.graph import Graph

FAIR_EVERY: Final = 64
"""After so many nodes in a row a task lets others have their turn."""

Ready = Start | Continue


@dataclass(frozen=True, slots=True)
class _Written:
    """A fact that is in the journal already and only has to be applied."""

    event: RunStarted


def _nobody(run: str) -> None:
    """Nobody wants to know."""
    del run


class RunJournal(Protocol):
    """What the host needs of a journal: append to one run in order."""

    def append(self, run_id: str, events: Sequence[Event], *, letters: Sequence[int] = ()) -> asyncio.Future[None]:
        """Hand events over; the future ends when they are on disk, or with LeaseLost or another JournalError."""
        ...

    async def cache_get(self, key: str, *, now: float) -> tuple[Any] | None:
        """The value kept under the key, in a tuple of one, or None."""
        ...

    async def cache_put(self, key: str, value: Any, *, expires_at: float) -> None:
        """Keep a JSON value until ``expires_at``."""
        ...


@dataclass(slots=True)
class Surroundings:
    """What every host of an engine shares.

    Attributes:
        executors: kind -> what does its work (agent, tool).
        waiters: kind -> what opens and concludes it (human-gate, wait).
        hooks: called with (run id, event) for every event that was committed.
    """

    journal: RunJournal
    feed: Feed
    clock: Clock
    timers: Timers
    executors: Mapping[str, Executor]
    waiters: Mapping[str, Waiter]
    hooks: list[Callable[[str, Event], None]] = field(default_factory=list[Callable[[str, Event], None]])


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What belongs to one run.

    Attributes:
        seed: the run's seed.
        limits: of the run: its graph's, tightened by the operator's.
        plan_for: gives the plan of a subgraph node's graph.
        model: used instead of every model that a node names, or None.
        scripts: graph name -> the scripted models' answers for it.
    """

    seed: int
    limits: Limits | None
    plan_for: Callable[[PlanNode], Plan]
    model: str | None = None
    scripts: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Host:
    """Runs one run in this process.

    Args:
        run: the run's id.
        scheduler: its walk, fresh or replayed.
        around: what all hosts share.
        settings: what belongs to this run alone.
    """

    def __init__(self, run: str, scheduler: Scheduler, around: Surroundings, settings: RunSettings) -> None:
        self.run = run
        self.scheduler = scheduler
        self.around = around
        self.settings = settings
        self.seed = settings.seed
        self.accounts = Accounts.of(settings.limits)
        self.waits = Waits(around.timers, around.clock, self.post)
        self.last_n = 0
        self.failure: WeftError | None = None
        self._unwritten: list[Event] = []
        self._ticket: asyncio.Future[None] | None = None
        self._flushing = False
        self._committed_n = 0
        self._ready: deque[Ready] = deque()
        self._working: dict[str, asyncio.Task[None]] = {}
        self._at_work: dict[str, Ready] = {}
        self._inside: dict[str, Start] = {}
        self._spans: dict[str, Timer] = {}
        self._keep_under: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._withdrawn: set[asyncio.Task[None]] = set()
        self._recorded: dict[str, list[Event]] = {}
        self._timers: dict[str, Timer] = {}
        self._watchers: list[asyncio.Future[None]] = []
        self._sleepers: list[asyncio.Future[None]] = []
        self._is_stopped = False
        self._letters: list[int] = []
        self._agenda: deque[Event | Command | _Written] = deque()
        self._is_applying = False
        self.on_end: Callable[[str], None] = _nobody

    # -- words from outside ------------------------------------------------------------------------------------------

    def begin(self, started: RunStarted) -> None:
        """Begin a run whose first event has been written already."""
        self.last_n = self._committed_n = started.n
        self.waits.arm()
        self._agenda.append(_Written(started))
        self._drain()
        self._begin_ready()
        self.around.feed.publish(self.run, [started])
        for hook in self.around.hooks:
            hook(self.run, started)

    def post_letter(self, letter: int, fact: Event | None) -> None:
        """Do what a letter asks for and strike it off in the same transaction; None: it does not fit any more."""
        if self._is_stopped:
            return
        self._letters.append(letter)
        if fact is not None:
            self._apply(fact)
            self._begin_ready()
        self._flush()

    def post(self, fact: Event) -> None:
        """Apply a fact, hand it to the journal and begin what became ready. Dropped when it comes too late."""
        if self._is_stopped:
            return
        self._apply(fact)
        self._begin_ready()

    def recall(self, events: list[Event]) -> None:
        """Fold the journal of an earlier host in (the scheduler has been replayed with the same events)."""
        for event in events:
            self._remember(event)
            self.waits.note(event)
            self.accounts.recall(event, scope_of(event))
        if events:
            self.last_n = self._committed_n = events[-1].n
        self.waits.arm()

    async def wait_until_committed(self) -> None:
        """Return once everything recorded so far is on disk.

        Raises:
            JournalError: it could not be written; the host has stopped.
        """
        self._flush()
        if self._ticket is not None:
            await asyncio.shield(self._ticket)

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
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._watchers.append(future)
            await future

    def next_due(self) -> float | None:
        """When the run goes on by itself (seconds since 1970), or None when it does not."""
        due = self.waits.next_due()
        retries = [timer.due for timer in self._timers.values() if timer.act is not None]
        return min([*retries, *([due] if due is not None else [])], default=None)

    async def wait_until_woken(self) -> None:
        """Return after the next event that is written, or when the host stops."""
        if self._is_stopped:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append(future)
        await future

    @property
    def is_idle(self) -> bool:
        """Nothing is being done, and all that was done is on disk."""
        return self.scheduler.status != "running" and self._committed_n == self.last_n and not self._tasks

    async def stop(self) -> None:
        """End this host in order: work under way is cut off and stays to be resumed; what was recorded is written."""
        self._halt()
        tasks = [t for t in self._tasks if t is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)
        self._flush()
        if self._ticket is not None:
            await asyncio.wait([self._ticket])
        self._tell_watchers()

    # -- what a node's context asks of the host ----------------------------------------------------------------------

    def record(self, event: Event) -> None:
        """Journal a step of a node under way."""
        self.post(event)

    def emit(self, execution: str, node: str, kind: str, value: Any) -> None:
        """Tell the watchers a word that is never journaled."""
        if self.around.feed.is_watched(self.run):
            self.around.feed.emit(Volatile(self.run, execution, node, kind, value))

    # -- apply and write ---------------------------------------------------------------------------------------------

    def _apply(self, fact: Event) -> None:
        """Apply a fact and everything that follows from it without waiting, in order."""
        self._agenda.append(fact)
        self._drain()

    def _drain(self) -> None:
        if self._is_applying:
            return
        self._is_applying = True
        agenda = self._agenda
        try:
            while agenda:
                item = agenda.popleft()
                if isinstance(item, _COMMANDS):
                    for answer in self._answer(item):
                        self._apply_one(answer)
                else:
                    self._apply_one(item)
        except WeftError as error:
            self.fall(error)
        finally:
            self._is_applying = False

    def _apply_one(self, item: Event | _Written) -> None:
        if isinstance(item, _Written):
            step = self.scheduler.apply(item.event)
            self.waits.note(item.event)
        elif self.scheduler.accepts(item):
            step = self.scheduler.apply(item)
            self._note(item)
        else:
            if isinstance(item, EffectSettled):
                self._note(item)
            return
        for consequence in step.consequences:
            self._note(consequence)
        for command in step.commands:
            if isinstance(command, Cancel):
                self._withdraw(command.execution)
            elif isinstance(command, Continue):
                self._ready.append(command)
            elif isinstance(command, Start) and not self._is_opened_here(command):
                self._enqueue(command)
            else:
                self._agenda.append(command)

    def _note(self, event: Event) -> None:
        self.last_n += 1
        event.n = self.last_n
        event.at = self.around.clock.now()
        self._unwritten.append(event)
        self._remember(event)
        self.waits.note(event)
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _remember(self, event: Event) -> None:
        """Keep the recorded steps of executions that are not decided, for retries, answers and resumes."""
        kind = type(event)
        if kind in _STEPS:
            self._recorded.setdefault(event.execution, []).append(event)  # type: ignore[union-attr]
        elif kind in _DECIDED:
            self.accounts.close_agent(event.execution)  # type: ignore[union-attr]
            if not self._recorded:
                return
            steps = self._recorded.get(event.execution)  # type: ignore[union-attr]
            if steps is None:
                return
            if isinstance(event, NodeFailed) and event.retry_at is not None:
                steps.append(event)
            elif "/" in event.execution:  # type: ignore[union-attr]
                # A subgraph may be tried again as a whole: what had an effect in it must not have it twice.
                steps[:] = [s for s in steps if isinstance(s, EffectClaimed | EffectSettled)]
            else:
                del self._recorded[event.execution]  # type: ignore[union-attr]

    def _flush(self) -> None:
        self._flushing = False
        if not self._unwritten and not self._letters:
            return
        events, self._unwritten = self._unwritten, []
        letters, self._letters = self._letters, []
        ticket = self.around.journal.append(self.run, events, letters=letters)
        self._ticket = ticket
        if ticket.done():
            self._written(events, ticket)
        else:
            ticket.add_done_callback(partial(self._written, events))

    def _written(self, events: list[Event], ticket: asyncio.Future[None]) -> None:
        if ticket.cancelled():
            return
        error = ticket.exception()
        if error is not None:
            self.fall(error if isinstance(error, WeftError) else EngineBug(f"the journal failed: {error!r}"))
            return
        if events:
            self._committed_n = events[-1].n
            self.around.feed.publish(self.run, events)
            for hook in self.around.hooks:
                for event in events:
                    hook(self.run, event)
            _release(self._sleepers)
        self._look()

    def fall(self, error: WeftError) -> None:
        """Stop at once: the journal refused, or an invariant broke. Nothing more is written."""
        if self.failure is None:
            self.failure = error
        self._halt()
        self._unwritten.clear()
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        self._tell_watchers()

    def _halt(self) -> None:
        self._is_stopped = True
        self._ready.clear()
        self._agenda.clear()
        self.waits.disarm()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _look(self) -> None:
        if not self.is_idle:
            return
        if self._watchers:
            self._tell_watchers()
        if self.scheduler.status in ENDED and not self._is_stopped:
            self.on_end(self.run)

    def _tell_watchers(self) -> None:
        _release(self._watchers)
        if self._is_stopped:
            _release(self._sleepers)

    # -- commands that are answered on the spot ----------------------------------------------------------------------

    def _is_opened_here(self, command: Start) -> bool:
        """Whether beginning it needs no task: subgraphs, gates, waits, and nodes that only make items."""
        if command.not_before is not None and command.not_before > self.around.clock.now():
            return False
        node = command.node
        if command.item is None and getattr(node.doc, "each", None) is not None:
            return True
        return node.kind in _OPENED_HERE and (node.kind != "subgraph" or node.doc.cache is None)

    def _answer(self, command: Command) -> list[Event]:
        """The facts that answer a command."""
        match command:
            case Start():
                return self._open(command)
            case Evaluate():
                return [self._evaluate(command)]
            case Conclude():
                return [self._conclude(command)]
            case GiveUp():
                return [judge.failed(command, command.failure, self._names_now(command))]
            case EndScope():
                return [self._end_scope(command)]
            case _:
                raise EngineBug(f"a command that cannot be answered on the spot: {command}")

    def _open(self, command: Start) -> list[Event]:
        """Begin a subgraph, gate or wait, or a node with items."""
        node, path = command.node, judge.node_path(command)
        started = NodeStarted(execution=command.execution, node=path, attempt=command.attempt)
        try:
            names = self.scheduler.names(command.scope, command.execution)
            if command.item is None and getattr(node.doc, "each", None) is not None:
                started.items = judge.items_of(command, names)
                return [started]
            if command.attempt == 1:
                self.accounts.budget(command.scope.path).reserve_node_run()
            if node.kind == "subgraph":
                started.input = self._enter(command, judge.args_of(command, names))
                self._inside[command.execution] = command
                self._arm_time_out(command)
                return [started]
            waiter = self.around.waiters[node.kind]
            resolved = waiter.resolve(node.doc, names, judge.types_in(command))
            place = Place(self.run, command.execution, path)
            return [started, waiter.open(node.doc, place, resolved, now=self.around.clock.now())]
        except OutsideError as error:
            if started.items is None and getattr(node.doc, "each", None) is not None and command.item is None:
                started.items = []
            return [self._failed_for_good(command, error)]

    def _enter(self, command: Start, args: dict[str, Any]) -> Any:
        """A subgraph's input: its arguments with the defaults of its graph, checked. Opens its budget.

        Raises:
            NodeError: ``subgraph.depth`` or ``subgraph.input``.
        """
        graph: Graph = self.settings.plan_for(command.node).document
        if command.execution.count("/") + 2 > self.accounts.depth:
            raise NodeError(
                f"graphs run inside one another more than {self.accounts.depth} deep",
                code="subgraph.depth",
                error_class="limit",
                hint="raise limits.depth, or end the recursion earlier",
            )
        filled = fill_defaults(graph.input, args)
        found = [] if graph.input is None else problems(graph.input, filled)
        if found:
            raise NodeError(
                f"the arguments do not fit {graph.name}: {'; '.join(found)}", code="subgraph.input", hint="mend `args`"
            )
        self.accounts.open_scope(command.execution, command.scope.path, graph.limits)
        return filled

    def _evaluate(self, command: Evaluate) -> Event:
        names = self._names_now(command)
        try:
            return judge.control(command, names)
        except NodeError as error:
            return judge.failed(command, judge.failure_of(error), names)

    def _conclude(self, command: Conclude) -> Event:
        node = command.node
        names = self._names_now(command)
        try:
            if command.cause == "items":
                event = judge.completed(command, Result(command.value), names, derived=True)
                event.errors = command.errors or None
                return event
            if command.fact is None:
                raise EngineBug(f"nothing concludes {command.execution}")
            result = self.around.waiters[node.kind].conclude(command.fact)
            if result.port == "expired" and "expired" not in node.by_port:
                raise NodeError(
                    "nobody answered in time" if node.kind == "human-gate" else "the signal did not come in time",
                    code="gate.expired" if node.kind == "human-gate" else "wait.expired",
                    error_class="limit",
                    hint="give it an `expired` edge",
                )
            return judge.completed(command, result, names)
        except NodeError as error:
            return judge.failed(command, judge.failure_of(error), names)

    def _end_scope(self, command: EndScope) -> Event:
        """The fact that ends a run, or the subgraph node whose scope is over."""
        failure, output = command.failure, None
        if failure is None and not command.cancelled:
            try:
                output = self._output(command)
            except NodeError as error:
                failure = judge.failure_of(error)
        if command.parent is None:
            if command.cancelled:
                return RunCancelled()
            return RunCompleted(output=output) if failure is None else RunFailed(error=failure)
        self._drop_timer(command.scope.path)
        self.accounts.close_scope(command.scope.path)
        self._inside.pop(command.scope.path, None)
        if failure is not None:
            return self._failed(command.parent, failure)
        key = self._keep_under.pop(command.scope.path, None)
        if key is not None:
            work = self._keep(key, Kept(output, self.run), command.parent.node.doc.cache.ttl_s)
            task = asyncio.get_running_loop().create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._task_ended)
        return self._come_to(command.parent, Result(output))

    def _output(self, command: EndScope) -> Any:
        if command.end is not None and command.end_output is not None:
            return command.end_output
        return judge.output_of(command.scope, self.scheduler.names(command.scope, None))

    def _names_now(self, of: judge.Named) -> Names:
        return self.scheduler.names_now(of.scope, of.execution)

    # -- ready nodes -------------------------------------------------------------------------------------------------

    def _enqueue(self, command: Start) -> None:
        due = command.not_before
        if due is not None and due > self.around.clock.now():
            self._timers[command.execution] = self.around.timers.at(due, partial(self._is_due, command))
        else:
            self._ready.append(command)

    def _is_due(self, command: Start) -> None:
        self._timers.pop(command.execution, None)
        if self._is_stopped:
            return
        command.not_before = None
        if self._is_opened_here(command):
            self._agenda.append(command)
            self._drain()
        else:
            self._ready.append(command)
        self._begin_ready()

    def _begin_ready(self) -> None:
        """A task for everything that is ready, as far as the run's concurrency allows."""
        while self._ready and self.accounts.has_slot(len(self._working)):
            command = self._ready.popleft()
            task = asyncio.get_running_loop().create_task(self._carry_on(command))
            self._tasks.add(task)
            task.add_done_callback(self._task_ended)
            self._working[command.execution] = task
        self._look()

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._withdrawn.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fall(error if isinstance(error, WeftError) else EngineBug(f"the host failed: {error!r}"))
        if not self._is_stopped:
            self._begin_ready()
        self._look()

    async def _carry_on(self, command: Ready) -> None:
        """Carry out one ready node, then the next that became ready, and so on."""
        task = asyncio.current_task()
        count = 0
        while True:
            await self._work(command)
            if task in self._withdrawn or self._is_stopped:
                return
            if not self._ready or not self.accounts.has_slot(len(self._working)):
                return
            command = self._ready.popleft()
            self._working[command.execution] = task  # type: ignore[assignment]
            if self._ready:
                self._begin_ready()
            count += 1
            if count % FAIR_EVERY == 0:
                await asyncio.sleep(0)

    async def _work(self, command: Ready) -> None:
        """One attempt: begin it, do it, and apply what came of it."""
        cache: Cache | None = command.node.doc.cache
        key = await self._reused(command) if cache is not None else None
        if key == _REUSED:
            return
        if isinstance(command, Start) and command.node.kind == "subgraph":
            self._open_looked_up(command, key)
            return
        ctx = self._context(command)
        if ctx is None:
            self._working.pop(command.execution, None)
            return
        task = asyncio.current_task()
        outcome: Result | OutsideError | None = None
        self._at_work[command.execution] = command
        began = self.around.clock.now()
        self._span_begins(ctx.budget)
        try:
            outcome = await self.around.executors[command.node.kind].run(ctx)
        except Suspend:
            pass
        except asyncio.CancelledError:
            if task in self._withdrawn:
                return
            raise
        except OutsideError as error:
            outcome = error
        except Exception as error:  # noqa: BLE001 - the one place where a node's failure becomes an event
            outcome = NodeError(
                f"{type(error).__name__}: {error}",
                code="node.raised",
                error_class="fatal",
                hint="raise ToolError for failures that are to be expected",
            )
        finally:
            self._span_ends(ctx.budget)
            if self._working.get(command.execution) is task:
                del self._working[command.execution]
                self._at_work.pop(command.execution, None)
        if self._is_stopped or task in self._withdrawn:
            return
        self._drop_timer(command.execution)
        if outcome is None:
            return
        seconds = round(self.around.clock.now() - began, 3)
        if isinstance(outcome, Result):
            fact: NodeCompleted | NodeFailed = self._come_to(command, outcome)
        elif isinstance(outcome, LimitReached):
            fact = self._failed_for_good(command, outcome)
        else:
            fact = self._failed(command, judge.failure_of(outcome), outcome.retry_after_s)
        if isinstance(fact, NodeFailed) and fact.retry_at is None and fact.usage is None:
            fact.usage = usage_of(ctx.recorded)
        if seconds > 0:
            fact.usage = replace(fact.usage or Usage(), seconds=seconds)
        self._apply(fact)
        if key is not None and cache is not None and isinstance(outcome, Result) and is_worth_keeping(outcome):
            await self._keep(key, Kept(outcome.output, self.run), cache.ttl_s)

    async def _reused(self, command: Ready) -> str | None:
        """Complete a node from a kept result (then ``_REUSED``), or the key to keep its result under; None: neither."""
        names = self.scheduler.names(command.scope, command.execution)
        executor = self.around.executors.get(command.node.kind)
        try:
            if executor is None:
                resolved: Any = judge.args_of(command, names)
            else:
                resolved = executor.resolve(command.node.doc, names, judge.types_in(command))
            key = cache_key(command, resolved, names)
        except NodeError:
            return None  # the attempt itself fails by it, in the ordinary way
        found = await self.around.journal.cache_get(key, now=self.around.clock.now())
        if found is None or isinstance(command, Continue):
            return key
        kept = Kept.of(found[0])
        fact = self._come_to(command, Result(kept.output))
        if isinstance(fact, NodeCompleted):
            fact.reused_from = kept.run
        self._working.pop(command.execution, None)
        self._apply(fact)
        return _REUSED

    def _open_looked_up(self, command: Start, key: str | None) -> None:
        """Open a subgraph whose result is not kept yet; it will be, when the scope has ended well."""
        self._working.pop(command.execution, None)
        if key is not None:
            self._keep_under[command.execution] = key
        for fact in self._open(command):
            self._apply(fact)

    async def _keep(self, key: str, kept: Kept, ttl_s: float) -> None:
        await self.around.journal.cache_put(key, kept.as_json(), expires_at=self.around.clock.now() + ttl_s)

    def _context(self, command: Ready) -> NodeContext | None:
        """Begin an attempt: its input resolved and journaled. None when there is nothing to do any more."""
        node, scope, execution = command.node, command.scope, command.execution
        names = self.scheduler.names(scope, execution)
        types = judge.types_in(command)
        path = judge.node_path(command)
        recorded = list(self._recorded.get(execution, ()))
        budget = self.accounts.agent(scope.path, execution, getattr(node.doc, "limits", None), recorded)
        is_new = isinstance(command, Start)
        started = NodeStarted(execution=execution, node=path, attempt=command.attempt)
        if is_new and not self.scheduler.accepts(started):
            return None
        try:
            if is_new and command.attempt == 1:
                budget.reserve_node_run()
            resolved = self.around.executors[node.kind].resolve(node.doc, names, types)
        except OutsideError as error:
            if is_new:
                self._apply(started)
            self._apply(self._failed_for_good(command, error))
            return None
        if is_new:
            started.input, started.input_hash = input_digest(resolved)
            self._apply(started)
        return NodeContext(
            run_id=self.run,
            execution=execution,
            node=path,
            attempt=command.attempt,
            doc=node.doc,
            graph=scope.plan.document,
            input=resolved,
            names=names,
            clock=self.around.clock,
            budget=budget,
            host=self,
            recorded=recorded,
            deadline=self._arm_time_out(command),
            seed=self.seed,
            iteration=names.get("iteration", 1),
            item=command.item is not None,
            scripted=self.settings.scripts.get(scope.plan.name),
            model=self.settings.model,
            types=types,
        )

    # -- facts -------------------------------------------------------------------------------------------------------

    def _come_to(self, command: Ready, result: Result) -> NodeCompleted | NodeFailed:
        """An attempt ended well; what the graph makes of it may still be an error of its own."""
        if command.item is not None:
            return NodeCompleted(
                execution=command.execution,
                node=judge.node_path(command),
                attempt=command.attempt,
                output=result.output,
                writes=result.writes or None,
                usage=result.usage,
            )
        try:
            return judge.completed(command, result, self._names_now(command))
        except NodeError as error:
            return self._failed_for_good(command, error)

    def _failed(self, command: Ready, failure: Failure, retry_after_s: float | None = None) -> NodeFailed:
        """An attempt failed: again later, or for good."""
        execution, doc = command.execution, command.node.doc
        executor = self.around.executors.get(command.node.kind)
        policy: Retry = doc.retry or (_ONCE if executor is None else executor.retry(doc))
        counted = self.scheduler.attempts_counted(execution) + 1
        again = delay_s(policy, failure, counted, execution_seed(self.seed, execution))
        retry_at = None if again is None else self.around.clock.now() + max(again, retry_after_s or 0.0)
        return judge.failed(command, failure, self._names_now(command), retry_at=retry_at)

    def _failed_for_good(self, command: Ready, error: OutsideError) -> NodeFailed:
        fact = judge.failed(command, judge.failure_of(error), self._names_now(command))
        fact.ends_run = isinstance(error, LimitReached) and error.owner == ""
        return fact

    # -- seconds -----------------------------------------------------------------------------------------------------

    def _span_begins(self, budget: Budget) -> None:
        """An attempt is being executed: from now on its seconds count."""
        now = self.around.clock.now()
        for fresh in budget.began_all(now):
            left = fresh.seconds_left()
            if left is not None:
                timer = self.around.timers.at(now + left, partial(self._seconds_are_up, fresh))
                self._spans[fresh.owner] = timer

    def _span_ends(self, budget: Budget) -> None:
        for idle in budget.ended_all(self.around.clock.now()):
            timer = self._spans.pop(idle.owner, None) if self._spans else None
            if timer is not None:
                timer.cancel()

    def _seconds_are_up(self, budget: Budget) -> None:
        """A limit of seconds is used up: the run fails, or the subgraph or agent that has it."""
        self._spans.pop(budget.owner, None)
        command = self._inside.get(budget.owner) or self._at_work.get(budget.owner)
        if command is None:
            command = next(iter(self._at_work.values()), None)
        if command is None or self._is_stopped:
            return
        self._withdraw(command.execution)
        self.post(self._failed_for_good(command, budget.used_up()))

    # -- time-outs and withdrawal ------------------------------------------------------------------------------------

    def _arm_time_out(self, command: Ready) -> float | None:
        timeout_s: float | None = getattr(command.node.doc, "timeout_s", None)
        if timeout_s is None:
            return None
        due = self.around.clock.now() + timeout_s
        self._timers[command.execution] = self.around.timers.at(due, partial(self._time_out, command, timeout_s))
        return due

    def _drop_timer(self, execution: str) -> None:
        if self._timers and (timer := self._timers.pop(execution, None)) is not None:
            timer.cancel()

    def _time_out(self, command: Ready, timeout_s: float) -> None:
        self._timers.pop(command.execution, None)
        self._withdraw(command.execution)
        if self._has_open_effect(command.execution):
            # Nobody knows whether it happened: the executor, run again, asks a person.
            again = Continue(command.scope, command.node, command.execution, command.attempt, command.item)
            self._ready.append(again)
            self._begin_ready()
            return
        failure = Failure(
            "limit",
            "timeout",
            f"the attempt took longer than {timeout_s:g} s",
            hint="raise timeout_s, or name `timeout` in retry.on",
        )
        self.post(self._failed(command, failure))

    def _has_open_effect(self, execution: str) -> bool:
        steps = self._recorded.get(execution, ())
        settled = {s.key for s in steps if isinstance(s, EffectSettled)}
        return any(isinstance(s, EffectClaimed) and s.effect == "unsafe" and s.key not in settled for s in steps)

    def _withdraw(self, execution: str) -> None:
        """Stop what is being done for an execution; its late words are dropped."""
        self._drop_timer(execution)
        task = self._working.pop(execution, None)
        self._at_work.pop(execution, None)
        self._inside.pop(execution, None)
        if task is not None and task is not asyncio.current_task():
            self._withdrawn.add(task)
            task.cancel()
        if self._ready:
            self._ready = deque(c for c in self._ready if c.execution != execution)


def _release(waiting: list[asyncio.Future[None]]) -> None:
    futures = list(waiting)
    waiting.clear()
    for future in futures:
        if not future.done():
            future.set_result(None)


def scope_of(event: Event) -> str:
    """The path of the scope that an event's execution belongs to; "" for events of the run."""
    execution: str = getattr(event, "execution", "")
    return execution.rpartition("/")[0]


_REUSED: Final = ""
_ONCE: Final = Retry(attempts=1)
_STEPS: Final = frozenset(
    {EffectClaimed, EffectSettled, ModelRequested, ModelAnswered, AgentStateChanged, GateOpened, GateAnswered}
)
_COMMANDS: Final = (Start, Continue, Evaluate, Conclude, GiveUp, EndScope, Cancel)
_OPENED_HERE: Final = frozenset({"subgraph", "human-gate", "wait"})
_DECIDED: Final = frozenset({NodeCompleted, NodeFailed, NodeCancelled})
