"""What the checkout consists of, as the house tests see it: files under version control, and parsed source files."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("engine", "server", "tests", "docs")


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file that git knows or would take in, as it lies on the disk; skips the test outside a checkout."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: which files are under version control is unknown")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode()
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def sources(*rooms: str) -> tuple[Path, ...]:
    """Every Python file in these rooms (default: all), sorted."""
    found = (path for room in rooms or ROOMS for path in (ROOT / room).rglob("*.py"))
    return tuple(sorted(path for path in found if "__pycache__" not in path.parts))


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of one source file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """Every call in a source file: the dotted name as written, and its line."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every imported name of a source file, dotted (``from a import b`` is ``a.b``), and its line."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module or ''}.{alias.name}", node.lineno) for alias in node.names)


def place(path: Path, line: int | None = None) -> str:
    """``engine/app.py:12``, for messages."""
    name = path.relative_to(ROOT).as_posix()
    return name if line is None else f"{name}:{line}"
