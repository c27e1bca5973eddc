"""What there is to see of a graph, and of a run of it: plain records, made once and drawn in many ways.

Rule: a picture holds words and wires, no geometry and no colour, and nothing of arguments, settings or secrets: only
what stands on the canvas. An overlay holds what a run has done so far; it never changes the geometry.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.model.graph import Graph
from engine.model.nodes import (
    PORTS,
    Edge,
    GateNode,
    JoinNode,
    LoopBackNode,
    Node,
    SubgraphNode,
    WaitNode,
    port_of,
    ports_of,
)
from engine.render.lettering import clean
from engine.render.tokens import EdgeState, Status

EdgeManner = Literal["plain", "repeat", "transfer"]
EdgeKey = tuple[str, int]
"""Source node's id and the edge's place in its ``to``, from 0."""


@dataclass(frozen=True, slots=True)
class PictureEdge:
    """One wire.

    Attributes:
        source, index: the node it leaves and its place among that node's edges, from 0.
        target: the node it leads to.
        port: the port it leaves by.
        words: what stands on it, empty for a plain default edge.
        manner: how it is drawn and routed.
    """

    source: str
    index: int
    target: str
    port: str
    words: str = ""
    manner: EdgeManner = "plain"


@dataclass(frozen=True, slots=True)
class PictureNode:
    """One node.

    Attributes:
        id: the node's id in the document.
        kind: one of the nine kinds, or ``missing`` for a target that the document does not have.
        label: its name for people.
        detail: the muted second line: model, tool, question, duration.
        mark: the short sign on small shapes: "≤ 5" of a loop-back, "2 of 3" of a join.
        ports: the ports with edges, in the order in which they stand at the node's right side.
        fails: an end that fails the graph.
    """

    id: str
    kind: str
    label: str
    detail: str = ""
    mark: str = ""
    ports: tuple[str, ...] = ()
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A graph as it is drawn: nodes in the file's order, edges in their nodes' order."""

    title: str
    description: str
    nodes: tuple[PictureNode, ...]
    edges: tuple[PictureEdge, ...]


@dataclass(frozen=True, slots=True)
class NodeRun:
    """What a run has done at one node; fields that say nothing are None.

    Attributes:
        status: of the latest execution.
        iteration, max_iterations: of the innermost loop, from 1; the bound is known at loop-backs.
        attempt, attempts: the attempt under way, from 1, and how many there may be.
        next_in_s: seconds until the next attempt.
        seconds: how long it worked or has been working.
        error_class: of its failure, for instance ``transient``.
        items_done, items_total: of ``each`` or of a join's branches.
        since: since when it is asked, in words, for instance "3 min".
    """

    status: Status
    iteration: int | None = None
    max_iterations: int | None = None
    attempt: int | None = None
    attempts: int | None = None
    next_in_s: float | None = None
    seconds: float | None = None
    error_class: str | None = None
    items_done: int | None = None
    items_total: int | None = None
    since: str | None = None


@dataclass(frozen=True, slots=True)
class RunOverlay:
    """A run laid over the picture of its graph.

    Attributes:
        nodes: node id → what happened there; a node that is absent has not been reached.
        edges: (source, index) → what became of it; an absent edge is still open.
        caption: one muted line under the title, for instance "run r1 · waiting for an answer".
    """

    nodes: Mapping[str, NodeRun] = field(default_factory=dict[str, NodeRun])
    edges: Mapping[EdgeKey, EdgeState] = field(default_factory=dict[EdgeKey, EdgeState])
    caption: str = ""


def picture_of(graph: Graph) -> Picture:
    """The picture of a document, finished or not: a target that does not exist is drawn as such. O(nodes + edges)."""
    ways_in = Counter(edge.node for node in graph.nodes.values() for edge in node.to if edge.on != "repeat")
    nodes = [_node(node_id, node, ways_in[node_id]) for node_id, node in graph.nodes.items()]
    edges = [_edge(node_id, node, place) for node_id, node in graph.nodes.items() for place in range(len(node.to))]
    absent = dict.fromkeys(edge.target for edge in edges if edge.target not in graph.nodes)
    nodes += [PictureNode(node_id, "missing", node_id, "no such node") for node_id in absent]
    return Picture(clean(graph.title or graph.name), clean(graph.description or ""), tuple(nodes), tuple(edges))


def _node(node_id: str, node: Node, ways_in: int) -> PictureNode:
    used = dict.fromkeys(port_of(node, edge) for edge in node.to)
    known = ports_of(node)
    return PictureNode(
        id=node_id,
        kind=node.kind,
        label=clean(node.label or "") or node_id,
        detail=clean(_detail(node)),
        mark=_mark(node, ways_in),
        ports=tuple(sorted(used, key=lambda port: (port in ("error", "expired"), *_rank(known, port)))),
        fails=node.kind == "end" and node.fail is not None,
    )


def _rank(known: tuple[str, ...], port: str) -> tuple[int, str]:
    return known.index(port) if port in known else len(known), port


def _detail(node: Node) -> str:
    each = getattr(node, "each", None)
    if each is not None:
        return f"each of {each}"
    match node.kind:
        case "agent":
            models = " or ".join([node.model] if isinstance(node.model, str) else node.model or [])
            helpers = f"{len(node.agents)} sub-agent{'' if len(node.agents) == 1 else 's'}" if node.agents else ""
            return " · ".join(part for part in (helpers, models) if part)
        case "tool":
            return node.tool
        case "human-gate":
            return (node.prompt or "").strip().partition("\n")[0]
        case "subgraph":
            return _sub_flow(node)
        case "wait":
            return _span(node)
        case "end":
            return node.fail or ""
        case _:
            return node.description or ""


def _sub_flow(node: SubgraphNode) -> str:
    if node.inline is None:
        return node.graph or ""
    inside = node.inline.get("nodes")
    count = len(inside) if isinstance(inside, dict) else 0
    return f"{count} {'node' if count == 1 else 'nodes'} inside"


def _span(node: WaitNode) -> str:
    if node.signal is not None:
        return f"for signal {node.signal}"
    if node.until is not None:
        return f"until {node.until}"
    return f"{node.seconds:g} s" if isinstance(node.seconds, int | float) else f"{node.seconds or ''} s"


def _mark(node: Node, ways_in: int) -> str:
    if isinstance(node, LoopBackNode):
        return "" if node.max_iterations is None else f"≤ {node.max_iterations}"
    if isinstance(node, JoinNode) and ways_in > 1:
        return node.wait if isinstance(node.wait, str) else f"{node.wait} of {ways_in}"
    return ""


def _edge(node_id: str, node: Node, place: int) -> PictureEdge:
    edge = node.to[place]
    port = port_of(node, edge)
    manner: EdgeManner = "repeat" if port == "repeat" else "transfer" if port == "transfer" else "plain"
    return PictureEdge(node_id, place, edge.node, port, clean(_words(node, edge, place)), manner)


def _words(node: Node, edge: Edge, place: int) -> str:
    if edge.label:
        return edge.label
    port = port_of(node, edge)
    if port == "repeat":
        return getattr(node, "while_", None) or ""
    option = _option(node, port)
    parts = [option if option else "" if port == PORTS[node.kind][0] else port, edge.when or ""]
    before = (other for other in node.to[:place] if port_of(node, other) == port)
    if not edge.when and node.kind != "parallel-fork" and any(other.when for other in before):
        parts.append("else")
    return " · ".join(part for part in parts if part)


def _option(node: Node, port: str) -> str | None:
    if not isinstance(node, GateNode):
        return None
    for option in node.options:
        if not isinstance(option, str) and option.name == port:
            return option.label or port
    return port
