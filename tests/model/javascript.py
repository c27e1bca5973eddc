"""JSON as Node.js reads and writes it: the other implementation that the written form is held against."""

from __future__ import annotations

import json
import shutil
import subprocess
from types import TracebackType

import pytest

_ECHO = """
require("readline").createInterface({input: process.stdin}).on("line", line => {
  const {text, indent} = JSON.parse(line);
  console.log(JSON.stringify(JSON.stringify(JSON.parse(text), null, indent)));
});
"""


class JavaScript:
    """A Node.js process that parses a JSON text and writes it again, one line at a time."""

    def __init__(self) -> None:
        node = shutil.which("node")
        if node is None:
            pytest.skip("Node.js is not installed, so its JSON.stringify cannot be compared with")
        self._process = subprocess.Popen([node, "-e", _ECHO], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> JavaScript:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=10)

    def rewritten(self, text: str, indent: int = 0) -> str:
        """``JSON.stringify(JSON.parse(text), null, indent)``."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("the pipes are open by construction")
        stdin.write(json.dumps({"text": text, "indent": indent}).encode() + b"\n")
        stdin.flush()
        answer: str = json.loads(stdout.readline())
        return answer
