"""The scheduler and a slow, plain model of GRAPH.md §3 make the same of the same facts, in any graph and order."""

from __future__ import annotations

from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.compile.check import check
from engine.model.graph import Graph
from tests.support.graphs import Tastes, random_graphs
from tests.support.lock_step import LockStep
from tests.support.random_host import RandomHost, Temper

SEEDS = st.integers(0, 2**32)
SIZES = st.integers(1, 18)
MOST_FACTS = 3_000

CALM = Temper(resumes=0, cancels=0, revives=0)
HASTY = Temper(fails=30, retries=20, resumes=0, cancels=0, late=10, revives=0)
UNLUCKY = Temper(fails=10, resumes=10, cancels=2, revives=70)


def is_valid(graph: Graph) -> bool:
    return not any(finding.severity == "error" for finding in check(graph))


def walk_in_lock_step(seed: int, tastes: Tastes, temper: Temper) -> None:
    """Walk a random graph with random facts to its end; both must agree after every one of them."""
    rnd = Random(seed)
    graph, graphs = random_graphs(rnd, tastes)
    assume(all(map(is_valid, (graph, *graphs.values()))))
    both = LockStep(graph, graphs)
    host = RandomHost(both.plain, rnd, temper)
    for _ in range(MOST_FACTS):
        fact = host.next_fact()
        if fact is None:
            return
        both.apply(fact)
    raise AssertionError("the run does not end")


@given(SEEDS, SIZES)
@settings(max_examples=150, deadline=None)
def test_edges_forks_joins_and_loops(seed: int, size: int) -> None:
    walk_in_lock_step(seed, Tastes(size, waits=False, each=False, subgraphs=False, locks=False), CALM)


@given(SEEDS, SIZES)
@settings(max_examples=150, deadline=None)
def test_loops_in_loops_that_are_left_and_repeated_from_within(seed: int, size: int) -> None:
    tastes = Tastes(size, waits=False, each=False, subgraphs=False, locks=False, loops=4, escapes=60)
    walk_in_lock_step(seed, tastes, CALM)


@given(SEEDS, SIZES)
@settings(max_examples=150, deadline=None)
def test_failures_retries_error_edges_and_joins_that_take_them_up(seed: int, size: int) -> None:
    walk_in_lock_step(seed, Tastes(size, waits=False, each=False, subgraphs=False), HASTY)


@given(SEEDS, SIZES)
@settings(max_examples=150, deadline=None)
def test_gates_waits_and_signals(seed: int, size: int) -> None:
    walk_in_lock_step(seed, Tastes(size, each=False, subgraphs=False, locks=False), CALM)


@given(SEEDS, SIZES)
@settings(max_examples=150, deadline=None)
def test_items_and_locks(seed: int, size: int) -> None:
    walk_in_lock_step(seed, Tastes(size, waits=False, subgraphs=False), CALM)


@given(SEEDS, SIZES)
@settings(max_examples=200, deadline=None)
def test_everything_at_once(seed: int, size: int) -> None:
    walk_in_lock_step(seed, Tastes(size), Temper(revives=0))


@given(SEEDS, SIZES)
@settings(max_examples=200, deadline=None)
def test_crashes_cancels_and_runs_taken_up_after_they_failed(seed: int, size: int) -> None:
    walk_in_lock_step(seed, Tastes(size), UNLUCKY)
