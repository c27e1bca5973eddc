"""JSON text to a value, strictly: what two readers could understand differently is refused, not guessed.

Rule: no exception leaves this file for bad text; everything that is wrong is a finding. Refused are invalid UTF-8,
byte order marks, comments, keys given twice, NaN, numbers beyond a double, half characters, deep nesting and giants.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

import orjson
from pydantic import JsonValue

from engine.model.findings import Finding, pointer
from engine.model.values import ABSENT, MAX_DEPTH, SAFE_INTEGER, Absent, halved, number

MAX_BYTES = 16 * 1024 * 1024
"""The largest document, in bytes of UTF-8."""

_BOM = "\ufeff"
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_NUMBER_SHOWN = 40


class _Twice(dict[str, JsonValue]):
    """An object in whose text some keys stood twice."""

    twice: tuple[str, ...] = ()


@dataclass(slots=True)
class _Hooks:
    """What the JSON scanner calls; notes what it must not raise for."""

    findings: list[Finding] = field(default_factory=list[Finding])
    has_twice: bool = False

    def number(self, text: str) -> int | float:
        try:
            return number(int(text) if len(text) < 16 and text.lstrip("-").isdecimal() else float(text))
        except OverflowError:
            shown = text if len(text) <= _NUMBER_SHOWN else f"{text[:_NUMBER_SHOWN]}…"
            self.refuse_number(f"the number {shown} is too large", "write a number below 1.8e308, or a text")
            return 0

    def constant(self, text: str) -> int:
        self.refuse_number(f"{text} is no JSON number", "use null or a text instead")
        return 0

    def refuse_number(self, message: str, hint: str) -> None:
        self.findings.append(Finding("json.number", "error", message, hint=hint))

    def pairs(self, pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
        value = dict(pairs)
        if len(value) == len(pairs):
            return value
        self.has_twice = True
        marked = _Twice(value)
        names = [key for key, _ in pairs]
        marked.twice = tuple(key for key in value if names.count(key) > 1)
        return marked


def read_document(source: str | bytes) -> tuple[JsonValue | Absent, list[Finding]]:
    """A JSON text as a value, with every finding about its form.

    Numbers are held as ``engine.model.values.number`` says. The value is ABSENT if the text is no JSON at all, and
    must not be used as a document while there are findings. Cost: O(size), about 40 ms per megabyte, 7 for what a
    browser's ``JSON.stringify`` wrote.
    """
    quick = _quickly(source)
    if quick is not None:
        return quick, []
    text = _decoded(source)
    if isinstance(text, Finding):
        return ABSENT, [text]
    hooks = _Hooks()
    try:
        value = _decoder(hooks).decode(text)
    except json.JSONDecodeError as error:
        return ABSENT, [_not_json(text, error)]
    except RecursionError:
        return ABSENT, [_too_deep()]
    if _depth_exceeds(value, MAX_DEPTH):
        return ABSENT, [_too_deep()]
    findings = hooks.findings
    if hooks.has_twice or _HALF.search(text) or halved(text):
        findings += _walked(value)
    return value, findings


def _quickly(source: str | bytes) -> JsonValue:
    """The value of a text that a browser wrote, by the quick reader; None where only the strict one can say.

    The quick reader takes a key twice and holds some numbers otherwise. So its word counts only if what it read is
    written as the same text again, byte by byte, and if all its numbers are held as ``number`` holds them.
    """
    if not isinstance(source, bytes) or len(source) > MAX_BYTES or b"\n" in source:
        return None
    try:
        value: JsonValue = orjson.loads(source)
        is_same = orjson.dumps(value) == source
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    return value if is_same and _is_normal(value) else None


def _is_normal(value: JsonValue) -> bool:
    """Whether no number has to be held otherwise and nothing is nested too deeply; level by level."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[JsonValue] = []
        containers = False
        for item in level:
            if type(item) is str:
                continue
            if type(item) is dict:
                containers = True
                below += item.values()
            elif type(item) is list:
                containers = True
                below += item
            elif (type(item) is int or type(item) is float) and not _is_held_so(item):
                return False
        if not containers:
            return True
        level = below
    return False


def _is_held_so(item: float) -> bool:
    return -SAFE_INTEGER <= item <= SAFE_INTEGER and not (isinstance(item, float) and item.is_integer())


def _decoder(hooks: _Hooks) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=hooks.pairs,
        parse_int=hooks.number,
        parse_float=hooks.number,
        parse_constant=hooks.constant,
    )


