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
from engine.compile.facts import Facts, ToolFacts
from engine.compile.fixes import Operation
from engine.compile.memory import Memory
from engine.compile.order import in_order
from engine.compile.races import flow_of, race_findings
from engine.compile.secrets import secret_findings
from engine.compile.states import state_findings
from engine.compile.structure import size_findings
from engine.compile.taint import risk_findings
from engine.compile.tooling import inner_graph, tool_findings
from engine.compile.uses import Parts, Use
from engine.compile.ways import Ways
from engine.model.findings import Finding, Fix, pointer
from engine.model.graph import Graph
from engine.model.memo import Memo
from engine.model.nodes import EndNode, SubgraphNode
from engine.model.types import Types, types_of
from engine.model.values import compact


def check(
    graph: Graph,
    *,
    tools: Mapping[str, ToolFacts] | None = None,
    models: Callable[[str], bool] | Container[str] | None = None,
    graphs: Callable[[str], Graph | None] | None = None,
    memory: Memory | None = None,
) -> list[Finding]:
    """Every finding about a graph: errors first, then warnings, each in file order.

    Args:
        graph: the document.
        tools: registered tools by name; None leaves tools unchecked.
        models: the known models, or whether one is known; None leaves models unchecked.
        graphs: other graphs by name; None leaves them unchecked. May raise GraphError for a file that is no graph.
        memory: what is remembered of earlier checks; it changes nothing but how long this one takes.

    Cost: about 40 µs per node, 5 for those that were checked before in a graph of the same ways and types.
    """
    memory = Memory() if memory is None else memory
    return in_order(graph, _all(graph, Facts(memory.toolbox(tools), models, graphs), memory))


def structure_errors(graph: Graph) -> tuple[Analysis | None, list[Finding]]:
    """The analysis of a graph, or None if it has no shape, and every error about its ways.

    A graph without such an error can be turned into a plan.
    """
    ways = Ways(graph)
    return ways.analysis_of(graph), [*ways.findings, *size_findings(graph)]


def _all(graph: Graph, facts: Facts, memory: Memory) -> Iterator[Finding]:
    yield from _own(graph, facts, memory)
    yield from secret_findings(graph)
    yield from _inline(graph, (), facts, memory)


def _own(graph: Graph, facts: Facts, memory: Memory) -> Iterator[Finding]:
    """What is wrong with a graph, inline graphs aside."""
    wiring, ways = memory.ways(graph)
    analysis = ways.analysis_of(graph)
    yield from ways.findings
    yield from size_findings(graph)
    yield from tool_findings(graph, facts)
    outputs = _outputs(graph, facts)
    others = wiring, facts.toolbox, compact(outputs)
    words = memory.vocabulary(graph, others, lambda: _types(graph, facts, outputs))
    uses, wrong = words.read(graph, _in_loops(analysis, graph))
    yield from wrong
    yield from state_findings(graph, uses)
    yield from risk_findings(graph, uses, facts)
    if analysis is not None and not analysis.is_broken:
        yield from _timing(ways, analysis, uses)


def _in_loops(analysis: Analysis | None, graph: Graph) -> frozenset[str]:
    """The nodes that lie in a loop; all, where nobody can tell."""
    if analysis is None:
        return frozenset(graph.nodes)
    names = analysis.shape.ids
    return frozenset([names[number] for number, loops in enumerate(analysis.loops.around) if loops])


def _timing(ways: Ways, analysis: Analysis, uses: Iterable[Use]) -> Iterator[Finding]:
    """What depends on what runs at the same time."""
    flow = flow_of(analysis, uses)
    doubts, together = ways.timed(analysis, flow.asked())
    yield from doubts
    yield from race_findings(analysis, together, flow)
    if together.is_partial:
        message = "the graph is too large to look at every pair of nodes that might run at the same time"
        yield finding("check.partial", message, "", None, "move parts of it to subgraphs")


def _outputs(graph: Graph, facts: Facts) -> dict[str, JsonValue]:
    """Subgraph node to the schema of its output, where it is known."""
    outputs: dict[str, JsonValue] = {}
    for name, memo in graph.memos.items():
        node = memo.node
        output = _output_of(node, memo, facts) if isinstance(node, SubgraphNode) and node.each is None else None
        if output is not None:
            outputs[name] = output
    return outputs


def _types(graph: Graph, facts: Facts, outputs: dict[str, JsonValue]) -> Types:
    """What is known of the graph's names, results of tools and outputs of subgraphs included."""
    types = types_of(graph, facts.toolbox.results)
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


def _output_of(node: SubgraphNode, memo: Memo, facts: Facts) -> JsonValue:
    """The schema of a subgraph's output, or None where an ``end`` of it may give another."""
    inner = inner_graph(node, memo, facts)
    if inner is None or any(isinstance(other, EndNode) and other.output is not None for other in inner.nodes.values()):
        return None
    names: dict[str, JsonValue] = dict.fromkeys(inner.output or {}, True)
    return {"type": "object", "properties": names, "additionalProperties": False}


def _inline(graph: Graph, path: Parts, facts: Facts, memory: Memory) -> Iterator[Finding]:
    """The findings of the graphs that stand in subgraph nodes, at their places in this document."""
    for name, memo in graph.memos.items():
        node = memo.node
        inner = inner_graph(node, memo, facts) if isinstance(node, SubgraphNode) and node.inline is not None else None
        if inner is not None:
            here = (*path, "nodes", name, "inline")
            for found in _own(inner, facts, memory):
                yield _moved(found, here)
            yield from _inline(inner, here, facts, memory)


def _moved(found: Finding, path: Parts) -> Finding:
    base = pointer(*path)
    fix = found.fix
    if fix is not None:
        fix = Fix(fix.title, tuple(_moved_operation(operation, base) for operation in fix.patch))
    return replace(found, place=base + found.place, node=str(path[1]), fix=fix)


def _moved_operation(operation: Operation, base: str) -> Operation:
    return {**operation, **{key: base + operation[key] for key in ("path", "from") if key in operation}}
