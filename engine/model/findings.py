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
