"""A real client in another process: many runs at once, many readers of every manner."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak import graphs
from tests.soak.crowd import Crowd, meet
from tests.soak.serving import Served

pytestmark = pytest.mark.anyio


async def test_every_reader_of_200_runs_sees_every_event_once_in_order(tmp_path: Path) -> None:
    served = Served(tmp_path)
    served.put(graphs.mixed())
    async with served:
        outcome = await meet(served, Crowd("mixed", runs=200, readers=50))

    assert outcome.faults == []
    assert outcome.connections > 100  # the lines really did break
