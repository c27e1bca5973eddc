"""Findings about what nodes call: tools with their arguments, models, sub-agents, other graphs; retries, caches, locks.

Rule: what was not handed in (``Facts``) is not checked, so that a graph can be looked at without its tools.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from pydantic import JsonValue

from engine.compile.catalogue import finding
from engine.compile.facts import Facts, part_of
from engine.compile.fixes import remove, replace
from engine.compile.uses import Parts
from engine.errors import GraphError
from engine.model.findings import Finding, Fix, pointer
from engine.model.graph import Graph
from engine.model.memo import Memo
from engine.model.names import nearest
from engine.model.nodes import (
    GRAPH_TOOL,
    AgentFields,
    AgentNode,
    LoopBackNode,
    Node,
    SubgraphNode,
    ToolNode,
    called_graphs,
    port_of,
)
from engine.model.schema import Validator
from engine.model.templates import expressions_in, references_in

_AGENT, _MCP = "agent:", "mcp:"


def tool_findings(graph: Graph, facts: Facts) -> Iterator[Finding]:
    """Every finding about what the nodes call."""
    tools_alone = Facts(facts.toolbox)
    for name, memo in graph.memos.items():
        node = memo.node
        match node:
            case ToolNode():
                if not facts.toolbox.is_quiet(memo, partial(_is_quiet_tool, node, tools_alone)):
                    yield from _tool_node(name, node, facts)
            case AgentNode():
                is_quiet = facts.toolbox.is_quiet(memo, partial(_is_quiet_agent, node, tools_alone))
                if not is_quiet or not all(map(facts.knows_model, memo.get(_models))):
                    yield from _agent(name, ("nodes", name), node, facts)
                    yield from _names_twice(name, node)
                    yield from _graphs_called(graph, name, memo, facts)
                    yield from _transfers(graph, name, node)
            case SubgraphNode():
                yield from _subgraph(graph, name, memo, node, facts)
            case _:
                pass


def _is_quiet_tool(node: ToolNode, facts: Facts) -> bool:
    """Whether nothing is to be said of a tool node, whatever it is called."""
    return not any(True for _ in _tool_node("", node, facts))


def _is_quiet_agent(node: AgentNode, facts: Facts) -> bool:
    """Whether nothing is to be said of an agent but of its models, whatever else is in the graph and beside it."""
    asks_others = bool(called_graphs(node)) or any(port_of(node, edge) == "transfer" for edge in node.to)
    told = (*_agent("", ("nodes", ""), node, facts), *_names_twice("", node))
    return not asks_others and not told


def _models(node: Node) -> frozenset[str]:
    """The models that an agent and those within it name."""
    return frozenset(_models_of(node)) if isinstance(node, AgentNode) else frozenset()


def _models_of(agent: AgentFields) -> Iterator[str]:
    yield from _listed(agent)
    for inner in agent.agents.values():
        yield from _models_of(inner)


def _listed(agent: AgentFields) -> list[str]:
    return [agent.model] if isinstance(agent.model, str) else agent.model or []


# --- tools ---


def _tool_node(name: str, node: ToolNode, facts: Facts) -> Iterator[Finding]:
    if facts.tools is None:
        return
    tool = facts.tool(node.tool)
    if tool is None:
        yield _unknown_tool(name, ("nodes", name, "tool"), node.tool, facts)
        return
    ready = partial(facts.toolbox.argument, node.tool)
    yield from _arguments(name, node.args, tool.parameters, f"the tool {node.tool}", ready)
    if tool.effect_with(node.args) != "unsafe":
        return
    if node.retry is not None and node.retry.attempts > 1:
        message = f"`{name}` is tried again when it fails, but {node.tool} is unsafe: its effect could happen twice"
        fix = Fix("Try once", (remove("nodes", name, "retry"),))
        yield finding("retry.unsafe", message, pointer("nodes", name, "retry"), name, "take `retry` out", fix)
    if node.cache is not None:
        message = f"`{name}` reuses results, but {node.tool} is unsafe: its effect would be left out"
        fix = Fix("Take the cache out", (remove("nodes", name, "cache"),))
        yield finding("cache.unsafe", message, pointer("nodes", name, "cache"), name, "take `cache` out", fix)


def _unknown_tool(name: str, place: Parts, tool: str, facts: Facts) -> Finding:
    meant = nearest(tool, facts.tools or ())
    fix = Fix(f"Use {meant}", (replace(meant, *place),)) if meant else None
    hint = f"did you mean {meant}?" if meant else "register it with --tools or in weft.toml"
    return finding("tool.unknown", f"there is no tool `{tool}`", pointer(*place), name, hint, fix)


def _arguments(
    name: str,
    args: Mapping[str, JsonValue],
    schema: Mapping[str, JsonValue],
    what: str,
    ready: Callable[[str], Validator],
) -> Iterator[Finding]:
    """Arguments against an object's schema: names, those that are missing, and constants that cannot fit.

    ``ready`` gives the schema of one of them.
    """
    written = schema.get("properties")
    properties = written if isinstance(written, dict) else {}
    is_closed = _is_closed(schema)
    for key, value in args.items():
        if key not in properties:
            if is_closed:
                yield _unknown_argument(name, key, [*properties], args, what)
        elif not references_in(value) and not expressions_in(value) and "$secret" not in str(value):
            for problem in ready(key).problems(value)[:1]:
                place = pointer("nodes", name, "args", key) + problem.place
                yield finding("args.type", f"`{key}` does not fit {what}: {problem.message}", place, name)
    required = schema.get("required")
    for key in map(str, required if isinstance(required, list) else ()):
        inner = properties.get(key)
        if key not in args and not (isinstance(inner, dict) and "default" in inner):
            message = f"`{name}` does not give `{key}`, which {what} needs"
            yield finding("args.missing", message, pointer("nodes", name), name, f"add `{key}` to `args`")


def _is_closed(schema: Mapping[str, JsonValue]) -> bool:
    """Whether the schema names all properties there are (see ``engine.model.schema``)."""
    others = schema.get("additionalProperties")
    if others is False:
        return True
    combined = schema.keys() & {"patternProperties", "$ref", "anyOf", "oneOf", "allOf", "if"}
    return others is None and isinstance(schema.get("properties"), dict) and not combined


def _unknown_argument(name: str, key: str, known: list[str], args: Mapping[str, JsonValue], what: str) -> Finding:
    place = pointer("nodes", name, "args", key)
    meant = nearest(key, [other for other in known if other not in args])
    if meant is not None:
        move = {"op": "move", "from": place, "path": pointer("nodes", name, "args", meant)}
        fix = Fix(f"Rename it to {meant}", (move,))
    else:
        fix = Fix("Take it out", ({"op": "remove", "path": place},))
    hint = f"did you mean `{meant}`?" if meant else f"it takes {', '.join(known) or 'nothing'}"
    return finding("args.unknown", f"{what} has no parameter `{key}`", place, name, hint, fix)


# --- agents ---


def _agent(name: str, path: Parts, agent: AgentFields, facts: Facts) -> Iterator[Finding]:
    for index, model in enumerate(_listed(agent)):
        if not facts.knows_model(model):
            place = (*path, "model") if isinstance(agent.model, str) else (*path, "model", index)
            hint = "`weft models` lists those that are set up"
            yield finding("model.unknown", f"there is no model `{model}`", pointer(*place), name, hint)
    for index, entry in enumerate(agent.tools):
        place = (*path, "tools", index) if isinstance(entry, str) else (*path, "tools", index, "tool")
        yield from _agents_tool(name, place, entry if isinstance(entry, str) else entry.tool, agent, facts)
    for inner, sub_agent in agent.agents.items():
        yield from _agent(name, (*path, "agents", inner), sub_agent, facts)


def _agents_tool(name: str, place: Parts, tool: str, agent: AgentFields, facts: Facts) -> Iterator[Finding]:
    if tool.startswith(_AGENT):
        called = tool.removeprefix(_AGENT)
        if called not in agent.agents:
            meant = nearest(called, agent.agents)
            fix = Fix(f"Use {meant}", (replace(_AGENT + meant, *place),)) if meant else None
            hint = f"did you mean {_AGENT}{meant}?" if meant else f"define {called} under its `agents`"
            message = f"the tool `{tool}` calls an agent that is not among its `agents`"
            yield finding("agent.unknown", message, pointer(*place), name, hint, fix)
    elif tool.startswith(GRAPH_TOOL):
        yield from _known_graph(name, place, tool.removeprefix(GRAPH_TOOL), facts)
    elif facts.tools is not None and tool not in facts.tools and not tool.startswith(_MCP):
        yield _unknown_tool(name, place, tool, facts)


def _graphs_called(graph: Graph, name: str, memo: Memo, facts: Facts) -> Iterator[Finding]:
    """What holds of a subgraph holds of a graph that an agent may call."""
    for inner in _graphs_of(memo, facts):
        if memo.node.lock is not None:
            yield from _inner_locks(name, memo.node.lock, inner, facts)
        yield from _recursive(graph, name, ("nodes", name, "tools"), inner, facts)


def _names_twice(name: str, node: AgentNode) -> Iterator[Finding]:
    """An agent has one parent, and hand-overs name agents alone: in one tree no name may stand twice."""
    seen: set[str] = set()
    for path, inner in _sub_agents(("nodes", name), node):
        if inner in seen:
            message = f"two agents of `{name}` are called `{inner}`"
            yield finding("agent.duplicate", message, pointer(*path), name, "give each a name of its own")
        seen.add(inner)


def _sub_agents(path: Parts, agent: AgentFields) -> Iterator[tuple[Parts, str]]:
    for inner, sub_agent in agent.agents.items():
        here = (*path, "agents", inner)
        yield here, inner
        yield from _sub_agents(here, sub_agent)


def _transfers(graph: Graph, name: str, node: AgentNode) -> Iterator[Finding]:
    """A model chooses among the targets of ``transfer`` by their descriptions."""
    for edge in node.to:
        target = _shown(graph, edge.node) if port_of(node, edge) == "transfer" else None
        if target is not None and not graph.nodes[target].description:
            message = (
                f"`{name}` can hand over to `{target}`, but the model reads only its description, and there is none"
            )
            hint = f"give `{target}` a `description`"
            yield finding("transfer.description", message, pointer("nodes", target), target, hint)


def _shown(graph: Graph, target: str) -> str | None:
    """The node whose description stands for a target: for a loop-back that of its header."""
    node = graph.nodes.get(target)
    if not isinstance(node, LoopBackNode):
        return target if node is not None else None
    headers = [edge.node for edge in node.to if port_of(node, edge) == "repeat" and edge.node in graph.nodes]
    return headers[0] if headers else None


# --- other graphs ---


def _known_graph(name: str, place: Parts, called: str, facts: Facts) -> Iterator[Finding]:
    try:
        if facts.graphs is not None and facts.graph(called) is None:
            hint = "graphs are looked up beside this one"
            yield finding("graph.unknown", f"there is no graph `{called}`", pointer(*place), name, hint)
    except GraphError as error:
        message = f"the graph `{called}` cannot be read: {error.message}"
        yield finding("graph.unreadable", message, pointer(*place), name, "check it by itself")


def _subgraph(graph: Graph, name: str, memo: Memo, node: SubgraphNode, facts: Facts) -> Iterator[Finding]:
    if node.graph is not None:
        yield from _known_graph(name, ("nodes", name, "graph"), node.graph, facts)
    inner = inner_graph(node, memo, facts)
    if inner is None:
        return
    if isinstance(inner.input, dict):
        ready = partial(part_of, inner.input)
        yield from _arguments(name, node.args, inner.input, f"the input of `{inner.name}`", ready)
    if node.lock is not None:
        yield from _inner_locks(name, node.lock, inner, facts)
    if node.graph is not None:
        yield from _recursive(graph, name, ("nodes", name, "graph"), inner, facts)


def _recursive(graph: Graph, name: str, place: Parts, inner: Graph, facts: Facts) -> Iterator[Finding]:
    if _calls(inner, graph.name, facts):
        message = f"`{name}` runs `{inner.name}`, which runs `{graph.name}` again"
        hint = "let a condition end it; `limits.depth` bounds it in any case"
        yield finding("graph.recursive", message, pointer(*place), name, hint)


def inner_graph(node: SubgraphNode, memo: Memo, facts: Facts) -> Graph | None:
    """The graph that a subgraph node runs, or None if it is unknown or broken; ``memo`` is that of the node."""
    try:
        return memo.get(_inline) if node.graph is None else facts.graph(node.graph)
    except GraphError:
        return None


def _inline(node: Node) -> Graph | None:
    """The graph that stands in a node; read once."""
    inline = node.inline if isinstance(node, SubgraphNode) else None
    return None if inline is None else Graph.model_validate(inline)


def graphs_within(graph: Graph, facts: Facts) -> Iterator[Graph]:
    """The graph and all that its subgraph nodes run and its agents may call, each once."""
    seen = {graph.name}
    todo = [graph]
    while todo:
        here = todo.pop()
        yield here
        for memo in here.memos.values():
            for inner in _graphs_of(memo, facts):
                if inner.name not in seen or _is_inline(memo.node):
                    seen.add(inner.name)
                    todo.append(inner)


def _graphs_of(memo: Memo, facts: Facts) -> Iterator[Graph]:
    """The graphs that a node runs, or may run."""
    match memo.node:
        case SubgraphNode() as node:
            inner = inner_graph(node, memo, facts)
            if inner is not None:
                yield inner
        case AgentNode() as node:
            for name in sorted(called_graphs(node)):
                called = _called(name, facts)
                if called is not None:
                    yield called
        case _:
            pass


def _called(name: str, facts: Facts) -> Graph | None:
    try:
        return facts.graph(name)
    except GraphError:
        return None


def _is_inline(node: Node) -> bool:
    return isinstance(node, SubgraphNode) and node.inline is not None


def _inner_locks(name: str, lock: str, inner: Graph, facts: Facts) -> Iterator[Finding]:
    for graph in graphs_within(inner, facts):
        for other, node in graph.nodes.items():
            if node.lock is not None:
                message = (
                    f"`{name}` holds the lock {lock} while `{other}` in `{graph.name}` waits for the lock {node.lock}"
                )
                fix = Fix("Take the lock out", (remove("nodes", name, "lock"),))
                hint = "inside a node with a lock no other may stand"
                yield finding("lock.nested", message, pointer("nodes", name, "lock"), name, hint, fix)
                return


def _calls(inner: Graph, root: str, facts: Facts) -> bool:
    """Whether a graph runs, at any depth, the one called ``root``; inline graphs have no name to be run by."""
    return any(
        (isinstance(node, SubgraphNode) and node.graph == root)
        or (isinstance(node, AgentNode) and root in called_graphs(node))
        for graph in graphs_within(inner, facts)
        for node in graph.nodes.values()
    )
