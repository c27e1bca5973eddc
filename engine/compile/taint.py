"""Warnings about high-risk tools that what strangers wrote may steer through a model.

Rule: untrusted is what a person, a web page, a file or a signal brought in: the graph's input, forms of gates, signals,
results of tools with ``untrusted_output``. It is followed through references, state and joins, whatever the conditions
say. An agent that reads it may be steered by it; a high-risk tool is then told if that agent may call it, or if a tool
node takes the agent's words with no gate on the way from one to the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from engine.compile.catalogue import finding
from engine.compile.facts import Facts
from engine.compile.uses import Use
from engine.model.findings import Finding, pointer
from engine.model.graph import Graph
from engine.model.nodes import AgentFields, AgentNode, ForkNode, GateNode, JoinNode, Node, ToolNode, ToolUse, WaitNode

Value = tuple[str, str]
"""What can carry untrusted words: ``("input", "")``, ``("state", KEY)`` or ``("nodes", ID)``."""

_INPUT: Value = ("input", "")


@dataclass(slots=True)
class _Web:
    """Which values flow into which."""

    into: dict[Value, set[Value]] = field(default_factory=dict[Value, set[Value]])

    def add(self, source: Value, target: Value) -> None:
        self.into.setdefault(source, set()).add(target)

    def spread(self, sources: Iterable[Value]) -> set[Value]:
        """All that some values reach, themselves included."""
        found = set(sources)
        todo = list(found)
        while todo:
            for target in self.into.get(todo.pop(), ()):
                if target not in found:
                    found.add(target)
                    todo.append(target)
        return found


def risk_findings(graph: Graph, uses: Iterable[Use], facts: Facts) -> Iterator[Finding]:
    """Every warning about high-risk tools. O(document)."""
    if facts.tools is None or not any(_high_risk(graph, facts)):
        return
    web = _web_of(graph, uses)
    untrusted = web.spread([_INPUT, *_sources(graph, facts)])
    steered = [name for name in graph.nodes if _is_steered(graph.nodes[name], name, untrusted, facts)]
    for name in steered:
        yield from _own_tools(name, graph.nodes[name], facts)
    words = web.spread([("nodes", name) for name in steered])
    reached = _without_gate(graph, steered)
    for name, node in graph.nodes.items():
        if isinstance(node, ToolNode) and name in reached and _is_high(node.tool, facts) and ("nodes", name) in words:
            message = f"`{name}` calls the high-risk tool {node.tool} with words of the agent `{reached[name]}`, "
            message += "which reads untrusted text, and no gate stands between them"
            hint = "put a human-gate before it"
            yield finding("tool.risk", message, pointer("nodes", name, "tool"), name, hint)


def _high_risk(graph: Graph, facts: Facts) -> Iterator[bool]:
    named: set[str] = set()
    for memo in graph.memos.values():
        named |= memo.get(_tools_named)
    yield from (_is_high(tool, facts) for tool in named)


def _tools_named(node: Node) -> frozenset[str]:
    """The tools that a node names, whoever of it may call them."""
    match node:
        case ToolNode():
            return frozenset({node.tool})
        case AgentNode():
            return frozenset(_name(entry) for _, entry in _tools_of((), node))
        case _:
            return frozenset()


def _is_high(tool: str, facts: Facts) -> bool:
    known = facts.tool(tool)
    return known is not None and known.risk_level == "high"


def _is_untrusted(tool: str, facts: Facts) -> bool:
    known = facts.tool(tool)
    return known is not None and known.untrusted_output


def _name(entry: str | ToolUse) -> str:
    return entry if isinstance(entry, str) else entry.tool


def _tools_of(path: tuple[str | int, ...], agent: AgentFields) -> Iterator[tuple[tuple[str | int, ...], str | ToolUse]]:
    """The tools of an agent and of all agents below it, with their places."""
    yield from (((*path, "tools", index), entry) for index, entry in enumerate(agent.tools))
    for name, inner in agent.agents.items():
        yield from _tools_of((*path, "agents", name), inner)


def _web_of(graph: Graph, uses: Iterable[Use]) -> _Web:
    web = _Web()
    for use in uses:
        if use.spot.node is not None:
            source = _INPUT if use.path[0] == "input" else (str(use.path[0]), "".join(map(str, use.path[1:2])))
            web.add(source, _carried_by(use))
    for name, node in graph.nodes.items():
        if node.output_key is not None:
            web.add(("nodes", name), ("state", node.output_key))
        for edge in node.to:
            if edge.on == "transfer" or isinstance(graph.nodes.get(edge.node), JoinNode | ForkNode):
                web.add(("nodes", name), ("nodes", edge.node))
    return web


def _carried_by(use: Use) -> Value:
    """What a use writes to: a key of the state in ``save``, else the node's own value."""
    place = use.spot.place
    return ("state", str(place[3])) if place[2] == "save" and len(place) > 3 else ("nodes", str(use.spot.node))


def _sources(graph: Graph, facts: Facts) -> Iterator[Value]:
    for name, node in graph.nodes.items():
        brings = isinstance(node, GateNode) or (isinstance(node, WaitNode) and node.signal is not None)
        if brings or (isinstance(node, ToolNode) and _is_untrusted(node.tool, facts)):
            yield ("nodes", name)


def _is_steered(node: Node, name: str, untrusted: set[Value], facts: Facts) -> bool:
    if not isinstance(node, AgentNode):
        return False
    return ("nodes", name) in untrusted or any(_is_untrusted(_name(entry), facts) for _, entry in _tools_of((), node))


def _own_tools(name: str, node: Node, facts: Facts) -> Iterator[Finding]:
    for place, entry in _tools_of(("nodes", name), node) if isinstance(node, AgentNode) else ():
        is_confirmed = isinstance(entry, ToolUse) and entry.requires_confirmation is True
        if _is_high(_name(entry), facts) and not is_confirmed:
            message = f"the agent `{name}` reads untrusted text and may call the high-risk tool {_name(entry)}"
            hint = 'let a person agree to each call: {"tool": …, "requires_confirmation": true}'
            yield finding("tool.risk", message, pointer(*place), name, hint)


def _without_gate(graph: Graph, agents: list[str]) -> dict[str, str]:
    """The nodes to which a way leads from one of the agents past no gate, each with the agent."""
    reached: dict[str, str] = {}
    todo = [(agent, agent) for agent in agents]
    while todo:
        agent, name = todo.pop()
        for edge in graph.nodes[name].to:
            node = graph.nodes.get(edge.node)
            if node is not None and not isinstance(node, GateNode) and edge.node not in reached:
                reached[edge.node] = agent
                todo.append((agent, edge.node))
    return reached
