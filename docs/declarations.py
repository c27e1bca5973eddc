"""Writes the editor's types and tables from the code: ``make docs``. A house test fails while they are not current.

Rule: what a document, a request or an answer looks like is said once, in the pydantic models; the browser's types and
its tables of kinds, ports and defaults are made from them, so that neither can drift.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from engine.model.document import graph_schema
from engine.model.graph import Merge, StateKey
from engine.model.names import ROOTS, WORDS
from engine.model.nodes import EXECUTING_FIELDS, FIELD_ORDER, NODE_CLASSES, OWN_FIELDS, PORTS, SUB_AGENT_ORDER
from engine.model.state import initial_value
from engine.model.values import ABSENT
from engine.model.writing import TOP_ORDER
from server import wire

EDITOR = Path(__file__).parent.parent / "editor_static" / "js"
TYPES, TABLES = EDITOR / "types.d.ts", EDITOR / "document" / "tables.js"
WIDTH = 120

Schema = dict[str, Any]

_PRIMITIVES = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
    "object": "{ [key: string]: Json }",
    "array": "Json[]",
}


def declarations() -> str:
    """The whole of ``types.d.ts``: the document's shapes, then those on the wire."""
    schema = graph_schema()
    shapes: dict[str, Schema] = {"Graph": schema, **schema["$defs"]}
    answers = wire_schemas()
    both = shapes.keys() & answers.keys() - {"JsonValue"}
    if both:
        raise ValueError(f"the document and the wire both have a {', '.join(sorted(both))}: rename one")
    shapes.pop("JsonValue")
    answers.pop("JsonValue", None)
    head = (
        "// Made from the pydantic models by `make docs`; do not edit. What the document and the server's interface\n"
        "// look like when they are as they should be; a document from a file may be broken, see contract.d.ts.\n\n"
        "export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };\n"
    )
    kinds = " | ".join(node.__name__ for node in NODE_CLASSES.values())
    parts = [declaration(name, shape).replace(kinds, "Node") for name, shape in {**shapes, **answers}.items()]
    return "\n".join([head, f"export type Node =\n  | {kinds.replace(' | ', chr(10) + '  | ')};\n", *parts])


def wire_schemas() -> dict[str, Schema]:
    """JSON Schema of every model of the wire, by name."""
    models = [
        model
        for name, model in sorted(vars(wire).items())
        if isinstance(model, type) and issubclass(model, BaseModel) and model.__module__ == wire.__name__
        if name not in ("Asked", "Told")
    ]
    _, definitions = models_json_schema([(model, "validation") for model in models])
    return cast("dict[str, Schema]", definitions["$defs"])


def declaration(name: str, schema: Schema) -> str:
    """One exported type with its fields' descriptions."""
    return f"{_comment(schema.get('description'), '')}export type {name} = {_type(schema, '')};\n"


def _type(schema: Any, margin: str) -> str:
    match schema:
        case {"$ref": "#"}:
            return "Graph"
        case {"$ref": str(ref)}:
            name = ref.rpartition("/")[2]
            return "Json" if name == "JsonValue" else name
        case {"const": value}:
            return json.dumps(value)
        case {"enum": [*values]}:
            return " | ".join(json.dumps(value) for value in values)
        case {"oneOf": [*members]} | {"anyOf": [*members]}:
            return " | ".join(dict.fromkeys(_type(member, margin) for member in members))
        case {"type": "array"}:
            return _list(schema, margin)
        case {"type": "object"}:
            return _object(schema, margin)
        case {"type": str(name)}:
            return _PRIMITIVES[name]
        case _:
            return "Json"


def _list(schema: Schema, margin: str) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(_type(item, margin) for item in schema['prefixItems'])}]"
    if "items" not in schema:
        return "Json[]"
    item = _type(schema["items"], margin)
    pair = schema.get("minItems") == schema.get("maxItems") == 2
    return f"[{item}, {item}]" if pair else f"({item})[]" if " | " in item else f"{item}[]"


def _object(schema: Schema, margin: str) -> str:
    properties: dict[str, Schema] = schema.get("properties", {})
    others = schema.get("additionalProperties")
    inner = margin + "  "
    required = set(schema.get("required", ()))
    lines = [
        f"{_comment(_said(field), inner)}{inner}{_key(key)}{'' if key in required else '?'}: {_type(field, inner)};\n"
        for key, field in properties.items()
    ]
    if not lines:
        return "{}" if others is False else f"{{ [key: string]: {_type(others, margin)} }}"
    own = "{\n" + "".join(lines) + margin + "}"
    # TypeScript wants a named field to fit the index too; an intersection lets each be what it is.
    return own if others in (None, False) else f"{own} & {{ [key: string]: any }}"


