"""The names of executions and gates (GRAPH.md §5).

Rule: a name says where in the graph and in which iteration and item something ran, and nothing else does:
``team@2/write@1.3[7]``. It is made and taken apart here only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_MARKS = re.compile(r"(?:@[0-9.]+)?(?:\[[0-9]+\])?(?=/|$)")
_LAST = re.compile(r"(?P<id>[^@\[/]+)(?:@(?P<turns>[0-9.]+))?(?:\[(?P<item>[0-9]+)\])?$")


def turns_suffix(iterations: Sequence[int]) -> str:
    """``@1.2`` for the iterations of the loops around a node, outermost first; "" when all are 1."""
    if len(iterations) == 1:  # nearly always, and asked at every repeat
        return "" if iterations[0] == 1 else f"@{iterations[0]}"
    return "@" + ".".join(map(str, iterations)) if any(turn != 1 for turn in iterations) else ""


def item_name(execution: str, index: int) -> str:
    """The execution of item ``index`` (from 0) under ``each``: ``fetch@2[7]``."""
    return f"{execution}[{index}]"


def inside(path: str, node: str) -> str:
    """``node`` in the scope ``path`` ("" for the run itself): ``team@2/write``."""
    return f"{path}/{node}" if path else node


def gate_id(execution: str, call: int | None = None) -> str:
    """A gate's id: the execution, or ``EXECUTION!CALL`` for a call of an agent (from 1)."""
    return execution if call is None else f"{execution}!{call}"


def call_name(execution: str, call: str) -> str:
    """The scope of a graph that an agent calls: ``write@2!3``; its executions are ``write@2!3/…``."""
    return f"{execution}!{call}"


def called_path(node: str, graph: str) -> str:
    """The path of the nodes of a graph that the agent at ``node`` calls: ``team/write!research``."""
    return f"{node}!{graph}"


def called_graph(path: str) -> str | None:
    """The graph that runs at a node path by an agent's call, or None where a subgraph node's graph runs."""
    _, mark, graph = path.rpartition("/")[2].partition("!")
    return graph if mark else None


def node_path(execution: str) -> str:
    """The node's id with the path of its subgraph, without iterations and items: ``team/write``."""
    return _MARKS.sub("", execution.partition("!")[0])


@dataclass(frozen=True, slots=True)
class Parts:
    """A name taken apart.

    Attributes:
        scope: the execution of the subgraph node around it, "" for the run itself.
        node: the node's id.
        turns: iterations of the loops around it, outermost first; () when all are 1.
        item: index under ``each``, or None.
    """

    scope: str
    node: str
    turns: tuple[int, ...]
    item: int | None


def parts(execution: str) -> Parts:
    """Take an execution's name apart. O(length).

    Raises:
        ValueError: it is no name of an execution.
    """
    scope, _, last = execution.rpartition("/")
    match = _LAST.fullmatch(last)
    if match is None:
        raise ValueError(f"{execution!r} is no name of an execution")
    turns, item = match["turns"], match["item"]
    return Parts(
        scope,
        match["id"],
        () if turns is None else tuple(int(t) for t in turns.split(".")),
        None if item is None else int(item),
    )
