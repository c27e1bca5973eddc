"""JSON text is read strictly, and everything that is wrong with it is a finding."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.reading import MAX_BYTES, read_document
from engine.model.values import ABSENT, compact
from tests.model.documents import values


def codes(source: str | bytes) -> list[str]:
    return [finding.code for finding in read_document(source)[1]]


@given(values)
def test_any_json_is_read_as_it_is(value: Any) -> None:
    read, findings = read_document(json.dumps(value).encode())
    assert findings == []
    assert read is not ABSENT
    assert compact(read) == compact(value)


def test_what_a_browser_wrote_is_read_as_strictly_as_any_other_text() -> None:
    for text in (
        '{"a":1,"a":2}', '{"a":{"b":1,"b":1}}', "1.0", "[1.0]", "-0", "-0.0", "1e2", "9007199254740993", "1e400", "NaN",
        '"\\ud800"', '"\\ud83d\\ude00"', "0.1", "[-1.5,2]", "null", "1 ", "\ufeff1", "[" * 100 + "]" * 100,
        "[" * 101 + "]" * 101, '[{"a":' * 50 + "1" + "}]" * 50, '[{"a":' * 50 + "[]" + "}]" * 50, "[" * 5_000,
    ):  # fmt: skip
        assert repr(read_document(text.encode())) == repr(read_document(text)), text[:40]


@given(values.map(lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False)))
def test_any_json_without_blanks_is_read_as_its_text_is(text: str) -> None:
    assert repr(read_document(text.encode())) == repr(read_document(text))


@given(st.text(alphabet='{}[]",:012a.eE-'))
def test_any_text_without_blanks_is_read_as_strictly(text: str) -> None:
    assert repr(read_document(text.encode())) == repr(read_document(text))


@given(st.one_of(st.text(), st.binary(), st.text(alphabet='{}[]",:0123456789.eE-+\\untrfalse \n')))
def test_any_text_gives_a_value_or_findings_and_no_exception(source: str | bytes) -> None:
    value, findings = read_document(source)
    assert (value is not ABSENT) or findings
    assert all(finding.code.startswith("json.") and finding.severity == "error" for finding in findings)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "the file is empty"),
        (" \n", "the file is empty"),
        ('{"a": ', "breaks off"),
        ("{'a': 1}", "double quotes"),
        ("[1,]", "line 1, column 4: a comma stands after the last entry"),
        ('{"a": 1,\n}', "a comma stands after the last entry"),
        ("// no\n{}", "no comments"),
        ('{"a": 1 /* no */}', "no comments"),
        ("[1 2]", "a comma or a closing bracket is missing"),
        ('{"a" 1}', "a colon is missing"),
        ('"a\nb"', "raw line break"),
        ('"\\x"', "backslash"),
        ('"\\u12"', "four hexadecimal digits"),
        ('"abc', "no closing quote"),
        ("{} {}", "after the end"),
        ("True", "a value is missing"),
    ],
)
def test_what_is_no_json_is_told_with_line_and_column(source: str, words: str) -> None:
    value, findings = read_document(source)
    assert value is ABSENT
    assert [finding.code for finding in findings] == ["json.syntax"]
    assert words in findings[0].message
    assert findings[0].message.startswith("line ")


def test_every_key_given_twice_is_told_with_its_place() -> None:
    _, findings = read_document('{"a": {"b": 1, "b": 2, "c/d": 1, "c/d": 1}, "e": [{"f": 1, "f": 1}]}')
    assert [(finding.code, finding.place) for finding in findings] == [
        ("json.twice", "/a/b"),
        ("json.twice", "/a/c~1d"),
        ("json.twice", "/e/0/f"),
    ]


@pytest.mark.parametrize("source", ["[NaN]", "[-Infinity]", "[1e999]", "-1e999", "[" + "9" * 5000 + "]"])
def test_a_number_that_is_none_is_refused(source: str) -> None:
    assert codes(source) == ["json.number"]
    assert len(read_document(source)[1][0].message) < 100


@pytest.mark.parametrize(
    ("source", "held"),
    [("-0", 0), ("1.0", 1), ("1e2", 100), ("9007199254740993", 2**53), ("1e21", 1e21), ("1" * 30, 1e30 / 9)],
)  # fmt: skip
def test_a_number_is_held_as_the_double_it_means(source: str, held: float) -> None:
    value, _ = read_document(source)
    assert value == held
    assert type(value) is type(held)


def test_half_a_character_is_refused_where_it_stands() -> None:
    _, findings = read_document('{"a": ["\\ud800"], "\\udc00": 1, "b": "\\ud83d\\ude00"}')
    assert [(finding.code, finding.place) for finding in findings] == [
        ("json.surrogate", ""),
        ("json.surrogate", "/a/0"),
    ]
    assert codes('"\ud800"') == ["json.surrogate"]
    assert [finding.place for finding in read_document('{"\\ud800": "\\ud800"}')[1]] == ["", ""]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (b"\xff\xfe{\x00", "json.encoding"),
        (b"\xef\xbb\xbf{}", "json.encoding"),
        ("\ufeff{}", "json.encoding"),
        (b" " * (MAX_BYTES + 1), "json.size"),
        ("[" * 101 + "]" * 101, "json.depth"),
        ('{"a":' * 101 + "1" + "}" * 101, "json.depth"),
        ("[" * 200_000, "json.depth"),
    ],
)
def test_files_that_could_harm_or_mislead_are_refused(source: str | bytes, code: str) -> None:
    value, findings = read_document(source)
    assert value is ABSENT
    assert [finding.code for finding in findings] == [code]


def test_nesting_up_to_the_limit_is_read() -> None:
    assert codes("[" * 100 + "]" * 100) == []
