"""State writes of several tool calls, joined into the one write per key that a node makes.

Rule: what comes out has the same effect on the state as the single writes one after the other, whatever the state is.
Where no single value can say that (two elements for an ``append`` key), the second write is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from engine.errors import ToolError
from engine.model.graph import StateKey


def combine(into: dict[str, Any], writes: Mapping[str, Any] | None, keys: Mapping[str, StateKey]) -> None:
    """Join ``writes`` into ``into``, key by key, by each key's merge rule.

    Raises:
        ToolError: ``state.write``; two elements for one ``append`` key, or values that its rule cannot join.
    """
    for key, value in (writes or {}).items():
        if key not in into:
            into[key] = value
            continue
        try:
            into[key] = _joined(key, keys[key], into[key], value)
        except TypeError as error:
            raise ToolError(
                f"two writes of the state key {key} cannot be joined: {error}", code="state.write", error_class="logic"
            ) from None


def _joined(key: str, declared: StateKey, first: Any, second: Any) -> Any:
    match declared.merge:
        case "replace":
            return second
        case "extend":
            return [*first, *second]
        case "merge":
            return {**first, **second}
        case "sum":
            return first + second
        case "min":
            return min(first, second)
        case "max":
            return max(first, second)
        case "append":
            raise ToolError(
                f"one node can append one element to the state key {key}",
                code="state.write",
                error_class="logic",
                hint="declare the key with merge: extend and write lists",
            )
        case _:
            assert_never(declared.merge)
