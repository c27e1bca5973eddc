"""The graph as numbers: nodes, edges, and the order in which a walk without repeats can meet them.

Rule: everything in this floor that asks about ways works on a ``Shape``, never on names. Node numbers are topological
(ties by file order), edge numbers are file order, so that a loop over either needs no sorting. Edges to unknown nodes
are left out; the checker tells of them.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from engine.model.graph import Graph
from engine.model.nodes import LoopBackNode, Node, port_of


@dataclass(frozen=True, slots=True)
class Link:
    """One edge between two known nodes; ``index`` is its place in the source's ``to``."""

    source: int
    target: int
    index: int
    port: str
    conditional: bool
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """A graph without cycles but for ``repeat`` edges.

    Attributes:
        ids, nodes: for each node its name and its document, in topological order.
        number_of: name to number.
        links: the edges in file order.
        out: for each node the numbers of its edges, in file order, ``repeat`` edges included.
        into: for each node the numbers of the edges that lead to it, in file order, ``repeat`` edges left out.
        repeats_into: for each node the numbers of the ``repeat`` edges that lead to it.
        starts: the nodes without a way in, in file order.
    """

    ids: tuple[str, ...]
    nodes: tuple[Node, ...]
    number_of: dict[str, int]
    links: tuple[Link, ...]
    out: tuple[tuple[int, ...], ...]
    into: tuple[tuple[int, ...], ...]
    repeats_into: tuple[tuple[int, ...], ...]
    starts: tuple[int, ...]

    def targets(self, node: int) -> list[int]:
        """The nodes that its edges lead to, ``repeat`` edges included."""
        return [self.links[edge].target for edge in self.out[node]]

    def sources(self, node: int) -> list[int]:
        """The nodes whose edges lead to it, ``repeat`` edges left out."""
        return [self.links[edge].source for edge in self.into[node]]


@dataclass(frozen=True, slots=True)
class Cyclic:
    """A graph with cycles that no ``repeat`` edge accounts for: each as the names on it, in walking order."""

    cycles: tuple[tuple[str, ...], ...]


def shape_of(graph: Graph) -> Shape | Cyclic:
    """The shape of a graph, or the cycles that keep it from having one. O((nodes + edges) log nodes)."""
    ids = list(graph.nodes)
    links = _links(graph, {name: place for place, name in enumerate(ids)})
    order = _topological(len(ids), links)
    if len(order) < len(ids):
        return Cyclic(_cycles(ids, links, set(range(len(ids))) - set(order)))
    return _numbered(graph, ids, links, order)


def _links(graph: Graph, places: dict[str, int]) -> list[Link]:
    links: list[Link] = []
    for source, node in enumerate(graph.nodes.values()):
        repeats = "repeat" if isinstance(node, LoopBackNode) else None
        for index, edge in enumerate(node.to):
            if edge.node in places:
                port = port_of(node, edge)
                conditional = edge.when is not None
                links.append(Link(source, places[edge.node], index, port, conditional, port == repeats))
    return links


def _topological(count: int, links: list[Link]) -> list[int]:
    """File places in topological order, ties by file order; nodes on or behind a cycle are left out."""
    after: list[list[int]] = [[] for _ in range(count)]
    open_ways = [0] * count
    for link in links:
        if not link.is_repeat:
            after[link.source].append(link.target)
            open_ways[link.target] += 1
    ready = [place for place in range(count) if not open_ways[place]]
    order: list[int] = []
    while ready:
        place = heapq.heappop(ready)
        order.append(place)
        for target in after[place]:
            open_ways[target] -= 1
            if not open_ways[target]:
                heapq.heappush(ready, target)
    return order


def _numbered(graph: Graph, ids: list[str], links: list[Link], order: list[int]) -> Shape:
    number = [0] * len(ids)
    for new, place in enumerate(order):
        number[place] = new
    out: list[list[int]] = [[] for _ in ids]
    into: list[list[int]] = [[] for _ in ids]
    repeats_into: list[list[int]] = [[] for _ in ids]
    renumbered: list[Link] = []
    for edge, link in enumerate(links):
        moved = Link(number[link.source], number[link.target], link.index, link.port, link.conditional, link.is_repeat)
        renumbered.append(moved)
        out[moved.source].append(edge)
        (repeats_into if moved.is_repeat else into)[moved.target].append(edge)
    names = tuple(ids[place] for place in order)
    return Shape(
        ids=names,
        nodes=tuple(graph.nodes[name] for name in names),
        number_of={name: new for new, name in enumerate(names)},
        links=tuple(renumbered),
        out=tuple(map(tuple, out)),
        into=tuple(map(tuple, into)),
        repeats_into=tuple(map(tuple, repeats_into)),
        starts=tuple(number[place] for place in range(len(ids)) if not into[number[place]]),
    )


def _cycles(ids: list[str], links: list[Link], left: set[int]) -> tuple[tuple[str, ...], ...]:
    """One cycle of each strongly connected part, by the first of its nodes in the file. O(nodes + edges)."""
    after: dict[int, list[int]] = {place: [] for place in sorted(left)}
    for link in links:
        if not link.is_repeat and link.source in left and link.target in left:
            after[link.source].append(link.target)
    found = [_cycle_in(part, after) for part in _connected_parts(after)]
    return tuple(tuple(ids[place] for place in cycle) for cycle in sorted(filter(None, found)))


def _cycle_in(part: set[int], after: dict[int, list[int]]) -> tuple[int, ...]:
    """A shortest cycle through the first node of a strongly connected part; empty if the part is no cycle."""
    first = min(part)
    came_from: dict[int, int] = {}
    level = [first]
    while level:
        below: list[int] = []
        for place in level:
            for target in after[place]:
                if target == first:
                    return _walked_back(place, first, came_from)
                if target in part and target not in came_from:
                    came_from[target] = place
                    below.append(target)
        level = below
    return ()


def _walked_back(last: int, first: int, came_from: dict[int, int]) -> tuple[int, ...]:
    way = [last]
    while way[-1] != first:
        way.append(came_from[way[-1]])
    return tuple(reversed(way))


def _connected_parts(after: dict[int, list[int]]) -> list[set[int]]:
    """The strongly connected parts (Kosaraju: by last visit forwards, then along the edges backwards)."""
    before: dict[int, list[int]] = {place: [] for place in after}
    for source, targets in after.items():
        for target in targets:
            before[target].append(source)
    parts: list[set[int]] = []
    placed: set[int] = set()
    for root in reversed(_by_last_visit(after)):
        if root in placed:
            continue
        part = {root}
        todo = [root]
        while todo:
            for source in before[todo.pop()]:
                if source not in placed and source not in part:
                    part.add(source)
                    todo.append(source)
        placed |= part
        parts.append(part)
    return parts


def _by_last_visit(after: dict[int, list[int]]) -> list[int]:
    """The nodes in the order in which a depth-first walk leaves them; without recursion, for long chains."""
    seen: set[int] = set()
    left: list[int] = []
    for root in after:
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, iter(after[root]))]
        while stack:
            place, targets = stack[-1]
            target = next((t for t in targets if t not in seen), None)
            if target is None:
                stack.pop()
                left.append(place)
            else:
                seen.add(target)
                stack.append((target, iter(after[target])))
    return left
