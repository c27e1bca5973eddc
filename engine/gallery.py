"""The sample graphs that come with weft, wherever it is installed.

Rule: read only, and found from this file alone, never from the working directory. In a checkout (and in an editable
install) they lie in ``graphs/`` at its top; the wheel carries the same files as ``engine/patterns/``.
"""

from __future__ import annotations

from pathlib import Path

from engine.errors import EngineBug

_HERE = Path(__file__).resolve().parent
_PLACES = (_HERE / "patterns", _HERE.parent / "graphs")


def patterns() -> dict[str, Path]:
    """Every sample graph: its name -> its file, sorted by name.

    What belongs to a graph stands beside its file: ``NAME.scripted.json`` (a scripted model's answers) and
    ``NAME.tests/``; neither is listed here.

    Raises:
        EngineBug: the installation lacks the samples.
    """
    for place in _PLACES:
        if place.is_dir():
            return {file.stem: file for file in sorted(place.glob("*.json")) if "." not in file.stem}
    raise EngineBug("the sample graphs are missing", where=str(_HERE), hint="install weft again")
