"""Every use is asked for before the work and booked after it, in every budget around it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.model.nodes import Limits
from engine.runtime.limits import Budget, LimitReached


def nested(outer: Limits | None, inner: Limits | None) -> tuple[Budget, Budget]:
    """The run's budget and that of the subgraph ``team``."""
    run = Budget("", outer)
    return run, Budget("team", inner, run)


Use = Callable[[Budget], None]


def answered(budget: Budget) -> None:
    """A model is asked and answers."""
    budget.reserve_model_call()
    budget.reserve_money()
    budget.settle_model_call(tokens=1, usd=1)


@pytest.mark.parametrize(
    ("limits", "use", "code"),
    [
        (Limits(node_runs=2), Budget.reserve_node_run, "limit.node_runs"),
        (Limits(tool_calls=2), Budget.reserve_tool_call, "limit.tool_calls"),
        (Limits(tokens=2), answered, "limit.tokens"),
        (Limits(usd=2), answered, "limit.usd"),
    ],
)
def test_what_may_be_used_twice_is_refused_the_third_time(limits: Limits, use: Use, code: str) -> None:
    run, team = nested(limits, None)
    use(team)
    use(run)
    with pytest.raises(LimitReached) as refusal:
        use(team)

    assert (refusal.value.code, refusal.value.error_class, refusal.value.owner) == (code, "limit", "")
    assert "the run has used up its limit of 2" in refusal.value.message


def test_the_outermost_that_is_used_up_decides() -> None:
    run, team = nested(Limits(node_runs=1), Limits(node_runs=1))
    run.reserve_node_run()
    with pytest.raises(LimitReached) as refusal:
        team.reserve_node_run()
    assert refusal.value.owner == ""

    _, alone = nested(Limits(node_runs=5), Limits(node_runs=1))
    alone.reserve_node_run()
    with pytest.raises(LimitReached) as refusal:
        alone.reserve_node_run()
    assert (refusal.value.owner, refusal.value.where) == ("team", "team")


def test_what_is_refused_is_not_counted() -> None:
    run, team = nested(None, Limits(tool_calls=0))
    with pytest.raises(LimitReached):
        team.reserve_tool_call()
    assert (run.tool_calls, team.tool_calls) == (0, 0)


def test_what_is_used_inside_is_used_in_all_around() -> None:
    run, team = nested(None, None)
    team.settle_model_call(tokens=7, usd=0.5)
    run.settle_model_call(tokens=1, usd=0.25)
    assert [(budget.tokens, budget.usd) for budget in (run, team)] == [(8, 0.75), (7, 0.5)]


def test_calls_are_counted_for_the_whole_run_by_tool() -> None:
    run, team = nested(None, None)
    team.count_call("http.get")
    run.count_call("http.get")
    assert (team.calls_of("http.get"), run.calls_of("http.get"), run.calls_of("file.read")) == (2, 2, 0)


def test_with_nothing_to_spend_no_money_is_given() -> None:
    with pytest.raises(LimitReached, match=r"limit\.usd"):
        Budget("", Limits(usd=0)).reserve_money()


def test_an_unknown_price_ends_the_spending_where_money_is_limited() -> None:
    run, team = nested(None, Limits(usd=5))
    team.settle_model_call(tokens=1, usd=None)
    run.reserve_money()
    with pytest.raises(LimitReached, match=r"limit\.price_unknown"):
        team.reserve_money()


def test_a_budget_knows_which_executions_are_inside() -> None:
    run, team = nested(None, None)
    assert all(run.holds(name) for name in ("a", "team", "team/a"))
    assert [name for name in ("a", "team", "team/a", "team@2/a", "teams/a") if team.holds(name)] == ["team/a"]
