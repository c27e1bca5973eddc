"""What attempts come to, as facts: a result, a failure to be tried again, a failure for good.

Rule: one place decides between retry, error edge and the end; it asks the policy of the node, the scheduler's count and
the seed, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from engine.errors import Failure, NodeError, OutsideError
from engine.model.nodes import Retry
from engine.model.templates import too_big
from engine.model.values import exceeds
from engine.runtime import judge
from engine.runtime.clock import Clock
from engine.runtime.context import Executor, Names, Result
from engine.runtime.ids import execution_seed
from engine.runtime.limits import LimitReached
from engine.scheduler.commands import Continue, Start
from engine.scheduler.events import EffectClaimed, EffectSettled, NodeCompleted, NodeFailed
from engine.scheduler.retry import delay_s
from engine.scheduler.scheduler import Scheduler

Ready = Start | Continue
_ONCE: Final = Retry(attempts=1)


class Outcomes:
    """Makes the facts that answer attempts of one run.

    Args:
        scheduler: the run's walk.
        executors: kind -> its work, for the policy where a node names none.
        clock: for ``retry_at``.
        seed: the run's seed.
    """

    def __init__(self, scheduler: Scheduler, executors: Mapping[str, Executor], clock: Clock, seed: int) -> None:
        self._scheduler = scheduler
        self._executors = executors
        self._clock = clock
        self._seed = seed

    def names_now(self, of: judge.Named) -> Names:
        """The names as they are now: for ``save``, ``when`` and error edges."""
        return self._scheduler.names_now(of.scope, of.execution)

    def come_to(self, command: Ready, result: Result) -> NodeCompleted | NodeFailed | EffectSettled:
        """An attempt ended well; what the graph makes of it may still be an error of its own."""
        if exceeds(result.output) or (result.writes and exceeds(result.writes)):
            return self.failed_for_good(command, too_big("the output"))
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
            return judge.completed(command, result, partial(self.names_now, command))
        except NodeError as error:
            return self.failed_for_good(command, error)

    def failed(self, command: Ready, failure: Failure, retry_after_s: float | None = None) -> NodeFailed:
        """An attempt failed: again later, or for good."""
        execution, doc = command.execution, command.node.doc
        executor = self._executors.get(command.node.kind)
        policy: Retry = doc.retry or (_ONCE if executor is None else executor.retry(doc))
        counted = self._scheduler.attempts_counted(execution) + 1
        again = delay_s(policy, failure, counted, execution_seed(self._seed, execution))
        retry_at = None if again is None else self._clock.now() + max(again, retry_after_s or 0.0)
        return judge.failed(command, failure, self.names_now(command), retry_at=retry_at)

    def failed_for_good(self, command: Ready, error: OutsideError) -> NodeFailed | EffectSettled:
        """An attempt failed and no other follows.

        A used-up limit fails whose it is, past every catch inside: the run, the subgraph or agent around the attempt,
        or the graph that an agent called.
        """
        if isinstance(error, LimitReached) and error.owner not in ("", command.execution):
            claim = self._scheduler.claim_at(error.owner)
            if claim is not None:
                return given_up(claim, judge.failure_of(error, claim.node))
            command = self._scheduler.around(error.owner) or command
        fact = judge.failed(command, judge.failure_of(error), self.names_now(command))
        fact.ends_run = isinstance(error, LimitReached) and error.owner == ""
        return fact


def given_up(claim: EffectClaimed, failure: Failure) -> EffectSettled:
    """A graph that an agent called ends here, whatever is under way in it."""
    return EffectSettled(execution=claim.execution, node=claim.node, key=claim.key, error=failure)
