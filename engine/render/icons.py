"""The icons: our own line drawings on a 16 px square, strokes 1.5 px with round ends.

Rule: an icon is one stroked path and, where it needs one, a filled path, in the short notation of ``paths.parsed``.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from engine.render.paths import Path, parsed

STROKE_PX = 1.5
SIZE_PX = 16


@dataclass(frozen=True, slots=True)
class Icon:
    """One drawing: ``line`` is stroked, ``solid`` filled; either may be empty."""

    line: Path
    solid: Path = ()


_LINES: dict[str, str] = {
    # a four-pointed spark and its small companion
    "agent": "M 7 3 | C 7.5 6.4 8.9 7.9 12 8.5 | C 8.9 9.1 7.5 10.6 7 14 | C 6.5 10.6 5.1 9.1 2 8.5"
    " | C 5.1 7.9 6.5 6.4 7 3 | Z | M 12.6 1.9 | L 12.6 5.1 | M 11 3.5 | L 14.2 3.5",
    # a wrench: the jaw above right, the handle below left
    "tool": "a 10.9 5.1 3.3 -10 104 | L 4.9 13.1 | C 3.5 14.4 1.6 12.5 2.9 11.1 | L 7.7 5.9 | A 10.9 5.1 3.3 166 280"
    " | L 10.2 4.1 | L 11.9 5.8 | Z",
    "parallel-fork": "M 1.8 8 | L 6 8 | L 14.2 8 | M 6 8 | C 9 8 8.4 3.2 11.5 3.2 | L 14.2 3.2"
    " | M 6 8 | C 9 8 8.4 12.8 11.5 12.8 | L 14.2 12.8",
    "join": "M 14.2 8 | L 10 8 | L 1.8 8 | M 10 8 | C 7 8 7.6 3.2 4.5 3.2 | L 1.8 3.2"
    " | M 10 8 | C 7 8 7.6 12.8 4.5 12.8 | L 1.8 12.8",
    "loop-back": "a 8 8 5.4 -160 -20 | a 8 8 5.4 20 160 | M 13.4 2.6 | L 13.1 6.2 | L 9.6 5.9"
    " | M 2.6 13.4 | L 2.9 9.8 | L 6.4 10.1",
    # four fingers, a thumb and the palm
    "human-gate": "M 5 8 | L 5 4.2 | M 7.3 7.4 | L 7.3 2.6 | M 9.6 7.4 | L 9.6 3.1 | M 11.9 8 | L 11.9 4.8"
    " | M 11.9 7.6 | L 11.9 9.8 | C 11.9 12.4 10.4 14 8.2 14 | C 6.4 14 5.4 13.2 4.5 11.9 | L 2.6 9.1",
    "subgraph": "M 8 2.2 | L 14.2 5.4 | L 8 8.6 | L 1.8 5.4 | Z | M 1.8 8.4 | L 8 11.6 | L 14.2 8.4"
    " | M 1.8 11.2 | L 8 14.4 | L 14.2 11.2",
    "wait": "O 8 8 5.9 | M 8 4.6 | L 8 8 | L 10.4 9.5",
    "end": "O 8 8 5",
    "missing": "M 4.5 4.5 | L 11.5 11.5 | M 11.5 4.5 | L 4.5 11.5",
    "status-waiting": "O 8 8 3.6",
    "status-skipped": "M 4.6 8 | L 11.4 8",
    "status-cancelled": "O 8 8 4.2 | M 5.1 10.9 | L 10.9 5.1",
    "status-running": "O 8 8 4",
    "status-completed": "M 4.4 8.4 | L 7 11 | L 11.6 5.3",
    "status-failed": "M 5 5 | L 11 11 | M 11 5 | L 5 11",
    "status-retrying": "a 8 8.2 3.9 -70 210 | M 7.6 1.9 | L 9.6 4.4 | L 7 6.2",
    "status-asking": "M 5.5 8 | L 5.5 5.3 | M 7.2 7.6 | L 7.2 4 | M 8.9 7.6 | L 8.9 4.3 | M 10.6 8 | L 10.6 5.6"
    " | M 10.6 7.8 | L 10.6 9.2 | C 10.6 11.2 9.6 12.3 8 12.3 | C 6.6 12.3 5.8 11.6 5.2 10.7 | L 3.9 8.8",
    "status-reused": "a 8 8.2 3.9 250 -30 | M 8.4 1.9 | L 6.4 4.4 | L 9 6.2",
    "status-pinned": "M 5.4 3.2 | L 10.6 3.2 | M 6.4 3.2 | L 6.4 6.8 | L 4.6 9.2 | L 11.4 9.2 | L 9.6 6.8 | L 9.6 3.2"
    " | M 8 9.2 | L 8 13",
}
_SOLIDS: dict[str, str] = {"status-running": "a 8 8 4 90 270 | Z"}


@functools.cache
def icon(name: str) -> Icon | None:
    """The icon of a kind (``agent``) or of a status (``status-running``), None where there is none."""
    if name not in _LINES:
        return None
    return Icon(parsed(_LINES[name]), parsed(_SOLIDS[name]) if name in _SOLIDS else ())


def icon_names() -> tuple[str, ...]:
    """Every name that ``icon`` knows."""
    return tuple(_LINES)
