"""Many at once, from another process, and the server killed in the middle: SECURITY.md 26 and 27."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import pytest

from server import graphs
from tests.server.served import Served, sample_graphs, serving, sse

TOKEN = "a-token-that-is-long-enough"


@contextmanager
def process(place: Path, port: int = 0) -> Generator[tuple[subprocess.Popen[str], str]]:
    """``weft serve`` as a process of its own; killed at the end if it is still there."""
    command = [sys.executable, "-m", "engine", "serve", "--json", "--port", str(port)]
    root = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "WEFT_TOKEN": TOKEN, "PYTHONPATH": root, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=place, env=environment, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            told = "".join(running.stdout.readline() for _ in range(3))
            yield running, json.loads(told)["url"].rstrip("/")
        finally:
            if running.poll() is None:
                running.kill()


def client_of(url: str) -> httpx2.Client:
    return httpx2.Client(base_url=url, headers={"authorization": f"Bearer {TOKEN}"}, timeout=60)


def read_to_the_end(url: str, run: str, seed: int) -> list[int]:
    """The numbers of a run's events as a reader sees them who leaves and comes back at random."""
    random, seen = Random(seed), list[int]()
    with client_of(url) as client:
        while True:
            headers = {"last-event-id": str(seen[-1])} if seen else {}
            with client.stream("GET", f"/api/runs/{run}/events", headers=headers) as stream:
                if stream.status_code == 204:
                    return seen
                for event in sse(stream):
                    if event.type == "message":
                        seen.append(int(event.id or 0))
                        assert event.value["n"] == seen[-1]
                        if event.value["type"] == "run.completed":
                            return seen
                        if random.random() < 0.2:
                            break


@pytest.mark.timeout(240)
def test_26_many_runs_and_many_readers_and_every_reader_sees_every_event_once(tmp_path: Path) -> None:
    sample_graphs(tmp_path)
    with process(tmp_path) as (_, url), client_of(url) as client:
        body: dict[str, Any] = {"graph": "fan-out-gather", "input": {}}
        ids = [client.post("/api/runs", json={**body, "id": f"run-{n}"}).json()["id"] for n in range(100)]
        seen: dict[int, list[int]] = {}

        def read(n: int) -> None:
            seen[n] = read_to_the_end(url, ids[n % len(ids)], n)

        readers = [threading.Thread(target=read, args=(n,)) for n in range(25)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(100)
        for n, numbers in seen.items():
            assert numbers == list(range(1, len(numbers) + 1)), n
        assert len(seen) == len(readers)
        for run in ids:
            read_to_the_end(url, run, 0)
        assert {client.get(f"/api/runs/{run}").json()["status"] for run in ids} == {"completed"}


@pytest.mark.timeout(240)
def test_27_killed_in_the_middle_again_and_again_every_run_ends_right(tmp_path: Path) -> None:
    sample_graphs(tmp_path)
    accepted: list[str] = []
    for turn in range(4):
        with process(tmp_path) as (running, url), client_of(url) as client:
            for n in range(12):
                answer = client.post(
                    "/api/runs", json={"graph": "generator-critic", "input": {}, "id": f"run-{turn}-{n}"}
                )
                assert answer.status_code == 201
                accepted.append(answer.json()["id"])
            running.send_signal(signal.SIGKILL)
    with process(tmp_path) as (running, url), client_of(url) as client:
        seen = {run: read_to_the_end(url, run, 1) for run in accepted}
        assert {client.get(f"/api/runs/{run}").json()["status"] for run in accepted} == {"completed"}
        assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in seen.values())
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0


@pytest.mark.timeout(180)
def test_it_stops_in_order_while_streams_are_open(tmp_path: Path) -> None:
    sample_graphs(tmp_path)
    with process(tmp_path) as (running, url), client_of(url) as client:
        client.post("/api/runs", json={"graph": "draft-and-review", "input": {"topic": "x"}, "id": "waits"})
        with client.stream("GET", "/api/events", params={"after": 0}) as stream:
            events: Iterator[Any] = sse(stream)
            next(events)
            running.send_signal(signal.SIGTERM)
            list(events)
        assert running.wait(20) == 0


def test_26_documents_that_take_long_to_check_keep_nobody_else_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = threading.Event()

    def slow(*_: object) -> list[object]:
        held.wait(30)
        return []

    monkeypatch.setattr(graphs, "_findings", slow)
    with serving(tmp_path) as served, ThreadPoolExecutor(60) as crowd:
        document = (served.graphs / "coordinator.json").read_bytes()

        def validate() -> int:
            headers = {"content-type": "application/json"}
            client = served.client()
            return client.post("/api/graphs/coordinator/validate", content=document, headers=headers).status_code

        waiting = [crowd.submit(validate) for _ in range(60)]
        time.sleep(0.5)
        began = time.monotonic()
        assert served.client("ann").get("/api/graphs/coordinator").status_code == 200
        assert time.monotonic() - began < 5
        held.set()
        assert {future.result(30) for future in waiting} == {200}


def test_the_head_of_a_stream_ends_at_once_and_frees_the_connection(served: Served) -> None:
    with served.client() as client:
        answer = client.head("/api/events", timeout=5)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert client.get("/healthz", timeout=5).status_code == 200
