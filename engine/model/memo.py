"""Nodes with what follows from them alone, and the nodes that were read before.

Rule: an edit changes a node or two, and the others are the same to the last character: they need not be read, judged
and written again. What is remembered of a node depends on nothing else, so that it is true in every graph, whatever
its name there; and it goes when the node goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from pydantic import JsonValue

from engine.model.kept import Kept

if TYPE_CHECKING:
    from engine.model.nodes import Node

T = TypeVar("T")

_MOST_UNITS = 16 * 1024 * 1024
_UNITS_OF_MEMO = 2_000
_UNITS_OF_BYTE = 8
"""What a node takes in memory beside its text, and for each byte of it: measured, in bytes, and rounded up."""


class Memo:
    """A node, and what was worked out from it alone, each thing once.

    Attributes:
        node: the node; it never changes.
    """

    __slots__ = ("__weakref__", "_made", "_sound", "node")

    def __init__(self, node: Node) -> None:
        self.node = node
        self._made: dict[Callable[[Node], Any], Any] = {}
        self._sound: frozenset[object] = frozenset()

    def get(self, make: Callable[[Node], T]) -> T:
        """What ``make`` says of the node; asked once, so it must depend on nothing but the node."""
        made = self._made
        if make not in made:
            made[make] = make(self.node)
        value: T = made[make]
        return value

    def is_sound(self, look: object) -> bool:
        """Whether ``look`` was there and found nothing to say."""
        return look in self._sound

    def sound(self, look: object) -> None:
        """Remember that ``look`` found nothing to say, in which it must depend on nothing but the node."""
        self._sound |= {look}


class KnownNodes:
    """Nodes that were read without a finding, by their JSON; as many as fit into some 30 MB."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept = Kept[bytes, Memo](_MOST_UNITS)

    def among(self, nodes: Mapping[str, JsonValue]) -> dict[str, Memo]:
        """Those of a document's nodes that are known, by their names there."""
        found: dict[str, Memo] = {}
        for name, value in nodes.items():
            memo = self._kept.get(_key(value))
            if memo is not None:
                found[name] = memo
        return found

    def keep(self, value: JsonValue, node: Node) -> Memo:
        """Remember what a value was read as."""
        key, memo = _key(value), Memo(node)
        self._kept.keep(key, memo, _UNITS_OF_MEMO + _UNITS_OF_BYTE * len(key))
        return memo


def _key(value: JsonValue) -> bytes:
    """The value's JSON: unlike ``==`` it tells 1 from true and one order of keys from another."""
    return orjson.dumps(value)
