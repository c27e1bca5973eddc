"""The plan says of a random graph what GRAPH.md §3 says of it, notion by notion, worked out a second time."""

from __future__ import annotations

from random import Random

from hypothesis import given, reject
from hypothesis import strategies as st

from engine.compile.compile import compile_graph
from engine.compile.plan import Plan, PlanNode
from engine.errors import GraphError
from engine.model.graph import Graph
from tests.support.graphs import random_document
from tests.support.plain_shape import Shape

SEEDS = st.integers(0, 2**32)


def both(seed: int) -> tuple[Plan, Shape]:
    graph = Graph.model_validate(random_document(Random(seed)))
    try:
        return compile_graph(graph), Shape(graph)
    except GraphError:  # about one in thirty
        reject()


@given(SEEDS)
def test_nodes_are_numbered_in_topological_order_with_ties_by_the_file(seed: int) -> None:
    plan, shape = both(seed)
    assert [node.id for node in plan.nodes] == shape.order
    assert plan.nodes[plan.start].id == shape.start


@given(SEEDS)
def test_a_body_is_all_from_which_the_loop_back_is_reached_without_passing_the_header(seed: int) -> None:
    plan, shape = both(seed)
    bodies = {plan.nodes[loop.header].id: {plan.nodes[n].id for n in loop.body} for loop in plan.loops}
    assert bodies == shape.bodies
    for node in plan.nodes:
        assert [plan.nodes[plan.loops[number].header].id for number in node.loops] == shape.loops_of(node.id)


@given(SEEDS)
def test_an_edge_leaves_the_bodies_that_hold_its_source_and_not_its_target(seed: int) -> None:
    plan, shape = both(seed)
    headers = {loop.number: plan.nodes[loop.header].id for loop in plan.loops}
    found = {(plan.nodes[e.source].id, e.index): [headers[n] for n in e.leaves] for e in plan.edges}
    assert found == {(e.source, e.index): shape.leaves(e) for e in shape.edges}


@given(SEEDS)
def test_the_branches_of_a_join_that_may_pass_on_early_are_those_that_lead_to_it_alone(seed: int) -> None:
    plan, shape = both(seed)
    for node in plan.nodes:
        if node.join is not None and (node.join.need or node.join.cancels):
            found = {plan.nodes[n].id for n in node.join.branches}
            assert found == shape.branches(node.id) - decided_before(shape, node.id)


def decided_before(shape: Shape, join: str) -> set[str]:
    """Nodes of loops that all ways to the join come out of: decided before it hears anything, so left out."""
    nearest = shape.nearest(join)
    left = [h for h in shape.loops_of(nearest) if join not in shape.bodies[h]] if nearest is not None else []
    return {name for header in left for name in shape.bodies[header]}


@given(SEEDS, st.data())
def test_a_failure_is_taken_up_if_every_way_onward_meets_a_join_that_catches(seed: int, data: st.DataObject) -> None:
    plan, shape = both(seed)
    joins = [node.id for node in plan.nodes if node.join is not None]
    passed = data.draw(st.sets(st.sampled_from(joins))) if joins else set[str]()
    catching = passed | {name for name in joins if shape.nodes[name].accept_failed}
    for node in plan.nodes:
        assert is_taken_up(plan, node, passed) == shape.ways_meet(node.id, catching)


def is_taken_up(plan: Plan, node: PlanNode, passed: set[str]) -> bool:
    """What the plan's answer comes to once it is known which joins have passed on."""
    if node.takes_up != "ask":
        return node.takes_up == "always"
    asked = [plan.nodes[number] for number in node.asks]
    return all((a.join is not None and a.id in passed) or is_taken_up(plan, a, passed) for a in asked)
