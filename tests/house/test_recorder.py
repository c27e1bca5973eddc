"""The recorder behind the catalogue test counts what weft brings about, and nothing that a test makes up."""

from __future__ import annotations

import pytest

from docs.entry import Entry
from engine.errors import Failure, InputError, WeftError
from engine.gallery import patterns
from engine.model.findings import Finding
from tests.conftest import RECORDER
from tests.support.recorder import Recorder


@pytest.fixture
def recorder(pytestconfig: pytest.Config) -> Recorder:
    return pytestconfig.stash[RECORDER]


def test_what_a_test_makes_does_not_count(recorder: Recorder) -> None:
    InputError("made up", code="made.up")
    Failure("logic", "made.up", "made up")
    Finding("made.up", "error", "made up")
    assert {entry for entry in recorder.seen if entry.name == "made.up"} == set()


def test_what_the_house_raises_counts(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.gallery._PLACES", ())
    recorder.seen.discard(Entry("error", "engine.bug"))
    with pytest.raises(WeftError):
        patterns()
    assert Entry("error", "engine.bug") in recorder.seen
