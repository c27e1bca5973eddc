"""What the server logs: enough to run it by, and nothing that somebody sent, kept or was answered."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import InputError
from server.logs import JsonLines, TextLines, frames_of, known_method, tell_fault
from tests.server.served import TOKENS, Served, serving

CANARY = "canary-9f3b1c77"
JSON = {"content-type": "application/json"}


class Lines:
    """Both forms of everything that was logged."""

    def __init__(self) -> None:
        self.json, self.text = io.StringIO(), io.StringIO()

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The JSON lines."""
        return [json.loads(line) for line in self.json.getvalue().splitlines()]

    def of(self, event: str) -> list[dict[str, Any]]:
        """Those of one event."""
        return [entry for entry in self.entries if entry["event"] == event]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Everything that weft logs from here on, down to the least; of others (the test's own client) only warnings."""
    found, root, ours = Lines(), logging.getLogger(), logging.getLogger("weft")
    handlers = [logging.StreamHandler(found.json), logging.StreamHandler(found.text)]
    handlers[0].setFormatter(JsonLines())
    handlers[1].setFormatter(TextLines())
    levels = root.level, ours.level
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(logging.WARNING)
    ours.setLevel(logging.DEBUG)
    yield found
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    for handler in handlers:
        root.removeHandler(handler)


def test_every_request_is_one_line_with_its_route_and_who_sent_it(lines: Lines, tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        client = served.client("ann")
        client.get("/api/graphs/coordinator")
        client.get("/api/graphs/of-no-name")
        client.get("/nowhere")
        served.client(None).get("/api/graphs")
        client.get("/api/graphs", headers={"host": "evil.example"})
        with client.stream("GET", "/api/runs/of-no-name/events"):
            pass
    told = [(e["method"], e["route"], e["status"], e.get("who"), e.get("code")) for e in lines.of("request")]
    assert told == [
        ("GET", "/api/graphs/{name}", 200, "ann", None),
        ("GET", "/api/graphs/{name}", 404, "ann", "graph.unknown"),
        ("GET", "none", 404, "ann", "request.unknown"),
        ("GET", "none", 401, None, "request.unauthorized"),
        ("GET", "none", 421, None, "request.host"),
        ("GET", "/api/runs/{id}/events", 404, "ann", "run.unknown"),
    ]
    assert all(entry["ms"] >= 0 and entry["level"] == "info" for entry in lines.of("request"))
    assert "request method=GET route=/api/graphs/{name} status=200" in lines.text.getvalue()


def test_the_life_of_a_run_is_told(lines: Lines, tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        run = served.start("human-in-the-loop", {}, id="r1")
        gate = served.until_asked(run["id"])
        served.client("ann").post(f"/api/runs/r1/gates/{gate['gate']}", json={"option": "reject"})
        served.until_ended("r1")
    told = [(e["event"], e.get("graph") or e.get("by")) for e in lines.entries if e.get("run") == "r1"]
    assert told[0] == ("run.started", "human-in-the-loop")
    assert ("gate.answered", "ann") in told
    assert told[-1][0] in ("run.completed", "run.failed")


def test_20_a_canary_is_in_no_line_whatever_is_sent_with_it(lines: Lines, tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        canary_everywhere(served)
    assert len(lines.of("request")) > 20
    assert lines.of("node.failed")
    for stream in (lines.json, lines.text):
        assert CANARY not in stream.getvalue()
        assert not any(token in stream.getvalue() for token in TOKENS.values())


def canary_everywhere(served: Served) -> None:
    """Send the canary in every place where something can be sent, and let things fail over it."""
    client, stranger = served.client("root"), served.client(None)
    stranger.get("/api/graphs", headers={"authorization": f"Bearer {CANARY}"})
    stranger.get("/api/graphs", headers={"cookie": f"weft_session_1={CANARY}", "user-agent": CANARY, "referer": CANARY})
    stranger.post("/api/session", json={"token": CANARY})
    for path in ("/", "/api/graphs/", "/decide/", "/embed/", "/api/runs?q="):
        client.get(f"{path}{CANARY}")
    client.request(CANARY, "/api/graphs")
    client.put(f"/api/graphs/{CANARY}", content=CANARY, headers=JSON | {"if-match": CANARY})
    graph = {
        "format": "weft/1",
        "name": "says",
        "description": CANARY,
        "nodes": {"parse": {"kind": "tool", "tool": "json.parse", "args": {"text": "{input.text}"}}},
    }
    client.put("/api/graphs/says", content=json.dumps(graph), headers=JSON | {"if-none-match": "*"})
    run = served.start("says", {"text": CANARY})
    served.until_ended(run["id"])
    client.post("/api/runs", json={"graph": "says", "input": CANARY, "id": CANARY.upper()})
    client.post("/api/runs", json={"graph": "says"}, headers={"idempotency-key": CANARY})
    waiting = served.start("draft-and-review", {"topic": CANARY})
    gate = served.until_asked(waiting["id"])["gate"]
    client.post(f"/api/runs/{waiting['id']}/gates/{gate}", json={"option": CANARY})
    client.post(f"/api/runs/{waiting['id']}/signals/{CANARY}", json={"value": CANARY})
    link = client.post(f"/api/runs/{waiting['id']}/gates/{gate}/link", json={}).json()["url"]
    token = link.rpartition("/")[2]
    stranger.get(f"/decide/{token}/gate")
    stranger.post(f"/decide/{token}", json={"option": "revise", "form": {"note": CANARY}})
    client.post(f"/api/runs/{waiting['id']}/cancel", json={"reason": CANARY})
    with client.stream("GET", f"/api/events?after=0&x={CANARY}") as stream:
        next(stream.iter_raw())


def test_a_fault_tells_where_it_was_and_not_what_it_said(lines: Lines) -> None:
    try:
        raise ValueError(f"could not read {CANARY}")
    except ValueError as error:
        tell_fault("fault", error, route="/api/graphs")
        logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: exception=%r", error)
        logging.getLogger("weft.hooks").exception("the hook failed")
        logging.getLogger("weft.hosting").warning(
            "run %s was not taken up: %s", "r1", InputError(CANARY, where="run r1")
        )
        place = frames_of(error)[-1]
    assert place.endswith("in test_a_fault_tells_where_it_was_and_not_what_it_said")
    fault, task, hook, run = lines.entries
    assert (fault["error"], fault["route"], fault["level"]) == ("ValueError", "/api/graphs", "error")
    assert task["message"] == "Task exception was never retrieved"
    assert (hook["message"], hook["error"]) == ("the hook failed", "ValueError")
    assert run["message"] == "run r1 was not taken up: input.invalid (run r1)"
    assert CANARY not in lines.json.getvalue() + lines.text.getvalue()


def test_24_control_characters_never_reach_a_terminal(lines: Lines) -> None:
    logging.getLogger("weft.server").info("\x1b[2Jgone\r\n\u202eback\x9b1m")
    logging.getLogger("weft.server").info("request", extra={"weft": {"who": "a\x1b[31mb\nrequest status=200"}})
    written = lines.json.getvalue() + lines.text.getvalue()
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", written) is None
    assert "\\u001b" not in written
    assert len(lines.text.getvalue().splitlines()) == 2


def test_a_method_that_nobody_knows_is_no_name_of_its_own() -> None:
    assert (known_method("GET"), known_method("X" * 50)) == ("GET", "other")
