"""The facade: what a program that embeds weft may rely on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from engine import Engine, Event, Graph, GraphError, InputError, RunFilter, tool
from engine.scheduler.events import NodeCompleted, NodeFailed, NodeStarted
from tests.app.bench import Bench, engine_of, graph
from tests.support.clock import VirtualClock
from tests.support.sketch import document

pytestmark = pytest.mark.anyio


async def test_a_run_comes_to_its_output_and_its_journal_has_no_gap(bench: Bench) -> None:
    async with engine_of(bench) as engine:
        run = await engine.start(graph("a -> b", output={"last": "{nodes.b.output}"}))
        result = await run.result()
        events = await run.recorded()

    assert (result.status, result.output) == ("completed", {"last": "b"})
    assert [event.n for event in events] == list(range(1, len(events) + 1))


async def test_watchers_see_every_event_once_in_order_whenever_they_come(bench: Bench) -> None:
    async with engine_of(bench) as engine:
        run = await engine.start(graph("a -> f{b,c,d} -> j -> e"))
        early = asyncio.create_task(numbers(run.events()))
        await bench.clock.sleep(1.5)
        late = asyncio.create_task(numbers(run.events(after=3)))
        await run.result()
        count = len(await run.recorded())

        assert await early == list(range(1, count + 1))
        assert await late == list(range(4, count + 1))


async def numbers(events: Any) -> list[int]:
    """The numbers of a stream of events."""
    return [event.n async for event in events]


async def test_an_id_in_use_is_refused_and_the_first_run_goes_on(bench: Bench) -> None:
    async with engine_of(bench) as engine:
        run = await engine.start(graph("a"), id="r1")
        with pytest.raises(InputError, match=r"run\.exists"):
            await engine.start(graph("a"), id="r1")

        assert (await run.result()).status == "completed"
    assert bench.calls == ["a"]


@pytest.mark.parametrize("run_id", ["", "-a", "A", "a_b", "a" * 65])
async def test_a_malformed_run_id_is_refused(bench: Bench, run_id: str) -> None:
    async with engine_of(bench) as engine:
        with pytest.raises(InputError, match=r"run\.bad_id"):
            await engine.start(graph("a"), id=run_id)


async def test_input_is_checked_and_completed_before_anything_is_written(bench: Bench) -> None:
    schema = {
        "type": "object",
        "properties": {"topic": {"type": "string"}, "length": {"type": "integer", "default": 3}},
        "required": ["topic"],
        "additionalProperties": False,
    }
    async with engine_of(bench) as engine:
        with pytest.raises(InputError, match="did you mean topic"):
            await engine.start(graph("a", input=schema), {"topik": "rivers"})
        assert await engine.runs() == []

        result = await engine.run(graph("a", input=schema), {"topic": "rivers"})
    assert result.input == {"topic": "rivers", "length": 3}


async def test_a_graph_with_errors_is_refused_with_every_finding(bench: Bench) -> None:
    broken = document("a -> b; a -> c")
    broken["nodes"]["b"]["to"] = [{"node": "nowhere"}]
    async with engine_of(bench) as engine:
        with pytest.raises(GraphError) as refusal:
            await engine.start(Graph.model_validate(broken))

    codes = {finding.code for finding in refusal.value.findings}
    assert {"target.unknown", "edge.several"} <= codes


async def test_a_transient_failure_is_tried_again_after_a_while(bench: Bench) -> None:
    bench.fails = 2
    one = document("a")
    one["nodes"]["a"] = {"kind": "tool", "tool": "flaky", "retry": {"initial_s": 10, "jitter": False}}
    async with engine_of(bench) as engine:
        began = bench.clock.now()
        result = await engine.run(Graph.model_validate(one))
        failures = [e for e in await engine.journal_of(result.id) if isinstance(e, NodeFailed)]

    assert result.status == "completed"
    assert bench.clock.now() - began == pytest.approx(30)
    assert [failure.attempt for failure in failures] == [1, 2]


async def test_an_attempt_that_takes_too_long_fails_with_its_limit(bench: Bench) -> None:
    slow = document("a -(error)-> h")
    slow["nodes"]["a"]["timeout_s"] = 0.2
    async with engine_of(bench) as engine:
        began = bench.clock.now()
        result = await engine.run(Graph.model_validate(slow | {"output": {"why": "{nodes.a.error.code}"}}))

    assert result.output == {"why": "timeout"}
    assert bench.clock.now() - began == pytest.approx(1.2)


async def test_an_unsafe_effect_of_unknown_outcome_asks_a_person_and_is_not_repeated(bench: Bench) -> None:
    bench.fails = 1
    paying = document("a -> b", output={"paid": "{nodes.a.output}"})
    paying["nodes"]["a"] = {"kind": "tool", "tool": "pay", "args": {"amount": 5}, "to": [{"node": "b"}]}
    async with engine_of(bench) as engine:
        run = await engine.start(Graph.model_validate(paying), id="r1")
        asked = await run.result()
        gate = (await engine.inbox())[0]
        assert (asked.status, gate.purpose) == ("waiting", "effect")
        await engine.answer("r1", gate.gate, "happened", form={"result": "paid 5"})
        result = await run.result()

    assert result.output == {"paid": "paid 5"}
    assert bench.calls == ["pay 5", "b"]


async def test_a_limit_of_the_run_ends_it_past_every_error_edge(bench: Bench) -> None:
    async with engine_of(bench) as engine:
        result = await engine.run(graph("a -> b -> c; b -(error)-> h", limits={"node_runs": 1}))

    assert result.error is not None
    assert (result.status, result.error.code, result.error.error_class) == ("failed", "limit.node_runs", "limit")
    assert bench.calls == ["a"]


async def test_seconds_count_only_while_something_is_executed(bench: Bench) -> None:
    async with engine_of(bench) as engine:
        ample = await engine.run(graph("a -> w[seconds=100] -> b", limits={"seconds": 2.5}))
        ample = await engine.result(ample.id, patience_s=1000)
        tight = await engine.run(graph("a -> b -> c", limits={"seconds": 2.5}))

    assert ample.status == "completed"
    assert tight.error is not None
    assert tight.error.code == "limit.seconds"


async def test_a_limit_of_a_subgraph_fails_that_node_alone(bench: Bench) -> None:
    inner = document("a -> b -> c", name="inner", limits={"seconds": 1.5})
    outer = document("s -(error)-> h", output={"code": "{nodes.s.error.code}"})
    outer["nodes"]["s"] = {"kind": "subgraph", "inline": inner, "to": [{"on": "error", "node": "h"}]}
    async with engine_of(bench) as engine:
        result = await engine.run(Graph.model_validate(outer))

    assert result.output == {"code": "limit.seconds"}
    assert bench.calls == ["s/a", "s/b", "h"]


async def test_at_most_as_many_attempts_as_allowed_are_executed_at_once(bench: Bench) -> None:
    async with engine_of(bench) as engine:
        began = bench.clock.now()
        result = await engine.run(graph("f{a,b,c,d} -> j", limits={"concurrency": 2}))

    assert result.status == "completed"
    assert bench.clock.now() - began == pytest.approx(2)


async def test_a_recursion_that_does_not_end_is_stopped_with_a_clear_error(bench: Bench, tmp_path: Path) -> None:
    endless = document("a -> s", name="endless", limits={"depth": 4})
    endless["nodes"]["s"] = {"kind": "subgraph", "graph": "endless"}
    Graph.model_validate(endless).save(tmp_path / "endless.json")
    async with Engine.open("memory:", tools=bench.tools(), graphs=tmp_path, clock=bench.clock) as engine:
        result = await engine.run("endless")

    assert result.error is not None
    assert (result.error.code, result.error.node) == ("subgraph.depth", "s/s/s/s")
    assert len(bench.calls) == 4


async def test_what_a_tool_writes_to_the_state_is_there_for_the_next(bench: Bench) -> None:
    writing = document("a -> b", state={"said": {"schema": {"type": "string"}}}, output={"said": "{said}"})
    writing["nodes"]["a"] = {"kind": "tool", "tool": "note", "args": {"text": "hello"}, "to": [{"node": "b"}]}
    async with engine_of(bench) as engine:
        result = await engine.run(Graph.model_validate(writing))

    assert result.output == {"said": "hello"}


async def test_a_cached_result_is_reused_and_says_so_until_it_is_too_old(bench: Bench) -> None:
    cached = document("a", output={"x": "{nodes.a.output}"})
    cached["nodes"]["a"]["cache"] = {"ttl_s": 60}
    async with engine_of(bench) as engine:
        first = await engine.run(Graph.model_validate(cached))
        second = await engine.run(Graph.model_validate(cached))
        reused = [e.reused_from for e in await engine.journal_of(second.id) if isinstance(e, NodeCompleted)]
        await bench.clock.sleep(61)
        await engine.run(Graph.model_validate(cached))

    assert reused == [first.id]
    assert second.output == first.output
    assert bench.calls == ["a", "a"]


async def test_a_run_is_cancelled_at_once_and_taken_up_where_it_was_cut_off(bench: Bench) -> None:
    async with engine_of(bench) as engine:
        run = await engine.start(graph("a -> b -> c"), id="r1")
        await bench.clock.sleep(1.5)
        await engine.cancel("r1", by="ann")
        assert (await run.result()).status == "cancelled"
        with pytest.raises(InputError, match=r"run\.ended"):
            await engine.cancel("r1")

        resumed = await engine.resume("r1")
        assert (await resumed.result()).status == "completed"
    assert bench.calls == ["a", "b", "b", "c"]


async def test_a_signal_is_kept_for_the_first_wait_that_opens(bench: Bench) -> None:
    waiting = document("a -> w", output={"got": "{nodes.w.output}"})
    waiting["nodes"]["w"] = {"kind": "wait", "signal": "go"}
    async with engine_of(bench) as engine:
        run = await engine.start(Graph.model_validate(waiting), id="r1")
        await engine.signal("r1", "go", {"speed": 3})

        assert (await run.result()).output == {"got": {"speed": 3}}


async def test_hooks_hear_what_they_asked_for_and_one_that_fails_breaks_nothing(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    async def slow(run_id: str, event: Event) -> None:
        heard.append(f"{run_id} {type(event).__name__}")

    def broken(_: str, __: Event) -> None:
        raise RuntimeError("a hook's own trouble")

    async with engine_of(bench) as engine:
        take_back = engine.on("node.started", slow)
        engine.on("*", broken)
        result = await engine.run(graph("a"), id="r1")
        take_back()
        await engine.run(graph("a"), id="r2")

    assert result.status == "completed"
    assert heard == ["r1 NodeStarted"]
    assert "a hook's own trouble" in caplog.text
    with pytest.raises(InputError, match=r"did you mean node\.started"):
        engine.on("node.startd", slow)


async def test_another_engine_answers_by_letter_and_the_host_goes_on(bench: Bench, tmp_path: Path) -> None:
    db = tmp_path / "weft.db"
    async with Engine.open(db, tools=bench.tools()) as host, Engine.open(db, tools=bench.tools()) as other:
        run = await host.start(graph("g -(ok)-> e"), id="r1")
        await run.result()
        with pytest.raises(InputError, match=r"run\.elsewhere"):
            await other.resume("r1")
        await other.answer("r1", "g", "ok", by="bo")
        result = await other.result("r1")
        again = await host.result("r1")

    assert (result.status, again.status) == ("completed", "completed")


async def test_a_gate_takes_one_answer_that_fits_and_refuses_every_other(bench: Bench) -> None:
    form = {"type": "object", "properties": {"age": {"type": "integer", "minimum": 18}}, "required": ["age"]}
    asking = document("g -(yes)-> a; g -(no)-> b", output={"age": "{nodes.g.output.form.age}"})
    asking["nodes"]["g"] |= {"form": form, "assignees": ["ann"], "options": ["yes", "no"]}
    async with engine_of(bench) as engine:
        run = await engine.start(Graph.model_validate(asking), id="r1")
        await run.result()
        for gate, option, age, by, code in [
            ("h", "yes", 19, "ann", "gate.closed"),
            ("g", "maybe", 19, "ann", "gate.option"),
            ("g", "yes", 13, "ann", "gate.form"),
            ("g", "yes", "abc", "ann", "gate.form"),
            ("g", "yes", 19, "bob", "gate.assignee"),
            ("g", "yes", 19, None, "gate.assignee"),
        ]:
            with pytest.raises(InputError) as refusal:
                await engine.answer("r1", gate, option, form={"age": age}, by=by)
            assert refusal.value.code == code
        await engine.answer("r1", "g", "yes", form={"age": 19}, by="ann")
        result = await run.result()
        with pytest.raises(InputError, match=r"run\.ended"):
            await engine.answer("r1", "g", "yes", form={"age": 19}, by="ann")

    assert result.output == {"age": 19}


async def test_runs_are_listed_newest_first_and_pruned_with_all_that_is_theirs(bench: Bench) -> None:
    async with engine_of(bench) as engine:
        for run_id in ("r1", "r2"):
            await engine.run(graph("a"), id=run_id)
            await bench.clock.sleep(10)
        waiting = await engine.run(graph("g -(ok)-> e"), id="r3")
        assert [row.id for row in await engine.runs()] == ["r3", "r2", "r1"]
        assert [row.id for row in await engine.runs(RunFilter(statuses=["waiting"]))] == [waiting.id]

        removed = await engine.prune(before=bench.clock.now() - 5)
        assert set(removed.runs) == {"r1", "r2"}
        with pytest.raises(InputError, match=r"run\.unknown"):
            await engine.look("r1")


async def test_a_retry_of_a_subgraph_does_not_repeat_a_settled_effect(bench: Bench) -> None:
    inner = document("a -> b", name="inner", output={"x": "{nodes.a.output}"})
    inner["nodes"]["a"] = {"kind": "tool", "tool": "pay", "args": {"amount": 7}, "to": [{"node": "b"}]}
    inner["nodes"]["b"]["timeout_s"] = 0.5
    outer = document("s -> c")
    outer["nodes"]["s"] = {
        "kind": "subgraph",
        "inline": inner,
        "retry": {"attempts": 2, "initial_s": 0, "on": ["timeout"]},
        "to": [{"node": "c"}],
    }
    async with engine_of(bench) as engine:
        result = await engine.run(Graph.model_validate(outer))
        starts = [e.execution for e in await engine.journal_of(result.id) if isinstance(e, NodeStarted)]

    assert result.status == "failed"
    assert starts.count("s/a") == 2
    assert bench.calls.count("pay 7") == 1


async def test_numbers_a_tool_declares_as_such_are_doubles_in_expressions(clock: VirtualClock) -> None:
    @tool(effect="read")
    def price() -> float:
        """A price."""
        return 3

    halved = document("a", output={"half": {"$cel": "nodes.a.output / 2.0"}})
    halved["nodes"]["a"] |= {"tool": "price"}
    async with Engine.open("memory:", tools=[price], clock=clock) as engine:
        result = await engine.run(Graph.model_validate(halved))

    assert result.output == {"half": 1.5}


def test_a_graph_can_be_asked_for_its_findings_without_an_engine(tmp_path: Path) -> None:
    def twice(x: int) -> int:
        """Twice x."""
        return 2 * x

    one = {"kind": "tool", "tool": "twice", "args": {"x": 2}, "to": [{"node": "b"}]}
    graph = Graph.model_validate(
        {"format": "weft/1", "name": "top", "nodes": {"a": one, "b": {"kind": "subgraph", "graph": "below"}}}
    )
    Graph.model_validate({"format": "weft/1", "name": "below", "nodes": {"e": {"kind": "end"}}}).save(
        tmp_path / "below.json"
    )
    assert graph.check(tools=[tool(effect="read")(twice)], graphs=tmp_path) == []
    assert [finding.code for finding in graph.check(graphs=tmp_path / "none")] == ["tool.unknown", "graph.unknown"]
