"""Locks (GRAPH.md §3.9): one node of a lock works at a time, first ready first."""

from __future__ import annotations

from tests.scheduler.walking import Walking


def test_of_the_nodes_with_one_lock_one_works_at_a_time_first_ready_first() -> None:
    run = Walking("f{a[lock=x],b[lock=x],c[lock=x],d}")
    assert run.wishes == ["start a", "start d"]
    run.done("a")
    assert run.wishes == ["start d", "start b"]
    run.fail("b", retry_at=3.0)
    assert run.wishes == ["start d", "start b #2 at 3"]
    run.done("b")
    assert run.wishes == ["start d", "start c"]


def test_locks_hold_for_the_whole_run_and_a_subgraph_keeps_its_own_until_it_is_done() -> None:
    run = Walking("f{s[lock=x],b[lock=x]}", inner={"inner": "t -> u"})
    run.begin("s")
    run.all_done("s/t", "s/u")
    assert run.wishes == ["end s"]
    run.done("s")
    assert run.wishes == ["start b"]


def test_a_lock_in_one_subgraph_holds_up_the_other() -> None:
    run = Walking("f{s,s2}", inner={"inner": "t[lock=x] -> u"})
    run.begin("s")
    run.begin("s2")
    assert run.wishes == ["start s/t"]
    run.done("s/t")
    assert run.wishes == ["start s2/t", "start s/u"]


def test_who_is_withdrawn_leaves_the_line() -> None:
    run = Walking("f{a,b[lock=x],c[lock=x],d[lock=x]}; a -> j[any,cancel]; c -> j; d -> e; j -> z")
    assert run.done("a") == ["j completed", "c cancelled (join)"]
    run.done("b")
    assert run.wishes == ["start z", "start d"]


def test_a_withdrawn_holder_hands_the_lock_on() -> None:
    run = Walking("f{a,b[lock=x],c[lock=x]}; a -> j[any,cancel]; b -> j; c -> d; j -> z")
    run.begin("b")
    run.done("a")
    assert run.wishes == ["start z", "start c"]


def test_a_node_of_the_schedulers_own_waits_for_its_lock_too() -> None:
    run = Walking("f{a[lock=x],b}; b -> j[lock=x] -> c; a -> d")
    assert run.done("b") == []
    assert run.done("a") == ["j completed"]
    assert run.wishes == ["start d", "start c"]


def test_a_run_whose_locks_holder_waits_only_waits() -> None:
    run = Walking("f{g[lock=x],b[lock=x]}; g -(ok)-> z")
    run.ask("g")
    assert run.status == "waiting"


def test_a_long_line_of_nodes_that_take_no_time_is_no_deep_recursion() -> None:
    names = [f"j{i}" for i in range(1500)]
    run = Walking("f{a[lock=x],b}; b -> f2{" + ",".join(f"{name}[lock=x]" for name in names) + "} -> z")
    run.done("b")
    assert len(run.done("a")) == len(names)
    assert run.wishes == ["start z"]


def test_holder_and_line_may_be_withdrawn_together() -> None:
    run = Walking("f{a,b[lock=x],c[lock=x]} -> j[any,cancel] -> z[lock=x]")
    assert run.done("a") == ["j completed", "b cancelled (join)", "c cancelled (join)"]
    assert run.wishes == ["start z"]
