"""Where graphs come from: a directory of JSON files, and the documents that one graph reaches.

Rule: reading only. A name is looked up beside the root's file, else in the configured directory, and leads to no file
outside of it, whatever links lie there; a run keeps every document that it can reach, so that later edits of the files
change nothing about it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import GraphError
from engine.model.graph import Graph
from engine.model.names import is_name, nearest
from engine.model.nodes import AgentNode, SubgraphNode, called_graphs


@dataclass(frozen=True, slots=True)
class Library:
    """A directory of graphs.

    Attributes:
        directory: where ``NAME.json`` lies; it need not exist.
    """

    directory: Path

    def names(self) -> list[str]:
        """The names of all graphs in the directory, sorted."""
        if not self.directory.is_dir():
            return []
        return sorted(file.stem for file in self.directory.glob("*.json") if self._file(file.stem) is not None)

    def path(self, name: str) -> Path:
        """The file of the graph called ``name``.

        Raises:
            GraphError: ``graph.unknown``.
        """
        file = self._file(name)
        if file is None:
            near = nearest(name, self.names())
            raise GraphError(
                f"there is no graph {name!r} in {self.directory}",
                code="graph.unknown",
                where=str(self.directory),
                hint=f"did you mean {near}?" if near else "name a file, or give --graphs DIRECTORY",
            )
        return file

    def find(self, name: str) -> Graph | None:
        """The graph called ``name``, or None where there is none.

        Raises:
            GraphError: the file is there and is no graph.
        """
        file = self._file(name)
        return None if file is None else Graph.load(file)

    def answers(self, name: str) -> Path | None:
        """The file of the scripted answers that lies beside the graph called ``name``, or None where there is none."""
        return self._file(name, ".scripted.json")

    def _file(self, name: str, ending: str = ".json") -> Path | None:
        """The file of that name below the directory, once every link is followed; else None."""
        file = self.directory / f"{name}{ending}"
        if not is_name(name) or not os.path.isfile(file):
            return None
        is_inside = not file.is_symlink() or Path(os.path.realpath(file)).is_relative_to(
            os.path.realpath(self.directory)
        )
        return file if is_inside else None

    def open(self, reference: str | Path) -> tuple[Graph, Library]:
        """A graph by name or file, with the library that its subgraphs are looked up in.

        A reference with ``/`` or ``.json`` is a file, else a name (RUNS.md §3).

        Raises:
            GraphError: it is unknown or unreadable.
        """
        text = str(reference)
        if isinstance(reference, Path) or "/" in text or text.endswith(".json"):
            file = Path(reference)
            return Graph.load(file), Library(file.parent)
        return Graph.load(self.path(text)), self


def reachable(root: Graph, library: Library | None) -> dict[str, Graph]:
    """Every graph that ``root`` can run by name, itself included: name -> graph. Inline ones are part of their file.

    A name that cannot be found is left out; the checker has already said so.

    Raises:
        GraphError: a reached file is no graph.
    """
    found: dict[str, Graph] = {root.name: root}
    waiting = [root]
    while waiting:
        for name in sorted(graph_names(waiting.pop())):
            if name not in found and library is not None and (graph := library.find(name)) is not None:
                found[name] = graph
                waiting.append(graph)
    return found


def graph_names(graph: Graph) -> set[str]:
    """The names of the graphs that this one's subgraph nodes run and its agents may call, inline ones' included."""
    names: set[str] = set()
    for node in graph.nodes.values():
        if isinstance(node, AgentNode):
            names |= called_graphs(node)
        elif isinstance(node, SubgraphNode):
            if node.graph is not None:
                names.add(node.graph)
            if node.inline is not None:
                names |= graph_names(inline_graph(node.inline))
    return names


def inline_graph(document: Mapping[str, object]) -> Graph:
    """The graph that stands inside a subgraph node.

    Raises:
        pydantic.ValidationError: it is no graph (the checker has already said so).
    """
    return Graph.model_validate(document)
