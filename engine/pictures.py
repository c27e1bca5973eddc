"""A run laid over the picture of its graph: the journal's events told in the picture's own words.

Rule: pictures know no journals and journals no pictures; here, and only here, the two meet. A node shows its latest
execution, so a loop's nodes keep what they came to in the iteration before until they are reached again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.compile.plan import Plan, PlanNode
from engine.journal.codec import moment_text
from engine.model.nodes import LoopBackNode, Retry
from engine.render import EdgeKey, EdgeState, NodeRun, RunOverlay
from engine.scheduler.events import Event
from engine.scheduler.overview import NodeView, Overview, edge_states, overview

_EDGES: Final[dict[str, EdgeState]] = {"taken": "taken", "skipped": "skipped", "failed": "failed"}
_SHORTEST_S: Final = 0.05
"""Work shorter than this is not worth a number in a picture."""


def run_overlay(events: Sequence[Event], plan: Plan, *, run_id: str, now: float) -> RunOverlay:
    """A run laid over the picture of its graph.

    Args:
        events: the run's journal, or the beginning of it.
        plan: of the graph that the run is bound to.
        run_id: for the caption.
        now: seconds since 1970; how long things have been going on.
    """
    found = overview(list(events))
    states = edge_states(found, plan)
    edges: dict[EdgeKey, EdgeState] = {}
    for edge, state in zip(plan.edges, states, strict=True):
        if state in _EDGES:
            edges[(plan.nodes[edge.source].id, edge.index)] = _EDGES[state]
    # What a repeat set back still shows the way it went before.
    for node in plan.nodes:
        view = found.nodes.get(node.id)
        if view is not None and view.taken:
            for index in view.taken:
                edges.setdefault((node.id, index), "taken")
    nodes = {
        node.id: _node_run(found, plan, node, view, now)
        for node in plan.nodes
        if (view := found.nodes.get(node.id)) is not None
    }
    return RunOverlay(nodes, edges, f"run {run_id} · {_said(found)}")


def _said(found: Overview) -> str:
    if found.status == "waiting" and found.gates:
        return "waiting for an answer" if len(found.gates) == 1 else f"waiting for {len(found.gates)} answers"
    return found.status


def _node_run(found: Overview, plan: Plan, node: PlanNode, view: NodeView, now: float) -> NodeRun:
    iteration, most = _iteration(found, plan, node, view)
    ended = view.ended_at if view.ended_at is not None else now
    seconds = None if view.started_at is None else max(0.0, ended - view.started_at)
    shows_time = view.look in ("running", "completed", "failed") and node.kind in ("agent", "tool", "subgraph")
    asked = next((gate for gate in found.gates.values() if gate.execution == view.execution), None)
    attempts = (getattr(node.doc, "retry", None) or Retry()).attempts
    return NodeRun(
        status=view.look,
        iteration=iteration,
        max_iterations=most,
        attempt=view.attempt if view.attempt > 1 or view.status == "retrying" else None,
        attempts=attempts if view.attempt > 1 or view.status == "retrying" else None,
        next_in_s=None if view.retry_at is None else max(0.0, view.retry_at - now),
        seconds=seconds if shows_time and seconds is not None and seconds >= _SHORTEST_S else None,
        error_class=None if view.error is None or view.status != "failed" else view.error.error_class,
        items_done=view.items_done if view.items is not None else None,
        items_total=view.items,
        since=None if asked is None else moment_text(asked.at)[11:16],
    )


def _iteration(found: Overview, plan: Plan, node: PlanNode, view: NodeView) -> tuple[int | None, int | None]:
    """The iteration that a node shows, and its bound where it is known (at loop-backs)."""
    if node.repeats is not None and isinstance(node.doc, LoopBackNode):
        header = plan.nodes[plan.loops[node.repeats].header].id
        turns = found.turns.get(header)
        return (turns[-1] if turns else 1), node.doc.max_iterations
    turn = view.turns[-1] if view.turns else 1
    return (turn if turn > 1 else None), None
