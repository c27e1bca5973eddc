"""Limits in money: what is spent is bounded, and 0 means that nothing may be spent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine import Engine, Graph, ModelAnswer, ModelRequest
from engine.run import RunResult
from tests.app.bench import Bench, engine_of
from tests.support.sketch import document

pytestmark = pytest.mark.anyio


class Till:
    """A model that has its price; ``asked`` counts what was asked."""

    def __init__(self, usd: float | None) -> None:
        self.usd = usd
        self.asked = 0

    def answer(self, request: ModelRequest) -> ModelAnswer:
        self.asked += 1
        return ModelAnswer("rivers", tokens_in=10, tokens_out=5, usd=self.usd)


def agents(text: str, model: str = "python:m", **top: Any) -> Graph:
    """A sketch whose tools are agents that ask one model once."""
    found = document(text, **top)
    for node in found["nodes"].values():
        if node["kind"] == "tool":
            node |= {"kind": "agent", "model": model, "prompt": "Write."}
            del node["tool"]
    return Graph.model_validate(found)


async def spent(bench: Bench, till: Till, found: Graph, *, is_free: bool = False, **options: Any) -> RunResult:
    """What a run with this model comes to."""
    async with engine_of(bench) as engine:
        engine.models.add_function("m", till.answer, is_free=is_free)
        return await engine.run(found, **options)


def code_of(result: RunResult) -> str | None:
    """Why the run failed."""
    return None if result.error is None else result.error.code


async def test_a_run_that_has_spent_its_money_asks_no_more_models(bench: Bench) -> None:
    till = Till(0.4)
    result = await spent(bench, till, agents("a -> b -> c -> d", limits={"usd": 1}))

    assert (result.status, code_of(result), till.asked) == ("failed", "limit.usd", 3)
    assert result.error is not None
    assert (result.error.node, result.error.error_class) == ("d", "limit")
    assert result.usage.usd == pytest.approx(1.2)


async def test_with_nothing_to_spend_a_model_that_costs_is_never_asked(bench: Bench) -> None:
    till = Till(0.4)
    result = await spent(bench, till, agents("a", limits={"usd": 0}))

    assert (result.status, code_of(result), till.asked) == ("failed", "limit.usd", 0)
    assert result.usage.usd == 0


async def test_with_nothing_to_spend_models_that_cost_nothing_go_on(bench: Bench) -> None:
    till = Till(0.0)
    own = await spent(bench, till, agents("a -> b", limits={"usd": 0}), is_free=True)
    answers = {"m": [{"steps": [{"text": "rivers"}]}]}
    scripted = await spent(bench, till, agents("a -> b", "scripted:m", limits={"usd": 0}), answers=answers)

    assert (own.status, scripted.status, till.asked) == ("completed", "completed", 2)


async def test_where_money_is_limited_a_price_that_nobody_knows_ends_the_spending(bench: Bench) -> None:
    till = Till(None)
    bounded = await spent(bench, till, agents("a -> b", limits={"usd": 5}))
    assert (bounded.status, code_of(bounded), till.asked) == ("failed", "limit.price_unknown", 1)

    unbounded = await spent(bench, till, agents("a -> b"))
    assert (unbounded.status, unbounded.usage.usd, till.asked) == ("completed", None, 3)


async def test_a_subgraph_that_has_spent_its_part_fails_alone(bench: Bench) -> None:
    till = Till(0.4)
    found = document("s -(error)-> h; s -> h2", output={"code": "{nodes.s.error.code}"}, limits={"usd": 5})
    inner = json.loads(agents("a -> b", name="inner", limits={"usd": 0.3}).dumps())
    found["nodes"]["s"] = {"kind": "subgraph", "inline": inner, "to": found["nodes"]["s"]["to"]}
    result = await spent(bench, till, Graph.model_validate(found))

    assert result.output == {"code": "limit.usd"}
    assert (till.asked, bench.calls) == (1, ["h"])


async def test_an_agent_keeps_to_its_own_money_over_its_steps(bench: Bench) -> None:
    till = Till(0.4)
    found = document("a -(error)-> h", output={"code": "{nodes.a.error.code}"})
    found["nodes"]["a"] |= {"kind": "agent", "model": "python:m", "prompt": "Write.", "reflect": True}
    found["nodes"]["a"] |= {"limits": {"usd": 0.4}}
    del found["nodes"]["a"]["tool"]
    result = await spent(bench, till, Graph.model_validate(found))

    assert (result.output, till.asked) == ({"code": "limit.usd"}, 1)


@pytest.mark.parametrize(("usd", "code"), [(0.6, "limit.usd"), (None, "limit.price_unknown")])
async def test_what_was_spent_is_known_after_a_resume(bench: Bench, usd: float | None, code: str) -> None:
    till = Till(usd)
    async with Engine.open("memory:", tools=bench.tools(), clock=bench.clock) as engine:
        engine.models.add_function("m", till.answer)
        run = await engine.start(agents("a -> b -> c", limits={"usd": 1}), id="r1")
        first = await run.result()
        again = await (await engine.resume("r1")).result()

    assert (code_of(first), code_of(again)) == (code, code)
    assert till.asked == (2 if usd else 1)
