"""Where things stand, by the best means that answers in time.

Rule: three rungs, each cheaper and plainer: Graphviz's ``dot``; ``dot`` told to hurry; our own sweeps, which are
always there. The answer is remembered by the geometry alone (sizes and wires), so a label that keeps its width, a
colour or a run's progress never lays anything out again. Whatever takes time for a large graph is done in a worker
thread: nobody else waits for a picture.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from typing import Any, Literal

from anyio import to_thread

from engine.render.columns import Columns
from engine.render.stacking import settle, stack, straighten
from engine.render.workers import run_worker

Rung = Literal["dot", "dot-hurried", "sweeps"]
Heights = list[float]

MOST_FOR_DOT = 30_000
"""Items and links above which ``dot`` is not even asked: it would not answer within any patience."""
_SHARES: tuple[tuple[Rung, float], ...] = (("dot", 0.5), ("dot-hurried", 0.25))
_REMEMBERED = 256

_memory: OrderedDict[str, tuple[Heights, Rung, float]] = OrderedDict()
"""Geometry → heights, rung and the seconds that were given: a plainer answer counts until more time is offered."""


async def heights_of(grid: Columns, deadline_s: float) -> tuple[Heights, Rung]:
    """The middle of every item in px, free of overlap, and the rung that gave it.

    Args:
        grid: the cut-up picture.
        deadline_s: seconds for all rungs; the last one takes well under one for anything ``columns_of`` makes.
    """
    job, key = await to_thread.run_sync(_job, grid)
    if key in _memory:
        heights, rung, given_s = _memory[key]
        if rung == "dot" or deadline_s <= given_s:
            _memory.move_to_end(key)
            return heights, rung
    heights, rung = await _climb(grid, job, deadline_s)
    _memory[key] = heights, rung, deadline_s
    if len(_memory) > _REMEMBERED:
        _memory.popitem(last=False)
    return heights, rung


async def _climb(grid: Columns, job: dict[str, Any], deadline_s: float) -> tuple[Heights, Rung]:
    if len(grid.items) + len(grid.links) <= MOST_FOR_DOT:
        for rung, share in _SHARES:
            answer = await run_worker(job | {"quick": rung == "dot-hurried"}, deadline_s * share)
            if answer is not None:
                return await to_thread.run_sync(_of_dot, grid, answer), rung
    return await to_thread.run_sync(_by_sweeps, grid), "sweeps"


def _of_dot(grid: Columns, answer: bytes) -> Heights:
    return settle(grid, straighten(grid, json.loads(answer)))


def _by_sweeps(grid: Columns) -> Heights:
    return settle(grid, straighten(grid, stack(grid)))


def _job(grid: Columns) -> tuple[dict[str, Any], str]:
    """What the worker is told, and its hash."""
    job = {
        "do": "place",
        "items": [item.height + item.air for item in grid.items],
        "order": _telling_order(grid),
        "links": [[link.tail, link.head, link.tail_dy, link.weight] for link in grid.links],
    }
    return job, hashlib.sha256(json.dumps(job).encode()).hexdigest()


def _telling_order(grid: Columns) -> list[int]:
    """The items, those of later unconnected parts first: ``dot`` stacks parts from below when it draws to the right."""
    near: list[list[int]] = [[] for _ in grid.items]
    for link in grid.links:
        near[link.tail].append(link.head)
        near[link.head].append(link.tail)
    part: dict[int, int] = {}
    for first in grid.place.values():
        waiting = [first] if first not in part else []
        while waiting:
            number = waiting.pop()
            if number not in part:
                part[number] = first
                waiting += near[number]
    rank = {first: place for place, first in enumerate(dict.fromkeys(part.values()))}
    return sorted(range(len(grid.items)), key=lambda number: (-rank[part[number]], number))
