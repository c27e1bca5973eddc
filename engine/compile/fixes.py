"""Changes of a document that remove a finding, as RFC 6902 patches.

Rule: a fix changes only what it says, and applied to the document it was made for it fits. Operations are carried out
one after the other, so that of several entries of one list the later are removed first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.model.findings import pointer
from engine.model.graph import Graph
from engine.model.names import suggested_id

Operation = dict[str, Any]


def fresh_id(graph: Graph, wanted: str) -> str:
    """An id that no node has, like the one that is wanted."""
    base = suggested_id(wanted)[:56]
    number = 1
    name = base
    while name in graph.nodes:
        number += 1
        name = f"{base}_{number}"
    return name


def add_node(name: str, node: dict[str, Any]) -> Operation:
    """Put a new node at the end of the file."""
    return {"op": "add", "path": pointer("nodes", name), "value": node}


def add_edge(graph: Graph, node: str, edge: dict[str, Any]) -> Operation:
    """Put an edge behind the others of a node."""
    if "to" in graph.nodes[node].model_fields_set:
        return {"op": "add", "path": pointer("nodes", node, "to", "-"), "value": edge}
    return {"op": "add", "path": pointer("nodes", node, "to"), "value": [edge]}


def retarget(node: str, index: int, target: str) -> Operation:
    """Lead an edge elsewhere."""
    return {"op": "replace", "path": pointer("nodes", node, "to", index, "node"), "value": target}


def remove(*parts: str | int) -> Operation:
    """Take something out."""
    return {"op": "remove", "path": pointer(*parts)}


def remove_edges(node: str, indices: Iterable[int]) -> list[Operation]:
    """Take edges of a node out, the last first."""
    return [remove("nodes", node, "to", index) for index in sorted(indices, reverse=True)]


def replace(value: Any, *parts: str | int) -> Operation:
    """Set what is there to something else."""
    return {"op": "replace", "path": pointer(*parts), "value": value}


def put(value: Any, *parts: str | int) -> Operation:
    """Set a member of an object, whether it is there or not."""
    return {"op": "add", "path": pointer(*parts), "value": value}
