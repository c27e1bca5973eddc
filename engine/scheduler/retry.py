"""Whether a failed attempt is tried again, and after how long (GRAPH.md §1 ``retry``, §3.7).

Rule: pure. The jitter comes from the seed alone, so that the same run waits equally long wherever it is worked out; the
host writes the outcome into the event as ``retry_at``, and a replay reads it there.
"""

from __future__ import annotations

from typing import Final

from engine.errors import Failure
from engine.model.nodes import Retry

_MASK: Final = (1 << 64) - 1


def delay_s(policy: Retry, failure: Failure, counted: int, seed: int) -> float | None:
    """Seconds until the next attempt, or None when there is none.

    Args:
        policy: ``on`` names the error classes and codes that are tried again, ``attempts`` counts the first one too.
        failure: how the attempt failed.
        counted: attempts that count so far, the failed one included, from 1; those cut off by the end of a process do
            not count.
        seed: per-execution seed of the run.

    Raises:
        ValueError: counted < 1.
    """
    wait_s = backoff_s(counted, policy, seed)
    if counted >= policy.attempts or not is_retried(policy, failure):
        return None
    return wait_s


def is_retried(policy: Retry, failure: Failure) -> bool:
    """Whether a failure of this class or code is tried again at all."""
    return failure.error_class in policy.on or failure.code in policy.on


def backoff_s(attempt: int, policy: Retry, seed: int) -> float:
    """Seconds to wait before the next attempt.

    Exponential with full jitter: uniform in [0, min(max_s, initial_s * factor ** (attempt - 1))]; without ``jitter``
    the upper end of it.

    Args:
        attempt: the counted attempt that just failed, from 1.
        policy: initial_s and max_s in seconds.
        seed: per-execution seed of the run.

    Raises:
        ValueError: attempt < 1.
    """
    if attempt < 1:
        raise ValueError(f"attempts count from 1, not {attempt}")
    try:
        most_s = min(policy.max_s, policy.initial_s * policy.factor ** (attempt - 1))
    except OverflowError:
        most_s = policy.max_s
    return most_s * _fraction(seed, attempt) if policy.jitter else most_s


def _fraction(seed: int, attempt: int) -> float:
    """Evenly spread in [0, 1): SplitMix64 (Steele, Lea, Flood 2014) of the seed, one step per attempt."""
    x = (seed + attempt * 0x9E3779B97F4A7C15) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((x ^ (x >> 31)) >> 11) / (1 << 53)
