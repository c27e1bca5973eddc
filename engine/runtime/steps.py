"""The recorded steps of executions that are not decided: what a retry, an answer or a resume goes on from.

Rule: a fold over the run's events, the same live and on resume. Inside a subgraph effects outlive their execution: the
subgraph may be tried again as a whole, and what had an effect in it must not have it twice.
"""

from __future__ import annotations

from typing import Final

from engine.scheduler.events import (
    AgentStateChanged,
    EffectClaimed,
    EffectSettled,
    Event,
    GateAnswered,
    GateOpened,
    ModelAnswered,
    ModelRequested,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
)

_Step = EffectClaimed | EffectSettled | ModelRequested | ModelAnswered | AgentStateChanged | GateOpened | GateAnswered
_STEPS: Final = frozenset(_Step.__args__)
_DECIDED: Final = frozenset({NodeCompleted, NodeFailed, NodeCancelled})


class Steps:
    """Execution -> its recorded steps, oldest first."""

    def __init__(self) -> None:
        self._of: dict[str, list[Event]] = {}

    def note(self, event: Event) -> None:
        """Fold one event in. O(1), but for the end of an execution inside a subgraph: O(its steps)."""
        kind = type(event)
        if kind in _STEPS:
            self._add(event)
        elif kind in _DECIDED and self._of:
            self._decide(event)

    def _add(self, event: Event) -> None:
        if isinstance(event, _Step):
            self._of.setdefault(event.execution, []).append(event)

    def _decide(self, event: Event) -> None:
        if not isinstance(event, NodeCompleted | NodeFailed | NodeCancelled):
            return
        steps = self._of.get(event.execution)
        if steps is None:
            return
        if isinstance(event, NodeFailed) and event.retry_at is not None:
            steps.append(event)
        elif "/" in event.execution:
            steps[:] = [step for step in steps if isinstance(step, EffectClaimed | EffectSettled)]
        else:
            del self._of[event.execution]

    def of(self, execution: str) -> list[Event]:
        """A copy of the steps of one execution."""
        return list(self._of.get(execution, ()))

    def has_open_effect(self, execution: str) -> bool:
        """Whether an unsafe effect was claimed and nobody knows what became of it."""
        steps = self._of.get(execution, ())
        settled = {step.key for step in steps if isinstance(step, EffectSettled)}
        return any(isinstance(s, EffectClaimed) and s.effect == "unsafe" and s.key not in settled for s in steps)
