"""Findings about single edges and the ports they stand on: what a node's own ``to`` shows.

Rule: these need no shape of the graph, so they are told whatever else is broken.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.compile.catalogue import finding
from engine.compile.fixes import Operation, add_edge, add_node, fresh_id, put, remove_edges, replace, retarget
from engine.model.findings import Finding, Fix, pointer
from engine.model.graph import Graph
from engine.model.names import nearest
from engine.model.nodes import Edge, EndNode, ForkNode, GateNode, LoopBackNode, Node, WaitNode, port_of, ports_of


def edge_findings(graph: Graph) -> Iterator[Finding]:
    """Every finding about edges and ports of every node."""
    for name, memo in graph.memos.items():
        node = memo.node
        if isinstance(node, EndNode):
            yield from _after_end(name, node)
            continue
        for index, edge in enumerate(node.to):
            if edge.node not in graph.nodes:
                yield _unknown_target(graph, name, index, edge)
        if not memo.is_sound(_own_findings):
            found = list(_own_findings(graph, name, node))
            yield from found
            if not found:
                memo.sound(_own_findings)


def _own_findings(graph: Graph, name: str, node: Node) -> Iterator[Finding]:
    """What is wrong with a node's edges wherever they lead; whether anything is depends on the node alone."""
    yield from _unknown_ports(name, node)
    yield from _crowded_ports(graph, name, node)
    yield from _impossible(name, node)
    yield from _open_ports(graph, name, node)


def _unknown_target(graph: Graph, name: str, index: int, edge: Edge) -> Finding:
    meant = nearest(edge.node, graph.nodes)
    fix = Fix(f"Lead it to {meant}", (retarget(name, index, meant),)) if meant else None
    hint = f"did you mean {meant}?" if meant else "add the node, or take the edge out"
    place = pointer("nodes", name, "to", index, "node")
    return finding("target.unknown", f"`{name}` leads to `{edge.node}`, which does not exist", place, name, hint, fix)


def _after_end(name: str, node: EndNode) -> Iterator[Finding]:
    for index in range(len(node.to)):
        fix = Fix("Take it out", tuple(remove_edges(name, [index])))
        message = f"`{name}` is an end: nothing follows it"
        yield finding("port.unknown", message, pointer("nodes", name, "to", index), name, "take the edge out", fix)


def _unknown_ports(name: str, node: Node) -> Iterator[Finding]:
    known = ports_of(node)
    for index, edge in enumerate(node.to):
        if edge.on is None and isinstance(node, GateNode):
            yield _no_option(name, index, [port for port in known if port not in {"expired", "error"}])
        elif edge.on is not None and edge.on not in known:
            meant = nearest(edge.on, known)
            place = pointer("nodes", name, "to", index, "on")
            fix = Fix(f"Put it on {meant}", (replace(meant, "nodes", name, "to", index, "on"),))
            hint = f"did you mean {meant}?" if meant else f"its ports are {', '.join(known)}"
            yield finding(
                "port.unknown", f"`{name}` has no port `{edge.on}`", place, name, hint, fix if meant else None
            )


def _no_option(name: str, index: int, options: list[str]) -> Finding:
    fix = Fix(f"Put it on {options[0]}", (put(options[0], "nodes", name, "to", index, "on"),))
    message = f"an edge of the gate `{name}` does not say on which option it stands"
    hint = f"its options are {', '.join(options)}"
    place = pointer("nodes", name, "to", index)
    return finding("port.missing", message, place, name, hint, fix if len(options) == 1 else None)


def _by_port(node: Node) -> dict[str, list[int]]:
    """Port to the places of its edges, for the ports where the first edge that holds is taken."""
    ports: dict[str, list[int]] = {}
    for index, edge in enumerate(node.to):
        ports.setdefault(port_of(node, edge), []).append(index)
    special = (
        {"branch"} if isinstance(node, ForkNode) else {"repeat"} if isinstance(node, LoopBackNode) else {"transfer"}
    )
    return {port: places for port, places in ports.items() if port not in special}


def _crowded_ports(graph: Graph, name: str, node: Node) -> Iterator[Finding]:
    """Edges behind one that is always taken."""
    if len(node.to) < 2:
        return
    for port, places in _by_port(node).items():
        always = [index for index in places if node.to[index].when is None]
        if len(always) > 1:
            message = f"`{name}` has {len(always)} edges without a condition on {port}, but takes only one"
            place = pointer("nodes", name, "to", always[1])
            hint = "put a parallel-fork in between, or give all but the last a `when`"
            yield finding("edge.several", message, place, name, hint, _fork_fix(graph, name, node, always))
        for index in places:
            if always and index > always[0] and node.to[index].when is not None:
                message = f"the edge to `{node.to[index].node}` is never taken: the one to "
                message += f"`{node.to[always[0]].node}` stands before it on {port} and has no condition"
                fix = Fix("Put the edge without a condition last", (_to_the_end(name, always[0]),))
                place = pointer("nodes", name, "to", index)
                hint = "put the edge without a condition last"
                yield finding("edge.never", message, place, name, hint, fix if len(always) == 1 else None)


