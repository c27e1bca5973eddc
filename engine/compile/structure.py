"""Findings about the graph as a whole: starts, cycles, what joins can wait for, sizes.

Rule: each asks for as little as it can, so that one broken edge hides nothing else. A graph with cycles has no shape;
then only what needs none is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from engine.compile.analysis import Analysis
from engine.compile.catalogue import finding
from engine.compile.fixes import add_node, fresh_id, put, remove, remove_edges, retarget
from engine.compile.shape import BackEdge, Cyclic
from engine.model.findings import Finding, Fix, pointer
from engine.model.graph import Graph
from engine.model.nodes import AgentNode, EndNode, GateNode, JoinNode, LoopBackNode, Node, SubAgent, ToolNode, port_of

MOST_OPTIONS = 100
MOST_TOOLS = 500
MOST_NESTED_AGENTS = 16
DEFAULT_ITERATIONS = 10
"""What the fixes put in as ``max_iterations``."""

_NAMES_SHOWN = 12


def cycle_findings(graph: Graph, cyclic: Cyclic) -> Iterator[Finding]:
    """One finding for each edge that closes a cycle."""
    for back in cyclic.backs:
        way = (*back.cycle, back.cycle[0])
        shown = way if len(way) <= _NAMES_SHOWN else (*way[: _NAMES_SHOWN - 1], "…", way[-1])
        message = f"{' → '.join(shown)} is a cycle"
        hint = f"make {back.node} → {back.cycle[0]} the repeat edge of a loop-back with max_iterations"
        place = pointer("nodes", back.node, "to", back.index)
        yield finding("graph.cycle", message, place, back.node, hint, _loop_back_fix(graph, back))


def _loop_back_fix(graph: Graph, back: BackEdge) -> Fix:
    again = fresh_id(graph, f"{back.node}_again")
    repeat = {"on": "repeat", "node": back.cycle[0]}
    node = {"kind": "loop-back", "max_iterations": DEFAULT_ITERATIONS, "to": [repeat]}
    return Fix("Make it a loop-back", (add_node(again, node), retarget(back.node, back.index, again)))


# --- starts ---


def start_findings(graph: Graph) -> Iterator[Finding]:
    """Whether exactly one node has no way in; if all have one, that is the fault of a cycle, which is told."""
    if not graph.nodes:
        fix = Fix("Add an end", (add_node("done", {"kind": "end"}),))
        yield finding("start.none", "the graph has no nodes", "/nodes", None, "add the first node", fix)
        return
    led, repeated = _led_to(graph)
    starts = [name for name in graph.nodes if name not in led]
    main = next((name for name in starts if graph.nodes[name].to), starts[0] if starts else None)
    several = [name for name in starts if name == main or (graph.nodes[name].to and name not in repeated)]
    for name in starts:
        if name not in several:
            yield _unreached(graph, name, is_repeated=name in repeated)
    for name in several[1:]:
        message = f"both `{several[0]}` and `{name}` have no way in; a graph has one start"
        hint = f"lead an edge to `{name}`, or begin with a parallel-fork"
        yield finding("start.several", message, pointer("nodes", name), name, hint, _start_fix(graph, several))


def _led_to(graph: Graph) -> tuple[set[str], set[str]]:
    """The nodes that an edge leads to, and those that a ``repeat`` edge leads to."""
    led: set[str] = set()
    repeated: set[str] = set()
    for node in graph.nodes.values():
        for edge in node.to if not isinstance(node, EndNode) else ():
            is_repeat = isinstance(node, LoopBackNode) and port_of(node, edge) == "repeat"
            (repeated if is_repeat else led).add(edge.node)
    return led, repeated


def _unreached(graph: Graph, name: str, *, is_repeated: bool) -> Finding:
    if is_repeated:
        message = f"only a repeat edge leads to `{name}`, so that it is never reached first"
        return finding("node.unreached", message, pointer("nodes", name), name, "lead an edge to it")
    patch = [remove("nodes", name)]
    if graph.layout is not None and name in graph.layout:
        patch.append(remove("layout", name))
    message = f"no edge leads to `{name}`"
    hint = "lead an edge to it, or take it out"
    return finding("node.unreached", message, pointer("nodes", name), name, hint, Fix("Take it out", tuple(patch)))


def _start_fix(graph: Graph, starts: list[str]) -> Fix:
    fork = {"kind": "parallel-fork", "to": [{"node": name} for name in starts]}
    return Fix("Begin with a parallel-fork to all of them", (add_node(fresh_id(graph, "start"), fork),))


# --- joins ---


def join_findings(graph: Graph) -> Iterator[Finding]:
    """What joins wait for, against the edges that lead to them."""
    into: dict[str, list[tuple[str, int]]] = {
        name: [] for name, node in graph.nodes.items() if isinstance(node, JoinNode)
    }
    for name, node in graph.nodes.items():
        for index, edge in enumerate(node.to) if not isinstance(node, EndNode) else ():
            ways = into.get(edge.node)
            if ways is not None and not (isinstance(node, LoopBackNode) and port_of(node, edge) == "repeat"):
                ways.append((name, index))
    for name, node in graph.nodes.items():
        if isinstance(node, JoinNode):
            yield from _range_findings(name, node.wait, len(into[name]))
            yield from _twice_findings(graph, name, into[name])
        elif isinstance(node, AgentNode | ToolNode) or node.kind == "subgraph":
            yield from _range_findings(name, getattr(node, "wait", None), None)


def _range_findings(name: str, wait: str | int | None, ways: int | None) -> Iterator[Finding]:
    """``ways`` is None under ``each``, where any number of items may come."""
    if not isinstance(wait, int) or (wait >= 1 and (ways is None or wait <= ways)):
        return
    place = pointer("nodes", name, "wait")
    if wait < 1:
        message = f"`{name}` waits for {wait}; it can wait for 1 at least"
        fix = Fix("Wait for 1", (put(1, "nodes", name, "wait"),)) if ways is None or ways else _wait_for_all(name)
    else:
        message = f"`{name}` waits for {wait} edges, but {ways or 'none'} {'leads' if ways == 1 else 'lead'} to it"
        fix = Fix(f"Wait for {ways}", (put(ways, "nodes", name, "wait"),)) if ways else _wait_for_all(name)
    yield finding("join.range", message, place, name, None, fix)


def _wait_for_all(name: str) -> Fix:
    return Fix("Wait for all", (put("all", "nodes", name, "wait"),))


def _twice_findings(graph: Graph, name: str, ways: list[tuple[str, int]]) -> Iterator[Finding]:
    counted = Counter(source for source, _ in ways)
    met: set[str] = set()
    for source, index in ways:
        if source in met:
            between = fresh_id(graph, f"{source}_{name}")
            patch = (add_node(between, {"kind": "join", "to": [{"node": name}]}), retarget(source, index, between))
            message = (
                f"`{source}` leads to the join `{name}` {counted[source]} times, but it knows its ways by their source"
            )
            fix = Fix("Lead this one through a join of its own", patch)
            hint = "lead all but one through a node of their own"
            yield finding("join.twice", message, pointer("nodes", source, "to", index), source, hint, fix)
        met.add(source)


# --- loop-backs by themselves ---


def loop_back_findings(graph: Graph) -> Iterator[Finding]:
    """What every loop-back needs: a bound, one repeat edge without a condition."""
    for name, node in graph.nodes.items():
        if not isinstance(node, LoopBackNode):
            continue
        repeats = [index for index, edge in enumerate(node.to) if port_of(node, edge) == "repeat"]
        if node.max_iterations is None:
            fix = Fix(f"At most {DEFAULT_ITERATIONS}", (put(DEFAULT_ITERATIONS, "nodes", name, "max_iterations"),))
            message = f"the loop-back `{name}` does not say how many iterations there may be"
            yield finding("loop.unbounded", message, pointer("nodes", name), name, "add `max_iterations`", fix)
        if not repeats:
            message = f"the loop-back `{name}` has no repeat edge"
            hint = 'add {"on": "repeat", "node": HEADER}'
            yield finding("loop.no_repeat", message, pointer("nodes", name), name, hint)
        for index in repeats[1:]:
            fix = Fix("Take it out", tuple(remove_edges(name, [index])))
            message = f"the loop-back `{name}` has more than one repeat edge"
            place = pointer("nodes", name, "to", index)
            yield finding("loop.several_repeats", message, place, name, "use one loop-back for each header", fix)
        for index in repeats:
            if node.to[index].when is not None:
                fix = Fix("Take the condition out", (remove("nodes", name, "to", index, "when"),))
                message = f"the repeat edge of `{name}` has a condition, but `while` decides whether it repeats"
                place = pointer("nodes", name, "to", index, "when")
                yield finding("loop.repeat_when", message, place, name, "use `while`", fix)


# --- sizes ---


def branch_findings(analysis: Analysis) -> Iterator[Finding]:
    """Joins whose branches are too large to be listed."""
    for join in analysis.unbounded_joins[:1] if not analysis.loops.astray else ():
        name = analysis.shape.ids[join]
        message = f"the branches of `{name}` and of other joins that pass on early are too large together"
        hint = "let some of the joins wait for all, or move parts to subgraphs"
        yield finding("too_large.branches", message, pointer("nodes", name), name, hint)


def size_findings(graph: Graph) -> Iterator[Finding]:
    """Widths and depths beyond what people and pictures can hold."""
    for name, memo in graph.memos.items():
        if memo.get(_is_small):
            continue
        node = memo.node
        if isinstance(node, GateNode) and len(node.options) > MOST_OPTIONS:
            message = f"`{name}` has {len(node.options)} options; at most {MOST_OPTIONS} are allowed"
            yield finding("too_large.width", message, pointer("nodes", name, "options"), name)
        if isinstance(node, AgentNode):
            yield from _agent_sizes(name, ("nodes", name), node, 0)


def _is_small(node: Node) -> bool:
    """Whether nothing of a node can be too large; the common case, without looking closely."""
    match node:
        case GateNode():
            return len(node.options) <= MOST_OPTIONS
        case AgentNode():
            return len(node.tools) <= MOST_TOOLS and not node.agents
        case _:
            return True


def _agent_sizes(name: str, path: tuple[str, ...], agent: AgentNode | SubAgent, depth: int) -> Iterator[Finding]:
    if depth > MOST_NESTED_AGENTS:
        message = f"agents of `{name}` are nested more than {MOST_NESTED_AGENTS} deep"
        yield finding("too_large.nesting", message, pointer(*path), name)
        return
    for field, entries in (("tools", agent.tools), ("agents", agent.agents)):
        if len(entries) > MOST_TOOLS:
            message = f"an agent has {len(entries)} {field}; at most {MOST_TOOLS} are allowed"
            yield finding("too_large.width", message, pointer(*path, field), name)
    for inner, sub_agent in agent.agents.items():
        yield from _agent_sizes(name, (*path, "agents", inner), sub_agent, depth + 1)
