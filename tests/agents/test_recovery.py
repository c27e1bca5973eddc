"""The table of recoveries, row by row."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.agents.recovery import LADDERS, Way, way_on
from engine.errors import ERROR_CLASSES, ErrorClass

ROWS: list[tuple[ErrorClass, bool, list[str]]] = [
    ("transient", False, ["back_off"] * 6),
    ("tool", False, ["tell"] * 6),
    ("model", True, ["correct", "correct", "simplify", "simplify", "fail", "fail"]),
    ("model", False, ["simplify", "simplify", "fail", "fail", "fail", "fail"]),
    ("logic", False, ["replan", "replan", "fail", "fail", "fail", "fail"]),
    ("limit", True, ["fail"] * 6),
    ("fatal", True, ["fail"] * 6),
    ("cancelled", True, ["fail"] * 6),
]


@pytest.mark.parametrize(("error_class", "can_correct", "ways"), ROWS)
def test_the_ways_are_taken_in_order_and_bounded(error_class: ErrorClass, can_correct: bool, ways: list[str]) -> None:
    taken: Counter[Way] = Counter()
    assert [way_on(error_class, taken, tries=1, can_correct=can_correct) for _ in range(6)] == ways


def test_every_class_has_a_row() -> None:
    assert set(LADDERS) == set(ERROR_CLASSES)


def test_the_next_attempt_may_take_them_again() -> None:
    taken: Counter[Way] = Counter({"replan": 2})
    assert way_on("logic", taken, tries=1) == "fail"
    assert [way_on("logic", taken, tries=2) for _ in range(3)] == ["replan", "replan", "fail"]
