"""Which facts still matter: the walk goes on with them; all others are dropped (GRAPH.md §3.3, §3.10).

Rule: late words of cancelled or older executions and answers to closed gates change nothing, so the host need not
journal them. Looking changes nothing either. O(1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from engine.scheduler.events import (
    AgentStateChanged,
    EffectClaimed,
    EffectSettled,
    Event,
    GateAnswered,
    GateEscalated,
    GateExpired,
    GateOpened,
    GateReminded,
    ModelAnswered,
    ModelRequested,
    NodeCompleted,
    NodeFailed,
    NodeStarted,
    RunCancelled,
    RunCancelRequested,
    RunCompleted,
    RunFailed,
    RunResumed,
    RunStarted,
    SignalReceived,
    TimerFired,
    TimerSet,
)
from engine.scheduler.names import call_name

if TYPE_CHECKING:
    from engine.scheduler.executions import Execution
    from engine.scheduler.run import Run

_MAY_COMPLETE: Final = frozenset({"attempt", "evaluate", "conclude", "end scope"})
_MAY_FAIL: Final = _MAY_COMPLETE | {"start", "give up", "asking", "answered", "inside", "calling", "retry"}
_EXECUTED: Final = frozenset({"agent", "tool"})
_MAY_CALL: Final = frozenset({"attempt", "asking", "calling"})


def _may_start(run: Run, _: RunStarted) -> bool:
    return not run.is_started


def _is_under_way(run: Run, _: Event) -> bool:
    return run.is_started and run.outcome is None and not run.root.is_ended


def _may_resume(run: Run, _: RunResumed) -> bool:
    return run.is_started and run.outcome != "completed"


def _attempt(run: Run, fact: NodeStarted | NodeCompleted | NodeFailed) -> Execution | None:
    found = run.executions.get(fact.execution)
    return found if found is not None and found.attempt == fact.attempt else None


def _may_begin(run: Run, fact: NodeStarted) -> bool:
    found = run.executions.get(fact.execution)
    if found is None or found.attempt != fact.attempt:
        return False
    if found.phase == "start":
        return not found.is_control
    return found.phase == "retry" and (found.item is None or found.item.items.free > 0)


def _may_complete(run: Run, fact: NodeCompleted) -> bool:
    found = _attempt(run, fact)
    if found is None:
        return False
    if found.phase in _MAY_COMPLETE:
        return found.phase != "attempt" or found.node.kind in _EXECUTED
    if fact.pinned or fact.reused_from is not None:
        return found.phase == "start"
    return found.phase == "asking" and found.node.kind in _EXECUTED


def _may_fail(run: Run, fact: NodeFailed) -> bool:
    found = _attempt(run, fact)
    return found is not None and found.phase in _MAY_FAIL


def _is_known(run: Run, fact: EffectSettled | ModelRequested | ModelAnswered) -> bool:
    return fact.execution in run.executions


def _may_claim(run: Run, fact: EffectClaimed) -> bool:
    found = run.executions.get(fact.execution)
    if found is None or fact.graph is None:
        return found is not None
    return found.phase in _MAY_CALL and call_name(fact.execution, fact.call) not in run.executions


def _may_ask(run: Run, fact: GateOpened) -> bool:
    found = run.executions.get(fact.execution)
    return found is not None and found.phase in _MAY_CALL and fact.gate not in run.desk.gates


def _is_gate_open(run: Run, fact: GateAnswered | GateExpired | GateReminded | GateEscalated) -> bool:
    gate = run.desk.gates.get(fact.gate)
    return gate is not None and gate.execution.name == fact.execution


def _may_wait(run: Run, fact: TimerSet) -> bool:
    found = run.executions.get(fact.execution)
    return found is not None and found.phase == "attempt" and found.node.kind == "wait"


def _is_waiting(run: Run, fact: TimerFired) -> bool:
    return fact.execution in run.desk.waits


def _ends_well(run: Run, _: RunCompleted) -> bool:
    return run.outcome is None and run.root.is_over


def _ends_badly(run: Run, fact: RunFailed) -> bool:
    root = run.root
    if run.outcome is not None or not root.is_ended or root.is_cancelled:
        return False
    return root.is_over if root.failure is None else root.failure == fact.error


def _ends_cancelled(run: Run, _: RunCancelled) -> bool:
    return run.outcome is None and run.root.is_cancelled


STEPS: Final = (EffectClaimed, EffectSettled, ModelRequested, ModelAnswered, AgentStateChanged)
"""What an execution under way records of itself."""

_CHECKS: Final[dict[type[Any], Callable[[Run, Any], bool]]] = {
    RunStarted: _may_start,
    NodeStarted: _may_begin,
    NodeCompleted: _may_complete,
    NodeFailed: _may_fail,
    GateOpened: _may_ask,
    GateAnswered: _is_gate_open,
    GateExpired: _is_gate_open,
    GateReminded: _is_gate_open,
    GateEscalated: _is_gate_open,
    TimerSet: _may_wait,
    TimerFired: _is_waiting,
    SignalReceived: _is_under_way,
    RunResumed: _may_resume,
    RunCancelRequested: _is_under_way,
    RunCompleted: _ends_well,
    RunFailed: _ends_badly,
    RunCancelled: _ends_cancelled,
    **dict.fromkeys(STEPS, _is_known),
    EffectClaimed: _may_claim,
}


def is_fitting(run: Run, fact: Event) -> bool:
    """Whether a fact still matters; consequences never do."""
    check = _CHECKS.get(type(fact))
    return check is not None and check(run, fact)
