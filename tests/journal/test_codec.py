"""An event comes back as it was, from both written forms, and what is unknown is refused."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineBug, Failure, JournalError
from engine.journal.codec import FORMAT, INLINE_BYTES, decode, encode, from_json, hash_of, to_json
from engine.journal.shapes import BY_CLASS, CODE_OF, moment, moment_text, node_of
from engine.scheduler import events as ev
from tests.journal.facts import EVENTS, HASH, any_event, completed, executions, moments, no_blobs, run_started, started

HISTORY = Path(__file__).with_name("events-v1.jsonl")


def restored(event: ev.Event) -> ev.Event:
    """The event after a way to the disk and back."""
    encoded = encode(event)
    blobs = encoded.blobs or {}
    return decode(event.n, event.at, encoded.code, FORMAT, encoded.body, blobs.__getitem__)


@pytest.mark.parametrize("kind", EVENTS)
@settings(max_examples=30)
@given(data=st.data())
def test_an_event_comes_back_from_both_forms(kind: type[Any], data: st.DataObject) -> None:
    event = data.draw(EVENTS[kind])
    assert restored(event) == event
    assert from_json(json.loads(json.dumps(to_json(event)))) == event


@given(any_event)
def test_the_public_form_begins_with_what_every_event_has(event: ev.Event) -> None:
    value = to_json(event)
    has_node = hasattr(event, "node")
    expected = ["n", "at", "type", *["node", "execution"][: 2 if has_node else 0]]
    assert list(value)[: len(expected)] == expected
    assert value["type"] == ev.TYPE_NAMES[type(event)]
    assert ("attempt" in value) == hasattr(event, "attempt")


def test_every_event_type_has_a_number_and_a_strategy() -> None:
    assert set(CODE_OF) == set(EVENTS) == set(ev.TYPE_NAMES)
    assert sorted(CODE_OF.values()) == list(range(1, len(CODE_OF) + 1))


@pytest.mark.parametrize("kind", EVENTS)
def test_no_field_of_an_event_is_left_unwritten(kind: type[Any]) -> None:
    beside = {"n", "at", "node"}
    written = {name for name, _ in BY_CLASS[kind].from_stored.values()}
    assert written == {field.name for field in fields(kind)} - beside
    assert set(BY_CLASS[kind].from_public) == written


def test_the_public_form_is_that_of_the_design() -> None:
    event = ev.NodeCompleted(
        execution="write@2", node="write", output="Text", port="ok", writes={"draft": "Text"}, n=12, at=1769860800.123
    )
    assert to_json(event) == {
        "n": 12,
        "at": "2026-01-31T12:00:00.123Z",
        "type": "node.completed",
        "node": "write",
        "execution": "write@2",
        "attempt": 1,
        "output": "Text",
        "port": "ok",
        "writes_output": ["draft"],
    }


def test_a_failure_is_written_with_its_class() -> None:
    failure = Failure("tool", "tool.failed", "it broke", hint="mend it")
    event = ev.NodeFailed(execution="a", node="a", error=failure, retry_at=60.5, n=3, at=0.0)
    assert to_json(event)["error"] == {"class": "tool", "code": "tool.failed", "message": "it broke", "hint": "mend it"}
    assert to_json(event)["retry_at"] == "1970-01-01T00:01:00.500Z"


def test_usage_names_tool_calls_only_where_there_were_some() -> None:
    used = to_json(completed(2, usage=ev.Usage(10, None, 1.5)))["usage"]
    assert used == {"tokens": 10, "usd": None, "seconds": 1.5}
    assert to_json(completed(2, usage=ev.Usage(10, 0.1, 1.5, 2)))["usage"]["tool_calls"] == 2


def test_an_output_of_null_is_a_value_and_a_derived_one_is_left_out() -> None:
    assert to_json(completed(2, output=None))["output"] is None
    assert "output" not in to_json(completed(2, output=ev.DERIVED))
    assert restored(completed(2, output=ev.DERIVED)) == completed(2, output=ev.DERIVED)


@pytest.mark.parametrize(
    ("writes", "output", "by_key", "by_value"),
    [
        ({"a": [1], "b": 2}, [1], ["a"], {"b": 2}),
        ({"a": 1}, True, None, {"a": 1}),
        ({"a": [1.0]}, [1], None, {"a": [1.0]}),
        ({"a": {"x": 1, "y": 2}}, {"y": 2, "x": 1}, None, {"a": {"x": 1, "y": 2}}),
        ({"a": None}, None, ["a"], None),
        ({}, None, None, {}),
    ],
)
def test_a_write_stands_by_key_alone_where_it_is_the_output(
    writes: dict[str, Any], output: Any, by_key: list[str] | None, by_value: dict[str, Any] | None
) -> None:
    event = completed(2, output=output, writes=writes)
    assert to_json(event).get("writes_output") == by_key
    assert to_json(event).get("writes") == by_value
    assert orjson.dumps(to_json(from_json(to_json(event)))) == orjson.dumps(to_json(event))
    assert orjson.dumps(to_json(restored(event))) == orjson.dumps(to_json(event))


def test_a_big_write_that_is_the_output_is_stored_once() -> None:
    text = "x" * (INLINE_BYTES + 1)
    event = completed(2, output=text, writes={"draft": text})
    assert len(encode(event).blobs or {}) == 1
    assert restored(event) == event


@given(executions())
def test_a_node_that_follows_from_the_execution_is_not_stored(execution: str) -> None:
    plain = encode(started(2, execution, node=node_of(execution)))
    other = encode(started(2, execution, node="elsewhere_entirely"))
    assert b'"n"' not in plain.body
    assert b'"n":"elsewhere_entirely"' in other.body


@pytest.mark.parametrize(
    ("execution", "node"),
    [("write", "write"), ("write@1.2", "write"), ("fetch@2[7]", "fetch"), ("team[3]/in@2/write@4", "team/in/write")],
)
def test_the_node_of_an_execution(execution: str, node: str) -> None:
    assert node_of(execution) == node


@given(moments)
def test_a_moment_comes_back_to_the_millisecond(at: float) -> None:
    assert moment(moment_text(at)) == at


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1.9996, "1970-01-01T00:00:02.000Z"),
        (1e18, "9999-12-31T23:59:59.999Z"),
        (-1e18, "0001-01-01T00:00:00.000Z"),
    ],
)
def test_moments_are_rounded_and_kept_within_what_can_be_written(at: float, text: str) -> None:
    assert moment_text(at) == text


@given(st.floats(0, 4e9))
def test_the_stored_form_keeps_moments_exactly(at: float) -> None:
    event = ev.TimerSet(execution="a", node="a", due=at, n=2, at=1.0)
    assert restored(event) == event


def test_a_value_over_64_kib_becomes_a_blob() -> None:
    big = "x" * INLINE_BYTES
    encoded = encode(completed(2, output=big))
    digest = hash_of(orjson.dumps(big))
    assert encoded.blobs == {digest: orjson.dumps(big)}
    assert encoded.refs == frozenset([digest])
    assert len(encoded.body) < 200
    assert restored(completed(2, output=big)) == completed(2, output=big)


def test_many_values_that_are_big_only_together_stay_in_the_row() -> None:
    event = ev.GateOpened(
        gate="g",
        execution="g",
        node="g",
        purpose="gate",
        prompt="p" * 40_000,
        options=[],
        detail="d" * 40_000,
        n=2,
        at=1.0,
    )
    assert encode(event).blobs is None
    assert restored(event) == event


def test_files_and_messages_that_an_event_names_are_known() -> None:
    file = {"$file": "ab" * 32, "name": "a.txt", "media_type": "text/plain"}
    big = [file, "x" * INLINE_BYTES]
    request = ev.ModelRequested(execution="a", node="a", step=1, model="m", messages_ref=HASH, n=2, at=1.0)
    assert encode(completed(2, output=[file])).refs == frozenset(["ab" * 32])
    assert encode(completed(2, output='{"$file":"' + "cd" * 32 + '"}')).refs is None
    assert encode(completed(2, output=big)).refs == frozenset(["ab" * 32, hash_of(orjson.dumps(big))])
    assert encode(request).refs == frozenset([HASH])


@pytest.mark.parametrize("value", [{1, 2}, 2**70, "\ud800", {1: 2}])
def test_a_value_that_is_no_json_is_a_bug_of_whoever_let_it_in(value: Any) -> None:
    with pytest.raises(EngineBug, match="not JSON"):
        encode(completed(2, output=value))


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ((CODE_OF[ev.RunCancelled], FORMAT + 1, b"{}"), "journal.version"),
        ((99, FORMAT, b"{}"), "journal.version"),
        ((CODE_OF[ev.RunCancelled], FORMAT, b'{"later":1}'), "journal.version"),
        ((CODE_OF[ev.RunCompleted], FORMAT, b"{}"), "journal.corrupt"),
        ((CODE_OF[ev.RunCompleted], FORMAT, b'{"o":'), "journal.corrupt"),
    ],
)
def test_a_row_from_the_future_or_damaged_is_refused(row: tuple[int, int, bytes], code: str) -> None:
    with pytest.raises(JournalError) as caught:
        decode(5, 1.0, *row, no_blobs)
    assert caught.value.code == code
    assert caught.value.where == "event 5"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "run.exploded"}, "journal.version"),
        ({"later": 1}, "journal.version"),
        ({"graph": None}, "journal.corrupt"),
        ({"at": None}, "journal.corrupt"),
    ],
)
def test_public_json_from_the_future_or_damaged_is_refused(change: dict[str, Any], code: str) -> None:
    value = {key: field for key, field in (to_json(run_started()) | change).items() if field is not None}
    with pytest.raises(JournalError) as caught:
        from_json(value)
    assert caught.value.code == code


@pytest.mark.parametrize("line", HISTORY.read_text(encoding="utf-8").splitlines())
def test_what_the_first_form_wrote_is_read_for_ever(line: str) -> None:
    old = json.loads(line)
    event = decode(old["n"], old["at"], old["code"], old["version"], old["body"].encode(), no_blobs)
    assert to_json(event) == old["json"]


def test_the_history_holds_every_event_type() -> None:
    lines = [json.loads(line) for line in HISTORY.read_text(encoding="utf-8").splitlines()]
    assert {line["code"] for line in lines} == set(CODE_OF.values())
