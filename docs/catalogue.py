"""What weft promises by name, collected from the code: the entries of docs/reference.md and of the catalogue test.

Rule: nothing is listed here by hand. A kind, port, finding, error code, event, command, option or exit code is in the
catalogue because the code has it, and a full run of the tests fails while one of them is brought about by no test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.errors import CODES
from engine.model.nodes import PORTS
from engine.scheduler.events import TYPE_NAMES

OPTION_PORT = "an option"
"""Stands for the ports of a gate that its author names."""


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One promise.

    Attributes:
        section: ``kind``, ``port``, ``finding``, ``error``, ``event``, ``command``, ``option`` or ``exit code``.
        name: unique in its section, for instance ``join``, ``join.error``, ``run --id``.
    """

    section: str
    name: str


def catalogue() -> list[Entry]:
    """Every entry, section by section, each in the order of its table in the code."""
    return [*kinds(), *ports(), *errors(), *events()]


def kinds() -> Iterator[Entry]:
    """Every kind of node."""
    return (Entry("kind", kind) for kind in PORTS)


def ports() -> Iterator[Entry]:
    """Every port of every kind, as ``kind.port``."""
    for kind, names in PORTS.items():
        if kind == "human-gate":
            yield Entry("port", f"{kind}.{OPTION_PORT}")
        yield from (Entry("port", f"{kind}.{name}") for name in names)


def errors() -> Iterator[Entry]:
    """Every code of an error or of a node's failure, the engine's own bug apart, which nothing should bring about."""
    return (Entry("error", code) for code in CODES if code not in {"engine.bug", "weft.error"})


def events() -> Iterator[Entry]:
    """Every type of event."""
    return (Entry("event", name) for name in TYPE_NAMES.values())
