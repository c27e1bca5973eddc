"""What is kept is found again, and what nobody asks for goes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.model.kept import Kept


def test_what_is_kept_is_found_until_newer_things_took_its_place() -> None:
    kept = Kept[str, int](2)
    for number, key in enumerate("abcde"):
        kept.keep(key, number)
    assert [kept.get(key) for key in "abcde"] == [None, None, 2, 3, 4]


def test_what_is_asked_for_stays() -> None:
    kept = Kept[str, int](2)
    kept.keep("a", 1)
    for number in range(20):
        assert kept.get("a") == 1
        kept.keep(f"b{number}", number)
    assert kept.get("a") == 1


def test_what_alone_is_too_heavy_is_not_kept() -> None:
    kept = Kept[str, int](10)
    kept.keep("a", 1, 10)
    kept.keep("b", 2, 11)
    assert (kept.get("a"), kept.get("b")) == (1, None)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8))))
def test_no_more_is_kept_than_fits_into_two_generations(steps: list[tuple[int, int]]) -> None:
    kept = Kept[tuple[int, int], int](8)
    for key in steps:
        if kept.get(key) is None:
            kept.keep(key, key[1], key[1])
        assert kept.get(key) == key[1]
    assert sum(weight for number, weight in set(steps) if (number, weight) in kept) <= 16
