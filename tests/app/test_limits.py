"""Limits bound the run, its subgraphs and its agents, and what was used is known after any cut."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import Engine, Graph
from engine.journal.memory import MemoryJournal
from engine.scheduler.events import ModelAnswered, NodeCompleted
from engine.scheduler.overview import overview
from tests.app.test_resume_at_every_point import RETRY, effects, ended_by, laid_over, story
from tests.support.clock import VirtualClock
from tests.support.cutting import RUN, Story, World, on, taken_up, whole
from tests.support.sketch import document

pytestmark = pytest.mark.anyio


def busy(**limits: Any) -> Story:
    """Fourteen tool calls in eleven executions: every effect, items, retries, a subgraph, a call without context."""
    return story(
        "a -> b -> c -> m -> s -> d -> k",
        inner="p -> q",
        inside={"p": {"tool": "send"}, "q": effects()},
        nodes={
            "b": effects(),
            "c": {"tool": "pay"},
            "m": {"each": "input.list", "args": {"value": "{item}"}},
            "d": {"args": {"fails": 2}, "retry": RETRY},
            "k": {"tool": "value.set", "args": {"value": 1}},
        },
        input={"list": [1, 2, 3]},
        limits=limits or None,
    )


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"tool_calls": 14}, None),
        ({"tool_calls": 13}, "limit.tool_calls"),
        ({"tool_calls": 9}, "limit.tool_calls"),
        ({"node_runs": 11}, None),
        ({"node_runs": 10}, "limit.node_runs"),
    ],
)
async def test_what_was_used_is_known_after_any_cut(limits: dict[str, int], code: str | None, tmp_path: Path) -> None:
    uncut, texts = await whole(busy(**limits), tmp_path)
    assert ended_by(uncut) == code
    assert uncut.result.usage.tool_calls == (14 if code is None else limits.get("tool_calls", 13))

    for n in uncut.ends[:-1]:
        cut = await taken_up(uncut.events, n, texts)
        assert (cut.result.status, ended_by(cut)) == (uncut.result.status, code), f"cut after {n}"
        assert cut.result.usage.tool_calls == uncut.result.usage.tool_calls, f"cut after {n}"


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"tool_calls": 3}, "limit.tool_calls"),
        ({"node_runs": 3}, "limit.node_runs"),
        ({"seconds": 3.5}, "limit.seconds"),
        ({"seconds": 4.5, "tool_calls": 4, "node_runs": 5}, None),
    ],
)
async def test_a_limit_of_a_subgraph_holds_after_any_cut(limits: Any, code: str | None, tmp_path: Path) -> None:
    inner = laid_over(document("p -> w -> q -> r -> t", name="inner", limits=limits), {"w": {"seconds": 100}})
    found = story("s -> z; s -(error)-> h; h -> z", output={"why": "{nodes.s.error?}"})
    uncut, texts = await whole(Story(found.graph, {"inner": inner}), tmp_path)
    assert uncut.result.output.get("why", {}).get("code") == code

    for n in uncut.ends[:-1]:
        cut = await taken_up(uncut.events, n, texts)
        assert cut.result.output == uncut.result.output, f"cut after {n}"


async def test_the_time_out_of_a_subgraph_goes_on_after_any_cut(tmp_path: Path) -> None:
    found = story(
        "s -> z; s -(error)-> h",
        inner="p -> w -> q",
        inside={"w": {"seconds": 1000}},
        nodes={"s": {"timeout_s": 20, "retry": {"attempts": 1}}, "h": {"tool": "value.set", "args": {"value": 1}}},
        output={"why": "{nodes.s.error.code}"},
    )
    uncut, texts = await whole(found, tmp_path)
    assert uncut.result.output == {"why": "timeout"}

    for n in uncut.ends[:-1]:
        cut = await taken_up(uncut.events, n, texts)
        assert cut.result.output == {"why": "timeout"}
        assert cut.events[-1].at - cut.events[0].at == 20, f"cut after {n}"


async def test_a_subgraph_has_its_own_concurrency_and_depth(tmp_path: Path) -> None:
    slow = laid_over(document("m -> z", name="inner", limits={"concurrency": 2}), {"m": {"each": "[1, 2, 3, 4]"}})
    deep = laid_over(document("s", name="inner", limits={"depth": 3}), {})
    world = World(VirtualClock())
    slow.save(tmp_path / "inner.json")
    async with Engine.open("memory:", tools=world.tools(), clock=world.clock, graphs=tmp_path) as engine:
        began = world.clock.now()
        await engine.run(story("f{s,a}; s,a -> j").graph, id=RUN)
        assert world.clock.now() - began == 3  # four items two at a time, then the last node

        deep.save(tmp_path / "inner.json")
        failed = await engine.run(story("s").graph)
    assert failed.error is not None
    assert (failed.error.code, failed.error.node) == ("subgraph.depth", "s/s/s/s")


@pytest.mark.parametrize("limits", [{"tool_calls": 1}, {"node_runs": 1}, {"seconds": 1.5}])
@pytest.mark.parametrize("inside", ["a -> b -(error)-> c; b -> d", "a -> g -(error)-> c; g -(ok)-> d"])
async def test_a_subgraphs_limit_fails_its_node_past_every_catch_inside(
    inside: str, limits: dict[str, Any], tmp_path: Path
) -> None:
    told = story("s -(error)-> h; s -> z", inner=inside, output={"h": "{nodes.s.error.code?}"})
    bounded = Graph.model_validate(told.inner["inner"].as_json() | {"limits": limits})
    uncut, texts = await whole(replace(told, inner={"inner": bounded}), tmp_path)
    code = f"limit.{next(iter(limits))}"
    for n in uncut.ends:
        cut = await taken_up(uncut.events, n, texts) if n < len(uncut.events) else uncut
        assert (cut.result.status, cut.result.output) == ("completed", {"h": code}), n
        assert not {"s/c", "s/d"} & {e.execution for e in cut.events if isinstance(e, NodeCompleted)}


@pytest.mark.parametrize("how", ["join", "timeout", "run"])
async def test_an_agent_that_is_cut_off_has_used_what_its_models_answered(how: str, tmp_path: Path) -> None:
    agent: dict[str, Any] = {"kind": "agent", "tool": None, "model": "scripted:slow", "prompt": "Go", "tools": ["work"]}
    if how == "timeout":
        agent |= {"timeout_s": 2.5, "retry": {"attempts": 2, "on": ["timeout"], "initial_s": 1, "jitter": False}}
    join = "j[any,cancel]" if how == "join" else "j[accept]"
    script = {"slow": [{"steps": [{"tool": "work", "tokens": 10}] * 2 + [{"tool": "work", "args": {"value": 1}}] * 9}]}
    told = story(f"f{{a,b}}; a,b -> {join} -> z", nodes={"a": agent, "b": {"args": {"value": 1}}}, script=script)
    world = World(VirtualClock())
    async with on(MemoryJournal(), world, graphs=tmp_path) as engine:
        run = await engine.start(told.graph, id=RUN, answers=told.script)
        if how == "run":
            await world.clock.sleep(1.5)
            await engine.cancel(RUN)
        result = await engine.result(RUN, patience_s=1e9)
        events = await run.recorded()
    answered = sum(e.usage.tokens for e in events if isinstance(e, ModelAnswered) and e.usage is not None)
    assert result.usage.tokens == answered > 0
    assert overview(events).nodes["a"].usage.tokens == answered
