"""Names of executions (GRAPH.md §5), made and taken apart."""

from __future__ import annotations

import pytest

from engine.scheduler.names import Parts, gate_id, inside, item_name, node_path, parts, turns_suffix


@pytest.mark.parametrize(
    ("turns", "suffix"),
    [((), ""), ((1,), ""), ((1, 1), ""), ((2,), "@2"), ((1, 2), "@1.2"), ((2, 1), "@2.1"), ((1, 1, 3), "@1.1.3")],
)
def test_iterations_are_named_outermost_first_and_left_out_only_if_all_are_1(
    turns: tuple[int, ...], suffix: str
) -> None:
    assert turns_suffix(turns) == suffix


def test_names_are_put_together() -> None:
    assert item_name("fetch@2", 7) == "fetch@2[7]"
    assert inside("team@2", "write") == "team@2/write"
    assert inside("", "write") == "write"
    assert gate_id("write@2") == "write@2"
    assert gate_id("write@2", 3) == "write@2!3"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("write", "write"),
        ("write@1.2", "write"),
        ("fetch@2[7]", "fetch"),
        ("team@2/write[3]", "team/write"),
        ("team[0]/inner@1.3/write@2!4", "team/inner/write"),
    ],
)
def test_the_path_of_a_node_has_no_iterations_and_items(name: str, path: str) -> None:
    assert node_path(name) == path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("write", Parts("", "write", (), None)),
        ("write@1.2", Parts("", "write", (1, 2), None)),
        ("fetch@2[7]", Parts("", "fetch", (2,), 7)),
        ("team@2[1]/write", Parts("team@2[1]", "write", (), None)),
    ],
)
def test_names_are_taken_apart(name: str, expected: Parts) -> None:
    assert parts(name) == expected


def test_what_is_no_name_is_refused() -> None:
    with pytest.raises(ValueError, match="no name of an execution"):
        parts("team/")
