"""How the nodes of a document use names, read once for each node as long as the names mean the same.

Rule: what a name means hangs on the document's types, and these on the ways, on what nodes give back, on input and
state (``face_of``). Most edits leave all that as it is; then only the nodes that were edited are read again.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from engine.compile.naming import Missing, name_findings, name_problems
from engine.compile.uses import Scopes, Use, Uses, uses_in_node, uses_in_output
from engine.model.findings import Finding
from engine.model.graph import Graph
from engine.model.memo import Memo
from engine.model.nodes import AgentNode, GateNode, Node, SubgraphNode, ToolNode
from engine.model.types import Types
from engine.model.values import compact


@dataclass(frozen=True, slots=True)
class _Said:
    """What a node was found to say."""

    memo: Memo
    uses: Uses
    problems: tuple[Missing | Finding, ...]


class Vocabulary:
    """The names of all documents of the same ways and types."""

    def __init__(self, types: Types) -> None:
        self._scopes = Scopes(types)
        self._said: dict[str, _Said] = {}

    def read(self, graph: Graph, loops: frozenset[str]) -> tuple[list[Use], list[Finding]]:
        """Every use of a name in a document, and what is wrong with them and with its expressions.

        Args:
            graph: the document.
            loops: the nodes that lie in a loop.
        """
        names: list[Use] = []
        problems: list[Missing | Finding] = []
        for name, memo in graph.memos.items():
            said = self._said.get(name)
            if said is None or said.memo is not memo:
                mine = uses_in_node(name, memo.node, self._scopes, in_loop=name in loops)
                said = self._said[name] = _Said(memo, mine, name_problems(graph, mine))
            names += said.uses.names
            problems += said.problems
        last = uses_in_output(graph.output, self._scopes)
        problems += name_problems(graph, last)
        return names + last.names, list(name_findings(graph, problems))


def face_of(graph: Graph) -> Hashable:
    """All of a graph that its types depend on, beside its ways, its tools and its subgraphs."""
    return (
        compact(graph.input),
        tuple([(name, compact(key.schema_)) for name, key in graph.state.items()]),
        tuple([memo.get(_face) for memo in graph.memos.values()]),
    )


def _face(node: Node) -> Hashable:
    """What of a node the type of its output depends on."""
    match node:
        case AgentNode():
            return _items(node), compact(node.output_schema)
        case ToolNode():
            return _items(node), node.tool
        case SubgraphNode():
            return _items(node)
        case GateNode():
            has_forms = any(not isinstance(option, str) and option.form is not None for option in node.options)
            return has_forms, compact(node.form)
        case _:
            return None


def _items(node: AgentNode | ToolNode | SubgraphNode) -> Hashable:
    return node.each is not None, node.accept_failed, node.wait is not None
