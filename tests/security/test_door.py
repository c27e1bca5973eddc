"""SECURITY.md 1 to 6: who gets in, held against every route that the router knows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.routing import Route

from engine import Config, ConfigError
from server import security
from server.app import WAYS
from server.settings import Settings, settings_of
from server.ways import Way, routes_of
from tests.server.served import TOKENS, Served, serving, sse

OPEN = {
    ("GET", "/"),
    ("GET", "/static/{file:path}"),
    ("POST", "/api/session"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/decide/{token}"),
    ("GET", "/decide/{token}/gate"),
    ("POST", "/decide/{token}"),
    ("GET", "/embed/{token}"),
    ("GET", "/embed/{token}/run"),
    ("GET", "/embed/{token}/diagram.svg"),
    ("GET", "/embed/{token}/events"),
}
"""SECURITY.md 2, word for word; a token in the address is checked by its route."""


def ways() -> list[tuple[str, str]]:
    """Every method and path, taken from the router itself."""
    routes: list[Route] = routes_of(WAYS)
    return [(method, route.path) for route in routes for method in sorted(route.methods or ()) if method != "HEAD"]


def call(client: httpx2.Client, method: str, path: str, **more: Any) -> httpx2.Response:
    url = re.sub(r"\{ending\}", "svg", path)
    url = re.sub(r"\{\w+(:\w+)?\}", "x", url)
    if method in ("POST", "PUT"):
        more.setdefault("content", "{}")
        more["headers"] = {"content-type": "application/json", **more.get("headers", {})}
    return client.request(method, url, **more)


@pytest.mark.parametrize(
    ("host", "code"),
    [("0.0.0.0", "serve.bind"), ("::", "serve.bind"), ("192.0.2.1", "serve.bind"), ("host.example", "serve.bind")],
)
def test_1_an_address_that_others_reach_is_refused_without_a_token(host: str, code: str) -> None:
    plain = Settings(db="memory:", graphs=Path("graphs"), host=host)
    with pytest.raises(ConfigError) as refused:
        settings_of(Config(), plain)
    assert refused.value.code == code
    assert settings_of(Config(), plain, token="a-token-that-is-long-enough").people
    with pytest.raises(ConfigError, match="shorter"):
        settings_of(Config(), plain, token="short")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_1_the_loopback_needs_none(host: str) -> None:
    assert settings_of(Config(), Settings(db="memory:", graphs=Path("graphs"), host=host)).host == host


@pytest.mark.parametrize(("method", "path"), ways())
def test_2_every_route_answers_401_without_a_token(served: Served, method: str, path: str) -> None:
    answer = call(served.client(None), method, path)
    if (method, path) in OPEN:
        assert answer.status_code != 401 or path == "/api/session"
    else:
        assert (answer.status_code, answer.json()["code"]) == (401, "request.unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_2_the_list_of_exceptions_is_this_one() -> None:
    found = {(m, p) for m, p in ways() if security.is_open(m, re.sub(r"\{\w+(:\w+)?\}", "x", p))}
    assert found == OPEN


def test_2_what_is_not_there_is_401_too(served: Served) -> None:
    for path in ("/api/nothing", "/admin", "/static", "/decide/", "/embed/x/secrets"):
        assert served.client(None).get(path).status_code == 401


@pytest.mark.parametrize("header", ["Bearer wrong", "Basic cm9vdDpyb290", f"Token {TOKENS['root']}", "bearer"])
def test_2_a_wrong_token_is_none(served: Served, header: str) -> None:
    assert served.client(None).get("/api/runs", headers={"authorization": header}).status_code == 401


def test_3_the_first_link_logs_in_once_into_a_cookie(tmp_path: Path) -> None:
    with serving(tmp_path, people={}) as running:
        token = running.url.partition("#token=")[2]
        client = running.client(None)
        answer = client.post("/api/session", json={"token": token})
        assert answer.status_code == 200
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert token not in cookie
        assert client.get("/api/session").json()["name"] == "local"
        assert running.client(None).post("/api/session", json={"token": token}).status_code == 401
        assert client.delete("/api/session").status_code == 204
        assert running.client(None).get("/api/session", headers={"cookie": cookie.partition(";")[0]}).status_code == 401


def test_3_a_session_outlives_the_server_and_tokens_are_not_in_its_database(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        client = running.client(None)
        client.post("/api/session", json={"token": TOKENS["ann"]})
        cookie = "; ".join(f"{c.name}={c.value}" for c in client.cookies.jar)
        port = running.base.rpartition(":")[2]
        link = running.client("ann").post("/api/session/links", json={}).json()["url"].partition("#token=")[2]
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("weft.db*"))
    assert cookie.partition("=")[2].encode() not in stored
    assert link.encode() not in stored
    assert TOKENS["ann"].encode() not in stored
    with serving(tmp_path) as running:
        renamed = cookie.replace(port, running.base.rpartition(":")[2])
        assert running.client(None).get("/api/session", headers={"cookie": renamed}).json()["name"] == "ann"


def test_3_a_session_ends_for_who_is_no_longer_named(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        client = running.client(None)
        client.post("/api/session", json={"token": TOKENS["bob"]})
        cookie = next(c.value for c in client.cookies.jar)
    with serving(tmp_path, people={}) as running:
        name = f"weft_session_{running.base.rpartition(':')[2]}"
        assert running.client(None).get("/api/session", headers={"cookie": f"{name}={cookie}"}).status_code == 401


@pytest.mark.parametrize("way", ["bearer", "session", "link"])
def test_3_who_guesses_is_slowed_down(tmp_path: Path, way: str) -> None:
    with serving(tmp_path) as running:
        client = running.client(None)

        def guess() -> httpx2.Response:
            if way == "bearer":
                return client.get("/api/runs", headers={"authorization": "Bearer guess"})
            if way == "session":
                return client.post("/api/session", json={"token": "guess"})
            return client.get("/decide/guess/gate")

        answers = [guess() for _ in range(security.Guesses.MOST + 1)]
        assert {answer.status_code for answer in answers[:-1]} <= {401, 404}
        assert (answers[-1].status_code, answers[-1].json()["code"]) == (429, "request.rate")
        assert answers[-1].headers["retry-after"]


def test_3_guesses_are_forgotten_after_a_while_and_take_bounded_room() -> None:
    guesses = security.Guesses()
    for _ in range(guesses.MOST):
        guesses.wrong("a", 0.0)
    assert guesses.wait_s("a", 1.0) == guesses.WITHIN_S - 1
    assert guesses.wait_s("a", guesses.WITHIN_S) == 0
    for number in range(guesses.ADDRESSES + 5):
        guesses.wrong(str(number), 0.0)
    assert guesses.wait_s("a", 1.0) == 0


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.", "[::", "192.0.2.7:8700", "evil@"]
)
def test_4_a_foreign_host_is_421_on_every_route(served: Served, host: str) -> None:
    for method, path in ways():
        answer = call(served.client(), method, path, headers={"host": host})
        assert (answer.status_code, answer.json()["code"]) == (421, "request.host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8700"])
def test_4_the_names_of_this_machine_are_ours(served: Served, host: str) -> None:
    assert served.client().get("/api/models", headers={"host": host}).status_code == 200


def is_guarded(way: Way) -> bool:
    return way.method in security.WRITES or way.gives == "text/event-stream"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1", "file://", ""]
)
def test_4_a_foreign_origin_is_403_on_every_write_and_stream(served: Served, origin: str) -> None:
    for way in filter(is_guarded, WAYS):
        answer = call(served.client(), way.method, way.path, headers={"origin": origin})
        assert (answer.status_code, answer.json()["code"]) == (403, "request.origin"), way.path


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_4_what_the_browser_calls_foreign_is_refused(served: Served, site: str) -> None:
    answer = served.client().post("/api/runs", json={"graph": "coordinator"}, headers={"sec-fetch-site": site})
    assert answer.status_code == 403


def test_4_our_own_page_may_write_and_nobody_is_told_of_cors(served: Served) -> None:
    answer = served.client().post("/api/runs", json={"graph": "coordinator"}, headers={"origin": served.base})
    assert answer.status_code == 201
    for method in ("GET", "OPTIONS", "POST"):
        answer = served.client().request(
            method, "/api/runs", headers={"origin": served.base, "content-type": "application/json"}
        )
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-8",
        "application/json, text/plain",
        "application/jsonp",
        "",
        "text/json",
    ],
)
def test_5_a_write_that_does_not_say_json_is_415(served: Served, media_type: str) -> None:
    for method, path in ways():
        if method in ("POST", "PUT"):
            answer = call(served.client(), method, path, headers={"content-type": media_type})
            assert (answer.status_code, answer.json()["code"]) == (415, "request.media_type"), path


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"graph": "coordinator", "graph": "fan-out-gather"}', 400),
        (b'{"graph": "coordinator", "input": ' + b"[" * 5000 + b"]" * 5000 + b"}", 400),
        (b'{"graph": "coordinator", "input": ' + b"[" * 200_000, 400),
        (b'{"graph": "coordinator", "input": 1e999}', 400),
        (b'{"graph": "coordinator", "input": ' + b"9" * 5000 + b"}", 400),
        (b'{"graph": "coordinator", "input": NaN}', 400),
        (b'{"graph": "coordinator", "input": "\\ud800"}', 400),
        (b"\xff\xfe", 400),
        (b'{"graph": "coordinator"} trailing', 400),
        (b'{"graph": "' + b"x" * (9 << 20) + b'"}', 413),
    ],
    ids=["twice", "deep", "open", "infinite", "giant", "nan", "half", "encoding", "trailing", "big"],
)
def test_5_a_body_that_is_no_sane_json_is_refused(served: Served, body: bytes, status: int) -> None:
    answer = served.client().post("/api/runs", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status


def test_5_a_body_without_a_length_is_bounded_too(served: Served) -> None:
    pieces = (b" " * 65536 for _ in range(200))
    answer = served.client().post("/api/runs", content=pieces, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "request.too_big")


def test_6_every_answer_carries_the_headers(served: Served) -> None:
    for client in (served.client(), served.client(None)):
        for method, path in ways():
            if path.endswith("/events"):
                continue
            headers = call(client, method, path).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cross-origin-opener-policy"] == "same-origin"
            assert headers["cross-origin-resource-policy"] == "same-origin"
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "server" not in headers


def test_6_a_page_may_do_only_what_it_needs(served: Served) -> None:
    policy = served.client(None).get("/").headers["content-security-policy"]
    assert policy == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def test_6_no_page_loads_or_writes_what_is_not_ours() -> None:
    root = Path(__file__).resolve().parents[2] / "editor_static"
    for file in (root / "pages").iterdir():
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert re.findall(r"""(?:src|href)=["'](?:https?:)?//""", text) == [], file
        assert not re.search(r"\.innerHTML|insertAdjacentHTML|document\.write|outerHTML|DOMParser|eval\(", text), file
        assert not re.search(r"""<script(?![^>]*\ssrc=)|\son\w+=["']|style=["']""", text), file


def test_6_an_open_stream_is_dressed_too(served: Served) -> None:
    with served.client().stream("GET", "/api/events", params={"after": 0}) as stream:
        assert stream.headers["cache-control"] == "no-store"
        assert stream.headers["x-content-type-options"] == "nosniff"
        next(iter(stream.iter_lines()))
    run = served.start("sequential-pipeline")
    with served.client().stream("GET", f"/api/runs/{run['id']}/events") as stream:
        assert next(sse(stream)).value["n"] == 1
