"""``each`` (GRAPH.md §3.5): items, slots, rules, what a node with items comes to, items nobody waited for."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import EngineBug, Failure
from engine.scheduler import events as ev
from engine.scheduler.commands import Conclude
from tests.scheduler.walking import BROKEN, Walking


def fetching(options: str = "", rest: str = " -> z", items: int = 3, **top: Any) -> Walking:
    """A run whose node ``fetch`` has begun with that many items."""
    run = Walking(f"fetch[each=input.list{',' if options else ''}{options}]{rest}", **top)
    run.begin("fetch", items=[f"url{i}" for i in range(items)])
    return run


def test_every_item_is_an_execution_of_its_own() -> None:
    run = fetching()
    assert run.wishes == ["start fetch[0]", "start fetch[1]", "start fetch[2]"]
    run.begin("fetch[1]")
    names = run.scheduler.names(run.scheduler.root, "fetch[1]")
    assert (names["item"], names["index"]) == ("url1", 1)


def test_the_node_concludes_once_with_the_list_in_item_order() -> None:
    run = fetching()
    run.done("fetch[2]", output="c")
    run.done("fetch[0]", output="a")
    run.done("fetch[1]", output="b")
    (command,) = run.open
    assert isinstance(command, Conclude)
    assert (command.cause, command.value, command.errors) == ("items", ["a", "b", "c"], {})
    run.done("fetch", output=ev.DERIVED)
    assert run.nodes["fetch"] == {"output": ["a", "b", "c"], "port": "ok", "escalated": False, "errors": {}}
    assert run.wishes == ["start z"]


def test_an_empty_list_concludes_at_once() -> None:
    assert fetching(items=0).wishes == ["conclude fetch (items)"]
    assert fetching("any", items=0).wishes == ["conclude fetch (items)"]


def test_no_more_items_work_at_a_time_than_there_are_slots() -> None:
    run = fetching("concurrency=2", items=4)
    assert run.wishes == ["start fetch[0]", "start fetch[1]"]
    run.done("fetch[1]")
    assert run.wishes == ["start fetch[0]", "start fetch[2]"]


def test_the_first_final_failure_cancels_the_others_and_fails_the_node() -> None:
    run = fetching(items=3)
    run.begin("fetch[0]")
    assert run.fail("fetch[1]") == ["fetch[0] cancelled (each)", "fetch[2] cancelled (each)"]
    assert run.wishes == ["give up fetch (tool.failed)"]
    run.fail("fetch")
    assert run.nodes["fetch"]["errors"] == {"1": BROKEN.as_json()}
    assert run.wishes == ["end (tool.failed)"]


def test_an_accepted_failure_leaves_null_and_an_error() -> None:
    run = fetching("accept", items=2)
    run.fail("fetch[0]")
    run.done("fetch[1]", output="b")
    run.done("fetch", output=ev.DERIVED)
    assert run.nodes["fetch"]["output"] == [None, "b"]
    assert run.nodes["fetch"]["errors"] == {"0": BROKEN.as_json()}


def test_items_that_all_failed_starve_the_node() -> None:
    run = fetching("accept", items=2)
    run.fail("fetch[0]")
    run.fail("fetch[1]")
    assert run.wishes == ["give up fetch (join.starved)"]


def test_too_few_results_starve_the_node() -> None:
    run = fetching("2,accept", items=2)
    run.done("fetch[0]")
    run.fail("fetch[1]")
    assert run.wishes == ["give up fetch (join.starved)"]


def test_any_goes_on_with_the_first_result_and_the_rest_is_unheard() -> None:
    run = fetching("any")
    run.done("fetch[1]", output="b")
    run.done("fetch", output=ev.DERIVED)
    assert run.nodes["fetch"]["output"] == [None, "b", None]
    assert sorted(run.nodes["fetch"]["errors"]) == ["0", "2"]
    assert run.wishes == ["start fetch[0]", "start fetch[2]", "start z"]
    run.done("fetch[0]", output="late")
    run.fail("fetch[2]")
    assert run.nodes["fetch"]["output"] == [None, "b", None]
    run.done("z")
    assert run.wishes == ["end"]


def test_the_run_waits_for_items_that_nobody_waited_for() -> None:
    run = fetching("any")
    run.done("fetch[1]")
    run.all_done("fetch", "z", "fetch[0]")
    assert run.wishes == ["start fetch[2]"]
    run.done("fetch[2]")
    assert run.wishes == ["end"]


def test_cancel_withdraws_the_items_that_were_not_waited_for() -> None:
    run = fetching("any,cancel", items=3)
    assert run.done("fetch[1]") == ["fetch[0] cancelled (each)", "fetch[2] cancelled (each)"]
    assert run.wishes == ["conclude fetch (items)"]


def test_a_failure_before_enough_results_fails_the_node_and_after_them_nothing() -> None:
    run = fetching("any")
    run.fail("fetch[0]")
    assert run.wishes == ["give up fetch (tool.failed)"]


def test_an_item_that_waits_for_its_next_attempt_holds_no_slot() -> None:
    run = fetching("concurrency=1", items=2)
    run.fail("fetch[0]", retry_at=9.0)
    assert run.wishes == ["start fetch[0] #2 at 9", "start fetch[1]"]


def test_an_item_whose_next_attempt_is_due_while_no_slot_is_free_is_asked_for_again() -> None:
    run = fetching("concurrency=1", items=2)
    run.fail("fetch[0]", retry_at=9.0)
    due = ev.NodeStarted(execution="fetch[0]", node="fetch", attempt=2)
    assert not run.scheduler.accepts(due)
    run.wish("fetch[0]")
    run.done("fetch[1]")
    assert run.wishes == ["start fetch[0] #2 at 9"]
    run.done("fetch[0]")
    assert run.wishes == ["conclude fetch (items)"]


def test_items_are_asked_for_again_in_the_order_in_which_they_are_due() -> None:
    run = fetching("concurrency=1", items=4)
    run.fail("fetch[0]", retry_at=20.0)
    run.fail("fetch[1]", retry_at=10.0)
    run.fail("fetch[2]", retry_at=15.0)
    run.open.clear()
    run.apply(ev.NodeStarted(execution="fetch[3]", node="fetch", attempt=1))
    run.apply(ev.NodeCompleted(execution="fetch[3]", node="fetch", attempt=1))
    assert run.wishes == ["start fetch[1] #2 at 10"]
    run.fail("fetch[1]", retry_at=30.0)
    assert run.wishes == ["start fetch[1] #3 at 30", "start fetch[2] #2 at 15"]


def test_an_item_that_asks_a_person_holds_no_slot_and_takes_one_to_go_on() -> None:
    run = fetching("concurrency=1", items=2)
    run.ask("fetch[0]", "fetch[0]!1", "ask")
    assert run.wishes == ["start fetch[1]"]
    run.begin("fetch[1]")
    run.answer("fetch[0]!1")
    assert run.wishes == []
    run.done("fetch[1]")
    assert run.wishes == ["continue fetch[0]"]
    run.done("fetch[0]")
    assert run.wishes == ["conclude fetch (items)"]


def test_an_answered_item_that_is_withdrawn_is_not_gone_on_with() -> None:
    run = fetching("concurrency=1,any,cancel", items=2)
    run.ask("fetch[0]", "fetch[0]!1", "ask")
    run.begin("fetch[1]")
    run.answer("fetch[0]!1")
    assert run.done("fetch[1]") == ["fetch[0] cancelled (each)"]
    assert run.wishes == ["conclude fetch (items)"]


def test_an_item_in_whose_subgraph_all_waits_holds_no_slot() -> None:
    run = Walking("s[each=input.list,concurrency=1] -> z", inner={"inner": "g -(ok)-> t"})
    run.begin("s", items=[1, 2])
    run.begin("s[0]")
    assert run.wishes == ["start s[0]/g"]
    run.ask("s[0]/g")
    assert run.wishes == ["start s[1]"]
    run.answer("s[0]/g")
    run.done("s[0]/g", port="ok")
    assert run.wishes == ["start s[1]", "start s[0]/t"]
    run.done("s[0]/t")
    run.done("s[0]", output="x")
    assert run.wishes == ["start s[1]"]


def test_a_failing_node_takes_its_items_with_it() -> None:
    run = fetching("any")
    run.done("fetch[0]")
    run.begin("fetch[1]")
    told = run.fail("fetch", Failure("logic", "save.failed", "no"))
    assert told == ["fetch[1] cancelled (each)", "fetch[2] cancelled (each)"]


def test_a_node_with_items_that_is_withdrawn_takes_them_with_it() -> None:
    run = Walking("f{a,fetch[each=input.list]} -> j[any,cancel] -> z")
    run.begin("fetch", items=[1, 2])
    run.begin("fetch[0]")
    assert run.done("a") == [
        "j completed",
        "fetch cancelled (join)",
        "fetch[0] cancelled (each)",
        "fetch[1] cancelled (each)",
    ]


def test_unheard_items_in_a_cancelled_branch_are_withdrawn_without_the_node() -> None:
    run = Walking("f{a,fetch[each=input.list,any]}; fetch -> b -> j[any,cancel]; a -> j -> z")
    run.begin("fetch", items=[1, 2])
    run.done("fetch[0]")
    run.done("fetch")
    assert run.done("a") == ["j completed", "fetch[1] cancelled (each)", "b cancelled (join)"]
    run.done("z")
    assert run.wishes == ["end"]


def test_items_in_a_loop_carry_its_iteration() -> None:
    run = Walking("fetch[each=input.list] -> l[max=2,exit] ~> fetch; l -> z")
    run.begin("fetch", items=[1])
    run.all_done("fetch[0]", "fetch")
    run.begin("fetch@2", items=[1, 2])
    assert run.wishes == ["start fetch@2[0]", "start fetch@2[1]"]


def test_a_node_with_items_cannot_start_without_them() -> None:
    run = Walking("fetch[each=input.list]")
    with pytest.raises(EngineBug, match="without its items"):
        run.begin("fetch")
    assert run.scheduler.accepts(ev.NodeStarted(execution="fetch", node="fetch", items=[]))


def test_finish_lets_running_items_end_and_begins_no_more() -> None:
    run = Walking("f{a,fetch[each=input.list,concurrency=1]}", on_failure="finish")
    run.begin("fetch", items=[1, 2])
    run.begin("fetch[0]")
    assert run.fail("a") == []
    assert run.done("fetch[0]") == ["fetch cancelled (run)"]
    assert run.wishes == ["end (tool.failed)"]


def test_a_used_up_limit_of_the_run_ends_it_from_within_an_item() -> None:
    run = fetching("accept", items=2)
    told = run.fail("fetch[0]", Failure("limit", "limit.usd", "spent"), ends_run=True)
    assert told == ["fetch cancelled (run)", "fetch[1] cancelled (each)"]
    assert run.wishes == ["end (limit.usd)"]


def test_an_item_that_fails_while_the_run_finishes_starts_nothing() -> None:
    run = Walking("f{a,fetch[each=input.list]}", on_failure="finish")
    run.begin("fetch", items=[1])
    run.begin("fetch[0]")
    run.fail("a")
    assert run.fail("fetch[0]") == ["fetch cancelled (run)"]
    assert run.wishes == ["end (tool.failed)"]


def test_items_may_all_be_decided_before_the_node_is_concluded() -> None:
    run = fetching("any", items=2)
    run.all_done("fetch[0]", "fetch[1]")
    assert run.wishes == ["conclude fetch (items)"]
    run.all_done("fetch", "z")
    assert run.wishes == ["end"]


def test_an_answered_item_that_runs_out_of_time_is_tried_again_instead() -> None:
    run = fetching("concurrency=1", items=2)
    run.ask("fetch[0]", "fetch[0]!1", "ask")
    run.begin("fetch[1]")
    run.answer("fetch[0]!1")
    run.fail("fetch[0]", retry_at=4.0)
    run.open.clear()
    run.apply(ev.NodeCompleted(execution="fetch[1]", node="fetch"))
    assert run.wishes == ["start fetch[0] #2 at 4"]
