"""The OpenAPI page, operations, settings: what is said of the server is what it does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from engine import Config, ConfigError, load_config
from server.app import API, WAYS
from server.settings import Settings, settings_of
from tests.server.served import Served, serving


def test_every_way_of_a_program_is_described_once(served: Served) -> None:
    page = served.client().get("/api/openapi.json").json()
    described = {(method.upper(), path) for path, known in page["paths"].items() for method in known}
    assert described == {(way.method, re.sub(r"\{(\w+):\w+\}", r"{\1}", way.path)) for way in API}
    names = [operation["operationId"] for known in page["paths"].values() for operation in known.values()]
    assert sorted(names) == sorted(set(names))
    assert all(operation["summary"] for known in page["paths"].values() for operation in known.values())


def test_every_handler_is_reached_by_one_way() -> None:
    acts = [way.act for way in WAYS]
    assert len(acts) == len(set(acts))


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_life_is_told_to_anybody(served: Served, path: str) -> None:
    assert served.client(None).get(path).json()["status"] == "ok"


def test_numbers_are_prometheus_text(served: Served) -> None:
    run = served.start("sequential-pipeline")
    served.until_ended(run["id"])
    text = served.client().get("/metrics").text
    assert re.search(r'^weft_events_total\{type="RunCompleted"\} [1-9]', text, re.MULTILINE)
    assert re.search(r'^weft_requests_total\{method="POST",route="/api/runs",status="201"\} [1-9]', text, re.MULTILINE)
    assert all(re.fullmatch(r"(#.*|\w+(\{.*\})? [0-9.e+-]+)", line) for line in text.splitlines())


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "OPTIONS", "DELETE"])
def test_a_method_that_is_not_known_is_405(served: Served, method: str) -> None:
    answer = served.client().request(method, "/api/runs", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (405, "request.method")


@pytest.mark.parametrize("path", ["/api/nothing", "/api/graphs/", "/nothing", "/api/runs/x/unknown"])
def test_what_is_not_there_is_a_problem(served: Served, path: str) -> None:
    answer = served.client().get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "request.unknown")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("ending", "media_type", "begins"),
    [
        ("svg", "image/svg+xml", b"<svg"),
        ("png", "image/png", b"\x89PNG"),
        ("pdf", "application/pdf", b"%PDF"),
        ("dot", "text/vnd.graphviz", b"digraph"),
        ("mmd", "text/vnd.mermaid", b"flowchart"),
    ],
)
def test_pictures_come_in_every_format(served: Served, ending: str, media_type: str, begins: bytes) -> None:
    run = served.start("sequential-pipeline")
    for path in ("graphs/sequential-pipeline", f"runs/{run['id']}"):
        answer = served.client().get(f"/api/{path}/diagram.{ending}?theme=dark")
        assert answer.headers["content-type"].startswith(media_type)
        assert begins in answer.content[:400]


def test_a_picture_is_not_sent_twice(served: Served) -> None:
    first = served.client().get("/api/graphs/coordinator/diagram.svg")
    again = served.client().get("/api/graphs/coordinator/diagram.svg", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["coordinator/diagram.gif", "coordinator/diagram.svg?theme=pink", "nobody/diagram.svg"]
)
def test_a_picture_that_cannot_be_is_a_problem(served: Served, path: str) -> None:
    assert served.client().get(f"/api/graphs/{path}").status_code in (404, 422)


def test_what_there_is_is_told(served: Served) -> None:
    client = served.client()
    assert "file.write" in {tool["name"] for tool in client.get("/api/tools").json()["tools"]}
    assert "scripted" in client.get("/api/models").json()["providers"]
    assert client.get("/api/schema").json()["title"] == "Graph"


def test_links_and_cookies_know_the_path_of_a_proxy(tmp_path: Path) -> None:
    with serving(tmp_path, root_path="/weft") as running:
        assert running.url.endswith("/weft/")
        client = running.client()
        client.base_url = client.base_url.copy_with(path="/")
        answer = client.post("/api/runs", json={"graph": "coordinator"})
        assert answer.headers["location"].startswith("/weft/api/runs/")
        assert client.post("/api/session/links", json={}).json()["url"].partition("#")[0].endswith("/weft/")
        assert client.get("/api/openapi.json").json()["servers"] == [{"url": "/weft"}]


TOML = """
[serve]
hosts = ["weft.example"]
root_path = "/weft"
max_running = 3

[[users]]
name = "ann"
token_hash = "sha256:{digest}"
groups = ["finance"]
"""


def test_users_and_names_come_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "weft.toml").write_text(TOML.format(digest="0" * 64))
    config = load_config(None, directory=tmp_path)
    settings = settings_of(config, Settings(db="memory:", graphs=tmp_path, host="0.0.0.0"))
    assert settings.people["0" * 64].name == "ann"
    assert {"weft.example", "localhost"} <= settings.hosts
    assert (settings.root_path, config.serve.max_running) == ("/weft", 3)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [("[serve]\nhossts = []", "hosts"), ("[[users]]\nname = 'a'\ntoken_hash = 'md5:1'", None),
     (TOML.format(digest="0" * 64) + TOML.format(digest="1" * 64).partition("\n\n")[2], None)],
)  # fmt: skip
def test_a_wrong_setting_is_refused(tmp_path: Path, wrong: str, hint: Any) -> None:
    (tmp_path / "weft.toml").write_text(wrong)
    with pytest.raises(ConfigError) as refused:
        load_config(None, directory=tmp_path)
    assert refused.value.code == "config.invalid"
    assert hint is None or hint in (refused.value.hint or "")


def test_a_port_that_is_taken_is_said(tmp_path: Path, served: Served) -> None:
    port = int(served.base.rpartition(":")[2])
    with pytest.raises(ConfigError) as refused, serving(tmp_path, port=port):
        pass
    assert refused.value.code == "serve.port"


def test_nothing_is_said_without_settings() -> None:
    assert settings_of(Config(), Settings(db="memory:", graphs=Path("graphs"))).people == {}
