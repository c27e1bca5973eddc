"""Values of a scope (GRAPH.md §2): what nodes read, what they leave, what a later attempt still sees."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.scheduler.values import Values
from tests.scheduler.walking import Walking
from tests.support.sketch import sketch

STATE: dict[str, Any] = {
    "notes": {"merge": "append"},
    "sum": {"merge": "sum"},
    "draft": {},
    "best": {"merge": "max"},
}


def test_the_state_begins_with_what_its_merge_rules_say() -> None:
    assert Walking("a", state=STATE).state == {"notes": [], "sum": 0}


def test_writes_are_merged_in_journal_order() -> None:
    run = Walking("f{a,b} -> j -> z", state=STATE)
    run.done("b", writes={"notes": "b", "sum": 2, "draft": "x", "best": 1})
    run.done("a", writes={"notes": "a", "sum": 3, "best": 0})
    assert run.state == {"notes": ["b", "a"], "sum": 5, "draft": "x", "best": 1}


def test_a_completion_clears_the_error_and_a_failure_the_output() -> None:
    run = Walking("a -> l[max=3,exit] ~> a; a -(error)-> l; l -> z")
    run.fail("a", taken=(1,))
    assert run.nodes["a"].keys() == {"error", "port", "escalated"}
    run.done("a@2", output=1, escalated=True)
    assert run.nodes["a"] == {"output": 1, "port": "ok", "escalated": True}


def test_an_attempt_reads_what_was_there_when_the_first_began() -> None:
    run = Walking("f{a,b} -> j -> z", state=STATE)
    run.begin("a")
    run.done("b", output="later", writes={"sum": 1})
    run.fail("a", retry_at=1.0)
    run.begin("a")
    names = run.scheduler.names(run.scheduler.root, "a")
    assert names["state"]["sum"] == 0
    assert "b" not in names["nodes"]
    now = run.scheduler.names_now(run.scheduler.root, "a")
    assert now["state"]["sum"] == 1
    assert now["nodes"]["b"]["output"] == "later"


def test_before_it_begins_it_sees_what_is_there() -> None:
    run = Walking("f{a,b} -> j -> z", state=STATE)
    run.done("b", writes={"sum": 1})
    assert run.scheduler.names(run.scheduler.root, "a")["state"]["sum"] == 1


def test_all_items_read_what_their_node_read() -> None:
    run = Walking("f{a[each=input.list],b} -> j -> z", state=STATE)
    run.begin("a", items=[1, 2])
    run.done("b", writes={"sum": 1})
    run.begin("a[1]")
    assert run.scheduler.names(run.scheduler.root, "a[1]")["state"]["sum"] == 0


def test_the_writes_of_an_item_are_merged_when_it_completes() -> None:
    run = Walking("a[each=input.list] -> z", state=STATE)
    run.begin("a", items=[1, 2])
    run.done("a[1]", writes={"notes": "one"})
    assert run.state["notes"] == ["one"]


def test_the_names_hold_the_run_where_the_host_gave_it() -> None:
    run = Walking("a")
    run.scheduler.run_names["id"] = "r1"
    assert run.scheduler.names(run.scheduler.root, None)["run"] == {"id": "r1"}


def test_nodes_at_a_time_are_a_mapping_of_what_was_decided_then() -> None:
    values = Values(sketch("a"), {})
    values.put("a", {"output": 1}, keep=True)
    then = values.nodes_at(values.version)
    values.put("a", {"output": 2}, keep=True)
    values.put("b", {"output": 3}, keep=True)
    values.clear("a", keep=True)
    values.clear("never", keep=True)
    assert (dict(then), len(then), list(then)) == ({"a": {"output": 1}}, 1, ["a"])
    assert dict(values.nodes_at(values.version)) == {"b": {"output": 3}}
    assert then.get("b") is None


def test_the_history_is_dropped_when_nobody_needs_it() -> None:
    values = Values(sketch("a"), {})
    values.put("a", {"output": 1}, keep=True)
    values.put("a", {"output": 2}, keep=False)
    assert values.at("a", 0) == {"output": 2}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 9))), max_size=20))
def test_every_version_stays_as_it_was(changes: list[tuple[str, int | None]]) -> None:
    values = Values(sketch("a"), {})
    seen = [(values.version, dict(values.nodes))]
    for node, value in changes:
        if value is None:
            values.clear(node, keep=True)
        else:
            values.put(node, {"output": value}, keep=True)
        seen.append((values.version, dict(values.nodes)))
    assert all(dict(values.nodes_at(version)) == nodes for version, nodes in seen)
