"""A writer that is killed at any moment loses nothing that it acknowledged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journal.crashes import soak


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_kill_9_in_the_middle_of_commits_loses_nothing_that_was_acknowledged(tmp_path: Path, seed: int) -> None:
    assert soak(tmp_path, kills=10, seed=seed) > 50
