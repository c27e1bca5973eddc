"""Names: ids, keys, and what a wrong one meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.findings import Finding, Fix, parts, pointer
from engine.model.names import ROOTS, is_name, is_node_id, is_state_key, nearest, suggested_id


@pytest.mark.parametrize(
    ("text", "is_one"), [("a", True), ("0-a", True), ("-a", False), ("A", False), ("a" * 65, False), ("a\n", False)]
)
def test_a_graphs_name_is_short_lower_case_and_plain(text: str, is_one: bool) -> None:
    assert is_name(text) is is_one


@pytest.mark.parametrize(
    ("text", "is_one"), [("a_1", True), ("state", True), ("in", False), ("1a", False), ("a-b", False), ("가", False)]
)
def test_a_node_id_is_no_word_of_cel(text: str, is_one: bool) -> None:
    assert is_node_id(text) is is_one


def test_a_state_key_is_none_of_the_names_of_templates() -> None:
    assert [name for name in ROOTS if is_state_key(name)] == []
    assert is_state_key("draft")


@given(st.text(max_size=100))
def test_a_suggested_id_is_always_valid(text: str) -> None:
    assert is_state_key(suggested_id(text))


def test_a_suggested_id_resembles_the_text() -> None:
    assert [suggested_id(text) for text in ("My Node", "in", "2nd try", "가", "state", "a" * 80)] == [
        "my_node", "in_node", "nd_try", "node", "state_node", "a" * 64,
    ]  # fmt: skip


def test_the_nearest_name_is_found_whatever_the_length() -> None:
    assert nearest("Lable", ["label", "to"]) == "label"
    assert nearest("x" * 1_000_000, ["label"]) is None


@given(st.lists(st.text()))
def test_a_pointer_and_its_parts_are_inverse(path: list[str]) -> None:
    assert parts(pointer(*path)) == path


def test_a_finding_as_json_leaves_out_what_it_has_not() -> None:
    assert Finding("a", "error", "b").as_json() == {"code": "a", "severity": "error", "message": "b", "place": ""}
    fix = Fix("do", ({"op": "remove", "path": "/a"},))
    full = Finding("a", "warning", "b", "/a", "n", "h", fix).as_json()
    assert full["fix"] == {"title": "do", "patch": [{"op": "remove", "path": "/a"}]}
    assert (full["node"], full["hint"]) == ("n", "h")
