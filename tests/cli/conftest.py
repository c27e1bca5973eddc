"""The command line in this process: a directory of its own, the sample graphs, and ``weft`` as a function."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.cli.main import main
from engine.gallery import patterns


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """The one JSON value of ``--json``."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The error of ``--json``."""
        error: dict[str, Any] = json.loads(self.err)["error"]
        return error


Weft = Callable[..., Said]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with the sample graphs in ``graphs/``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "graphs").mkdir()
    for file in patterns().values():
        for one in (file, file.with_name(f"{file.stem}.scripted.json")):
            (tmp_path / "graphs" / one.name).write_bytes(one.read_bytes())
    return tmp_path


@pytest.fixture
def weft(place: Path, capsys: pytest.CaptureFixture[str]) -> Weft:
    """``weft("runs", "--json")`` runs one command."""

    def run(*words: str) -> Said:
        capsys.readouterr()
        code = main(words)
        out, err = capsys.readouterr()
        return Said(code, out, err)

    assert place.is_dir()
    return run
