"""The server killed five times in the middle: nothing recorded is lost, no effect happens after it was settled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak import graphs
from tests.soak.crowd import Crowd
from tests.soak.killing import survive
from tests.soak.serving import Served

pytestmark = pytest.mark.anyio
NODES = 30


async def test_after_five_kills_every_run_is_completed_and_every_reader_saw_all_of_it(tmp_path: Path) -> None:
    served = Served(tmp_path, tools=graphs.TOOLS)
    served.put(graphs.stamped(NODES))
    async with served:
        survival = await survive(served, Crowd("stamped", runs=10, readers=15), nodes=NODES, kills=5)

    assert survival.crowd.faults == []
    assert survival.faults == []
    assert (survival.kills, survival.executions) == (5, 10 * NODES)
    assert survival.marks > survival.executions  # some kill fell between an effect and its record


async def test_what_was_at_work_goes_on_once_the_leases_of_the_dead_have_run_out(tmp_path: Path) -> None:
    served = Served(tmp_path, tools=graphs.TOOLS)
    served.put(graphs.stamped(4))
    async with served:
        survival = await survive(served, Crowd("stamped", runs=4, readers=5), nodes=4, kills=1, patient=1)

    assert (survival.crowd.faults, survival.faults, survival.kills) == ([], [], 1)
