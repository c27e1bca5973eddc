"""Results of nodes with ``cache``: under which key they are kept, and what is kept.

Rule: a result is reused only by the same node of a graph of the same name, defined the same way, for the same key (or,
without ``key``, the same resolved input). What was reused is marked with the run that worked for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from engine.model.templates import resolve
from engine.model.values import ABSENT
from engine.runtime import judge
from engine.runtime.context import Names, Result


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept result: its output and the run it comes from."""

    output: Any
    run: str

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Kept:
        """From what the journal kept."""
        return cls(value["output"], value["run"])

    def as_json(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {"output": self.output, "run": self.run}


def cache_key(of: judge.Named, resolved: Any, names: Names) -> str:
    """The key of a node's result, SHA-256 in hex.

    Raises:
        NodeError: the ``key`` template failed.
    """
    doc = of.node.doc
    said = resolved
    if doc.cache.key is not None:
        said = resolve(doc.cache.key, names, judge.types_in(of))
    definition = doc.model_dump(mode="json", exclude={"to", "label", "description", "cache", "save", "output_key"})
    parts = [of.scope.plan.name, of.node.id, definition, None if said is ABSENT else said]
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


def is_worth_keeping(result: Result) -> bool:
    """Whether a result may be kept: one that left by ``ok`` and wrote nothing by itself."""
    return result.port == "ok" and not result.writes and not result.escalated
