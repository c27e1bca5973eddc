"""The order in which findings are told: errors first, then by their place in the file.

Rule: the order depends on the document and the findings alone, so that the same graph always reads the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.model.findings import Finding, parts
from engine.model.graph import Graph
from engine.model.nodes import FIELD_ORDER
from engine.model.writing import TOP_ORDER

Step = tuple[int, int, str]


def in_order(graph: Graph, findings: Iterable[Finding]) -> list[Finding]:
    """The findings, each once, errors first, then in file order. O(findings * log findings)."""
    numbers = {name: number for number, name in enumerate(graph.nodes)}
    once = {(found.code, found.place, found.message): found for found in findings}
    return sorted(once.values(), key=lambda found: _rank(found, graph, numbers))


def _rank(found: Finding, graph: Graph, numbers: dict[str, int]) -> tuple[bool, tuple[Step, ...], str, str]:
    steps = parts(found.place)
    rank = [_known(step, TOP_ORDER) for step in steps[:1]]
    if steps[:1] == ["nodes"] and len(steps) > 1:
        node = graph.nodes.get(steps[1])
        rank.append((0, numbers.get(steps[1], len(numbers)), ""))
        rank += [_known(step, FIELD_ORDER[node.kind]) if node is not None else _free(step) for step in steps[2:3]]
        rank += map(_free, steps[3:])
    else:
        rank += map(_free, steps[1:])
    return found.severity == "warning", tuple(rank), found.code, found.message


def _known(step: str, order: tuple[str, ...]) -> Step:
    return (0, order.index(step), "") if step in order else _free(step)


def _free(step: str) -> Step:
    return (1, int(step), "") if step.isdecimal() and len(step) < 9 else (2, 0, step)
