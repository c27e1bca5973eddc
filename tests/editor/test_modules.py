"""The pages' modules without a page: every file of tests/editor/js, run by Node.js' own test runner."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.editor.js_modules import JS_TESTS, node

FILES = sorted(JS_TESTS.glob("*.test.mjs"))
SCHEDULES, PARTS = 10_000, 2
"""Two pages on one graph, as often as EDITOR.md 7 says; in parts, so that they run side by side."""


def run(*arguments: str | Path, **environment: str) -> None:
    """Run a script; what fails is told in its own words."""
    command = [node(), *map(str, arguments)]
    surroundings = {**os.environ, **environment}
    result = subprocess.run(command, check=False, capture_output=True, text=True, env=surroundings, timeout=280)
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"


@pytest.mark.timeout(240)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix(".test.mjs"))
def test_the_modules_do_what_their_tests_say(file: Path) -> None:
    run("--test", file)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", range(PARTS))
def test_two_pages_never_overwrite_each_other_unseen(part: int) -> None:
    share = SCHEDULES // PARTS
    run(JS_TESTS / "schedules.mjs", WEFT_JS_SEED=str(part * share), WEFT_JS_SCHEDULES=str(share))
