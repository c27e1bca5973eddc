"""The live table on a terminal: one line per node with status, iteration, attempt, time and tokens.

Rule: a fold over the run's events and nothing else, drawn at most ten times a second; where there is no terminal it
does not exist. Colours and badges are those of the pictures.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Generator
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from engine.app import Engine
from engine.cli.output import Output, clean
from engine.model.graph import Graph
from engine.render.tokens import STATUS_FAMILY, STATUS_WORDS, Status, colour
from engine.run import Run
from engine.runtime.feed import Volatile
from engine.scheduler.overview import NodeView, Overview

REFRESH_PER_S: Final = 10
MOST_ROWS: Final = 40
"""More nodes than this: only those that something happened to lately are shown."""


SIGNS: Final[dict[Status, str]] = {
    "waiting": "○",
    "running": "◐",
    "retrying": "↻",
    "asking": "?",
    "completed": "✓",
    "failed": "✕",
    "skipped": "–",
    "cancelled": "⊘",
    "reused": "⟲",
}
"""The badges of the pictures as single characters."""


def ink(status: Status) -> str:
    """The colour of a status: the dark theme's, which most terminals can show on either ground."""
    return colour(f"{STATUS_FAMILY[status]}-ink", "dark")


class LiveTable:
    """The table of one run; ``shown`` gives one that draws, or one that does nothing."""

    def __init__(self, graph: Graph | None, console: Console | None) -> None:
        self._graph = graph
        self._overview = Overview()
        self._text: dict[str, str] = {}
        self._live = (
            None
            if console is None
            else Live(get_renderable=self.table, console=console, refresh_per_second=REFRESH_PER_S, transient=True)
        )
        self._now = 0.0

    @classmethod
    @contextlib.asynccontextmanager
    async def shown(cls, output: Output, engine: Engine, run: Run) -> AsyncGenerator[LiveTable]:
        """Draw the run while the block lasts."""
        if not output.is_live:
            yield cls(None, None)
            return
        graph = next(iter((await engine.documents_of(run.id)).values()))
        table = cls(graph, Console(file=output.out))
        watcher = asyncio.ensure_future(table.watch(engine, run))
        with table.drawn():
            try:
                yield table
            finally:
                watcher.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watcher

    @contextlib.contextmanager
    def drawn(self) -> Generator[None]:
        """The table stands on the screen."""
        if self._live is None:
            yield
            return
        with self._live:
            yield

    @contextlib.contextmanager
    def paused(self) -> Generator[None]:
        """The screen is free for questions."""
        if self._live is None:
            yield
            return
        self._live.stop()
        try:
            yield
        finally:
            self._live.start()

    async def watch(self, engine: Engine, run: Run) -> None:
        """Fold the run's events in as they come."""
        async for item in run.watch():
            self._now = engine.clock.now()
            if isinstance(item, Volatile):
                if item.kind == "text":
                    self._text[item.node] = (self._text.get(item.node, "") + str(item.value))[-200:]
                elif item.kind == "progress":
                    self._text[item.node] = str(item.value)
                continue
            self._overview.note(item)
            if item.at > self._now:
                self._now = item.at

    def table(self) -> Table:
        """The table as it stands now."""
        table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
        for name in ("node", "status", "turn", "attempt", "time", "tokens", ""):
            table.add_column(name, justify="right" if name in ("time", "tokens") else "left", no_wrap=True)
        for name, view in self._rows():
            table.add_row(*self._row(name, view))
        return table

    def _rows(self) -> list[tuple[str, NodeView]]:
        known = self._overview.nodes
        names = list(self._graph.nodes) if self._graph is not None else []
        paths = [*names, *(path for path in known if path not in set(names))]
        rows = [(path, known.get(path, NodeView(path))) for path in paths]
        if len(rows) <= MOST_ROWS:
            return rows
        heard = [row for row in rows if row[1].executions]
        return sorted(heard, key=lambda row: row[1].ended_at or float("inf"))[-MOST_ROWS:]

    def _row(self, name: str, view: NodeView) -> list[str | Text]:
        ended = view.ended_at if view.ended_at is not None else self._now
        seconds = "" if view.started_at is None else f"{max(0.0, ended - view.started_at):.1f} s"
        items = "" if view.items is None else f" {view.items_done}/{view.items}"
        turn = ".".join(map(str, view.turns)) if view.turns else ""
        said = " ".join(clean(self._text.get(view.path, "")).split())[-48:] if view.status == "running" else ""
        return [
            clean(name),
            Text(f"{SIGNS[view.status]} {STATUS_WORDS[view.status]}{items}", style=ink(view.status)),
            turn,
            str(view.attempt) if view.attempt > 1 else "",
            seconds,
            str(view.usage.tokens) if view.usage.tokens else "",
            Text(said, style="dim"),
        ]
