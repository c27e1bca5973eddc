"""What a graph's ways alone decide: their findings, the analysis, who can run beside whom.

Rule: nothing here depends on what a node is called by people, is told or writes. So it holds for every graph of the
same ``wiring``, which is all that the rooms behind this one may look at (``shape``, ``edges``, ``structure``,
``looping``, ``doubts``, ``nodesets``); most edits leave the wiring as it is.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TypeAlias

from engine.compile.analysis import Analysis
from engine.compile.doubts import asked_by_doubts, doubt_findings
from engine.compile.edges import edge_findings
from engine.compile.looping import loop_findings
from engine.compile.nodesets import NodeSets
from engine.compile.shape import Cyclic, shape_of
from engine.compile.structure import (
    branch_findings,
    cycle_findings,
    join_findings,
    loop_back_findings,
    start_findings,
)
from engine.compile.together import Spent, Together
from engine.model.findings import Finding
from engine.model.graph import Graph
from engine.model.nodes import (
    AgentNode,
    Edge,
    GateNode,
    JoinNode,
    LoopBackNode,
    Node,
    SubgraphNode,
    ToolNode,
    WaitNode,
    ports_of,
)

Wiring: TypeAlias = tuple[Hashable, ...]


class Ways:
    """The ways of all graphs of one wiring.

    Attributes:
        findings: every finding about them, warnings about what is often not meant aside.
    """

    def __init__(self, graph: Graph) -> None:
        shape = shape_of(graph)
        analysis = None if isinstance(shape, Cyclic) else Analysis(graph, shape)
        findings = [
            *edge_findings(graph),
            *start_findings(graph),
            *join_findings(graph),
            *loop_back_findings(graph),
        ]
        if isinstance(shape, Cyclic):
            findings += cycle_findings(graph, shape)
        if analysis is not None:
            findings += [*loop_findings(analysis), *branch_findings(analysis)]
        self.findings = tuple(findings)
        self._analysis = analysis
        self._doubted: tuple[tuple[Finding, ...], Spent] | None = None
        self._sets: NodeSets | None = None

    def analysis_of(self, graph: Graph) -> Analysis | None:
        """The analysis of a graph of this wiring; None if it has no shape."""
        return None if self._analysis is None else self._analysis.of(graph)

    def timed(self, analysis: Analysis, asked: Iterable[int]) -> tuple[tuple[Finding, ...], Together]:
        """The warnings about the ways of a graph that is not broken, and what else can be asked about time.

        Args:
            analysis: that of any graph of this wiring.
            asked: the nodes of which somebody will ask.
        """
        wanted = sorted({*asked_by_doubts(analysis), *asked})
        sets = self._sets
        if sets is None or sets.asked != wanted:
            sets = self._sets = NodeSets(analysis, wanted)
        if self._doubted is None:
            together = Together(sets)
            findings = tuple(doubt_findings(analysis, together))
            self._doubted = findings, together.spent()
        findings, spent = self._doubted
        return findings, Together(sets, spent.copy())


def wiring_of(graph: Graph) -> Wiring:
    """All that the ways depend on: two graphs of the same wiring have the same ways. O(nodes + edges)."""
    memos = graph.memos
    return tuple(memos), tuple([memo.get(_wired) for memo in memos.values()]), tuple(graph.layout or ())


def _wired(node: Node) -> Wiring:
    """What of a node its ways depend on."""
    return node.kind, "to" in node.model_fields_set, tuple(map(_edge, node.to)), *_own(node)


def _edge(edge: Edge) -> Wiring:
    return edge.node, edge.on, None if edge.when is None else edge.when.strip() == "false"


def _own(node: Node) -> Iterator[Hashable]:
    match node:
        case JoinNode():
            yield from (node.wait, node.rest, node.accept_failed)
        case LoopBackNode():
            yield from (node.while_ is None, node.max_iterations is None, node.on_limit)
        case GateNode():
            yield from (ports_of(node), "options" in node.model_fields_set)
            yield from (node.deadline_s is None, node.default is None)
        case WaitNode():
            yield node.deadline_s is None
        case AgentNode() | ToolNode() | SubgraphNode():
            yield node.wait
        case _:
            pass
