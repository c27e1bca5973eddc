"""What a command prints: plain lines, or one JSON value, and errors on the error stream.

Rule: data goes to standard output, everything else to standard error; with ``--json`` exactly one JSON value goes to
standard output. Control characters from graphs, models and tools never reach a terminal.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TextIO

from engine.errors import WeftError
from engine.model.printable import CONTROL, printable


class Exit(IntEnum):
    """Exit codes (RUNS.md §4)."""

    DONE = 0
    FAILED = 1
    UNUSABLE = 2
    NOT_ENDED = 3
    CANCELLED = 4


EXIT_MEANINGS: dict[int, str] = {
    Exit.DONE: "done",
    Exit.FAILED: "the run failed",
    Exit.UNUSABLE: "bad usage, bad input or an unusable database",
    Exit.NOT_ENDED: "not ended: it waits, or its host was stopped",
    Exit.CANCELLED: "the run was cancelled",
}


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command prints.

    Attributes:
        is_json: ``--json``.
        out, err: the streams.
    """

    is_json: bool = False
    out: TextIO = sys.stdout
    err: TextIO = sys.stderr

    @property
    def is_live(self) -> bool:
        """A live table may be drawn: a terminal, colours not refused, no ``--json``."""
        return (
            not self.is_json and self.out.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        )

    def line(self, text: str = "") -> None:
        """One line of the answer; nothing with ``--json``."""
        if not self.is_json:
            self.out.write(printable(text) + "\n")
            self.out.flush()

    def note(self, text: str) -> None:
        """One line beside the answer, on the error stream; nothing with ``--json``."""
        if not self.is_json:
            self.err.write(printable(text) + "\n")
            self.err.flush()

    def value(self, value: Any) -> None:
        """The one JSON value of ``--json``; nothing without."""
        if self.is_json:
            self.out.write(as_json(value) + "\n")
            self.out.flush()

    def error(self, error: WeftError) -> None:
        """An error: one line with place and hint, or a JSON object."""
        if self.is_json:
            self.err.write(as_json({"error": error.as_json()}) + "\n")
        else:
            place = f" ({error.where})" if error.where else ""
            self.err.write(printable(f"weft: {error.message}{place} [{error.code}]") + "\n")
            if error.hint:
                self.err.write(printable(f"      {error.hint}") + "\n")
        self.err.flush()


def as_json(value: Any) -> str:
    """A JSON value for people and programs: two spaces, text as it is but for what a terminal would obey."""
    return CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False, indent=2))


def short(value: Any, length: int = 120) -> str:
    """A JSON value in one line of at most ``length`` characters."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(printable(text).split())
    return text if len(text) <= length else text[: length - 1] + "…"
