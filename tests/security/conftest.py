"""A server of its own for each module: real sockets on the loopback, the sample graphs, three people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.served import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running server with a database of its own."""
    with serving(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Served]:
    """A running server for one test that changes it."""
    with serving(tmp_path) as running:
        yield running
