"""The graph as numbers: nodes, edges, and the order in which a walk without repeats can meet them.

Rule: everything in this floor that asks about ways works on a ``Shape``, never on names. Node numbers are topological
(ties by file order), edge numbers are file order, so that a loop over either needs no sorting. Edges to unknown nodes
are left out; the checker tells of them.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from engine.model.graph import Graph
from engine.model.nodes import EndNode, LoopBackNode, Node, port_of

MOST_BACKS = 100
"""So many cycles are named; the others show when these are mended."""


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
class BackEdge:
    """An edge that closes a cycle and is no ``repeat`` edge: node, place in its ``to``, and the names on the cycle.

    ``cycle`` begins where the edge leads to and ends where it stands.
    """

    node: str
    index: int
    cycle: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cyclic:
    """A graph with cycles that no ``repeat`` edge accounts for; without its ``backs`` it has none."""

    backs: tuple[BackEdge, ...]


def shape_of(graph: Graph) -> Shape | Cyclic:
    """The shape of a graph, or the cycles that keep it from having one.

    Cost: O((nodes + edges) log nodes), and for cycles also the sum of their lengths, at most MOST_BACKS of them.
    """
    ids = list(graph.nodes)
    links = _links(graph, {name: place for place, name in enumerate(ids)})
    order = _topological(len(ids), links)
    if len(order) < len(ids):
        return Cyclic(_backs(ids, links, set(range(len(ids))) - set(order)))
    return _numbered(graph, ids, links, order)


def _links(graph: Graph, places: dict[str, int]) -> list[Link]:
    """The edges between known nodes; an ``end`` has none, whatever stands there."""
    links: list[Link] = []
    for source, memo in enumerate(graph.memos.values()):
        for name, index, port, conditional, is_repeat in memo.get(_ways_on):
            target = places.get(name)
            if target is not None:
                links.append(Link(source, target, index, port, conditional, is_repeat))
    return links


def _ways_on(node: Node) -> list[tuple[str, int, str, bool, bool]]:
    """The edges of a node: target, place, port, whether it has a condition, whether it repeats."""
    if isinstance(node, EndNode):
        return []
    repeats = "repeat" if isinstance(node, LoopBackNode) else None
    ports = [port_of(node, edge) for edge in node.to]
    return [
        (edge.node, index, port, edge.when is not None, port == repeats)
        for index, (edge, port) in enumerate(zip(node.to, ports, strict=True))
    ]


def _topological(count: int, links: list[Link]) -> list[int]:
    """File places in topological order, ties by file order; nodes on or behind a cycle are left out."""
    if all(link.source < link.target or link.is_repeat for link in links):
        return list(range(count))  # as most files are written: each node stands behind all that lead to it
    import networkx as nx  # noqa: PLC0415 - costs 0.1 s, and many commands never ask for a plan

    ways: nx.DiGraph[int] = nx.DiGraph()
    ways.add_nodes_from(range(count))
    ways.add_edges_from((link.source, link.target) for link in links if not link.is_repeat)
    order: list[int] = []
    with suppress(nx.NetworkXUnfeasible):
        # What is told before a cycle is found is in order too.
        for place in nx.lexicographical_topological_sort(ways):
            order.append(place)  # noqa: PERF402 - a comprehension would lose what came before the cycle
    return order


def _numbered(graph: Graph, ids: list[str], links: list[Link], order: list[int]) -> Shape:
    number = [0] * len(ids)
    for new, place in enumerate(order):
        number[place] = new
    out: list[list[int]] = [[] for _ in ids]
    into: list[list[int]] = [[] for _ in ids]
    repeats_into: list[list[int]] = [[] for _ in ids]
    if order != list(range(len(ids))):
        links = [
            Link(number[link.source], number[link.target], link.index, link.port, link.conditional, link.is_repeat)
            for link in links
        ]
    for edge, link in enumerate(links):
        out[link.source].append(edge)
        (repeats_into if link.is_repeat else into)[link.target].append(edge)
    names = tuple(ids[place] for place in order)
    return Shape(
        ids=names,
        nodes=tuple(graph.nodes[name] for name in names),
        number_of={name: new for new, name in enumerate(names)},
        links=tuple(links),
        out=tuple(map(tuple, out)),
        into=tuple(map(tuple, into)),
        repeats_into=tuple(map(tuple, repeats_into)),
        starts=tuple(number[place] for place in range(len(ids)) if not into[number[place]]),
    )


def _backs(ids: list[str], links: list[Link], left: set[int]) -> tuple[BackEdge, ...]:
    """The edges that lead back to where a depth-first walk in file order has come from."""
    after: dict[int, list[Link]] = {place: [] for place in sorted(left)}
    entered: set[int] = set()
    for link in links:
        if not link.is_repeat and link.target in left:
            if link.source in left:
                after[link.source].append(link)
            else:
                entered.add(link.target)
    found: list[BackEdge] = []
    done: set[int] = set()
    for root in (*sorted(entered), *after):
        if root not in done and len(found) < MOST_BACKS:
            found += _backs_from(root, after, done, ids)
    return tuple(found[:MOST_BACKS])


def _backs_from(root: int, after: dict[int, list[Link]], done: set[int], ids: list[str]) -> list[BackEdge]:
    """The same from one node; ``done`` holds what need not be walked again. Without recursion, for long chains."""
    found: list[BackEdge] = []
    way = {root: None}
    stack = [(root, iter(after[root]))]
    while stack and len(found) < MOST_BACKS:
        place, links = stack[-1]
        link = next((link for link in links if link.target not in done), None)
        if link is None:
            stack.pop()
            del way[place]
            done.add(place)
        elif link.target in way:
            names = [ids[step] for step in way]
            found.append(BackEdge(ids[place], link.index, tuple(names[names.index(ids[link.target]) :])))
        else:
            way[link.target] = None
            stack.append((link.target, iter(after[link.target])))
    return found
