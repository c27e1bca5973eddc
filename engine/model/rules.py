"""Rules of form that no single field can know: names, pairs of fields, positions, special values.

Rule: works on the raw document, whatever its types, so that these findings are told together with pydantic's; a part
of the wrong type is passed over here, because pydantic has told of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pydantic import JsonValue

from engine.model.findings import Finding, Fix, pointer
from engine.model.names import KEY_PATTERN, ROOTS, WORDS, is_node_id, is_state_key, suggested_id
from engine.model.schema import problems, schema_problems
from engine.model.values import shape_of

MOST_NODES = 20_000
MOST_EDGES = 100_000

RESERVED_OPTIONS = frozenset({"error", "expired", "transfer", "repeat", "done"})
"""Ports of other meaning, so no gate's option can be called so."""

Object = dict[str, JsonValue]
_SPECIAL = {"$cel", "$secret"}
_NOTE = {"x": (int, float), "y": (int, float), "w": (int, float), "h": (int, float), "text": (str,)}


def own_findings(document: Object, but: Collection[str] = ()) -> list[Finding]:
    """Every finding about names, field pairs, positions, schemas and special values of one graph.

    Args:
        document: the graph as a raw value.
        but: the nodes of which nothing but their names has to be looked at: nothing is wrong inside them.
    """
    nodes, edges = _counts(document)
    if nodes > MOST_NODES or edges > MOST_EDGES:
        message = f"the graph has {nodes} nodes and {edges} edges; at most {MOST_NODES} and {MOST_EDGES} can be opened"
        return [Finding("graph.size", "error", message, "/nodes", hint="use subgraphs")]
    return [
        *_key_findings(document),
        *_node_findings(document, but),
        *_layout_findings(document),
        *_schema_findings("input", document.get("input"), None),
        *_value_findings(document.get("output"), ("output",), None, secrets=False),
    ]


def _objects(value: JsonValue) -> Iterator[tuple[str, Object]]:
    """The entries of an object that are objects themselves."""
    if isinstance(value, dict):
        yield from ((key, item) for key, item in value.items() if isinstance(item, dict))


def _counts(document: Object) -> tuple[int, int]:
    nodes = document.get("nodes")
    edges = [node.get("to") for _, node in _objects(nodes)]
    return len(nodes) if isinstance(nodes, dict) else 0, sum(len(to) for to in edges if isinstance(to, list))


def _key_findings(document: Object) -> Iterator[Finding]:
    state = document.get("state")
    for key in state if isinstance(state, dict) else ():
        if not is_state_key(key):
            why = "is a name of its own" if key in ROOTS else "is a word of CEL" if key in WORDS else _pattern()
            message = f"a key of the state cannot be called {_quoted(key)}: it {why}"
            yield _rename("key.invalid", message, ("state", key), None)
    for key, entry in _objects(state):
        yield from _schema_findings(pointer("state", key, "schema")[1:], entry.get("schema"), None)
        yield from _default_findings(key, entry)


_LIST_OR_OBJECT: dict[JsonValue, type] = {"append": list, "extend": list, "merge": dict}


def _default_findings(key: str, entry: Object) -> Iterator[Finding]:
    """A first value that its own key's merge rule or schema would refuse."""
    merge, schema, value = entry.get("merge", "replace"), entry.get("schema"), entry.get("default")
    place = pointer("state", key, "default")
    if "default" not in entry or not isinstance(merge, str):
        return
    needed = _LIST_OR_OBJECT.get(merge)
    is_number = type(value) in (int, float)
    if (needed is not None and not isinstance(value, needed)) or (merge in ("sum", "min", "max") and not is_number):
        message = f"the key {_quoted(key)} merges by {merge}, so it cannot begin with {shape_of(value)}"
        yield Finding("key.default", "error", message, place)
    elif isinstance(schema, dict) and not schema_problems(schema):
        found = problems(schema, value)
        if found:
            yield Finding(
                "key.default", "error", f"the default of {_quoted(key)} does not fit its schema: {found[0]}", place
            )


