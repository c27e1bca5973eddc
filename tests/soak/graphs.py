"""The graphs and tools of these trials: small, with nothing that only waits, and one with marks left outside."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]

TOOLS = '''
"""A tool that leaves a mark outside: one line per call, with its idempotency key and the moment."""

import os
import time

import anyio

from engine import ToolContext, tool


@tool(effect="idempotent")
async def stamp(name: str, ctx: ToolContext) -> str:
    """Leave a mark outside."""
    line = f"{ctx.run_id} {ctx.execution} {ctx.idempotency_key} {time.time():.6f}\\n"
    file = os.open("effects.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)
    await anyio.sleep(0.01)
    return name
'''


def chain(nodes: int, *, name: str = "chain") -> Document:
    """``nodes`` nodes one after the other that do the least a node can do."""
    return _document(name, {f"n{i}": _then(_set(i), i, nodes) for i in range(nodes)})


def mixed(*, name: str = "mixed") -> Document:
    """A fork of four, its join, a loop of three turns, an end: 15 executions, some at once."""
    nodes: Document = {
        "first": {**_set("go"), "to": [{"node": "split"}]},
        "split": {"kind": "parallel-fork", "to": [{"node": f"b{i}"} for i in range(4)]},
        **{f"b{i}": {**_set(i), "to": [{"node": "meet"}]} for i in range(4)},
        "meet": {"kind": "join", "to": [{"node": "turn"}]},
        "turn": {**_set("turn"), "to": [{"node": "again"}]},
        "again": {
            "kind": "loop-back",
            "max_iterations": 3,
            "on_limit": "exit",
            "to": [{"on": "repeat", "node": "turn"}, {"on": "done", "node": "over"}],
        },
        "over": {"kind": "end"},
    }
    return _document(name, nodes)


def stamped(nodes: int, *, name: str = "stamped") -> Document:
    """``nodes`` nodes one after the other that each leave a mark outside."""
    work: Document = {"kind": "tool", "tool": "stamp"}
    return _document(name, {f"n{i}": _then({**work, "args": {"name": f"n{i}"}}, i, nodes) for i in range(nodes)})


def gated(*, name: str = "gated") -> Document:
    """One gate, and a node behind it."""
    nodes: Document = {
        "ask": {"kind": "human-gate", "prompt": "Go on?", "options": ["yes"], "to": [{"on": "yes", "node": "done"}]},
        "done": _set(True),
    }
    return _document(name, nodes)


def _document(name: str, nodes: Document) -> Document:
    return {"format": "weft/1", "name": name, "nodes": nodes}


def _set(value: Any) -> Document:
    return {"kind": "tool", "tool": "value.set", "args": {"value": value}}


def _then(node: Document, i: int, nodes: int) -> Document:
    return {**node, "to": [{"node": f"n{i + 1}"}]} if i + 1 < nodes else node
