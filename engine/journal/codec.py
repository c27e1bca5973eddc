"""Event to JSON and back, and event to bytes and back.

Rule: two written forms of one event, and both give back what was put in. The *public* form is RUNS.md §1: one JSON
object with every name spelled out and moments as ISO text. The *stored* form is the same object with one-letter keys
and without whatever follows from the rest: ``n``, ``at`` and the type stand in columns of their own, ``node`` is left
out where it follows from ``execution``, and a value over 64 KiB is a reference to a blob. What was stored by any
release stays readable: ``FORMAT`` names the newest form, and a type, field or form from the future is refused with
``journal.version`` rather than dropped.

In both forms a field at its default is left out. The output of ``node.completed`` is the exception: None is written
(``"output": null`` is a value), and what is left out is ``DERIVED``. A state write that equals the output stands by
its key alone in ``writes_output``, any other with its value in ``writes``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from operator import attrgetter
from typing import Any, Final, NamedTuple

import orjson

from engine.errors import EngineBug, Failure, JournalError
from engine.scheduler import events as ev

FORMAT: Final = 1
"""The stored form that this weft writes; it reads all from 1 up to this one."""

INLINE_BYTES: Final = 64 * 1024
"""A field whose JSON is longer than this many bytes is stored as a blob."""


class Encoded(NamedTuple):
    """One event in the stored form.

    Attributes:
        code: number of the event's type.
        body: JSON object with short keys, at most about ``INLINE_BYTES`` per field.
        blobs: SHA-256 (hex) -> JSON bytes of the fields that were too big, or None.
        refs: SHA-256 (hex) of every blob that the event needs, file values included, or None.
    """

    code: int
    body: bytes
    blobs: dict[str, bytes] | None = None
    refs: frozenset[str] | None = None


LoadBlob = Callable[[str], bytes]
"""Hash (hex) -> the blob's bytes; raises JournalError if it is missing."""


# --- values ---


def value_bytes(value: Any) -> bytes:
    """A JSON value as compact UTF-8; key order is kept.

    Raises:
        EngineBug: the value is no JSON value (a set, an integer past 64 bits, a lone surrogate, …). Whoever takes
            values from outside has to refuse these before they become an event.
    """
    try:
        return orjson.dumps(value)
    except TypeError as error:
        raise EngineBug(f"a value that is not JSON reached the journal: {error}") from error


def hash_of(content: bytes) -> str:
    """SHA-256 of the bytes, as 64 hex digits."""
    return sha256(content).hexdigest()


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


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class _Form:
    """How a field's value is written and read: in public JSON, and in the stored form."""

    to_json: Callable[[Any], Any] = _same
    from_json: Callable[[Any], Any] = _same
    to_stored: Callable[[Any], Any] = _same
    from_stored: Callable[[Any], Any] = _same


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


def _usage_stored(usage: ev.Usage) -> list[Any]:
    return [usage.tokens, usage.usd, usage.seconds, usage.tool_calls]


def _usage_from_stored(value: list[Any]) -> ev.Usage:
    return ev.Usage(*value)


_PLAIN = _Form()
_TAKEN = _Form(to_json=list, from_json=tuple, to_stored=list, from_stored=tuple)
# Stored moments keep every bit, so that a fold from the disk equals the fold that wrote it.
_MOMENT = _Form(to_json=moment_text, from_json=moment)
_FAILURE = _Form(_failure_json, Failure.from_json, _failure_json, Failure.from_json)
_USAGE = _Form(usage_json, usage_from_json, _usage_stored, _usage_from_stored)


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
class _Shape:
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
    stored: tuple[tuple[str, Any, Callable[[Any], Any] | None], ...]
    public: tuple[tuple[str, Any, Callable[[Any], Any] | None], ...]
    from_stored: dict[str, tuple[str, Callable[[Any], Any]]]
    from_public: dict[str, tuple[str, Callable[[Any], Any]]]


def _writer(write: Callable[[Any], Any]) -> Callable[[Any], Any] | None:
    return None if write is _same else write


