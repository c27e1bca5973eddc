"""The inbox: who may decide, once, and what a link may do."""

from __future__ import annotations

import json
from urllib.parse import quote

from server import wire
from tests.server.served import Served

ASSIGNED = {
    "format": "weft/1",
    "name": "assigned",
    "nodes": {
        "ask": {"kind": "human-gate", "prompt": "Pay?", "options": ["yes", "no"], "assignees": ["finance", "carl"],
                "to": [{"node": "end", "on": "yes"}, {"node": "end", "on": "no"}]},
        "end": {"kind": "end"},
    },
}  # fmt: skip

SHORT = {
    "format": "weft/1",
    "name": "short",
    "nodes": {
        "ask": {"kind": "human-gate", "prompt": "Now?", "options": ["yes"], "deadline_s": 0.05,
                "to": [{"node": "end", "on": "yes"}, {"node": "end", "on": "expired"}]},
        "end": {"kind": "end"},
    },
}  # fmt: skip


def asked(served: Served, graph: str = "draft-and-review") -> tuple[str, str]:
    run = served.start(graph, {"topic": "x"} if graph == "draft-and-review" else {})
    return run["id"], served.until_asked(run["id"])["gate"]


def test_open_gates_of_all_runs_are_listed_oldest_first(alone: Served) -> None:
    runs = [asked(alone)[0] for _ in range(3)]
    inbox = wire.Inbox.model_validate_json(alone.client().get("/api/inbox").content)
    assert [gate.run for gate in inbox.gates] == runs
    assert inbox.next is None


def test_a_gate_is_decided_once(served: Served) -> None:
    run, gate = asked(served)
    first = served.client("ann").post(f"/api/runs/{run}/gates/{gate}", json={"option": "approve"})
    late = served.client("bob").post(f"/api/runs/{run}/gates/{gate}", json={"option": "revise"})
    assert (first.status_code, late.status_code) == (200, 409)
    assert late.json()["code"] in ("gate.closed", "run.ended")


def test_a_body_cannot_say_who_decides(served: Served) -> None:
    run, gate = asked(served)
    answer = served.client("ann").post(f"/api/runs/{run}/gates/{gate}", json={"option": "approve", "by": "root"})
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")


def test_a_gate_of_a_group_is_decided_by_its_members_only(served: Served) -> None:
    (served.graphs / "assigned.json").write_text(json.dumps(ASSIGNED))
    run, gate = asked(served, "assigned")
    refused = served.client("bob").post(f"/api/runs/{run}/gates/{gate}", json={"option": "yes"})
    assert (refused.status_code, refused.json()["code"]) == (403, "gate.assignee")
    assert served.client("ann").post(f"/api/runs/{run}/gates/{gate}", json={"option": "yes"}).status_code == 200


