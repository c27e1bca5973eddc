"""The server does what its own description says, whatever is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.probing import furnish, probe
from tests.soak.serving import Served

pytestmark = pytest.mark.anyio


async def test_no_answer_is_a_500_or_undocumented(tmp_path: Path) -> None:
    served = Served(tmp_path)
    furnish(served)
    async with served:
        found = await probe(served, examples=15)

    assert found.is_well, found.report
    assert "Tested:" in found.report
