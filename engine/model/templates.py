"""Templates: ``{input.topic}`` in a text, and whole values made of them. No logic, one pass.

Rule (GRAPH.md §2): the grammar of a reference is ``{name(.name|[number])*?}`` without blanks; every other brace is
text, so JSON in a prompt survives. ``{{`` is a literal brace, and so is the ``}}`` that closes it; a ``}}`` that
closes nothing stays as it is, as in ``{"a": {"b": 1}}``. What is put in is never read again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import JsonValue

from engine.errors import NodeError
from engine.model.expressions import compile_expression
from engine.model.names import ROOTS
from engine.model.paths import Path, value_at_path
from engine.model.types import DYNAMIC, Types
from engine.model.values import ABSENT, MOST_UNITS, Absent, compact, exceeds

__all__ = [
    "ABSENT",
    "Reference",
    "Template",
    "escaped",
    "expressions_in",
    "parse",
    "references_in",
    "resolve",
    "value_at",
]

Names = Mapping[str, Any]
"""``{"input": …, "state": {…}, "nodes": {ID: {"output": …}}, "run": …, "iteration": …}``; what is absent is absent."""

_NAME = r"[^\W\d]\w*"
_TOKEN = re.compile(rf"\{{\{{|\}}\}}|\{{({_NAME}(?:\.{_NAME}|\[\d{{1,9}}\])*)(\??)\}}")
_STEP = re.compile(rf"{_NAME}|\d+")
_ROOTS = frozenset(ROOTS)


@dataclass(frozen=True, slots=True)
class Reference:
    """One ``{…}`` of a template.

    Attributes:
        path: where the value is; ``{key}`` has become ``("state", "key")``.
        optional: it ends with ``?``.
        text: as its author wrote it, with its braces.
        start: its offset in the template, in characters.
        is_short: it begins with a key of the state instead of one of the names of GRAPH.md §2.
    """

    path: Path
    optional: bool
    text: str
    start: int
    is_short: bool


@dataclass(frozen=True, slots=True)
class Template:
    """A text made ready: its literal parts and references in order.

    ``lone`` is the reference if the whole text is one, ``constant`` the text if there is none.
    """

    parts: tuple[str | Reference, ...]
    lone: Reference | None
    constant: str | None

    @property
    def references(self) -> tuple[Reference, ...]:
        """Every reference, in the order of the text."""
        return tuple(part for part in self.parts if isinstance(part, Reference))

    def unknown(self, state_keys: Mapping[str, Any] | Sequence[str] | frozenset[str]) -> tuple[Reference, ...]:
        """The references that begin with no known name: neither one of GRAPH.md §2 nor a key of the state."""
        return tuple(ref for ref in self.references if ref.is_short and ref.path[1] not in state_keys)

    def fill(self, names: Names) -> JsonValue | Absent:
        """The template's value; see ``resolve``."""
        if self.constant is not None:
            return self.constant
        if self.lone is not None:
            return value_at(self.lone, names)
        pieces: list[str] = []
        left = MOST_UNITS
        for part in self.parts:
            pieces.append(part if isinstance(part, str) else _text(value_at(part, names)))
            left -= len(pieces[-1])
            if left < 0:
                raise too_big("the text of a template")
        return "".join(pieces)


@lru_cache(maxsize=8192)
def parse(text: str) -> Template:
    """The template in a text. Every text is one; what is no reference is text. Cost: O(length), once per text."""
    parts: list[str | Reference] = []
    literal: list[str] = []
    position = opened = 0
    for found in _TOKEN.finditer(text):
        literal.append(text[position : found.start()])
        position = found.end()
        if found[0] == "{{":
            opened += 1
            literal.append("{")
        elif found[0] == "}}":
            literal.append("}" if opened else "}}")
            opened = max(opened - 1, 0)
        else:
            _close(literal, parts)
            parts.append(_reference(found))
    literal.append(text[position:])
    _close(literal, parts)
    only = parts[0] if len(parts) == 1 else None
    constant = only if isinstance(only, str) else "" if not parts else None
    return Template(tuple(parts), only if isinstance(only, Reference) else None, constant)


