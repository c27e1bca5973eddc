"""One promise of weft by name: what the catalogue is made of and what the tests' recorder notes."""

from __future__ import annotations

from dataclasses import dataclass

OPTION_PORT = "an option"
"""Stands for the ports of a gate that its author names."""

EVERYWHERE = "(every command)"
"""Stands for the command of an option that every command has."""


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One promise.

    Attributes:
        section: ``kind``, ``port``, ``finding``, ``error``, ``event``, ``command``, ``option`` or ``exit code``.
        name: unique in its section, for instance ``join``, ``join.error``, ``run --id``.
    """

    section: str
    name: str
