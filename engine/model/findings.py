"""What is wrong or doubtful in a document, as data.

Rule: a finding has a stable code, a place in the file, one sentence, and where there is one a fix that an editor can
apply without asking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that removes the finding: a title for a button and an RFC 6902 JSON Patch on the document."""

    title: str
    patch: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Attributes:
        code: stable dotted code, for instance ``loop.header``.
        severity: ``error`` stops a run, ``warning`` does not.
        message: one sentence: what is the matter and why.
        place: RFC 6901 JSON Pointer into the document, for instance ``/nodes/write/to/0/when``; "" is the whole.
        node: the node it belongs to, or None.
        hint: what to do, one sentence, or None.
        fix: an applicable change, or None.
    """

    code: str
    severity: Literal["error", "warning"]
    message: str
    place: str = ""
    node: str | None = None
    hint: str | None = None
    fix: Fix | None = None

    def as_json(self) -> dict[str, Any]:
        """The finding as JSON: ``{code, severity, message, place, node?, hint?, fix?}``."""
        value: dict[str, Any] = {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "place": self.place,
        }
        if self.node is not None:
            value["node"] = self.node
        if self.hint is not None:
            value["hint"] = self.hint
        if self.fix is not None:
            value["fix"] = {"title": self.fix.title, "patch": list(self.fix.patch)}
        return value


def pointer(*parts: str | int) -> str:
    """An RFC 6901 JSON Pointer from its parts: ``pointer("nodes", "a", "to", 0)`` is ``/nodes/a/to/0``."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def parts(place: str) -> list[str]:
    """The parts of a JSON Pointer, unescaped; the inverse of ``pointer`` but that numbers come back as text."""
    return [part.replace("~1", "/").replace("~0", "~") for part in place.split("/")[1:]]


CODES: dict[str, str] = {
    "json.syntax": "The text is no JSON.",
    "json.encoding": "The file is no UTF-8, or begins with a byte order mark.",
    "json.size": "The document is larger than 16 MiB.",
    "json.depth": "Objects and lists are nested deeper than 100.",
    "json.number": "A number is NaN, infinite or beyond a double.",
    "json.surrogate": "An escape names half a character.",
    "json.twice": "A key stands twice in one object.",
    "json.value": "A value from Python is no JSON.",
    "graph.format": "The document is of another format or of a newer version.",
    "graph.size": "The graph has more nodes or edges than can be opened.",
    "field.unknown": "Nothing has a field of this name here.",
    "field.refused": "The field belongs to other kinds of node.",
    "field.missing": "A required field is missing.",
    "field.type": "The value is of the wrong JSON type.",
    "field.value": "The value is none of those allowed.",
    "field.range": "The number, text or list is too small or too large.",
    "field.conflict": "Two fields exclude each other, or one needs another beside it.",
    "kind.unknown": "No node is of this kind.",
    "name.invalid": "The graph cannot be called so.",
    "id.invalid": "A node or sub-agent cannot be called so.",
    "key.invalid": "A key of the state cannot be called so.",
    "key.default": "A first value of the state does not fit its key's merge rule or schema.",
    "option.invalid": "A gate's option is reserved, given twice, or not among the options.",
    "layout.invalid": "A position is not [x, y], or a note is not {x, y, w, h, text}.",
    "schema.invalid": "A JSON Schema is itself wrong, or points outside the document.",
    "secret.misplaced": "A secret stands where it could be seen; only args and settings may hold one.",
    "value.invalid": "A special value ($cel, $file, $secret) is not of its form.",
}
"""Every code of a finding that reading a document gives; the checker's own are in engine/compile."""