def escaped(text: str) -> str:
    """The template that comes to exactly this text, whatever braces stand in it."""
    written: list[str] = []
    opened = 0
    for character in text:
        is_closing = character == "}" and opened > 0
        written.append(character * 2 if character == "{" or is_closing else character)
        opened += 1 if character == "{" else -1 if is_closing else 0
    return "".join(written)


def _close(literal: list[str], parts: list[str | Reference]) -> None:
    """The literal text so far becomes a part of its own."""
    text = "".join(literal)
    literal.clear()
    if text:
        parts.append(text)


def _reference(found: re.Match[str]) -> Reference:
    steps = [int(step) if step.isdecimal() else step for step in _STEP.findall(found[1])]
    is_short = steps[0] not in _ROOTS
    path = ("state", *steps) if is_short else tuple(steps)
    return Reference(path, found[2] == "?", found[0], found.start(), is_short)


def _text(value: JsonValue | Absent) -> str:
    if type(value) is str:
        return value
    return "" if value is ABSENT else compact(value)


def value_at(reference: Reference, names: Names) -> JsonValue | Absent:
    """What a reference leads to, or ABSENT if nothing is there and it is optional.

    Raises:
        NodeError: ``template.absent``: nothing is there and it is not optional.
    """
    value: JsonValue | Absent = value_at_path(reference.path, names)
    if value is ABSENT and not reference.optional:
        hint = f"write {reference.text[:-1]}?}} if it may be absent"
        raise NodeError(f"{reference.text} leads to nothing", code="template.absent", hint=hint)
    return value


def resolve(value: JsonValue, names: Names, types: Types = DYNAMIC) -> JsonValue | Absent:
    """A value of the document with its templates filled and its ``$cel`` evaluated, at any depth.

    A text that is one reference keeps the type of what it leads to; elsewhere in text other values are compact JSON.
    An optional reference to nothing is left out: of a text, of an object with its key, of a list; alone it is ABSENT.
    ``{"$secret": …}`` and ``{"$file": …}`` are passed through. Cost: about 1 µs per reference.

    Raises:
        NodeError: ``template.absent``, ``expression.failed``, or ``value.too_big``.
    """
    if type(value) is str:
        return parse(value).fill(names)
    resolved = _resolved(value, names, types)
    if exceeds(resolved):
        raise too_big("what templates come to")
    return resolved


def too_big(what: str) -> NodeError:
    """The error of a value that no run can hold."""
    return NodeError(
        f"{what} is larger than a run can hold ({MOST_UNITS:,} characters)",
        code="value.too_big",
        error_class="limit",
        hint="write it to a file, and hand its name on",
    )


def _resolved(value: JsonValue, names: Names, types: Types) -> JsonValue | Absent:
    if type(value) is str:
        return parse(value).fill(names)
    if type(value) is dict:
        return _resolved_object(value, names, types)
    if type(value) is list:
        items = [_resolved(item, names, types) for item in value]
        return [item for item in items if item is not ABSENT]
    return value


def _resolved_object(value: dict[str, JsonValue], names: Names, types: Types) -> JsonValue:
    source = value.get("$cel")
    if len(value) == 1 and type(source) is str:
        return compile_expression(source, types).evaluate(names)
    if "$secret" in value or "$file" in value:
        return value
    items = {key: _resolved(item, names, types) for key, item in value.items()}
    return {key: item for key, item in items.items() if item is not ABSENT}


def references_in(value: JsonValue, place: Path = ()) -> list[tuple[Path, Reference]]:
    """Every template reference in a value of the document, with the path of the text that holds it."""
    match value:
        case str():
            return [(place, reference) for reference in parse(value).references]
        case dict() if not value.keys() & {"$cel", "$secret", "$file"}:
            return [found for key, item in value.items() for found in references_in(item, (*place, key))]
        case list():
            return [found for index, item in enumerate(value) for found in references_in(item, (*place, index))]
        case _:
            return []


def expressions_in(value: JsonValue, place: Path = ()) -> list[tuple[Path, str]]:
    """Every ``{"$cel": SOURCE}`` in a value of the document: the path of the source, and the source."""
    match value:
        case {"$cel": str(source), **others} if not others:
            return [((*place, "$cel"), source)]
        case dict():
            return [found for key, item in value.items() for found in expressions_in(item, (*place, key))]
        case list():
            return [found for index, item in enumerate(value) for found in expressions_in(item, (*place, index))]
        case _:
            return []