def _key(key: str) -> str:
    return key if re.fullmatch(r"\w+", key) else json.dumps(key)


def _said(field: Schema) -> str | None:
    """A field's description, and its default."""
    text: str = field.get("description", "")
    if field.get("default") is not None:
        text += f"{' ' if text else ''}Default: `{json.dumps(field['default'])}`."
    return text or None


def _comment(text: str | None, margin: str) -> str:
    if not text:
        return ""
    plain = " ".join(text.replace("``", "`").replace("*/", "*\\/").split())
    return f"{margin}/** {plain} */\n"


def tables() -> str:
    """The whole of ``tables.js``."""
    schema = graph_schema()["$defs"]
    names = {kind: node.__name__ for kind, node in NODE_CLASSES.items()}
    defaults = {kind: _defaults(schema[name]) for kind, name in names.items()}
    head = (
        "// Made from the pydantic models by `make docs`; do not edit.\n"
        "// Rule: what the nine kinds are made of is said once, in engine/model; this is the same for the browser.\n"
    )
    fields = {
        kind: [key for key in FIELD_ORDER[kind] if key in schema[name]["properties"]] for kind, name in names.items()
    }
    firsts = {merge: initial_value(StateKey(merge=merge)) for merge in get_args(Merge)}
    firsts = {merge: value for merge, value in firsts.items() if value is not ABSENT}
    readonly = "Readonly<Record<string, readonly string[]>>"
    return "\n".join(
        [
            head,
            _table("KINDS", list(NODE_CLASSES), "readonly string[]", "Every kind, in the order of the palette."),
            _table("PORTS", PORTS, readonly, "Ports of a kind, its default first; a gate's options come before them."),
            _table("OWN_FIELDS", OWN_FIELDS, readonly, "Fields that only this kind has or means so."),
            _table("FIELDS", fields, readonly, "The fields of a kind in the order in which they are written."),
            _table("TOP_ORDER", TOP_ORDER, "readonly string[]", "The order of a document's own keys."),
            _table("SUB_AGENT_ORDER", SUB_AGENT_ORDER, "readonly string[]", "The order of a sub-agent's fields."),
            _table("EXECUTING_FIELDS", EXECUTING_FIELDS, "readonly string[]", "Of agent, tool and subgraph alone."),
            _table("DEFAULTS", defaults, "Readonly<Record<string, any>>", "What an absent field of a kind means."),
            _table("INITIAL", firsts, "Readonly<Record<string, any>>", "First values of a state key by its `merge`."),
            _table("ROOTS", ROOTS, "readonly string[]", "The names that templates and expressions begin with."),
            _table("WORDS", sorted(WORDS), "readonly string[]", "Words of CEL that no node can be called."),
        ]
    )


def _defaults(schema: Schema) -> dict[str, Any]:
    properties: dict[str, Schema] = schema["properties"]
    return {key: field["default"] for key, field in properties.items() if "default" in field}


def _table(name: str, value: object, type_: str, says: str) -> str:
    return f"/**\n * {says}\n * @type {{{type_}}}\n */\nexport const {name} = {_literal(value, '')};\n"


def _literal(value: object, margin: str) -> str:
    """A JavaScript literal: short ones on one line, longer ones over several."""
    short = _one_line(value)
    if len(margin) + len(short) < WIDTH - 40 or not isinstance(value, (Mapping, list, tuple)) or not value:
        return short
    inner = margin + "  "
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, object]", value).items()
        return (
            "{\n" + "".join(f"{inner}{_key(key)}: {_literal(item, inner)},\n" for key, item in entries) + margin + "}"
        )
    return "[\n" + _filled(cast("Iterable[object]", value), inner) + margin + "]"


def _filled(items: Iterable[object], margin: str) -> str:
    """Items of a list, as many on a line as fit."""
    lines = [margin]
    for item in items:
        text = f"{_one_line(item)}, "
        if len(lines[-1]) + len(text) > WIDTH and lines[-1] != margin:
            lines.append(margin)
        lines[-1] += text
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _one_line(value: object) -> str:
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, object]", value).items()
        return f"{{ {', '.join(f'{_key(key)}: {_one_line(item)}' for key, item in entries)} }}" if value else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_one_line(item) for item in cast('Iterable[object]', value))}]"
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    for path, text in ((TYPES, declarations()), (TABLES, tables())):
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.name}")
