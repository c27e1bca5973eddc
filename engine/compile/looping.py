"""Findings about loops: whether they can be entered, left and repeated as their author means.

Rule: the ways of loops are worked out in ``loops.py``; here they are judged. A ``repeat`` edge that makes no loop is
told alone, since everything else about it follows from that.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.compile.analysis import Analysis
from engine.compile.catalogue import finding
from engine.compile.fixes import Operation, add_edge, add_node, fresh_id, retarget
from engine.compile.loops import MAX_DEPTH, Loop
from engine.compile.shape import Shape
from engine.model.findings import Finding, Fix, pointer
from engine.model.nodes import EndNode, ForkNode, JoinNode, LoopBackNode

MOST_ASTRAY = 20
"""So many repeat edges that make no loop are looked at closely; the others are told in general."""


def loop_findings(analysis: Analysis) -> Iterator[Finding]:
    """Every finding about loops of a graph without cycles."""
    yield from _astray(analysis)
    for header in analysis.loops.too_deep:
        name = analysis.shape.ids[header]
        message = f"the loop of `{name}` lies in more than {MAX_DEPTH - 1} others"
        yield finding("too_large.nesting", message, pointer("nodes", name), name, "move inner loops to subgraphs")
    for loop in analysis.loops.loops:
        yield from _followers(analysis, loop)
    yield from _side_exits(analysis)
    yield from _not_done(analysis)


# --- repeat edges that make no loop ---


def _astray(analysis: Analysis) -> Iterator[Finding]:
    shape = analysis.shape
    regions: dict[int, set[int]] = {}
    for edge in analysis.loops.astray[:MOST_ASTRAY]:
        link = shape.links[edge]
        region = _reached(shape, link.target) & _reaching(shape, link.source)
        if region:
            regions[edge] = region
        else:
            yield _not_back(shape, edge)
    for edge in analysis.loops.astray[MOST_ASTRAY:]:
        header, name = shape.ids[shape.links[edge].target], shape.ids[shape.links[edge].source]
        message = f"not every way to `{name}` leads through `{header}`, which it repeats to"
        yield finding("loop.entry", message, _place(shape, edge), name)
    crossed = _crossing(shape, regions)
    for edge, other in crossed.items():
        one, two = shape.ids[shape.links[edge].target], shape.ids[shape.links[other].target]
        message = f"the loops of `{one}` and `{two}` share nodes, and neither lies within the other"
        hint = "give both the same header, or lead one of them through the other's header"
        yield finding("loop.overlap", message, _place(shape, edge), shape.ids[shape.links[edge].source], hint)
    for edge, region in regions.items():
        if edge not in crossed:
            yield from _entries(shape, edge, region)


def _reached(shape: Shape, node: int) -> set[int]:
    found = {node}
    todo = [node]
    while todo:
        for edge in shape.out[todo.pop()]:
            link = shape.links[edge]
            if not link.is_repeat and link.target not in found:
                found.add(link.target)
                todo.append(link.target)
    return found


def _reaching(shape: Shape, node: int) -> set[int]:
    found = {node}
    todo = [node]
    while todo:
        for source in shape.sources(todo.pop()):
            if source not in found:
                found.add(source)
                todo.append(source)
    return found


def _place(shape: Shape, edge: int) -> str:
    link = shape.links[edge]
    return pointer("nodes", shape.ids[link.source], "to", link.index)


def _not_back(shape: Shape, edge: int) -> Finding:
    link = shape.links[edge]
    name, target = shape.ids[link.source], shape.ids[link.target]
    message = f"`{name}` repeats to `{target}`, from which no way leads to `{name}`"
    hint = "lead the repeat edge to a node through which all ways to the loop-back lead"
    return finding("loop.not_back", message, _place(shape, edge), name, hint)


def _crossing(shape: Shape, regions: dict[int, set[int]]) -> dict[int, int]:
    """Repeat edge to another one, of another header, whose loop overlaps with its own."""
    crossed: dict[int, int] = {}
    for edge, region in regions.items():
        for other, theirs in regions.items():
            same_header = shape.links[edge].target == shape.links[other].target
            if not same_header and region & theirs and region - theirs and theirs - region:
                crossed.setdefault(edge, other)
    return crossed


def _entries(shape: Shape, repeat: int, region: set[int]) -> Iterator[Finding]:
    """The edges that lead into a loop past its header."""
    header = shape.links[repeat].target
    for node in sorted(region - {header}):
        for edge in shape.into[node]:
            link = shape.links[edge]
            if link.source not in region:
                name, target, top = shape.ids[link.source], shape.ids[node], shape.ids[header]
                message = f"`{name}` → `{target}` leads into the loop of `{top}` past its header"
                fix = Fix(f"Lead it to {top}", (retarget(name, link.index, top),))
                yield finding("loop.entry", message, _place(shape, edge), name, f"lead it to `{top}`", fix)


# --- two loops meant, one made ---


def _followers(analysis: Analysis, loop: Loop) -> Iterator[Finding]:
    """Loop-backs that come after another's ``done`` and repeat to the same header."""
    if len(loop.loop_backs) < 2:
        return
    shape = analysis.shape
    follows = _after_done(shape, loop)
    for number in loop.loop_backs:
        if number in follows:
            name, first, header = shape.ids[number], shape.ids[follows[number]], shape.ids[loop.header]
            edge = next(e for e in shape.out[number] if shape.links[e].is_repeat)
            message = f"`{name}` follows the `done` of `{first}` and repeats to the same header `{header}`, "
            message += "so that both are one loop with one count"
            hint = "lead the outer loop to a join of its own before the header"
            yield finding(
                "loop.header", message, _place(shape, edge), name, hint, _outer_header(analysis, loop, number)
            )


