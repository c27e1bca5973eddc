"""A floor uses only the floors below it, and each library lives in its one room (contracts in pyproject.toml)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.house.tree import ROOT

# One forbidden import for each contract, planted in a copy of the source.
PLANTED = {
    "engine/model/planted.py": ("import engine.compile", "A floor uses only the floors below it"),
    "engine/app/planted.py": ("import starlette", "The engine does not know its doors"),
    "server/planted.py": (
        "import engine.scheduler",
        "The server reaches the engine through app, model, errors and render",
    ),
    "engine/scheduler/planted.py": ("import time", "The scheduler has no clock, no randomness, no I/O"),
    "engine/compile/planted.py": ("import subprocess", "The checker and the plan reach nothing outside"),
    "engine/journal/planted.py": ("import networkx", "What only the tests need stays there"),
    "engine/nodes/planted.py": ("import cel_expr_python", "CEL lives in model/expressions.py"),
    "engine/runtime/planted.py": ("import pydantic_ai", "pydantic_ai lives in agents"),
    "engine/tools/planted.py": ("import sqlite3", "SQLite lives in journal"),
    "engine/agents/planted.py": ("import pygraphviz", "Graphviz lives in render"),
}


def lint_imports(where: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    environment = {"PYTHONPATH": str(where), "PATH": "", "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, timeout=50)


def test_the_source_keeps_every_contract() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


def test_every_contract_breaks_when_its_rule_is_broken(tmp_path: Path) -> None:
    for room in ("engine", "server"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "engine/app.py").unlink(missing_ok=True)
    (tmp_path / "engine/app").mkdir()
    (tmp_path / "engine/app/__init__.py").touch()
    for name, (line, _) in PLANTED.items():
        (tmp_path / name).write_text(f"{line}\n")
    result = lint_imports(tmp_path)
    kept = [contract for _, contract in PLANTED.values() if f"{contract} KEPT" in result.stdout]
    assert result.returncode == 1, result.stdout + result.stderr
    assert kept == []
    assert f"{len(PLANTED)} broken" in result.stdout
