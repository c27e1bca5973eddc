"""Formats: older ones are upgraded step by step, newer and foreign ones refused."""

from __future__ import annotations

from typing import Any

import pytest

from engine.model.findings import Finding
from engine.model.upgrades import UPGRADES, Object, upgraded


def two(document: Object) -> Object:
    return {**document, "two": True}


def three(document: Object) -> Object:
    return {**document, "three": document["two"]}


def test_an_old_document_goes_through_every_step_to_the_newest() -> None:
    assert upgraded({"format": "weft/1"}, (two, three)) == {"format": "weft/3", "two": True, "three": True}
    assert upgraded({"format": "weft/2", "two": 5}, (two, three)) == {"format": "weft/3", "two": 5, "three": 5}
    assert upgraded({"format": "weft/3"}, (two, three)) == {"format": "weft/3"}


def test_todays_document_stays_as_it_is() -> None:
    document: Any = {"format": f"weft/{len(UPGRADES) + 1}", "name": "g"}
    assert upgraded(document) is document
    assert upgraded({"name": "g"}) == {"name": "g"}


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("weft/4", "newer weft"),
        ("weft/99", "newer weft"),
        ("weft/x", "weft/3"),
        ("n8n", "weft import"),
        (7, "weft import"),
    ],
)
def test_what_is_not_ours_or_newer_is_refused(written: Any, hint: str) -> None:
    found = upgraded({"format": written}, (two, three))
    assert isinstance(found, Finding)
    assert "this weft reads weft/1 to weft/3" in found.message
    assert hint in str(found.hint)


def test_what_is_no_object_has_no_format() -> None:
    found = upgraded([])
    assert isinstance(found, Finding)
    assert found.code == "field.type"