def _pattern() -> str:
    return f"does not match {KEY_PATTERN}"


def _rename(code: str, message: str, path: tuple[str, ...], node: str | None) -> Finding:
    meant = suggested_id(path[-1])
    patch = {"op": "move", "from": pointer(*path), "path": pointer(*path[:-1], meant)}
    return Finding(
        code, "error", message, pointer(*path), node, f"call it {meant}", Fix(f"Rename it to {meant}", (patch,))
    )


def _quoted(text: str) -> str:
    return f'"{text}"' if len(text) <= 70 else f'"{text[:70]}…"'


def _node_findings(document: Object, but: Collection[str]) -> Iterator[Finding]:
    nodes = document.get("nodes")
    for node in nodes if isinstance(nodes, dict) else ():
        if not is_node_id(node):
            why = "is a word of CEL" if node in WORDS else _pattern()
            yield _rename("id.invalid", f"a node cannot be called {_quoted(node)}: it {why}", ("nodes", node), node)
    for node, fields in _objects(nodes):
        if node in but:
            continue
        yield from _pair_findings(node, fields)
        yield from _option_findings(node, fields)
        yield from _agent_findings(node, ("nodes", node), fields)
        yield from _node_values(node, fields)


# --- pairs of fields ---


def _pair_findings(node: str, fields: Object) -> Iterator[Finding]:
    match fields.get("kind"):
        case "subgraph":
            yield from _exactly_one(node, fields, ("graph", "inline"))
        case "wait":
            yield from _exactly_one(node, fields, ("seconds", "until", "signal"))
        case "end" if "output" in fields and "fail" in fields:
            yield _conflict(node, "fail", "an end has either `output` or `fail`, not both")
        case _:
            pass
    if fields.get("kind") in ("agent", "tool", "subgraph") and "each" not in fields:
        for field in ("wait", "rest", "accept_failed"):
            if field in fields:
                yield _conflict(node, field, f"`{field}` means something only beside `each`")


def _exactly_one(node: str, fields: Object, names: tuple[str, ...]) -> Iterator[Finding]:
    given = [name for name in names if name in fields]
    listed = ", ".join(f"`{name}`" for name in names)
    if not given:
        message = f"the {fields['kind']} {_quoted(node)} needs one of {listed}"
        yield Finding("field.missing", "error", message, pointer("nodes", node), node)
    for name in given[1:]:
        yield _conflict(node, name, f"a {fields['kind']} has exactly one of {listed}")


def _conflict(node: str, field: str, message: str) -> Finding:
    place = pointer("nodes", node, field)
    fix = Fix("Take it out", ({"op": "remove", "path": place},))
    return Finding("field.conflict", "error", message, place, node, "take it out", fix)


def _option_findings(node: str, fields: Object) -> Iterator[Finding]:
    options = fields.get("options", ["ok"])
    if fields.get("kind") != "human-gate" or not isinstance(options, list):
        return
    seen: set[str] = set()
    for index, option in enumerate(options):
        name = option.get("name") if isinstance(option, dict) else option
        place = pointer("nodes", node, "options", index)
        if isinstance(name, str) and name in RESERVED_OPTIONS:
            yield Finding(
                "option.invalid",
                "error",
                f"no option can be called {name}, which is a port of its own",
                place,
                node,
                "take another word",
            )
        if isinstance(name, str) and name in seen:
            yield Finding("option.invalid", "error", f"the option {_quoted(name)} is given twice", place, node)
        if isinstance(name, str):
            seen.add(name)
        if isinstance(option, dict):
            yield from _schema_findings(f"{place[1:]}/form", option.get("form"), node)
    default = fields.get("default")
    if isinstance(default, str) and default not in seen:
        message = f"the default {_quoted(default)} is none of the options"
        hint = f"the options are {', '.join(sorted(seen))}"
        yield Finding("option.invalid", "error", message, pointer("nodes", node, "default"), node, hint)


