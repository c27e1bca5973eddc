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
from hashlib import sha256
from typing import Any, Final, NamedTuple

import orjson

from engine.errors import EngineBug, JournalError
from engine.journal.shapes import (
    BY_CLASS,
    BY_CODE,
    BY_NAME,
    Change,
    Shape,
    moment,
    moment_text,
    node_of,
    usage_stored,
)
from engine.scheduler import events as ev

__all__ = [
    "FORMAT",
    "INLINE_BYTES",
    "Encoded",
    "LoadBlob",
    "decode",
    "encode",
    "from_json",
    "hash_of",
    "moment_text",
    "to_json",
    "value_bytes",
]

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


_NODE_KEY = "n"
_WRITES_OUTPUT_KEY = "k"
_BLOBS_KEY = "#"


# --- the public form ---


def to_json(event: ev.Event) -> dict[str, Any]:
    """The event as RUNS.md §1 writes it: n, at, type, node, execution, attempt, then the rest; about 3 µs."""
    shape = BY_CLASS[type(event)]
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
        n, at, shape = rest.pop("n"), moment(rest.pop("at")), BY_NAME.get(rest.pop("type"))
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
    kind = type(event)
    if kind is ev.NodeCompleted:
        code, fields = 3, _stored_completed(event)  # type: ignore[arg-type]
    elif kind is ev.NodeStarted:
        code, fields = 2, _stored_started(event)  # type: ignore[arg-type]
    else:
        code, fields = _stored(event)
    body = value_bytes(fields)
    blobs = None
    if len(body) > INLINE_BYTES:
        body, blobs = _move_out(fields)
    if blobs is None and kind is not ev.ModelRequested and b'"$file"' not in body:
        return Encoded(code, body)
    return Encoded(code, body, blobs, _references(event, body, blobs))


def _stored(event: ev.Event) -> tuple[int, dict[str, Any]]:
    """The type's number and the fields by their stored keys, by the table."""
    shape = BY_CLASS[type(event)]
    fields: dict[str, Any] = {}
    for (key, default, write), field in zip(shape.stored, shape.values(event), strict=True):
        if field is not default:
            fields[key] = field if write is None else write(field)
    if shape.has_node and event.node != node_of(fields["e"]):  # type: ignore[union-attr]
        fields[_NODE_KEY] = event.node  # type: ignore[union-attr]
    return shape.code, fields


# Every node has one of each of these two, so they are written out: half the time of the table.


def _stored_started(event: ev.NodeStarted) -> dict[str, Any]:
    fields: dict[str, Any] = {"e": event.execution}
    if event.attempt != 1:
        fields["a"] = event.attempt
    if event.input is not None:
        fields["i"] = event.input
    if event.input_hash is not None:
        fields["h"] = event.input_hash
    if event.items is not None:
        fields["l"] = event.items
    if event.node != node_of(event.execution):
        fields[_NODE_KEY] = event.node
    return fields


def _stored_completed(event: ev.NodeCompleted) -> dict[str, Any]:
    fields: dict[str, Any] = {"e": event.execution}
    if event.attempt != 1:
        fields["a"] = event.attempt
    if event.output is not ev.DERIVED:
        fields["o"] = event.output
    if event.port is not None:
        fields["p"] = event.port
    if event.taken is not None:
        fields["t"] = event.taken
    if event.target is not None:
        fields["g"] = event.target
    if event.repeat is not None:
        fields["r"] = event.repeat
    if event.exhausted:
        fields["x"] = True
    if event.escalated:
        fields["s"] = True
    if event.errors is not None:
        fields["f"] = event.errors
    if event.usage is not None:
        fields["u"] = usage_stored(event.usage)
    if event.reused_from is not None:
        fields["z"] = event.reused_from
    if event.pinned:
        fields["y"] = True
    if event.writes is not None:
        fields["w"] = event.writes
        _split_writes(event, fields, "w", _WRITES_OUTPUT_KEY)
    if event.node != node_of(event.execution):
        fields[_NODE_KEY] = event.node
    return fields


def decode(n: int, at: float, code: int, version: int, body: bytes, load_blob: LoadBlob) -> ev.Event:
    """The inverse of ``encode``; ``n`` and ``at`` come from the row.

    Raises:
        JournalError: ``journal.version`` for a form, type or field from the future, ``journal.corrupt`` for damage.
    """
    where = f"event {n}"
    shape = BY_CODE.get(code)
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
    shape: Shape,
    readers: Mapping[str, tuple[str, Change | None]],
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
        values[name] = field if read is None else read(field)
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
