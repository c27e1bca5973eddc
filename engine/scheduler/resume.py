"""Taking a run up again: after the end of a process, or after it failed or was cancelled.

Rule (RUNS.md §2, GRAPH.md §3.7): what was running is wanted again as its next attempt; what waits goes on waiting; what
was asked of the host is asked again. An attempt that a crash cut off does not count against ``attempts``, but three of
them fail the node. A run that failed or was cancelled goes on with what that ending cut off and with what failed, not
with what a join or an ``end`` cancelled. Inside a subgraph the same holds: its completed nodes do not run again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.errors import Failure
from engine.scheduler import ending
from engine.scheduler.each import go_on, renew
from engine.scheduler.executions import Execution

if TYPE_CHECKING:
    from engine.scheduler.run import Run
    from engine.scheduler.walk import Walk

MAX_KILLS: Final = 3
"""So many attempts of one execution may be cut off by the end of the process."""

_ASKED: Final = frozenset({"start", "evaluate", "conclude", "end scope", "give up", "retry"})


def take_up(run: Run, *, is_clean: bool) -> None:
    """A new host takes up a run that had not ended. O(what is under way)."""
    if run.root.is_ended:
        run.commands.append(run.end_scope(run.root))
        return
    todo = [run.root]
    while todo:
        walk = todo.pop()
        for execution in list(walk.active.values()):
            parts = [execution]
            if execution.items is not None:
                parts += execution.items.live.values()
            for part in parts:
                for call in run.calls_of(part):
                    if call.phase == "inside" and call.inside is not None:
                        todo.append(call.inside)
                    else:
                        run.commands.append(run.wish(call))
                if part.phase == "inside" and part.inside is not None:
                    todo.append(part.inside)
                elif part.phase == "attempt":
                    _cut_off(run, part, is_clean=is_clean)
                elif part.phase in _ASKED:
                    run.commands.append(run.wish(part))


def _cut_off(run: Run, execution: Execution, *, is_clean: bool) -> None:
    if execution.walk.is_draining:
        run.withdraw(execution, "run" if execution.walk.parent is None else "scope", keep=True)
        return
    execution.move("waiting")
    execution.was_begun = False
    execution.attempt += 1
    if not is_clean:
        execution.kills += 1
    if execution.kills < MAX_KILLS:
        execution.phase = "start"
        run.commands.append(run.wish(execution))
        return
    message = f"the process ended {MAX_KILLS} times while {execution.node.id} was running"
    path = execution.walk.path_of(execution.node)
    hint = "find out what it does to the process, then resume the run"
    execution.attempt -= 1
    run.give_up(execution, Failure("fatal", "node.kills_process", message, path, hint))


def revive(run: Run, walk: Walk) -> None:
    """A scope that failed or was cut off goes on where it was. O(what was cut off)."""
    run.scopes[walk.scope.path] = walk
    walk.is_ended = walk.is_draining = walk.is_cancelled = False
    walk.failure = None
    if walk.is_over:
        ending.complete(run, walk)
        return
    failed, walk.failed = walk.failed, []
    cut, walk.cut = walk.cut, []
    for place, one in enumerate(failed):
        if isinstance(one, Execution):
            _restart(run, one)
        else:
            walk.resettle(one)
        if walk.is_ended or walk.is_draining:  # it has failed again, on the spot
            walk.failed += failed[place + 1 :]
            walk.cut += cut
            return
    for one in cut:
        _restart(run, one)
    run.unsettled.append(walk)


def _restart(run: Run, execution: Execution) -> None:
    if execution.phase == "unheard" and execution.items is not None:
        execution.walk.active[execution.node.number] = execution
        execution.items.reopen(is_heard=False)
        go_on(run, execution, execution.items)
        return
    renew(execution)
    if not execution.is_control:
        execution.failure = None
    run.admit(execution)
