"""Replaying a journal: its facts are applied, its consequences compared (RUNS.md §1).

Rule: a recorded run is bound to the walk that recorded it. Where the journal and the walk part, the first event that
does not fit is named, and nothing is guessed. ``n`` and ``at`` are the journal's own and are not compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from engine.errors import EngineBug, JournalError
from engine.scheduler.events import (
    TYPE_NAMES,
    EffectSettled,
    Event,
    LoopRepeated,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
)

if TYPE_CHECKING:
    from engine.scheduler.scheduler import Scheduler

_CONSEQUENCES: Final = (NodeSkipped, NodeCancelled, LoopRepeated, NodeCompleted, NodeFailed)
_CONTENT: Final[dict[type[Event], attrgetter[Any]]] = {
    kind: attrgetter(*(f.name for f in fields(kind) if f.name not in ("n", "at"))) for kind in _CONSEQUENCES
}


def replay(scheduler: Scheduler, events: Iterable[Event]) -> Sequence[Event]:
    """Fold a journal into a fresh scheduler. O(events and the edges they decide).

    What was under way then is taken up by the host with the fact ``run.resumed``.

    Args:
        scheduler: one that has seen nothing.
        events: the journal from its first event, or the beginning of one.

    Returns:
        The consequences of the last fact that the journal does not hold; none for a whole journal.

    Raises:
        JournalError: ``journal.mismatch`` with the number of the event where journal and walk part.
    """
    expected: Sequence[Event] = ()
    place = 0
    for event in events:
        if place < len(expected):
            _compare(event, expected[place])
            place += 1
        else:
            expected, place = _apply(scheduler, event), 0
    return expected[place:]


def _apply(scheduler: Scheduler, event: Event) -> Sequence[Event]:
    if not scheduler.accepts(event):
        if isinstance(event, EffectSettled):
            return ()  # recorded although its execution was withdrawn meanwhile
        raise _mismatch(event, "it does not fit what came before it")
    try:
        return scheduler.apply(event).consequences
    except EngineBug as error:
        raise _mismatch(event, error.message) from error


def _compare(event: Event, expected: Event) -> None:
    content = _CONTENT.get(type(expected))
    if type(event) is not type(expected) or content is None or content(event) != content(expected):
        raise _mismatch(event, f"here the graph leads to {_said(expected)}")


def _mismatch(event: Event, why: str) -> JournalError:
    return JournalError(
        f"the journal says {_said(event)}, but {why}",
        code="journal.mismatch",
        where=f"event {event.n}",
        hint="the graph, or this version of weft, is not the one that recorded the run",
    )


def _said(event: Event) -> str:
    execution = getattr(event, "execution", None)
    name = TYPE_NAMES[type(event)]
    return f"{name} of {execution}" if execution else name
