"""Answers the commands that need no work: opens subgraphs, gates, waits, evaluates, ends scopes, gives what is pinned.

Rule: every answer is made at once, without waiting, from the values as they are then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from engine.errors import EngineBug, Failure, NodeError, OutsideError
from engine.model.schema import fill_defaults, problems
from engine.runtime import judge
from engine.runtime.accounts import Accounts
from engine.runtime.context import Place, Result
from engine.runtime.outcomes import Outcomes, Ready
from engine.runtime.surroundings import RunSettings, Surroundings
from engine.scheduler.commands import Command, Conclude, EndScope, Evaluate, GiveUp, Start
from engine.scheduler.events import (
    EffectClaimed,
    EffectSettled,
    Event,
    GateAnswered,
    NodeCompleted,
    NodeStarted,
    RunCancelled,
    RunCompleted,
    RunFailed,
)
from engine.scheduler.names import call_name, called_path
from engine.scheduler.scheduler import Scheduler

if TYPE_CHECKING:
    from engine.model.graph import Graph

OPENED_HERE: Final = frozenset({"subgraph", "human-gate", "wait"})


class Clerk:
    """Answers commands of one run.

    Args:
        run: the run's id.
        scheduler: its walk.
        around, settings: see there.
        accounts: the run's budgets.
        outcomes: makes facts of attempts.
        on_entered: told of a subgraph that was opened.
        on_left: told of a subgraph whose scope is over, with its output, or None where it failed.
    """

    def __init__(
        self, run: str, scheduler: Scheduler, around: Surroundings, settings: RunSettings, outcomes: Outcomes
    ) -> None:
        self._run = run
        self._scheduler = scheduler
        self._around = around
        self._settings = settings
        self._outcomes = outcomes
        self._pins = settings.pins
        self.accounts = Accounts.of(settings.limits)
        self.on_entered: Callable[[Start], None] = _ignore
        self.on_left: Callable[[Start, Result | None], None] = _ignore_result

    def answers_start(self, command: Start) -> bool:
        """Whether beginning it needs no task: pins, subgraphs, gates, waits, and nodes that only make items."""
        if self._pins and judge.node_path(command) in self._pins:
            return True
        if command.not_before is not None and command.not_before > self._around.clock.now():
            return False
        node = command.node
        if command.item is None and getattr(node.doc, "each", None) is not None:
            return True
        return node.kind in OPENED_HERE and (node.kind != "subgraph" or node.doc.cache is None)

    def answer(self, command: Command) -> list[Event]:
        """The facts that answer a command."""
        match command:
            case Start():
                return self.open(command)
            case Evaluate():
                return [self._evaluate(command)]
            case Conclude():
                return [self._conclude(command)]
            case GiveUp():
                return [judge.failed(command, command.failure, self._outcomes.names_now(command))]
            case EndScope():
                return [self._end_scope(command)]
            case _:
                raise EngineBug(f"a command that cannot be answered on the spot: {command}")

    def open(self, command: Start) -> list[Event]:
        """Begin a subgraph, gate or wait, or a node with items; a node whose output is pinned completes with it."""
        node, path = command.node, judge.node_path(command)
        if self._pins and path in self._pins:
            return [self._pinned(command, self._pins[path])]
        started = NodeStarted(execution=command.execution, node=path, attempt=command.attempt)
        try:
            names = self._scheduler.names(command.scope, command.execution)
            if command.item is None and getattr(node.doc, "each", None) is not None:
                started.items = judge.items_of(command, names)
                return [started]
            if command.attempt == 1:
                self.accounts.budget(command.scope.path).reserve_node_run()
            if node.kind == "subgraph":
                started.input = self._enter(command, judge.args_of(command, names))
                self.on_entered(command)
                return [started]
            waiter = self._around.waiters[node.kind]
            resolved = waiter.resolve(node.doc, names, judge.types_in(command))
            place = Place(self._run, command.execution, path)
            return [started, waiter.open(node.doc, place, resolved, now=self._around.clock.now())]
        except OutsideError as error:
            return [self._outcomes.failed_for_good(command, error)]

    def _pinned(self, command: Start, output: Any) -> Event:
        """What is pinned, as if the node had come to it: ``save`` and ``when`` see it, a gate leaves by its option."""
        result = Result(output)
        if command.node.kind == "human-gate":
            path, now = judge.node_path(command), self._around.clock.now()
            decided = GateAnswered(gate=command.execution, execution=command.execution, node=path, **output, at=now)
            result = self._around.waiters["human-gate"].conclude(decided)
        fact = self._outcomes.come_to(command, result)
        if isinstance(fact, NodeCompleted):
            fact.pinned = True
        return fact

    def _enter(self, command: Start, args: dict[str, Any]) -> Any:
        """A subgraph's input: its arguments with the defaults of its graph, checked. Opens its budget.

        Raises:
            NodeError: ``subgraph.depth`` or ``subgraph.input``.
        """
        graph: Graph = self._settings.plan_for(command.node).document
        most = self.accounts.too_deep(command.execution, command.scope.path)
        if most is not None:
            raise NodeError(
                f"graphs run inside one another more than {most} deep",
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
        names = self._outcomes.names_now(command)
        try:
            return judge.control(command, names)
        except NodeError as error:
            return judge.failed(command, judge.failure_of(error), names)

    def _conclude(self, command: Conclude) -> Event:
        names = self._outcomes.names_now(command)
        try:
            if command.cause == "items":
                event = judge.completed(command, Result(command.value), lambda: names, derived=True)
                event.errors = command.errors or None
                return event
            return judge.completed(command, self._concluded(command), lambda: names)
        except NodeError as error:
            return judge.failed(command, judge.failure_of(error), names)

    def _concluded(self, command: Conclude) -> Result:
        if command.fact is None:
            raise EngineBug(f"nothing concludes {command.execution}")
        return self._around.waiters[command.node.kind].conclude(command.fact)

    def _end_scope(self, command: EndScope) -> Event:
        """The fact that ends a run, or the subgraph node whose scope is over."""
        failure, output = command.failure, None
        if failure is None and not command.cancelled:
            try:
                output = self._output(command)
            except NodeError as error:
                failure = judge.failure_of(error)
        if command.claim is not None:
            return self._returned(command.claim, failure, output)
        if command.parent is not None:
            return self._leave(command.parent, failure, output)
        if command.cancelled:
            return RunCancelled()
        return RunCompleted(output=output) if failure is None else RunFailed(error=failure)

    def _leave(self, parent: Ready, failure: Failure | None, output: Any) -> Event:
        if failure is None:
            self.accounts.close_scope(parent.execution)
        result = Result(output) if failure is None else None
        if isinstance(parent, Start):
            self.on_left(parent, result)
        if failure is not None:
            return self._outcomes.failed(parent, failure)
        return self._outcomes.come_to(parent, Result(output))

    # -- graphs that agents call -------------------------------------------------------------------------------------

    def enter_call(self, claim: EffectClaimed) -> None:
        """An agent has called a graph: its books are opened."""
        limits = self._settings.called(claim.graph or "").document.limits
        self.accounts.open_call(claim, limits)

    def _returned(self, claim: EffectClaimed, failure: Failure | None, output: Any) -> Event:
        if failure is not None and not failure.node:
            failure = replace(failure, node=called_path(claim.node, claim.graph or ""))
        used = self.accounts.budget(call_name(claim.execution, claim.call)).used()
        return EffectSettled(
            execution=claim.execution, node=claim.node, key=claim.key, result=output, error=failure, usage=used
        )

    def _output(self, command: EndScope) -> Any:
        if command.end is not None and command.end_output is not None:
            return command.end_output
        return judge.output_of(command.scope, self._scheduler.names(command.scope, None))


def _ignore(command: Start) -> None:
    del command


def _ignore_result(command: Start, result: Result | None) -> None:
    del command, result
