"""The one written form of a document, byte for byte (GRAPH.md §1)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given

from engine.model.graph import Graph
from engine.model.nodes import FIELD_ORDER, NODE_CLASSES, OWN_FIELDS, SUB_AGENT_ORDER, SubAgent
from engine.model.reading import read_document
from engine.model.values import ABSENT
from engine.model.writing import TOP_ORDER, hash_of, hash_of_written, written
from tests.model.documents import Document, documents, values
from tests.model.javascript import JavaScript


@pytest.fixture(scope="module")
def javascript() -> Iterator[JavaScript]:
    with JavaScript() as process:
        yield process


def read(text: str) -> Any:
    value, findings = read_document(text)
    assert (findings, value is ABSENT) == ([], False)
    return value


@given(documents)
def test_a_written_graph_is_read_and_written_again_byte_for_byte(document: Document) -> None:
    text = Graph.model_validate(document).dumps()
    again = Graph.loads(text)
    assert again.dumps() == text
    assert again.hash == Graph.model_validate(document).hash


@given(documents)
def test_nothing_that_the_author_set_is_lost_or_added(document: Document) -> None:
    text = Graph.model_validate(document).dumps()
    assert json.loads(text, parse_int=float) == json.loads(json.dumps(document), parse_int=float)


@given(documents)
def test_the_raw_value_and_the_graph_are_written_alike(document: Document) -> None:
    assert written(read(json.dumps(document))) == Graph.model_validate(document).dumps()


@given(values)
def test_what_stands_between_is_as_javascript_indents_it(javascript: JavaScript, value: Any) -> None:
    text = json.dumps({"output": {"free": value}})
    assert written(read(text)) == javascript.rewritten(text, indent=2) + "\n"


@given(documents)
def test_the_written_form_is_javascripts_but_for_the_one_line_parts(javascript: JavaScript, document: Document) -> None:
    text = Graph.model_validate(document).dumps()
    assert text.endswith("}\n")
    assert javascript.rewritten(text, indent=2).split() == javascript.rewritten(json.dumps(json.loads(text)), 2).split()
    assert javascript.rewritten(text) == javascript.rewritten(javascript.rewritten(text, indent=2))


def test_edges_and_positions_stand_on_one_line_and_nothing_else_does() -> None:
    graph = Graph.model_validate(
        {
            "layout": {"a": [1.0, -0.5], "$notes": [{"x": 0, "y": 0, "w": 1, "h": 1, "text": "n"}], "b": [0, 0]},
            "nodes": {
                "a": {"to": [{"node": "b", "on": "ok"}, {"label": '"', "node": "b"}], "kind": "join"},
                "b": {"kind": "end"},
            },
            "name": "g",
            "format": "weft/1",
        }
    )  # fmt: skip
    assert graph.dumps() == (
        '{\n  "format": "weft/1",\n  "name": "g",\n  "nodes": {\n    "a": {\n      "kind": "join",\n      "to": [\n'
        '        {"on": "ok", "node": "b"},\n        {"node": "b", "label": "\\""}\n      ]\n    },\n'
        '    "b": {\n      "kind": "end"\n    }\n  },\n  "layout": {\n    "a": [1, -0.5],\n    "$notes": [\n      {\n'
        '        "x": 0,\n        "y": 0,\n        "w": 1,\n        "h": 1,\n        "text": "n"\n      }\n    ],\n'
        '    "b": [0, 0]\n  }\n}\n'
    )


def test_empty_lists_and_objects_are_written_as_javascript_does() -> None:
    assert written({"output": {"a": [], "b": {}}}) == '{\n  "output": {\n    "a": [],\n    "b": {}\n  }\n}\n'


def test_the_order_of_fields_covers_every_field_of_every_kind() -> None:
    for kind, node in NODE_CLASSES.items():
        names = {field.alias or name for name, field in node.model_fields.items()}
        assert names <= set(FIELD_ORDER[kind]), kind
        assert set(OWN_FIELDS[kind]) <= names, kind
    assert {*SubAgent.model_fields} == {*SUB_AGENT_ORDER}
    assert list(Graph.model_fields) == list(TOP_ORDER)


def test_known_fields_stand_in_the_order_of_the_tables() -> None:
    node: Document = {
        "to": [],
        "save": {},
        "args": {},
        "each": "x",
        "tool": "t",
        "retry": {"on": [], "attempts": 1},
        "kind": "tool",
    }
    text = written({"nodes": {"a": node}})
    fields = ["kind", "tool", "args", "each", "retry", "attempts", "on", "save", "to"]
    assert [text.index(f'"{field}"') for field in fields] == sorted(text.index(f'"{field}"') for field in fields)


@pytest.mark.parametrize(
    "document",
    [
        {"nodes": {"a": {"kind": "nope", "to": "x", "unknown": 1}, "b": 3}, "zzz": [1]},
        {"nodes": {"a": {"kind": ["x"], "to": [1, {"q": {"r": [1]}, "node": "b"}]}}},
        {"layout": {"a": [], "b": ["x"], "c": 1}},
        {"nodes": [1], "state": 3, "layout": [[1, 2]]},
        [1, {"2": 1, "1": 2}],
        "text",
        None,
    ],
)  # fmt: skip
def test_a_document_with_findings_is_written_whole_too(document: Any) -> None:
    text = written(document)
    assert json.loads(text) == document
    assert written(json.loads(text)) == text


def test_an_unknown_field_follows_the_known_ones() -> None:
    text = written({"zzz": 1, "1": 2, "name": "g", "format": "weft/1"})
    assert list(json.loads(text)) == ["1", "format", "name", "zzz"]


@given(documents)
def test_moving_nodes_does_not_change_the_hash_and_anything_else_does(document: Document) -> None:
    graph = Graph.model_validate(document)
    moved = {**document, "layout": {"elsewhere": [1, 2]}}
    assert Graph.model_validate(moved).hash == graph.hash == hash_of(document)
    assert Graph.model_validate({**document, "title": "another " + str(document.get("title"))}).hash != graph.hash
    assert len(graph.hash) == 64


@given(documents)
def test_the_hash_that_writing_finds_on_its_way_is_the_hash(document: Document) -> None:
    graph = Graph.model_validate(document)
    text = graph.dumps()
    assert hash_of_written(text) in (None, hash_of(document))
    assert graph.hash == hash_of(document)


def test_a_text_that_looks_like_a_layout_or_an_inline_graph_does_not_mislead_the_hash() -> None:
    text = ',\n  "layout": {\n}\n}\n "inline": {'
    tricky: Document = {"format": "weft/1", "name": "g", "description": text, "nodes": {}}
    layouts: list[Document] = [{}, {"layout": {}}, {"layout": {"$notes": []}}]
    for layout in layouts:
        document: Document = {**tricky, **layout}
        assert hash_of_written(written(document)) == hash_of(document) == hash_of(tricky)


def test_the_layout_of_an_inline_graph_does_not_count_either() -> None:
    def outer(position: list[int]) -> Document:
        inner = {"format": "weft/1", "name": "in", "nodes": {"e": {"kind": "end"}}, "layout": {"e": position}}
        return {"format": "weft/1", "name": "out", "nodes": {"s": {"kind": "subgraph", "inline": inner}}}

    assert hash_of(outer([0, 0])) == hash_of(outer([5, 5]))
    assert hash_of(7) != hash_of({"nodes": 7})
    assert written(outer([0, 0])) != written(outer([5, 5]))
    assert '"e": [0, 0]' in written(outer([0, 0]))
