"""Recorded scientific workflows as weft graphs: tasks with parents, made into forks, joins and a common start.

Rule: a task becomes one tool node that takes as long as it was recorded to take; a task with several children gets a
parallel-fork behind it, one with several parents a join before it, and several first tasks a fork as their start. The
files are read where they lie, beside the checkout; nothing of them is kept here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.model.rules import MOST_NODES

WHERE = Path(__file__).parents[3] / "shared" / "cases" / "wfinstances"
"""Where the recorded workflows lie, if they are there."""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """One recorded task.

    Attributes:
        id: its name in the recording.
        parents: ids of the tasks that it waits for, each once.
        runtime_s: how long it took.
    """

    id: str
    parents: tuple[str, ...]
    runtime_s: float


def recorded_names() -> list[str]:
    """The names of the recordings that lie beside the checkout, sorted; empty where there are none."""
    return sorted(path.stem for path in WHERE.glob("*.json") if path.stem != "facts")


def facts_of(name: str) -> dict[str, Any]:
    """What is known of a recording: tasks, edges, ``critical_path_s`` and more."""
    facts: list[dict[str, Any]] = json.loads((WHERE / "facts.json").read_text(encoding="utf-8"))
    return next(entry for entry in facts if entry["name"] == name)


def tasks_of(name: str) -> list[Task]:
    """The tasks of a recording in its order."""
    recording = json.loads((WHERE / f"{name}.json").read_text(encoding="utf-8"))
    return [Task(t["id"], tuple(dict.fromkeys(t["parents"])), float(t["runtime"] or 0)) for t in recording["tasks"]]


def node_names(tasks: list[Task]) -> dict[str, str]:
    """Task id -> node id; recorded ids may hold what a node id may not."""
    return {task.id: f"t{number}" for number, task in enumerate(tasks)}


def document_of(tasks: list[Task], *, tool: str = "pause") -> Document:
    """The workflow as a weft/1 document whose tasks call ``tool`` with ``task`` (the node id) and ``seconds``.

    Where joins would make it larger than a graph may be, they are left out: a node with several ways in waits for all
    of them as well (GRAPH.md §3.1).
    """
    names = node_names(tasks)
    has_joins = 2 * len(tasks) + sum(len(task.parents) > 1 for task in tasks) <= MOST_NODES
    children: dict[str, list[str]] = {task.id: [] for task in tasks}
    for task in tasks:
        for parent in task.parents:
            children[parent].append(task.id)
    entry = {t.id: f"j_{names[t.id]}" if has_joins and len(t.parents) > 1 else names[t.id] for t in tasks}
    nodes: Document = {}
    first = [task.id for task in tasks if not task.parents]
    if len(first) > 1:
        nodes["start"] = {"kind": "parallel-fork", "to": [{"node": entry[task]} for task in first]}
    for task in tasks:
        if entry[task.id] != names[task.id]:
            nodes[entry[task.id]] = {"kind": "join", "to": [{"node": names[task.id]}]}
        node = {
            "kind": "tool",
            "label": task.id[:500],
            "tool": tool,
            "args": {"task": names[task.id], "seconds": task.runtime_s},
        }
        _add_task(nodes, names[task.id], node, [entry[child] for child in children[task.id]])
    return {"format": "weft/1", "name": "recorded", "nodes": nodes}


def _add_task(nodes: Document, name: str, node: Document, onward: list[str]) -> None:
    """The task's node, with a fork behind it where it has several children."""
    nodes[name] = node
    if len(onward) > 1:
        node["to"] = [{"node": f"f_{name}"}]
        nodes[f"f_{name}"] = {"kind": "parallel-fork", "to": [{"node": target} for target in onward]}
    elif onward:
        node["to"] = [{"node": onward[0]}]
