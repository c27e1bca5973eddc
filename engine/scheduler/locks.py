"""Locks: of the nodes of a run with the same ``lock`` one works at a time (GRAPH.md §3.9).

Rule: first ready, first served; a lock is held from the moment a node may begin until it is decided, retries, open
gates and its whole subgraph included.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.scheduler.executions import Execution


class Locks:
    """The locks of one run, and who waits for them. O(1) each."""

    def __init__(self) -> None:
        self._held: dict[str, Execution] = {}
        self._lines: dict[str, OrderedDict[Execution, None]] = {}

    def acquire(self, execution: Execution) -> bool:
        """Whether the execution may begin now; else it stands in line."""
        name = execution.node.lock or ""
        if name not in self._held:
            self._held[name] = execution
            return True
        self._lines.setdefault(name, OrderedDict())[execution] = None
        return False

    def release(self, execution: Execution) -> Execution | None:
        """The execution is decided: who may begin now, if anybody. One that was still in line leaves it."""
        name = execution.node.lock or ""
        line = self._lines.get(name)
        if line and self._held[name] is not execution:
            del line[execution]
            return None
        if line:
            following, _ = line.popitem(last=False)
            self._held[name] = following
            return following
        del self._held[name]
        return None
