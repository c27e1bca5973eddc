"""The pages' fold of a run beside the engine's own: compared after every event of every sample."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.app import Engine, event_json
from engine.compile.compile import compile_graph
from engine.gallery import patterns
from engine.model import Graph
from engine.model.state import initial_state, write
from engine.scheduler.events import Event, NodeCompleted
from engine.scheduler.overview import edge_states, overview
from tests.editor.samples import ASKS, CALLER, CALLER_ANSWERS, TEAM, TEAM_ANSWERS

HERE = Path(__file__).parent
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="there is no node: the pages' pure modules are not tested")


def node(*arguments: str, given: str = "") -> str:
    """What node prints; a failure with all that it said."""
    done = subprocess.run(
        [NODE or "node", *arguments], input=given, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


async def ran(graph: Graph, directory: Path) -> list[Event]:
    """The journal of a run to its end; every gate is answered by its last option, then by its first."""
    async with Engine.open("memory:", graphs=directory) as engine:
        run = await engine.start(graph, {"topic": "rivers"} if graph.name == "draft-and-review" else {})
        for turn in range(8):
            result = await run.result()
            gates = await engine.inbox(run_id=run.id)
            if result.status != "waiting" or not gates:
                break
            option = gates[0].options[-1 if turn == 0 else 0]
            form = {"reason": "because", "amount": 1} if option.get("form") or gates[0].form else None
            await engine.answer(run.id, gates[0].gate, option["name"], form=form, by="ann")
        return [event async for event in run.events()]


def written(directory: Path) -> dict[str, Graph]:
    """The samples and one of this test's own, with items, an inline sub-flow, a loop and a gate in it."""
    for file in patterns().values():
        for one in (file, file.with_name(f"{file.stem}.scripted.json")):
            (directory / one.name).write_bytes(one.read_bytes())
    (directory / "team.json").write_text(json.dumps(TEAM))
    (directory / "team.scripted.json").write_text(json.dumps(TEAM_ANSWERS))
    (directory / "caller.json").write_text(json.dumps(CALLER))
    (directory / "caller.scripted.json").write_text(json.dumps(CALLER_ANSWERS))
    (directory / "asks.json").write_text(json.dumps(ASKS))
    return {name: Graph.load(directory / f"{name}.json") for name in (*patterns(), "team", "caller")}


def told(graph: Graph, events: Sequence[Event], at: Sequence[int]) -> list[dict[str, Any]]:
    """What the pages make of a journal at these moments."""
    plan = {"root": graph.name, "documents": {graph.name: graph.as_json(), "asks": ASKS}}
    given = {"plan": plan, "events": [event_json(event) for event in events], "at": list(at)}
    made: list[dict[str, Any]] = json.loads(node(str(HERE / "js/support/fold.mjs"), given=json.dumps(given)))
    return made


def state_after(graph: Graph, events: Sequence[Event]) -> dict[str, Any]:
    """The state of the run's own graph."""
    state = initial_state(graph.state)
    for event in events:
        if isinstance(event, NodeCompleted) and "/" not in event.execution:
            state = write(graph, state, event.writes or {})
    return state


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", [*patterns(), "team", "caller"])
def test_the_pages_fold_a_journal_as_the_engine_does(name: str, tmp_path: Path) -> None:
    graph = written(tmp_path)[name]
    plan = compile_graph(graph)
    events = asyncio.run(ran(graph, tmp_path))
    at = range(1, len(events) + 1)
    for one in told(graph, events, at):
        found = overview(list(events[: one["n"]]))
        views = {
            path: [
                v.status,
                v.execution,
                v.attempt,
                v.executions,
                v.items,
                v.items_done,
                v.items_failed,
                v.usage.tokens,
            ]
            for path, v in found.nodes.items()
        }
        assert (one["n"], one["status"], one["tokens"]) == (found.n, found.status, found.usage.tokens)
        assert one["nodes"] == views, one["n"]
        assert one["state"] == state_after(graph, events[: one["n"]]), one["n"]
        decided = {
            f"{plan.nodes[edge.source].id}-{edge.index}": state
            for edge, state in zip(plan.edges, edge_states(found, plan), strict=True)
            if state != "undecided"
        }
        assert {key: one["edges"].get(key) for key in decided} == decided, one["n"]
