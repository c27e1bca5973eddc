"""A checked graph to its plan.

Rule: whatever the walk needs and the graph alone decides is put into the plan; the plan of a graph never changes, so
callers keep it by the graph's hash.
"""

from __future__ import annotations

from engine.compile.analysis import Analysis, need_of
from engine.compile.check import structure_errors
from engine.compile.failures import TakeUp, take_ups_of
from engine.compile.order import in_order
from engine.compile.plan import JoinRule, Plan, PlanEdge, PlanLoop, PlanNode
from engine.compile.shape import Link
from engine.errors import GraphError
from engine.model.graph import Graph
from engine.model.nodes import EndNode, ForkNode, JoinNode, LoopBackNode, Node


def compile_graph(graph: Graph) -> Plan:
    """The plan of a graph.

    Only its ways are checked here, since the walk depends on them; names, types and tools are the checker's business,
    which whoever starts a run asks first.

    Raises:
        GraphError: ``graph.invalid``; ``findings`` holds every error about its ways.

    Cost: about 0.1 ms per node; callers keep the plan by ``graph.hash``.
    """
    analysis, findings = structure_errors(graph)
    errors = [found for found in in_order(graph, findings) if found.severity == "error"]
    if analysis is None or errors:
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        message = f"{first.place}: {first.message}{more}"
        raise GraphError(message, where=graph.name, hint=first.hint, findings=tuple(errors))
    return plan_of(analysis)


def plan_of(analysis: Analysis) -> Plan:
    """The plan of a graph that is known to have no errors. O((nodes + edges) log nodes)."""
    shape = analysis.shape
    take_ups = take_ups_of(shape)
    return Plan(
        name=analysis.graph.name,
        hash=analysis.graph.hash,
        start=shape.starts[0],
        nodes=tuple(_node(analysis, number, take_up) for number, take_up in enumerate(take_ups)),
        edges=_edges(analysis),
        loops=_loops(analysis),
        number_of=shape.number_of,
        document=analysis.graph,
    )


def _edges(analysis: Analysis) -> tuple[PlanEdge, ...]:
    shape = analysis.shape
    leaves = analysis.loops.leaves
    return tuple(
        PlanEdge(
            number=number,
            source=link.source,
            target=link.target,
            index=link.index,
            port=link.port,
            conditional=link.conditional,
            is_repeat=link.is_repeat,
            to_end=isinstance(shape.nodes[link.target], EndNode),
            leaves=leaves[number],
        )
        for number, link in enumerate(shape.links)
    )


def _loops(analysis: Analysis) -> tuple[PlanLoop, ...]:
    loops = analysis.loops
    leaving: list[list[int]] = [[] for _ in loops.loops]
    for edge, left in enumerate(loops.leaves):
        for loop in left:
            leaving[loop].append(edge)
    return tuple(
        PlanLoop(
            number=number,
            header=loop.header,
            body=loop.body,
            loop_backs=loop.loop_backs,
            parent=loop.parent,
            depth=loop.depth,
            leaving=tuple(leaving[number]),
        )
        for number, loop in enumerate(loops.loops)
    )


def _node(analysis: Analysis, number: int, take_up: TakeUp) -> PlanNode:
    shape = analysis.shape
    node = shape.nodes[number]
    around = analysis.loops.around[number]
    return PlanNode(
        number=number,
        id=shape.ids[number],
        kind=node.kind,
        doc=node,
        out=shape.out[number],
        by_port=_by_port(analysis, number),
        into=shape.into[number],
        loop=around[-1] if around else None,
        loops=around,
        repeats=_repeated(analysis, number),
        join=_join_rule(analysis, number, node) if isinstance(node, JoinNode) else None,
        evaluates=_evaluates(node),
        takes_up=take_up.answer,
        asks=take_up.asks,
        lock=node.lock,
        deciding=frozenset(link.port for link in _links(analysis, number) if link.conditional),
    )


def _links(analysis: Analysis, number: int) -> list[Link]:
    return [analysis.shape.links[edge] for edge in analysis.shape.out[number]]


def _by_port(analysis: Analysis, number: int) -> dict[str, tuple[int, ...]]:
    ports: dict[str, list[int]] = {}
    for edge in analysis.shape.out[number]:
        ports.setdefault(analysis.shape.links[edge].port, []).append(edge)
    return {port: tuple(edges) for port, edges in ports.items()}


def _repeated(analysis: Analysis, number: int) -> int | None:
    """The loop that a loop-back repeats: of those around it, the one whose header its ``repeat`` edge leads to."""
    links = [analysis.shape.links[edge] for edge in analysis.shape.out[number]]
    headers = {link.target for link in links if link.is_repeat}
    loops = analysis.loops
    return next((loop for loop in loops.around[number] if loops.loops[loop].header in headers), None)


def _join_rule(analysis: Analysis, number: int, node: JoinNode) -> JoinRule:
    return JoinRule(
        need=need_of(node),
        cancels=node.rest == "cancel",
        accepts_failed=node.accept_failed,
        branches=analysis.branches.get(number, ()),
    )


def _evaluates(node: Node) -> bool:
    """Whether the host must evaluate something when a node of the scheduler's own kinds completes."""
    match node:
        case ForkNode() | JoinNode():
            asks = False
        case LoopBackNode():
            asks = node.while_ is not None
        case EndNode():
            asks = "output" in node.model_fields_set or node.fail is not None
        case _:
            return False
    writes = node.save is not None or node.output_key is not None
    return asks or writes or any(edge.when is not None for edge in node.to)