def test_a_form_that_does_not_fit_leaves_the_gate_open(served: Served) -> None:
    run, gate = asked(served)
    for body, code in (({"option": "approve", "form": {"note": 7}}, "gate.form"), ({"option": "burn"}, "gate.option")):
        answer = served.client().post(f"/api/runs/{run}/gates/{gate}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert served.client().get("/api/inbox", params={"run": run}).json()["gates"][0]["gate"] == gate


def test_a_link_decides_once_and_looking_decides_nothing(served: Served) -> None:
    run, gate = asked(served)
    made = served.client("ann").post(f"/api/runs/{run}/gates/{gate}/link", json={}).json()
    token = made["url"].rpartition("/")[2]
    stranger = served.client(None)
    for _ in range(2):
        assert stranger.get(f"/decide/{token}").status_code == 200
        assert wire.GateTold.model_validate_json(stranger.get(f"/decide/{token}/gate").content).gate == gate
    assert stranger.post(f"/decide/{token}", json={"option": "burn"}).status_code == 422
    assert stranger.post(f"/decide/{token}", json={"option": "approve"}).json() == {"decided": "approve"}
    assert stranger.post(f"/decide/{token}", json={"option": "approve"}).json()["code"] == "link.unknown"
    assert stranger.get(f"/decide/{token}").json()["code"] == "link.unknown"
    used_up = stranger.get(f"/decide/{token}", headers={"accept": "text/html,*/*;q=0.8"})
    assert (used_up.status_code, used_up.headers["content-type"]) == (404, "text/html; charset=utf-8")
    answered = [e for e in served.until(run, lambda e: e["type"] == "gate.answered") if e["type"] == "gate.answered"]
    assert answered[0]["by"] == "ann"


def test_only_an_admin_makes_links_for_others(served: Served) -> None:
    run, gate = asked(served)
    path = f"/api/runs/{run}/gates/{gate}/link"
    assert served.client("bob").post(path, json={"person": "ann"}).status_code == 403
    assert served.client("root").post(path, json={"person": "carl"}).status_code == 201


def test_a_link_for_a_gate_that_is_not_open_is_refused(served: Served) -> None:
    run, _ = asked(served)
    answer = served.client().post(f"/api/runs/{run}/gates/other/link", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "gate.closed")


def test_a_wrong_cursor_is_refused(served: Served) -> None:
    assert served.client().get("/api/inbox", params={"after": "yesterday/r/g"}).status_code == 422


def test_an_embedded_run_is_seen_and_nothing_else(served: Served) -> None:
    run, _ = asked(served)
    url = served.client().post(f"/api/runs/{run}/embed", json={}).json()["url"]
    path, stranger = url.removeprefix(served.base), served.client(None)
    page = stranger.get(path)
    assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    told = stranger.get(f"{path}/run").json()
    assert (told["id"], "input" in told) == (run, False)
    assert stranger.get(f"{path}/diagram.svg").headers["content-type"] == "image/svg+xml"
    with stranger.stream("GET", f"{path}/events") as stream:
        first = next(line for line in stream.iter_lines() if line.startswith("data: "))
    assert "rivers" not in first
    assert '"input"' not in first
    assert stranger.post(path, json={}).status_code == 401


def test_a_gate_inside_a_subgraph_is_decided_by_its_id(alone: Served) -> None:
    ask = {"kind": "human-gate", "prompt": "Pay?", "options": ["yes"], "to": [{"node": "end", "on": "yes"}]}
    inner = {"format": "weft/1", "name": "inner", "nodes": {"ask": ask, "end": {"kind": "end"}}}
    outer = {"format": "weft/1", "name": "outer", "nodes": {"s": {"kind": "subgraph", "graph": "inner"}}}
    for graph in (inner, outer):
        (alone.graphs / f"{graph['name']}.json").write_text(json.dumps(graph))
    run, gate = asked(alone, "outer")
    assert gate == "s/ask"
    place = f"/api/runs/{run}/gates/{quote(gate, safe='')}"
    assert alone.client().post(f"{place}/link", json={}).status_code == 201
    assert alone.client().post(place, json={"option": "yes"}).status_code == 200
    assert alone.until_ended(run)["status"] == "completed"


def test_what_was_decided_is_told_with_who_and_when(alone: Served) -> None:
    (alone.graphs / "short.json").write_text(json.dumps(SHORT))
    runs = [asked(alone)[0] for _ in range(3)]
    for run in runs:
        alone.client("ann").post(f"/api/runs/{run}/gates/review", json={"option": "approve", "form": {"note": "ok"}})
    expired = alone.start("short")["id"]
    alone.until_ended(expired)
    client = alone.client()
    page = wire.DecidedList.model_validate_json(client.get("/api/inbox/decided", params={"limit": 2}).content)
    assert [(d.run, d.graph, d.option, d.by) for d in page.decided] == [
        (expired, "short", None, None),
        (runs[2], "draft-and-review", "approve", "ann"),
    ]
    assert page.decided[1].form == {"note": "ok"}
    rest = client.get("/api/inbox/decided", params={"before": page.next}).json()
    assert [decision["run"] for decision in rest["decided"]] == [runs[1], runs[0]]
    assert rest["next"] is None
    own = client.get("/api/inbox/decided", params={"run": runs[0]}).json()["decided"]
    assert [decision["run"] for decision in own] == [runs[0]]
    assert client.get("/api/inbox/decided", params={"run": "of-no-name"}).status_code == 404
    assert client.get("/api/inbox/decided", params={"before": "x"}).status_code == 422


def test_an_answer_meant_for_one_round_is_not_taken_for_the_next(served: Served) -> None:
    run, gate = asked(served)
    client = served.client("ann")
    link = client.post(f"/api/runs/{run}/gates/{gate}/link", json={}).json()["url"].removeprefix(served.base)
    assert client.post(f"/api/runs/{run}/gates/{gate}", json={"option": "revise"}).status_code == 200
    served.until(run, lambda event: event["type"] == "gate.opened" and event["gate"] == f"{gate}@2")
    for late in (f"/api/runs/{run}/gates/{gate}", link):
        answer = served.client("bob").post(late, json={"option": "approve"})
        assert (answer.status_code, answer.json()["code"]) == (409, "gate.closed"), late
    assert [one["gate"] for one in client.get("/api/inbox", params={"run": run}).json()["gates"]] == [f"{gate}@2"]


INNER = {
    "format": "weft/1",
    "name": "inner",
    "nodes": {
        "team": {
            "kind": "subgraph",
            "inline": {
                "format": "weft/1",
                "name": "asks",
                "nodes": {"link": {"kind": "human-gate", "prompt": "Go?", "to": [{"node": "end", "on": "ok"}]},
                          "end": {"kind": "end"}},
            },
        },
    },
}  # fmt: skip


def test_a_gate_of_a_sub_flow_is_decided_by_its_path_whatever_its_nodes_are_called(served: Served) -> None:
    (served.graphs / "inner.json").write_text(json.dumps(INNER))
    for path in ("team/link", "team%2Flink"):
        run, gate = asked(served, "inner")
        assert gate == "team/link"
        link = served.client("ann").post(f"/api/runs/{run}/gates/{path}/link", json={})
        assert link.status_code == 201, link.text
        answer = served.client("ann").post(f"/api/runs/{run}/gates/{path}", json={"option": "ok"})
        assert answer.status_code == 200, answer.text
