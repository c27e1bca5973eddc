"""What a run waits for from outside: open gates, open waits, and signals that nobody waited for yet.

Rule (GRAPH.md §3.10): a signal goes to every open wait for it; if none is open it is kept for the first that opens. An
answer to a gate that is not open is refused. This module keeps the lists; what follows from an answer is decided
elsewhere.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import InputError

if TYPE_CHECKING:
    from engine.scheduler.events import GateOpened, SignalReceived, TimerSet
    from engine.scheduler.executions import Execution


@dataclass(slots=True)
class OpenGate:
    """A gate that waits for its answer. ``opened``: the event; ``execution``: whose it is."""

    opened: GateOpened
    execution: Execution


@dataclass(slots=True)
class OpenWait:
    """A wait whose time or signal has not come. ``set``: the event; ``execution``: whose it is."""

    set: TimerSet
    execution: Execution


class Desk:
    """The open gates, waits and kept signals of one run.

    Attributes:
        gates: gate id -> the open gate, in the order in which they opened.
        waits: execution -> the open wait, in the order in which they opened.
    """

    def __init__(self) -> None:
        self.gates: dict[str, OpenGate] = {}
        self.waits: dict[str, OpenWait] = {}
        self._closed: set[str] = set()
        self._waiting: dict[str, dict[str, OpenWait]] = {}
        self._kept: dict[str, deque[SignalReceived]] = {}

    def open_gate(self, event: GateOpened, execution: Execution) -> None:
        """A person is asked."""
        self.gates[event.gate] = OpenGate(event, execution)
        if execution.gates is None:
            execution.gates = []
        execution.gates.append(event.gate)

    def close_gate(self, gate: str) -> Execution:
        """The gate was answered, expired or withdrawn; whose it was."""
        execution = self.gates.pop(gate).execution
        self._closed.add(gate)
        execution.gates = [open_gate for open_gate in execution.gates or () if open_gate != gate]
        return execution

    def close_all_of(self, execution: Execution) -> None:
        """The execution is decided or its attempt is over: nobody needs to answer any more."""
        for gate in list(execution.gates or ()):
            self.close_gate(gate)
        if execution.phase == "open wait":
            self.close_wait(execution.name)

    def gate(self, name: str) -> GateOpened:
        """The open gate of this id, or the only open one of the node of this name.

        Raises:
            InputError: ``gate.closed``, ``gate.unknown``, or ``gate.ambiguous`` with the ids in its hint.
        """
        gate = self.gates.get(name)
        if gate is not None:
            return gate.opened
        of_node = [g.opened for g in self.gates.values() if g.opened.node == name]
        if len(of_node) == 1:
            return of_node[0]
        if of_node:
            raise InputError(
                f"several gates of {name} are open",
                code="gate.ambiguous",
                where=name,
                hint="name one of " + ", ".join(g.gate for g in of_node),
            )
        if name in self._closed:
            raise InputError(f"the gate {name} is not open any more", code="gate.closed", where=name)
        is_open = ", ".join(self.gates)
        raise InputError(
            f"there is no open gate {name}",
            code="gate.unknown",
            where=name,
            hint=f"open are: {is_open}" if is_open else "no gate of this run is open",
        )

    def open_wait(self, event: TimerSet, execution: Execution) -> SignalReceived | None:
        """A wait begins; the signal that was kept for it, if one was."""
        if event.signal is not None:
            kept = self._kept.get(event.signal)
            if kept:
                return kept.popleft()
        wait = OpenWait(event, execution)
        self.waits[execution.name] = wait
        if event.signal is not None:
            self._waiting.setdefault(event.signal, {})[execution.name] = wait
        return None

    def close_wait(self, name: str) -> Execution:
        """The wait is over; whose it was."""
        wait = self.waits.pop(name)
        if wait.set.signal is not None:
            del self._waiting[wait.set.signal][name]
        return wait.execution

    def receive(self, event: SignalReceived) -> list[Execution]:
        """The executions that get a signal, in the order in which they opened; it is kept if there is none."""
        waiting = list(self._waiting.get(event.name, {}))
        if not waiting:
            self._kept.setdefault(event.name, deque()).append(event)
        return [self.close_wait(name) for name in waiting]
