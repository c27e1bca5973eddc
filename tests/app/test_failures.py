"""What a run fails with: the code, the class, the words and the place that its author reads."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Engine, Graph, ModelError
from engine.agents.models.base import ModelAnswer, ModelRequest, Tell
from engine.errors import Failure
from engine.scheduler.events import NodeFailed
from tests.app.bench import Bench, engine_of
from tests.support.sketch import document

pytestmark = pytest.mark.anyio


def agent_graph(model: str) -> Graph:
    """One agent."""
    found = document("a")
    found["nodes"]["a"] = {"kind": "agent", "model": model, "prompt": "Write."}
    return Graph.model_validate(found)


async def failure_of(bench: Bench, found: dict[str, Any], given: Any = None) -> Failure:
    """Why a run of this document failed."""
    async with engine_of(bench) as engine:
        result = await engine.run(Graph.model_validate(found), given)
    assert (result.status, result.output) == ("failed", None)
    assert result.error is not None
    return result.error


async def test_an_end_that_fails_fails_the_run_with_its_words(bench: Bench) -> None:
    found = document("a -> end")
    found["nodes"]["end"] |= {"fail": "No river is called {input.name}."}
    error = await failure_of(bench, found, {"name": "Ister"})

    assert (error.error_class, error.code, error.node) == ("logic", "end.fail", "end")
    assert error.message == "No river is called Ister."


async def test_an_end_inside_a_subgraph_fails_its_node_and_names_the_inner_place(bench: Bench) -> None:
    found = document("s -(error)-> h", output={"why": "{nodes.s.error}"})
    inner = document("a -> end", name="inner")
    inner["nodes"]["end"] |= {"fail": "It is dry."}
    found["nodes"]["s"] = {"kind": "subgraph", "inline": inner, "to": found["nodes"]["s"]["to"]}
    async with engine_of(bench) as engine:
        result = await engine.run(Graph.model_validate(found))

    assert result.output == {
        "why": {"class": "logic", "code": "end.fail", "message": "It is dry.", "node": "s/end"},
    }


@pytest.mark.parametrize("given", ["rivers", {"a": 1}, 3, True])
async def test_an_each_over_what_is_no_list_fails_before_any_item(bench: Bench, given: Any) -> None:
    found = document("a")
    found["nodes"]["a"] |= {"each": "input.list"}
    error = await failure_of(bench, found, {"list": given})

    assert (error.error_class, error.code, error.node) == ("logic", "each.no_list", "a")
    assert "not to a list" in error.message
    assert bench.calls == []


async def test_arguments_that_do_not_fit_a_subgraph_fail_its_node_before_anything_in_it_runs(bench: Bench) -> None:
    inner = document("a", name="inner")
    inner["input"] = {"type": "object", "properties": {"size": {"type": "integer"}}, "required": ["size"]}
    found = document("s")
    found["nodes"]["s"] = {"kind": "subgraph", "inline": inner, "args": {"size": "{input.size}"}}
    error = await failure_of(bench, found, {"size": "large"})

    assert (error.error_class, error.code, error.node) == ("logic", "subgraph.input", "s")
    assert "inner" in error.message
    assert "size" in error.message
    assert bench.calls == []


class Broken:
    """A provider of models with a fault of its own."""

    async def ask(self, request: ModelRequest, tell: Tell) -> ModelAnswer:
        raise ZeroDivisionError("division by zero")


async def test_an_exception_that_nobody_expected_fails_the_node_and_not_the_host(bench: Bench) -> None:
    async with engine_of(bench) as engine:
        engine.models.add("own", Broken())
        failed = await engine.run(agent_graph("own:m"))
        other = await engine.run(Graph.model_validate(document("a")))

    assert failed.error is not None
    assert (failed.error.error_class, failed.error.code, failed.error.node) == ("fatal", "node.raised", "a")
    assert failed.error.message == "ZeroDivisionError: division by zero"
    assert other.status == "completed"


async def test_a_model_that_stays_busy_is_asked_as_often_as_the_node_may_try(bench: Bench) -> None:
    asked: list[int] = []

    def busy(request: ModelRequest) -> str:
        asked.append(request.asker.attempt)
        raise ModelError("too many requests", error_class="transient", retry_after_s=90)

    async with engine_of(bench) as engine:
        engine.models.add_function("busy", busy)
        began = bench.clock.now()
        run = await engine.start(agent_graph("python:busy"))
        result = await engine.result(run.id, patience_s=1_000)
        failures = [event for event in await run.recorded() if isinstance(event, NodeFailed)]

    assert result.error is not None
    assert (result.error.error_class, result.error.code) == ("transient", "model.failed")
    assert asked == [1, 2, 3]
    assert [event.retry_at is None for event in failures] == [False, False, True]
    assert bench.clock.now() - began == pytest.approx(180)


async def test_a_resumed_run_that_failed_goes_on_behind_what_was_done(bench: Bench) -> None:
    found = document("a -> b -> c")
    found["nodes"]["b"] = {"kind": "tool", "tool": "flaky", "to": [{"node": "c"}], "retry": {"attempts": 1}}
    bench.fails = 2
    async with Engine.open("memory:", tools=bench.tools(), clock=bench.clock) as engine:
        failed = await engine.run(Graph.model_validate(found), id="r1")
        again = await (await engine.resume("r1")).result()

    assert (failed.status, again.status) == ("failed", "completed")
    assert bench.calls == ["a", "flaky", "flaky", "c"]
