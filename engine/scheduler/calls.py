"""Graphs that an agent calls: opened by a claim, ended by its settlement (docs/agents.md).

Rule: a call is a scope of its own inside the execution of the agent that makes it, as a subgraph is inside its node.
What opens it is ``effect.claimed`` with a ``graph``, what ends it ``effect.settled`` of the same key. The agent's
attempt stands aside meanwhile and goes on, as the same attempt, when no call of it is under way and no gate of it open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.scheduler import each, resume
from engine.scheduler.commands import Scope
from engine.scheduler.executions import Execution
from engine.scheduler.names import call_name, called_path

if TYPE_CHECKING:
    from engine.compile.plan import Plan
    from engine.scheduler.events import EffectClaimed, EffectSettled
    from engine.scheduler.run import Run
    from engine.scheduler.walk import Walk


def open_call(run: Run, caller: Execution, claim: EffectClaimed, plan: Plan) -> None:
    """An agent's attempt calls a graph and stands aside; a call that the end of a run cut off goes on where it was."""
    walk = caller.walk
    if walk.is_draining:
        run.withdraw(caller, "run" if walk.parent is None else "scope", keep=True)
        return
    if caller.phase == "attempt":
        run.rest(caller, "calling")
    if caller.calls is None:
        caller.calls = {}
    call = caller.calls.get(claim.key)
    if call is None:
        name = call_name(caller.name, claim.call)
        call = caller.calls[claim.key] = Execution(name, walk, caller.node, 1)
        call.caller = caller
    call.claim = claim
    call.phase = "inside"
    run.executions[call.name] = call
    if call.inside is None:
        _begin(run, call, claim, plan)
    else:
        resume.revive(run, call.inside)


def _begin(run: Run, call: Execution, claim: EffectClaimed, plan: Plan) -> None:
    outer = call.walk
    path = called_path(outer.path_of(call.node), plan.name)
    walk = run.new_walk(plan, Scope(call.name, path, plan), claim.input)
    walk.parent, call.inside = call, walk
    caller = call.caller or call
    if caller.tried is None:
        caller.tried = {} if outer.tried is None else outer.tried
    walk.tried = caller.tried
    walk.start()
    run.unsettled.append(walk)


def settle(run: Run, caller: Execution, fact: EffectSettled) -> None:
    """A call of a graph is over, with what its scope came to or since its time was; other calls are none of ours."""
    call = caller.calls.get(fact.key) if caller.calls else None
    if caller.calls is None or call is None or run.executions.get(call.name) is not call:
        return
    del caller.calls[fact.key]
    _cut(run, call)
    if not caller.gates and not run.calls_of(caller):
        go_on(run, caller)


def go_on(run: Run, caller: Execution) -> None:
    """Nothing that the attempt waited for is left: an item goes on when it has a slot."""
    if caller.item is not None and not caller.has_slot:
        each.answered(run, caller.item)
    else:
        run.ask(caller, "attempt")


def follow(run: Run, caller: Execution) -> None:
    """An item's calls work or only wait: its slot is taken or free."""
    if caller.item is None or caller.phase not in ("calling", "asking"):
        return
    if any(call.phase != "inside" or _works(call.inside) for call in run.calls_of(caller)):
        caller.item.items.take(caller.item.index)
    else:
        each.step_aside(run, caller.item)


def cut_off(run: Run, caller: Execution) -> None:
    """The caller's attempt is over while calls of it are under way: they go with it."""
    for call in run.calls_of(caller):
        _cut(run, call)


def leave(run: Run, call: Execution) -> None:
    """A call is under way no more."""
    run.silence(call)
    del run.executions[call.name]


def _cut(run: Run, call: Execution) -> None:
    inside = call.inside
    if inside is not None and not inside.is_ended:
        inside.is_ended = True
        for execution in list(inside.active.values()):
            run.withdraw(execution, "scope", keep=True)
    leave(run, call)


def _works(walk: Walk | None) -> bool:
    return walk is not None and walk.is_working
