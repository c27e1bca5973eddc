"""Recorded scientific workflows, up to 12,000 tasks, run to the end as weft graphs on a virtual clock."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Engine, Graph, RunResult, tool
from tests.support.clock import START, VirtualClock
from tests.support.threads import run_virtually
from tests.support.wfinstances import WHERE, Task, document_of, facts_of, node_names, recorded_names, tasks_of

NAMES = recorded_names()

pytestmark = pytest.mark.skipif(
    not NAMES, reason=f"the recorded workflows do not lie in {WHERE.parent.name}/{WHERE.name}"
)


class Log:
    """When each task's tool began and ended, virtual seconds."""

    def __init__(self) -> None:
        self.began: dict[str, list[float]] = {}
        self.ended: dict[str, float] = {}


def run(tasks: list[Task]) -> tuple[RunResult, Log]:
    """Run a workflow with as many workers as it likes."""
    clock, log = VirtualClock(), Log()

    @tool(effect="read", timeout_s=None)
    async def pause(task: str, seconds: float) -> None:
        """Take as long as was recorded."""
        log.began.setdefault(task, []).append(clock.now())
        await clock.sleep(seconds)
        log.ended[task] = clock.now()

    graph = Graph.model_validate(document_of(tasks))

    async def main() -> RunResult:
        async with Engine.open("memory:", tools=[pause], clock=clock) as engine:
            return await engine.run(graph)

    return run_virtually(clock, main()), log


@pytest.mark.parametrize("name", NAMES)
def test_every_task_runs_once_after_its_parents_and_no_longer_than_the_critical_path(name: str) -> None:
    tasks, facts = tasks_of(name), facts_of(name)
    names = node_names(tasks)
    result, log = run(tasks)
    assert result.status == "completed", result.error
    assert len(tasks) == facts["tasks"]
    assert {task: len(times) for task, times in log.began.items()} == dict.fromkeys(names.values(), 1)
    assert [t.id for t in tasks if not began_after_parents(t, names, log)] == []
    assert max(log.ended.values()) - START == pytest.approx(facts["critical_path_s"], abs=0.001)


def began_after_parents(task: Task, names: dict[str, str], log: Log) -> bool:
    began = log.began[names[task.id]][0]
    return all(log.ended[names[parent]] <= began for parent in task.parents)


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_becomes_the_graph_that_its_facts_describe(name: str) -> None:
    tasks, facts = tasks_of(name), facts_of(name)
    nodes: dict[str, Any] = document_of(tasks)["nodes"]
    assert sum(node["kind"] == "tool" for node in nodes.values()) == facts["tasks"]
    assert sum(len(task.parents) for task in tasks) == facts["edges"]
    assert ("start" in nodes) == (facts["roots"] > 1)
    forks = [node for node_id, node in nodes.items() if node["kind"] == "parallel-fork" and node_id != "start"]
    assert max((len(fork["to"]) for fork in forks), default=1) == facts["max_out"]