def _agent_findings(node: str, path: tuple[str, ...], fields: Object) -> Iterator[Finding]:
    """Names and schemas of sub-agents, at any depth."""
    yield from _schema_findings(pointer(*path, "output_schema")[1:], fields.get("output_schema"), node)
    for name, agent in _objects(fields.get("agents")):
        here = (*path, "agents", name)
        if not is_node_id(name):
            yield _rename("id.invalid", f"an agent cannot be called {_quoted(name)}", here, node)
        yield from _value_findings(agent.get("settings"), (*here, "settings"), node, secrets=True)
        yield from _value_findings(agent.get("attachments"), (*here, "attachments"), node, secrets=False)
        yield from _agent_findings(node, here, agent)


# --- positions ---


def _layout_findings(document: Object) -> Iterator[Finding]:
    layout = document.get("layout")
    for key, value in layout.items() if isinstance(layout, dict) else ():
        if key == "$notes":
            yield from _note_findings(value)
        elif not (isinstance(value, list) and len(value) == 2 and all(type(item) in (int, float) for item in value)):
            yield Finding("layout.invalid", "error", "a position is [x, y]", pointer("layout", key))


def _note_findings(notes: JsonValue) -> Iterator[Finding]:
    if not isinstance(notes, list):
        yield Finding("layout.invalid", "error", "`$notes` is a list of notes", "/layout/$notes")
        return
    for index, note in enumerate(notes):
        is_note = isinstance(note, dict) and note.keys() == _NOTE.keys()
        if not (is_note and isinstance(note, dict) and all(type(note[key]) in types for key, types in _NOTE.items())):
            message = "a note is {x, y, w, h, text} with four numbers and a text"
            yield Finding("layout.invalid", "error", message, pointer("layout", "$notes", index))


# --- schemas and special values ---


def _schema_findings(place: str, schema: JsonValue, node: str | None) -> Iterator[Finding]:
    if isinstance(schema, dict):
        for inner, message in schema_problems(schema):
            yield Finding("schema.invalid", "error", message, f"/{place}{inner}", node)


def _node_values(node: str, fields: Object) -> Iterator[Finding]:
    for name in ("save", "prefill", "output", "attachments", "args", "settings"):
        if name in fields:
            has_secrets = name in ("args", "settings")
            yield from _value_findings(fields[name], ("nodes", node, name), node, secrets=has_secrets)
    if "form" in fields:
        yield from _schema_findings(pointer("nodes", node, "form")[1:], fields["form"], node)


def _value_findings(
    value: JsonValue, path: tuple[str | int, ...], node: str | None, *, secrets: bool
) -> Iterator[Finding]:
    """What is wrong with ``$cel``, ``$secret`` and ``$file`` in a value that is resolved when the node runs."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _value_findings(item, (*path, index), node, secrets=secrets)
    elif isinstance(value, dict):
        yield from _special_findings(value, path, node, secrets=secrets)
        for key, item in value.items():
            yield from _value_findings(item, (*path, key), node, secrets=secrets)


def _special_findings(
    value: Object, path: tuple[str | int, ...], node: str | None, *, secrets: bool
) -> Iterator[Finding]:
    if _SPECIAL.isdisjoint(value) and "$file" not in value:
        return
    for key in sorted(_SPECIAL & value.keys()):
        if len(value) > 1 or not isinstance(value[key], str):
            form = '{"$cel": EXPRESSION}' if key == "$cel" else '{"$secret": NAME}'
            yield Finding("value.invalid", "error", f"`{key}` stands alone, as {form}", pointer(*path), node)
    if "$file" in value and not _is_file(value):
        message = 'a file is {"$file": SHA-256, "name": TEXT, "media_type": TEXT}'
        yield Finding("value.invalid", "error", message, pointer(*path), node)
    if "$secret" in value and not secrets:
        message = "a secret may stand in `args` and `settings` only"
        yield Finding("secret.misplaced", "error", message, pointer(*path), node, "hand it to a tool as an argument")


def _is_file(value: Object) -> bool:
    known = value.keys() <= {"$file", "name", "media_type"}
    return known and all(isinstance(item, str) for item in value.values())