def _after_done(shape: Shape, loop: Loop) -> dict[int, int]:
    """Nodes of the body that come after the ``done`` of one of its loop-backs, each with the first such loop-back."""
    follows: dict[int, int] = {}
    body = set(loop.body)
    backs = set(loop.loop_backs)
    for node in loop.body:
        for edge in shape.out[node]:
            link = shape.links[edge]
            first = node if node in backs and link.port == "done" else follows.get(node)
            if first is not None and not link.is_repeat and link.target in body:
                follows.setdefault(link.target, first)
    return follows


def _outer_header(analysis: Analysis, loop: Loop, number: int) -> Fix | None:
    """A join with one way in as the header of the outer loop, for the loop-back and those that follow it."""
    shape = analysis.shape
    ways = [shape.links[edge] for edge in shape.into[loop.header]]
    if len({link.source for link in ways}) < len(ways):
        return None  # the join could not tell two ways from one node apart
    outer = fresh_id(analysis.graph, f"{shape.ids[loop.header]}_outer")
    beyond = _reached(shape, number)
    patch: list[Operation] = [add_node(outer, {"kind": "join", "to": [{"node": shape.ids[loop.header]}]})]
    patch += [retarget(shape.ids[link.source], link.index, outer) for link in ways]
    for loop_back in loop.loop_backs:
        if loop_back in beyond:
            repeats = [shape.links[edge] for edge in shape.out[loop_back] if shape.links[edge].is_repeat]
            patch += [retarget(shape.ids[loop_back], link.index, outer) for link in repeats]
    return Fix("Give the outer loop a header of its own", tuple(patch))


# --- ways out ---


def _side_exits(analysis: Analysis) -> Iterator[Finding]:
    shape = analysis.shape
    for edge, left in enumerate(analysis.loops.leaves):
        link = shape.links[edge]
        if left and isinstance(shape.nodes[link.source], ForkNode) and link.port == "branch":
            name, target = shape.ids[link.source], shape.ids[link.target]
            header = shape.ids[analysis.loops.loops[left[0]].header]
            message = f"the fork `{name}` leads to `{target}`, out of the loop of `{header}`, "
            message += "so that the loop would end in its first iteration"
            hint = "lead that branch to a join before the loop-back"
            fix = _lead_back(analysis, edge, analysis.loops.loops[left[0]])
            yield finding("loop.side_exit", message, _place(shape, edge), name, hint, fix)


