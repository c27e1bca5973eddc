"""SECURITY.md, line by line, as it was attacked: what once got through is held shut here, in the server."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import pytest

from engine.model.new import new_graph
from server import security
from server.connections import Connection
from server.security import Guesses, host_name
from tests.server.served import TOKENS, Served, serving

BEARER = f"Authorization: Bearer {TOKENS['root']}\r\n"


def raw(served: Served, head: str, body: bytes = b"", *, wait_s: float = 5.0) -> str:
    """The answer to bytes that no decent client would send."""
    host, _, port = served.base.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=wait_s) as line:
        line.sendall(f"{head}\r\nConnection: close\r\n\r\n".encode("latin-1") + body)
        answer = b""
        while piece := line.recv(65536):
            answer += piece
    return answer.decode("latin-1")


HOSTS = [
    "user@localhost",
    "evil.example\\@localhost",
    "evil.example#@127.0.0.1",
    "localhost/.evil.example",
    "localhost#.evil.example",
    "localhost?.evil.example",
    "[::1]evil.example",
    "localhost:8700:1",
    "localhost:port",
    "localhost:-1",
    "127.1",
    "2130706433",
    "0x7f.0.0.1",
    "127.0.0.1.",
    "[::ffff:127.0.0.1]",
    "localhost%00",
    "localhost,evil.example",
]


@pytest.mark.parametrize("host", HOSTS)
def test_4_a_host_is_a_name_and_a_port_and_nothing_around_it(served: Served, host: str) -> None:
    answer = raw(served, f"GET /api/models HTTP/1.1\r\nHost: {host}\r\n{BEARER}".rstrip())
    assert answer.startswith("HTTP/1.1 421 ")


@pytest.mark.parametrize("host", ["localhost", "LocalHost:", "127.0.0.1:99999", "[::1]", "[::1]:1"])
def test_4_our_own_names_are_read(host: str) -> None:
    assert host_name(host) in ("localhost", "127.0.0.1", "::1")


@pytest.mark.parametrize(
    "target", ["http://evil.example/api/models", "http://127.0.0.1/api/models", "*", "//localhost"]
)
def test_4_a_target_that_is_no_path_leads_nowhere(served: Served, target: str) -> None:
    for line in ("", BEARER):
        answer = raw(served, f"GET {target} HTTP/1.1\r\nHost: localhost\r\n{line}".rstrip())
        assert re.match(r"HTTP/1.1 (400|401|404) ", answer), answer[:100]


def test_4_two_hosts_or_none_are_refused(served: Served) -> None:
    assert raw(served, f"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n{BEARER}".rstrip())[9:12] == "400"
    assert raw(served, f"GET / HTTP/1.1\r\n{BEARER}".rstrip())[9:12] == "400"
    assert raw(served, f"GET / HTTP/1.0\r\n{BEARER}".rstrip())[9:12] == "421"


@pytest.mark.parametrize("ending", ["%0a", "%0d", "%00", "%7f", "%0a%0a"])
def test_4_no_address_ends_with_what_a_router_overlooks(served: Served, ending: str) -> None:
    for path in ("/api/models", "/api/events", "/api/runs", "/healthz", "/metrics"):
        answer = served.client().get(f"{path}{ending}", headers={"origin": "https://evil.example"})
        assert answer.status_code in (403, 404), path


@pytest.mark.parametrize("query", ["token", "access_token", "authorization"])
def test_2_a_token_in_an_address_is_none(served: Served, query: str) -> None:
    assert served.client(None).get("/api/runs", params={query: TOKENS["root"]}).status_code == 401


@pytest.mark.parametrize("cookie", ["x", '"', "\x80\xff", "a; {name}=b", "a" * 60_000, '\\"' * 10_000, "=;="])
def test_3_a_made_up_cookie_is_nobody_and_costs_nothing(served: Served, cookie: str) -> None:
    name = f"weft_session_{served.base.rpartition(':')[2]}"
    started = time.monotonic()
    line = f"Cookie: {name}={cookie.replace('{name}', name)}"
    answer = raw(served, f"GET /api/runs HTTP/1.1\r\nHost: localhost\r\n{line}")
    assert answer.startswith("HTTP/1.1 401 ")
    assert time.monotonic() - started < 2


def test_3_a_session_is_drawn_here_whatever_cookie_was_planted_before(served: Served) -> None:
    name = f"weft_session_{served.base.rpartition(':')[2]}"
    client = served.client(None)
    client.cookies.set(name, "planted-by-somebody-else")
    answer = client.post("/api/session", json={"token": TOKENS["ann"]})
    assert "planted" not in answer.headers["set-cookie"]
    planted = {"cookie": f"{name}=planted-by-somebody-else"}
    assert served.client(None).get("/api/session", headers=planted).status_code == 401


def test_3_of_many_who_use_one_link_at_once_one_gets_in(tmp_path: Path) -> None:
    with serving(tmp_path, people={}) as running:
        token = running.url.partition("#token=")[2]
        told = at_once(12, lambda: running.client(None).post("/api/session", json={"token": token}).status_code)
    assert told == {200: 1, 401: 11}


def test_3_guessing_all_at_once_is_no_way_around(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        told = at_once(60, lambda: running.client(None).post("/api/session", json={"token": "guess"}).status_code)
    assert told[401] <= Guesses.MOST
    assert told[429] == 60 - told[401]


def test_3_whoever_is_right_is_not_counted(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        client = running.client(None)
        answers = [client.post("/api/session", json={"token": TOKENS["bob"]}) for _ in range(Guesses.MOST + 5)]
    assert {answer.status_code for answer in answers} == {200}


def test_3_one_network_is_one_guesser() -> None:
    def address(host: str) -> str:
        return security.address_of({"type": "http", "client": (host, 1)})

    assert address("2001:db8:1:2::1") == address("2001:db8:1:2:ffff::9") != address("2001:db8:1:3::1")
    assert address("192.0.2.1") == "192.0.2.1"
    assert address("::ffff:192.0.2.1") != address("::ffff:192.0.2.2")
    assert security.address_of({"type": "http"}) == ""


def at_once(number: int, act: Any) -> Counter[Any]:
    """What comes of doing something in so many threads at the same moment."""
    told: Counter[Any] = Counter()
    start = threading.Barrier(number)

    def one() -> None:
        start.wait(20)
        told[act()] += 1

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return told


def test_3_a_link_is_about_one_run_and_not_a_later_one_of_its_id(alone: Served) -> None:
    stranger, root = alone.client(None), alone.client()
    alone.until_ended(alone.start("sequential-pipeline", id="again")["id"])
    token = root.post("/api/runs/again/embed", json={}).json()["url"].rpartition("/")[2]
    asked = alone.start("human-in-the-loop", id="asked")["id"]
    gate = alone.until_asked(asked)["gate"]
    decide = root.post(f"/api/runs/asked/gates/{gate}/link", json={}).json()["url"].rpartition("/")[2]
    assert stranger.get(f"/embed/{token}/run").status_code == 200
    assert stranger.get(f"/decide/{decide}/gate").status_code == 200
    root.post("/api/runs/asked/cancel", json={})
    alone.until_ended("asked")
    for run in ("again", "asked"):
        assert root.delete(f"/api/runs/{run}").status_code == 204
        assert stranger.get(f"/embed/{token}").json()["code"] == "link.unknown"
    alone.until_ended(alone.start("coordinator", id="again")["id"])
    alone.start("human-in-the-loop", id="asked")
    alone.until_asked("asked")
    for path in (f"/embed/{token}", f"/embed/{token}/run", f"/embed/{token}/diagram.svg", f"/embed/{token}/events"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "link.unknown"), path
    assert stranger.get(f"/decide/{decide}/gate").status_code == 404
    answered = stranger.post(f"/decide/{decide}", json={"option": "approve"})
    assert (answered.status_code, answered.json()["code"]) == (404, "link.unknown")
    assert root.get("/api/runs/asked").json()["status"] == "waiting"


def test_3_a_link_opens_nothing_but_what_it_is_for(served: Served) -> None:
    run = served.start("sequential-pipeline")
    served.until_ended(run["id"])
    token = served.client().post(f"/api/runs/{run['id']}/embed", json={}).json()["url"].rpartition("/")[2]
    stranger = served.client(None)
    assert stranger.get(f"/decide/{token}/gate").status_code == 404
    assert stranger.post("/api/session", json={"token": token}).status_code == 401
    assert stranger.get("/api/runs", headers={"authorization": f"Bearer {token}"}).status_code == 401
    for path in ("diagram.png", "run/", "events/x", "../../api/runs", "output"):
        assert stranger.get(f"/embed/{token}/{path}").status_code == 401, path
    told = stranger.get(f"/embed/{token}/run").text + stranger.get(f"/embed/{token}/events").text
    assert "output" not in told
    assert '"input"' not in told


STRANGE_FILES = [
    "%00.css",
    "pages/home.html%00.css",
    f"{'a' * 300}.css",
    f"{'a/' * 3000}x.css",
    "%ff.css",
    "..%5c..%5cx.js",
]


@pytest.mark.parametrize("path", STRANGE_FILES)
def test_7_a_name_that_no_disk_could_have_is_no_file_and_no_fault(served: Served, path: str) -> None:
    answer = served.client(None).get(f"/static/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "request.unknown")


def test_7_a_link_that_leads_to_itself_harms_nobody(alone: Served) -> None:
    os.symlink("round.json", alone.graphs / "round.json")
    time.sleep(0.3)  # the directory is looked at every 0.02 s
    client = alone.client()
    assert "round" not in {graph["name"] for graph in client.get("/api/graphs").json()["graphs"]}
    assert client.get("/api/graphs/round").json()["code"] == "graph.unknown"
    assert client.get("/healthz").status_code == 200


def test_7_a_pipe_is_not_waited_for(alone: Served) -> None:
    os.mkfifo(alone.graphs / "pipe.json")
    answer = alone.client().get("/api/graphs/pipe")
    assert (answer.status_code, answer.json()["code"]) == (404, "graph.unknown")


def test_7_no_link_leads_out_by_way_of_a_subgraph_or_of_answers(alone: Served) -> None:
    outside = alone.graphs.parent / "outside.json"
    outside.write_text(new_graph("leads-out").dumps())
    os.symlink(outside, alone.graphs / "leads-out.json")
    caller = {"format": "weft/1", "name": "caller", "nodes": {"s": {"kind": "subgraph", "graph": "leads-out"}}}
    found = alone.client().post("/api/graphs/caller/validate", json=caller).json()["findings"]
    assert any("leads-out" in finding["message"] for finding in found if finding["severity"] == "error")
    answers = alone.graphs / "coordinator.scripted.json"
    answers.rename(alone.graphs.parent / "answers.json")
    os.symlink(alone.graphs.parent / "answers.json", answers)
    run = alone.start("coordinator")
    assert alone.until_ended(run["id"])["error"]["code"] == "script.missing"


def test_25_what_cannot_be_read_is_not_written_over(alone: Served) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(alone.graphs / "taken.json"))
        sent = alone.client().put(
            "/api/graphs/taken",
            content=new_graph("taken").dumps(),
            headers={"content-type": "application/json", "if-none-match": "*"},
        )
        assert (sent.status_code, sent.json()["code"]) == (507, "graph.unwritable")
        assert (alone.graphs / "taken.json").is_socket()


def test_26_a_client_that_goes_in_the_middle_is_no_fault_of_ours(tmp_path: Path) -> None:
    """In a process of its own: what stands in its log is what an operator would see."""
    ready, process = started(tmp_path)
    try:
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", ready), timeout=5) as line:
                line.sendall(
                    f"POST /api/runs HTTP/1.1\r\nHost: localhost\r\n{BEARER}Content-Type: application/json\r\n"
                    "Content-Length: 100\r\n\r\n{".encode()
                )
        assert httpx2.get(f"http://127.0.0.1:{ready}/healthz").status_code == 200
    finally:
        process.terminate()
        _, log = process.communicate(timeout=20)
    assert "Traceback" not in log, log


def closed_within(line: socket.socket, seconds: float) -> bool:
    """Whether the other side closes the connection in that time, whatever it says before."""
    line.settimeout(seconds)
    try:
        while line.recv(65536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


SAYS_LITTLE = {
    "nothing": "",
    "half a line": "GET /heal",
    "half a head": "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ",
    "half a body": "POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    "Content-Length: 1000\r\n\r\n{",
    "half of what nobody reads": "POST /api/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    "Content-Length: 1000\r\n\r\n{",
}


@pytest.mark.parametrize("said", SAYS_LITTLE)
def test_26_who_says_nothing_or_drop_by_drop_holds_no_place(
    tmp_path: Path, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Connection, "PATIENCE_S", 0.5)
    with serving(tmp_path) as running:
        port = int(running.base.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(SAYS_LITTLE[said].encode())
            for _ in range(3):
                time.sleep(0.3)
                with contextlib.suppress(OSError):
                    line.sendall(b" ")
            assert closed_within(line, 5)


def test_26_patience_is_not_lost_with_streams_nor_with_whoever_asks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Connection, "PATIENCE_S", 2.0)
    with serving(tmp_path) as running:
        port = int(running.base.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(f"GET /api/events HTTP/1.1\r\nHost: localhost\r\n{BEARER}\r\n".encode())
            with socket.create_connection(("127.0.0.1", port), timeout=5) as again:
                for _ in range(25):
                    again.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    told = b""
                    while b'"ok"' not in told:
                        piece = again.recv(65536)
                        assert piece
                        told += piece
                    time.sleep(0.2)
            assert not closed_within(line, 1)


def test_26_more_connections_than_can_be_are_sent_away_and_the_log_stays_short(tmp_path: Path) -> None:
    port, process = started(tmp_path, files=256)
    lines: list[socket.socket] = []
    try:
        lines += [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(400)]
        time.sleep(1)
        for line in lines:
            line.close()
        time.sleep(1)
        assert httpx2.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    finally:
        process.terminate()
        _, log = process.communicate(timeout=20)
    assert len(log.splitlines()) < 50, log[:2000]


def started(place: Path, port: int = 0, *, files: int | None = None) -> tuple[int, subprocess.Popen[str]]:
    """``weft serve`` in a process of its own, and its port."""
    command = [sys.executable, "-m", "engine", "serve", "--port", str(port), "--db", str(place / "weft.db"), "--json"]
    process = subprocess.Popen(
        command,
        env=os.environ | {"WEFT_TOKEN": TOKENS["root"], "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=None if files is None else lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)),
    )
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://127\.0\.0\.1:(\d+)/", line):
            return int(found[1]), process
    raise AssertionError(process.communicate()[1])
