"""The form of a document: which fields stand where, of what type, told in sentences and all at once.

Rule: what pydantic says about a document becomes one finding per mistake, at the place where the author made it, in
the words of GRAPH.md. What the graph *means* (ports, loops, references) is the checker's business.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar, cast

from pydantic import JsonValue, ValidationError

from engine.model import nodes as kinds
from engine.model.findings import Finding, Fix, pointer
from engine.model.memo import KnownNodes, Memo
from engine.model.names import NAME_PATTERN, nearest
from engine.model.nodes import NODE_CLASSES, OWN_FIELDS, Part
from engine.model.rules import own_findings
from engine.model.upgrades import upgraded
from engine.model.values import number_text, problem, shape_of
from engine.model.writing import STATE_ORDER, TOP_ORDER

MOST_FINDINGS = 500
"""More findings of one document are counted, not told."""

Path = tuple[str | int, ...]
G = TypeVar("G", bound=Part)

_PARTS: dict[str, tuple[str, type[Part]]] = {
    "to": ("an edge", kinds.Edge),
    "retry": ("retry", kinds.Retry),
    "limits": ("limits", kinds.Limits),
    "cache": ("cache", kinds.Cache),
    "tools": ("an entry of tools", kinds.ToolUse),
    "settings": ("settings", kinds.Settings),
    "options": ("an option", kinds.GateOption),
    "escalate": ("an entry of escalate", kinds.Escalation),
}
_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}


class Nodes(Protocol):
    """A document of nodes, as far as it matters here."""

    @property
    def nodes(self) -> dict[str, kinds.Node]:
        """Node id to node."""
        ...


def examine(document: object, model: type[G]) -> tuple[G | None, list[Finding]]:
    """A value made in Python as a document of the given model, with every finding about its form.

    Args:
        document: the value.
        model: ``Graph``; handed in because it is built on this module.

    Returns:
        The document, or None if a finding is an error; and the findings in the document's order.
    """
    bad = problem(document)
    if bad is not None:
        return None, [Finding("json.value", "error", bad[1], pointer(*bad[0]), hint="use the types of JSON")]
    return examine_read(cast("JsonValue", document), model)


def examine_read(document: JsonValue, model: type[G]) -> tuple[G | None, list[Finding]]:
    """The same for what ``read_document`` gave, which is known to be JSON."""
    current = upgraded(document)
    if isinstance(current, Finding):
        return None, [current]
    graph, findings = _validated(current, model)
    findings += own_findings(current)
    findings += _inline_findings(current, model)
    return (None if findings else graph), _in_order(findings, current)


def assembled(document: JsonValue, model: type[G], known: KnownNodes) -> tuple[G, dict[str, Memo]] | None:
    """The same document as ``examine_read`` gives, but that nodes which were read before are not read again.

    None if there is any finding: then it has to be examined as a whole, so that all is told in order.
    """
    current = upgraded(document)
    nodes = None if isinstance(current, Finding) else current.get("nodes")
    if isinstance(current, Finding) or not isinstance(nodes, dict):
        return None
    memos = known.among(nodes)
    mixed = {name: memos[name].node if name in memos else value for name, value in nodes.items()}
    try:
        graph = model.__pydantic_validator__.validate_python({**current, "nodes": mixed}, by_alias=True, by_name=False)
    except ValidationError:
        return None
    if own_findings(current, memos) or _inline_findings(current, model, memos):
        return None
    read = cast("Nodes", graph).nodes
    every = {name: memos.get(name) or known.keep(nodes[name], node) for name, node in read.items()}
    return cast("G", graph), every


def _validated(document: JsonValue, model: type[G]) -> tuple[G | None, list[Finding]]:
    try:
        graph = model.__pydantic_validator__.validate_python(document, by_alias=True, by_name=False)
        return cast("G", graph), []
    except ValidationError as error:
        told = error.errors(include_url=False, include_context=True)[:MOST_FINDINGS]
        return None, [_finding(entry, document) for entry in told]


def _inline_findings(document: dict[str, JsonValue], model: type[Part], but: Collection[str] = ()) -> list[Finding]:
    """What is wrong inside the graphs that stand in subgraph nodes, at their places in this document."""
    nodes = document.get("nodes")
    findings: list[Finding] = []
    for node, value in nodes.items() if isinstance(nodes, dict) else ():
        if node in but or not isinstance(value, dict):
            continue
        if value.get("kind") == "subgraph" and isinstance(value.get("inline"), dict):
            base = pointer("nodes", node, "inline")
            inner = examine_read(value["inline"], model)[1]
            findings += [replace(found, place=base + found.place, node=node, fix=None) for found in inner]
    return findings


def _in_order(findings: list[Finding], document: JsonValue) -> list[Finding]:
    """The findings in the order of their places in the document, at most ``MOST_FINDINGS``."""
    if not findings:
        return findings
    positions: dict[str, int] = {}
    _number_places(document, "", positions, depth=4)
    ranked = sorted(findings, key=lambda found: _rank(found.place, positions))
    return ranked[:MOST_FINDINGS]


def _rank(place: str, positions: dict[str, int]) -> int:
    while place not in positions:
        place = place.rpartition("/")[0]
    return positions[place]


def _number_places(value: JsonValue, place: str, positions: dict[str, int], depth: int) -> None:
    positions[place] = len(positions)
    if depth and isinstance(value, dict):
        for key, item in value.items():
            _number_places(item, place + pointer(key), positions, depth - 1)


# --- one error of pydantic as one finding ---


def _finding(error: Any, document: JsonValue) -> Finding:
    path, parent = _located(error["loc"], document)
    node = path[1] if len(path) > 1 and path[0] == "nodes" else None
    code, message, hint, fix = _told(error, path, parent)
    path = (*path, "kind") if code == "kind.unknown" else path
    return Finding(code, "error", message, pointer(*path), cast("str | None", node), hint, fix)


def _located(loc: Sequence[str | int], document: JsonValue) -> tuple[Path, JsonValue]:
    """The path in the document, without pydantic's own tags, and the value that holds its last part."""
    path: list[str | int] = []
    value: JsonValue = document
    parent: JsonValue = document
    for index, part in enumerate(loc):
        is_kind = index == 2 and loc[0] == "nodes"
        if is_kind or (str(part).startswith("<") and not (isinstance(value, dict) and part in value)):
            continue
        path.append(part)
        parent = value
        value = _below(value, part)
    return tuple(path), parent


