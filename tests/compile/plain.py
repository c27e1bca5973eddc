"""Notions of ways by walking all ways: slow, plain, and sharing nothing with the engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.compile.plan import Plan, PlanEdge


def out(plan: Plan, node: int) -> list[PlanEdge]:
    return [edge for edge in plan.edges if edge.source == node]


def ways_from(plan: Plan, node: int, *, stop: int) -> Iterator[list[int]]:
    """Every way onward, repeats included, to ``stop``, to a dead end, or to where it met before."""
    stack: list[list[int]] = [[node]]
    while stack:
        way = stack.pop()
        onward = [edge.target for edge in out(plan, way[-1])]
        if (len(way) > 1 and (way[-1] == stop or way[-1] in way[:-1])) or not onward:
            yield way
        else:
            stack += [[*way, target] for target in onward]


def ways_to(plan: Plan, node: int) -> list[list[int]]:
    """Every way from the start without repeats."""
    found: list[list[int]] = []
    stack = [[plan.start]]
    while stack:
        way = stack.pop()
        if way[-1] == node:
            found.append(way)
        stack += [[*way, edge.target] for edge in out(plan, way[-1]) if not edge.is_repeat]
    return found


def dominators(plan: Plan, node: int) -> list[int]:
    """The nodes other than itself through which all ways lead, nearest first."""
    ways = ways_to(plan, node)
    return [other for other in reversed(range(node)) if all(other in way for way in ways)]


def bodies(plan: Plan) -> dict[int, set[int]]:
    """Header to body, by the sentence of GRAPH.md §3.4."""
    found: dict[int, set[int]] = {}
    for edge in plan.edges:
        if edge.is_repeat:
            body = {edge.target} | reaching(plan, edge.source, without=edge.target)
            found.setdefault(edge.target, set()).update(body)
    return found


def reaching(plan: Plan, node: int, *, without: int) -> set[int]:
    """The node and all from which it can be reached without passing ``without``."""
    found = {node} if node != without else set[int]()
    grown = True
    while grown:
        more = {e.source for e in plan.edges if e.target in found and e.source != without} - found
        grown = bool(more)
        found |= more
    return found


def branches(plan: Plan, join: int) -> set[int]:
    """The branches of a join, by the sentence of GRAPH.md §3.3, within one iteration."""
    loops = [body for header, body in bodies(plan).items() if join in body and header != join]
    body = min(loops, key=len) if loops else set(range(len(plan.nodes)))
    header = next((h for h, nodes in bodies(plan).items() if nodes == body), None) if loops else None
    nearest = next(iter(dominators(plan, join)), None)
    return {
        node
        for node in body - {join, header}
        if (nearest is None or (node != nearest and nearest in dominators(plan, node)))
        and not any(join in way[:-1] for way in ways_to(plan, node))
        and out(plan, node)
        and all(leads_to(plan, way, join, nearest, body) for way in ways_from(plan, node, stop=join))
        and any(way[-1] == join for way in ways_from(plan, node, stop=join))
    }


def leads_to(plan: Plan, way: Sequence[int], join: int, nearest: int | None, body: set[int]) -> bool:
    """Whether a way ends at the join, or in a circle that stays behind ``nearest`` within the body."""
    inside = all(node in body and node != nearest for node in way)
    return inside and (way[-1] == join or way[-1] in way[:-1])
