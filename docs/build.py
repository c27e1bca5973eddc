"""Writes docs/reference.md from the code: ``make docs``. A house test fails while the page is not current.

Rule: one function for each section, each reading the table that the code itself works by; no sentence about a kind,
code or option is written here.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import types
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

import engine
from docs.catalogue import actions, command_parsers, shared_options
from docs.entry import OPTION_PORT
from engine.app import Engine
from engine.cli.output import EXIT_MEANINGS
from engine.compile.catalogue import FINDINGS
from engine.config import Config
from engine.errors import CODES, ERROR_CLASSES
from engine.model.graph import Graph, StateKey
from engine.model.nodes import (
    NODE_CLASSES,
    PORTS,
    Cache,
    Edge,
    Escalation,
    GateOption,
    Limits,
    Node,
    Part,
    Retry,
    Settings,
    SubAgent,
    ToolUse,
)
from engine.scheduler.events import TYPE_NAMES
from engine.scheduler.state import RUN_STATUSES, STATUSES, TRANSITIONS

PAGE = Path(__file__).with_name("reference.md")
SHAPES: tuple[type[Part], ...] = (
    Edge, StateKey, Retry, Limits, Cache, Settings, ToolUse, SubAgent, GateOption, Escalation,
)  # fmt: skip

EXECUTES_ATTEMPTS = ("agent", "tool", "subgraph")

Row = tuple[str, ...]


def page() -> str:
    """The whole page as Markdown."""
    sections = [
        graph_section(),
        kinds_section(),
        shapes_section(),
        findings_section(),
        tools_section(),
        commands_section(),
        config_section(),
        errors_section(),
        statuses_section(),
        events_section(),
        python_section(),
    ]
    head = (
        "# Reference\n\nMade from the code by `make docs`; do not edit. "
        "What the fields mean together is said in the pages that [README.md](README.md) lists.\n"
    )
    return "\n".join([head, *sections])


def graph_section() -> str:
    """The document's top keys."""
    return f"## The graph\n\n{summary(Graph)}\n\n{fields(Graph)}"


def kinds_section() -> str:
    """Fields that kinds share, then every kind with its ports and its own fields."""
    every = shared_by(NODE_CLASSES) - {"kind"}
    executing = shared_by(EXECUTES_ATTEMPTS) - every - {"kind"}
    parts = [
        "## Kinds of node\n",
        f"Fields of every node, beside `kind`:\n\n{fields(NODE_CLASSES['agent'], only=every)}",
        f"Fields of {', '.join(EXECUTES_ATTEMPTS)}:\n\n{fields(NODE_CLASSES['agent'], only=executing)}",
    ]
    for kind, node in NODE_CLASSES.items():
        own = set(node.model_fields) - every - executing - {"kind"}
        parts.append(f"### {kind}\n\n{summary(node)} Ports: {_ports(kind)}.\n\n{fields(node, only=own)}")
    return "\n".join(parts)


def shapes_section() -> str:
    """The objects that stand inside a node."""
    return "\n".join(
        ["## Shapes\n", *(f"### {shape.__name__}\n\n{summary(shape)}\n\n{fields(shape)}" for shape in SHAPES)]
    )


def findings_section() -> str:
    """Every finding of the checker and of reading a document."""
    rows = ((f"`{code}`", severity, text) for code, (severity, text) in FINDINGS.items())
    return f"## Findings\n\n{table(('code', 'severity', 'says'), rows)}"


def commands_section() -> str:
    """Every command with its arguments and options, and the exit codes."""
    codes = table(("exit code", "means"), ((str(int(code)), text) for code, text in EXIT_MEANINGS.items()))
    shared, parsers = shared_options(), command_parsers()
    everywhere = [a for a in actions(next(iter(parsers.values()))) if shared.intersection(a.option_strings)]
    parts = [f"## Commands\n\n{codes}", f"Every command has these options:\n\n{arguments(everywhere)}"]
    for name, place in parsers.items():
        own = [a for a in actions(place) if a.dest != "help" and not shared.intersection(a.option_strings)]
        parts.append(f"### weft {name}\n\n{_sentence(place.description or '')}\n\n{arguments(own)}")
    return "\n".join(parts)


