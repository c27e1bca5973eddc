"""From older formats to this one, version by version.

Rule: every version has one function that turns its documents into the next version's; a document of a newer version
is refused, never guessed at. Reading upgrades in memory; the file changes when it is saved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import JsonValue

from engine.model.findings import Finding
from engine.model.values import shape_of

Object = dict[str, JsonValue]
Upgrade = Callable[[Object], Object]

UPGRADES: tuple[Upgrade, ...] = ()
"""UPGRADES[0] turns weft/1 into weft/2, and so on; this weft reads weft/1."""


def upgraded(document: JsonValue, upgrades: Sequence[Upgrade] = UPGRADES) -> Object | Finding:
    """The document in the newest format, or why it is of none that this weft reads.

    A document without ``format`` is passed through: that it is missing is told with everything else.
    """
    newest = len(upgrades) + 1
    if not isinstance(document, dict):
        message = f"a graph is an object, not {shape_of(document)}"
        return Finding("field.type", "error", message, hint=f'begin with {{"format": "weft/{newest}", …}}')
    written = document.get("format", f"weft/{newest}")
    versions = {f"weft/{number}": number for number in range(1, newest + 1)}
    if not isinstance(written, str) or written not in versions:
        return _refused(written, newest)
    for number in range(versions[written], newest):
        document = {**upgrades[number - 1](document), "format": f"weft/{number + 1}"}
    return document


def _refused(written: JsonValue, newest: int) -> Finding:
    is_newer = isinstance(written, str) and written.startswith("weft/") and written[5:].isdecimal()
    shown = f'"{written[:40]}"' if isinstance(written, str) else shape_of(written)
    message = f"the format is {shown}; this weft reads weft/1{f' to weft/{newest}' if newest > 1 else ''}"
    hint = "use a newer weft" if is_newer else f'set "format" to "weft/{newest}", or convert it with `weft import`'
    return Finding("graph.format", "error", message, "/format", hint=hint)
