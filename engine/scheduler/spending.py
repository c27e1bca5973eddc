"""What executions have used, by their recorded steps, where no fact sums it up.

Rule: the fact that decides an execution says what all its attempts used, and then that counts. Where no fact says so
(it was cancelled, cut off by its time or a limit, given up) its recorded steps do: a model that answered was paid,
whatever became of the agent that asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.scheduler.events import EffectClaimed, ModelAnswered, Usage


def add(total: Usage, used: Usage) -> None:
    """Count more; one unknown price makes the sum unknown."""
    total.tokens += used.tokens
    total.seconds += used.seconds
    total.tool_calls += used.tool_calls
    total.usd = None if total.usd is None or used.usd is None else total.usd + used.usd


@dataclass(slots=True)
class Spending:
    """Execution -> what its recorded steps used, until it is decided. O(1) per event."""

    _steps: dict[str, Usage] = field(default_factory=dict[str, Usage])

    def step(self, event: ModelAnswered | EffectClaimed) -> None:
        """A model has answered, or a call begun."""
        total = self._steps.get(event.execution)
        if total is None:
            total = self._steps[event.execution] = Usage()
        if isinstance(event, EffectClaimed):
            total.tool_calls += 1
        elif event.usage is not None:
            add(total, event.usage)

    def decided(self, execution: str, told: Usage | None) -> Usage | None:
        """An execution is decided: what it used, by its fact (``told``) or by its steps; None for nothing."""
        steps = self._steps.pop(execution, None) if self._steps else None
        return steps if told is None else told
