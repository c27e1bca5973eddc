"""CEL's own messages in our words: what is wrong with an expression, and why one failed.

Rule: a sentence for the author of a graph, with the column where the library gives one; none of its status words, no
list of everything that its parser would have liked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

REPLACE, JOIN = "Replace", "Join"
"""The names under which CEL knows our bounded ``replace`` and ``join``; see ``guarded`` in expressions.py."""

BOUNDED = {"replace": REPLACE, "join": JOIN}
NOTHING = {"replace": "rEPLACE", "join": "jOIN"}
"""The names that a source's own ``Replace`` and ``Join`` are given, so that they lead to nothing."""


@dataclass(frozen=True, slots=True)
class ExpressionProblem:
    """What is wrong with an expression.

    Attributes:
        sort: ``limit``, ``syntax``, ``unknown`` (a name or field that is not there) or ``type``.
        message: one sentence.
        column: where, in characters from 1.
        hint: what to do, or None.
    """

    sort: Literal["limit", "syntax", "unknown", "type"]
    message: str
    column: int = 1
    hint: str | None = None


_ERROR = re.compile(r"ERROR: <input>:-?\d+:(-?\d+): (.*)")
_OVERLOAD = re.compile(r"found no matching overload for '_?([^'_]+?|[\w.]+)_?' applied to '\((.*)\)'")


_UNDECLARED = re.compile(r"^undeclared reference to '(.*)' \(in container ''\)$")
_SYNTAX = re.compile(r"^[a-z ]+ (?:input |at:? )?('.*?')(?: expecting .*)?$")


def said_by_cel(text: str) -> list[ExpressionProblem]:
    """CEL's own messages as problems; what follows a syntax error follows from it and is not told."""
    found = [_problem_of(said, max(int(column), 1)) for column, said in _ERROR.findall(text)]
    first = next((problem for problem in found if problem.sort != "type"), None)
    if not found:
        return [_TOO_DEEP]
    return found if first is None else [first]


_TOO_DEEP = ExpressionProblem("limit", "it is nested too deeply", hint="let a tool work it out")


def _problem_of(said: str, column: int) -> ExpressionProblem:
    said = _as_written(said.removesuffix(" [INVALID_ARGUMENT]"))
    overload = _OVERLOAD.match(said)
    if said.startswith("Syntax error:"):
        return ExpressionProblem("syntax", _syntax_words(said[14:]), column)
    if "recursion" in said:
        return _TOO_DEEP
    if overload is not None:
        hint = "a number with a point is written 1.0" if "double" in overload[2] and "int" in overload[2] else None
        return ExpressionProblem("type", f"`{overload[1]}` does not work on ({overload[2]})", column, hint)
    return ExpressionProblem("type", _UNDECLARED.sub(r"there is no function `\1`", said), column)


def _syntax_words(said: str) -> str:
    """The parser's words without its list of everything that it would have liked."""
    if "'<EOF>'" in said:
        return "the expression ends too early"
    return _SYNTAX.sub(r"\1 cannot stand here", said)


_NO_VALUE = re.compile(r'.*No value with name "([^"]*)" found in Activation')
_NO_KEY = re.compile(r'.*Key not found in map : "?([^"]*)"?')
_STATUS = re.compile(r"^[A-Z_]+: | \[[A-Z_]+\]$")


def plain_words(said: str) -> str:
    """CEL's run-time error without its own status words."""
    for pattern in (_NO_VALUE, _NO_KEY):
        found = pattern.match(said)
        if found is not None:
            return f"there is no `{found[1]}`"
    if "Unable to convert function return value" in said:
        return "its value is optional; end with orValue(…)"
    if "No matching overloads" in said and "double" in said and "int64" in said:
        return f"{_STATUS.sub('', said)}; a schema's `number` is a double: write 2.0 instead of 2, or double(…)"
    if "bad_alloc" in said:
        return "it needs too much memory"
    return _as_written(_STATUS.sub("", said))


def _as_written(said: str) -> str:
    """CEL's words with the names that stand in the source."""
    for name, ours in BOUNDED.items():
        said = said.replace(ours, name).replace(NOTHING[name], ours)
    return said