def _decoded(source: str | bytes) -> str | Finding:
    if len(source) > MAX_BYTES:
        message = f"the document is {len(source) / 1024 / 1024:.1f} MiB long; at most 16 MiB are read"
        return Finding("json.size", "error", message, hint="split it into subgraphs")
    if isinstance(source, bytes):
        try:
            source = source.decode("utf-8")
        except UnicodeDecodeError as error:
            message = f"the file is not UTF-8: byte {error.start + 1} cannot be read"
            return Finding("json.encoding", "error", message, hint="save it as UTF-8")
    if source.startswith(_BOM):
        message = "the file begins with a byte order mark"
        return Finding("json.encoding", "error", message, hint="save it as UTF-8 without a byte order mark")
    return source


def _depth_exceeds(value: JsonValue, limit: int) -> bool:
    """Whether objects and lists are nested deeper than ``limit``; level by level, so that no depth can overflow."""
    level: list[JsonValue] = [value]
    for _ in range(limit + 1):
        below: list[JsonValue] = []
        containers = False
        for item in level:
            if isinstance(item, dict):
                containers = True
                below += item.values()
            elif isinstance(item, list):
                containers = True
                below += item
        if not containers:
            return False
        level = below
    return True


def _too_deep() -> Finding:
    message = f"the document is nested deeper than {MAX_DEPTH} objects and lists"
    return Finding("json.depth", "error", message, hint="move inner parts to graphs of their own")


def _walked(value: JsonValue) -> list[Finding]:
    """What only a walk with places finds: keys given twice, halves of characters."""
    findings: list[Finding] = []
    stack: list[tuple[JsonValue, tuple[str | int, ...]]] = [(value, ())]
    while stack:
        item, path = stack.pop()
        if isinstance(item, dict):
            findings += [_given_twice(key, path) for key in item.twice] if isinstance(item, _Twice) else []
            findings += [_half_character(path) for key in item if halved(key)]
            stack += [(child, (*path, key)) for key, child in reversed(item.items())]
        elif isinstance(item, list):
            stack += [(child, (*path, index)) for index, child in reversed(list(enumerate(item)))]
        elif isinstance(item, str) and halved(item):
            findings.append(_half_character(path))
    return findings


def _given_twice(key: str, path: tuple[str | int, ...]) -> Finding:
    message = f"the key {json.dumps(key[:64], ensure_ascii=True)} is given twice in one object"
    return Finding("json.twice", "error", message, pointer(*path, key), hint="keep one of them")


def _half_character(path: tuple[str | int, ...]) -> Finding:
    place = pointer(*path)
    place = "" if halved(place) else place
    message = "a \\u escape names half a character (a lone surrogate)"
    return Finding("json.surrogate", "error", message, place, hint="write the character itself")


_SAID = {
    "Expecting value": (
        "a value is missing or is no JSON value",
        "texts stand in double quotes, true and null are small",
    ),
    "Expecting ',' delimiter": ("a comma or a closing bracket is missing", "put a comma between two entries"),
    "Expecting ':' delimiter": ("a colon is missing after a key", 'write "key": value'),
    "Expecting property name enclosed in double quotes": (
        "a key in double quotes is missing",
        "keys stand in double quotes, and after the last entry there is no comma",
    ),
    "Illegal trailing comma before end of object": ("a comma stands after the last entry", "take it out"),
    "Illegal trailing comma before end of array": ("a comma stands after the last entry", "take it out"),
    "Unterminated string starting at": ("a text has no closing quote", "close it on the same line"),
    "Invalid control character at": ("a text holds a raw line break or control character", "write a line break as \\n"),
    "Invalid \\escape": ("a backslash stands before a character that needs none", "write a backslash as \\\\"),
    "Invalid \\uXXXX escape": ("\\u needs four hexadecimal digits", "write the character itself"),
    "Extra data": ("something stands after the end of the document", "a file holds one JSON value"),
}


def _not_json(text: str, error: json.JSONDecodeError) -> Finding:
    said, hint = _SAID.get(error.msg.removesuffix(": "), (error.msg, None))
    if text[error.pos : error.pos + 2] in {"//", "/*"}:
        said, hint = "JSON has no comments", "use a description field instead"
    elif text[: error.pos].rstrip().endswith(",") and text[error.pos : error.pos + 1] in {"]", "}"}:
        said, hint = _SAID["Illegal trailing comma before end of array"]
    elif error.pos >= len(text.rstrip()):
        said, hint = ("the file is empty", None) if not text.strip() else ("the text breaks off", "is the file whole?")
    return Finding("json.syntax", "error", f"line {error.lineno}, column {error.colno}: {said}", hint=hint)
