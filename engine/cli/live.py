"""The live table on a terminal: one line per node with status, iteration, attempt, time and tokens.

Rule: a fold over the run's events and nothing else, drawn at most ten times a second; where there is no terminal it
does not exist. Colours and badges are those of the pictures.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from engine.app import Engine
from engine.cli.output import Output
from engine.model.graph import Graph
from engine.model.printable import printable
from engine.model.values import as_object
from engine.render.tokens import STATUS_FAMILY, STATUS_WORDS, Status, colour
from engine.run import Run
from engine.runtime.feed import Volatile
from engine.scheduler.overview import NodeView, Overview

REFRESH_PER_S: Final = 10
MOST_ROWS: Final = 40
"""More nodes than this, or than the screen has lines: only those that something happened to lately are shown."""
LINES_KEPT: Final = 4
"""Lines of the screen that the table leaves to others."""


COLUMNS: Final = ("node", "status", "turn", "attempt", "time", "tokens", "")
ALWAYS: Final = ("node", "status")
"""The columns that stand there even where they are empty."""
KEPT_TEXT: Final = 200
"""So many characters of what a node says last are remembered."""
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
    "pinned": "⊤",
}
"""The badges of the pictures as single characters."""


def ink(status: Status) -> str:
    """The colour of a status: the dark theme's, which most terminals can show on either ground."""
    return colour(f"{STATUS_FAMILY[status]}-ink", "dark")


class LiveTable:
    """The table of one run; ``shown`` draws one."""

    def __init__(self, graph: Graph, console: Console, now: Callable[[], float]) -> None:
        self._graph = graph
        self._overview = Overview()
        self._text: dict[str, str] = {}
        self._now = now
        self._console = console
        self._live: Live | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def shown(cls, output: Output, engine: Engine, run: Run) -> AsyncGenerator[LiveTable]:
        """Draw the run while the block lasts."""
        graph = next(iter((await engine.documents_of(run.id)).values()))
        table = cls(graph, Console(file=output.out), engine.clock.now)
        watcher = asyncio.ensure_future(table.watch(run))
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
        self._draw()
        try:
            yield
        finally:
            self._wipe()

    @contextlib.contextmanager
    def paused(self) -> Generator[None]:
        """The screen is free for questions."""
        self._wipe()
        yield
        self._draw()  # not where the block was left by a way out: then nothing is drawn any more

    def _draw(self) -> None:
        """Draw below whatever stands there. A drawing that was wiped remembers its height, so each is a new one."""
        self._live = Live(
            get_renderable=self.table, console=self._console, refresh_per_second=REFRESH_PER_S, transient=True
        )
        self._live.start()

    def _wipe(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    async def watch(self, run: Run) -> None:
        """Fold the run's events in as they come."""
        async for item in run.watch():
            if not isinstance(item, Volatile):
                self._overview.note(item)
                continue
            words = str(as_object(item.value).get("text") or "")
            before = self._text.get(item.node, "") if item.kind == "text" else ""
            self._text[item.node] = (before + words)[-KEPT_TEXT:]

    def table(self) -> Table:
        """The table as it stands now."""
        table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
        rows, hidden = self._rows()
        lines = [self._row(name, view) for name, view in rows]
        told_in = [place for place, name in enumerate(COLUMNS) if name in ALWAYS or any(line[place] for line in lines)]
        for place in told_in:
            is_number = COLUMNS[place] in ("time", "tokens")
            table.add_column(COLUMNS[place], justify="right" if is_number else "left", no_wrap=True)
        for line in lines:
            table.add_row(*(line[place] for place in told_in))
        if hidden:
            told = ", ".join(f"{number} {STATUS_WORDS[status]}" for status, number in hidden.items())
            table.caption, table.caption_justify = f"and {told}", "left"
        return table

    def _rows(self) -> tuple[list[tuple[str, NodeView]], Counter[Status]]:
        """The rows that find room, and of how many nodes of which status there are no rows."""
        known = self._overview.nodes
        names = list(self._graph.nodes)
        listed = set(names)
        paths = [*names, *(path for path in known if path not in listed)]
        rows = [(path, known.get(path, NodeView(path))) for path in paths]
        most = min(MOST_ROWS, max(1, self._console.height - LINES_KEPT))
        if len(rows) <= most:
            return rows, Counter()
        shown = {path for path, _ in sorted(rows, key=_urgency)[:most]}
        return [row for row in rows if row[0] in shown], Counter(v.look for p, v in rows if p not in shown)

    def _row(self, name: str, view: NodeView) -> list[str | Text]:
        ended = view.ended_at if view.ended_at is not None else self._now()
        seconds = "" if view.started_at is None else f"{max(0.0, ended - view.started_at):.1f} s"
        items = "" if view.items is None else f" {view.items_done}/{view.items}"
        turn = ".".join(map(str, view.turns)) if view.turns else ""
        said = " ".join(printable(self._text.get(view.path, "")).split())[-48:] if view.status == "running" else ""
        return [
            printable(name),
            Text(f"{SIGNS[view.look]} {STATUS_WORDS[view.look]}{items}", style=ink(view.look)),
            turn,
            str(view.attempt) if view.attempt > 1 else "",
            seconds,
            str(view.usage.tokens) if view.usage.tokens else "",
            Text(said, style="dim"),
        ]


def _urgency(row: tuple[str, NodeView]) -> tuple[int, float]:
    """What is asked or at work comes first, then what ended last, then what has not begun."""
    view = row[1]
    if view.status in ("asking", "running", "retrying"):
        return 0, 0.0 if view.status == "asking" else 1.0
    return (2, 0.0) if view.ended_at is None else (1, -view.ended_at)
