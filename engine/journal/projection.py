"""What the lists show of a run, folded from its events.

Rule: a projection is a function of the journal alone. ``RunView.apply`` takes the events in order, whether they are
just being written or read back from the disk, and notes what changed; a store writes these changes in the transaction
of the events, and ``rebuild_projections`` throws them away and folds again. The scheduler never reads any of this.

A run is *waiting* when no attempt is being executed and at least one wait is open: a gate, a timer, a signal or the
back-off before a retry. A node that only contains others (a subgraph, a node under ``each``, an agent while a graph
that it called is under way) is not itself at work. O(1) per event; a signal looks at every open wait.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal

from engine.errors import Failure
from engine.journal.shapes import moment_text
from engine.scheduler import events as ev
from engine.scheduler.spending import Spending, add

RunStatus = Literal["running", "waiting", "completed", "failed", "cancelled"]
ENDED: Final[frozenset[RunStatus]] = frozenset({"completed", "failed", "cancelled"})
"""The statuses of a run that is over."""

WaitKind = Literal["gate", "timer", "signal", "retry"]


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that a run waits for.

    Attributes:
        kind: ``gate``, ``timer``, ``signal`` or ``retry``.
        name: the gate's id, else the execution's name; with ``kind`` unique in the run.
        n: number of the event that opened it.
        execution: the execution that waits.
        node: its node path.
        since: seconds since 1970.
        wake: when something is due (timer, deadline, reminder, escalation, retry) in seconds since 1970, or None.
        signal: the signal's name, or None.
        assignees: who may answer a gate now, escalations included; None is everybody.
    """

    kind: WaitKind
    name: str
    n: int
    execution: str
    node: str
    since: float
    wake: float | None = None
    signal: str | None = None
    assignees: tuple[str, ...] | None = None

    def as_json(self) -> dict[str, Any]:
        """The wait as ``{kind, node, execution, since}`` with ``gate``, ``signal`` and ``until`` where they apply."""
        value: dict[str, Any] = {"kind": self.kind, "node": self.node, "execution": self.execution}
        if self.kind == "gate":
            value["gate"] = self.name
        if self.signal is not None:
            value["signal"] = self.signal
        if self.wake is not None:
            value["until"] = moment_text(self.wake)
        value["since"] = moment_text(self.since)
        return value


@dataclass(frozen=True, slots=True)
class Summary:
    """The line that lists show of a run; times in seconds since 1970.

    ``ended_n``: number of the event that ended it, where its output stands. ``usage``: the sum over all attempts,
    those of executions that were cancelled included.
    """

    status: RunStatus
    ended_at: float | None = None
    ended_n: int | None = None
    error: Failure | None = None
    usage: ev.Usage = field(default_factory=ev.Usage)


@dataclass(slots=True)
class Changes:
    """What events changed since the changes were last taken.

    Attributes:
        waits: (kind, name) -> the wait as it is now, or None where it is closed.
        effects: idempotency key -> (number of the claim or None where unchanged, number of the settlement or None).
        closed_all: every wait that was open before is closed; ``waits`` holds those opened since.
    """

    waits: dict[tuple[WaitKind, str], Wait | None] = field(default_factory=dict)
    effects: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)
    closed_all: bool = False

    def __bool__(self) -> bool:
        return bool(self.waits or self.effects or self.closed_all)


@dataclass(slots=True)
class _OpenGate:
    """The times of an open gate, of which the next one is the wait's ``wake``."""

    opened: ev.GateOpened
    reminded_at: float
    escalations: int = 0

    def wake(self) -> float | None:
        """When the deadline, the next reminder or the next escalation comes, whichever is first."""
        opened = self.opened
        due = [] if opened.deadline is None else [opened.deadline]
        if opened.remind_every_s is not None:
            due.append(next_reminder_at(opened.at, opened.remind_every_s, self.reminded_at))
        if opened.escalate and self.escalations < len(opened.escalate):
            due.append(opened.at + opened.escalate[self.escalations]["after_s"])
        return min(due, default=None)


