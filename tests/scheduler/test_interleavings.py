"""Whatever the order in which concurrent things happen, the run ends the same."""

from __future__ import annotations

from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.compile.check import check
from engine.scheduler import events as ev
from tests.support.graphs import Tastes, random_graphs
from tests.support.lock_step import LockStep
from tests.support.random_host import RandomHost, Temper

EVEN = Temper(fails=5, retries=8, asks=5, resumes=0, cancels=0, late=0, revives=0, limits=0)
MOST_FACTS = 3_000

Ending = tuple[str | None, dict[str, str]]
"""The run's outcome, and what became of every execution of its nodes.

What is inside a node is left out: the first item, or the first node of a subgraph, that fails cancels the others, and
which is the first is a matter of time.
"""


@given(st.integers(0, 2**32), st.integers(1, 16), st.lists(st.integers(0, 2**32), min_size=2, max_size=4))
@settings(max_examples=100, deadline=None)
def test_a_run_without_races_ends_the_same_in_any_order(seed: int, size: int, orders: list[int]) -> None:
    rnd = Random(seed)
    graph, graphs = random_graphs(rnd, Tastes(size, races=False, ends=False))
    assume(not any(f.severity == "error" for g in (graph, *graphs.values()) for f in check(g)))
    endings = [ending_of(LockStep(graph, graphs), order, seed) for order in orders]
    if any(outcome == "completed" for outcome, _ in endings):
        assert all(ending == endings[0] for ending in endings)


def ending_of(both: LockStep, order: int, fates: int) -> Ending:
    """Walk to the end: the order by chance, what becomes of each attempt by its name."""
    host = RandomHost(both.plain, Random(order), EVEN, fates)
    became: dict[str, str] = {}
    while (fact := host.next_fact()) is not None:
        assert host.count < MOST_FACTS, "the run does not end"
        told = both.apply(fact)
        if isinstance(fact, ev.NodeCompleted | ev.NodeFailed):
            became[fact.execution] = f"{type(fact).__name__} {getattr(fact, 'taken', ())}"
        became |= {str(execution): str(kind) for kind, execution, *_ in told}
    return both.plain.outcome, {name: what for name, what in became.items() if not set(name) & set("[/")}
