"""``each``: the items of a node, begun, concluded and withdrawn (GRAPH.md §3.5).

Rule: ``items.py`` counts, this module does what follows: a free slot goes to an item that has its answer, then to one
that was never begun, then to one whose next attempt may be due. The node goes on, once, as soon as its rule allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import Failure
from engine.scheduler.commands import Start
from engine.scheduler.executions import Execution
from engine.scheduler.items import Items
from engine.scheduler.names import item_name

if TYPE_CHECKING:
    from engine.scheduler.events import NodeCompleted, NodeFailed
    from engine.scheduler.run import Run


def open_items(run: Run, execution: Execution, values: list[object] | None) -> None:
    """The node started: its list is known, from now on or from an attempt that was cut off."""
    run.rest(execution, "inside")
    if execution.items is None:
        execution.items = Items(values or [], execution.node.doc)
    else:
        execution.items.reopen(is_heard=True)
    go_on(run, execution)


def go_on(run: Run, execution: Execution) -> None:
    """See whether the node may go on, and fill free slots. O(1) per item begun."""
    items = execution.items
    if items is None or execution.walk.is_draining or execution.walk.is_ended:
        return
    verdict = items.verdict
    if verdict == "open":
        _fill(run, execution, items)
    elif verdict == "passed":
        items.pass_on(execution.walk.path_of(execution.node))
        if items.cancels:
            withdraw_items(run, items)
        else:
            _fill(run, execution, items)
        run.conclude(execution, None)
    elif verdict == "starved" and execution.phase == "inside":
        node = execution.walk.path_of(execution.node)
        message = f"too few items of {execution.node.id} came to a result"
        run.give_up(execution, Failure("logic", "join.starved", message, node, "let it wait for fewer"))
    elif verdict == "over" and execution.phase == "unheard":
        run.put_away(execution)
        execution.walk.decide(execution.node.number)
        run.unsettled.append(execution.walk)


def _fill(run: Run, execution: Execution, items: Items) -> None:
    while items.free > 0:
        answered = items.next_answered()
        if answered is not None:
            _go_on_with(run, answered, items)
            continue
        index = items.next_new()
        if index is None:
            break
        _begin(run, execution, items, index)
    for item in items.due() if items.free > 0 else ():
        run.commands.append(run.wish(item))


def _begin(run: Run, execution: Execution, items: Items, index: int) -> None:
    item = items.former(index)
    walk = execution.walk
    if item is None:
        name = item_name(execution.name, index)
        attempt = 1 if walk.tried is None else walk.tried.get(name, 0) + 1
        item = Execution(name, walk, execution.node, attempt)
        item.parent, item.item = execution, index
    else:
        renew(item)
    items.live[index] = item
    items.take(item)
    run.executions[item.name] = item
    item.phase = "start"
    run.stir(walk, +1)
    run.commands.append(Start(walk.scope, execution.node, item.name, item.attempt, index))


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


def step_aside(execution: Execution) -> None:
    """An item waits, for a person or its next attempt: its slot is free."""
    if execution.parent is not None and execution.parent.items is not None:
        execution.parent.items.release(execution)


def answered(run: Run, item: Execution) -> None:
    """An item has its answer: it goes on as soon as a slot is free."""
    parent = item.parent
    if parent is not None and parent.items is not None:
        item.phase = "answered"
        parent.items.answered(item)
        go_on(run, parent)


def _go_on_with(run: Run, item: Execution, items: Items) -> None:
    items.take(item)
    item.move("running")
    run.ask(item, "attempt")


def follow(run: Run, item: Execution, is_working: bool) -> None:
    """All in an item's subgraph waits, or something works in it again: its slot is free, or taken."""
    parent = item.parent
    if parent is None or parent.items is None:
        return
    if is_working or item.phase != "inside":
        parent.items.take(item)
    else:
        parent.items.release(item)
        go_on(run, parent)


def complete(run: Run, item: Execution, event: NodeCompleted) -> None:
    """An item came to its result."""
    parent = item.parent
    if parent is None or parent.items is None:
        return
    item.move("completed")
    _put_away(run, item)
    parent.items.complete(item, event.output)
    go_on(run, parent)


def fail(run: Run, item: Execution, event: NodeFailed) -> None:
    """An item failed for good: without a rule that takes it up, the node fails with it."""
    parent = item.parent
    if parent is None or parent.items is None:
        return
    items = parent.items
    item.move("failed")
    _put_away(run, item)
    is_taken_up = items.takes_up()
    items.fail(item, event.error)
    if is_taken_up or parent.phase != "inside":
        go_on(run, parent)
    elif not parent.walk.is_draining:
        withdraw_items(run, items)
        run.give_up(parent, event.error)


def leave(run: Run, item: Execution) -> None:
    """An item was withdrawn."""
    _put_away(run, item)
    if item.parent is not None and item.parent.items is not None:
        item.parent.items.withdraw(item)


def _put_away(run: Run, item: Execution) -> None:
    run.silence(item)
    run.executions.pop(item.name, None)


def withdraw_items(run: Run, items: Items) -> None:
    """Nobody waits for the other items any more."""
    items.begin_no_more()
    for item in list(items.live.values()):
        run.withdraw(item, "each")
