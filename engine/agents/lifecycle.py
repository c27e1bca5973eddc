"""The states of an agent and the ways between them, as a table; every transition is an ``agent.state`` event.

Rule: ``TRANSITIONS`` is the whole truth. What it does not allow is a bug of the engine and raises. A resumed turn goes
through the states that are journaled already without journaling them again: transitions are matched one by one with
the recorded ones, and only what goes beyond them is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from engine.agents.canonical import is_object
from engine.errors import EngineBug
from engine.runtime.context import NodeContext
from engine.scheduler.events import AgentStateChanged


class State(StrEnum):
    """What an agent is doing."""

    INITIALIZED = "initialized"
    PLANNING = "planning"
    EXECUTING = "executing"
    TOOL_CALLING = "tool_calling"
    DELEGATING = "delegating"
    REFLECTING = "reflecting"
    COMPLETED = "completed"
    FAILED = "failed"


_S = State
TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    _S.INITIALIZED: frozenset({_S.PLANNING, _S.EXECUTING, _S.FAILED}),
    _S.PLANNING: frozenset({_S.EXECUTING, _S.FAILED}),
    _S.EXECUTING: frozenset(
        {_S.TOOL_CALLING, _S.DELEGATING, _S.REFLECTING, _S.PLANNING, _S.COMPLETED, _S.FAILED},
    ),
    _S.TOOL_CALLING: frozenset({_S.EXECUTING, _S.FAILED}),
    _S.DELEGATING: frozenset({_S.EXECUTING, _S.FAILED}),
    _S.REFLECTING: frozenset({_S.COMPLETED, _S.FAILED}),
    _S.COMPLETED: frozenset(),
    _S.FAILED: frozenset(),
}
"""State -> the states that may follow. A new stretch of work (the next attempt, a hand-over) is initialized again."""

ENDED: Final = frozenset({_S.COMPLETED, _S.FAILED})
ASIDE: Final = "aside"
"""Key in an event's detail: it was not a step of the turn (a resumption, another model), and is not matched again."""


class Lifecycle:
    """The lifecycle of one agent in one execution.

    Args:
        ctx: the execution.
        agent: "" for the node's own agent, else the sub-agent's path.
    """

    def __init__(self, ctx: NodeContext, agent: str) -> None:
        self._ctx = ctx
        self._agent = agent
        self._state: State | None = None
        own = [e for e in ctx.recorded if isinstance(e, AgentStateChanged) and e.agent == agent]
        self._recorded = [e.state for e in own if not _is_aside(e)]
        self._taken = 0
        # Cut off right after it was initialized again, it still has to be brought to where it stood.
        self._is_cut_off = bool(own) and (own[-1].state == State.FAILED or _is_resumption(own[-1]))
        if own and own[-1].state == State.FAILED:
            self._journal(State.INITIALIZED, {ASIDE: True, "resumed": True})

    @property
    def state(self) -> State:
        """What it is doing.

        Raises:
            EngineBug: it has not begun.
        """
        if self._state is None:
            raise EngineBug(f"agent {self._agent or 'of the node'} has no state yet")
        return self._state

    def begin(self) -> None:
        """A new stretch of work: initialized.

        Raises:
            EngineBug: the stretch before has not ended.
        """
        if self._state is not None and self._state not in ENDED:
            raise EngineBug(f"an agent that is {self._state} cannot begin anew")
        self._enter(State.INITIALIZED, None)

    def go(self, state: State, detail: Mapping[str, Any] | None = None) -> None:
        """Move on.

        Raises:
            EngineBug: the table has no such way.
        """
        if state not in TRANSITIONS[self.state]:
            raise EngineBug(f"an agent cannot go from {self.state} to {state}")
        self._enter(state, detail)

    def note(self, detail: Mapping[str, Any], *, aside: bool = False) -> None:
        """Journal something about the present state: a recovery taken, another model tried."""
        if aside:
            self._journal(self.state, {ASIDE: True, **detail})
        else:
            self._enter(self.state, detail)

    def fail(self, detail: Mapping[str, Any]) -> None:
        """The stretch ends badly. A later attempt goes on where it stood."""
        if self._state not in ENDED:
            self._state = State.FAILED
            self._journal(State.FAILED, detail)

    def _enter(self, state: State, detail: Mapping[str, Any] | None) -> None:
        if self._taken < len(self._recorded):
            self._taken += 1
            self._state = state
            return
        self._taken += 1
        if self._is_cut_off:
            self._is_cut_off = False
            if self._state not in (None, State.INITIALIZED) and state is not State.EXECUTING:
                self._journal(State.EXECUTING, {ASIDE: True, "resumed": True})
        self._state = state
        self._journal(state, detail)

    def _journal(self, state: State, detail: Mapping[str, Any] | None) -> None:
        event = AgentStateChanged(
            execution=self._ctx.execution,
            node=self._ctx.node,
            state=state.value,
            agent=self._agent,
            detail=dict(detail) if detail else None,
        )
        self._ctx.record(event)


def _is_resumption(event: AgentStateChanged) -> bool:
    return event.state == State.INITIALIZED and _is_aside(event)


def _is_aside(event: AgentStateChanged) -> bool:
    return event.state == State.FAILED or (is_object(event.detail) and ASIDE in event.detail)
