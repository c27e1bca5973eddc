"""Whether and when an attempt is tried again (GRAPH.md §1, §3.7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Failure
from engine.model.nodes import Retry
from engine.scheduler.retry import backoff_s, delay_s, is_retried

BUSY = Failure("transient", "busy", "try again")
STEADY = Retry(initial_s=2, factor=3, max_s=50, jitter=False)


def test_the_wait_grows_by_the_factor_up_to_its_bound() -> None:
    assert [backoff_s(attempt, STEADY, seed=1) for attempt in (1, 2, 3, 4, 5)] == [2, 6, 18, 50, 50]


def test_it_stays_bounded_where_the_power_leaves_the_numbers() -> None:
    assert backoff_s(1000, Retry(factor=1e300, jitter=False), seed=1) == 60


@given(st.integers(1, 1000), st.integers(), st.floats(0, 1e3), st.floats(1, 1e3), st.floats(0, 1e5))
def test_jitter_is_within_the_bounds_and_the_seeds_alone(
    attempt: int, seed: int, initial_s: float, factor: float, max_s: float
) -> None:
    policy = Retry(initial_s=initial_s, factor=factor, max_s=max_s)
    wait_s = backoff_s(attempt, policy, seed)
    assert 0 <= wait_s <= backoff_s(attempt, policy.model_copy(update={"jitter": False}), seed)
    assert wait_s == backoff_s(attempt, policy, seed)


def test_jitter_spreads_evenly() -> None:
    waits = [backoff_s(1, Retry(initial_s=1), seed) for seed in range(2000)]
    assert 0.48 < sum(waits) / len(waits) < 0.52
    assert len(set(waits)) == len(waits)


def test_attempts_count_from_1() -> None:
    with pytest.raises(ValueError, match="count from 1"):
        backoff_s(0, STEADY, seed=1)


def test_the_last_attempt_is_not_followed_by_another() -> None:
    assert delay_s(STEADY, BUSY, 2, seed=1) == 6
    assert delay_s(STEADY, BUSY, 3, seed=1) is None


@pytest.mark.parametrize(
    ("on", "is_tried"), [(["transient"], True), (["busy"], True), (["tool", "model"], False), ([], False)]
)
def test_a_failure_is_tried_again_by_its_class_or_its_code(on: list[str], is_tried: bool) -> None:
    policy = Retry(on=on)
    assert is_retried(policy, BUSY) is is_tried
    assert (delay_s(policy, BUSY, 1, seed=1) is not None) is is_tried
