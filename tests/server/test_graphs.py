"""Graphs over HTTP: nothing is overwritten unseen, every version stays, a change by hand is told."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.model.new import new_graph
from server import wire
from tests.server.served import Served, sse

JSON = {"content-type": "application/json"}


def document(name: str, title: str = "") -> str:
    return new_graph(name).model_copy(update={"title": title} if title else {}).dumps()


def save(client: httpx2.Client, name: str, title: str = "", **headers: str) -> httpx2.Response:
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    return client.put(f"/api/graphs/{name}", content=document(name, title), headers=JSON | sent)


def test_the_sample_graphs_are_listed(served: Served) -> None:
    listed = wire.GraphList.model_validate_json(served.client().get("/api/graphs").content)
    assert {"draft-and-review", "coordinator"} <= {graph.name for graph in listed.graphs}
    assert all(graph.problem is None and graph.has_answers for graph in listed.graphs if graph.name == "coordinator")


def test_a_graph_is_read_byte_by_byte_with_its_etag(served: Served) -> None:
    answer = served.client().get("/api/graphs/coordinator")
    assert answer.content == (served.graphs / "coordinator.json").read_bytes()
    again = served.client().get("/api/graphs/coordinator", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_graph_is_made_and_saved_again(served: Served) -> None:
    client = served.client()
    made = save(client, "fresh", if_none_match="*")
    assert made.status_code == 201, made.text
    wire.Saved.model_validate_json(made.content)
    saved = save(client, "fresh", "Second", if_match=made.headers["etag"])
    assert saved.status_code == 200
    assert saved.headers["etag"] != made.headers["etag"]
    assert (served.graphs / "fresh.json").read_text() == document("fresh", "Second")


def test_who_did_not_read_what_is_there_gets_it_instead_of_overwriting(served: Served) -> None:
    client = served.client()
    first = save(client, "shared", if_none_match="*").headers["etag"]
    save(client, "shared", "Ann's", if_match=first)
    late = save(served.client("bob"), "shared", "Bob's", if_match=first)
    assert (late.status_code, late.json()["code"]) == (412, "graph.changed")
    assert late.json()["current"]["document"]["title"] == "Ann's"
    assert f'"{late.json()["current"]["etag"]}"' == late.headers["etag"]
    assert save(client, "shared", if_none_match="*").status_code == 412


def test_who_does_not_say_what_they_read_is_refused(served: Served) -> None:
    answer = save(served.client(), "coordinator")
    assert (answer.status_code, answer.json()["code"]) == (428, "graph.unread")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("{", "graph.not_json"),
        ("[]", "graph.invalid"),
        ('{"format": "weft/9"}', "graph.format"),
        ('{"format": "weft/1", "name": "odd", "nodes": {"a": {"kind": "robot"}}}', "graph.invalid"),
        (document("another-name"), "request.invalid"),
    ],
)
def test_what_is_no_graph_of_that_name_is_not_saved(served: Served, content: str, code: str) -> None:
    answer = served.client().put("/api/graphs/odd", content=content, headers=JSON | {"if-none-match": "*"})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not (served.graphs / "odd.json").exists()


def test_every_version_stays_and_can_be_named(served: Served) -> None:
    client = served.client("ann")
    tags = [save(client, "told", if_none_match="*").headers["etag"]]
    tags += [save(client, "told", "Two", if_match=tags[0]).headers["etag"]]
    listed = wire.VersionList.model_validate_json(client.get("/api/graphs/told/versions").content)
    assert [f'"{v.etag}"' for v in listed.versions] == tags[::-1]
    assert {v.by for v in listed.versions} == {"ann"}
    first = tags[0].strip('"')
    assert client.get(f"/api/graphs/told/versions/{first}").text == document("told")
    assert client.put(f"/api/graphs/told/versions/{first}/label", json={"label": "as it began"}).status_code == 204
    assert client.get("/api/graphs/told/versions").json()["versions"][1]["label"] == "as it began"
    changes = client.get(f"/api/graphs/told/diff?from={first}").json()["changes"]
    assert [(c["what"], c["name"], c["after"]) for c in changes] == [("changed", "title", "Two")]


def test_what_was_changed_by_hand_is_a_version_too_before_it_is_saved_over(served: Served) -> None:
    client = served.client()
    save(client, "by-hand", if_none_match="*")
    (served.graphs / "by-hand.json").write_text(document("by-hand", "Typed"))
    tag = client.get("/api/graphs/by-hand").headers["etag"]
    save(client, "by-hand", "Saved", if_match=tag)
    versions = client.get("/api/graphs/by-hand/versions").json()["versions"]
    assert [(v["etag"] == tag.strip('"'), v["by"]) for v in versions] == [
        (False, "root"),
        (True, None),
        (False, "root"),
    ]


def test_an_unknown_version_is_told_so(served: Served) -> None:
    for answer in (
        served.client().get(f"/api/graphs/coordinator/versions/{'0' * 64}"),
        served.client().put(f"/api/graphs/coordinator/versions/{'0' * 64}/label", json={"label": "x"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "graph.version")


def test_a_graph_is_renamed_with_its_versions_and_answers(served: Served) -> None:
    client = served.client()
    tag = save(client, "before", if_none_match="*").headers["etag"]
    (served.graphs / "before.scripted.json").write_text("{}")
    assert (
        client.post("/api/graphs/before/rename", json={"to": "coordinator"}, headers={"if-match": tag}).status_code
        == 409
    )
    renamed = client.post("/api/graphs/before/rename", json={"to": "after"}, headers={"if-match": tag})
    assert renamed.status_code == 200, renamed.text
    assert json.loads((served.graphs / "after.json").read_text())["name"] == "after"
    assert (served.graphs / "after.scripted.json").exists()
    assert not (served.graphs / "before.json").exists()
    assert len(client.get("/api/graphs/after/versions").json()["versions"]) == 2


def test_a_graph_that_others_run_is_neither_renamed_nor_removed(served: Served) -> None:
    client = served.client()
    tag = save(client, "inner", if_none_match="*").headers["etag"]
    outer = json.loads(document("outer"))
    outer["nodes"]["start"] = {"kind": "subgraph", "graph": "inner", "to": [{"node": "end"}]}
    client.put("/api/graphs/outer", json=outer, headers={"if-none-match": "*"})
    refused = client.delete("/api/graphs/inner", headers={"if-match": tag})
    assert (refused.status_code, refused.json()["code"]) == (409, "graph.in_use")


def test_a_removed_graph_keeps_its_versions(served: Served) -> None:
    client = served.client()
    tag = save(client, "gone", if_none_match="*").headers["etag"]
    assert client.delete("/api/graphs/gone", headers={"if-match": '"0"'}).status_code == 412
    assert client.delete("/api/graphs/gone", headers={"if-match": tag}).status_code == 204
    assert client.get("/api/graphs/gone").status_code == 404
    assert len(client.get("/api/graphs/gone/versions").json()["versions"]) == 1


def test_a_document_is_checked_without_being_saved(served: Served) -> None:
    client = served.client()
    broken = json.loads(document("coordinator"))
    broken["nodes"]["start"]["to"] = [{"node": "nowhere"}]
    found = client.post("/api/graphs/coordinator/validate", json=broken).json()["findings"]
    assert {finding["severity"] for finding in found} >= {"error"}
    assert client.post("/api/graphs/coordinator/validate", content="", headers=JSON).json() == {"findings": []}
    assert (
        client.post("/api/graphs/x/validate", content="{", headers=JSON).json()["findings"][0]["code"] == "json.syntax"
    )


def test_tidy_gets_a_position_for_every_node(served: Served) -> None:
    client = served.client()
    placed = wire.Positions.model_validate_json(client.get("/api/graphs/fan-out-gather/layout").content)
    assert set(placed.positions) == set(client.get("/api/graphs/fan-out-gather").json()["nodes"])
    sent = client.post("/api/graphs/unsaved/layout", content=document("unsaved"), headers=JSON)
    assert set(sent.json()["positions"]) == {"start", "end"}


def test_a_document_is_compared_with_what_is_saved(served: Served) -> None:
    client = served.client()
    changed = client.get("/api/graphs/coordinator").json() | {"title": "Other"}
    changes = client.post("/api/graphs/coordinator/diff", json=changed).json()["changes"]
    assert [change["name"] for change in changes] == ["title"]


def test_a_change_by_hand_is_told_on_the_feed(alone: Served) -> None:
    with alone.client().stream("GET", "/api/events") as stream:
        events = (event for event in sse(stream) if event.type == "graph")
        (alone.graphs / "typed.json").write_text(document("typed"))
        assert next(events).value | {"etag": ""} == {"graph": "typed", "etag": "", "by": None}
        save(alone.client("ann"), "saved", if_none_match="*")
        assert next(events).value["by"] == "ann"
        (alone.graphs / "typed.json").unlink()
        assert next(events).value == {"graph": "typed", "etag": None, "by": None}


def test_a_file_that_is_no_graph_is_listed_with_what_is_wrong(served: Served) -> None:
    (served.graphs / "torn.json").write_text('{"format"')
    lines = {graph["name"]: graph for graph in served.client().get("/api/graphs").json()["graphs"]}
    assert "breaks off" in lines["torn"]["problem"]
    assert served.client().post("/api/runs", json={"graph": "torn"}).status_code == 422


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(moves=st.lists(st.tuples(st.sampled_from(["ann", "bob"]), st.sampled_from(["read", "save"])), max_size=14))
def test_two_who_save_the_same_graph_never_overwrite_each_other_unseen(served: Served, moves: list[Any]) -> None:
    clients = {name: served.client(name) for name in ("ann", "bob")}
    url = "/api/graphs/contested"
    current = save(clients["ann"], "contested", if_match="*")
    if current.status_code == 412:
        current = save(clients["ann"], "contested", if_none_match="*")
    seen = dict.fromkeys(clients, current.headers["etag"])
    newest = current.headers["etag"]
    for number, (name, move) in enumerate(moves):
        if move == "read":
            seen[name] = clients[name].get(url).headers["etag"]
            assert seen[name] == newest
            continue
        answer = save(clients[name], "contested", f"{name} {number}", if_match=seen[name])
        assert answer.status_code == (200 if seen[name] == newest else 412)
        if answer.status_code == 200:
            newest = seen[name] = answer.headers["etag"]
        else:
            assert answer.headers["etag"] == newest


def test_every_pattern_can_be_begun_and_runs_without_a_key(served: Served) -> None:
    client = served.client()
    known = wire.PatternList.model_validate_json(client.get("/api/patterns").content).patterns
    assert {"draft-and-review", "coordinator"} <= {pattern.name for pattern in known}
    for pattern in known:
        assert pattern.document["name"] == pattern.name
        made = client.post(f"/api/graphs/my-{pattern.name}/new", json={"from": pattern.name})
        assert made.status_code == 201, made.text
        saved = wire.Saved.model_validate_json(made.content)
        assert [finding for finding in saved.findings if finding.severity == "error"] == []
        assert made.headers["etag"] == client.get(made.headers["location"]).headers["etag"]
    run = served.start("my-sequential-pipeline")
    assert served.until_ended(run["id"])["status"] == "completed"
    assert len(client.get("/api/graphs/my-coordinator/versions").json()["versions"]) == 1


def test_a_blank_graph_is_begun_and_nothing_is_overwritten(served: Served) -> None:
    client = served.client()
    assert client.post("/api/graphs/blank/new", json={}).status_code == 201
    content = (served.graphs / "blank.json").read_bytes()
    (served.graphs / "left.scripted.json").write_text('{"m": []}')
    for name, body, status, code in (
        ("blank", {"from": "coordinator"}, 409, "graph.exists"),
        ("left", {"from": "coordinator"}, 409, "graph.exists"),
        ("other", {"from": "coordinatr"}, 422, "pattern.unknown"),
        ("No Name", {"from": None}, 422, "input.invalid"),
        ("other", {"form": None}, 422, "request.invalid"),
    ):
        answer = client.post(f"/api/graphs/{name}/new", json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert str(served.graphs) not in answer.text
    assert (served.graphs / "blank.json").read_bytes() == content
    assert (served.graphs / "left.scripted.json").read_text() == '{"m": []}'
    assert not (served.graphs / "left.json").exists()


def test_a_new_name_never_takes_the_answers_of_an_earlier_graph_of_that_name(served: Served) -> None:
    client = served.client()
    made = client.post("/api/graphs/gone/new", json={"from": "coordinator"})
    assert client.delete("/api/graphs/gone", headers={"if-match": made.headers["etag"]}).status_code == 204
    left = (served.graphs / "gone.scripted.json").read_bytes()
    other = client.post("/api/graphs/comes/new", json={"from": "sequential-pipeline"})
    answer = client.post("/api/graphs/comes/rename", json={"to": "gone"}, headers={"if-match": other.headers["etag"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "graph.exists")
    assert (served.graphs / "gone.scripted.json").read_bytes() == left
    assert (served.graphs / "comes.json").exists()
