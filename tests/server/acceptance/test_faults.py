"""SECURITY.md 26 and 28: slow readers, floods, a disk that takes no more, a database that somebody holds.

Rule: what was refused was not done, in no part; what was acknowledged is there; and once the cause is gone the server
goes on without having been started anew.
"""

from __future__ import annotations

import socket
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest

from server.events import SLOW_S
from tests.soak import graphs
from tests.soak.crowd import Crowd, journal, meet
from tests.soak.readers import faults_of_run
from tests.soak.serving import TOKEN, Served, none_running, start_run, until

pytestmark = pytest.mark.anyio
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the limit of another process is set with prlimit")

FULL_DISK = ("journal.full", "journal.io", "graph.unwritable")


def problem_of(answer: httpx2.Response, *codes: str) -> dict[str, Any]:
    """The problem that an answer is, after a look at its form."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    told: dict[str, Any] = answer.json()
    assert told["code"] in codes, told
    assert told["hint"], told
    assert told["status"] == answer.status_code
    assert answer.status_code in (503, 507)
    return told


async def open_gate(client: httpx2.AsyncClient, run: str) -> None:
    """A run that waits at its gate."""
    await start_run(client, "gated", run)
    await until(lambda: none_running(client))


async def ends_as(client: httpx2.AsyncClient, run: str) -> str:
    """The last word of a run's journal, which has no gap."""
    notes = await journal(client, run)
    assert faults_of_run(notes) == []
    return notes[-1].type


@linux_only
async def test_28_a_disk_that_takes_no_more_refuses_clearly_and_all_goes_on_when_there_is_room(tmp_path: Path) -> None:
    served = Served(tmp_path)
    served.put(graphs.chain(40))
    served.put(graphs.gated())
    async with served, served.client() as client:
        await open_gate(client, "before")
        read = await client.get("/api/graphs/chain")
        changed, headers = {**read.json(), "description": "new"}, {"if-match": read.headers["etag"]}

        served.limit_files(1)
        problem_of(await client.post("/api/runs", json={"graph": "gated", "id": "refused"}), *FULL_DISK)
        problem_of(await client.put("/api/graphs/chain", json=changed, headers=headers), *FULL_DISK)
        problem_of(await client.post("/api/runs/before/gates/ask", json={"option": "yes"}), *FULL_DISK)
        assert (await client.get("/api/runs/refused")).status_code == 404
        assert (await client.get("/api/graphs/chain")).content == read.content
        assert (await client.get("/healthz")).status_code == 200

        served.limit_files(None)
        await start_run(client, "gated", "refused")
        assert (await client.put("/api/graphs/chain", json=changed, headers=headers)).status_code == 200
        assert (await client.post("/api/runs/before/gates/ask", json={"option": "yes"})).status_code == 200
        assert await ends_as(client, "before") == "run.completed"
        assert await served.stop() == 0
    assert [file.name for file in (tmp_path / "graphs").iterdir() if file.name.startswith(".")] == []
    assert whole(tmp_path)


async def test_28_while_somebody_holds_the_database_requests_are_refused_and_runs_go_on_after(tmp_path: Path) -> None:
    served = Served(tmp_path, tools=graphs.TOOLS)
    served.put(graphs.gated())
    served.put(graphs.stamped(400))
    async with served, served.client() as client:
        await start_run(client, "gated", "before")
        await start_run(client, "stamped", "at-work")
        with closing(sqlite3.connect(tmp_path / "weft.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            refused = await client.post("/api/runs", json={"graph": "gated", "id": "refused"})
            problem_of(refused, "journal.locked")
            assert (await client.get("/api/runs/before")).status_code == 200
            other.execute("ROLLBACK")

        assert (await client.get("/api/runs/refused")).status_code == 404
        await start_run(client, "gated", "refused")
        assert (await client.post("/api/runs/before/gates/ask", json={"option": "yes"})).status_code == 200
        with anyio.fail_after(35):
            assert [await ends_as(client, run) for run in ("before", "at-work")] == ["run.completed"] * 2
        assert await served.stop() == 0
    assert whole(tmp_path)


async def test_26_a_reader_that_takes_nothing_is_cut_off_holds_nobody_up_and_reads_the_journal_again(
    tmp_path: Path,
) -> None:
    served = Served(tmp_path)
    served.put(heavy(80, size_bytes=60_000))
    served.put(graphs.mixed())
    async with served, served.client() as client:
        await start_run(client, "heavy", "big")
        await until(lambda: none_running(client))
        before = served.resident_bytes() if sys.platform == "linux" else 0
        deaf = [deaf_reader(served, "/api/runs/big/events") for _ in range(20)]

        crowd = await meet(served, Crowd("mixed", runs=30, readers=10))
        assert crowd.faults == []
        assert crowd.took_s < SLOW_S
        with anyio.fail_after(2 * SLOW_S):
            await until(lambda: has_cut_off(client, len(deaf)), every_s=0.2)
        assert sys.platform != "linux" or served.resident_bytes() - before < 120e6
        for line in deaf:
            line.close()
        assert await ends_as(client, "big") == "run.completed"


async def test_26_a_flood_of_starts_waits_in_line_and_comes_through(tmp_path: Path) -> None:
    served = Served(tmp_path, config="[serve]\nmax_running = 8\n")
    served.put(graphs.chain(3))
    async with served, served.client(timeout_s=50.0) as client:
        async with anyio.create_task_group() as group:
            for number in range(600):
                group.start_soon(start_run, client, "chain", f"flood-{number}")
        await until(lambda: none_running(client))
        listed = (await client.get("/api/runs?status=completed&limit=500")).json()
        rest = (await client.get(f"/api/runs?status=completed&limit=500&before={listed['next']}")).json()

    assert len(listed["runs"]) + len(rest["runs"]) == 600


def heavy(nodes: int, *, size_bytes: int) -> dict[str, Any]:
    """A chain whose every node has a long output."""
    document = graphs.chain(nodes, name="heavy")
    for number, node in enumerate(document["nodes"].values()):
        node["args"] = {"value": f"{number} " + "x" * size_bytes}
    return document


def deaf_reader(served: Served, path: str) -> socket.socket:
    """Somebody who asks for a stream and never takes anything off the line."""
    line = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", served.port))
    line.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())
    return line


async def has_cut_off(client: httpx2.AsyncClient, readers: int) -> bool:
    """Whether so many readers have been cut off."""
    return f"weft_streams_cut_total {readers}\n" in (await client.get("/metrics")).text


def whole(place: Path) -> bool:
    """Whether the database is sound."""
    with closing(sqlite3.connect(place / "weft.db")) as db:
        return [row[0] for row in db.execute("PRAGMA integrity_check")] == ["ok"]
