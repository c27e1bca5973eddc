"""Failures and the end of scopes (GRAPH.md §3.6, §3.11).

Rule: a failure leaves by an error edge, or is taken up by joins, or fails the graph it stands in. The first thing that
ends a scope wins; what is still in its queue stays there and is walked on only if the run is resumed. ``stop`` cancels
what runs, ``finish`` lets running attempts end and starts nothing new. A scope that is over asks the host for its
output; a subgraph's end is then the fact of its node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from engine.scheduler.executions import Execution

if TYPE_CHECKING:
    from engine.compile.plan import PlanNode
    from engine.errors import Failure
    from engine.scheduler.events import NodeFailed
    from engine.scheduler.run import Run
    from engine.scheduler.walk import Walk

_NOT_RUNNING: Final = frozenset({"locked", "start", "evaluate", "asking", "answered", "open wait", "retry"})
_OPENED_AT_ONCE: Final = frozenset({"human-gate", "wait"})


def failed(run: Run, walk: Walk, node: PlanNode, event: NodeFailed, culprit: Execution | PlanNode) -> None:
    """A node failed for good: the way on of its failure.

    ``culprit`` is what a resumed run starts again if nobody takes the failure up.
    """
    entry: dict[str, Any] = {"error": event.error.as_json(), "port": "error", "escalated": False}
    if isinstance(culprit, Execution) and culprit.items is not None:
        entry["errors"] = {str(i): f.as_json() for i, f in culprit.items.errors.items()}
    walk.values.put(node.id, entry, keep=bool(walk.active))
    tables = walk.tables
    if event.ends_run:
        walk.failed.append(culprit)
        fail(run, run.root, event.error)
    elif event.taken:
        walk.leave(node.number, tables.ways(node, "error", event.taken))
        walk.decide(node.number)
    elif is_taken_up(walk, node):
        walk.leave(node.number, tables.broken[node.number])
        walk.decide(node.number)
    else:
        walk.failed.append(culprit)
        fail(run, walk, event.error)


def is_taken_up(walk: Walk, node: PlanNode) -> bool:
    """Whether every way onward meets a join that accepts failures or has passed on. O(joins on these ways).

    A node among the rest of a join that has passed on is heard no more, whatever its ways.
    """
    if any(walk.passed[join] for join in walk.tables.rest_of[node.number]):
        return True
    nodes = walk.tables.plan.nodes
    todo, seen = [node], {node.number}
    while todo:
        one = todo.pop()
        if one.takes_up == "never":
            return False
        for asked in one.asks:
            if asked not in seen and not walk.passed[asked]:
                seen.add(asked)
                todo.append(nodes[asked])
    return True


def fail(run: Run, walk: Walk, failure: Failure) -> None:
    """A graph fails, if nothing has ended it yet: the first failure is its failure."""
    if walk.is_ended or walk.is_draining:
        return
    walk.failure = failure
    if walk.tables.plan.document.on_failure == "finish":
        drain_out(run, walk)
        end_if_drained(run, walk)
    else:
        stop(run, walk)


def stop(run: Run, walk: Walk) -> None:
    """End a scope badly, now: cancel all that is under way in it. O(what is under way)."""
    walk.is_ended = True
    why = "run" if walk.parent is None else "scope"
    for execution in list(walk.active.values()):
        run.withdraw(execution, why, keep=True)
    _end(run, walk)


def drain_out(run: Run, walk: Walk) -> None:
    """Let running attempts end; what has not begun, and what waits, is cancelled at once. O(what is under way)."""
    todo = [walk]
    waiting: list[Execution] = []
    while todo:
        one = todo.pop()
        one.is_draining = True
        for execution in one.active.values():
            running = [execution] if execution.items is None else list(execution.items.live.values())
            for part in running:
                called = [call.inside for call in run.calls_of(part)]
                todo.extend(inside for inside in called if inside is not None and not inside.is_ended)
                if part.inside is not None and not part.inside.is_ended:
                    todo.append(part.inside)
                elif part.phase in _NOT_RUNNING or (part.node.kind in _OPENED_AT_ONCE and part.phase == "attempt"):
                    waiting.append(part)
    for execution in waiting:
        run.withdraw(execution, "run" if execution.walk.parent is None else "scope", keep=True)


def end_if_drained(run: Run, walk: Walk) -> None:
    """End a scope that failed with ``finish`` once its last running attempt has ended."""
    if walk.failure is not None and walk.busy == 0 and not walk.is_ended:
        stop(run, walk)


def cancel(run: Run) -> None:
    """Somebody wants the run to end. A failure that came first stays the run's."""
    run.root.is_cancelled = run.root.failure is None
    stop(run, run.root)


def complete(run: Run, walk: Walk) -> None:
    """Every node of a scope is decided: it ends well."""
    walk.is_over = walk.is_ended = True
    _end(run, walk)


def reach_end(run: Run, walk: Walk, name: str, output: Any) -> None:
    """An ``end`` was reached: whatever is under way in its graph is cancelled."""
    walk.is_over = walk.is_ended = True
    walk.end, walk.end_output = name, output
    for execution in list(walk.active.values()):
        run.withdraw(execution, "end", keep=False)
    _end(run, walk)


def _end(run: Run, walk: Walk) -> None:
    if walk.parent is None:
        run.commands.append(run.end_scope(walk))
    else:
        run.ask(walk.parent, "end scope")
