"""The document's own JSON Schema: for forms, for types, for editors that know JSON.

Rule: the schema is made from the models that read a document, so it cannot say another thing than they do.
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from engine.model.graph import Graph
from engine.model.names import KEY_PATTERN
from engine.model.nodes import FIELD_ORDER, SUB_AGENT_ORDER, Part

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def graph_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a document of this format, a fresh copy.

    Shapes stand under ``$defs`` with their descriptions and defaults; properties are in written order; a node is a
    ``oneOf`` over the kinds, told apart by ``kind``. What the schema cannot say (pairs of fields, references, loops)
    reading and the checker find.
    """
    schema = Graph.model_json_schema(by_alias=True, schema_generator=_Generator)
    definitions: dict[str, Any] = schema.pop("$defs")
    definitions = {name: _tidied(name, definition) for name, definition in sorted(definitions.items())}
    graph = _tidied("Graph", schema)
    for key in ("nodes", "state"):
        graph["properties"][key]["propertyNames"] = {"pattern": KEY_PATTERN}
    inline = definitions["SubgraphNode"]["properties"]["inline"]
    definitions["SubgraphNode"]["properties"]["inline"] = {"$ref": "#", "description": inline["description"]}
    return {"$schema": SCHEMA_DIALECT, "title": "Graph", **graph, "$defs": definitions}


class _Generator(GenerateJsonSchema):
    """Without titles that only repeat a field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _tidied(name: str, definition: dict[str, Any]) -> dict[str, Any]:
    """One definition with its properties in written order, real defaults only, and plain words."""
    definition.pop("title", None)
    properties: dict[str, Any] = definition.get("properties", {})
    kind = properties.get("kind", {}).get("const")
    order = SUB_AGENT_ORDER if name == "SubAgent" else FIELD_ORDER[kind] if kind else tuple(properties)
    defaults = _defaults(name)
    for key in order:
        if key in properties:
            # Moved to the end, one after the other: so they come to stand in order.
            properties[key] = {**_without_null(properties.pop(key)), **defaults.get(key, {})}
    if "description" in definition:
        definition["description"] = definition["description"].replace("``", "`")
    return definition


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    """Absent is not null: a field that may be left out has no default."""
    return {key: value for key, value in field.items() if key != "default" or value is not None}


def _defaults(name: str) -> dict[str, dict[str, Any]]:
    """Defaults that are made anew each time, which the generator leaves out: field -> ``{"default": value}``."""
    fields = _parts().get(name, Graph).model_fields
    made = {field.alias or key: field.default_factory for key, field in fields.items()}
    return {key: {"default": factory()} for key, factory in made.items() if factory is not None}  # type: ignore[call-arg]


def _parts() -> dict[str, type[Part]]:
    found: dict[str, type[Part]] = {}
    todo: list[type[Part]] = [Part]
    while todo:
        part = todo.pop()
        found[part.__name__] = part
        todo += part.__subclasses__()
    return found
