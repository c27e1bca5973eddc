"""Graphs of any size for measuring: a chain, a fork with its join, a loop, a layered random DAG.

Rule: every node does the least that a node can do (``value.set`` of a constant), so the time is the engine's own.
"""

from __future__ import annotations

import random
from typing import Any

from engine.model.graph import Graph

Document = dict[str, Any]


def chain(n: int) -> Graph:
    """``n`` nodes one after the other."""
    nodes = {f"n{i}": _work([f"n{i + 1}"] if i + 1 < n else []) for i in range(n)}
    return _graph("chain", nodes)


def fork(n: int) -> Graph:
    """A fork of ``n`` branches of one node, and the join of them."""
    nodes: Document = {"split": {"kind": "parallel-fork", "to": [{"node": f"n{i}"} for i in range(n)]}}
    nodes |= {f"n{i}": _work(["gather"]) for i in range(n)}
    return _graph("fork", nodes | {"gather": {"kind": "join"}})


def loop(n: int) -> Graph:
    """A loop of one node that runs ``n`` times."""
    ways = [{"on": "repeat", "node": "work"}, {"on": "done", "node": "over"}]
    again = {"kind": "loop-back", "max_iterations": n, "on_limit": "exit", "to": ways}
    return _graph("loop", {"work": _work(["again"]), "again": again, "over": {"kind": "end"}})


def dag(n: int, *, width: int = 20, seed: int = 7) -> Graph:
    """A layered random DAG of ``n`` working nodes, each below the first layer after two earlier ones.

    A working node with several successors is followed by a fork, one with two predecessors comes after a join.
    """
    after = successors(n, width=width, seed=seed)
    first = [i for i in range(n) if i < width]
    nodes: Document = {"start": {"kind": "parallel-fork", "to": [{"node": f"n{i}"} for i in first]}}
    for i in range(n):
        ways = [{"node": f"j{s}"} for s in after[i]]
        if i >= width:
            nodes[f"j{i}"] = {"kind": "join", "to": [{"node": f"n{i}"}]}
        nodes[f"n{i}"] = _work([f"f{i}"] if len(ways) > 1 else [way["node"] for way in ways])
        if len(ways) > 1:
            nodes[f"f{i}"] = {"kind": "parallel-fork", "to": ways}
    return _graph("dag", nodes)


def successors(n: int, *, width: int = 20, seed: int = 7) -> list[list[int]]:
    """For each of the ``n`` nodes, the numbers of its successors: two from the three layers above each node."""
    draw = random.Random(seed)
    after: list[list[int]] = [[] for _ in range(n)]
    for i in range(width, n):
        layer = i // width
        one = draw.randrange((layer - 1) * width, layer * width)
        others = [k for k in range(max(0, layer - 3) * width, layer * width) if k != one]
        for before in (one, draw.choice(others)):
            after[before].append(i)
    return after


def _work(to: list[str]) -> Document:
    return {"kind": "tool", "tool": "value.set", "args": {"value": 1}, "to": [{"node": node} for node in to]}


def _graph(name: str, nodes: Document) -> Graph:
    return Graph.model_validate({"format": "weft/1", "name": name, "nodes": nodes})