class RunView:
    """The fold of one run's events into its summary, its waits and its effects."""

    __slots__ = (
        "_calls",
        "_changes",
        "_ended",
        "_gates",
        "_has_new_usage",
        "_kept",
        "_of",
        "_spending",
        "_usage",
        "_working",
        "summary",
        "waits",
    )

    def __init__(self) -> None:
        self.summary = Summary("running")
        self.waits: dict[tuple[WaitKind, str], Wait] = {}
        self._changes = Changes()
        self._gates: dict[str, _OpenGate] = {}
        self._of: dict[str, set[tuple[WaitKind, str]]] = {}
        self._kept: Counter[str] = Counter()
        self._working: set[str] = set()
        self._calls: dict[str, str] = {}
        self._usage = ev.Usage()
        self._spending = Spending()
        self._has_new_usage = False
        self._ended: tuple[RunStatus, float, int, Failure | None] | None = None

    def apply(self, event: ev.Event) -> None:
        """Take in the next event."""
        fold = self.FOLDS.get(type(event))
        if fold is not None:
            fold(self, event)

    def take_changes(self) -> Changes:
        """What changed since the last call; ``summary`` is brought up to date, a new object if it changed."""
        self._summarise()
        taken, self._changes = self._changes, Changes()
        return taken

    def _summarise(self) -> None:
        old = self.summary
        usage = _copy(self._usage) if self._has_new_usage else old.usage
        self._has_new_usage = False
        if self._ended is not None:
            status, at, n, error = self._ended
            self.summary = Summary(status, at, n, error, usage)
            return
        status = "waiting" if self.waits and not self._working else "running"
        if status != old.status or usage is not old.usage:
            self.summary = Summary(status, usage=usage)

    # --- what single events do ---

    def _started(self, event: ev.NodeStarted) -> None:
        self._working.add(event.execution)
        if self.waits:
            self._close(("retry", event.execution))
        outer = _outer(event.execution)
        if outer is not None:
            self._working.discard(outer)

    def _completed(self, event: ev.NodeCompleted) -> None:
        self._decided(event.execution, event.usage if event.reused_from is None else None)

    def _failed(self, event: ev.NodeFailed) -> None:
        if event.retry_at is None:
            self._decided(event.execution, event.usage)
        else:
            self._add(event.usage)
            self._stands_aside(event.execution)
            self._open(Wait("retry", event.execution, event.n, event.execution, event.node, event.at, event.retry_at))

    def _withdrawn(self, event: ev.NodeCancelled | ev.NodeSkipped) -> None:
        self._decided(event.execution, None)

    def _answered(self, event: ev.ModelAnswered) -> None:
        self._spending.step(event)

    def _gate_opened(self, event: ev.GateOpened) -> None:
        gate = self._gates[event.gate] = _OpenGate(event, reminded_at=event.at)
        self._working.discard(event.execution)
        assignees = None if event.assignees is None else tuple(event.assignees)
        self._open(
            Wait(
                "gate",
                event.gate,
                event.n,
                event.execution,
                event.node,
                event.at,
                wake=gate.wake(),
                assignees=assignees,
            )
        )

    def _gate_reminded(self, event: ev.GateReminded) -> None:
        gate = self._gates.get(event.gate)
        if gate is not None:
            gate.reminded_at = event.at
            self._rewrite_gate(gate, self.waits["gate", event.gate].assignees)

    def _gate_escalated(self, event: ev.GateEscalated) -> None:
        gate = self._gates.get(event.gate)
        if gate is not None:
            gate.escalations = event.step + 1
            before = self.waits["gate", event.gate].assignees
            if before is not None:
                before = tuple(dict.fromkeys((*before, *event.assignees)))
            self._rewrite_gate(gate, before)

    def _gate_decided(self, event: ev.GateAnswered | ev.GateExpired) -> None:
        self._close(("gate", event.gate))
        self._go_on(event.execution)

    def _timer_set(self, event: ev.TimerSet) -> None:
        if event.signal is not None and self._kept[event.signal]:
            self._kept[event.signal] -= 1  # it was sent before anybody waited for it, and this wait gets it at once
            return
        self._working.discard(event.execution)
        kind: WaitKind = "timer" if event.signal is None else "signal"
        wake = min((due for due in (event.due, event.deadline) if due is not None), default=None)
        self._open(
            Wait(kind, event.execution, event.n, event.execution, event.node, event.at, wake=wake, signal=event.signal)
        )

    def _timer_fired(self, event: ev.TimerFired) -> None:
        self._close(("timer", event.execution))
        self._close(("signal", event.execution))
        self._working.add(event.execution)

    def _signal(self, event: ev.SignalReceived) -> None:
        heard = [wait for wait in self.waits.values() if wait.kind == "signal" and wait.signal == event.name]
        for wait in heard:
            self._close(("signal", wait.name))
            self._working.add(wait.execution)
        if not heard:
            self._kept[event.name] += 1

    def _resumed(self, _event: ev.RunResumed) -> None:
        self._ended = None

    def _run_completed(self, event: ev.RunCompleted) -> None:
        self._end("completed", event, None)

    def _run_failed(self, event: ev.RunFailed) -> None:
        self._end("failed", event, event.error)

    def _run_cancelled(self, event: ev.RunCancelled) -> None:
        self._end("cancelled", event, None)

    def _claimed(self, event: ev.EffectClaimed) -> None:
        self._spending.step(event)
        self._changes.effects[event.key] = (event.n, None)
        if event.graph is not None:
            self._calls[event.key] = event.execution
            self._working.discard(event.execution)

    def _settled(self, event: ev.EffectSettled) -> None:
        claim, _ = self._changes.effects.get(event.key, (None, None))
        self._changes.effects[event.key] = (claim, event.n)
        if self._calls.pop(event.key, None) is not None:
            self._go_on(event.execution)

    # --- the parts they are made of ---

    def _add(self, usage: ev.Usage | None) -> None:
        if usage is not None:
            self._has_new_usage = True
            add(self._usage, usage)

    def _open(self, wait: Wait) -> None:
        key = (wait.kind, wait.name)
        self.waits[key] = self._changes.waits[key] = wait
        self._of.setdefault(wait.execution, set()).add(key)

    def _close(self, key: tuple[WaitKind, str]) -> None:
        wait = self.waits.pop(key, None)
        if wait is None:
            return
        self._changes.waits[key] = None
        if wait.kind == "gate":
            del self._gates[wait.name]
        siblings = self._of[wait.execution]
        siblings.discard(key)
        if not siblings:
            del self._of[wait.execution]

    def _rewrite_gate(self, gate: _OpenGate, assignees: tuple[str, ...] | None) -> None:
        opened = gate.opened
        self._open(
            Wait(
                "gate",
                opened.gate,
                opened.n,
                opened.execution,
                opened.node,
                opened.at,
                wake=gate.wake(),
                assignees=assignees,
            )
        )

    def _go_on(self, execution: str) -> None:
        """The execution works again, unless it waits for something else too."""
        if execution not in self._of and execution not in self._calls.values():
            self._working.add(execution)

    def _decided(self, execution: str, told: ev.Usage | None) -> None:
        """The execution is over: it used what its fact told, else what its steps did."""
        self._add(self._spending.decided(execution, told))
        self._stands_aside(execution)

    def _stands_aside(self, execution: str) -> None:
        """Whatever the execution waited for is closed."""
        self._working.discard(execution)
        if self._calls:
            self._calls = {key: caller for key, caller in self._calls.items() if caller != execution}
        if self._of:
            for key in tuple(self._of.get(execution, ())):
                self._close(key)

    def _end(self, status: RunStatus, event: ev.RunCompleted | ev.RunFailed | ev.RunCancelled, error: Any) -> None:
        self._ended = (status, event.at, event.n, error)
        self._working.clear()
        self._calls.clear()
        for open_things in (self._gates, self._of, self.waits):
            open_things.clear()
        self._changes.waits.clear()
        self._changes.closed_all = True

    FOLDS: ClassVar[dict[type[Any], Callable[[RunView, Any], None]]] = {
        ev.NodeStarted: _started,
        ev.NodeCompleted: _completed,
        ev.NodeFailed: _failed,
        ev.NodeCancelled: _withdrawn,
        ev.NodeSkipped: _withdrawn,
        ev.GateOpened: _gate_opened,
        ev.GateReminded: _gate_reminded,
        ev.GateEscalated: _gate_escalated,
        ev.GateAnswered: _gate_decided,
        ev.GateExpired: _gate_decided,
        ev.TimerSet: _timer_set,
        ev.TimerFired: _timer_fired,
        ev.SignalReceived: _signal,
        ev.RunResumed: _resumed,
        ev.RunCompleted: _run_completed,
        ev.RunFailed: _run_failed,
        ev.RunCancelled: _run_cancelled,
        ev.ModelAnswered: _answered,
        ev.EffectClaimed: _claimed,
        ev.EffectSettled: _settled,
    }
    """Event class -> what it does to the view; what is not here changes no list."""


def next_reminder_at(opened_at: float, every_s: float, reminded_at: float) -> float:
    """When a gate reminds again: in step with its opening, and not sooner than half a turn after the last time.

    So the reminders that were missed while nobody hosted the run are one.

    Args:
        opened_at: seconds since 1970.
        every_s: seconds from one reminder to the next, > 0.
        reminded_at: when the last reminder was, before the first when the gate opened.
    """
    turns = math.floor((reminded_at - opened_at) / every_s + 0.5)
    return opened_at + every_s * (turns + 1)


def _copy(usage: ev.Usage) -> ev.Usage:
    return ev.Usage(usage.tokens, usage.usd, usage.seconds, usage.tool_calls)


_ITEM = re.compile(r"\[\d+\]$")


def _outer(execution: str) -> str | None:
    """The execution that contains this one: ``fetch[7]`` is in ``fetch``, ``team@2/write`` in ``team@2``."""
    if execution.endswith("]"):
        return _ITEM.sub("", execution)
    scope, slash, _ = execution.rpartition("/")
    return scope if slash else None