def _below(value: JsonValue, part: str | int) -> JsonValue:
    if isinstance(value, dict):
        return value.get(cast("str", part))
    return value[part] if isinstance(value, list) and isinstance(part, int) else None


Told = tuple[str, str, str | None, Fix | None]


def _told(error: Any, path: Path, parent: JsonValue) -> Told:
    """Code, sentence, hint and fix of an error."""
    name = f"`{_cut(path[-1])}`" if isinstance(path[-1], str) else f"entry {path[-1]} of `{path[-2]}`"
    given = error["input"]
    context = error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            return _unknown_field(path, parent)
        case "missing":
            return "field.missing", f"{_what(path[:-1], parent)[0]} needs the field {name}", None, None
        case "union_tag_not_found" | "union_tag_invalid":
            return _unknown_kind(path, given)
        case "null":
            return "field.type", f"{name} must not be null", "leave it out", _removal(path)
        case "literal_error":
            return _other_value(name, path, given, context["expected"])
        case "string_pattern_mismatch":
            message = f"a graph cannot be called {_shown(given)}"
            return "name.invalid", message, f"a name matches {NAME_PATTERN}", None
        case "shape":
            return "field.type", f"{name} must be {error['msg']}, not {_shown(given)}", None, None
        case kind if kind in _EXPECTED:
            return "field.type", f"{name} must be {_EXPECTED[kind]}, not {_shown(given)}", None, None
        case _:
            return "field.range", f"{name} must be {_bound(context)}, not {_shown(given)}", None, None


