"""Warnings about ways: what is allowed and yet often not meant.

Rule: a warning is told only where the graph alone shows the danger; conditions are taken as able to go either way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.compile.analysis import Analysis, need_of
from engine.compile.catalogue import finding
from engine.compile.loops import Loop
from engine.compile.shape import Shape
from engine.compile.together import Together
from engine.model.findings import Finding, pointer
from engine.model.nodes import EndNode, ForkNode, GateNode, JoinNode


def doubt_findings(analysis: Analysis, together: Together) -> Iterator[Finding]:
    """Every warning about ways."""
    yield from _starving(analysis)
    yield from _never_joining(analysis.shape)
    for loop in analysis.loops.loops:
        yield from _parallel_exits(analysis, together, loop)
        yield from _split_votes(analysis, together, loop)


def asked_by_doubts(analysis: Analysis) -> Iterable[int]:
    """The nodes of which ``doubt_findings`` asks what they can run beside."""
    for loop in analysis.loops.loops:
        exits = _exits(analysis, loop)
        if exits:
            yield from exits
            yield from _gates(analysis, loop)
        if exits or len(loop.loop_backs) > 1:
            yield from loop.loop_backs


# --- joins that can starve ---


def _starving(analysis: Analysis) -> Iterator[Finding]:
    """Joins that wait for n, while fewer are sure to come once the way has reached them."""
    shape = analysis.shape
    for number, node in enumerate(shape.nodes):
        if not isinstance(node, JoinNode) or need_of(node) < 2:
            continue
        sure = _sure_ways(analysis, number)
        if sure < need_of(node):
            name = shape.ids[number]
            message = (
                f"`{name}` waits for {need_of(node)} edges, but only {sure or 'none'} of its {len(shape.into[number])} "
            )
            message += f"{'is' if sure == 1 else 'are'} sure to be taken; with too few it fails"
            hint = "wait for `all` that come, or for fewer"
            yield finding("join.starve", message, pointer("nodes", name, "wait"), name, hint)


def _sure_ways(analysis: Analysis, join: int) -> int:
    """How many of a join's edges are taken in any case, if nothing fails and its nearest dominator is reached."""
    shape = analysis.shape
    top = analysis.tree.parent[join]
    between = sorted(_between(shape, join, top))
    sure_nodes = {top}
    for node in between:
        taken = sum(_is_sure(analysis, edge) and shape.links[edge].source in sure_nodes for edge in shape.into[node])
        there = shape.nodes[node]
        if taken >= (max(1, need_of(there)) if isinstance(there, JoinNode) else 1):
            sure_nodes.add(node)
    return sum(_is_sure(analysis, edge) and shape.links[edge].source in sure_nodes for edge in shape.into[join])


def _between(shape: Shape, join: int, top: int) -> set[int]:
    found: set[int] = set()
    todo = [join]
    while todo:
        for source in shape.sources(todo.pop()):
            if source != top and source not in found:
                found.add(source)
                todo.append(source)
    return found


def _is_sure(analysis: Analysis, edge: int) -> bool:
    """Whether an edge is taken whenever its source ends well: no other way on, or one branch of a fork."""
    shape = analysis.shape
    link = shape.links[edge]
    if link.conditional or link.port == "error":
        return False
    others = [shape.links[other] for other in shape.out[link.source] if other != edge]
    if isinstance(shape.nodes[link.source], ForkNode):
        return True
    return all(other.port == "error" or other.is_repeat for other in others)


# --- branches that never join ---


def _never_joining(shape: Shape) -> Iterator[Finding]:
    forks = [number for number, node in enumerate(shape.nodes) if isinstance(node, ForkNode)]
    met = _meeting_points(shape) if forks else []
    for number in forks:
        unmet = _unmet(shape, number, met)
        if unmet:
            name = shape.ids[number]
            targets = ", ".join(f"`{shape.ids[shape.links[edge].target]}`" for edge in unmet[:5])
            which = "branches" if len(unmet) > 1 else "branch"
            message = f"the {which} of `{name}` to {targets}{' …' if len(unmet) > 5 else ''} never "
            message += "meet another one" if len(unmet) > 1 else "meets another one"
            hint = "lead the branches to a join if something is to follow them"
            yield finding("fork.never_joins", message, pointer("nodes", name), name, hint)


