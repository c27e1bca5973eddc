"""validate, export, diff, fmt, new, schema: what can be done with graph files alone.

Rule: nothing here runs a graph, starts anything or reaches a network.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Final, get_args

from engine.cli.command import Command, Setting
from engine.cli.output import Exit
from engine.errors import GraphError, InputError
from engine.gallery import beginning, make, patterns
from engine.library import reachable
from engine.model.diff import diff
from engine.model.document import graph_schema
from engine.model.findings import Finding
from engine.model.graph import Graph

DEADLINE_S: Final = 20.0


def _configure_graphs(place: argparse.ArgumentParser) -> None:
    place.add_argument("graph", metavar="GRAPH", nargs="+", help="a file, or a name in the graphs directory")


def _configure_export(place: argparse.ArgumentParser) -> None:
    from engine.render import Format  # noqa: PLC0415 - what draws nothing need not wait for the drawing

    place.add_argument("graph", metavar="GRAPH", help="a file, or a name in the graphs directory")
    place.add_argument("--run", metavar="RUN", help="colour it by this run")
    place.add_argument("--to", choices=get_args(Format), required=True, help="the format")
    place.add_argument("-o", metavar="FILE", dest="target", help="where to (default: standard output)")
    place.add_argument("--theme", choices=["light", "dark"], default="light")


def _configure_diff(place: argparse.ArgumentParser) -> None:
    place.add_argument("old", metavar="A", help="a graph")
    place.add_argument("new", metavar="B", help="another, or its later version")


def _configure_fmt(place: argparse.ArgumentParser) -> None:
    _configure_graphs(place)
    place.add_argument("--check", action="store_true", help="change nothing; exit 2 if a file is not in written form")


def _configure_new(place: argparse.ArgumentParser) -> None:
    place.add_argument("name", metavar="NAME", help="the graph's name")
    place.add_argument("--from", metavar="PATTERN", dest="pattern", help=f"one of {', '.join(patterns())}")


def _configure_nothing(place: argparse.ArgumentParser) -> None:
    del place


def _graph_files(references: list[str]) -> list[str]:
    """What was named, less the scripted answers that a ``graphs/*.json`` names along."""
    return [reference for reference in references if not reference.endswith(".scripted.json")]


async def _validate(setting: Setting) -> Exit:
    output = setting.output
    engine = setting.inert_engine()
    told: list[dict[str, Any]] = []
    errors = 0
    for reference in _graph_files(setting.options.graph):
        for name, findings in _findings(setting, engine, reference):
            errors += sum(f.severity == "error" for f in findings)
            told += [{"graph": name, **finding.as_json()} for finding in findings]
            for finding in findings:
                place = finding.place or "/"
                output.line(f"{name}: {finding.severity}: {place}: {finding.message} [{finding.code}]")
                if finding.hint:
                    output.line(f"    {finding.hint}")
            if not findings:
                output.line(f"{name}: no findings")
    output.value(told)
    return Exit.UNUSABLE if errors else Exit.DONE


def _findings(setting: Setting, engine: Any, reference: str) -> list[tuple[str, list[Finding]]]:
    """Every finding of a graph and of the graphs that it reaches, by name."""
    try:
        graph, shelf = setting.library.open(reference)
    except GraphError as error:
        if not error.findings:
            raise
        return [(reference, list(error.findings))]
    found = [(graph.name, engine.check(graph, library=shelf))]
    found += [
        (name, engine.check(other, library=shelf))
        for name, other in reachable(graph, shelf).items()
        if other is not graph
    ]
    return found


async def _export(setting: Setting) -> Exit:
    from engine.render import picture_of, render  # noqa: PLC0415 - see above

    options, output = setting.options, setting.output
    graph, _ = setting.library.open(options.graph)
    overlay = None
    if options.run is not None:
        async with setting.engine_on_runs() as engine:
            bound = next(iter((await engine.documents_of(options.run)).values()))
            overlay = await engine.overlay(options.run)
        if bound.name != graph.name:
            raise InputError(
                f"run {options.run} is one of {bound.name}, not of {graph.name}",
                where="--run",
                hint=f"weft export {bound.name} --run {options.run} --to {options.to}",
            )
        graph = bound
    content = await render(
        picture_of(graph), to=options.to, theme=options.theme, overlay=overlay, deadline_s=DEADLINE_S
    )
    if options.target is not None:
        _write(Path(options.target), content)
        output.value({"file": options.target, "bytes": len(content)})
        output.note(f"wrote {options.target}")
    elif output.is_json:
        raise InputError("--json needs a file for the picture", code="usage", where="export", hint="add -o FILE")
    else:
        if options.to in ("png", "pdf") and output.out.isatty():
            raise InputError(
                f"a {options.to} is no text for a terminal", code="usage", where="export", hint="add -o FILE"
            )
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    return Exit.DONE


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise InputError(
            f"it cannot be written: {error}", code="output.unwritable", where=str(file), hint="name another file"
        ) from None


async def _diff(setting: Setting) -> Exit:
    options, output = setting.options, setting.output
    old, _ = setting.library.open(options.old)
    new, _ = setting.library.open(options.new)
    difference = diff(old, new)
    output.value(difference.as_json())
    for line in difference.lines():
        output.line(line)
    return Exit.DONE


async def _fmt(setting: Setting) -> Exit:
    output = setting.output
    changed: list[str] = []
    for reference in _graph_files(setting.options.graph):
        file = Path(reference) if "/" in reference or reference.endswith(".json") else setting.library.path(reference)
        graph = Graph.load(file)
        if file.read_bytes() != graph.dumps().encode():
            changed.append(str(file))
            if not setting.options.check:
                graph.save(file)
            output.line(f"{file}: {'would be rewritten' if setting.options.check else 'rewritten'}")
    output.value({"changed": changed})
    return Exit.UNUSABLE if changed and setting.options.check else Exit.DONE


async def _new(setting: Setting) -> Exit:
    options, output = setting.options, setting.output
    written = make(beginning(options.name, options.pattern), setting.graphs)
    output.value({"files": [str(f) for f in written]})
    for made in written:
        output.line(f"made {made}")
    output.note(f"run it: weft run {options.name}")
    return Exit.DONE


async def _schema(setting: Setting) -> Exit:
    # The answer is JSON either way.
    type(setting.output)(is_json=True, out=setting.output.out, err=setting.output.err).value(graph_schema())
    return Exit.DONE


VALIDATE = Command("validate", "every finding of a graph; exit code 2 if one is an error", _configure_graphs, _validate)
EXPORT = Command("export", "draw a graph, or a run of it, as a picture", _configure_export, _export)
DIFF = Command("diff", "what differs between two graphs", _configure_diff, _diff)
FMT = Command("fmt", "write graph files in their one written form", _configure_fmt, _fmt)
NEW = Command("new", "make a new graph, empty or from a pattern", _configure_new, _new)
SCHEMA = Command("schema", "the JSON Schema of a graph file", _configure_nothing, _schema)
