"""The table of the event types: what each field is called in the two written forms, and how it is written.

Rule: a line here is for ever. A type keeps its number, a field its stored key; a new field is added with a default, so
that what was written before it is still read. Moments are ISO text in public JSON and seconds in the store.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final, NamedTuple

from engine.errors import Failure
from engine.scheduler import events as ev

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MS = -62135596800_000  # 0001-01-01T00:00:00.000Z
_LAST_MS = 253402300799_999  # 9999-12-31T23:59:59.999Z


def moment_text(at: float) -> str:
    """Seconds since 1970 as ``2026-01-31T12:00:00.123Z``, rounded to the millisecond.

    A moment that ISO cannot write with four digits of year becomes the first or last one that it can: a deadline of
    a million years is as good as never.
    """
    ms = min(max(round(at * 1000), _FIRST_MS), _LAST_MS)
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> float:
    """The inverse of ``moment_text``; any ISO text with a zone."""
    return (datetime.fromisoformat(text) - _EPOCH) / timedelta(milliseconds=1) / 1000


_MARKS = re.compile(r"[@\[][^/]*")


@lru_cache(maxsize=8192)
def node_of(execution: str) -> str:
    """The node path of an execution name (GRAPH.md §5): ``team@2/write@1.2[7]`` is of ``team/write``."""
    return _MARKS.sub("", execution)


# --- how single fields are written ---


Change = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Form:
    """How a field's value is written and read, in public JSON and in the stored form; None: as it is."""

    to_json: Change | None = None
    from_json: Change | None = None
    to_stored: Change | None = None
    from_stored: Change | None = None


def _failure_json(failure: Failure) -> dict[str, Any]:
    value = failure.as_json()
    if not failure.node:
        del value["node"]
    return value


def usage_json(usage: ev.Usage) -> dict[str, Any]:
    """Usage as ``{tokens, usd, seconds}`` and ``tool_calls`` where there were some."""
    value: dict[str, Any] = {"tokens": usage.tokens, "usd": usage.usd, "seconds": usage.seconds}
    if usage.tool_calls:
        value["tool_calls"] = usage.tool_calls
    return value


def usage_from_json(value: Mapping[str, Any]) -> ev.Usage:
    """The inverse of ``usage_json``."""
    return ev.Usage(value["tokens"], value["usd"], value["seconds"], value.get("tool_calls", 0))


def usage_stored(usage: ev.Usage) -> list[Any]:
    """Usage as it stands in stored events."""
    return [usage.tokens, usage.usd, usage.seconds, usage.tool_calls]


def _usage_from_stored(value: list[Any]) -> ev.Usage:
    return ev.Usage(*value)


_PLAIN = _Form()
_TAKEN = _Form(to_json=list, from_json=tuple, to_stored=list, from_stored=tuple)
# Stored moments keep every bit, so that a fold from the disk equals the fold that wrote it.
_MOMENT = _Form(to_json=moment_text, from_json=moment)
_FAILURE = _Form(_failure_json, Failure.from_json, _failure_json, Failure.from_json)
_USAGE = _Form(usage_json, usage_from_json, usage_stored, _usage_from_stored)


class _Always:
    """Stands for the default of a field that has none, so that it is never left out."""


_ALWAYS: Final = _Always()


class _Field(NamedTuple):
    """One field: its name, its stored key, the value that is left out, and its form."""

    name: str
    key: str
    default: Any = _ALWAYS
    form: _Form = _PLAIN


_EXECUTION = _Field("execution", "e")
_ATTEMPT = _Field("attempt", "a", 1)
_AGENT = _Field("agent", "g", "")
_GATE = _Field("gate", "q")


@dataclass(frozen=True, slots=True)
class Shape:
    """One event type in both written forms, made ready for a quick loop.

    Attributes:
        cls: the event's class.
        name: its ``type`` in public JSON.
        code: its number in the store; never used again for another type.
        has_node: whether it carries ``node`` beside ``execution``.
        values: event -> its fields' values, in the order of the columns.
        stored: per column (key, default, writer or None).
        public: per column (name, default, writer or None); ``execution`` and ``attempt`` are never left out.
        from_stored: key -> (field, reader).
        from_public: name -> (field, reader).
    """

    cls: type[Any]
    name: str
    code: int
    has_node: bool
    values: Callable[[Any], tuple[Any, ...]]
    stored: tuple[tuple[str, Any, Change | None], ...]
    public: tuple[tuple[str, Any, Change | None], ...]
    from_stored: dict[str, tuple[str, Change | None]]
    from_public: dict[str, tuple[str, Change | None]]


def _shape(code: int, cls: type[Any], *fields: _Field, node: bool = True) -> Shape:
    shown = {"execution", "attempt"}
    names = [field.name for field in fields]
    get = attrgetter(*names) if names else None
    values: Callable[[Any], tuple[Any, ...]]
    if get is None:
        values = _no_values
    elif len(names) == 1:
        values = _one_value(get)
    else:
        values = get
    return Shape(
        cls=cls,
        name=ev.TYPE_NAMES[cls],
        code=code,
        has_node=node,
        values=values,
        stored=tuple((f.key, f.default, f.form.to_stored) for f in fields),
        public=tuple((f.name, _ALWAYS if f.name in shown else f.default, f.form.to_json) for f in fields),
        from_stored={f.key: (f.name, f.form.from_stored) for f in fields},
        from_public={f.name: (f.name, f.form.from_json) for f in fields},
    )


def _no_values(_event: Any) -> tuple[Any, ...]:
    return ()


