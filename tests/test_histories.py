"""What a release has written is read, walked and told in the same way by every later one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.compile.compile import compile_graph
from engine.documents import SCRIPTED
from engine.journal.codec import LoadBlob, decode, moment_text
from engine.journal.projection import RunView
from engine.library import inline_graph
from engine.model.graph import Graph
from engine.scheduler.events import Event, RunCompleted, RunStarted
from engine.scheduler.replay import replay
from engine.scheduler.scheduler import Scheduler
from engine.version import VERSION
from tests.support.plain_replay import retell

WHERE = Path(__file__).parent / "histories"
RELEASES = sorted(file.stem for file in WHERE.glob("*.jsonl"))
STORIES: dict[str, dict[str, Any]] = {
    f"{release} {told['name']}": told
    for release in RELEASES
    for told in map(json.loads, (WHERE / f"{release}.jsonl").read_text(encoding="utf-8").splitlines())
}


@pytest.mark.parametrize("name", STORIES)
def test_a_history_is_replayed_without_a_mismatch_and_comes_to_the_same(name: str) -> None:
    told = STORIES[name]
    events = [decode(n, at, code, version, body.encode(), blobs(told)) for n, at, code, version, body in told["events"]]
    started = events[0]
    assert isinstance(started, RunStarted)
    graphs = {
        one: Graph.loads(told["documents"][digest])
        for one, digest in {started.graph: started.graph_hash, **started.documents}.items()
        if not one.endswith(SCRIPTED)
    }
    retell(graphs[started.graph], graphs, events)

    scheduler = walked(started, graphs, events)
    view = RunView()
    for event in events:
        view.apply(event)
    view.take_changes()
    assert (scheduler.status, view.summary.status) == (told["status"], told["status"])
    if told["status"] == "completed":
        assert isinstance(ended := events[-1], RunCompleted)
        assert ended.output == told["output"]


def walked(started: RunStarted, graphs: dict[str, Graph], events: list[Event]) -> Scheduler:
    """The walk after a whole journal."""

    def plan_for(node: Any) -> Any:
        return compile_graph(graphs[node.doc.graph] if node.doc.graph is not None else inline_graph(node.doc.inline))

    about = {"id": "r", "started_at": moment_text(started.at)}
    scheduler = Scheduler(compile_graph(graphs[started.graph]), plans=plan_for, run=about)
    assert replay(scheduler, events) == ()
    return scheduler


def blobs(told: dict[str, Any]) -> LoadBlob:
    """What gives the bytes of a blob of a history."""

    def load(digest: str) -> bytes:
        content: str = told["blobs"][digest]
        return content.encode()

    return load


def test_this_version_has_a_history_in_which_runs_end_in_every_way() -> None:
    assert VERSION in RELEASES
    assert {told["status"] for told in STORIES.values()} == {"completed", "failed", "cancelled", "waiting"}
