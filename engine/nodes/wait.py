"""wait: a time span, a point in time, or a signal.

Rule: it costs no task; what it waits for stands in ``timer.set``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from engine.errors import EngineBug, NodeError
from engine.model.nodes import WaitNode
from engine.model.templates import resolve
from engine.model.types import Types
from engine.model.values import ABSENT
from engine.runtime.context import Names, Place, Result
from engine.scheduler.events import Event, SignalReceived, TimerFired, TimerSet

AFTER_ALL_YEARS: Final = 253_402_300_800.0
"""The year 10000 in seconds since 1970: from there on a number was not meant in seconds, and no date has its name."""


class WaitWaiter:
    """Opens and concludes waits."""

    def resolve(self, node: WaitNode, names: Names, types: Types) -> dict[str, Any]:
        """``{seconds}``, ``{until}`` or ``{signal}`` with its value resolved.

        Raises:
            NodeError: ``wait.empty``: it came to an absent value; or a template failed.
        """
        name = next(name for name in ("seconds", "until", "signal") if getattr(node, name) is not None)
        value = resolve(getattr(node, name), names, types)
        if value is ABSENT:
            raise NodeError(
                f"the wait's {name} came to nothing", code="wait.empty", hint="give it a value, or lead around the wait"
            )
        return {name: value}

    def open(self, node: WaitNode, place: Place, resolved: Any, *, now: float) -> TimerSet:
        """The open wait.

        Raises:
            NodeError: ``seconds`` is no number, ``until`` no time, ``signal`` no text.
        """
        deadline = None if node.deadline_s is None else now + node.deadline_s
        event = TimerSet(execution=place.execution, node=place.node, deadline=deadline)
        if "signal" in resolved:
            event.signal = _signal(resolved["signal"])
        elif "until" in resolved:
            event.due = _point_in_time(resolved["until"])
        else:
            event.due = now + _seconds(resolved["seconds"])
        return event

    def conclude(self, fact: Event) -> Result:
        """The signal's value, or null; ``expired`` when the deadline came first."""
        match fact:
            case TimerFired():
                return Result(None, "expired" if fact.expired else "ok")
            case SignalReceived():
                return Result(fact.value)
            case _:
                raise EngineBug(f"a wait cannot end by {fact!r}")


def _seconds(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = -1.0
    if isinstance(value, bool) or not 0 <= seconds < 1e10:
        raise NodeError(f"{value!r} is no number of seconds", code="wait.seconds", hint="give a number from 0 on")
    return seconds


def _point_in_time(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        if 0 <= value < AFTER_ALL_YEARS:
            return float(value)
        raise NodeError(f"{value!r} is no point in time", code="wait.until", hint="give seconds since 1970")
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise NodeError(
            f"{value!r} is no point in time", code="wait.until", hint="write it as 2026-01-31T12:00:00Z"
        ) from None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _signal(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise NodeError(f"{value!r} is no signal's name", code="wait.signal", hint="a signal's name is text")
    return value
