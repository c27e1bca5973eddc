"""The answers that an execution has had already: what a resumed turn reads instead of asking again.

Rule: an answer belongs to an agent and a step. A step that failed in a way that the turn itself recovers from is
answered too, by its error, so that a resumed turn takes the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.agents.models.base import ModelAnswer
from engine.errors import Failure
from engine.scheduler.events import AgentStateChanged, EffectClaimed, Event, ModelAnswered, Usage


@dataclass(frozen=True, slots=True)
class RecordedAnswers:
    """(agent, step) -> the recorded answer."""

    steps: Mapping[tuple[str, int], ModelAnswered]

    @classmethod
    def of(cls, events: Iterable[Event]) -> RecordedAnswers:
        """What is recorded. O(events)."""
        return cls({(e.agent, e.step): e for e in events if isinstance(e, ModelAnswered)})

    def get(self, agent: str, step: int) -> ModelAnswered | None:
        """The answer to that step, or None when it is still to be asked."""
        return self.steps.get((agent, step))


def answer_json(answer: ModelAnswer | Failure) -> dict[str, Any]:
    """An answer, or the error that stands for one, as ``model.answered`` carries it."""
    return {"error": answer.as_json()} if isinstance(answer, Failure) else answer.as_json()


def answer_of(event: ModelAnswered) -> ModelAnswer | Failure:
    """The inverse of ``answer_json``."""
    failed = event.answer.get("error")
    return ModelAnswer.from_json(event.answer) if failed is None else Failure.from_json(failed)


def tries_of(events: Iterable[Event]) -> int:
    """Which attempt of the node this is, not counting those that a killed process cut off; from 1."""
    return 1 + sum(1 for e in events if isinstance(e, AgentStateChanged) and e.state == "failed" and e.agent == "")


def usage_of(events: Iterable[Event]) -> Usage:
    """What an execution has used so far, over all its attempts."""
    total = Usage()
    for event in events:
        if isinstance(event, EffectClaimed):
            total.tool_calls += 1
        elif isinstance(event, ModelAnswered) and event.usage is not None:
            total.tokens += event.usage.tokens
            total.seconds += event.usage.seconds
            known = total.usd is not None and event.usage.usd is not None
            total.usd = (total.usd or 0.0) + (event.usage.usd or 0.0) if known else None
    return total
