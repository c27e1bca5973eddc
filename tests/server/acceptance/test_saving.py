"""SECURITY.md 25: two people who save the same graph never overwrite what they have not seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak import graphs
from tests.soak.saving import Save, Tally, Writer, change_by_hand, faults_of, quarrel
from tests.soak.serving import Served

pytestmark = pytest.mark.anyio


async def test_25_in_random_schedules_every_accepted_save_replaced_the_version_that_it_was_based_on(
    tmp_path: Path,
) -> None:
    served = Served(tmp_path)
    served.put(graphs.chain(3))
    async with served, served.client() as client:
        tally = await quarrel(client, "chain", schedules=300)

    assert tally.faults == []
    assert len(tally.saves) > 100
    assert tally.refused > 50


async def test_25_a_change_by_hand_is_not_overwritten_either(tmp_path: Path) -> None:
    served, tally = Served(tmp_path), Tally()
    served.put(graphs.chain(3))
    async with served, served.client() as client:
        writer = Writer("ann", client, "/api/graphs/chain", tally)
        await writer.read()
        await change_by_hand(tmp_path / "graphs" / "chain.json", "by hand")
        await writer.save()

        assert (tally.refused, tally.saves, tally.faults) == (1, [], [])
        assert writer.document["description"] == "by hand"


def test_a_lost_save_would_be_seen() -> None:
    one, two = Save("a", "a-1", "v0", "v1"), Save("b", "b-1", "v0", "v2")
    assert faults_of([one, two], "v0", "v2", "b-1") != []
    assert faults_of([one, Save("b", "b-1", "v1", "v2")], "v0", "v2", "b-1") == []
