"""The scheduler as a whole: what it refuses, what it drops, what it costs."""

from __future__ import annotations

import gc
from collections import deque
from time import process_time

import pytest

from engine.compile.compile import compile_graph
from engine.compile.plan import Plan
from engine.errors import EngineBug
from engine.model.graph import Graph
from engine.scheduler import events as ev
from engine.scheduler.commands import EndScope, Start
from engine.scheduler.scheduler import Scheduler
from tests.scheduler.walking import BROKEN, STARTED, Walking


def test_a_derived_output_says_so_in_print() -> None:
    assert repr(ev.DERIVED) == "DERIVED"


TOOL = {"kind": "tool", "tool": "work"}


@pytest.mark.parametrize(
    "fact",
    [
        ev.NodeStarted(execution="nobody", node="nobody"),
        ev.NodeStarted(execution="a", node="a", attempt=2),
        ev.NodeStarted(execution="b", node="b"),
        ev.NodeCompleted(execution="a", node="a", port="ok"),
        ev.NodeCompleted(execution="nobody", node="nobody", port="ok"),
        ev.NodeFailed(execution="b", node="b", error=BROKEN),
        ev.GateOpened(gate="a", execution="a", node="a", purpose="ask", prompt="", options=[]),
        ev.GateExpired(gate="a", execution="a", node="a"),
        ev.TimerSet(execution="a", node="a", due=1.0),
        ev.TimerFired(execution="a", node="a"),
        ev.EffectClaimed(execution="b", node="b", key="", tool="", args_hash="", effect="unsafe"),
        ev.NodeSkipped(execution="a", node="a", why="dead_path"),
        ev.RunCompleted(output=1),
        ev.RunFailed(error=BROKEN),
        ev.RunCancelled(),
        STARTED,
    ],
    ids=lambda fact: type(fact).__name__,
)
def test_what_does_not_fit_raises_and_leaves_the_state_untouched(fact: ev.Event) -> None:
    run = Walking("a -> b")
    assert not run.scheduler.accepts(fact)
    with pytest.raises(EngineBug, match="does not fit"):
        run.scheduler.apply(fact)
    run.all_done("a", "b")
    assert run.end() == "completed"


def test_nothing_happens_before_the_run_has_started() -> None:
    scheduler = Scheduler(Walking("a").plan)
    assert scheduler.status == "running"
    assert not scheduler.accepts(ev.RunResumed())
    assert not scheduler.accepts(ev.RunCancelRequested())


def test_a_completion_counts_once() -> None:
    run = Walking("a -> b")
    run.done("a")
    assert not run.scheduler.accepts(ev.NodeCompleted(execution="a", node="a", port="ok"))


def test_late_words_of_an_older_attempt_are_dropped() -> None:
    run = Walking("a -> b")
    run.fail("a", retry_at=1.0)
    run.begin("a")
    assert not run.scheduler.accepts(ev.NodeCompleted(execution="a", node="a", attempt=1, port="ok"))
    assert run.scheduler.accepts(ev.NodeCompleted(execution="a", node="a", attempt=2, port="ok"))


def test_a_gate_does_not_complete_without_its_answer() -> None:
    run = Walking("g -(ok)-> z")
    run.ask("g")
    assert not run.scheduler.accepts(ev.NodeCompleted(execution="g", node="g", port="ok"))


def test_steps_of_an_execution_under_way_are_recorded() -> None:
    run = Walking("a")
    run.begin("a")
    assert run.apply(ev.EffectClaimed(execution="a", node="a", key="k", tool="t", args_hash="", effect="unsafe")) == []
    assert run.apply(ev.AgentStateChanged(execution="a", node="a", state="executing")) == []


def test_a_result_of_an_earlier_run_is_taken_over_without_an_attempt() -> None:
    run = Walking("a -> b")
    run.apply(ev.NodeCompleted(execution="a", node="a", port="ok", output=1, reused_from="older"))
    assert run.wishes == ["start a", "start b"]
    assert run.nodes["a"]["output"] == 1


def test_a_pinned_output_is_taken_over_without_an_attempt_and_only_then() -> None:
    run = Walking("a -> b")
    pinned = ev.NodeCompleted(execution="a", node="a", port="ok", output=1, pinned=True)
    run.apply(pinned)
    assert run.wishes == ["start a", "start b"]
    assert run.nodes["a"]["output"] == 1
    assert not run.scheduler.accepts(ev.NodeCompleted(execution="b", node="b", port="ok", output=1))


def chain(length: int) -> Plan:
    nodes = {f"n{i}": {**TOOL, "to": [{"node": f"n{i + 1}"}]} for i in range(length - 1)}
    return plan_of({**nodes, f"n{length - 1}": TOOL})


def fork(width: int) -> Plan:
    branches = {f"n{i}": {**TOOL, "to": [{"node": "j"}]} for i in range(width)}
    forks = {"f": {"kind": "parallel-fork", "to": [{"node": name} for name in branches]}}
    return plan_of({**forks, **branches, "j": {"kind": "join", "to": [{"node": "z"}]}, "z": TOOL})


def loop(turns: int) -> Plan:
    back = {"kind": "loop-back", "max_iterations": turns, "on_limit": "exit"}
    ways = [{"on": "repeat", "node": "a"}, {"on": "done", "node": "z"}]
    return plan_of({"a": {**TOOL, "to": [{"node": "l"}]}, "l": {**back, "to": ways}, "z": TOOL})


def plan_of(nodes: dict[str, object]) -> Plan:
    return compile_graph(Graph.model_validate({"format": "weft/1", "name": "big", "nodes": nodes}))


def walk_through(plan: Plan) -> int:
    """Walk a plan to its end; how many attempts there were."""
    scheduler = Scheduler(plan)
    todo = deque(scheduler.apply(STARTED).commands)
    count = 0
    while todo:
        command = todo.popleft()
        if isinstance(command, Start):
            name = command.execution
            todo.extend(scheduler.apply(ev.NodeStarted(execution=name, node=name)).commands)
            todo.extend(scheduler.apply(ev.NodeCompleted(execution=name, node=name, port="ok")).commands)
            count += 1
        else:
            assert isinstance(command, EndScope)
            scheduler.apply(ev.RunCompleted(output=None))
    assert scheduler.status == "completed"
    return count


@pytest.mark.parametrize(
    ("small", "large"),
    [
        pytest.param(chain(300), chain(3_000), id="a chain"),
        pytest.param(fork(300), fork(3_000), id="a fork"),
        pytest.param(loop(300), loop(6_000), id="a loop"),
    ],
)
def test_the_cost_of_an_event_does_not_grow_with_the_graph_or_the_run(small: Plan, large: Plan) -> None:
    def cost_s(plan: Plan) -> float:
        best = float("inf")
        for _ in range(3):
            gc.collect()
            began = process_time()
            count = walk_through(plan)
            best = min(best, (process_time() - began) / count)
        return best

    walk_through(small)
    assert cost_s(large) < 6 * cost_s(small)
