"""The document's own JSON Schema agrees with what is read."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from pydantic import JsonValue

from engine.model.document import graph_schema
from engine.model.graph import Graph
from engine.model.nodes import FIELD_ORDER, NODE_CLASSES
from tests.model.documents import Document, documents
from tests.model.test_structure import MISTAKES

SCHEMA = graph_schema()
VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA, offline=True)

# What a JSON Schema cannot say, or what would make it say it twice.
UNSAID = {"id.invalid", "key.invalid", "key.default", "option.invalid", "field.conflict", "schema.invalid",
          "secret.misplaced", "value.invalid"}  # fmt: skip


@given(documents)
def test_every_graph_fits_the_schema(document: Document) -> None:
    assert VALIDATOR.is_valid(json.loads(Graph.model_validate(document).dumps()))


@pytest.mark.parametrize("mistake", [m for m in MISTAKES if m[1] not in UNSAID], ids=lambda m: f"{m[1]} {m[2]}")
def test_mistakes_of_form_do_not_fit_it(mistake: tuple[Any, str, str, str]) -> None:
    needs_one_of = mistake[1] == "field.missing" and mistake[2] == "/nodes/a" and "kind" in str(mistake[0])
    assert VALIDATOR.is_valid(mistake[0]) is (needs_one_of and "one of" in mistake[3])


def everywhere(schema: JsonValue) -> list[dict[str, JsonValue]]:
    if isinstance(schema, dict):
        return [schema, *(deeper for item in schema.values() for deeper in everywhere(item))]
    return [deeper for item in schema for deeper in everywhere(item)] if isinstance(schema, list) else []


def test_every_kind_is_told_apart_by_its_constant_and_has_its_fields_in_order() -> None:
    for kind, node in NODE_CLASSES.items():
        written = SCHEMA["$defs"][node.__name__]
        assert written["properties"]["kind"]["const"] == kind
        assert "kind" in written["required"]
        names = {field.alias or name for name, field in node.model_fields.items()}
        assert list(written["properties"]) == [name for name in FIELD_ORDER[kind] if name in names]


def test_every_field_says_what_it_is_for() -> None:
    for name, definition in {"Graph": SCHEMA, **SCHEMA["$defs"]}.items():
        for field, written in definition.get("properties", {}).items():
            assert "description" in written or field == "kind", f"{name}.{field}"
        assert "description" in definition or name == "JsonValue"


def test_there_are_no_titles_nulls_or_markup_that_say_nothing() -> None:
    assert [part["title"] for part in everywhere(SCHEMA) if isinstance(part.get("title"), str)] == ["Graph"]
    assert [part for part in everywhere(SCHEMA) if "default" in part and part["default"] is None] == []
    assert [part for part in everywhere(SCHEMA) if part.get("type") == "null"] == []
    assert "``" not in json.dumps(SCHEMA)


def test_defaults_are_those_that_reading_fills_in() -> None:
    gate, retry = SCHEMA["$defs"]["GateNode"]["properties"], SCHEMA["$defs"]["Retry"]["properties"]
    assert gate["options"]["default"] == ["ok"]
    assert retry["on"]["default"] == ["transient"]
    assert retry["attempts"]["default"] == 3
    assert SCHEMA["$defs"]["SubAgent"]["properties"]["max_iterations"]["default"] == 10


def test_templates_expressions_and_inline_graphs_are_marked_for_forms() -> None:
    definitions = SCHEMA["$defs"]
    assert definitions["AgentNode"]["properties"]["prompt"]["format"] == "template"
    assert definitions["Edge"]["properties"]["when"]["format"] == "expression"
    assert definitions["SubgraphNode"]["properties"]["inline"]["$ref"] == "#"


def test_a_caller_gets_a_copy_of_its_own() -> None:
    graph_schema()["properties"].clear()
    assert graph_schema() == SCHEMA
