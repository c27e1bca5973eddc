"""The recorded steps of executions that are not over: what a retry, an answer or a resume goes on from.

Rule: a fold over the run's events, the same live and on resume. Steps go with their execution once nothing can begin it
again. What failed for good, or was cut off, may: a resumed run goes on with it, and no model is asked twice then, no
effect happens twice. What runs inside a subgraph (or in a graph that an agent called) begins anew when that is tried
again; of its steps the effects are left, so that nothing outside happens twice.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    NodeStarted,
)

_Step = EffectClaimed | EffectSettled | ModelRequested | ModelAnswered | AgentStateChanged | GateOpened | GateAnswered
_STEPS: Final = frozenset(_Step.__args__)
_DECIDED: Final = frozenset({NodeCompleted, NodeFailed, NodeCancelled})


_OVER: Final = frozenset({"join", "end", "alone"})
"""Why an execution was cancelled that no resumed run begins again."""


@dataclass(slots=True)
class _Record:
    """The steps of one execution, oldest first; so many of them are counted in the usage that a fact has told."""

    steps: list[Event]
    told: int = 0


class Steps:
    """Execution -> its recorded steps, oldest first."""

    def __init__(self) -> None:
        self._of: dict[str, _Record] = {}
        self._anew: set[str] = set()

    def note(self, event: Event) -> None:
        """Fold one event in. O(1), but for the end of an execution with steps: O(its steps)."""
        kind = type(event)
        if kind in _STEPS:
            self._add(event)
        elif kind in _DECIDED:
            if self._of:
                self._decide(event)
        elif self._anew and isinstance(event, NodeStarted):
            self._began(event.execution)

    def _add(self, event: Event) -> None:
        if isinstance(event, _Step):
            record = self._of.get(event.execution)
            if record is None:
                record = self._of[event.execution] = _Record([])
            record.steps.append(event)

    def _decide(self, event: Event) -> None:
        if not isinstance(event, NodeCompleted | NodeFailed | NodeCancelled):
            return
        record = self._of.get(event.execution)
        if isinstance(event, NodeFailed) and event.retry_at is not None:
            self._anew.add(event.execution)
            if record is not None:
                record.steps.append(event)
        elif record is None:
            return
        elif _is_over(event):
            if "/" in event.execution:
                _keep_effects(record)
                record.told = len(record.steps)
            else:
                del self._of[event.execution]
        else:
            # A resumed run goes on here. Its open questions were closed; they are asked again.
            answered = {step.gate for step in record.steps if isinstance(step, GateAnswered)}
            record.steps = [s for s in record.steps if not isinstance(s, GateOpened) or s.gate in answered]
            record.told = len(record.steps)

    def _began(self, execution: str) -> None:
        """An attempt after one that failed: what runs inside begins anew."""
        if execution in self._anew:
            self._anew.discard(execution)
            for name, record in self._of.items():
                if name.startswith((f"{execution}/", f"{execution}!")):
                    _keep_effects(record)

    def of(self, execution: str) -> list[Event]:
        """A copy of the steps of one execution."""
        record = self._of.get(execution)
        return [] if record is None else list(record.steps)

    def told(self, execution: str) -> int:
        """How many of its steps, from the oldest, are in the usage that an earlier fact has told."""
        record = self._of.get(execution)
        return 0 if record is None else record.told

    def has_open_effect(self, execution: str) -> bool:
        """Whether an unsafe effect was claimed and nobody knows what became of it."""
        record = self._of.get(execution)
        steps = () if record is None else record.steps
        settled = {step.key for step in steps if isinstance(step, EffectSettled)}
        return any(isinstance(s, EffectClaimed) and s.effect == "unsafe" and s.key not in settled for s in steps)


def _is_over(event: NodeCompleted | NodeFailed | NodeCancelled) -> bool:
    """Whether nothing begins the execution again: no resumed run, whatever else may try its subgraph again."""
    if isinstance(event, NodeFailed):
        return bool(event.taken)
    return isinstance(event, NodeCompleted) or event.why in _OVER


def _keep_effects(record: _Record) -> None:
    kept = [isinstance(step, EffectClaimed | EffectSettled) for step in record.steps]
    record.told = sum(kept[: record.told])
    record.steps = [step for step, is_effect in zip(record.steps, kept, strict=True) if is_effect]
