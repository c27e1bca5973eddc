"""Python in another process, for what only another process can do: hold a lock, lack rights, be killed."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]

PREAMBLE = """
import asyncio, os, sqlite3, sys
from engine.errors import WeftError
from engine.journal import open_journal
from engine.journal.store import RunFilter
from engine.scheduler import events as ev
from tests.journal.facts import HASH, completed, run_started, signal, started, steps

def say(*words):
    print(*words, flush=True)
"""


def begin(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Start Python with ``PREAMBLE`` and this code; its words come line by line, it hears lines on stdin."""
    return subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + textwrap.dedent(code), *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def outcome(code: str, *arguments: str) -> list[str]:
    """The lines that this code said, once it has ended well."""
    with begin(code, *arguments) as process:
        said, complained = process.communicate(timeout=50)
    assert process.returncode == 0, complained
    return said.splitlines()


@contextmanager
def running(code: str, *arguments: str) -> Generator[tuple[IO[str], IO[str]]]:
    """What the code says and hears while it runs; it should end when it hears nothing more."""
    with begin(code, *arguments) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield process.stdout, process.stdin
        finally:
            process.stdin.close()
            process.wait(timeout=50)
