"""The values of one scope: its input, its state and what its nodes came to.

Rule (GRAPH.md §2): ``nodes.ID`` is the latest decided execution; a repeat keeps it, a skip or cancel clears it. State
is written in journal order by each key's merge rule. An execution reads what was there when its first attempt began:
the state is never changed in place, so it keeps the object; of ``nodes`` it keeps a version, and what changes while
executions are under way leaves its former value in a history, which is dropped as soon as none is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any

from engine.errors import EngineBug, NodeError
from engine.model.state import initial_state, merge_write
from engine.model.values import ABSENT

Entry = dict[str, Any]
"""``output``, ``error``, ``errors``, ``port``, ``escalated``: what ``nodes.ID`` holds; absent keys are absent."""


class Values:
    """The values of one scope.

    Attributes:
        input: the graph's input.
        state: key -> value, absent keys left out. Never changed in place.
        nodes: id -> what the node came to, absent while it has not been decided.
        version: counts the changes of ``nodes``.
    """

    __slots__ = ("_document", "_history", "input", "nodes", "state", "version")

    def __init__(self, document: Any, given: Any) -> None:
        self._document = document
        self.input = given
        self.state: dict[str, Any] = initial_state(document.state) if document.state else {}
        self.nodes: dict[str, Entry] = {}
        self.version = 0
        self._history: dict[str, list[tuple[int, Entry | None]]] = {}

    def after(self, writes: dict[str, Any]) -> dict[str, Any]:
        """The state as it would be after these writes.

        Raises:
            EngineBug: a write does not fit; the host lets none through.
        """
        keys = self._document.state
        after = dict(self.state)
        try:
            for key, value in writes.items():
                after[key] = merge_write(key, keys[key], after.get(key, ABSENT), value)
            return after
        except KeyError as error:
            raise EngineBug(f"the state has no key {error}", where=f"state.{error}") from error
        except NodeError as error:
            raise EngineBug(f"a recorded write does not fit: {error}", where=error.where) from error

    def put(self, node: str, entry: Entry, *, keep: bool) -> None:
        """A node was decided. ``keep``: executions under way may still read the former entry. O(1)."""
        self.version += 1
        if keep:
            self._history.setdefault(node, []).append((self.version, self.nodes.get(node)))
        elif self._history:
            self._history.clear()
        self.nodes[node] = entry

    def clear(self, node: str, *, keep: bool) -> None:
        """A node was skipped or cancelled. O(1)."""
        if node in self.nodes:
            self.put(node, {}, keep=keep)
            del self.nodes[node]

    def at(self, node: str, version: int) -> Entry | None:
        """What ``nodes`` held of a node at a version. O(log changes of it since)."""
        former = self._history.get(node)
        if former is not None:
            place = bisect_right(former, version, key=lambda change: change[0])
            if place < len(former):
                return former[place][1]
        return self.nodes.get(node)

    def nodes_at(self, version: int) -> NodesAt:
        """``nodes`` as they were at a version, for as long as an execution of that time is under way."""
        return NodesAt(self, version)

    def ids_at(self, version: int) -> Iterator[str]:
        """The nodes that were decided at a version, in no meaningful but a fixed order."""
        seen = dict.fromkeys(self._history) | dict.fromkeys(self.nodes)
        return (node for node in seen if self.at(node, version) is not None)


class NodesAt(Mapping[str, Entry]):
    """``nodes`` as one execution sees them: id -> entry, as they were at its version."""

    __slots__ = ("_values", "_version")

    def __init__(self, values: Values, version: int) -> None:
        self._values = values
        self._version = version

    def __getitem__(self, node: str) -> Entry:
        entry = self._values.at(node, self._version)
        if entry is None:
            raise KeyError(node)
        return entry

    def __iter__(self) -> Iterator[str]:
        return self._values.ids_at(self._version)

    def __len__(self) -> int:
        return sum(1 for _ in self)
