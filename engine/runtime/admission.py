"""Which runs may be at work at the same time, where an operator bounds that.

Rule: a run that finds no place waits in its graph's line; places go round the graphs, first come first served within
each, so that one graph with a thousand runs does not keep the others out.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Admission:
    """The places and the lines before them.

    Attributes:
        most: how many runs may be at work; None is no bound.
        most_per_graph: how many of one graph; None is no bound.

    A run stands in one line at most. Every step costs the same however many stand there, but for leaving a line.
    """

    most: int | None = None
    most_per_graph: int | None = None
    _inside: dict[str, str] = field(default_factory=dict[str, str])
    _standing: dict[str, str] = field(default_factory=dict[str, str])
    _of_graph: dict[str, int] = field(default_factory=dict[str, int])
    _lines: OrderedDict[str, deque[tuple[str, Callable[[], None]]]] = field(
        default_factory=OrderedDict[str, deque[tuple[str, Callable[[], None]]]]
    )

    @property
    def waiting(self) -> int:
        """How many runs stand in line."""
        return sum(len(line) for line in self._lines.values())

    def ask(self, run: str, graph: str, begin: Callable[[], None]) -> None:
        """Call ``begin`` once there is a place for the run: at once where there is one now."""
        if run in self._inside:
            begin()
        elif self._has_place(graph) and graph not in self._lines:
            self._enter(run, graph, begin)
        else:
            self._lines.setdefault(graph, deque()).append((run, begin))
            self._standing[run] = graph

    def hurry(self, run: str) -> None:
        """Let a run in that stands in line, whether or not there is a place."""
        graph = self._standing.get(run)
        begin = self._step_out(run)
        if graph is not None and begin is not None:
            self._enter(run, graph, begin)

    def leave(self, run: str) -> None:
        """The run is not at work any more; its place goes to the next."""
        graph = self._inside.pop(run, None)
        if graph is None:
            return
        self._of_graph[graph] -= 1
        if not self._of_graph[graph]:
            del self._of_graph[graph]
        self._let_in()

    def forget(self, run: str) -> None:
        """The run wants no place any more, wherever it stands."""
        self._step_out(run)
        self.leave(run)

    def _step_out(self, run: str) -> Callable[[], None] | None:
        """Take a run out of its line; what would have begun it, or None where it stands in none."""
        graph = self._standing.pop(run, None)
        if graph is None:
            return None
        line = self._lines[graph]
        entry = next(entry for entry in line if entry[0] == run)
        line.remove(entry)
        if not line:
            del self._lines[graph]
        return entry[1]

    def _has_place(self, graph: str) -> bool:
        if self.most is not None and len(self._inside) >= self.most:
            return False
        return self.most_per_graph is None or self._of_graph.get(graph, 0) < self.most_per_graph

    def _enter(self, run: str, graph: str, begin: Callable[[], None]) -> None:
        self._inside[run] = graph
        self._of_graph[graph] = self._of_graph.get(graph, 0) + 1
        begin()

    def _let_in(self) -> None:
        """Fill the free places, one graph after the other."""
        turn = True
        while turn:
            turn = False
            for graph in list(self._lines):
                line = self._lines.get(graph)
                if line is None or not self._has_place(graph):
                    continue
                run, begin = line.popleft()
                self._standing.pop(run, None)
                if line:
                    self._lines.move_to_end(graph)
                else:
                    del self._lines[graph]
                self._enter(run, graph, begin)
                turn = True
