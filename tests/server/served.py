"""A real server in a thread of this process, and clients who are logged in to it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2

from engine import Config
from engine.app import Engine, Serving
from engine.gallery import patterns
from server.people import Person, digest_of
from server.serve import serve
from server.settings import Settings

TOKENS = {name: f"{name}-token-0123456789abcdef" for name in ("root", "ann", "bob")}
PEOPLE = {
    digest_of(TOKENS["root"]): Person("root", frozenset({"admin"})),
    digest_of(TOKENS["ann"]): Person("ann", frozenset({"finance"})),
    digest_of(TOKENS["bob"]): Person("bob"),
}


@dataclass
class Served:
    """A running server.

    Attributes:
        url: its address, with the one-time token in the fragment where nobody is named.
        graphs: its directory of graphs.
        db: its database.
    """

    url: str
    graphs: Path
    db: Path
    clients: list[httpx2.Client] = field(default_factory=list[httpx2.Client])

    @property
    def base(self) -> str:
        """The address alone."""
        return self.url.partition("#")[0].rstrip("/")

    def client(self, name: str | None = "root") -> httpx2.Client:
        """A client who sends this person's token, or none."""
        headers = {} if name is None else {"authorization": f"Bearer {TOKENS[name]}"}
        client = httpx2.Client(base_url=self.base, headers=headers, timeout=30)
        self.clients.append(client)
        return client

    def start(self, graph: str, input: Any = None, **more: Any) -> dict[str, Any]:
        """Start a run of a graph."""
        answer = self.client().post("/api/runs", json={"graph": graph, "input": input or {}, **more})
        assert answer.status_code == 201, answer.text
        run: dict[str, Any] = answer.json()
        return run

    def until(
        self, run_id: str, is_enough: Callable[[dict[str, Any]], bool], *, after: int = 0
    ) -> list[dict[str, Any]]:
        """The run's events after ``after`` up to the first that is enough, or to its end."""
        events: list[dict[str, Any]] = []
        with self.client().stream("GET", f"/api/runs/{run_id}/events", params={"after": after}) as stream:
            for event in sse(stream):
                if event.type == "message":
                    events.append(event.value)
                    if is_enough(event.value):
                        break
        return events

    def until_asked(self, run_id: str) -> dict[str, Any]:
        """The gate at which a run has arrived."""
        return self.until(run_id, lambda event: event["type"] == "gate.opened")[-1]

    def until_ended(self, run_id: str) -> dict[str, Any]:
        """The run, once it has ended."""
        self.until(run_id, lambda event: event["type"] in ("run.completed", "run.failed", "run.cancelled"))
        run: dict[str, Any] = self.client().get(f"/api/runs/{run_id}").json()
        return run


@dataclass(frozen=True)
class Sent:
    """One server-sent event."""

    type: str
    id: str | None
    value: Any


def sse(stream: httpx2.Response) -> Iterator[Sent]:
    """The events of a stream, comments left out."""
    fields: dict[str, str] = {}
    for line in stream.iter_lines():
        if line == "" and "data" in fields:
            yield Sent(fields.get("event", "message"), fields.get("id"), json.loads(fields["data"]))
        if line == "":
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value


def sample_graphs(place: Path) -> Path:
    """The sample graphs in a directory of one's own."""
    graphs = place / "graphs"
    graphs.mkdir()
    for file in patterns().values():
        for one in (file, file.with_name(f"{file.stem}.scripted.json")):
            (graphs / one.name).write_bytes(one.read_bytes())
    return graphs


@contextmanager
def serving(place: Path, *, config: Config | None = None, **changes: Any) -> Generator[Served]:
    """Serve from a directory until the end of the block; ``config``: what tools and messages go by."""
    graphs = place / "graphs" if (place / "graphs").is_dir() else sample_graphs(place)
    settings = Settings(db=str(place / "weft.db"), graphs=graphs, port=0, people=PEOPLE, poll_s=0.02)
    if config is not None and config.notify is not None:
        settings = replace(settings, notify_on=frozenset(config.notify.on))
    settings = replace(settings, **changes)
    ready = threading.Event()
    told: list[str] = []
    stop: list[Callable[[], object]] = []
    failures: list[BaseException] = []

    def is_ready(url: str) -> None:
        told.append(url)
        ready.set()

    async def run() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        stop.append(lambda: loop.call_soon_threadsafe(task.cancel))
        serves = Serving(max_running=50)
        engine = Engine.open(settings.db, graphs=graphs, config=config, serving=serves, durability="process")
        await serve(engine, settings, on_ready=is_ready)

    def thread() -> None:
        try:
            asyncio.run(run())
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # noqa: BLE001 - told by the thread that waits
            failures.append(error)
        ready.set()

    worker = threading.Thread(target=thread, name="weft server")
    worker.start()
    assert ready.wait(20)
    if failures:
        worker.join(10)
        raise failures[0]
    served = Served(told[0], graphs, place / "weft.db")
    try:
        yield served
    finally:
        for client in served.clients:
            client.close()
        stop[0]()
        worker.join(20)
    assert not worker.is_alive()
    assert failures == []
