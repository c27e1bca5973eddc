"""People are told what is asked of them, once at least, whatever becomes of the server or of the other side."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from engine import Config
from server import notifying
from tests.server.served import Served, serving

REMINDS = {
    "format": "weft/1",
    "name": "reminds",
    "nodes": {
        "ask": {"kind": "human-gate", "prompt": "Pay?", "options": ["yes"], "assignees": ["ann"], "reminder_s": 0.1,
                "escalate": [{"after_s": 0.15, "assignees": ["bob"]}], "to": [{"node": "end", "on": "yes"}]},
        "end": {"kind": "end"},
    },
}  # fmt: skip


class Hook:
    """A webhook that answers with ``status`` and remembers what it was told."""

    def __init__(self) -> None:
        self.status = 204
        self.told: list[dict[str, Any]] = []
        hook = self

        class Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                hook.told.append(json.loads(body))
                self.send_response(hook.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Not here."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)

    @property
    def config(self) -> Config:
        """``[notify]`` with its address."""
        return Config.model_validate({"notify": {"url": f"http://127.0.0.1:{self.server.server_port}/hook"}})

    def until(self, is_enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """What it was told, once it is enough."""
        ends = time.monotonic() + 20
        while not is_enough(self.told):
            assert time.monotonic() < ends, self.told
            time.sleep(0.02)
        return list(self.told)


@pytest.fixture
def hook() -> Generator[Hook]:
    with listening() as made:
        yield made


@contextmanager
def listening() -> Generator[Hook]:
    made = Hook()
    thread = Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join(10)
    made.server.server_close()


def waiting(served: Served) -> str:
    run: str = served.start("draft-and-review", {"topic": "rivers"})["id"]
    served.until_asked(run)
    return run


def test_a_person_is_asked_reminded_and_more_people_are(hook: Hook, tmp_path: Path) -> None:
    with serving(tmp_path, config=hook.config, notify_address="https://weft.example.org/w/") as served:
        (served.graphs / "reminds.json").write_text(json.dumps(REMINDS))
        run = served.start("reminds")["id"]
        told = hook.until(lambda told: len({message["type"] for message in told}) == 3)
    first = told[0]
    assert (first["type"], first["run"], first["gate"], first["prompt"]) == ("gate.opened", run, "ask", "Pay?")
    assert (first["options"], first["assignees"][0]) == (["yes"], "ann")
    assert first["url"] == f"https://weft.example.org/w/runs/{run}"
    escalated = next(message for message in told if message["type"] == "gate.escalated")
    assert escalated["assignees"] == ["ann", "bob"]
    assert len({message["id"] for message in told}) == len(told)


def test_what_could_not_be_told_is_told_after_a_restart_and_only_then_done_with(hook: Hook, tmp_path: Path) -> None:
    hook.status = 503
    with serving(tmp_path, config=hook.config) as served:
        run = waiting(served)
        hook.until(lambda told: len(told) > 0)
    hook.status, failed = 204, len(hook.told)
    with serving(tmp_path, config=hook.config) as served:
        again = hook.until(lambda told: len(told) > failed)
        second = waiting(served)
        hook.until(lambda told: told[-1]["run"] == second)
    assert {message["id"] for message in again} == {again[0]["id"]}
    assert again[0]["run"] == run
    count = len(hook.told)
    with serving(tmp_path, config=hook.config) as served:
        third = waiting(served)
        hook.until(lambda told: told[-1]["run"] == third)
    assert len(hook.told) == count + 1


def test_a_refusal_for_good_and_a_gate_that_is_closed_hold_nobody_up(
    hook: Hook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifying, "LOOK_EVERY_S", 0.05)
    hook.status = 503
    with serving(tmp_path, config=hook.config) as served:
        run = waiting(served)
        hook.until(lambda told: len(told) > 0)
        served.client().post(f"/api/runs/{run}/gates/review", json={"option": "approve"})
        assert served.until_ended(run)["status"] == "completed"
        hook.status = 410
        refused = waiting(served)
        hook.until(lambda told: told[-1]["run"] == refused)
        hook.status = 204
        last = waiting(served)
        told = hook.until(lambda told: told[-1]["run"] == last)
    assert [message["run"] for message in told].count(refused) == 1


def test_a_program_of_the_operators_is_told_too(tmp_path: Path) -> None:
    said = tmp_path / "said"
    script = f"import sys; open({str(said)!r}, 'a').write(sys.stdin.read() + '\\n')"
    config = Config.model_validate({"notify": {"command": [sys.executable, "-c", script], "on": ["gate.opened"]}})
    with serving(tmp_path, config=config) as served:
        run = waiting(served)
        ends = time.monotonic() + 20
        while not said.exists() or not said.read_text():
            assert time.monotonic() < ends
            time.sleep(0.02)
    assert json.loads(said.read_text())["run"] == run


def test_14_no_tool_reaches_the_servers_own_port_whatever_is_listed(tmp_path: Path) -> None:
    graph: dict[str, Any] = {
        "format": "weft/1",
        "name": "home",
        "nodes": {"ask": {"kind": "tool", "tool": "http.get", "args": {"url": "{input.url}"}}},
    }
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = Config.model_validate({"http": {"hosts": [f"http://127.0.0.1:{port}"]}})
    with serving(tmp_path, config=config, port=port) as served:
        (served.graphs / "home.json").write_text(json.dumps(graph))
        run = served.start("home", {"url": f"{served.base}/healthz"})
        ended = served.until_ended(run["id"])
    assert (ended["status"], ended["error"]["code"]) == ("failed", "http.refused")
    assert "weft itself" in ended["error"]["message"]
