"""Names for nodes in text formats, which have words of their own that a node may be called by.

Rule: a name is made of letters, digits and underscores, begins with a letter, is no word of DOT or Mermaid, and belongs
to one node of the picture.
"""

from __future__ import annotations

import re

from engine.render.picture import Picture

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TAKEN = {
    "node", "edge", "graph", "digraph", "subgraph", "strict", "end", "class", "click", "style", "default", "classdef",
    "linkstyle", "flowchart", "call", "href", "direction", "interpolate", "tb", "td", "bt", "rl", "lr",
}  # fmt: skip


def names_of(picture: Picture) -> dict[str, str]:
    """Node id → its name: the id itself wherever that can be."""
    names: dict[str, str] = {}
    used: set[str] = set()
    for place, node in enumerate(picture.nodes):
        name = node.id if _PLAIN.fullmatch(node.id) and node.id.lower() not in _TAKEN else f"node_{place}"
        while name in used or (name != node.id and any(other.id == name for other in picture.nodes)):
            name += "_"
        used.add(name)
        names[node.id] = name
    return names
