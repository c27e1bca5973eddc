"""Nodes that live wholly in the scheduler: fork, join, loop-back, end.

Rule: with nothing to evaluate they complete as consequences, on the spot; else the host is given what it needs to
evaluate and answers with the fact. Their outputs follow from earlier events (GRAPH.md §2) and are worked out here, the
same either way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import Failure
from engine.scheduler import ending
from engine.scheduler.commands import Evaluate
from engine.scheduler.events import DERIVED, NodeCompleted, NodeFailed

if TYPE_CHECKING:
    from engine.compile.plan import PlanNode
    from engine.scheduler.run import Run
    from engine.scheduler.walk import Walk


def complete(run: Run, walk: Walk, node: PlanNode) -> None:
    """A node with nothing to evaluate passes on, as a consequence."""
    exhausted = repeats = False
    port: str | None
    match node.kind:
        case "parallel-fork":
            port = "branch"
        case "loop-back":
            repeats = may_repeat(walk, node)
            exhausted = not repeats
            if exhausted and node.doc.on_limit == "fail":
                fail(run, walk, node, exhausted_failure(walk, node))
                return
            port = "repeat" if repeats else "done"
        case "join":
            port = "ok"
        case _:
            port = None
    name = walk.name_of(node)
    event = NodeCompleted(execution=name, node=walk.path_of(node), output=DERIVED, port=port)
    if node.kind == "loop-back":
        event.repeat, event.exhausted = repeats, exhausted
    run.events.append(event)
    passed_on(run, walk, node, event)


def passed_on(run: Run, walk: Walk, node: PlanNode, event: NodeCompleted) -> None:
    """A node of these kinds has completed: its value, its edges, the end of the scope."""
    output = output_of(walk, node, exhausted=event.exhausted) if event.output is DERIVED else event.output
    ways = walk.tables.ways(node, event.port, event.taken) if event.port is not None else ()
    entry = {"output": output, "port": event.port, "escalated": event.escalated}
    walk.values.put(node.id, entry, keep=bool(walk.active))
    walk.leave(node.number, ways)
    if node.kind == "end":
        ending.reach_end(run, walk, event.execution, output)
    walk.decide(node.number)


def output_of(walk: Walk, node: PlanNode, *, exhausted: bool = False) -> Any:
    """What a fork, join, loop-back or end without output of its own comes to."""
    plan, nodes = walk.tables.plan, walk.values.nodes
    match node.kind:
        case "join":
            sources = (plan.nodes[plan.edges[e].source].id for e in walk.arrived.get(node.number, ()))
            return {source: nodes.get(source, {}).get("output") for source in sources}
        case "parallel-fork":
            first = walk.first[node.number]
            if first < 0:
                return walk.values.input
            return nodes.get(plan.nodes[plan.edges[first].source].id, {}).get("output")
        case "loop-back":
            return {"iteration": walk.iteration_of(node), "exhausted": exhausted}
        case _:
            return None


def evaluate(walk: Walk, node: PlanNode, name: str) -> Evaluate:
    """The command for a node of which something must be evaluated."""
    iteration = walk.iteration_of(node) or 1
    output = None if node.kind in ("loop-back", "end") else output_of(walk, node)
    command = Evaluate(walk.scope, node, name, iteration, output=output)
    if node.kind == "loop-back":
        command.may_repeat = may_repeat(walk, node)
    return command


def may_repeat(walk: Walk, node: PlanNode) -> bool:
    """Whether the loop of a loop-back has run fewer than its ``max_iterations`` iterations."""
    iteration = walk.iteration_of(node)
    return iteration is not None and iteration < node.doc.max_iterations


def starve(run: Run, walk: Walk, node: PlanNode) -> None:
    """A join cannot pass on, though an edge to it was taken or failed: it fails."""
    failure = Failure(
        "logic",
        "join.starved",
        f"too few ways into {node.id} were taken",
        walk.path_of(node),
        "give the branches that may fail an `error` edge, or let the join wait for fewer",
    )
    fail(run, walk, node, failure)


def exhausted_failure(walk: Walk, node: PlanNode) -> Failure:
    """The failure of a loop-back whose loop ran all its iterations."""
    return Failure(
        "limit",
        "loop.exhausted",
        f"the loop ran its {node.doc.max_iterations} iterations and is not done",
        walk.path_of(node),
        "raise max_iterations, or set on_limit to exit",
    )


def fail(run: Run, walk: Walk, node: PlanNode, failure: Failure) -> None:
    """A node fails, as a consequence, by its first error edge if it has one, unless an expression says which."""
    if walk.tables.asks_on_error[node.number]:
        run.begin_failing(walk, node, failure)
        return
    errors = node.by_port.get("error", ())
    taken = (walk.tables.plan.edges[errors[0]].index,) if errors else ()
    event = NodeFailed(execution=walk.name_of(node), node=walk.path_of(node), error=failure, taken=taken)
    run.events.append(event)
    ending.failed(run, walk, node, event, node)