def _lead_back(analysis: Analysis, edge: int, loop: Loop) -> Fix | None:
    """Lead a simple branch to a join before the loop's only loop-back; None where that is not obvious."""
    shape = analysis.shape
    last = _end_of_chain(shape, shape.links[edge].target)
    if last is None or len(loop.loop_backs) != 1:
        return None
    loop_back = loop.loop_backs[0]
    ways = [shape.links[way] for way in shape.into[loop_back]]
    sources = [link.source for link in ways]
    if len(ways) == 1 and _waits_for_all(shape, sources[0]):
        return Fix("Lead the branch to the join", (add_edge(analysis.graph, last, {"node": shape.ids[sources[0]]}),))
    if len(set(sources)) < len(sources) or loop_back == loop.header:
        return None
    join = fresh_id(analysis.graph, f"{shape.ids[loop_back]}_join")
    patch = [add_node(join, {"kind": "join", "to": [{"node": shape.ids[loop_back]}]})]
    patch += [retarget(shape.ids[link.source], link.index, join) for link in ways]
    patch.append(add_edge(analysis.graph, last, {"node": join}))
    return Fix("Lead the branch to a join before the loop-back", tuple(patch))


def _waits_for_all(shape: Shape, node: int) -> bool:
    there = shape.nodes[node]
    return isinstance(there, JoinNode) and there.wait == "all" and not shape.repeats_into[node]


def _end_of_chain(shape: Shape, node: int) -> str | None:
    """The last node of a branch that is a chain with an open end, by name."""
    while len(shape.into[node]) == 1:
        ways = [shape.links[edge] for edge in shape.out[node]]
        if not ways:
            return shape.ids[node] if shape.nodes[node].kind in {"agent", "tool", "subgraph", "wait", "join"} else None
        if len(ways) > 1 or ways[0].is_repeat:
            return None
        node = ways[0].target
    return None


def _not_done(analysis: Analysis) -> Iterator[Finding]:
    shape = analysis.shape
    for number, node in enumerate(shape.nodes):
        if not isinstance(node, LoopBackNode) or (node.while_ is None and node.on_limit == "fail"):
            continue
        if all(edge.on not in {None, "done"} for edge in node.to):
            name = shape.ids[number]
            why = "`while` can be false" if node.while_ is not None else "`on_limit` is exit"
            message = f"`{name}` can be done ({why}), and no edge says what then"
            place = pointer("nodes", name)
            yield finding("loop.no_done", message, place, name, "add an edge on done", _done_fix(analysis, number))


def _done_fix(analysis: Analysis, number: int) -> Fix:
    """Lead ``done`` to where the loop is left already, if that is one place; else to a new node after the loop."""
    shape, loops = analysis.shape, analysis.loops
    name = shape.ids[number]
    mine = next((loop for loop in loops.around[number] if number in loops.loops[loop].loop_backs), None)
    body = loops.loops[mine].body if mine is not None else ()
    left = [shape.links[edge] for node in body for edge in shape.out[node] if mine in loops.leaves[edge]]
    known = set(shape.targets(number))
    outside = {link.target for link in left if link.port != "error"} - known
    ends = {target for target in outside if isinstance(shape.nodes[target], EndNode)}
    if len(outside - ends) == 1:
        target = shape.ids[(outside - ends).pop()]
        return Fix(f"Lead done to {target}", (add_edge(analysis.graph, name, {"on": "done", "node": target}),))
    following = fresh_id(analysis.graph, f"after_{name}")
    patch = (add_node(following, {"kind": "join"}), add_edge(analysis.graph, name, {"on": "done", "node": following}))
    return Fix("Add a node after the loop", patch)
