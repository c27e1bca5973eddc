"""Every way out of a node leads on: the ports that are taken when something goes wrong or comes too late."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Graph
from engine.run import RunResult
from tests.app.bench import Bench, engine_of
from tests.support.sketch import document

pytestmark = pytest.mark.anyio


def graph(text: str, node: str, fields: dict[str, Any], **top: Any) -> Graph:
    """A sketch with fields laid over one of its nodes; None takes one away."""
    found = document(text, **top)
    merged = found["nodes"][node] | fields
    found["nodes"][node] = {key: value for key, value in merged.items() if value is not None}
    return Graph.model_validate(found)


def why(node: str) -> dict[str, str]:
    """A graph's output: why the node failed."""
    return {"code": f"{{nodes.{node}.error.code}}", "class": f"{{nodes.{node}.error.class}}"}


async def came_to(bench: Bench, found: Graph, given: Any = None, **options: Any) -> RunResult:
    """What a run comes to, timers of a day included."""
    async with engine_of(bench) as engine:
        run = await engine.start(found, given, **options)
        return await engine.result(run.id, patience_s=86_400, deadlines=True)


async def test_a_model_that_fails_leads_an_agent_out_by_error(bench: Bench) -> None:
    agent = {"kind": "agent", "model": "scripted:m", "prompt": "Write.", "tool": None}
    found = graph("a -(error)-> h; a -> b", "a", agent, output=why("a"))
    answers = {"m": [{"steps": [{"error": {"class": "fatal", "message": "no such account"}}]}]}
    result = await came_to(bench, found, answers=answers)

    assert result.output == {"code": "model.failed", "class": "fatal"}
    assert bench.calls == ["h"]


async def test_a_fork_whose_write_does_not_fit_leads_out_by_error_and_takes_no_branch(bench: Bench) -> None:
    found = graph(
        "f -> a, b; a -> j; b -> j; f -(error)-> h",
        "f",
        {"save": {"count": "{input.count}"}},
        state={"count": {"schema": {"type": "integer"}}},
        output=why("f") | {"count": "{count?}"},
    )
    result = await came_to(bench, found, {"count": "many"})

    assert result.output == {"code": "state.schema", "class": "logic"}
    assert bench.calls == ["h"]


async def test_a_join_left_with_too_few_ways_leads_out_by_error(bench: Bench) -> None:
    found = graph("f -> a; f -(? input.go)-> b; a -> j[2] -> c; b -> j; j -(error)-> h", "j", {}, output=why("j"))
    result = await came_to(bench, found, {"go": False})

    assert result.output == {"code": "join.starved", "class": "logic"}
    assert bench.calls == ["a", "h"]


async def test_a_loop_that_ran_as_often_as_it_may_leads_out_by_error(bench: Bench) -> None:
    found = graph("a -> l[max=3] ~> a; l -> b; l -(error)-> h", "l", {"while": "true"}, output=why("l"))
    result = await came_to(bench, found)

    assert result.output == {"code": "loop.exhausted", "class": "limit"}
    assert bench.calls == ["a", "a@2", "a@3", "h"]


async def test_an_answer_that_cannot_be_saved_leads_a_gate_out_by_error(bench: Bench) -> None:
    found = graph(
        "g -(ok)-> a; g -(error)-> h",
        "g",
        {"save": {"count": "{output.form.count}"}},
        state={"count": {"schema": {"type": "integer"}}},
        output=why("g"),
    )
    async with engine_of(bench) as engine:
        run = await engine.start(found)
        await run.result()
        await engine.answer(run.id, "g", "ok", form={"count": "many"})
        result = await run.result()

    assert result.output == {"code": "state.schema", "class": "logic"}
    assert bench.calls == ["h"]


async def test_a_signal_that_comes_too_late_leads_out_by_expired(bench: Bench) -> None:
    found = graph("w -> a; w -(expired)-> h", "w", {"seconds": None, "signal": "go", "deadline_s": 30})
    began = bench.clock.now()
    result = await came_to(bench, found)

    assert (result.status, bench.calls) == ("completed", ["h"])
    assert bench.clock.now() - began == pytest.approx(31)


@pytest.mark.parametrize(
    ("field", "given", "code"),
    [
        ("seconds", "soon", "wait.seconds"),
        ("seconds", -1, "wait.seconds"),
        ("seconds", True, "wait.seconds"),
        ("until", "soon", "wait.until"),
        ("until", 1_767_225_600_000, "wait.until"),
        ("signal", 5, "wait.signal"),
        ("signal", "", "wait.signal"),
        ("seconds", None, "wait.empty"),
        ("until", None, "wait.empty"),
        ("signal", None, "wait.empty"),
    ],
)
async def test_a_wait_for_what_it_cannot_wait_for_leads_out_by_error(
    bench: Bench, field: str, given: Any, code: str
) -> None:
    found = graph("w -> a; w -(error)-> h", "w", {"seconds": None, field: "{input.it?}"}, output=why("w"))
    result = await came_to(bench, found, {} if given is None else {"it": given})

    assert result.output == {"code": code, "class": "logic"}
    assert bench.calls == ["h"]
