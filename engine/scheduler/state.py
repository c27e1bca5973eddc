"""The status of an execution and the only ways in which it changes.

Rule: every change of status is a row of ``TRANSITIONS``; anything else is a bug of ours and raises. The docs' diagram
is made from this table, and the words are the same in journal, commands, interface and CSS classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from engine.errors import EngineBug

Status = Literal["waiting", "running", "retrying", "asking", "completed", "failed", "skipped", "cancelled", "reused"]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)

RunStatus = Literal["running", "waiting", "completed", "failed", "cancelled"]
RUN_STATUSES: Final[tuple[RunStatus, ...]] = get_args(RunStatus)


@dataclass(frozen=True, slots=True)
class Transition:
    """One legal change: from ``source`` to ``target`` because of ``cause``."""

    source: Status
    target: Status
    cause: str


TRANSITIONS: Final[tuple[Transition, ...]] = (
    Transition("waiting", "running", "an attempt begins"),
    Transition("waiting", "completed", "a fork, join, loop-back or end passes on, or its output is pinned"),
    Transition("waiting", "failed", "it cannot begin, or was given up"),
    Transition("waiting", "skipped", "no edge to it was taken"),
    Transition("waiting", "cancelled", "it was withdrawn before it began"),
    Transition("waiting", "reused", "the result of an earlier run stands for it"),
    Transition("running", "waiting", "the process ended; the next attempt is wanted"),
    Transition("running", "retrying", "the attempt failed and is tried again later"),
    Transition("running", "asking", "a person is asked"),
    Transition("running", "completed", "it came to its result"),
    Transition("running", "failed", "its last attempt failed"),
    Transition("running", "cancelled", "it was withdrawn"),
    Transition("retrying", "running", "the next attempt begins"),
    Transition("retrying", "failed", "it was given up"),
    Transition("retrying", "cancelled", "it was withdrawn"),
    Transition("asking", "running", "the person answered, or the time is up"),
    Transition("asking", "retrying", "the attempt was cut off by its time-out and is tried again"),
    Transition("asking", "completed", "it came to its result without the answer"),
    Transition("asking", "failed", "the attempt was cut off by its time-out"),
    Transition("asking", "cancelled", "it was withdrawn, and its gate closed"),
    Transition("failed", "waiting", "the failed run is resumed"),
    Transition("cancelled", "waiting", "the run that was ended is resumed"),
)

_NEXT: Final[dict[Status, frozenset[Status]]] = {
    source: frozenset(t.target for t in TRANSITIONS if t.source == source) for source in STATUSES
}


def check_transition(name: str, source: Status, target: Status) -> None:
    """Refuse what the table does not hold.

    Raises:
        EngineBug: no row leads from ``source`` to ``target``.
    """
    if target not in _NEXT[source]:
        raise EngineBug(f"{name} cannot go from {source} to {target}", where=name)


def is_final(status: Status) -> bool:
    """Whether an execution of this status is decided (GRAPH.md §3.1)."""
    return status in _DECIDED


_DECIDED: Final = frozenset({"completed", "failed", "skipped", "cancelled", "reused"})
