"""What differs between two graphs."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from engine.model.diff import Difference, diff
from engine.model.graph import Graph
from tests.model.documents import Document, documents

BASE: Document = {
    "format": "weft/1",
    "name": "g",
    "state": {"a": {}, "b": {"merge": "sum"}},
    "nodes": {
        "write": {"kind": "agent", "instructions": "x", "tools": ["t"], "to": [{"node": "check"}]},
        "check": {"kind": "join", "to": [{"node": "end", "when": "state.b > 1"}, {"node": "write"}, {"node": "end"}]},
        "end": {"kind": "end"},
    },
    "layout": {"write": [0, 0], "check": [1, 1], "end": [2, 2]},
}


Act = Callable[[Document], object]


def difference(change: Act) -> Difference:
    changed = copy.deepcopy(BASE)
    change(changed)
    return diff(Graph.model_validate(BASE), Graph.model_validate(changed))


def nodes(document: Document) -> Any:
    return document["nodes"]


CHANGES: list[tuple[Act, list[str]]] = [
    (lambda d: None, []),
    (lambda d: d.update(title="T"), ['~ graph title /title: null -> "T"']),
    (lambda d: d["state"].update(c={}), ["+ state c"]),
    (lambda d: d["state"].pop("a"), ["- state a"]),
    (lambda d: d["state"]["b"].update(merge="max"), ['~ state b /state/b/merge: "sum" -> "max"']),
    (lambda d: nodes(d).update(new={"kind": "wait", "seconds": 1}), ["+ node new (wait)"]),
    (
        lambda d: nodes(d)["write"].update(instructions="y" * 99),
        [f'~ node write /nodes/write/instructions: "x" -> "{"y" * 59}…'],
    ),
    (lambda d: nodes(d)["write"].update(tools=["u"]), ['~ node write /nodes/write/tools/0: "t" -> "u"']),
    (lambda d: nodes(d)["write"].update(tools=[]), ['~ node write /nodes/write/tools: ["t"] -> []']),
    (lambda d: nodes(d)["write"].update(max_iterations=20), []),
    (lambda d: nodes(d)["write"].update(to=[]), ["- edge write -ok-> check"]),
    (lambda d: nodes(d)["write"]["to"][0].update(on="ok"), []),
    (
        lambda d: nodes(d)["write"]["to"][0].update(label="L"),
        ['~ edge write -ok-> check /nodes/write/to/0/label: null -> "L"'],
    ),
    (lambda d: nodes(d)["write"]["to"].append({"on": "error", "node": "end"}), ["+ edge write -error-> end"]),
    (lambda d: d["layout"].update(end=[5, 5]), [". layout end"]),
    (lambda d: d["layout"].pop("end"), [". layout end"]),
    (lambda d: d.pop("layout"), [". layout write", ". layout check", ". layout end"]),
    (lambda d: d["layout"].update({"$notes": []}), ["~ layout notes /layout/$notes: nothing -> []"]),
]


@pytest.mark.parametrize(("change", "lines"), CHANGES)
def test_a_change_is_one_line_and_a_default_written_out_is_none(change: Act, lines: list[str]) -> None:
    assert difference(change).lines() == lines


def test_limits_are_told_as_a_whole_when_they_come() -> None:
    lines = difference(lambda d: d.update(limits={"usd": 1})).lines()
    assert len(lines) == 1
    assert lines[0].startswith("~ graph limits /limits: null -> {")


def test_a_node_of_another_kind_is_removed_and_added_in_its_fields() -> None:
    found = difference(lambda d: nodes(d)["check"].update(kind="parallel-fork"))
    assert '~ node check /nodes/check/kind: "join" -> "parallel-fork"' in found.lines()


def test_the_order_of_edges_means_something() -> None:
    found = difference(lambda d: nodes(d)["check"]["to"].insert(0, nodes(d)["check"]["to"].pop(1)))
    assert [(change.subject, change.name) for change in found.changes] == [("edge", "order at check")]


def test_a_removed_node_takes_its_edges_along() -> None:
    def change(document: Document) -> None:
        del document["nodes"]["write"]
        del document["nodes"]["check"]["to"][1]
        del document["layout"]["write"]

    assert difference(change).lines() == [
        "- node write (agent)", "- edge write -ok-> check", "- edge check -ok-> write",
    ]  # fmt: skip


def test_a_node_under_a_new_id_is_renamed_and_its_edges_and_place_stay() -> None:
    def change(document: Document) -> None:
        document["nodes"]["author"] = document["nodes"].pop("write")
        document["nodes"]["check"]["to"][1]["node"] = "author"
        document["layout"]["author"] = document["layout"].pop("write")

    found = difference(change)
    assert found.lines() == ["> node author (was write)"]
    assert found.as_json() == [
        {
            "what": "renamed",
            "subject": "node",
            "name": "author",
            "place": "/nodes/author",
            "before": "write",
            "after": "author",
        }
    ]


def test_of_two_alike_none_is_renamed() -> None:
    old = Graph.model_validate({**BASE, "nodes": {"a": {"kind": "end"}, "b": {"kind": "end"}}, "layout": {}})
    new = Graph.model_validate({**BASE, "nodes": {"c": {"kind": "end"}, "d": {"kind": "end"}}, "layout": {}})
    assert [change.what for change in diff(old, new).changes] == ["removed", "removed", "added", "added"]


def test_moving_alone_changes_no_meaning() -> None:
    assert difference(lambda d: d["layout"].update(end=[5, 5])).is_layout_only
    assert not difference(lambda d: d.update(title="T")).is_layout_only
    moved = difference(lambda d: d["layout"].update(end=[5, 5])).as_json()
    assert moved == [
        {"what": "moved", "subject": "layout", "name": "end", "place": "/layout/end", "before": [2, 2], "after": [5, 5]}
    ]


@given(documents, documents)
def test_any_two_graphs_can_be_compared(old: Document, new: Document) -> None:
    one, other = Graph.model_validate(old), Graph.model_validate(new)
    assert diff(one, one).changes == ()
    found = diff(one, other)
    assert len(found.lines()) == len(found.as_json()) == len(found.changes)
    added = [change.name for change in found.changes if (change.what, change.subject) == ("added", "node")]
    back = diff(other, one).changes
    assert added == [change.name for change in back if (change.what, change.subject) == ("removed", "node")]


@given(documents)
def test_graphs_of_one_hash_differ_in_layout_alone(document: Document) -> None:
    moved: Document = {**document, "layout": {}}
    assert diff(Graph.model_validate(document), Graph.model_validate(moved)).is_layout_only