def arguments(chosen: Iterable[argparse.Action]) -> str:
    """A table of arguments and options as typed; nothing for a command without any of its own."""
    rows = [(_written(action), action.help or "") for action in chosen]
    return table(("argument", "is"), rows) if rows else ""


def tools_section() -> str:
    """Every built-in tool as ``weft tools`` shows it."""
    tools = Engine.open("memory:").tools
    rows = (
        (f"`{tool.name}`", tool.effect, _parameters(tool.parameters), in_markdown(tool.description)) for tool in tools
    )
    return f"## Built-in tools\n\n{table(('tool', 'effect', 'arguments', 'does'), rows)}"


def config_section() -> str:
    """Every setting of ``weft.toml``, section by section."""
    inside = [(name, shape) for name, field in Config.model_fields.items() for shape in sections_in(field.annotation)]
    parts = (f"### {name} in weft.toml\n\n{_said(shape)}\n\n{fields(shape)}" for name, shape in inside)
    return "\n".join([f"## weft.toml\n\n{fields(Config)}", *parts])


def sections_in(annotation: Any) -> list[type[BaseModel]]:
    """The models of the operator's file that stand in a type; those of the graph are told elsewhere."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [] if issubclass(annotation, Part) else [annotation]
    return [section for argument in get_args(annotation) for section in sections_in(argument)]


def errors_section() -> str:
    """Codes of errors and failures, and the classes of failures."""
    classes = ", ".join(f"`{name}`" for name in ERROR_CLASSES)
    codes = table(("code", "means"), ((f"`{code}`", text) for code, text in CODES.items()))
    return f"## Errors and failures\n\nClasses of a node's failure: {classes}.\n\n{codes}"


def statuses_section() -> str:
    """The statuses of runs and executions, and how an execution's changes."""
    runs, nodes = (", ".join(f"`{name}`" for name in names) for names in (RUN_STATUSES, STATUSES))
    changes = table(("from", "to", "because"), ((f"`{t.source}`", f"`{t.target}`", t.cause) for t in TRANSITIONS))
    head = f"## Statuses\n\nOf a run: {runs}.\n\nOf an execution: {nodes}. They change only so:\n"
    return f"{head}\n{changes}\n{state_diagram()}"


