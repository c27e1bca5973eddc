"""Every finding about a graph, all at once.

Rule: the checker reads a document and what is handed in with it, and nothing else; it never raises for a document. When
something is broken on which others depend, those others are left out and everything else is still told: a broken
reference hides no broken loop, but in a graph with cycles nobody asks what runs at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.compile.analysis import Analysis
from engine.compile.doubts import asked_by_doubts, doubt_findings
from engine.compile.edges import edge_findings
from engine.compile.looping import loop_findings
from engine.compile.order import in_order
from engine.compile.shape import Cyclic, shape_of
from engine.compile.structure import (
    cycle_findings,
    join_findings,
    loop_back_findings,
    size_findings,
    start_findings,
)
from engine.compile.together import Together
from engine.model.findings import Finding
from engine.model.graph import Graph


def check(graph: Graph) -> list[Finding]:
    """Every finding about a graph: errors first, then warnings, each in file order.

    Args:
        graph: the document.
    """
    findings = list(_all(graph))
    return in_order(graph, findings)


def structure_errors(graph: Graph) -> tuple[Analysis | None, list[Finding]]:
    """The analysis of a graph, or None if it has no shape, and every error about its ways.

    A graph without such an error can be turned into a plan.
    """
    shape = shape_of(graph)
    is_cyclic = isinstance(shape, Cyclic)
    findings = [
        *edge_findings(graph),
        *start_findings(graph, is_cyclic=is_cyclic),
        *join_findings(graph),
        *loop_back_findings(graph),
        *size_findings(graph),
    ]
    if isinstance(shape, Cyclic):
        return None, [*findings, *cycle_findings(graph, shape)]
    analysis = Analysis(graph, shape)
    return analysis, [*findings, *loop_findings(analysis)]


def _all(graph: Graph) -> Iterator[Finding]:
    analysis, findings = structure_errors(graph)
    yield from findings
    if analysis is None or analysis.is_broken:
        return
    together = Together(analysis, asked_by_doubts(analysis))
    yield from doubt_findings(analysis, together)
