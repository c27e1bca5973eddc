"""The graphs that runs are bound to: checked before a start, kept with the run, compiled once per hash.

Rule: a run executes the documents it was started with, whatever becomes of their files.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

from engine import library as shelves
from engine.compile.compile import compile_graph
from engine.compile.plan import Plan, PlanNode
from engine.errors import GraphError, JournalError
from engine.journal.store import Journal
from engine.library import Library
from engine.model.findings import Finding
from engine.model.graph import Graph
from engine.scheduler.events import RunStarted

SCRIPTED: Final = ".scripted"
"""Ending of the name under which a graph's scripted answers are kept with a run."""

KEPT: Final = 256
"""Plans, texts and documents that are kept ready; any other is made again when it is needed."""

T = TypeVar("T")
Check = Callable[[Graph, Library], list[Finding]]


class Documents:
    """Plans and texts of graphs, by hash.

    Args:
        check: every finding of a graph whose subgraphs are looked up in a library.
        results: tool -> JSON Schema of its result, where it is known; the checker and the run type names alike.
    """

    def __init__(self, check: Check, results: Callable[[], Mapping[str, Any]]) -> None:
        self._check = check
        self._results = results
        self._checked = Newest[bool]()
        self._plans = Newest[Plan]()
        self._texts = Newest[str]()
        self._read = Newest[Graph]()

    def prepared(self, graph: Graph, library: Library, *, forgiven: frozenset[str] = frozenset()) -> dict[str, Graph]:
        """Every document that a graph reaches, its own first, checked and compiled.

        Args:
            graph: the run's own.
            library: where its subgraphs are looked up.
            forgiven: codes of findings that do not matter to this run.

        Raises:
            GraphError: with every finding.
        """
        if self._checked.get(graph.hash) and not shelves.graph_names(graph):
            return {graph.name: graph}
        refuse(graph, self._check(graph, library), forgiven=forgiven)
        reached = shelves.reachable(graph, library)
        for other in reached.values():
            if other is not graph:
                refuse(other, self._check(other, library), forgiven=forgiven)
            self.plan(other)
        if not forgiven:
            self._checked.keep(graph.hash, True)
        return reached

    def plan(self, graph: Graph) -> Plan:
        """The plan of a graph; compiled once."""
        plan = self._plans.get(graph.hash)
        if plan is None:
            plan = compile_graph(graph.with_results(self._results()))
            self._plans.keep(graph.hash, plan)
        return plan

    def plan_for(self, documents: Mapping[str, Graph]) -> Callable[[PlanNode], Plan]:
        """What gives the plan of a subgraph node's graph, in a run with these documents."""

        def plan_for(node: PlanNode) -> Plan:
            name: str | None = node.doc.graph
            return self.plan(documents[name] if name is not None else shelves.inline_graph(node.doc.inline))

        return plan_for

    def called(self, documents: Mapping[str, Graph]) -> Callable[[str], Plan]:
        """What gives the plan of a graph that an agent calls, in a run with these documents."""
        return lambda name: self.plan(documents[name])

    def text(self, graph: Graph) -> str:
        """A graph in its written form; written once."""
        text = self._texts.get(graph.hash)
        if text is None:
            text = graph.dumps()
            self._texts.keep(graph.hash, text)
        return text

    async def of_run(self, journal: Journal, started: RunStarted) -> dict[str, Graph]:
        """The graphs that a run is bound to: name -> graph, its own first; read once, however many runs wake.

        Raises:
            JournalError: ``journal.corrupt``; a document is missing.
        """
        names = [started.graph, *(n for n in started.documents if n != started.graph and not n.endswith(SCRIPTED))]
        return {name: await self._graph(journal, name, started.documents[name]) for name in names}

    async def _graph(self, journal: Journal, name: str, digest: str) -> Graph:
        graph = self._read.get(digest)
        if graph is None:
            graph = Graph.loads(await _text(journal, digest), where=f"graph {name} of the run")
            self._read.keep(digest, graph)
        return graph


class Newest(Generic[T]):
    """What was used last, by hash: a process that goes on for months sees more graphs than it can keep."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: OrderedDict[str, T] = OrderedDict()

    def __contains__(self, digest: object) -> bool:
        return digest in self._kept

    def get(self, digest: str) -> T | None:
        """What is kept of this hash, which is used by that."""
        if digest not in self._kept:
            return None
        self._kept.move_to_end(digest)
        return self._kept[digest]

    def keep(self, digest: str, made: T) -> None:
        """Keep it, and let go what has not been used for the longest time."""
        self._kept[digest] = made
        self._kept.move_to_end(digest)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)


async def started_of(journal: Journal, run_id: str) -> RunStarted:
    """A run's first event.

    Raises:
        InputError: ``run.unknown``.
        JournalError: ``journal.corrupt``.
    """
    page = await journal.read_page(run_id, limit=1)
    first = page[0] if page else None
    if not isinstance(first, RunStarted):
        raise JournalError("the journal does not begin with run.started", code="journal.corrupt", where=run_id)
    return first


async def scripts_of(journal: Journal, started: RunStarted) -> dict[str, Any]:
    """The scripted answers that are kept with a run: graph name -> script.

    Raises:
        JournalError: ``journal.corrupt``; a document is missing.
    """
    return {
        name.removesuffix(SCRIPTED): json.loads(await _text(journal, digest))
        for name, digest in started.documents.items()
        if name.endswith(SCRIPTED)
    }


async def _text(journal: Journal, digest: str) -> str:
    text = await journal.get_document(digest)
    if text is None:
        raise JournalError(f"the document {digest} of the run is missing", code="journal.corrupt")
    return text


def refuse(graph: Graph, findings: Sequence[Finding], *, forgiven: frozenset[str] = frozenset()) -> None:
    """Raise when there is an error among the findings, those of a ``forgiven`` code apart.

    Raises:
        GraphError: ``graph.invalid`` with all findings, its message the first error's.
    """
    errors = [finding for finding in findings if finding.severity == "error" and finding.code not in forgiven]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise GraphError(
            f"{errors[0].message}{more}",
            where=f"{graph.name}{errors[0].place}",
            hint=errors[0].hint or "see `weft validate` for every finding",
            findings=tuple(findings),
        )