def state_diagram() -> str:
    """The same changes as a Mermaid diagram."""
    ways: dict[tuple[str, str], None] = {(t.source, t.target): None for t in TRANSITIONS}
    lines = [f"    {source} --> {target}" for source, target in ways]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> waiting", *lines, "```", ""])


def events_section() -> str:
    """Every type of event with what it carries."""
    rows = ((f"`{name}`", summary(event), _carried(event)) for event, name in TYPE_NAMES.items())
    head = "## Events\n\nEach also carries `n` (from 1, without a gap) and `at` (UTC).\n"
    return f"{head}\n{table(('type', 'says', 'carries'), rows)}"


def python_section() -> str:
    """Everything importable from ``engine``."""
    names: list[str] = getattr(engine, "__all__", [])
    rows = ((f"`{name}`", _is(getattr(engine, name))) for name in names)
    return f"## Python\n\n`from engine import …`\n\n{table(('name', 'is'), rows)}"


def shared_by(kinds: Iterable[str]) -> set[str]:
    """Names of the fields that all these kinds have."""
    nodes = [NODE_CLASSES[kind] for kind in kinds]
    return {name for name in nodes[0].model_fields if all(name in node.model_fields for node in nodes)}


def fields(shape: type[BaseModel], *, only: Collection[str] | None = None) -> str:
    """A table of a model's fields (all, or those named): name as written in the file, type, default, meaning."""
    said = meanings(shape)
    chosen = {name: field for name, field in shape.model_fields.items() if only is None or name in only}
    head: Row = ("field", "type", "default", "means")
    rows: list[Row] = [
        (f"`{field.alias or name}`", _type(field.annotation), _default(field), said.get(name, ""))
        for name, field in chosen.items()
    ]
    if not any(row[-1] for row in rows):
        head, rows = head[:-1], [row[:-1] for row in rows]
    return table(head, rows) if rows else ""


def meanings(shape: type[BaseModel]) -> dict[str, str]:
    """What the ``Attributes`` part of a docstring says of each field."""
    _, _, part = (inspect.getdoc(shape) or "").partition("Attributes:\n")
    entries = re.findall(r"^ {4}(\w[\w, ]*): (.+(?:\n {8}.+)*)", part, re.MULTILINE)
    return {name: in_markdown(text) for names, text in entries for name in names.split(", ")}


def summary(thing: Any) -> str:
    """The first paragraph of a docstring on one line, in Markdown."""
    return in_markdown((inspect.getdoc(thing) or "").split("\n\n")[0])


def in_markdown(text: str) -> str:
    """A docstring's text on one line, with Markdown's marks for code."""
    return re.sub(r"``(.+?)``", r"`\1`", " ".join(text.split()))


def table(head: Row, rows: Iterable[Row]) -> str:
    """A Markdown table; a bar inside a cell is written so that it does not end the cell."""
    lines: list[Row] = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _said(shape: type[BaseModel]) -> str:
    """A model's docstring without its attributes, as one paragraph."""
    return in_markdown((inspect.getdoc(shape) or "").partition("Attributes:")[0])


def _parameters(schema: dict[str, Any]) -> str:
    required: list[str] = schema.get("required", [])
    return ", ".join(f"`{name}`" if name in required else f"`{name}`?" for name in schema.get("properties", {}))


def _written(action: argparse.Action) -> str:
    """An argument as a person would type it: ``--id RUN``, ``-o FILE, --output FILE``, ``GRAPH``."""
    value = action.metavar if isinstance(action.metavar, str) else "|".join(map(str, action.choices or ()))
    names = [f"{name} {value}".rstrip() for name in action.option_strings] or [value or action.dest]
    return ", ".join(f"`{name}`" for name in names)


def _is(thing: Any) -> str:
    """What a public name is: its docstring's first paragraph, or the value or type that it stands for."""
    if inspect.isclass(thing) or inspect.isroutine(thing):
        return summary(thing)
    names = [part.__name__ for part in get_args(thing)]
    return f"One of {', '.join(names)}." if names else f"`{thing!r}`"


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith(".") else f"{text}."


def _ports(kind: str) -> str:
    ports = [f"`{name}`" for name in PORTS[kind]]
    return ", ".join([OPTION_PORT, *ports] if kind == "human-gate" else ports) or "none"


def _carried(event: type[Any]) -> str:
    names = [name for name in event.__dataclass_fields__ if name not in {"n", "at"}]
    return ", ".join(f"`{name}`" for name in names)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    return "" if value is None or isinstance(value, BaseModel) else f"`{json.dumps(value, ensure_ascii=False)}`"


def _type(annotation: Any) -> str:
    """A type as an author of JSON would say it: ``text``, ``whole number``, ``list of Edge``."""
    if annotation in WORDS:
        return WORDS[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation == Node:
        return "a node"
    if origin is Annotated:
        return _type(arguments[0])
    if origin is Literal:
        return " \\| ".join(f"`{value}`" for value in arguments).replace("\\", "")
    if origin in {Union, types.UnionType}:
        return " or ".join(dict.fromkeys(_type(a) for a in arguments if a is not types.NoneType))
    if origin is list:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return "object" if "JsonValue" in str(arguments[1]) else f"name → {_type(arguments[1])}"
    if isinstance(annotation, type):
        return annotation.__name__
    return "JSON"


WORDS: dict[Any, str] = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.name}")