def _one_value(get: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda event: (get(event),)


# --- the table; numbers and keys are for ever ---

SHAPES: Final = (
    _shape(
        1,
        ev.RunStarted,
        _Field("graph", "g"),
        _Field("graph_hash", "h"),
        _Field("documents", "d"),
        _Field("input", "i"),
        _Field("seed", "s"),
        _Field("engine", "v"),
        _Field("parent", "p", None),
        _Field("options", "o", None),
        node=False,
    ),
    _shape(
        2,
        ev.NodeStarted,
        _EXECUTION,
        _ATTEMPT,
        _Field("input", "i", None),
        _Field("input_hash", "h", None),
        _Field("items", "l", None),
    ),
    _shape(
        3,
        ev.NodeCompleted,
        _EXECUTION,
        _ATTEMPT,
        _Field("output", "o", ev.DERIVED),
        _Field("port", "p", None),
        _Field("taken", "t", None, _TAKEN),
        _Field("target", "g", None),
        _Field("repeat", "r", None),
        _Field("exhausted", "x", False),
        _Field("escalated", "s", False),
        _Field("writes", "w", None),
        _Field("errors", "f", None),
        _Field("usage", "u", None, _USAGE),
        _Field("reused_from", "z", None),
        _Field("pinned", "y", False),
    ),
    _shape(
        4,
        ev.NodeFailed,
        _EXECUTION,
        _ATTEMPT,
        _Field("error", "f", form=_FAILURE),
        _Field("retry_at", "r", None, _MOMENT),
        _Field("taken", "t", (), _TAKEN),
        _Field("ends_run", "x", False),
        _Field("usage", "u", None, _USAGE),
    ),
    _shape(
        5,
        ev.EffectClaimed,
        _EXECUTION,
        _Field("key", "k"),
        _Field("tool", "t"),
        _Field("args_hash", "h"),
        _Field("effect", "f"),
        _Field("graph", "g", None),
        _Field("call", "c", ""),
        _Field("input", "i", None),
        _Field("deadline", "d", None, _MOMENT),
        _Field("limits", "l", None),
    ),
    _shape(
        6,
        ev.EffectSettled,
        _EXECUTION,
        _Field("key", "k"),
        _Field("result", "o", None),
        _Field("error", "f", None, _FAILURE),
        _Field("writes", "w", None),
        _Field("usage", "u", None, _USAGE),
        _Field("simulated", "x", False),
    ),
    _shape(
        7,
        ev.ModelRequested,
        _EXECUTION,
        _Field("step", "s"),
        _Field("model", "m"),
        _Field("messages_ref", "h"),
        _AGENT,
    ),
    _shape(
        8,
        ev.ModelAnswered,
        _EXECUTION,
        _Field("step", "s"),
        _Field("answer", "o"),
        _AGENT,
        _Field("usage", "u", None, _USAGE),
    ),
    _shape(9, ev.AgentStateChanged, _EXECUTION, _Field("state", "s"), _AGENT, _Field("detail", "d", None)),
    _shape(
        10,
        ev.GateOpened,
        _EXECUTION,
        _GATE,
        _Field("purpose", "p"),
        _Field("prompt", "m"),
        _Field("options", "o"),
        _Field("form", "f", None),
        _Field("prefill", "i", None),
        _Field("assignees", "s", None),
        _Field("deadline", "l", None, _MOMENT),
        _Field("remind_every_s", "r", None),
        _Field("escalate", "c", None),
        _Field("default", "t", None),
        _Field("detail", "d", None),
    ),
    _shape(11, ev.GateReminded, _EXECUTION, _GATE, _Field("count", "c")),
    _shape(12, ev.GateEscalated, _EXECUTION, _GATE, _Field("step", "c"), _Field("assignees", "s")),
    _shape(
        13,
        ev.GateAnswered,
        _EXECUTION,
        _GATE,
        _Field("option", "o"),
        _Field("form", "f", None),
        _Field("by", "b", None),
    ),
    _shape(14, ev.GateExpired, _EXECUTION, _GATE),
    _shape(
        15,
        ev.TimerSet,
        _EXECUTION,
        _Field("due", "t", None, _MOMENT),
        _Field("signal", "s", None),
        _Field("deadline", "l", None, _MOMENT),
    ),
    _shape(16, ev.TimerFired, _EXECUTION, _Field("expired", "x", False)),
    _shape(17, ev.SignalReceived, _Field("name", "s"), _Field("value", "o", None), node=False),
    _shape(18, ev.RunResumed, _Field("clean", "c", False), _Field("engine", "v", ""), node=False),
    _shape(19, ev.RunCancelRequested, _Field("by", "b", None), _Field("reason", "r", None), node=False),
    _shape(20, ev.NodeSkipped, _EXECUTION, _Field("why", "y")),
    _shape(21, ev.NodeCancelled, _EXECUTION, _Field("why", "y")),
    _shape(22, ev.LoopRepeated, _EXECUTION, _Field("header", "h"), _Field("iteration", "i"), node=False),
    _shape(23, ev.RunCompleted, _Field("output", "o"), node=False),
    _shape(24, ev.RunFailed, _Field("error", "f", form=_FAILURE), node=False),
    _shape(25, ev.RunCancelled, node=False),
)

BY_CLASS: Final = {shape.cls: shape for shape in SHAPES}
BY_CODE: Final = {shape.code: shape for shape in SHAPES}
BY_NAME: Final = {shape.name: shape for shape in SHAPES}

CODE_OF: Final[dict[type[Any], int]] = {shape.cls: shape.code for shape in SHAPES}
"""Event class -> the number of its type in the store."""
