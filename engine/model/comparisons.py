"""Plain comparisons decided without CEL: ``iteration < 3``, ``output.x == "a" && !nodes.x.escalated``.

Rule: the answer is CEL's own or none. Where CEL would err, or where this file is not sure (a value is absent, the
types differ, the number is large), it says UNDECIDED and CEL is asked. A property test compares the two.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Final, Literal

from engine.model.cel_source import Path, Source, Word
from engine.model.paths import value_at_path
from engine.model.values import SAFE_INTEGER


class _Undecided(Enum):
    UNDECIDED = "undecided"


UNDECIDED: Final = _Undecided.UNDECIDED
"""CEL has to be asked."""

Answer = bool | Literal[_Undecided.UNDECIDED]
Decision = Callable[[Mapping[str, Any]], Answer]

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Scalar = bool | int | float | str


def comparison(source: Source, types: Mapping[Path, str]) -> Decision | None:
    """A function that decides the expression, or None if it is no plain comparison.

    Args:
        source: the expression.
        types: path of each variable -> its CEL type; a comparison that CEL's checker would refuse is never taken.
    """
    joined = {word.text for word in source.words} & {"&&", "||"}
    if len(joined) > 1:
        return None
    terms = [_term(words, source, types) for words in _split(source.words, joined)]
    decisions = [term for term in terms if term is not None]
    if len(decisions) < len(terms):
        return None
    return decisions[0] if len(decisions) == 1 else _all_of(decisions, "||" in joined)


def _split(words: Sequence[Word], at: set[str]) -> list[list[Word]]:
    terms: list[list[Word]] = [[]]
    for word in words:
        if word.text in at:
            terms.append([])
        else:
            terms[-1].append(word)
    return terms


def _all_of(decisions: list[Decision], breaks: bool) -> Decision:
    """``&&`` (breaks on False) or ``||`` (breaks on True); with an undecided term CEL decides the whole."""

    def decide(names: Mapping[str, Any]) -> Answer:
        for decision in decisions:
            answer = decision(names)
            if answer is UNDECIDED or answer is breaks:
                return answer
        return not breaks

    return decide


def _term(words: Sequence[Word], source: Source, types: Mapping[Path, str]) -> Decision | None:
    negated = bool(words) and words[0].text == "!"
    words = words[1:] if negated else words
    mention = next((m for m in source.mentions if words and m.start == words[0].start), None)
    if mention is None or mention.path not in types:
        return None
    rest = words[2 * len(mention.path) - 1 :]
    if not rest:
        return _truth(mention.path, negated) if types[mention.path] in ("bool", "dyn") else None
    if negated:
        return None
    return _compared(mention.path, types[mention.path], rest)


def _truth(path: Path, negated: bool) -> Decision:
    def decide(names: Mapping[str, Any]) -> Answer:
        value = value_at_path(path, names)
        return value is not negated if value is True or value is False else UNDECIDED

    return decide


def _compared(path: Path, kind: str, rest: Sequence[Word]) -> Decision | None:
    literal = _literal(rest[1:])
    if literal is None or kind not in ("dyn", literal[1]):
        return None
    mark, value = rest[0].text, literal[0]
    if mark in _ORDERS and literal[1] != "bool":
        return _ordered(path, _ORDERS[mark], value, _fits(kind, value))
    return _equal(path, value, mark == "==", _fits(kind, value)) if mark in ("==", "!=") else None


def _literal(words: Sequence[Word]) -> tuple[Scalar, str] | None:
    """The value of a literal that is written plainly, and its CEL type."""
    sign = -1 if len(words) == 2 and words[0].text == "-" else 1
    if len(words) != (2 if sign < 0 else 1):
        return None
    word = words[-1]
    if word.sort == "number":
        return _number(word.text, sign)
    if sign > 0 and word.sort == "text" and word.text[0] in "'\"" and "\\" not in word.text:
        return None if word.text[:3] in ("'''", '"""') else (word.text[1:-1], "string")
    named: dict[str, tuple[Scalar, str]] = {"true": (True, "bool"), "false": (False, "bool")}
    return named.get(word.text) if sign > 0 else None


def _number(text: str, sign: int) -> tuple[Scalar, str] | None:
    if text.isdecimal() and int(text) <= SAFE_INTEGER:
        return sign * int(text), "int"
    whole, _, fraction = text.partition(".")
    if whole.isdecimal() and fraction.isdecimal() and len(text) <= 15:
        return sign * float(text), "double"
    return None


def _ordered(path: Path, compare: Callable[[Any, Any], bool], literal: Scalar, fits: Fits) -> Decision:
    def decide(names: Mapping[str, Any]) -> Answer:
        value = value_at_path(path, names)
        return compare(value, literal) if fits(value) else UNDECIDED

    return decide


def _equal(path: Path, literal: Scalar, wanted: bool, fits: Fits) -> Decision:
    def decide(names: Mapping[str, Any]) -> Answer:
        value = value_at_path(path, names)
        return (value == literal) is wanted if fits(value) else UNDECIDED

    return decide


Fits = Callable[[Any], bool]


def _fits(kind: str, literal: Scalar) -> Fits:
    """Which values CEL compares with the literal exactly as Python does; a whole number is one up to 2**53."""
    if isinstance(literal, bool | str):
        wanted = type(literal)
        return lambda value: type(value) is wanted
    if kind == "int":
        return _is_whole
    return lambda value: type(value) is float or _is_whole(value)


def _is_whole(value: Any) -> bool:
    return type(value) is int and -SAFE_INTEGER <= value <= SAFE_INTEGER