def _to_the_end(name: str, index: int) -> Operation:
    return {"op": "move", "from": pointer("nodes", name, "to", index), "path": pointer("nodes", name, "to", "-")}


def _fork_fix(graph: Graph, name: str, node: Node, always: list[int]) -> Fix:
    """A parallel-fork before the second unconditional edge; one edge less where all lead to one node."""
    targets = list(dict.fromkeys(node.to[index].node for index in always))
    if len(targets) == 1:
        return Fix("Keep one of them", tuple(remove_edges(name, always[1:])))
    fork = fresh_id(graph, f"{name}_fork")
    branches = [{"node": target} for target in targets]
    patch = (
        add_node(fork, {"kind": "parallel-fork", "to": branches}),
        retarget(name, always[0], fork),
        *remove_edges(name, always[1:]),
    )
    return Fix("Insert a parallel-fork", patch)


def _impossible(name: str, node: Node) -> Iterator[Finding]:
    """Edges on a port that the node never leaves by, and conditions that never hold."""
    closed = _closed_ports(node)
    for index, edge in enumerate(node.to):
        port = port_of(node, edge)
        why = closed.get(port) if edge.on is not None or not isinstance(node, GateNode) else None
        if edge.when is not None and edge.when.strip() == "false":
            why = "its condition is false"
        if why is not None:
            message = f"the edge to `{edge.node}` is never taken: {why}"
            place = pointer("nodes", name, "to", index)
            if isinstance(node, LoopBackNode) and port == "done" and edge.when is None:
                # Whoever drew this edge wants the loop to be left by it.
                hint = 'say with `while` when the loop is done, or leave it at the limit: "on_limit": "exit"'
                fix = Fix("Leave the loop at its limit", (put("exit", "nodes", name, "on_limit"),))
            else:
                hint, fix = "take it out", Fix("Take it out", tuple(remove_edges(name, [index])))
            yield finding("edge.never", message, place, name, hint, fix)


def _closed_ports(node: Node) -> dict[str, str]:
    """Ports that the node never leaves by, and why."""
    match node:
        case LoopBackNode(while_=None, on_limit="fail"):
            return {"done": "without `while` and with `on_limit` fail the loop is never done"}
        case GateNode(deadline_s=None) | WaitNode(deadline_s=None):
            return {"expired": "there is no `deadline_s`"}
        case GateNode(default=str()):
            return {"expired": "the gate has a `default` for its deadline"}
        case _:
            return {}


def _open_ports(graph: Graph, name: str, node: Node) -> Iterator[Finding]:
    """Ports that the node may leave by and that need an edge."""
    led = {edge.on for edge in node.to}
    if isinstance(node, GateNode):
        for index, option in enumerate(node.options):
            port = option if isinstance(option, str) else option.name
            if port not in led:
                yield _open_option(graph, name, index, port)
    if isinstance(node, GateNode | WaitNode) and node.deadline_s is not None and "expired" not in led:
        if isinstance(node, GateNode) and node.default is not None:
            return
        end = fresh_id(graph, f"{name}_expired")
        fail = {
            "kind": "end",
            "fail": "Nobody answered in time." if isinstance(node, GateNode) else "It took too long.",
        }
        patch = (add_node(end, fail), add_edge(graph, name, {"on": "expired", "node": end}))
        message = f"the deadline of `{name}` can pass, and no edge says what then"
        hint = "add an edge on expired" + (", or a `default`" if isinstance(node, GateNode) else "")
        fix = Fix("Let the graph fail then", patch)
        yield finding("expired.no_edge", message, pointer("nodes", name, "deadline_s"), name, hint, fix)


def _open_option(graph: Graph, name: str, index: int, port: str) -> Finding:
    is_written = "options" in graph.nodes[name].model_fields_set
    place = pointer("nodes", name, "options", index) if is_written else pointer("nodes", name)
    following = fresh_id(graph, f"{name}_{port}")
    patch = (add_node(following, {"kind": "join"}), add_edge(graph, name, {"on": port, "node": following}))
    fix = Fix(f"Add an edge for {port}", patch)
    message = f"the option `{port}` of `{name}` has no edge"
    return finding("gate.no_edge", message, place, name, f'add {{"on": "{port}", "node": …}}', fix)
