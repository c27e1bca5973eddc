"""SECURITY.md 7 to 11, 20, 22 to 26 and 28, as far as the server is concerned."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from engine.errors import CODES, JournalError
from engine.model.new import new_graph
from server import events, outbox, problems
from server.folder import Folder
from server.shelf import Shelf
from tests.server.served import Served, serving

ESCAPES = ["..%2Fsecret", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "a%2Fb", "A", "a.b", "x" * 65, "%00", "-a", "con%0a", "é"]


@pytest.mark.parametrize("name", ESCAPES)
def test_7_a_name_that_is_none_reaches_no_file(served: Served, name: str) -> None:
    (served.graphs.parent / "secret.json").write_text(new_graph("secret").dumps())
    for path in (name, f"{name}/versions", f"{name}/layout", f"{name}/diagram.svg"):
        assert served.client().get(f"/api/graphs/{path}").status_code in (404, 422)
    sent = served.client().put(
        f"/api/graphs/{name}",
        content=new_graph("secret").dumps(),
        headers={"content-type": "application/json", "if-match": "*"},
    )
    assert sent.status_code in (404, 405, 422)


def test_7_a_link_that_leads_out_is_no_graph(served: Served) -> None:
    outside = served.graphs.parent / "outside.json"
    outside.write_text(new_graph("leads-out").dumps())
    os.symlink(outside, served.graphs / "leads-out.json")
    client = served.client()
    assert client.get("/api/graphs/leads-out").json()["code"] == "graph.unknown"
    assert "leads-out" not in {graph["name"] for graph in client.get("/api/graphs").json()["graphs"]}
    assert client.post("/api/runs", json={"graph": "leads-out"}).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["pages/../../engine/app.py", "pages/%2e%2e/%2e%2e/pyproject.toml", "fonts/../worker.py", "/etc/passwd", "pages"],
)
def test_7_static_files_lead_nowhere_else(served: Served, path: str) -> None:
    answer = served.client(None).get(f"/static/{path}")
    assert answer.status_code in (401, 404)
    assert b"import" not in answer.content


def test_8_checking_comparing_and_drawing_run_nothing(served: Served) -> None:
    client = served.client()
    before = client.get("/api/runs").json()["position"]
    document = json.loads((served.graphs / "human-in-the-loop.json").read_text())
    for path in ("validate", "layout", "diff"):
        assert client.post(f"/api/graphs/human-in-the-loop/{path}", json=document).status_code == 200
    for ending in ("svg", "dot", "mmd"):
        assert client.get(f"/api/graphs/human-in-the-loop/diagram.{ending}").status_code == 200
    assert client.get("/api/runs").json()["position"] == before


HOSTILE: list[Any] = [
    {"format": "weft/1", "name": "x", "nodes": {"a": {"kind": "tool", "tool": "os.system"}}},
    {"format": "weft/1", "name": "x", "nodes": {"a": {"kind": "agent", "tools": ["__import__('os')"], "model": "http://evil"}}},
    {"format": "weft/1", "name": "x", "nodes": {"a": {"kind": "human-gate", "prompt": "{{ ''.__class__ }}"}}},
    {"format": "weft/1", "name": "x", "nodes": {str(n): {} for n in range(20_000)}},
    {"format": "weft/1", "name": "x" * 100_000, "nodes": {}},
    {"__proto__": {"polluted": True}},
    None, 7, "text", [], {},
]  # fmt: skip


@pytest.mark.parametrize("document", HOSTILE, ids=range(len(HOSTILE)))
def test_8_a_hostile_document_gives_findings_only(served: Served, document: Any) -> None:
    headers = {"content-type": "application/json"}
    answer = served.client().post("/api/graphs/x/validate", content=json.dumps(document), headers=headers)
    assert answer.status_code == 200
    assert any(finding["severity"] == "error" for finding in answer.json()["findings"])


def test_11_no_route_takes_code_a_command_or_an_address(served: Served) -> None:
    body = {"graph": "coordinator", "tools": ["evil.py"]}
    assert served.client().post("/api/runs", json=body).json()["code"] == "request.invalid"
    described = served.client().get("/api/openapi.json").json()["components"]["schemas"]
    fields = {name for schema in described.values() for name in schema.get("properties", {})}
    assert fields.isdisjoint({"command", "module", "code", "path", "file", "callback", "webhook"} - {"code"})


def test_20_a_token_stands_in_no_answer_and_no_page(served: Served) -> None:
    from tests.server.served import TOKENS

    client = served.client("ann")
    run = served.start("sequential-pipeline")
    served.until_ended(run["id"])
    paths = [
        "/",
        "/api/session",
        "/api/runs",
        f"/api/runs/{run['id']}",
        "/metrics",
        "/api/openapi.json",
        "/api/nothing",
    ]
    told = "".join(client.get(path).text for path in [*paths, f"/api/runs/{run['id']}/diagram.svg"])
    assert all(token not in told for token in TOKENS.values())


def test_20_our_own_fault_tells_nothing_of_our_inside(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from server import graphs

    def breaks() -> Any:
        raise RuntimeError("the secret is swordfish")

    monkeypatch.setattr(graphs, "graph_schema", breaks)
    answer = served.client().get("/api/schema")
    assert (answer.status_code, answer.json()["code"]) == (500, "engine.bug")
    assert "swordfish" not in answer.text
    assert "Traceback" not in answer.text


def test_22_a_picture_says_that_it_may_do_nothing(served: Served) -> None:
    headers = served.client().get("/api/graphs/coordinator/diagram.svg").headers
    assert headers["content-security-policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
    )
    assert headers["content-disposition"] == 'inline; filename="coordinator.svg"'


def test_23_a_picture_holds_no_script_whatever_its_labels_say(served: Served) -> None:
    evil = """</text><script>alert(1)</script><img src=x onerror=alert(1)>" onload="alert(1)"""
    graph = new_graph("evil").model_copy(update={"title": evil, "description": evil})
    (served.graphs / "evil.json").write_text(graph.dumps())
    svg = served.client().get("/api/graphs/evil/diagram.svg").text
    assert not re.search(r"<(script|img|a|foreignObject|image|use)\b|\son\w+=[\"']", svg)


def test_24_control_characters_from_a_request_reach_no_log(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    for path in ("/api/runs/%1b%5b31m", "/api/graphs/%0d%0aSet-Cookie:x", "/%1b]0;owned%07"):
        answer = served.client().get(path)
        assert "set-cookie" not in answer.headers
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", caplog.text)


def test_26_a_stream_holds_a_bounded_number_of_bytes() -> None:
    box = outbox.Outbox()
    while box.put_nowait(b"x" * 100_000):
        pass
    assert box.size_bytes < outbox.QUEUE_BYTES + 100_000
    pieces = list(box.take())
    assert max(map(len, pieces)) <= outbox.PIECE_BYTES
    assert sum(map(len, pieces)) == 300_000
    assert box.put_nowait(b"x")
    assert events.SLOW_S <= 60


def test_28_a_database_that_cannot_be_used_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "weft.db").write_text("this is a letter to my aunt, and no database at all")
    with pytest.raises(JournalError) as refused, serving(tmp_path):
        pass
    assert refused.value.code == "journal.corrupt"


@pytest.mark.anyio
async def test_28_tables_that_cannot_be_written_are_a_clear_error(tmp_path: Path) -> None:
    shelf = Shelf(str(tmp_path / "nowhere" / "weft.db"))
    with pytest.raises(JournalError):
        await shelf.open()
    with pytest.raises(JournalError):
        await shelf.do(lambda connection: connection.execute("SELECT 1"))


@pytest.mark.anyio
async def test_28_a_graph_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    place = tmp_path / "graphs"
    place.write_text("a file where the directory should be")
    from engine.errors import GraphError

    with pytest.raises(GraphError) as refused:
        await Folder(place).save("x", "{}", expected="", by="ann")
    assert refused.value.code == "graph.unwritable"


def test_every_status_stands_for_a_code_that_exists() -> None:
    assert set(problems.STATUS) <= set(CODES)
    assert set(problems.STATUS.values()) <= set(problems.TITLES)