def _meeting_points(shape: Shape) -> list[int]:
    """For each node those with several ways in that it leads to or is, as bits. O(edges * nodes / 64).

    All ends are one such node, the lowest bit: what leads to an end is not left hanging.
    """
    bits = 1
    reached = [0] * len(shape.ids)
    for node in reversed(range(len(shape.ids))):
        if isinstance(shape.nodes[node], EndNode):
            reached[node] = 1
        elif len(shape.into[node]) > 1:
            reached[node] = 1 << bits
            bits += 1
        for edge in shape.out[node]:
            link = shape.links[edge]
            if not link.is_repeat:
                reached[node] |= reached[link.target]
    return reached


def _unmet(shape: Shape, fork: int, reached: list[int]) -> list[int]:
    """The edges of a fork's branches that lead to no node that another branch leads to too."""
    branches = [edge for edge in shape.out[fork] if shape.links[edge].port == "branch"]
    if len(branches) < 2:
        return []
    sets = [reached[shape.links[edge].target] for edge in branches]
    once, several = 0, 1
    for bits in sets:
        several |= once & bits
        once |= bits
    return [edge for edge, bits in zip(branches, sets, strict=True) if not bits & several]


# --- loops with forks in them ---


def _exits(analysis: Analysis, loop: Loop) -> dict[int, list[int]]:
    """The nodes of a body with edges that leave the loop and wait for it, each with these edges."""
    shape, leaves = analysis.shape, analysis.loops.leaves
    number = analysis.loops.around[loop.header][loop.depth - 1]
    found: dict[int, list[int]] = {}
    for node in loop.body:
        for edge in shape.out[node]:
            if number in leaves[edge] and not isinstance(shape.nodes[shape.links[edge].target], EndNode):
                found.setdefault(node, []).append(edge)
    return found


def _gates(analysis: Analysis, loop: Loop) -> list[int]:
    return [node for node in loop.body if isinstance(analysis.shape.nodes[node], GateNode)]


def _parallel_exits(analysis: Analysis, together: Together, loop: Loop) -> Iterator[Finding]:
    shape = analysis.shape
    exits = _exits(analysis, loop)
    gates = _gates(analysis, loop) if exits else []
    for node, edges in exits.items():
        voter = _beside_any(together, node, loop.loop_backs)
        gate = _beside_any(together, node, gates)
        for edge in edges:
            link = shape.links[edge]
            name, target, header = shape.ids[node], shape.ids[link.target], shape.ids[loop.header]
            place = pointer("nodes", name, "to", link.index)
            if voter is not None:
                message = (
                    f"`{name}` → `{target}` leaves the loop of `{header}` while `{shape.ids[voter]}` may repeat it: "
                )
                message += "leaving wins"
                yield finding("loop.exit_parallel", message, place, name, "join the branches before deciding")
            if gate is not None:
                message = (
                    f"`{name}` → `{target}` leaves the loop of `{header}` only when `{shape.ids[gate]}` is answered"
                )
                yield finding("loop.exit_waits", message, place, name, "join the branches before deciding")


def _beside_any(together: Together, node: int, others: Iterable[int]) -> int | None:
    return next((other for other in others if other != node and together.is_beside(node, other)), None)


def _split_votes(analysis: Analysis, together: Together, loop: Loop) -> Iterator[Finding]:
    shape = analysis.shape
    voters = together.mask(loop.loop_backs)
    for number in loop.loop_backs[1:]:
        other = together.first_beside(number, voters)
        if other is not None:
            name = shape.ids[number]
            message = f"`{shape.ids[other]}` and `{name}` can both vote in one iteration of the loop of "
            message += f"`{shape.ids[loop.header]}`: it repeats if one of them says so"
            hint = "join the branches before one loop-back"
            yield finding("loop.split_vote", message, pointer("nodes", name), name, hint)
