"""``weft serve`` in a process of its own, on loopback, as an operator would start it; it can be killed and restarted.

Rule: nothing here reaches into the server; what it knows it knows from the process's output, from HTTP, and from the
operating system.
"""

from __future__ import annotations

import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import anyio
import httpx2
import orjson

TOKEN: Final = "a-token-of-these-tests-alone"
ROOT: Final = Path(__file__).parents[2]
READY_WITHIN_S: Final = 30.0
CLOCK_TICKS: Final = os.sysconf("SC_CLK_TCK")
_ADDRESS: Final = re.compile(rb"http://127\.0\.0\.1:(\d+)/")

Document = dict[str, Any]


@dataclass(slots=True)
class Served:
    """One server and the directory that it works in.

    Attributes:
        place: working directory: ``graphs/``, ``weft.db``, the server's log.
        tools: source of a file of tools, or "".
        config: text of ``weft.toml``.
        port: 0 until the first start; it stays the same afterwards.
        times_started: how often.
    """

    place: Path
    tools: str = ""
    config: str = ""
    port: int = 0
    times_started: int = 0
    environment: dict[str, str] = field(default_factory=dict[str, str])
    _process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        (self.place / "graphs").mkdir(parents=True, exist_ok=True)
        if self.tools:
            (self.place / "tools.py").write_text(self.tools)
        (self.place / "weft.toml").write_text(self.config)

    def put(self, document: Document) -> None:
        """Lay a graph into the directory, as a person with an editor would."""
        file = self.place / "graphs" / f"{document['name']}.json"
        file.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))

    # -- the process -------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            RuntimeError: it did not come up; with what it wrote.
        """
        command = [sys.executable, "-m", "engine", "serve", "--port", str(self.port), "--db", "weft.db"]
        command += ["--tools", "tools.py"] if self.tools else []
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("WEFT_")}
        environment = {**inherited, "WEFT_TOKEN": TOKEN, "PYTHONPATH": str(ROOT), **self.environment}
        with (self.place / "server.log").open("ab") as log:
            # It begins at once; only its first line is waited for, in a thread.
            self._process = subprocess.Popen(  # noqa: ASYNC220
                command, cwd=self.place, env=environment, stdout=subprocess.PIPE, stderr=log
            )
        self.times_started += 1
        with anyio.fail_after(READY_WITHIN_S):
            self.port = await anyio.to_thread.run_sync(self._port)

    def _port(self) -> int:
        """The port that it tells in its first lines."""
        output = self._running.stdout
        for line in output or ():
            found = _ADDRESS.search(line)
            if found:
                return int(found.group(1))
        raise RuntimeError(f"the server did not start:\n{self.log()[-4000:]}")

    async def kill(self) -> None:
        """Send it a kill -9: nothing is finished, nothing is said."""
        self._running.send_signal(signal.SIGKILL)
        await self._gone()

    def end_leases(self) -> None:
        """Do at once what 15 seconds would do after ``kill``: the dead process's leases are over."""
        with closing(sqlite3.connect(self.place / "weft.db")) as db, db:
            db.execute("UPDATE leases SET until = 0")

    async def stop(self) -> int:
        """Ask it to stop in order; its exit code."""
        self._running.send_signal(signal.SIGTERM)
        return await self._gone()

    async def _gone(self) -> int:
        process = self._running
        code = await anyio.to_thread.run_sync(process.wait)
        if process.stdout is not None:
            process.stdout.close()
        self._process = None
        return code

    async def __aenter__(self) -> Served:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None:
            with anyio.CancelScope(shield=True):
                await self.kill()

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the server does not run")
        return self._process

    # -- what can be seen of it --------------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """Its process."""
        return self._running.pid

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, *, token: str | None = TOKEN, timeout_s: float = 30.0) -> httpx2.AsyncClient:
        """A client of it that holds the token; no proxy of this machine stands in between."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=200)
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=timeout_s, limits=limits, trust_env=False)

    def limit_files(self, size_bytes: int | None) -> None:
        """Let no file of it be written beyond this size, as on a disk that is full (Linux); None: as before."""
        soft = resource.RLIM_INFINITY if size_bytes is None else size_bytes
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (soft, resource.RLIM_INFINITY))

    def log(self) -> str:
        """What it has written to its log."""
        return (self.place / "server.log").read_text(errors="replace")

    def resident_bytes(self) -> int:
        """The memory that it occupies (Linux)."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("the kernel does not tell VmRSS")

    def cpu_s(self) -> float:
        """Seconds of processor time that it has used so far (Linux)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


async def until(is_so: Callable[[], Awaitable[bool]], *, every_s: float = 0.02) -> None:
    """Ask again and again, where nothing tells."""
    while True:
        if await is_so():
            return
        await anyio.sleep(every_s)


async def none_running(client: httpx2.AsyncClient) -> bool:
    """Whether every run has ended or only waits."""
    return not (await client.get("/api/runs?status=running&limit=1")).json()["runs"]


async def start_run(client: httpx2.AsyncClient, graph: str, run_id: str, input: Any = None) -> None:
    """Start a run under an id; that it is there already counts as started.

    Raises:
        RuntimeError: any other answer.
    """
    answer = await client.post("/api/runs", json={"graph": graph, "input": input, "id": run_id})
    if answer.status_code == 201 or (answer.status_code == 409 and answer.json()["code"] == "run.exists"):
        return
    raise RuntimeError(f"{run_id}: {answer.status_code} {answer.text[:500]}")


async def start_surely(client: httpx2.AsyncClient, graph: str, run_id: str) -> None:
    """``start_run`` again and again while the server is away."""
    while True:
        try:
            await start_run(client, graph, run_id)
        except httpx2.TransportError:
            await anyio.sleep(0.05)
        else:
            return
