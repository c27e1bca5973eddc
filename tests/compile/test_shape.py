"""Numbers, cycles and dominators of graphs."""

from __future__ import annotations

from random import Random

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.compile.dominators import ROOT, dominators_of
from engine.compile.shape import MOST_BACKS, Cyclic, Shape, shape_of
from tests.support.sketch import document, sketch


def shape(text: str) -> Shape:
    found = shape_of(sketch(text))
    assert isinstance(found, Shape)
    return found


def cycles(text: str) -> list[tuple[str, ...]]:
    found = shape_of(sketch(text))
    assert isinstance(found, Cyclic)
    return [back.cycle for back in found.backs]


def random_ways(rnd: Random) -> str:
    """Ways that lead onward only, from one start."""
    size = rnd.randint(2, 12)
    ways = [f"n{rnd.randrange(target)} -> n{target}" for target in range(1, size)]
    more = [sorted(rnd.sample(range(size), 2)) for _ in range(rnd.randint(0, 12))]
    return "; ".join(ways + [f"n{one} -> n{other}" for one, other in more])


def test_numbers_are_topological_with_ties_by_the_file() -> None:
    assert shape("c -> d; b -> d; a -> b").ids == ("c", "a", "b", "d")


def test_an_edge_to_nowhere_is_left_out() -> None:
    graph = sketch("a -> b").model_copy()
    del graph.nodes["b"]
    found = shape_of(graph)
    assert isinstance(found, Shape)
    assert found.links == ()


def test_repeat_edges_are_kept_apart() -> None:
    found = shape("a -> l ~> a")
    assert found.into[found.number_of["a"]] == ()
    assert found.repeats_into[found.number_of["a"]] == (1,)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a -> a", [("a",)]),
        ("a -> b -> c -> a", [("a", "b", "c")]),
        ("s -> b -> c -> b; c -> d -> c", [("b", "c"), ("c", "d")]),
        ("z -> y; b -> c -> b; d -> e -> d", [("b", "c"), ("d", "e")]),
        ("b -> a -> b; s -> a", [("a", "b")]),
    ],
)
def test_every_edge_that_closes_a_cycle_is_named(text: str, expected: list[tuple[str, ...]]) -> None:
    assert cycles(text) == expected


def test_cycles_beyond_all_bounds_are_not_named() -> None:
    many = "; ".join(f"a{i} -> b{i} -> a{i}" for i in range(MOST_BACKS + 20))
    assert len(cycles(many)) == MOST_BACKS
    one = "; ".join(f"a -> b{i} -> a" for i in range(MOST_BACKS + 20))
    assert len(cycles(one)) == MOST_BACKS


def test_a_long_chain_that_bites_its_tail_is_no_trouble() -> None:
    ring = document("; ".join(f"n{i} -> n{i + 1}" for i in range(5000)) + "; n5000 -> n0")
    found = shape_of(sketch("a").model_validate(ring))
    assert isinstance(found, Cyclic)
    assert len(found.backs[0].cycle) == 5001


@given(st.randoms(use_true_random=False))
def test_dominators_are_those_of_the_book(rnd: Random) -> None:
    found = shape(random_ways(rnd))
    tree = dominators_of(found)
    book: nx.DiGraph[int] = nx.DiGraph([(link.source, link.target) for link in found.links])
    expected = nx.immediate_dominators(book, found.starts[0])
    for node in range(len(found.ids)):
        above = expected.get(node)
        assert tree.parent[node] == (ROOT if above is None or above == node else above)


@given(st.randoms(use_true_random=False))
def test_a_node_dominates_what_cannot_be_reached_without_it(rnd: Random) -> None:
    found = shape(random_ways(rnd))
    tree = dominators_of(found)
    for node in range(1, len(found.ids)):
        without = reached(found, without=node)
        behind = {other for other in range(len(found.ids)) if tree.dominates(node, other)}
        assert behind == set(range(len(found.ids))) - without


def reached(found: Shape, *, without: int) -> set[int]:
    seen = {found.starts[0]}
    for node in range(len(found.ids)):
        seen |= {t for t in found.targets(node) if t != without} if node in seen else set[int]()
    return seen


@given(st.randoms(use_true_random=False))
def test_the_nearest_common_dominator_is_the_deepest_of_both(rnd: Random) -> None:
    found = shape(random_ways(rnd))
    tree = dominators_of(found)
    nodes = range(len(found.ids))
    for one in nodes:
        for other in nodes:
            shared = [node for node in nodes if tree.dominates(node, one) and tree.dominates(node, other)]
            assert tree.nearest_common(one, other) == max(shared, key=lambda node: tree.depth[node], default=ROOT)


def test_above_several_starts_stands_the_root() -> None:
    found = shape("a -> c; b -> c -> d")
    tree = dominators_of(found)
    number = found.number_of
    assert tree.parent[number["c"]] == ROOT
    assert tree.nearest_common(number["a"], number["b"]) == ROOT
    assert tree.dominates(number["c"], number["d"])
