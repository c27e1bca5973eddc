"""Runs over HTTP: started by name, watched, decided, ended, removed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from server import wire
from tests.server.served import Served, serving, sse


def test_a_run_is_started_decided_and_completed(served: Served) -> None:
    run = served.start("draft-and-review", {"topic": "rivers"})
    gate = served.until_asked(run["id"])
    answer = served.client("ann").post(
        f"/api/runs/{run['id']}/gates/{gate['gate']}", json={"option": "approve", "form": {}}
    )
    assert answer.status_code == 200, answer.text
    ended = served.until_ended(run["id"])
    assert (ended["status"], ended["error"]) == ("completed", None)
    events = served.until(run["id"], lambda event: event["type"] == "gate.answered")
    assert events[-1]["by"] == "ann"


def test_what_is_told_of_a_run_fits_its_model(served: Served) -> None:
    run = served.start("sequential-pipeline")
    wire.RunTold.model_validate_json(served.client().get(f"/api/runs/{run['id']}").content)
    wire.RunList.model_validate_json(served.client().get("/api/runs").content)


def test_a_graph_in_the_body_is_refused(served: Served) -> None:
    document = (served.graphs / "sequential-pipeline.json").read_text()
    answer = served.client().post(
        "/api/runs", content=f'{{"graph": {document}}}', headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"graph": "nothing-of-this-name"}, 404, "graph.unknown"),
        ({"graph": "../secrets"}, 422, "request.invalid"),
        ({"graph": "human-in-the-loop", "input": {"amount": "much"}}, 422, "input.invalid"),
        ({"graph": "sequential-pipeline", "inputs": {}}, 422, "request.invalid"),
        ({"graph": "sequential-pipeline", "id": "Not An Id"}, 422, "request.invalid"),
        ([], 422, "request.invalid"),
    ],
)
def test_a_wrong_start_says_what_is_wrong(served: Served, body: Any, status: int, code: str) -> None:
    answer = served.client().post("/api/runs", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    wire.Problem.model_validate_json(answer.content)


def test_an_idempotency_key_starts_one_run(served: Served) -> None:
    client, body = served.client(), {"graph": "draft-and-review", "input": {"topic": "keys"}}
    first = client.post("/api/runs", json=body, headers={"idempotency-key": "k-1"})
    again = client.post("/api/runs", json=body, headers={"idempotency-key": "k-1"})
    other = client.post("/api/runs", json={**body, "input": {"topic": "else"}}, headers={"idempotency-key": "k-1"})
    somebody = served.client("ann").post("/api/runs", json=body, headers={"idempotency-key": "k-1"})
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.json()["id"] == first.json()["id"] != somebody.json()["id"]
    assert other.json()["code"] == "request.key_reused"
    assert client.post("/api/runs", json=body, headers={"idempotency-key": "k" * 300}).status_code == 422


def test_an_id_that_is_taken_is_a_conflict(served: Served) -> None:
    served.start("sequential-pipeline", id="taken")
    answer = served.client().post("/api/runs", json={"graph": "sequential-pipeline", "input": {}, "id": "taken"})
    assert (answer.status_code, answer.json()["code"]) == (409, "run.exists")


def test_runs_are_listed_by_pages_without_a_gap(alone: Served) -> None:
    ids = [alone.start("draft-and-review", {"topic": str(n)})["id"] for n in range(5)]
    client, seen, before = alone.client(), list[str](), None
    while True:
        page = client.get("/api/runs", params={"limit": 2} | ({} if before is None else {"before": before})).json()
        seen += [run["id"] for run in page["runs"]]
        before = page["next"]
        if before is None:
            break
    assert seen == ids[::-1]
    assert client.get("/api/runs", params={"graph": "coordinator"}).json()["runs"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "before=-1", "status=asleep", "limit=²"])
def test_a_wrong_query_is_refused(served: Served, query: str) -> None:
    answer = served.client().get(f"/api/runs?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")


def test_a_run_is_cancelled_by_whoever_is_logged_in_and_then_removed(served: Served) -> None:
    run = served.start("draft-and-review", {"topic": "x"})
    served.until_asked(run["id"])
    client = served.client("bob")
    assert client.delete(f"/api/runs/{run['id']}").json()["code"] == "run.not_ended"
    assert client.post(f"/api/runs/{run['id']}/cancel", json={"reason": "enough"}).status_code == 202
    assert served.until_ended(run["id"])["status"] == "cancelled"
    asked = [e for e in served.until(run["id"], lambda _: False) if e["type"] == "run.cancel_requested"]
    assert [(e["by"], e["reason"]) for e in asked] == [("bob", "enough")]
    assert client.post(f"/api/runs/{run['id']}/cancel", json={}).json()["code"] == "run.ended"
    assert client.delete(f"/api/runs/{run['id']}").status_code == 204
    assert client.get(f"/api/runs/{run['id']}").json()["code"] == "run.unknown"


def test_ended_runs_are_pruned(alone: Served) -> None:
    run = alone.start("sequential-pipeline")
    alone.until_ended(run["id"])
    waiting = alone.start("draft-and-review", {"topic": "x"})
    pruned = alone.client().post("/api/runs/prune", json={"statuses": ["completed"]}).json()
    assert pruned["runs"] == [run["id"]]
    assert alone.client().get(f"/api/runs/{waiting['id']}").status_code == 200


def test_a_cancelled_run_is_taken_up_again(served: Served) -> None:
    run = served.start("draft-and-review", {"topic": "x"})
    served.until_asked(run["id"])
    served.client().post(f"/api/runs/{run['id']}/cancel", json={})
    last = served.until(run["id"], lambda event: event["type"] == "run.cancelled")[-1]["n"]
    assert served.client().post(f"/api/runs/{run['id']}/resume", json={}).status_code == 202
    events = served.until(run["id"], lambda event: event["type"] == "gate.opened", after=last)
    assert events[0]["type"] == "run.resumed"


WAITS = {
    "format": "weft/1",
    "name": "waits",
    "nodes": {"wait": {"kind": "wait", "signal": "paid", "to": [{"node": "end"}]}, "end": {"kind": "end"}},
}


def test_a_signal_lets_a_run_go_on(served: Served) -> None:
    (served.graphs / "waits.json").write_text(json.dumps(WAITS))
    run = served.start("waits")
    served.until(run["id"], lambda event: event["type"] == "timer.set")
    assert served.client().post(f"/api/runs/{run['id']}/signals/paid", json={"value": 7}).status_code == 202
    assert served.until_ended(run["id"])["status"] == "completed"


def test_after_a_restart_what_was_unfinished_goes_on(tmp_path: Any) -> None:
    with serving(tmp_path) as before:
        run = before.start("draft-and-review", {"topic": "x"})
        gate = before.until_asked(run["id"])["gate"]
    with serving(tmp_path) as after:
        assert [g["run"] for g in after.client().get("/api/inbox").json()["gates"]] == [run["id"]]
        after.client().post(f"/api/runs/{run['id']}/gates/{gate}", json={"option": "approve"})
        assert after.until_ended(run["id"])["status"] == "completed"


def test_the_feed_tells_all_runs_by_a_position_that_only_grows(alone: Served) -> None:
    runs = {alone.start("sequential-pipeline")["id"] for _ in range(3)}
    seen: list[int] = []
    ended: set[str] = set()
    with alone.client().stream("GET", "/api/events", params={"after": 0}) as stream:
        for event in sse(stream):
            if event.type != "message":
                continue
            seen.append(int(event.id or 0))
            ended |= {event.value["run"]} if event.value["type"] == "run.completed" else set()
            if ended == runs:
                break
    assert seen == sorted(set(seen))
    again: list[int] = []
    with alone.client().stream("GET", "/api/events", headers={"last-event-id": str(seen[4])}) as stream:
        for event in sse(stream):
            again.append(int(event.id or 0))
            if again[-1] == seen[-1]:
                break
    assert again == seen[5:]


def test_a_simulation_asks_no_model_and_writes_no_file(served: Served) -> None:
    client = served.client()
    client.post("/api/graphs/simulated/new", json={"from": "draft-and-review"})
    (served.graphs / "simulated.scripted.json").unlink()
    body = {"graph": "simulated", "input": {"topic": "rivers"}, "simulate": True}
    run = client.post("/api/runs", json=body, headers={"idempotency-key": "simulated"}).json()
    gate = served.until_asked(run["id"])
    assert "(simulated)" in gate["prompt"]
    client.post(f"/api/runs/{run['id']}/gates/{gate['gate']}", json={"option": "approve"})
    ended = served.until_ended(run["id"])
    assert (ended["status"], ended["simulated"]) == ("completed", True)
    assert not (served.graphs.parent / "files").exists()
    real = client.post("/api/runs", json={**body, "simulate": False}, headers={"idempotency-key": "simulated"})
    assert (real.status_code, real.json()["code"]) == (422, "request.key_reused")


def test_pinned_outputs_stand_for_their_nodes_and_are_part_of_the_request(served: Served) -> None:
    client = served.client()
    pins = {"write": "A pinned draft.", "review": {"option": "approve"}, "publish": "not written"}
    body = {"graph": "draft-and-review", "input": {"topic": "rivers"}, "pins": pins}
    made = client.post("/api/runs", json=body, headers={"idempotency-key": "pinned"})
    run = made.json()
    ended = served.until_ended(run["id"])
    assert (ended["status"], ended["pinned"]) == ("completed", list(pins))
    assert ended["output"] == {"article": "A pinned draft."}
    assert not (served.graphs.parent / "files").exists()
    picture = client.get(f"/api/runs/{run['id']}/diagram.svg").text
    assert picture.count("status-pinned") >= len(pins)
    again = client.post("/api/runs", json=body, headers={"idempotency-key": "pinned"})
    assert (again.status_code, again.json()["id"]) == (201, run["id"])
    for other in ({**pins, "write": "Another."}, None):
        said = client.post("/api/runs", json={**body, "pins": other}, headers={"idempotency-key": "pinned"})
        assert said.json()["code"] == "request.key_reused"


def test_a_pin_that_does_not_fit_is_refused(served: Served) -> None:
    body = {"graph": "draft-and-review", "input": {"topic": "rivers"}}
    said = served.client().post("/api/runs", json={**body, "pins": {"review": {"option": "burn"}}})
    assert (said.status_code, said.json()["code"], said.json()["where"]) == (422, "pin.option", "pin of review")
    assert served.client().post("/api/runs", json={**body, "pins": []}).json()["code"] == "request.invalid"


def test_a_pinned_decision_is_that_of_who_starts_the_run(served: Served) -> None:
    document = json.loads((served.graphs / "draft-and-review.json").read_text()) | {"name": "only-ann"}
    document["nodes"]["review"]["assignees"] = ["ann"]
    (served.graphs / "only-ann.json").write_text(json.dumps(document))
    (served.graphs / "only-ann.scripted.json").write_text(
        (served.graphs / "draft-and-review.scripted.json").read_text()
    )
    pins = {"review": {"option": "approve", "by": "somebody else"}, "publish": "not written"}
    body = {"graph": "only-ann", "input": {"topic": "rivers"}, "pins": pins}
    said = served.client("bob").post("/api/runs", json=body)
    assert (said.status_code, said.json()["code"], said.json()["where"]) == (403, "gate.assignee", "pin of review")
    run = served.client("ann").post("/api/runs", json=body).json()["id"]
    served.until_ended(run)
    [decided] = [
        event
        for event in served.until(run, lambda _: False)
        if event["type"] == "node.completed" and event["node"] == "review"
    ]
    assert (decided["pinned"], decided["output"]["by"]) == (True, "ann")
