"""Every finding about a graph, all at once.

Rule: the checker reads a document and what is handed in with it, and nothing else; it never raises for a document. When
something is broken on which others depend, those others are left out and everything else is still told: a broken
reference hides no broken loop, but in a graph with cycles nobody asks what runs at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from pydantic import JsonValue

from engine.compile.analysis import Analysis
from engine.compile.catalogue import finding
from engine.compile.doubts import asked_by_doubts, doubt_findings
from engine.compile.edges import edge_findings
from engine.compile.facts import Facts, ToolFacts
from engine.compile.fixes import Operation
from engine.compile.looping import loop_findings
from engine.compile.naming import name_findings
from engine.compile.order import in_order
from engine.compile.races import flow_of, race_findings
from engine.compile.secrets import secret_findings
from engine.compile.shape import Cyclic, shape_of
from engine.compile.states import state_findings
from engine.compile.structure import (
    branch_findings,
    cycle_findings,
    join_findings,
    loop_back_findings,
    size_findings,
    start_findings,
)
from engine.compile.taint import risk_findings
from engine.compile.together import Together
from engine.compile.tooling import inner_graph, tool_findings
from engine.compile.uses import Parts, Use, uses_of
from engine.model.findings import Finding, Fix, pointer
from engine.model.graph import Graph
from engine.model.nodes import EndNode, SubgraphNode
from engine.model.types import Types, types_of


def check(
    graph: Graph,
    *,
    tools: Mapping[str, ToolFacts] | None = None,
    models: Callable[[str], bool] | Container[str] | None = None,
    graphs: Callable[[str], Graph | None] | None = None,
) -> list[Finding]:
    """Every finding about a graph: errors first, then warnings, each in file order.

    Args:
        graph: the document.
        tools: registered tools by name; None leaves tools unchecked.
        models: the known models, or whether one is known; None leaves models unchecked.
        graphs: other graphs by name; None leaves them unchecked. May raise GraphError for a file that is no graph.

    Cost: about 40 µs per node.
    """
    return in_order(graph, _all(graph, Facts(tools, models, graphs)))


def structure_errors(graph: Graph) -> tuple[Analysis | None, list[Finding]]:
    """The analysis of a graph, or None if it has no shape, and every error about its ways.

    A graph without such an error can be turned into a plan.
    """
    shape = shape_of(graph)
    findings = [
        *edge_findings(graph),
        *start_findings(graph),
        *join_findings(graph),
        *loop_back_findings(graph),
        *size_findings(graph),
    ]
    if isinstance(shape, Cyclic):
        return None, [*findings, *cycle_findings(graph, shape)]
    analysis = Analysis(graph, shape)
    return analysis, [*findings, *loop_findings(analysis), *branch_findings(analysis)]


def _all(graph: Graph, facts: Facts) -> Iterator[Finding]:
    yield from _own(graph, facts)
    yield from secret_findings(graph)
    yield from _inline(graph, (), facts)


def _own(graph: Graph, facts: Facts) -> Iterator[Finding]:
    """What is wrong with a graph, inline graphs aside."""
    analysis, findings = structure_errors(graph)
    yield from findings
    yield from tool_findings(graph, facts)
    around = analysis.loops.around if analysis is not None else ()
    number_of = analysis.shape.number_of if analysis is not None else {}
    uses = uses_of(graph, _types(graph, facts), lambda name: analysis is None or bool(around[number_of[name]]))
    yield from name_findings(graph, uses)
    yield from state_findings(graph, uses.names)
    yield from risk_findings(graph, uses.names, facts)
    if analysis is not None and not analysis.is_broken:
        yield from _timing(analysis, uses.names)


def _timing(analysis: Analysis, uses: Iterable[Use]) -> Iterator[Finding]:
    """What depends on what runs at the same time."""
    flow = flow_of(analysis, uses)
    together = Together(analysis, [*asked_by_doubts(analysis), *flow.asked()])
    yield from doubt_findings(analysis, together)
    yield from race_findings(analysis, together, flow)
    if together.is_partial:
        message = "the graph is too large to look at every pair of nodes that might run at the same time"
        yield finding("check.partial", message, "", None, "move parts of it to subgraphs")


def _types(graph: Graph, facts: Facts) -> Types:
    """What is known of the graph's names, results of tools and outputs of subgraphs included."""
    returns = {tool: known.returns for tool, known in (facts.tools or {}).items() if known.returns is not None}
    types = types_of(graph, returns)
    outputs: dict[str, JsonValue] = {}
    for name, node in graph.nodes.items():
        output = _output_of(node, facts) if isinstance(node, SubgraphNode) and node.each is None else None
        if output is not None:
            outputs[name] = output
    return _with_outputs(types, outputs) if outputs else types


def _with_outputs(types: Types, outputs: dict[str, JsonValue]) -> Types:
    """The same, with the outputs of some nodes known."""
    nodes = cast("dict[str, Any]", types.schemas["nodes"])
    properties = nodes["properties"]
    known = {
        name: {**properties[name], "properties": {**properties[name]["properties"], "output": output}}
        for name, output in outputs.items()
    }
    schemas = {**types.schemas, "nodes": {**nodes, "properties": {**properties, **known}}}
    return Types(schemas, {**types.outputs, **outputs})


def _output_of(node: SubgraphNode, facts: Facts) -> JsonValue:
    """The schema of a subgraph's output, or None where an ``end`` of it may give another."""
    inner = inner_graph(node, facts)
    if inner is None or any(isinstance(other, EndNode) and other.output is not None for other in inner.nodes.values()):
        return None
    names: dict[str, JsonValue] = dict.fromkeys(inner.output or {}, True)
    return {"type": "object", "properties": names, "additionalProperties": False}


def _inline(graph: Graph, path: Parts, facts: Facts) -> Iterator[Finding]:
    """The findings of the graphs that stand in subgraph nodes, at their places in this document."""
    for name, node in graph.nodes.items():
        inner = inner_graph(node, facts) if isinstance(node, SubgraphNode) and node.inline is not None else None
        if inner is not None:
            here = (*path, "nodes", name, "inline")
            for found in _own(inner, facts):
                yield _moved(found, here)
            yield from _inline(inner, here, facts)


def _moved(found: Finding, path: Parts) -> Finding:
    base = pointer(*path)
    fix = found.fix
    if fix is not None:
        fix = Fix(fix.title, tuple(_moved_operation(operation, base) for operation in fix.patch))
    return replace(found, place=base + found.place, node=str(path[1]), fix=fix)


def _moved_operation(operation: Operation, base: str) -> Operation:
    return {**operation, **{key: base + operation[key] for key in ("path", "from") if key in operation}}
