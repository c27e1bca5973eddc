"""What was made before and may be asked for again, as far as it fits.

Rule: nothing but time depends on what is kept. Two generations, so that neither a lookup nor letting go costs a search:
what is asked for is young again; once the young weigh so much, they are the old ones, and the old ones are let go. Each
step is one step of a dict, so that several threads may share it.
"""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Values by key; what nobody asks for any more is let go.

    Args:
        most: each of the two generations weighs so much at most, in whatever unit ``keep`` is told.
    """

    __slots__ = ("_most", "_old", "_weight", "_young")

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._young: dict[K, tuple[V, int]] = {}
        self._old: dict[K, tuple[V, int]] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._young or key in self._old

    def get(self, key: K) -> V | None:
        """What is kept under the key, or None."""
        found = self._young.get(key)
        if found is None:
            found = self._old.get(key)
            if found is None:
                return None
            self.keep(key, *found)
        return found[0]

    def keep(self, key: K, value: V, weight: int = 1) -> None:
        """Keep it, unless it alone is too heavy."""
        if weight > self._most:
            return
        if self._weight + weight > self._most:
            self._old, self._young, self._weight = self._young, {}, 0
        self._young[key] = (value, weight)
        self._weight += weight
