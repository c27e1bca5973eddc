"""The bench and its clock, for every test of the facade that asks for them."""

from __future__ import annotations

import pytest

from tests.app.bench import Bench
from tests.support.clock import VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    """A clock that moves when everybody waits."""
    return VirtualClock()


@pytest.fixture
def bench(clock: VirtualClock) -> Bench:
    """The tools."""
    return Bench(clock)
