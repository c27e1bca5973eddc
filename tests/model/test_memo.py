"""A document that is read with what is known of earlier ones is the same as one that is read afresh."""

from __future__ import annotations

import json
from copy import deepcopy
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.model.graph import Graph, Reading
from engine.model.memo import KnownNodes
from engine.model.values import compact
from engine.model.writing import written
from tests.model.documents import Document, documents
from tests.support.graphs import random_document
from tests.support.spoiling import spoil

SAMPLE: Document = {
    "format": "weft/1",
    "name": "g",
    "nodes": {
        "a": {"kind": "tool", "tool": "work", "args": {"x": 1}, "to": [{"node": "b"}]},
        "b": {"kind": "subgraph", "inline": {"format": "weft/1", "name": "inner", "nodes": {"e": {"kind": "end"}}}},
    },
}


def read(document: Any, known: KnownNodes | None = None) -> Reading:
    return Graph.read(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(), known=known)


def same(one: Reading, other: Reading) -> bool:
    """Whether two readings say the same, to the last character."""
    if one.graph is None or other.graph is None:
        return one == other
    return (
        one.findings == other.findings
        and one.graph == other.graph
        and one.graph.dumps()
        == other.graph.dumps()
        == written(other.graph.model_dump(by_alias=True, exclude_unset=True))
        and one.graph.hash == other.graph.hash
        and [node.model_fields_set for node in one.graph.nodes.values()]
        == [node.model_fields_set for node in other.graph.nodes.values()]
    )


def test_nodes_that_were_read_before_are_the_same_ones() -> None:
    known = KnownNodes()
    first = read(SAMPLE, known).graph
    second = read({**SAMPLE, "title": "other"}, known).graph
    assert first is not None
    assert second is not None
    assert first.nodes["a"] is second.nodes["a"]
    assert first.memos["a"] is second.memos["a"]


def test_one_true_and_another_order_of_keys_are_not_the_same_node() -> None:
    known = KnownNodes()
    for args in ({"x": 1, "y": 2}, {"x": True, "y": 2}, {"y": 2, "x": 1}, {"x": "1", "y": 2}):
        document = deepcopy(SAMPLE)
        document["nodes"]["a"]["args"] = args
        assert same(read(document, known), read(document))


def test_what_is_wrong_is_told_as_if_nothing_were_known() -> None:
    known = KnownNodes()
    assert read(SAMPLE, known).graph is not None
    changes: list[Document] = [
        {"nodes": {**SAMPLE["nodes"], "IN": SAMPLE["nodes"]["a"]}},
        {"nodes": {**SAMPLE["nodes"], "c": {"kind": "tool"}}},
        {"nodes": {**SAMPLE["nodes"], "c": {"kind": "subgraph", "inline": {"name": "x"}}}},
        {"nodes": []},
        {"format": "weft/2"},
        {"name": 1},
    ]
    for change in changes:
        document = {**SAMPLE, **change}
        assert read(document).findings != ()
        assert read(document, known) == read(document)


def test_a_copy_with_other_nodes_remembers_nothing_of_the_first() -> None:
    first = read(SAMPLE, KnownNodes()).graph
    assert first is not None
    others = {"c": first.nodes["a"].model_copy(update={"label": "C"})}
    assert '"label": "C"' in first.model_copy(update={"nodes": others}).dumps()


@given(st.lists(documents, min_size=2, max_size=4), st.data())
def test_any_documents_one_after_the_other(drawn: list[Document], data: st.DataObject) -> None:
    known = KnownNodes()
    for document in drawn:
        # Nodes of an earlier document stand in this one, by other names.
        earlier = data.draw(st.sampled_from(drawn))["nodes"]
        mixed = {
            **document,
            "nodes": {**document["nodes"], **{f"z{name}"[:64]: node for name, node in earlier.items()}},
        }
        assert same(read(mixed, known), read(mixed)), compact(mixed)


@given(st.integers(0, 2**32))
def test_any_edits_one_after_the_other(seed: int) -> None:
    rnd, known = Random(seed), KnownNodes()
    good = random_document(rnd)
    for _ in range(6):
        edited = spoil(rnd, deepcopy(good))
        assert same(read(edited, known), read(edited))
        if read(edited).graph is not None:
            good = edited
