"""Carries out what is ready: one attempt after the other in a task, several at once in tasks of their own.

Theory of operation: a task carries out one ready node and then goes on with the next one itself, so that a chain costs
no task per node; whoever makes several nodes ready at once gives the others tasks of their own. A node that waits for a
person leaves no task behind. The broad ``except`` in ``_work`` is the only one: there a node's failure becomes a fact.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from engine.errors import EngineBug, Failure, NodeError, OutsideError, WeftError
from engine.runtime import judge
from engine.runtime.accounts import usage_of
from engine.runtime.alarms import Alarms
from engine.runtime.cache import Kept, cache_key, is_worth_keeping
from engine.runtime.clerk import Clerk
from engine.runtime.context import NodeContext, Result, RunFacade, Suspend
from engine.runtime.ids import input_digest
from engine.runtime.limits import Budget, LimitReached
from engine.runtime.outcomes import Outcomes, Ready
from engine.runtime.steps import Steps
from engine.runtime.surroundings import RunSettings, Surroundings, Traits
from engine.scheduler.commands import Continue, Start
from engine.scheduler.events import EffectSettled, Event, NodeCompleted, NodeFailed, NodeStarted, Usage
from engine.scheduler.scheduler import Scheduler

if TYPE_CHECKING:
    pass

FAIR_EVERY: Final = 64
"""After so many nodes in a row a task lets others have their turn."""
PATIENCE_S: Final = 5.0
"""How long tasks that are cut off may take to end."""
_REUSED: Final = ""


class Driver(RunFacade, Protocol):
    """What the workers tell the host."""

    run: str
    scheduler: Scheduler

    def apply(self, fact: Event) -> None:
        """Apply a fact and what follows from it, without beginning what became ready."""
        ...

    def fall(self, error: WeftError) -> None:
        """Stop at once: an invariant broke."""
        ...

    def look(self) -> None:
        """Something has come to rest."""
        ...


class Workers:
    """The attempts of one run that are ready or being executed.

    Args:
        driver: the run's host.
        around, settings: see there.
        clerk: opens what needs no task.
        outcomes: makes facts of what attempts come to.
        steps: what was recorded of executions that are not decided.
    """

    def __init__(
        self,
        driver: Driver,
        around: Surroundings,
        settings: RunSettings,
        *,
        clerk: Clerk,
        outcomes: Outcomes,
        steps: Steps,
    ) -> None:
        self._driver = driver
        self._around = around
        self._settings = settings
        self._clerk = clerk
        self._outcomes = outcomes
        self._steps = steps
        self.alarms = Alarms(around.timers, on_used_up=self._seconds_are_up)
        self._ready: deque[Ready] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._withdrawn: set[asyncio.Task[None]] = set()
        self._working: dict[str, asyncio.Task[None]] = {}
        self._at_work: dict[str, Ready] = {}
        self._keep_under: dict[str, str] = {}
        self._is_stopped = False
        clerk.on_entered = self._entered
        clerk.on_left = self._left

    @property
    def is_idle(self) -> bool:
        """No task is left."""
        return not self._tasks

    # -- what is ready -----------------------------------------------------------------------------------------------

    def enqueue(self, command: Ready) -> None:
        """Something is to be carried out, now or at its ``not_before``; ``begin`` begins it."""
        due = command.not_before if isinstance(command, Start) else None
        if due is not None and due > self._around.clock.now():
            self.alarms.at(due, command.execution, partial(self._is_due, command), is_attempt=True)
        else:
            self._ready.append(command)

    def begin(self) -> None:
        """A task for everything that is ready, as far as the run's concurrency allows."""
        while (command := self._next()) is not None:
            self._working[command.execution] = self._in_a_task(command)
        self._driver.look()

    def _next(self) -> Ready | None:
        """Take the first ready one that may begin: every graph around it has a place among its ``concurrency``."""
        ready, accounts = self._ready, self._clerk.accounts
        if not ready:
            return None
        if not accounts.bounds_slots:
            return ready.popleft()
        for place, command in enumerate(ready):
            if accounts.has_slot(command.scope.path, self._working):
                del ready[place]
                return command
        return None

    def withdraw(self, execution: str) -> None:
        """Stop what is being done for an execution; its late words are dropped."""
        self.alarms.drop(execution)
        task = self._working.pop(execution, None)
        self._at_work.pop(execution, None)
        if task is not None and task is not asyncio.current_task():
            self._withdrawn.add(task)
            task.cancel()
        if self._ready:
            self._ready = deque(command for command in self._ready if command.execution != execution)

    def halt(self) -> None:
        """Begin nothing more, and cut off what is being executed."""
        self._is_stopped = True
        self._ready.clear()
        self.alarms.clear()
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()

    async def wait_until_ended(self) -> None:
        """Return once the tasks that ``halt`` cut off have ended; some patience for those that will not."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        if tasks:
            await asyncio.wait(tasks, timeout=PATIENCE_S)

    def _is_due(self, command: Ready) -> None:
        if self._is_stopped:
            return
        if isinstance(command, Start):
            command.not_before = None
            if self._clerk.answers_start(command):
                for fact in self._clerk.open(command):
                    self._driver.apply(fact)
                self.begin()
                return
        self._ready.append(command)
        self.begin()

    def _in_a_task(self, command: Ready) -> asyncio.Task[None]:
        return self._keep_task(asyncio.get_running_loop().create_task(self._carry_on(command)))

    def _keep_task(self, task: asyncio.Task[None]) -> asyncio.Task[None]:
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)
        return task

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._withdrawn.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._driver.fall(error if isinstance(error, WeftError) else EngineBug(f"the host failed: {error!r}"))
        if not self._is_stopped:
            self.begin()
        self._driver.look()

    async def _carry_on(self, command: Ready) -> None:
        """Carry out one ready node, then the next that became ready, and so on."""
        task = asyncio.current_task()
        if task is None:
            raise EngineBug("work outside of a task")
        count = 0
        while True:
            await self._work(command, task)
            if task in self._withdrawn or self._is_stopped:
                return
            following = self._next()
            if following is None:
                return
            command = following
            self._working[command.execution] = task
            if self._ready:
                self.begin()
            count += 1
            if count % FAIR_EVERY == 0:
                await asyncio.sleep(0)

    # -- one attempt -------------------------------------------------------------------------------------------------

    async def _work(self, command: Ready, task: asyncio.Task[None]) -> None:
        """One attempt: look its result up where it has a cache, else begin it, do it, and apply what came of it."""
        traits = self._around.traits_of(command.scope, command.node)
        cache, key = traits.cache, None
        if cache is not None:
            # What is made up is kept for nobody, and what others came to is no simulation.
            key = None if self._settings.simulates else await self._reused(command)
            if key == _REUSED:
                return
            if isinstance(command, Start) and command.node.kind == "subgraph":
                self._open_looked_up(command, key)
                return
        ctx = self._context(command, traits)
        if ctx is None:
            self._working.pop(command.execution, None)
            return
        now = self._around.clock.now
        began = now()
        outcome = await self._done(command, ctx, task)
        if outcome is None or self._is_stopped or task in self._withdrawn:
            return
        self._driver.apply(self._fact(command, outcome, ctx, seconds=round(now() - began, 3)))
        if key is not None and cache is not None and isinstance(outcome, Result) and is_worth_keeping(outcome):
            await self._keep(key, outcome.output, cache.ttl_s)

    async def _done(self, command: Ready, ctx: NodeContext, task: asyncio.Task[None]) -> Result | OutsideError | None:
        """What the executor comes to; None where it stepped aside or was withdrawn."""
        self._at_work[command.execution] = command
        is_timed = ctx.budget.is_timed
        if is_timed:
            self.alarms.span_begins(ctx.budget)
        try:
            return await self._around.executors[command.node.kind].run(ctx)
        except Suspend:
            return None
        except asyncio.CancelledError:
            if task in self._withdrawn:
                return None
            raise
        except OutsideError as error:
            return error
        except Exception as error:  # noqa: BLE001 - the one place where a node's failure becomes a fact
            return NodeError(
                f"{type(error).__name__}: {error}",
                code="node.raised",
                error_class="fatal",
                hint="raise ToolError for failures that are to be expected",
            )
        finally:
            if is_timed:
                self.alarms.span_ends(ctx.budget)
            if self._working.get(command.execution) is task:
                del self._working[command.execution]
                self._at_work.pop(command.execution, None)
                if not self._driver.scheduler.is_calling(command.execution):
                    self.alarms.drop(command.execution)  # else its time goes on: graphs work for it

    def _fact(
        self, command: Ready, outcome: Result | OutsideError, ctx: NodeContext, *, seconds: float
    ) -> NodeCompleted | NodeFailed | EffectSettled:
        """What an attempt came to, with what it used."""
        if isinstance(outcome, Result):
            fact: NodeCompleted | NodeFailed | EffectSettled = self._outcomes.come_to(command, outcome)
        elif isinstance(outcome, LimitReached):
            fact = self._outcomes.failed_for_good(command, outcome)
        else:
            fact = self._outcomes.failed(command, judge.failure_of(outcome), outcome.retry_after_s)
        if not isinstance(fact, EffectSettled) and fact.execution == command.execution:
            fact.usage = used(fact, ctx, seconds)
        return fact

    def _context(self, command: Ready, traits: Traits) -> NodeContext | None:
        """Begin an attempt: its input resolved and journaled. None when there is nothing to do any more."""
        node, scope, execution = command.node, command.scope, command.execution
        driver, executor = self._driver, traits.executor
        if executor is None:
            raise EngineBug(f"nobody carries out nodes of kind {node.kind}")
        names = driver.scheduler.names(scope, execution)
        path = judge.node_path(command)
        recorded = self._steps.of(execution)
        budget = self._clerk.accounts.agent(scope.path, execution, traits.limits, recorded)
        is_new = type(command) is Start
        started = NodeStarted(execution=execution, node=path, attempt=command.attempt)
        if is_new and (command.attempt > 1 or traits.cache is not None) and not driver.scheduler.accepts(started):
            return None  # an item without a slot, or withdrawn while its kept result was looked for
        try:
            if is_new and command.attempt == 1:
                budget.reserve_node_run()
            resolved = executor.resolve(node.doc, names, traits.types)
        except OutsideError as error:
            if is_new:
                driver.apply(started)
            driver.apply(self._outcomes.failed_for_good(command, error))
            return None
        if is_new:
            started.input, started.input_hash = input_digest(resolved)
            driver.apply(started)
        return NodeContext(
            run_id=driver.run,
            execution=execution,
            node=path,
            attempt=command.attempt,
            doc=node.doc,
            graph=scope.plan.document,
            input=resolved,
            names=names,
            clock=self._around.clock,
            budget=budget,
            host=driver,
            recorded=recorded,
            told=self._steps.told(execution) if recorded else 0,
            deadline=None if traits.timeout_s is None else self._arm_time_out(command, traits.timeout_s),
            seed=self._settings.seed,
            iteration=names.get("iteration", 1),
            item=command.item is not None,
            scripted=self._settings.scripts.get(scope.plan.name),
            model=self._settings.model,
            types=traits.types,
            is_simulated=self._settings.simulates,
        )

    # -- results that are kept ---------------------------------------------------------------------------------------

    async def _reused(self, command: Ready) -> str | None:
        """Complete a node from a kept result (then ``_REUSED``), or the key to keep its result under; None: neither."""
        names = self._driver.scheduler.names(command.scope, command.execution)
        executor = self._around.executors.get(command.node.kind)
        try:
            if executor is None:
                resolved: Any = judge.args_of(command, names)
            else:
                resolved = executor.resolve(command.node.doc, names, judge.types_in(command))
            key = cache_key(command, resolved, names)
        except NodeError:
            return None  # the attempt itself fails by it, in the ordinary way
        found = await self._around.journal.cache_get(key, now=self._around.clock.now())
        if found is None or isinstance(command, Continue):
            return key
        kept = Kept.of(found[0])
        fact = self._outcomes.come_to(command, Result(kept.output))
        if isinstance(fact, NodeCompleted):
            fact.reused_from = kept.run
        self._working.pop(command.execution, None)
        self._driver.apply(fact)
        return _REUSED

    def _open_looked_up(self, command: Start, key: str | None) -> None:
        """Open a subgraph whose result is not kept yet; it will be, when its scope has ended well."""
        self._working.pop(command.execution, None)
        if key is not None:
            self._keep_under[command.execution] = key
        for fact in self._clerk.open(command):
            self._driver.apply(fact)

    async def _keep(self, key: str, output: Any, ttl_s: float) -> None:
        kept = Kept(output, self._driver.run)
        await self._around.journal.cache_put(key, kept.as_json(), expires_at=self._around.clock.now() + ttl_s)

    def inside(self, command: Start, since: float) -> None:
        """On a resume: a subgraph, or an agent that called a graph, is inside since then; its time-out goes on."""
        timeout_s = self._around.traits_of(command.scope, command.node).timeout_s
        if timeout_s is not None:
            self._arm_time_out(command, timeout_s, since)

    def _entered(self, command: Start) -> None:
        """A subgraph was opened: its time-out runs."""
        self.inside(command, self._around.clock.now())

    def _left(self, command: Start, result: Result | None) -> None:
        """A subgraph's scope is over."""
        self.alarms.drop(command.execution)
        key = self._keep_under.pop(command.execution, None)
        if key is not None and result is not None:
            work = self._keep(key, result.output, command.node.doc.cache.ttl_s)
            self._keep_task(asyncio.get_running_loop().create_task(work))

    # -- time --------------------------------------------------------------------------------------------------------

    def _arm_time_out(self, command: Ready, timeout_s: float, since: float | None = None) -> float:
        running = self.alarms.due(command.execution)
        if running is not None:
            return running  # it stood aside for a graph: the attempt's time goes on
        due = (self._around.clock.now() if since is None else since) + timeout_s
        self.alarms.at(due, command.execution, partial(self._time_out, command, timeout_s))
        return due

    def _time_out(self, command: Ready, timeout_s: float) -> None:
        self.withdraw(command.execution)
        if self._steps.has_open_effect(command.execution):
            # Nobody knows whether it happened: the executor, run again, asks a person.
            self._ready.append(Continue(command.scope, command.node, command.execution, command.attempt, command.item))
            self.begin()
            return
        failure = Failure(
            "limit",
            "timeout",
            f"the attempt took longer than {timeout_s:g} s",
            hint="raise timeout_s, or name `timeout` in retry.on",
        )
        self._driver.record(self._outcomes.failed(command, failure))

    def _seconds_are_up(self, budget: Budget) -> None:
        """A limit of seconds is used up: the run fails, or the subgraph or agent that has it."""
        command = self._at_work.get(budget.owner) or next(iter(self._at_work.values()), None)
        if command is None or self._is_stopped:
            return
        if command.execution == budget.owner or not budget.owner:
            self.withdraw(command.execution)
        self._driver.record(self._outcomes.failed_for_good(command, budget.used_up()))


def used(fact: NodeCompleted | NodeFailed, ctx: NodeContext, seconds: float) -> Usage | None:
    """What an attempt's fact says it used: what it was at work for, and its calls that left no events of their own.

    The fact after which no attempt follows also says what the recorded steps of all attempts used.
    """
    usage = fact.usage
    if usage is None and ctx.recorded and not (isinstance(fact, NodeFailed) and fact.retry_at is not None):
        usage = usage_of(ctx.recorded[ctx.told :])
    if not ctx.calls and seconds <= 0:
        return usage
    if usage is None:
        return Usage(seconds=seconds, tool_calls=ctx.calls)
    return Usage(usage.tokens, usage.usd, seconds, usage.tool_calls + ctx.calls)