def _unknown_field(path: Path, parent: JsonValue) -> Told:
    owner, known = _what(path[:-1], parent)
    field = str(path[-1])
    if path[0] == "nodes" and len(path) == 3:
        elsewhere = _refused_field(field, owner)
        if elsewhere is not None:
            return (*elsewhere, _removal(path))
    meant = nearest(field, known)
    message = f"{owner} has no field {_shown(field)}"
    if meant is None or (isinstance(parent, dict) and meant in parent):
        return "field.unknown", message, f"it has {_listed(known)}", _removal(path)
    patch = {"op": "move", "from": pointer(*path), "path": pointer(*path[:-1], meant)}
    return "field.unknown", message, f"did you mean `{meant}`?", Fix(f"Rename it to {meant}", (patch,))


def _refused_field(field: str, owner: str) -> tuple[str, str, str] | None:
    """A field that other kinds have: what to say about it, or None."""
    if field in {"each", "concurrency", "retry", "timeout_s", "cache"}:
        message = f"`{field}` is refused on {owner}: only agent, tool and subgraph do work that can be tried again"
        return "field.refused", message, "use `deadline_s`" if field == "timeout_s" else "take it out"
    having = [kind for kind, own in OWN_FIELDS.items() if field in own]
    if not having:
        return None
    return "field.refused", f"`{field}` is no field of {owner}", f"it belongs to {_listed(having)}"


def _unknown_kind(path: Path, node: JsonValue) -> Told:
    kind = node.get("kind") if isinstance(node, dict) else None
    if kind is None:
        return (
            "field.missing",
            f"the node `{_cut(str(path[-1]))}` needs the field `kind`",
            f"one of {_listed(NODE_CLASSES)}",
            None,
        )
    meant = nearest(kind, NODE_CLASSES) if isinstance(kind, str) else None
    message = f"{_shown(kind)} is no kind of node"
    if meant is None:
        return "kind.unknown", message, f"the kinds are {_listed(NODE_CLASSES)}", None
    patch = {"op": "replace", "path": pointer(*path, "kind"), "value": meant}
    return "kind.unknown", message, f"did you mean {meant}?", Fix(f"Make it {meant}", (patch,))


def _other_value(name: str, path: Path, given: JsonValue, expected: str) -> Told:
    allowed = expected.replace("'", '"')
    message = f"{name} must be {allowed}, not {_shown(given)}"
    meant = nearest(given, allowed.split('"')[1::2]) if isinstance(given, str) else None
    if meant is None:
        return "field.value", message, None, None
    patch = {"op": "replace", "path": pointer(*path), "value": meant}
    return "field.value", message, f'did you mean "{meant}"?', Fix(f"Set it to {meant}", (patch,))


_BOUNDS = {
    "gt": "more than {}",
    "ge": "at least {}",
    "lt": "less than {}",
    "le": "at most {}",
    "max_length": "at most {} long",
    "min_length": "at least {} long",
}


def _bound(context: dict[str, Any]) -> str:
    return " and ".join(words.format(number_text(context[key])) for key, words in _BOUNDS.items() if key in context)


def _what(path: Path, value: JsonValue) -> tuple[str, Sequence[str]]:
    """What stands at a path, in words, and the fields that it may have."""
    if not path:
        return "a graph", TOP_ORDER
    if path[0] == "nodes" and len(path) == 2:
        kind = str(cast("dict[str, JsonValue]", value)["kind"])
        return ("an " if kind[0] in "ae" else "a ") + kind, _fields(NODE_CLASSES[kind])
    if path[0] == "state" and len(path) == 2:
        return "a state key", STATE_ORDER
    if path[-2:-1] == ("agents",):
        return "a sub-agent", _fields(kinds.SubAgent)
    words, part = _PARTS[str(path[-2] if isinstance(path[-1], int) else path[-1])]
    return words, _fields(part)


def _fields(part: type[Part]) -> list[str]:
    return [field.alias or name for name, field in part.model_fields.items()]


def _removal(path: Path) -> Fix:
    return Fix("Take it out", ({"op": "remove", "path": pointer(*path)},))


def _listed(words: Sequence[str] | dict[str, Any]) -> str:
    return ", ".join(words)


def _shown(value: JsonValue) -> str:
    """A value in a sentence: short texts and numbers themselves, else what it is."""
    match value:
        case str():
            return f'"{_cut(value)}"'
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            return shape_of(value)


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
