"""What the recorded steps of an execution used counts until a fact says it."""

from __future__ import annotations

from engine.scheduler.events import EffectClaimed, ModelAnswered, Usage
from engine.scheduler.spending import Spending


def answered(step: int, usage: Usage | None) -> ModelAnswered:
    return ModelAnswered(execution="a", node="a", step=step, answer=None, usage=usage)


def test_what_models_answered_and_what_was_called_is_summed_and_an_answer_without_usage_adds_nothing() -> None:
    spending = Spending()
    spending.step(answered(1, Usage(tokens=3, usd=0.5)))
    spending.step(answered(2, None))
    spending.step(EffectClaimed(execution="a", node="a", key="a!1", tool="t", args_hash="h", effect="read"))
    used = spending.decided("a", None)
    assert used is not None
    assert (used.tokens, used.usd, used.tool_calls) == (3, 0.5, 1)


def test_what_a_fact_tells_wins_over_the_steps() -> None:
    spending = Spending()
    spending.step(answered(1, Usage(tokens=3)))
    assert spending.decided("a", Usage(tokens=9)) == Usage(tokens=9)
    assert spending.decided("a", None) is None
