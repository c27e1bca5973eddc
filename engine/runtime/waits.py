"""What a run waits for: its open gates, timers and calls of graphs, and when each of them is due.

Rule: a fold over the run's events, the same live and on resume, and the timers that follow from it. It makes facts
only when a timer is due; who may answer a gate and with what is decided in ``gates.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from engine.errors import Failure
from engine.journal.projection import next_reminder_at
from engine.runtime.clock import Clock
from engine.runtime.gates import first_values
from engine.runtime.outcomes import given_up
from engine.runtime.timers import Timer, Timers
from engine.scheduler.events import (
    EffectClaimed,
    EffectSettled,
    Event,
    GateAnswered,
    GateEscalated,
    GateExpired,
    GateOpened,
    GateReminded,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    TimerFired,
    TimerSet,
)

_DECIDED: Final = frozenset({NodeCompleted, NodeFailed, NodeCancelled})
_TOLD: Final = frozenset(
    {
        *(GateOpened, GateReminded, GateEscalated, GateAnswered, GateExpired, TimerSet, TimerFired),
        *(EffectClaimed, EffectSettled),
    }
)


@dataclass(slots=True)
class OpenGate:
    """One open gate.

    Attributes:
        opened: the event that opened it.
        reminders: how many have been sent.
        reminded_at: when the last was, seconds since 1970; before the first, when the gate was opened.
        escalations: how many steps of ``escalate`` have been taken.
        assignees: who may answer now, escalations included; None means anybody.
    """

    opened: GateOpened
    reminders: int = 0
    reminded_at: float = 0.0
    escalations: int = 0
    assignees: list[str] | None = None
    timers: list[Timer] = field(default_factory=list[Timer])


@dataclass(slots=True)
class OpenTimer:
    """One open wait."""

    set: TimerSet
    timers: list[Timer] = field(default_factory=list[Timer])


@dataclass(slots=True)
class OpenCall:
    """One graph that an agent has called."""

    claim: EffectClaimed
    timers: list[Timer] = field(default_factory=list[Timer])


@dataclass(slots=True)
class Waits:
    """The open gates, waits and calls of one run.

    Attributes:
        gates: gate id -> the open gate.
        waits: execution -> the open wait.
        calls: idempotency key -> the open call.
        timers: where due times are entered.
        post: takes the facts that a due time makes.
    """

    timers: Timers
    clock: Clock
    post: Callable[[Event], None]
    gates: dict[str, OpenGate] = field(default_factory=dict[str, OpenGate])
    waits: dict[str, OpenTimer] = field(default_factory=dict[str, OpenTimer])
    calls: dict[str, OpenCall] = field(default_factory=dict[str, OpenCall])
    is_armed: bool = False

    def note(self, event: Event) -> None:
        """Fold one event in. O(1), but for the end of an execution with gates of its own."""
        kind = type(event)
        if kind in _DECIDED:
            if self.gates or self.waits or self.calls:
                self._close_execution(event.execution)  # type: ignore[union-attr]
            return
        if kind not in _TOLD:
            return
        match event:
            case GateOpened():
                gate = OpenGate(event, reminded_at=event.at, assignees=event.assignees)
                self.gates[event.gate] = gate
                if self.is_armed:
                    self._arm_gate(gate)
            case GateReminded() | GateEscalated():
                self._note_urging(event)
            case GateAnswered() | GateExpired():
                self._close_gate(event.gate)
            case TimerSet():
                wait = OpenTimer(event)
                self.waits[event.execution] = wait
                if self.is_armed:
                    self._arm_wait(wait)
            case TimerFired():
                self._close_wait(event.execution)
            case EffectClaimed() if event.graph is not None:
                call = self.calls[event.key] = OpenCall(event)
                if self.is_armed:
                    self._arm_call(call)
            case EffectSettled():
                self._close_call(event.key)
            case _:
                pass

    def _note_urging(self, event: GateReminded | GateEscalated) -> None:
        gate = self.gates.get(event.gate)
        if gate is None:
            return
        if isinstance(event, GateReminded):
            gate.reminders, gate.reminded_at = event.count, event.at
            if self.is_armed:
                self._arm_reminder(gate)
            return
        gate.escalations = event.step + 1
        if gate.assignees is not None:
            gate.assignees = [*gate.assignees, *event.assignees]
        if self.is_armed:
            self._arm_escalation(gate)

    def arm(self) -> None:
        """Enter the due times of all that is open; from now on ``note`` keeps them up to date."""
        self.is_armed = True
        for gate in self.gates.values():
            self._arm_gate(gate)
        for wait in self.waits.values():
            self._arm_wait(wait)
        for call in self.calls.values():
            self._arm_call(call)

    def disarm(self) -> None:
        """Take every due time back; nothing is posted any more."""
        self.is_armed = False
        for timers in self._all_timers():
            for timer in timers:
                timer.cancel()
            timers.clear()

    def next_due(self) -> float | None:
        """When the next thing happens by itself (seconds since 1970), or None when only people and signals can."""
        due = [timer.due for timers in self._all_timers() for timer in timers if timer.act is not None]
        return min(due, default=None)

    def next_timer(self) -> float | None:
        """When the next open wait for a time is over (seconds since 1970); deadlines of signals and gates are none."""
        return min((wait.set.due for wait in self.waits.values() if wait.set.due is not None), default=None)

    def _all_timers(self) -> list[list[Timer]]:
        found = [gate.timers for gate in self.gates.values()]
        found += [wait.timers for wait in self.waits.values()]
        return found + [call.timers for call in self.calls.values()]

    def _arm_gate(self, gate: OpenGate) -> None:
        opened = gate.opened
        if opened.deadline is not None:
            gate.timers.append(self.timers.at(opened.deadline, partial(self._expire, opened)))
        self._arm_reminder(gate)
        self._arm_escalation(gate)

    def _arm_reminder(self, gate: OpenGate) -> None:
        opened = gate.opened
        if opened.remind_every_s is None:
            return
        due = next_reminder_at(opened.at, opened.remind_every_s, gate.reminded_at)
        if opened.deadline is None or due < opened.deadline:
            gate.timers.append(self.timers.at(due, partial(self._remind, opened, gate.reminders + 1)))

    def _arm_escalation(self, gate: OpenGate) -> None:
        opened = gate.opened
        if opened.escalate is None or gate.escalations >= len(opened.escalate):
            return
        due = opened.at + opened.escalate[gate.escalations]["after_s"]
        gate.timers.append(self.timers.at(due, partial(self._escalate, opened, gate.escalations)))

    def _arm_wait(self, wait: OpenTimer) -> None:
        event = wait.set
        if event.due is not None:
            wait.timers.append(self.timers.at(event.due, partial(self._fire, event, expired=False)))
        if event.deadline is not None:
            wait.timers.append(self.timers.at(event.deadline, partial(self._fire, event, expired=True)))

    def _arm_call(self, call: OpenCall) -> None:
        claim = call.claim
        if claim.deadline is not None:
            call.timers.append(self.timers.at(claim.deadline, partial(self._give_up, claim)))

    def _give_up(self, claim: EffectClaimed) -> None:
        message = f"{claim.tool} took longer than it may ({(claim.deadline or claim.at) - claim.at:g} s)"
        hint = "ask for less at once, or raise its timeout_s"
        self.post(given_up(claim, Failure("limit", "tool.timeout", message, claim.node, hint)))

    def _expire(self, gate: GateOpened) -> None:
        if gate.default is not None:
            self.post(
                GateAnswered(
                    gate=gate.gate,
                    execution=gate.execution,
                    node=gate.node,
                    option=gate.default,
                    form=first_values(gate, gate.default),
                    by="deadline",
                )
            )
        else:
            self.post(GateExpired(gate=gate.gate, execution=gate.execution, node=gate.node))

    def _remind(self, gate: GateOpened, count: int) -> None:
        self.post(GateReminded(gate=gate.gate, execution=gate.execution, node=gate.node, count=count))

    def _escalate(self, gate: GateOpened, step: int) -> None:
        assignees: list[str] = (gate.escalate or [])[step]["assignees"]
        self.post(
            GateEscalated(gate=gate.gate, execution=gate.execution, node=gate.node, step=step, assignees=assignees)
        )

    def _fire(self, event: TimerSet, *, expired: bool) -> None:
        self.post(TimerFired(execution=event.execution, node=event.node, expired=expired))

    def _close_gate(self, gate: str) -> None:
        entry = self.gates.pop(gate, None)
        if entry is not None:
            for timer in entry.timers:
                timer.cancel()

    def _close_wait(self, execution: str) -> None:
        entry = self.waits.pop(execution, None)
        if entry is not None:
            for timer in entry.timers:
                timer.cancel()

    def _close_call(self, key: str) -> None:
        entry = self.calls.pop(key, None)
        if entry is not None:
            for timer in entry.timers:
                timer.cancel()

    def _close_execution(self, execution: str) -> None:
        self._close_wait(execution)
        for key in [key for key, call in self.calls.items() if call.claim.execution == execution]:
            self._close_call(key)
        for name in [name for name, gate in self.gates.items() if gate.opened.execution == execution]:
            self._close_gate(name)
