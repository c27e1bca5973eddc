"""Names and numbers that nobody chose."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.runtime.ids import (
    INLINE_BYTES,
    checked_run_id,
    execution_seed,
    input_digest,
    new_holder,
    new_run_id,
    new_seed,
)
from tests.support.clock import START


def test_a_run_that_nobody_named_is_called_after_its_moment() -> None:
    name = new_run_id(START + 3_723)
    assert re.fullmatch(r"20260101-010203-[0-9a-f]{6}", name)
    assert checked_run_id(name) == name
    assert new_run_id(START) != new_run_id(START)


@pytest.mark.parametrize("name", ["r", "0", "a-b-c", "a" * 64])
def test_small_letters_digits_and_hyphens_are_a_run_id(name: str) -> None:
    assert checked_run_id(name) == name


@pytest.mark.parametrize("name", ["", "-a", "A", "a_b", "a b", "é", "a\n", "a" * 65, "../a"])
def test_anything_else_is_none(name: str) -> None:
    with pytest.raises(InputError, match=r"run\.bad_id"):
        checked_run_id(name)


def test_a_seed_is_exact_in_json_and_no_two_hosts_have_one_name() -> None:
    assert all(0 <= new_seed() < 2**53 for _ in range(100))
    assert len({new_holder() for _ in range(100)}) == 100


@given(st.integers(0, 2**53 - 1), st.text(max_size=20))
def test_an_execution_has_the_same_seed_every_time(seed: int, execution: str) -> None:
    assert execution_seed(seed, execution) == execution_seed(seed, execution)
    assert execution_seed(seed, execution) != execution_seed(seed, execution + "x")


@pytest.mark.parametrize("value", [None, "", {}, [], 0, {"text": "rivers"}, "x" * (INLINE_BYTES - 2)])
def test_a_small_input_stands_in_the_event_itself(value: object) -> None:
    assert input_digest(value) == (value, None)


def test_a_large_input_is_told_by_its_hash_alone() -> None:
    inline, digest = input_digest("x" * (INLINE_BYTES - 1))
    assert inline is None
    assert re.fullmatch(r"[0-9a-f]{64}", digest or "")
    assert digest == input_digest("x" * (INLINE_BYTES - 1))[1]
    assert digest != input_digest("y" * (INLINE_BYTES - 1))[1]
