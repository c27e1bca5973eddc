"""``weft`` at a real terminal: the live table, gates asked there, Ctrl-C."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE_S = 30.0
SLOW = '''
import asyncio
from engine import ToolContext, tool

@tool(effect="read")
async def forever(ctx: ToolContext) -> None:
    """Never end."""
    ctx.progress("hal\\x1b[31mfway", 0.5)
    await asyncio.sleep(3600)
'''
WAITING = (
    '{"format": "weft/1", "name": "slow", "nodes": '
    '{"a": {"kind": "wait", "seconds": 1, "to": [{"node": "b"}]}, "b": {"kind": "tool", "tool": "forever"}}}'
)


class Terminal:
    """A process whose terminal we are."""

    def __init__(self, process: int, screen: int) -> None:
        self.process = process
        self.screen = screen
        self.seen = ""
        self.has_ended = False

    def wait_for(self, text: str) -> str:
        """Read until the text appears; what came before it."""
        while text not in plain(self.seen):
            self.seen += self._more(text)
        before, _, rest = plain(self.seen).partition(text)
        self.seen = rest
        return before

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self.screen, line.encode() + b"\n")

    def press_ctrl_c(self) -> None:
        """Let the terminal interrupt."""
        os.write(self.screen, b"\x03")

    def exit_code(self) -> int:
        """Read to the end; how the process ended."""
        while more := self._more("the end"):
            self.seen += more
        self.has_ended = True
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])

    def _more(self, awaited: str) -> str:
        ready, _, _ = select.select([self.screen], [], [], PATIENCE_S)
        assert ready, f"{awaited!r} does not come: {plain(self.seen)}"
        try:
            return os.read(self.screen, 65_536).decode(errors="replace")
        except OSError:
            return ""  # the other side is closed


def plain(text: str) -> str:
    """What was drawn, without colours and the moves of the cursor."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "")


@contextmanager
def terminal(place: Path, *words: str, columns: int = 80) -> Generator[Terminal]:
    """``weft`` with these words at a terminal of its own."""
    process, screen = pty.fork()
    if process == 0:
        os.chdir(place)
        os.environ.update(TERM="xterm-256color", LINES="24", COLUMNS=str(columns))
        os.execv(sys.executable, [sys.executable, "-m", "engine", *words])
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    found = Terminal(process, screen)
    try:
        yield found
    finally:
        if not found.has_ended:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        os.close(screen)


def test_gates_are_asked_at_the_terminal_until_one_is_left_open(place: Path) -> None:
    with terminal(place, "run", "draft-and-review", "-i", "topic=강물", "--id", "r1") as weft:
        weft.wait_for("review asks:")
        weft.wait_for("leave it open): ")
        weft.type("no such option")
        weft.wait_for("one of: approve, revise")
        weft.type("2")
        weft.wait_for("Note to the writer: ")
        weft.type("짧게")
        weft.wait_for("review@2 asks:")
        weft.wait_for("leave it open): ")
        weft.type("")
        weft.wait_for("answer it: weft answer r1 review@2")
        assert weft.exit_code() == 3

    with terminal(place, "resume", "r1") as weft:
        weft.wait_for("leave it open): ")
        weft.type("approve")
        weft.wait_for("Note to the writer: ")
        weft.type("")
        weft.wait_for("run r1 completed")
        assert weft.exit_code() == 0
    assert "마을" in (place / "files" / "article.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("columns", [40, 120])
def test_ctrl_c_ends_the_host_and_says_how_to_go_on(place: Path, columns: int) -> None:
    (place / "slow.py").write_text(SLOW, encoding="utf-8")
    (place / "graphs" / "slow.json").write_text(WAITING, encoding="utf-8")
    with terminal(place, "run", "slow", "--id", "r1", "--tools", "slow.py", columns=columns) as weft:
        weft.wait_for("✓ done")
        drawn = weft.wait_for("◐ running")
        weft.press_ctrl_c()
        weft.wait_for("go on: weft resume r1")
        assert weft.exit_code() == 3
    assert "\x1b[31m" not in drawn


def test_ctrl_c_at_a_question_ends_at_once(place: Path) -> None:
    with terminal(place, "run", "draft-and-review", "-i", "topic=a", "--id", "r1") as weft:
        weft.wait_for("leave it open): ")
        weft.press_ctrl_c()
        weft.wait_for("go on: weft resume r1")
        assert weft.exit_code() == 3
