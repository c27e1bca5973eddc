"""Whatever is handed in as a document gives findings and nothing else; what is a graph keeps its bytes."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Graph, GraphError
from engine.compile.check import check
from engine.compile.compile import compile_graph
from engine.model.findings import Finding
from tests.support.graphs import Tastes, random_document
from tests.support.spoiling import samples, spoilt_document

SEEDS = st.integers(0, 2**32)
GOOD = samples()


def findings_of(text: str) -> list[Finding]:
    """Everything that is said of a text; a graph without errors must have a plan as well."""
    reading = Graph.read(text)
    if reading.graph is None:
        return list(reading.findings)
    found = check(reading.graph, tools={}, models=(), graphs=lambda _: None)
    plain = check(reading.graph)
    if not any(finding.severity == "error" for finding in plain):
        compile_graph(reading.graph)
    return [*found, *plain]


@given(SEEDS)
@settings(max_examples=400, deadline=None)
def test_a_document_that_was_tampered_with_gives_findings_only(seed: int) -> None:
    text = json.dumps(spoilt_document(Random(seed), GOOD))
    for finding in findings_of(text):
        assert finding.code
        assert finding.message
        json.dumps(finding.as_json())


@given(SEEDS, st.data())
@settings(max_examples=150, deadline=None)
def test_a_text_that_was_tampered_with_gives_findings_only(seed: int, data: st.DataObject) -> None:
    text = json.dumps(random_document(Random(seed), Tastes(6)), indent=2)
    at = data.draw(st.integers(0, len(text)))
    until = data.draw(st.integers(at, min(at + 20, len(text))))
    findings_of(text[:at] + data.draw(st.text(max_size=5)) + text[until:])


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_a_graph_that_is_read_and_written_again_keeps_its_bytes(seed: int) -> None:
    written = Graph.model_validate(random_document(Random(seed))).dumps()
    again = Graph.loads(written)
    assert again.dumps() == written
    assert again.hash == Graph.model_validate(json.loads(written)).hash


@given(SEEDS)
@settings(max_examples=200, deadline=None)
def test_a_tampered_document_that_is_still_a_graph_keeps_its_bytes_too(seed: int) -> None:
    reading = Graph.read(json.dumps(spoilt_document(Random(seed), GOOD)))
    if reading.graph is not None:
        written = reading.graph.dumps()
        assert Graph.loads(written).dumps() == written


@given(SEEDS, st.lists(st.tuples(st.integers(-9999, 9999), st.integers(-9999, 9999)), min_size=2, max_size=2))
@settings(max_examples=50, deadline=None)
def test_moving_a_node_changes_lines_of_the_layout_only_and_not_the_hash(
    seed: int, positions: list[tuple[int, int]]
) -> None:
    document = random_document(Random(seed))
    first = next(iter(document["nodes"]))
    before, after = (
        Graph.model_validate({**document, "layout": {first: list(position)}}) for position in positions
    )  # fmt: skip
    changed = [a for a, b in zip(before.dumps().splitlines(), after.dumps().splitlines(), strict=True) if a != b]
    assert len(changed) == (positions[0] != positions[1])
    assert before.hash == after.hash


def test_a_graph_with_errors_has_no_plan_and_says_why() -> None:
    document = {"format": "weft/1", "name": "round", "nodes": {n: _step(n) for n in "ab"}}
    with pytest.raises(GraphError, match="cycle") as refusal:
        compile_graph(Graph.model_validate(document))
    assert refusal.value.findings


def _step(name: str) -> dict[str, object]:
    return {"kind": "tool", "tool": "work", "to": [{"node": "b" if name == "a" else "a"}]}
