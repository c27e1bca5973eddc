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
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol

from engine.compile.plan import PlanNode
from engine.errors import EngineBug, Failure, NodeError, OutsideError, WeftError
from engine.model.nodes import Retry
from engine.runtime import judge
from engine.runtime.accounts import Accounts
from engine.runtime.clock import Clock
from engine.runtime.context import Executor, NodeContext, Result, Suspend, Waiter
from engine.runtime.feed import Feed, Volatile
from engine.runtime.ids import execution_seed, input_digest
from engine.runtime.limits import LimitReached
from engine.runtime.timers import Timer, Timers
from engine.runtime.waits import Waits
from engine.scheduler.commands import (
    Cancel,
    Command,
    Conclude,
    Continue,
    EndScope,
    Evaluate,
    GiveUp,
    Start,
)
from engine.scheduler.events import (
    EffectClaimed,
    EffectSettled,
    Event,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeStarted,
    RunCancelled,
    RunCompleted,
    RunFailed,
    RunStarted,
)
from engine.scheduler.scheduler import Scheduler

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


class Host:
    """Runs one run in this process.

    Args:
        run: the run's id.
        scheduler: its walk, fresh or replayed.
        around: what all hosts share.
        seed: the run's seed.
        documents: graph hash -> what the host must know of a graph (input schema, limits) when a scope opens.
    """

    def __init__(self, run: str, scheduler: Scheduler, around: Surroundings, *, seed: int, accounts: Accounts) -> None:
        self.run = run
        self.scheduler = scheduler
        self.around = around
        self.seed = seed
        self.accounts = accounts
        self.waits = Waits(around.timers, around.clock, self.post)
        self.last_n = 0
        self.failure: WeftError | None = None
        self._unwritten: list[Event] = []
        self._ticket: asyncio.Future[None] | None = None
        self._flushing = False
        self._committed_n = 0
        self._ready: deque[Ready] = deque()
        self._working: dict[str, asyncio.Task[None]] = {}
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
            self.accounts.note(event)
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
        elif kind in _DECIDED and self._recorded:
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
        node = command.node
        if command.not_before is not None and command.not_before > self.around.clock.now():
            return False
        return node.kind in _OPENED_HERE or (command.item is None and node.doc.each is not None)

    def _answer(self, command: Command) -> list[Event]:
        """The facts that answer a command. Empty when it has become void meanwhile."""
        match command:
            case Start():
                return self._open(command)
            case Evaluate():
                return [self._evaluate(command)]
            case Conclude():
                return [self._conclude(command)]
            case GiveUp():
                names = self.scheduler.names(command.scope, command.execution)
                return [
                    judge.failed(
                        command.scope, command.node, command.execution, command.attempt, command.failure, names
                    )
                ]
            case EndScope():
                return [self._end_scope(command)]
            case _:
                raise EngineBug(f"a command that cannot be answered on the spot: {command}")

    def _open(self, command: Start) -> list[Event]:
        """Begin a subgraph, gate or wait, or a node with items."""
        node, scope, execution = command.node, command.scope, command.execution
        path = judge.node_path(scope, node)
        started = NodeStarted(execution=execution, node=path, attempt=command.attempt)
        try:
            names = self.scheduler.names(scope, execution)
            if command.item is None and getattr(node.doc, "each", None) is not None:
                started.items = judge.items_of(node, names)
                return [started]
            if command.attempt == 1:
                self.accounts.budget(scope).reserve_node_run()
            if node.kind == "subgraph":
                started.input = self.accounts.enter_scope(command, judge.args_of(node, names))
                self._arm_time_out(command)
                return [started]
            waiter = self.around.waiters[node.kind]
            started.input = waiter.resolve(node.doc, names)
            opened = waiter.open(
                execution=execution, node=path, doc=node.doc, input=started.input, now=self.around.clock.now()
            )
            started.input = None
            return [started, opened]
        except OutsideError as error:
            return [started, self._failed(command, error)]

    def _evaluate(self, command: Evaluate) -> Event:
        names = self.scheduler.names(command.scope, command.execution)
        try:
            return judge.control(command, names)
        except NodeError as error:
            failure = judge.failure_of(error, judge.node_path(command.scope, command.node))
            return judge.failed(command.scope, command.node, command.execution, 1, failure, names)

    def _conclude(self, command: Conclude) -> Event:
        node, scope = command.node, command.scope
        try:
            if command.cause == "items":
                result = Result(command.value)
            else:
                result = self.around.waiters[node.kind].conclude(command.cause, command.fact)
            if result.port == "expired" and "expired" not in node.by_port:
                raise NodeError(
                    "nobody answered in time",
                    code="gate.expired" if node.kind == "human-gate" else "wait.expired",
                    error_class="limit",
                    hint="give it an `expired` edge, or a `default`",
                )
            return self._completed(command, result, derived=command.cause == "items")
        except OutsideError as error:
            names = self.scheduler.names(scope, command.execution)
            failure = Failure(error.error_class, error.code, error.message, "", error.hint)
            return judge.failed(scope, node, command.execution, command.attempt, failure, names)

    def _end_scope(self, command: EndScope) -> Event:
        """The fact that ends a run, or the subgraph node whose scope is over."""
        scope, failure = command.scope, command.failure
        output: Any = None
        if failure is None and not command.cancelled:
            try:
                output = self._output(command)
            except NodeError as error:
                failure = judge.failure_of(error, "")
        if command.parent is None:
            if command.cancelled:
                return RunCancelled()
            return RunCompleted(output=output) if failure is None else RunFailed(error=failure)
        self._drop_timer(scope.path)
        self.accounts.leave_scope(scope)
        if failure is None:
            try:
                return self._completed(command.parent, Result(output))
            except NodeError as error:
                failure = judge.failure_of(error, scope.node_path)
                return judge.failed(
                    command.parent.scope,
                    command.parent.node,
                    command.parent.execution,
                    command.parent.attempt,
                    failure,
                    self.scheduler.names(command.parent.scope, command.parent.execution),
                )
        error = NodeError(
            failure.message, code=failure.code, where=failure.node, hint=failure.hint, error_class=failure.error_class
        )
        return self._failed(command.parent, error)

    def _output(self, command: EndScope) -> Any:
        if command.end is not None and command.end_output is not None:
            return command.end_output
        document = command.scope.plan.document
        return judge.output_of(document.output, self.scheduler.names(command.scope, None))

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
        ctx = self._context(command)
        if ctx is None:
            self._working.pop(command.execution, None)
            return
        node = command.node
        fact: Event | None = None
        began = self.accounts.began(self.around.clock)
        try:
            result = await self.around.executors[node.kind].run(ctx)
        except Suspend:
            result = None
        except asyncio.CancelledError:
            if asyncio.current_task() in self._withdrawn:
                return
            raise
        except OutsideError as error:
            result = error
        except Exception as error:  # noqa: BLE001 - the one place where a node's failure becomes an event
            result = NodeError(
                f"{type(error).__name__}: {error}",
                code="node.raised",
                error_class="fatal",
                hint="raise ToolError for failures that are expected",
            )
        finally:
            self._drop_timer(command.execution)
            self.accounts.ended(began, self.around.clock)
            if self._working.get(command.execution) is asyncio.current_task():
                del self._working[command.execution]
        if self._is_stopped or asyncio.current_task() in self._withdrawn:
            return
        if isinstance(result, Result):
            try:
                fact = self._completed(command, result)
            except NodeError as error:
                fact = self._failed_for_good(command, error)
        elif result is not None:
            fact = self._failed(command, result)
        if fact is not None:
            self._apply(fact)

    def _context(self, command: Ready) -> NodeContext | None:
        """Begin an attempt: its input resolved and journaled. None when it failed or was answered already."""
        node, scope, execution = command.node, command.scope, command.execution
        names = self.scheduler.names(scope, execution)
        path = judge.node_path(scope, node)
        executor = self.around.executors[node.kind]
        started = NodeStarted(execution=execution, node=path, attempt=command.attempt)
        try:
            if isinstance(command, Start) and command.attempt == 1:
                self.accounts.budget(scope).reserve_node_run()
            resolved = executor.resolve(node.doc, names)
        except OutsideError as error:
            if isinstance(command, Start):
                self._apply(started)
            self._apply(self._failed_for_good(command, error))
            return None
        if isinstance(command, Start):
            started.input, started.input_hash = input_digest(resolved)
            self._apply(started)
        deadline = self._arm_time_out(command)
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
            budget=self.accounts.budget_for(scope, execution, node.doc),
            host=self,
            recorded=list(self._recorded.get(execution, ())),
            deadline=deadline,
            seed=execution_seed(self.seed, execution),
            iteration=names.get("iteration", 1),
            item=command.item is not None,
        )

    # -- facts -------------------------------------------------------------------------------------------------------

    def _completed(self, command: Ready | Conclude, result: Result, *, derived: bool = False) -> NodeCompleted:
        scope, node = command.scope, command.node
        if isinstance(command, Start | Continue) and command.item is not None:
            return NodeCompleted(
                execution=command.execution,
                node=judge.node_path(scope, node),
                attempt=command.attempt,
                output=result.output,
                writes=result.writes or None,
                usage=result.usage,
            )
        names = self.scheduler.names_now(scope, command.execution)
        return judge.completed(scope, node, command.execution, command.attempt, result, names, derived=derived)

    def _failed(self, command: Ready, error: OutsideError) -> NodeFailed:
        """An attempt failed: again later, or for good."""
        node = command.node
        failure = Failure(error.error_class, error.code, error.message, "", error.hint)
        if isinstance(error, LimitReached):
            return self._failed_for_good(command, error)
        default = self._policy(node)
        retry_at = judge.retry_at(
            node,
            failure,
            self.scheduler.attempts_counted(command.execution) + 1,
            now=self.around.clock.now(),
            seed=execution_seed(self.seed, command.execution),
            default=default,
            retry_after_s=error.retry_after_s,
        )
        names = self.scheduler.names_now(command.scope, command.execution)
        return judge.failed(command.scope, node, command.execution, command.attempt, failure, names, retry_at=retry_at)

    def _failed_for_good(self, command: Ready, error: OutsideError) -> NodeFailed:
        failure = Failure(error.error_class, error.code, error.message, "", error.hint)
        names = self.scheduler.names_now(command.scope, command.execution)
        fact = judge.failed(command.scope, command.node, command.execution, command.attempt, failure, names)
        fact.ends_run = isinstance(error, LimitReached) and error.owner == ""
        return fact

    def _policy(self, node: PlanNode) -> Retry:
        executor = self.around.executors.get(node.kind)
        return judge.NEVER if executor is None else executor.retry(node.doc)

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
        error = NodeError(
            f"the attempt took longer than {timeout_s:g} s",
            code="timeout",
            error_class="limit",
            hint="raise timeout_s, or name `timeout` in retry.on",
        )
        self.post(self._failed(command, error))

    def _has_open_effect(self, execution: str) -> bool:
        steps = self._recorded.get(execution, ())
        settled = {s.key for s in steps if isinstance(s, EffectSettled)}
        return any(isinstance(s, EffectClaimed) and s.effect == "unsafe" and s.key not in settled for s in steps)

    def _withdraw(self, execution: str) -> None:
        """Stop what is being done for an execution; its late words are dropped."""
        self._drop_timer(execution)
        task = self._working.pop(execution, None)
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


_COMMANDS: Final = (Start, Continue, Evaluate, Conclude, GiveUp, EndScope, Cancel)
_OPENED_HERE: Final = frozenset({"subgraph", "human-gate", "wait"})
_DECIDED: Final = frozenset({NodeCompleted, NodeFailed, NodeCancelled})
