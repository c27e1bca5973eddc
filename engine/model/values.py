"""JSON values in memory: what may be one, how a number is held and written, and the value that is not there.

Rule: a value that came from a file and the same value after a journal, a browser or ``JSON.stringify`` are equal and
written alike. So a number is held as ``int`` where it is whole and within 2**53, else as ``float`` (the double that
ECMAScript would read), never as NaN or infinity.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import Enum
from json.encoder import encode_basestring
from typing import Any, Final, cast

from pydantic import JsonValue

SAFE_INTEGER = 2**53
MAX_DEPTH = 100

MOST_UNITS = 16 * 1024 * 1024
"""The largest value that a run holds, as ``exceeds`` counts; a document can be no larger either."""
PART_UNITS = 8
"""The deepest nesting of objects and lists that a document or value may have."""

_DIGITS = frozenset("0123456789")
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Absent(Enum):
    ABSENT = "absent"

    def __repr__(self) -> str:
        return "ABSENT"


Absent = _Absent
ABSENT: Final = _Absent.ABSENT
"""Nothing at all, where ``None`` is JSON's null: an optional reference to what is not there."""


def shape_of(value: object) -> str:
    """What a JSON value is, in words for a sentence: ``text``, ``a number``, ``a list``, ``an object``, ``null``."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return f"a Python {type(value).__name__}"


def as_object(value: object) -> dict[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def number(value: float) -> int | float:
    """The number as it is held: ``int`` if whole and within 2**53, else the nearest double; -0 is 0.

    Raises:
        OverflowError: it is NaN, infinite or beyond the largest double.
    """
    if type(value) is int and -SAFE_INTEGER <= value <= SAFE_INTEGER:
        return value
    double = float(value)
    if not math.isfinite(double):
        raise OverflowError(f"{value} is no JSON number")
    return int(double) if double.is_integer() and abs(double) <= SAFE_INTEGER else double


def normal(value: object) -> JsonValue:
    """A copy in which every number is held as ``number`` holds it. The value must be JSON (see ``problem``)."""
    match value:
        case bool() | str() | None:
            return value
        case int() | float():
            return number(value)
        case dict():
            return {key: normal(item) for key, item in cast("dict[str, object]", value).items()}
        case _:
            return [normal(item) for item in cast("list[object]", value)]


def problem(value: object, depth: int = MAX_DEPTH) -> tuple[tuple[str | int, ...], str] | None:
    """What keeps a Python value from being JSON: the path to it and a sentence, or None if it is JSON.

    Refused are NaN and infinities, lone surrogates, keys that are no text, anything but the types that ``json.loads``
    gives, and nesting deeper than ``depth``. Cost: O(size).
    """
    match value:
        case str():
            return ((), f"the text {value!r} holds half a character (a lone surrogate)") if halved(value) else None
        case None | bool():
            return None
        case int() | float():
            return None if _is_finite(value) else ((), f"{str(value)[:40]} is no JSON number")
        case dict():
            return _object_problem(cast("dict[object, object]", value), depth - 1)
        case list():
            return _list_problem(cast("list[object]", value), depth - 1)
        case _:
            return ((), f"a Python {type(value).__name__} is no JSON value")


def _object_problem(value: dict[object, object], depth: int) -> tuple[tuple[str | int, ...], str] | None:
    if depth < 0:
        return ((), "it is nested too deeply")
    for key, item in value.items():
        if not isinstance(key, str):
            return ((), f"the key {key!r} is no text")
        if halved(key):
            return ((), f"the key {key!r} holds half a character (a lone surrogate)")
        found = problem(item, depth)
        if found is not None:
            return ((key, *found[0]), found[1])
    return None


def _list_problem(value: list[object], depth: int) -> tuple[tuple[str | int, ...], str] | None:
    if depth < 0:
        return ((), "it is nested too deeply")
    for index, item in enumerate(value):
        found = problem(item, depth)
        if found is not None:
            return ((index, *found[0]), found[1])
    return None


def exceeds(value: object, most: int = MOST_UNITS) -> bool:
    """Whether a JSON value is larger than so many units: characters, and ``PART_UNITS`` for every value in it.

    What stands in it twice counts twice. Cost: O(size), and no more than ``most`` whatever the size.
    """
    if type(value) is str:
        return len(value) > most
    waiting = [value]
    left = most
    while waiting:
        item = waiting.pop()
        left -= PART_UNITS
        if isinstance(item, str):
            left -= len(item)
        elif isinstance(item, dict):
            entries = cast("dict[str, object]", item)
            left -= sum(map(len, entries))
            waiting += entries.values()
        elif isinstance(item, list):
            waiting += cast("list[object]", item)
        if left < PART_UNITS * len(waiting):
            return True
    return False


def halved(text: str) -> bool:
    """Whether the text holds a lone surrogate, which no UTF-8 file can hold."""
    return not text.isascii() and _SURROGATE.search(text) is not None


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def number_text(value: float) -> str:
    """The number as ECMAScript writes it (``Number::toString``): ``1``, ``0.1``, ``1e-7``, ``1e+21``."""
    if type(value) is int and -SAFE_INTEGER <= value <= SAFE_INTEGER:
        return str(value)
    double = float(value)
    if double.is_integer() and abs(double) <= SAFE_INTEGER:
        return str(int(double))
    return _double_text(double)


def _double_text(double: float) -> str:
    """A double that is no safe integer: Python's shortest digits, with ECMAScript's rules for point and exponent."""
    mantissa, _, power = repr(abs(double)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    # The value is 0.DIGITS times 10 to the power of `point`.
    point = len(whole) + int(power or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    sign = "-" if double < 0 else ""
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{tail}e{point - 1:+d}"


def string_text(text: str) -> str:
    """The text as ``JSON.stringify`` writes it: only what must be escaped is escaped, lone surrogates too."""
    written = encode_basestring(text)
    return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", written) if halved(written) else written


def ordered(value: Mapping[str, JsonValue]) -> list[str]:
    """The keys in ECMAScript's order: array indices ascending (2 before 10), then the others as they stand."""
    for key in value:
        if key[:1] in _DIGITS:
            break
    else:
        return list(value)
    indices = sorted((key for key in value if _is_index(key)), key=int)
    return indices + [key for key in value if not _is_index(key)]


def _is_index(key: str) -> bool:
    return key.isascii() and key.isdecimal() and len(key) <= 10 and str(int(key)) == key and int(key) < 2**32 - 1


def compact(value: JsonValue) -> str:
    """The value on one line without blanks, exactly as ``JSON.stringify(value)`` writes it."""
    match value:
        case str():
            return string_text(value)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number_text(value)
        case dict():
            return "{" + ",".join(f"{string_text(key)}:{compact(value[key])}" for key in ordered(value)) + "}"
        case _:
            return "[" + ",".join(map(compact, value)) + "]"
