"""Random documents as a person would save them: every kind, a layout, notes, texts and values of all sorts.

Rule: what comes out is a document that opens; ``torn`` lets wires of it lead nowhere, as a
deleted node or a merge does.
"""

from __future__ import annotations

from random import Random
from typing import Any

from tests.support.graphs import Tastes, random_document

Document = dict[str, Any]

TEXTS = [
    "Draft",
    "검토 {input.topic}",
    "é ̈ 👩‍👩‍👧",
    'say "no" \\ twice',
    "two\nlines\tand a tab",
    "<b>&amp;</b>",
    "\u202eback",
    " ",
]
VALUES: list[Any] = [
    0, -1, 1.5, 1e21, 1e-7, 2**53, 5e-324, "", "\u2028", "\x7f", True, None, [], {}, [[], [{}]],
    {"z": 1, "10": 2, "9": 3, "a": 4}, {"__proto__": {"x": 1}, "constructor": 2}, {"": "", " ": " "},
    ["\U0001f9f5", "\x00"],
]  # fmt: skip
"""What may change on its way through a browser: numbers, keys that are whole numbers, keys that objects have anyway."""


def dressed_document(rnd: Random, name: str, *, size: int | None = None) -> Document:
    """One random document of at most some forty nodes."""
    document = random_document(rnd, Tastes(size=size or rnd.randint(2, 24)), name)
    nodes: Document = document["nodes"]
    for node_id in nodes:
        nodes[node_id] = _dressed_node(rnd, nodes[node_id], f"{name}-in")
    if rnd.random() < 0.7:
        document["title"] = rnd.choice(TEXTS)
    if rnd.random() < 0.5:
        document["state"] = {"notes": {"schema": {"type": "array"}, "merge": "append", "default": [rnd.choice(VALUES)]}}
    if rnd.random() < 0.5:
        document["input"] = {"type": "object", "properties": {"10": {}, "topic": {"default": rnd.choice(VALUES)}}}
    document["layout"] = _layout(rnd, nodes)
    return document


def torn(rnd: Random, document: Document) -> Document:
    """The same document with one or two wires that lead to no node, or leave by no port."""
    wires = [edge for node in document["nodes"].values() for edge in node.get("to", [])]
    for edge in rnd.sample(wires, k=min(len(wires), rnd.randint(1, 2))):
        if rnd.random() < 0.5:
            edge["node"] = rnd.choice(["gone", "lost"])
        else:
            edge["on"] = "nowhere"
    return document


def _dressed_node(rnd: Random, node: Document, inside: str) -> Document:
    to = {"to": node["to"]} if "to" in node else {}
    fields = {key: value for key, value in node.items() if key != "to"}
    match node["kind"]:
        case "tool" if rnd.random() < 0.3:
            kept = {
                key: fields[key] for key in ("each", "wait", "rest", "accept_failed", "concurrency") if key in fields
            }
            fields = {"kind": "agent", "model": "scripted:writer", "instructions": rnd.choice(TEXTS)} | kept
        case "tool":
            fields |= {"tool": "value.set", "args": {"value": rnd.choice(VALUES)}}
        case "subgraph" if inside and rnd.random() < 0.5:
            inner = random_document(rnd, Tastes(size=3, subgraphs=False), inside)
            fields = {"kind": "subgraph", "inline": {**inner, "layout": _layout(rnd, inner["nodes"])}}
        case _:
            pass
    if rnd.random() < 0.5:
        fields["label"] = rnd.choice(TEXTS)
    if rnd.random() < 0.3:
        fields["description"] = rnd.choice(TEXTS)
    return {**fields, **to}


def _layout(rnd: Random, nodes: Document) -> Document:
    """Places for most nodes, and now and then notes."""
    places: Document = {
        node: [round(rnd.uniform(-900, 2_000) / 8) * 8, rnd.choice([0, -12.5, 96, 208.25, 640])]
        for node in nodes
        if rnd.random() < 0.9
    }
    if rnd.random() < 0.5:
        places["$notes"] = [
            {"x": -240, "y": 40.5, "w": 200, "h": 80, "text": rnd.choice(TEXTS)} for _ in range(rnd.randint(1, 2))
        ]
    return places
