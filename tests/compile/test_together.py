"""What can run at the same time: never less than what a walk shows, and exact about choices."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from math import prod
from random import Random

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from engine.compile.analysis import Analysis
from engine.compile.check import structure_errors
from engine.compile.nodesets import NodeSets
from engine.compile.shape import Shape
from engine.compile.together import Together
from engine.model.graph import Graph
from engine.model.nodes import ForkNode
from tests.support.graphs import Tastes, random_document
from tests.support.plain_walk import PlainWalk
from tests.support.random_host import RandomHost, Temper
from tests.support.sketch import sketch

TASTES = Tastes(size=9, subgraphs=False, each=False, locks=False)
SEEDS = st.integers(0, 2**32)


def analysed(graph: Graph) -> Analysis:
    analysis, errors = structure_errors(graph)
    assert analysis is not None
    assert errors == []
    return analysis


def drawn(seed: int, *, plain_joins: bool = False) -> Graph:
    """A random graph without errors; plain joins wait for all or any and cancel nothing."""
    document = random_document(Random(seed), TASTES)
    for node in document["nodes"].values():
        if plain_joins and node["kind"] == "join":
            node |= {"rest": "wait", "wait": "any" if isinstance(node.get("wait"), int) else node.get("wait", "all")}
    graph = Graph.model_validate(document)
    analysis, errors = structure_errors(graph)
    if analysis is None or errors:
        reject()
    return graph


def all_of(analysis: Analysis) -> Together:
    return Together(NodeSets(analysis, range(len(analysis.shape.ids))))


def beside(text: str) -> set[str]:
    """The pairs of a sketch that can run at the same time, as ``a b``."""
    analysis = analysed(sketch(text))
    together = all_of(analysis)
    ids = analysis.shape.ids
    return {
        " ".join(sorted((ids[one], ids[other])))
        for one, other in combinations(range(len(ids)), 2)
        if together.is_beside(one, other)
    }


PAIRS: list[tuple[str, set[str]]] = [
    ("a -> b", set()),
    ("f{a,b} -> j -> c", {"a b"}),
    ("f{a,b} -> j[any] -> c -> d", {"a b", "a j", "b j", "a c", "b c", "a d", "b d"}),
    ("f{a,b} -> j[any,cancel] -> c", {"a b"}),
    ("f{a,b,c} -> j[2] -> d", {"a b", "a c", "b c", "a j", "b j", "c j", "a d", "b d", "c d"}),
    ("f{a,b} -> j[2] -> d", {"a b"}),
    ("a -(? input.go)-> b; a -> c", set()),
    ("a -(? input.go)-> b; a -> c; b -> d; c -> d", set()),
    ("a -> b -> d; b -(error)-> c; a -(error)-> c", set()),
    ("a -> j[any] -> d; a -(error)-> h -> f{b,c}; b -> j; c -> x", {"b c", "b x", "c j", "c d", "j x", "d x"}),
    ("c -(? input.go)-> p; c -> q; p -> f{a,b}; a -> j[any]; b -> j; q -> j; j -> d",
     {"a b", "a j", "b j", "a d", "b d"}),
    ("c -(? input.go)-> p -> f{u,x}; c -> q; x -> y; q -> y", {"u x", "u y"}),
    ("f{a,b}; a -> c; b -> d", {"a b", "a d", "b c", "c d"}),
    ("h -> f{a,b} -> j[any] -> c -> l[exit] ~> h; l -(done)-> z",
     {"a b", "a j", "b j", "a c", "b c", "a l", "b l"}),
    ("h -> f{a,b}; b -> j; a -(? input.go)-> z; a -> j; j -> l ~> h", {"a b"}),
    ("f{a,b}; a -> end; b -> c", {"a b", "a c", "b end", "c end"}),
    ("f{a,b}; a -> end; b -> end", {"a b", "a end", "b end"}),
    ("a -> f{b,c}; b -> j[any,cancel] -> d; c -> j; c -(error)-> e", {"b c", "c j", "c d", "b e", "d e", "e j"}),
    ("f{a,b,c}; a -> j[2,cancel,accept] -> d; b -> j; c -> j; j -(error)-> e",
     {"a b", "a c", "b c"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "pairs"), PAIRS)
def test_pairs(text: str, pairs: set[str]) -> None:
    assert beside(text) == pairs


@settings(max_examples=60)
@given(SEEDS, st.integers(0, 2))
def test_what_a_walk_runs_at_once_can_run_at_once(seed: int, fails: int) -> None:
    graph = drawn(seed)
    analysis = analysed(graph)
    together = all_of(analysis)
    for run in range(4):
        for pair in overlaps(graph, Random(f"{seed} {run}"), (0, 6, 30)[fails]):
            one, other = (analysis.shape.number_of[name] for name in pair)
            assert together.is_beside(one, other), pair


def overlaps(graph: Graph, rnd: Random, fails: int) -> Iterator[tuple[str, str]]:
    """Pairs of nodes that a random run had under way at once."""
    walk = PlainWalk(graph)
    host = RandomHost(walk, rnd, Temper(fails=fails, retries=0, asks=0, resumes=0, cancels=0, late=0, revives=0))
    for _ in range(200):
        fact = host.next_fact()
        if fact is None:
            return
        walk.apply(fact)
        yield from combinations((name for name, life in walk.root.lives.items() if life.is_active), 2)


@settings(max_examples=60)
@given(SEEDS)
def test_nodes_that_no_single_execution_reaches_never_run_at_once(seed: int) -> None:
    analysis = analysed(drawn(seed, plain_joins=True))
    together = all_of(analysis)
    reached = executions(analysis)
    for one, other in combinations(range(len(analysis.shape.ids)), 2):
        if not is_held(analysis, one, other):
            assert together.is_beside(one, other) == any({one, other} <= nodes for nodes in reached)


def is_held(analysis: Analysis, one: int, other: int) -> bool:
    """Whether a way leads from one node to the other, or one comes after a loop that the other is in."""
    onward = {node: _reached(analysis.shape, node) for node in (one, other)}
    for loop in analysis.loops.loops:
        inner, outer = (one, other) if one in loop.body else (other, one)
        if inner in loop.body and outer not in loop.body and outer in _reached(analysis.shape, loop.header):
            return True
    return other in onward[one] or one in onward[other]


def _reached(shape: Shape, node: int) -> set[int]:
    found = {node}
    todo = [node]
    while todo:
        for edge in shape.out[todo.pop()]:
            if not shape.links[edge].is_repeat and shape.links[edge].target not in found:
                found.add(shape.links[edge].target)
                todo.append(shape.links[edge].target)
    return found


def executions(analysis: Analysis) -> list[set[int]]:
    """The nodes that each way of deciding reaches: one edge of every choice, all edges of every fork."""
    shape = analysis.shape
    ways: list[list[list[int]]] = []
    for node, document in enumerate(shape.nodes):
        targets = [shape.links[edge].target for edge in shape.out[node] if not shape.links[edge].is_repeat]
        ways.append([targets] if isinstance(document, ForkNode) else [[target] for target in targets] or [[]])
    if prod(map(len, ways)) > 5000:
        reject()
    found: list[set[int]] = []
    for chosen in product(*ways):
        reached = {shape.starts[0]}
        for node in range(len(shape.ids)):
            reached |= set(chosen[node]) if node in reached else set[int]()
        found.append(reached)
    return found


def test_a_node_precedes_what_a_way_leads_to_around_loops_too() -> None:
    analysis = analysed(sketch("d -> h -> a -> b -> l[exit] ~> h; l -(done)-> z"))
    together = all_of(analysis)
    number = analysis.shape.number_of
    found = {(one, other) for one in "dabz" for other in "dabz" if together.can_precede(number[one], number[other])}
    assert found == {("d", "a"), ("d", "b"), ("d", "z"), ("a", "z"), ("b", "z")} | set(product("ab", "ab"))


def test_those_who_do_not_ask_get_no_bit() -> None:
    analysis = analysed(sketch("f{a,b} -> j"))
    number = analysis.shape.number_of
    together = Together(NodeSets(analysis, [number["a"], number["b"]]))
    assert together.mask(range(len(analysis.shape.ids))).bit_count() == 2
    assert together.first_beside(number["b"], together.mask([number["a"]])) == number["a"]


def ladder(length: int) -> Graph:
    """A chain ``m`` that may fall over to a chain ``n`` or to nodes ``u`` at each step, with forks at both ends."""
    steps = [f"m{i} -(? input.go)-> m{i + 1}; m{i} -> n0; m{i} -(error)-> u{i // 2}; n{i} -> n{i + 1}"
             for i in range(length)]  # fmt: skip
    return sketch(f"{'; '.join(steps)}; m{length} -> f1{{a,b}} -> j1; n{length} -> f2{{c,d}} -> j2")


def test_steps_run_out_at_last() -> None:
    """Sides that exclude each other, one leading to the other, forks behind both: each pair has to be looked at."""
    analysis = analysed(ladder(120))
    together = all_of(analysis)
    number = analysis.shape.number_of
    sides = [(number[f"u{i}"], number[f"n{k}"]) for i in range(1, 60) for k in range(121)]
    assert not any(together.is_beside(one, other) for one, other in sides[:100])
    assert not together.is_partial
    assert not any(together.is_beside(one, other) for one, other in sides)
    assert together.is_partial
