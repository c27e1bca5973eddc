"""What a plan holds, and of what size it may be."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from engine.compile.compile import compile_graph
from engine.compile.plan import Plan, PlanNode
from engine.errors import GraphError
from engine.model.graph import Graph
from tests.bench import shapes
from tests.compile import plain
from tests.support.graphs import random_document
from tests.support.sketch import document, sketch


def plan(text: str) -> Plan:
    return compile_graph(sketch(text))


def node(text: str, name: str) -> PlanNode:
    found = plan(text)
    return found.nodes[found.number_of[name]]


def drawn(seed: int) -> Plan:
    try:
        return compile_graph(Graph.model_validate(random_document(Random(seed))))
    except GraphError:
        reject()


def names(found: Plan, numbers: tuple[int, ...] | frozenset[int]) -> str:
    return " ".join(found.nodes[number].id for number in numbers)


# --- nodes and edges ---


def test_a_plan_is_bound_to_its_graph() -> None:
    graph = sketch("a -> b")
    found = compile_graph(graph)
    assert (found.name, found.hash, found.document) == ("sketch", graph.hash, graph)
    assert [n.id for n in found.nodes] == ["a", "b"]
    assert found.nodes[0].doc is graph.nodes["a"]


def test_edges_stand_by_port_in_file_order() -> None:
    found = node("a -(? input.go)-> b; a -(error)-> c; a -> d", "a")
    assert found.by_port == {"ok": (0, 2), "error": (1,)}
    assert found.out == (0, 1, 2)


def test_an_edge_knows_its_port_its_condition_and_its_end() -> None:
    edges = plan("a -(? input.go)-> end; a -> b").edges
    assert [(e.port, e.conditional, e.to_end) for e in edges] == [("ok", True, True), ("ok", False, False)]


def test_ways_in_leave_repeat_edges_out() -> None:
    found = plan("a -> l ~> a")
    assert found.nodes[found.number_of["a"]].into == ()
    assert [edge.is_repeat for edge in found.edges] == [False, True]


@given(st.integers(0, 2**32))
def test_every_edge_but_a_repeat_leads_onward(seed: int) -> None:
    for edge in drawn(seed).edges:
        assert (edge.source < edge.target) != edge.is_repeat


@pytest.mark.parametrize(
    ("text", "name", "evaluates"),
    [
        ("j -> a", "j", False),
        ("j -(? input.go)-> a; j -> b", "j", True),
        ("j[save=x] -> a", "j", True),
        ("j[output_key=k] -> a", "j", True),
        ("f{a,b}", "f", False),
        ("f -(? input.go)-> a; f -> b", "f", True),
        ("a -> l ~> a", "l", False),
        ("a -> l[while=true] ~> a; l -(done)-> b", "l", True),
        ("a -> end", "end", False),
        ("a -> end[output=1]", "end", True),
        ("a -> end[fail=no]", "end", True),
        ("a -(? input.go)-> b; a -> c", "a", False),
    ],
)
def test_the_host_evaluates_for_nodes_of_the_scheduler_what_they_say(text: str, name: str, evaluates: bool) -> None:
    found = document(text)
    for written in found["nodes"].values():
        written |= {"while": "input.go == true"} if "while" in written else {}
        written |= {"save": {"k": "x"}} if "save" in written else {}
    made = compile_graph(Graph.model_validate(found))
    assert made.nodes[made.number_of[name]].evaluates is evaluates


def test_a_lock_is_named() -> None:
    assert node("a[lock=disk] -> b", "a").lock == "disk"


# --- loops ---


def test_loops_are_listed_outermost_first() -> None:
    found = plan("h -> i -> a -> l2[exit] ~> i; l2 -(done)-> b -> l1[exit] ~> h; l1 -(done)-> z")
    assert [(found.nodes[loop.header].id, loop.depth, loop.parent) for loop in found.loops] == [
        ("h", 1, None),
        ("i", 2, 0),
    ]
    assert names(found, found.loops[0].body) == "h i a l2 b l1"
    assert names(found, found.loops[1].body) == "i a l2"
    assert found.nodes[found.number_of["a"]].loops == (0, 1)
    assert (found.nodes[found.number_of["l1"]].repeats, found.nodes[found.number_of["l2"]].repeats) == (0, 1)


def test_an_edge_out_of_two_loops_leaves_the_inner_first() -> None:
    found = plan("h -> i -> a -(? input.go)-> z; a -> l2[exit] ~> i; l2 -(done)-> l1[exit] ~> h; l1 -(done)-> z")
    (out,) = [edge for edge in found.edges if edge.target == found.number_of["z"] and edge.conditional]
    assert out.leaves == (1, 0)
    assert all(out.number in loop.leaving for loop in found.loops)


def test_a_repeat_out_of_an_inner_loop_leaves_it() -> None:
    """The continue of an outer loop: a leaving edge of the inner one."""
    found = plan("o -> i -> f{l1,l2}; l1[exit] ~> o; l1 -(done)-> l2[exit] ~> i; l2 -(done)-> z")
    assert [names(found, loop.body) for loop in found.loops] == ["o i f l1 l2", "i f l1 l2"]
    (again,) = [edge for edge in found.edges if edge.is_repeat and edge.target == found.number_of["o"]]
    assert again.leaves == (1,)


def test_loop_backs_with_one_header_make_one_loop() -> None:
    found = plan("h -> a -(? input.go)-> l ~> h; a -> l2 ~> h")
    assert [names(found, loop.loop_backs) for loop in found.loops] == ["l l2"]


def test_a_loop_back_may_repeat_itself() -> None:
    found = plan("a -> l ~> l")
    assert names(found, found.loops[0].body) == "l"


# --- joins ---


@pytest.mark.parametrize(
    ("text", "branches"),
    [
        ("f{a,b} -> j", ""),
        ("f{a,b} -> j[cancel]", "a b"),
        ("f{a,b} -> j[any]", "a b"),
        ("f{a,b}; a -> c -> j[any]; b -> j", "a b c"),
        ("f{a,b}; a -> j[any]; b -> j; b -(error)-> x", "a"),
        ("f{a,b,c}; a -> j[any]; b -> j; c -> d", "a b"),
        ("s -> f{a,b}; f -> j[any]; a -> j; b -> j", "a b"),
        ("f{a,b}; a -> f2{c,d}; c -> j[any]; d -> x; b -> j", "b c"),
        ("f{h,b}; h -> l[exit] ~> h; l -(done)-> j[any]; b -> j", "h b l"),
        ("h -> f{a,b}; a -> j[any] -> c -> l ~> h; b -> j", "a b"),
        ("h -> f{a,b,c}; a -> j[any]; b -> j; c -> l2 ~> h; j -> l ~> h", "a b"),
        ("f{a,b} -> j[any] -> c -> l ~> j", "a b"),
        ("j[1] -> a", ""),
    ],
)
def test_the_branches_of_a_join(text: str, branches: str) -> None:
    if text.startswith("j"):
        text = "x -> " + text
    found = plan(text)
    (join,) = [n for n in found.nodes if n.join is not None]
    assert join.join is not None
    assert set(names(found, join.join.branches).split()) - {"x"} == set(branches.split())


@settings(max_examples=150)
@given(st.integers(0, 2**32))
def test_the_branches_of_joins_are_found_by_walking_all_ways_too(seed: int) -> None:
    found = drawn(seed)
    for n in found.nodes:
        if n.join is not None and n.join.need:
            assert set(n.join.branches) == plain.branches(found, n.number)


def test_what_a_join_waits_for() -> None:
    rules = [node(f"f{{a,b}} -> j[{options}]", "j").join for options in ("any,cancel", "2,accept")]
    assert [(r.need, r.cancels, r.accepts_failed) for r in rules if r is not None] == [
        (1, True, False),
        (2, False, True),
    ]


# --- failures ---


@pytest.mark.parametrize(
    ("text", "name", "answer", "asks"),
    [
        ("a", "a", "never", ""),
        ("a -> b", "a", "never", ""),
        ("f{a,b} -> j[accept]", "a", "always", ""),
        ("f{a,b}; a -> c -> d -> j[accept]; b -> j", "a", "always", ""),
        ("f{a,b} -> j[any]", "a", "ask", "j"),
        ("f{a,b} -> j[any] -> c", "j", "never", ""),
        ("f{a,b}; a -> c -> d -> j[any]; b -> j", "a", "ask", "j"),
        ("f{a,b}; a -(? input.go)-> j[any]; a -> x; b -> j", "a", "never", ""),
        ("f{a,b}; a -(? input.go)-> j[any]; a -> c -> j2[accept]; b -> j; j -> x", "a", "ask", "j"),
        ("s -> f{a,b}; a -> j[any]; b -> j2[any]; a -(error)-> x", "s", "ask", "f"),
        ("s -> f{a,b}; a -> j[any]; b -> j2[any]", "f", "ask", "j j2"),
        ("f{a,b} -> j -> c -> j2[accept]", "a", "always", ""),
        ("h -> l ~> h", "l", "never", ""),
    ],
)
def test_who_takes_a_failure_up(text: str, name: str, answer: str, asks: str) -> None:
    found = plan(text)
    there = found.nodes[found.number_of[name]]
    assert (there.takes_up, names(found, there.asks)) == (answer, asks)


# --- what cannot be planned ---


def test_a_graph_with_broken_ways_is_refused_with_every_finding() -> None:
    with pytest.raises(GraphError) as caught:
        plan("a -> b,c; l[max=1]")
    assert [found.code for found in caught.value.findings] == ["edge.several", "loop.no_repeat", "node.unreached"]
    assert "(and 2 more)" in str(caught.value)


def test_a_cycle_is_refused_by_name() -> None:
    with pytest.raises(GraphError, match="a → b → a is a cycle") as caught:
        plan("a -> b -> a")
    assert caught.value.where == "sketch"
    assert caught.value.hint == "make b → a the repeat edge of a loop-back with max_iterations"


def test_doubts_do_not_keep_a_graph_from_being_planned() -> None:
    assert len(plan("f{a,b}").nodes) == 3


# --- sizes ---


def test_a_chain_of_20000_needs_no_deep_stack() -> None:
    assert len(compile_graph(shapes.chain(20_000)).nodes) == 20_000


def test_a_fork_of_10000_has_10000_branches() -> None:
    found = compile_graph(shapes.fork(10_000))
    assert found.nodes[-1].takes_up == "never"
    assert len(found.nodes[-1].into) == 10_000


def test_branches_too_large_to_list_are_refused() -> None:
    """Every join of a ladder has all below it for its branches."""
    ways = "; ".join(f"f -> a{i}; a{i} -> j{i}[1]; j{i} -> j{i + 1}" for i in range(1000))
    with pytest.raises(GraphError) as caught:
        plan(f"{ways}; j1000[all] -> z")
    assert [found.code for found in caught.value.findings] == ["too_large.branches"]
