"""The lists say of any run what its scheduler says, though they see nothing but its events."""

from __future__ import annotations

from random import Random

import pytest

from engine.compile.check import check
from engine.compile.compile import compile_graph
from engine.journal.projection import ENDED, RunView
from engine.scheduler.scheduler import Scheduler
from tests.support.graphs import random_graphs
from tests.support.plain_walk import PlainWalk
from tests.support.random_host import RandomHost, Temper

SEEDS_EACH = 20


def listed(view: RunView) -> set[tuple[str, str, str | None]]:
    """What the view waits for, in the scheduler's words."""
    return {
        ("answer", wait.execution, wait.name) if wait.kind == "gate" else (wait.kind, wait.execution, None)
        for wait in view.waits.values()
    }


def known(scheduler: Scheduler) -> set[tuple[str, str, str | None]]:
    """What the scheduler waits for; nothing once the run is over."""
    if scheduler.status in ENDED:
        return set()
    return {(wait.what, wait.execution, wait.gate) for wait in scheduler.waiting_for()}


def play(seed: int) -> int:
    """Play a random run and compare after every fact; returns how many events it had, 0 for a graph with errors."""
    rnd = Random(seed)
    graph, graphs = random_graphs(rnd)
    if any(finding.severity == "error" for one in (graph, *graphs.values()) for finding in check(one)):
        return 0
    plan, plans = compile_graph(graph), {name: compile_graph(inner) for name, inner in graphs.items()}
    scheduler = Scheduler(plan, plans=lambda node: plans[node.doc.graph])
    walk, view, count = PlainWalk(graph, graphs), RunView(), 0
    host = RandomHost(walk, rnd, Temper(revives=0))
    while count < 300 and (fact := host.next_fact()) is not None:
        walk.apply(fact)
        walk.went_on()
        if not scheduler.accepts(fact):
            continue
        for event in (fact, *scheduler.apply(fact).consequences):
            count += 1
            event.n, event.at = count, float(count)
            view.apply(event)
        view.take_changes()
        assert listed(view) == known(scheduler)
        # While something is wished for, the scheduler knows of it and the events do not say so yet.
        assert walk.wishes() or view.summary.status == scheduler.status
    return count


@pytest.mark.parametrize("first", range(0, 60, SEEDS_EACH))
def test_random_runs_are_listed_as_they_stand(first: int) -> None:
    counts = [play(seed) for seed in range(first, first + SEEDS_EACH)]
    assert sum(counts) > 20 * SEEDS_EACH
