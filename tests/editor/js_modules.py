"""Node.js for tests of the pages' modules: where it lies, and the word that is said where it does not.

Rule: a test that needs Node.js or an npm package is skipped with the reason, never passed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.house.tree import ROOT

OLDEST = 20
JS_TESTS = ROOT / "tests/editor/js"


def node() -> str:
    """The path of Node.js; skips the test where there is none that is new enough."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node.js is not installed: the pages' modules are not tested")
    version = subprocess.run([found, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < OLDEST:
        pytest.skip(f"Node.js {version} is older than {OLDEST}: the pages' modules are not tested")
    return found


def lines_of(script: str, *arguments: str, given: str = "") -> Iterator[Any]:
    """What a script of tests/editor/js prints, a JSON value a line; ``given`` is its standard input."""
    command = [node(), str(JS_TESTS / script), *arguments]
    result = subprocess.run(command, check=False, input=given, capture_output=True, text=True, timeout=150)
    assert result.returncode == 0, result.stderr
    return map(json.loads, result.stdout.splitlines())