def _shape(code: int, cls: type[Any], *fields: _Field, node: bool = True) -> _Shape:
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
    return _Shape(
        cls=cls,
        name=ev.TYPE_NAMES[cls],
        code=code,
        has_node=node,
        values=values,
        stored=tuple((f.key, f.default, _writer(f.form.to_stored)) for f in fields),
        public=tuple((f.name, _ALWAYS if f.name in shown else f.default, _writer(f.form.to_json)) for f in fields),
        from_stored={f.key: (f.name, f.form.from_stored) for f in fields},
        from_public={f.name: (f.name, f.form.from_json) for f in fields},
    )


def _no_values(_event: Any) -> tuple[Any, ...]:
    return ()


def _one_value(get: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda event: (get(event),)


# --- the table; numbers and keys are for ever ---

_SHAPES: Final = (
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
    ),
    _shape(
        6,
        ev.EffectSettled,
        _EXECUTION,
        _Field("key", "k"),
        _Field("result", "o", None),
        _Field("error", "f", None, _FAILURE),
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

_BY_CLASS: Final = {shape.cls: shape for shape in _SHAPES}
_BY_CODE: Final = {shape.code: shape for shape in _SHAPES}
_BY_NAME: Final = {shape.name: shape for shape in _SHAPES}

CODE_OF: Final[dict[type[Any], int]] = {shape.cls: shape.code for shape in _SHAPES}
"""Event class -> the number of its type in the store."""

_NODE_KEY = "n"
_WRITES_OUTPUT_KEY = "k"
_BLOBS_KEY = "#"


# --- the public form ---


def to_json(event: ev.Event) -> dict[str, Any]:
    """The event as RUNS.md §1 writes it: n, at, type, node, execution, attempt, then the rest; about 3 µs."""
    shape = _BY_CLASS[type(event)]
    value: dict[str, Any] = {"n": event.n, "at": moment_text(event.at), "type": shape.name}
    if shape.has_node:
        value["node"] = event.node  # type: ignore[union-attr]
    for (name, default, write), field in zip(shape.public, shape.values(event), strict=True):
        # Identity is enough: the defaults are None, False, 1, "" and (), of which there is one each.
        if field is not default:
            value[name] = field if write is None else write(field)
    if type(event) is ev.NodeCompleted and event.writes is not None:
        _split_writes(event, value, "writes", "writes_output")
    return value


def from_json(value: Mapping[str, Any]) -> ev.Event:
    """The inverse of ``to_json``.

    Raises:
        JournalError: ``journal.version`` for an unknown type or field, ``journal.corrupt`` for a missing one.
    """
    rest = dict(value)
    where = f"event {rest.get('n', '?')}"
    try:
        n, at, shape = rest.pop("n"), moment(rest.pop("at")), _BY_NAME.get(rest.pop("type"))
    except KeyError as error:
        raise _damaged(where, f"{error} is missing") from error
    if shape is None:
        raise _newer(where, f"the event type {value['type']!r}")
    node = rest.pop("node", None) if shape.has_node else None
    return _build(shape, shape.from_public, rest, _Head(n, at, node, where), "writes_output")


# --- the stored form ---


def encode(event: ev.Event) -> Encoded:
    """The event in the stored form; 1 to 3 µs and the time to write its values.

    Raises:
        EngineBug: a value is no JSON value.
    """
    shape = _BY_CLASS[type(event)]
    fields: dict[str, Any] = {}
    for (key, default, write), field in zip(shape.stored, shape.values(event), strict=True):
        if field is not default:
            fields[key] = field if write is None else write(field)
    if shape.has_node:
        node: str = event.node  # type: ignore[union-attr]
        execution: str = fields["e"]
        if node != execution and node != node_of(execution):
            fields[_NODE_KEY] = node
    if type(event) is ev.NodeCompleted and event.writes is not None:
        _split_writes(event, fields, "w", _WRITES_OUTPUT_KEY)
    body = value_bytes(fields)
    blobs = None
    if len(body) > INLINE_BYTES:
        body, blobs = _move_out(fields)
    return Encoded(shape.code, body, blobs, _references(event, body, blobs))


def decode(n: int, at: float, code: int, version: int, body: bytes, load_blob: LoadBlob) -> ev.Event:
    """The inverse of ``encode``; ``n`` and ``at`` come from the row.

    Raises:
        JournalError: ``journal.version`` for a form, type or field from the future, ``journal.corrupt`` for damage.
    """
    where = f"event {n}"
    shape = _BY_CODE.get(code)
    if version != FORMAT:
        raise _newer(where, f"form {version} of the stored events")
    if shape is None:
        raise _newer(where, f"the event type number {code}")
    try:
        fields: dict[str, Any] = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _damaged(where, str(error)) from error
    for key, digest in fields.pop(_BLOBS_KEY, {}).items():
        fields[key] = orjson.loads(load_blob(digest))
    return _build(
        shape, shape.from_stored, fields, _Head(n, at, fields.pop(_NODE_KEY, None), where), _WRITES_OUTPUT_KEY
    )


def _move_out(fields: dict[str, Any]) -> tuple[bytes, dict[str, bytes] | None]:
    """The body with a reference in the place of every field that is too big, and the blobs; twice the writing."""
    blobs: dict[str, bytes] = {}
    moved: dict[str, str] = {}
    for key, field in fields.items():
        content = value_bytes(field)
        if len(content) > INLINE_BYTES:
            moved[key] = hash_of(content)
            blobs[moved[key]] = content
    kept = {key: field for key, field in fields.items() if key not in moved}
    if moved:
        kept[_BLOBS_KEY] = moved
    return value_bytes(kept), blobs or None


# orjson writes compactly, and a quote inside a string is escaped, so this finds file values and nothing else.
_FILE_VALUE = re.compile(rb'"\$file":"([0-9a-f]{64})"')


def _references(event: ev.Event, body: bytes, blobs: dict[str, bytes] | None) -> frozenset[str] | None:
    found: set[str] = set()
    if type(event) is ev.ModelRequested:
        found.add(event.messages_ref)
    if b'"$file"' in body:
        found.update(digest.decode() for digest in _FILE_VALUE.findall(body))
    for digest, content in (blobs or {}).items():
        found.add(digest)
        found.update(inner.decode() for inner in _FILE_VALUE.findall(content))
    return frozenset(found) if found else None


# --- both ---


def _split_writes(event: ev.NodeCompleted, value: dict[str, Any], writes_key: str, output_key: str) -> None:
    """Put the writes that equal the output under ``output_key`` by name, and the others under ``writes_key``."""
    writes = event.writes or {}
    by_name = [key for key, written in writes.items() if _equal(written, event.output)]
    if by_name:
        value[output_key] = by_name
        value[writes_key] = {key: written for key, written in writes.items() if key not in set(by_name)}
        if not value[writes_key]:
            del value[writes_key]


def _equal(written: Any, output: Any) -> bool:
    """Whether both are one JSON value: Python holds 1, 1.0 and True for equal, JSON does not."""
    return written is output or (written == output and value_bytes(written) == value_bytes(output))


class _Head(NamedTuple):
    """What stands beside an event's fields."""

    n: int
    at: float
    node: str | None
    where: str


def _build(
    shape: _Shape,
    readers: Mapping[str, tuple[str, Callable[[Any], Any]]],
    fields: Mapping[str, Any],
    head: _Head,
    output_key: str,
) -> ev.Event:
    values: dict[str, Any] = {"n": head.n, "at": head.at}
    completed = shape.cls is ev.NodeCompleted
    if completed:
        values["output"] = ev.DERIVED
    written_output = ()
    for key, field in fields.items():
        if completed and key == output_key:
            written_output = field
            continue
        reader = readers.get(key)
        if reader is None:
            raise _newer(head.where, f"the field {key!r} of {shape.name}")
        name, read = reader
        values[name] = field if read is _same else read(field)
    if shape.has_node:
        values["node"] = head.node if head.node is not None else node_of(values.get("execution", ""))
    if written_output:
        values["writes"] = values.get("writes", {}) | dict.fromkeys(written_output, values["output"])
    try:
        event: ev.Event = shape.cls(**values)
    except TypeError as error:
        raise _damaged(head.where, str(error)) from error
    return event


def _newer(where: str, what: str) -> JournalError:
    return JournalError(
        f"{what} is not known to this weft",
        code="journal.version",
        where=where,
        hint="the run was written by a newer weft; read it with that one",
    )


def _damaged(where: str, what: str) -> JournalError:
    return JournalError(
        f"the event is damaged: {what}",
        code="journal.corrupt",
        where=where,
        hint="restore the database from a backup",
    )
