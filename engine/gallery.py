"""The sample graphs that come with weft, wherever it is installed, and what a new graph begins as.

Rule: they are read only, and found from this file alone, never from the working directory. In a checkout (and in an
editable install) they lie in ``graphs/`` at its top; the wheel carries the same files as ``engine/patterns/``. Making a
new graph overwrites nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.errors import EngineBug, GraphError, InputError
from engine.model.graph import Graph
from engine.model.names import NAME_PATTERN, is_name, nearest
from engine.model.new import new_graph
from engine.model.saving import save_text

_HERE = Path(__file__).resolve().parent
_PLACES = (_HERE / "patterns", _HERE.parent / "graphs")


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a new graph begins as. ``answers``: the bytes of its scripted answers, or None."""

    graph: Graph
    answers: bytes | None = None


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


def beginning(name: str, pattern: str | None) -> Beginning:
    """The graph that a new one called ``name`` begins as; nothing is written.

    Args:
        name: the new graph's name.
        pattern: the sample graph that it is a copy of; None: a graph that does nothing.

    Raises:
        InputError: ``input.invalid``: it is no name; ``pattern.unknown``.
    """
    if not is_name(name):
        raise InputError(f"{name[:80]!r} is no graph's name", where="name", hint=f"it must match {NAME_PATTERN}")
    if pattern is None:
        return Beginning(new_graph(name))
    known = patterns()
    if pattern not in known:
        near = nearest(pattern, known)
        raise InputError(
            f"there is no pattern {pattern[:80]!r}",
            code="pattern.unknown",
            where="from",
            hint=f"did you mean {near}?" if near else f"patterns: {', '.join(known)}",
        )
    source = known[pattern]
    answers = source.with_name(f"{source.stem}.scripted.json")
    graph = Graph.load(source).model_copy(update={"name": name})
    return Beginning(graph, answers.read_bytes() if answers.is_file() else None)


def make(new: Beginning, directory: Path) -> list[Path]:
    """Write a new graph and its scripted answers into a directory, which is made where it is missing.

    Returns:
        The files that were written, the graph's first.

    Raises:
        GraphError: ``graph.exists``: there is a graph of that name, or answers of an earlier one; ``graph.unwritable``.
    """
    file = directory / f"{new.graph.name}.json"
    answers = directory / f"{new.graph.name}.scripted.json"
    if os.path.lexists(file):
        raise _exists(file)
    try:
        has_answers = new.answers is not None and not _holds(answers, new.answers)
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GraphError(f"it cannot be written: {error}", code="graph.unwritable", where=str(file)) from None
    # The answers first: whoever sees the graph can run it.
    if has_answers and new.answers is not None:
        save_text(new.answers.decode(), answers)
    try:
        save_text(new.graph.dumps(), file)
    except GraphError:
        if has_answers:
            answers.unlink(missing_ok=True)
        raise
    return [file, answers] if has_answers else [file]


def _holds(file: Path, content: bytes) -> bool:
    """Whether the file is there with just this content.

    Raises:
        GraphError: ``graph.exists``: it holds something else.
    """
    if not os.path.lexists(file):
        return False
    if file.is_file() and file.read_bytes() == content:
        return True
    raise _exists(file)


def _exists(file: Path) -> GraphError:
    return GraphError(
        "the file is there already", code="graph.exists", where=str(file), hint="choose another name, or move the file"
    )
