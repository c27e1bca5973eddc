"""``each``: the items of a node, begun, concluded and withdrawn (GRAPH.md §3.5).

Rule: ``items.py`` counts, this module does what follows: a free slot goes to an item that has its answer, then to one
that was never begun, then to one whose next attempt may be due. The node goes on, once, as soon as its rule allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import Failure
from engine.scheduler.executions import Execution, Item
from engine.scheduler.items import Items
from engine.scheduler.names import item_name

if TYPE_CHECKING:
    from engine.scheduler.events import NodeCompleted, NodeFailed
    from engine.scheduler.run import Run


def open_items(run: Run, execution: Execution, values: list[Any] | None) -> None:
    """The node started: its list is known, from now on or from an attempt that was cut off."""
    run.rest(execution, "inside")
    items = execution.items
    if items is None:
        items = execution.items = Items(values or [], execution.node.doc)
    else:
        items.reopen(is_heard=True)
    go_on(run, execution, items)


def go_on(run: Run, execution: Execution, items: Items) -> None:
    """See whether the node may go on, and fill free slots. O(1) per item begun."""
    verdict = items.verdict
    if verdict == "over":
        if execution.phase == "unheard":
            run.put_away(execution)
            execution.walk.decide(execution.node.number)
            run.unsettled.append(execution.walk)
    elif execution.walk.is_draining or execution.walk.is_ended:
        return
    elif verdict == "open":
        _fill(run, execution, items)
    elif verdict == "passed":
        items.pass_on(execution.walk.path_of(execution.node))
        if items.cancels:
            withdraw_items(run, items)
        else:
            _fill(run, execution, items)
        run.conclude(execution, None)
    else:
        node = execution.walk.path_of(execution.node)
        message = f"too few items of {execution.node.id} came to a result"
        run.give_up(execution, Failure("logic", "join.starved", message, node, "let it wait for fewer"))


def _fill(run: Run, execution: Execution, items: Items) -> None:
    while items.free > 0:
        answered = items.next_answered()
        if answered is not None:
            items.take(answered.index or 0)
            if answered.status != "running":  # one whose graphs are done was never asked
                answered.move("running")
            run.ask(answered, "attempt")
            continue
        index = items.next_new()
        if index is None:
            break
        _begin(run, execution, items, index)
    for item in items.due():
        run.commands.append(run.wish(item))


def _begin(run: Run, execution: Execution, items: Items, index: int) -> None:
    item = items.former(index)
    walk = execution.walk
    if item is None:
        name = item_name(execution.name, index)
        item = Execution(name, walk, execution.node, walk.attempt_of(name))
        item.item = Item(execution, items, index)
    else:
        renew(item)
    items.enter(index, item)
    run.executions[item.name] = item
    item.phase = "start"
    run.stir(walk, +1)
    run.commands.append(run.wish(item))


def renew(execution: Execution) -> None:
    """What the end of a run cut off is wanted again; a failed one with fresh attempts.

    Nodes of the scheduler's own kinds have no attempts: they are evaluated again.
    """
    if execution.status == "failed":
        execution.counted = 0
    if not execution.is_control and (execution.was_begun or execution.status == "failed"):
        execution.attempt += 1
    execution.kills = 0
    execution.was_begun = False
    execution.move("waiting")


def step_aside(run: Run, item: Item, retry_at: float | None = None) -> None:
    """An item waits, for a person or (until ``retry_at``) for its next attempt: its slot is free."""
    if retry_at is None:
        item.items.release(item.index)
    else:
        item.items.retry(item.index, retry_at)
    go_on(run, item.owner, item.items)


def answered(run: Run, item: Item) -> None:
    """An item has its answer: it goes on as soon as a slot is free."""
    item.items.live[item.index].phase = "answered"
    item.items.answered(item.index)
    go_on(run, item.owner, item.items)


def follow(run: Run, item: Item, *, is_working: bool) -> None:
    """All in an item's subgraph waits, or something works in it again: its slot is free, or taken."""
    if is_working or item.items.live[item.index].phase != "inside":
        item.items.take(item.index)
    else:
        step_aside(run, item)


def complete(run: Run, execution: Execution, item: Item, event: NodeCompleted) -> None:
    """An item came to its result."""
    execution.move("completed")
    _put_away(run, execution)
    item.items.complete(item.index, event.output)
    go_on(run, item.owner, item.items)


def fail(run: Run, execution: Execution, item: Item, event: NodeFailed) -> None:
    """An item failed for good: without a rule that takes it up, the node fails with it."""
    owner, items = item.owner, item.items
    execution.move("failed")
    _put_away(run, execution)
    is_taken_up = items.takes_up()
    items.fail(item.index, event.error)
    if event.ends_run:
        return  # nothing may begin any more: the caller ends the run
    if is_taken_up:
        go_on(run, owner, items)
    elif not owner.walk.is_draining:
        withdraw_items(run, items)
        run.give_up(owner, event.error)


def leave(run: Run, execution: Execution, item: Item) -> None:
    """An item was withdrawn."""
    _put_away(run, execution)
    item.items.withdraw(item.index)


def _put_away(run: Run, execution: Execution) -> None:
    run.silence(execution)
    del run.executions[execution.name]


def withdraw_items(run: Run, items: Items) -> None:
    """Nobody waits for the other items any more."""
    items.begin_no_more()
    for item in list(items.live.values()):
        run.withdraw(item, "each")
