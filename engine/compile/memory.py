"""What the checker remembers from one document to the next, so that an edit costs what it changed.

Rule: with a memory or without, the findings are the same. What is remembered is named by all that it depends on, and
only as much is kept as fits; of a set of tools nothing is left when the next one is asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping

from engine.compile.facts import Toolbox, ToolFacts
from engine.compile.vocabulary import Vocabulary, face_of
from engine.compile.ways import Ways, wiring_of
from engine.model.graph import Graph
from engine.model.kept import Kept
from engine.model.types import Types

_MOST_UNITS = 16 * 1024 * 1024
_UNITS_OF_NODE = 2_000
"""What a node takes in memory, in bytes and rounded up; beside it stands a bit for every other one, in ten sets."""


class Memory:
    """What one checker remembers: of graphs of some thousand nodes together, in some 60 MB at most."""

    def __init__(self) -> None:
        self._ways = Kept[Hashable, Ways](_MOST_UNITS)
        self._words = Kept[Hashable, Vocabulary](_MOST_UNITS)
        self._toolbox = Toolbox(None)

    def toolbox(self, tools: Mapping[str, ToolFacts] | None) -> Toolbox:
        """What was worked out of these tools."""
        box = self._toolbox
        if not box.holds(tools):
            box = self._toolbox = Toolbox(tools)
            self._words = Kept[Hashable, Vocabulary](_MOST_UNITS)
        return box

    def ways(self, graph: Graph) -> tuple[Hashable, Ways]:
        """The ways of a graph, and what they depend on."""
        wiring = wiring_of(graph)
        ways = self._ways.get(wiring)
        if ways is None:
            ways = Ways(graph)
            self._ways.keep(wiring, ways, _units(graph))
        return wiring, ways

    def vocabulary(self, graph: Graph, others: Hashable, types: Callable[[], Types]) -> Vocabulary:
        """The names of a graph.

        Args:
            graph: the document.
            others: what its types depend on beside itself, its wiring too.
            types: makes them.
        """
        key = face_of(graph), others
        words = self._words.get(key)
        if words is None:
            words = Vocabulary(types())
            self._words.keep(key, words, _units(graph))
        return words


def _units(graph: Graph) -> int:
    count = len(graph.nodes)
    return count * (_UNITS_OF_NODE + count)
