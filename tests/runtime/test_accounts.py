"""The books of a run: subgraphs, agents, places and depth."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.model.nodes import Limits
from engine.runtime.accounts import DEPTH, Accounts, usage_of
from engine.scheduler.events import EffectClaimed, Event, ModelAnswered, Usage


def answered(tokens: int, usd: float | None) -> ModelAnswered:
    """A model has answered in the agent ``a``."""
    return ModelAnswered(execution="a", node="a", step=1, answer={}, usage=Usage(tokens=tokens, usd=usd))


def claimed() -> EffectClaimed:
    """The agent ``a`` has begun a call."""
    return EffectClaimed(execution="a", node="a", key="k", tool="work", args_hash="", effect="read")


def test_a_subgraph_that_is_tried_again_goes_on_with_its_books() -> None:
    books = Accounts.of(None)
    team = books.open_scope("team", "", Limits(node_runs=5))
    team.reserve_node_run()
    assert books.open_scope("team", "", Limits(node_runs=5)) is team
    assert (books.budget("team").node_runs, books.budget("").node_runs) == (1, 1)

    books.close_scope("team")
    assert books.budget("team") is books.root
    assert books.root.node_runs == 1


def test_an_agent_without_limits_of_its_own_uses_those_around_it() -> None:
    books = Accounts.of(None)
    team = books.open_scope("team", "", None)
    assert books.agent("team", "team/a", None, []) is team


def test_an_agent_keeps_its_budget_over_its_attempts_until_it_is_decided() -> None:
    books = Accounts.of(None)
    first = books.agent("", "a", Limits(tokens=10), [])
    first.settle_model_call(tokens=4, usd=0.0)
    assert books.agent("", "a", Limits(tokens=10), []) is first

    books.close_agent("a")
    assert books.agent("", "a", Limits(tokens=10), []).tokens == 0
    assert books.root.tokens == 4


@pytest.mark.parametrize(("usd", "is_unknown"), [(0.5, False), (None, True)])
def test_an_agent_taken_up_again_knows_what_it_used(usd: float | None, is_unknown: bool) -> None:
    books = Accounts.of(None)
    books.has_spent("a", 3)
    books.has_spent("a", 4)
    budget = books.agent("", "a", Limits(seconds=10), [answered(7, usd), claimed(), answered(2, 0.25)])

    assert (budget.tokens, budget.tool_calls, budget.seconds) == (9, 1, 7)
    assert (budget.usd, budget.has_money_unknown) == (0.0 if usd is None else 0.75, is_unknown)
    assert books.root.tokens == 0


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        ([], None),
        ([claimed(), claimed()], Usage(tool_calls=2)),
        ([answered(1, 0.5), answered(2, 0.25)], Usage(tokens=3, usd=0.75)),
        ([answered(1, 0.5), answered(2, None), answered(3, 0.5)], Usage(tokens=6, usd=None)),
    ],
)
def test_one_unknown_price_makes_the_sum_unknown(recorded: Sequence[Event], expected: Usage | None) -> None:
    assert usage_of(recorded) == expected


def test_places_are_counted_for_each_graph_and_all_around_it() -> None:
    books = Accounts.of(Limits(concurrency=3))
    books.open_scope("team", "", Limits(concurrency=1))
    assert books.bounds_slots
    assert books.has_slot("team", ["a", "b"])
    assert not books.has_slot("team", ["team/x"])
    assert books.has_slot("", ["team/x", "a"])
    assert not books.has_slot("team", ["a", "b", "c"])
    assert not Accounts.of(Limits(tokens=1)).bounds_slots


def test_a_bound_inside_counts_where_the_run_has_none() -> None:
    books = Accounts.of(None)
    assert not books.bounds_slots
    books.open_scope("team", "", Limits(concurrency=1))
    assert books.bounds_slots


def test_graphs_may_run_inside_one_another_as_deeply_as_the_strictest_says() -> None:
    books = Accounts.of(None)
    path = ""
    for _ in range(DEPTH - 1):
        inner = f"{path}/s" if path else "s"
        assert books.too_deep(inner, path) is None
        books.open_scope(inner, path, None)
        path = inner
    assert books.too_deep(f"{path}/s", path) == DEPTH


def test_a_subgraph_may_allow_less_below_itself() -> None:
    books = Accounts.of(None)
    books.open_scope("s", "", Limits(depth=2))
    assert books.too_deep("s/s", "s") is None
    books.open_scope("s/s", "s", None)
    assert books.too_deep("s/s/s", "s/s") == 2
