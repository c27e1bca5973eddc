"""People are told what is asked of them: by the operator's program or webhook, once at least.

Rule: nothing waits in memory. What has to be told stands in the journal, and how far each way has come stands in the
database, so a message survives a restart and a long silence of the other side costs nothing; a message may come twice,
with the same ``id``. A failure is logged, tried again later, and never touches a run.

Theory of operation: one task for each way reads what was asked after its position, oldest first. A gate that is closed
by then is passed over: nobody has to do anything any more. A message that fails is tried again with growing pauses,
and given up when the other side refuses it for good or has been silent for a day.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
import orjson

from engine.app import Engine, Event, Messenger, OpenGate, Recorded, Undelivered, event_json, event_type
from engine.errors import InputError, WeftError
from server.logs import tell, tell_fault
from server.moments import told_moment
from server.shelf import Connection, Shelf

LOOK_EVERY_S: Final = 5.0
"""How often what other processes have asked is looked for."""
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 300.0
GIVEN_UP_AFTER_S: Final = 86_400.0


@dataclass(slots=True)
class Notifier:
    """Tells on one way.

    Attributes:
        engine: whose gates.
        shelf: where its position is kept.
        messenger: the way.
        on: the types of events that are told.
        address: where people reach the server, without a slash at its end.
    """

    engine: Engine
    shelf: Shelf
    messenger: Messenger
    on: Collection[str]
    address: str
    first_pause_s: float = FIRST_PAUSE_S
    _news: anyio.Event = field(default_factory=anyio.Event)

    async def run(self) -> None:
        """Tell, and never return."""
        take_back = self.engine.on("*", self._noted)
        try:
            position = await self._begin()
            while True:
                self._news = anyio.Event()
                position = await self._tell_from(position)
                with anyio.move_on_after(LOOK_EVERY_S):
                    await self._news.wait()
        finally:
            take_back()

    def _noted(self, run_id: str, event: Event) -> None:
        del run_id
        if event_type(event) in self.on:
            self._news.set()

    async def _begin(self) -> int:
        """Where it left off; at the first start of all, now."""
        while True:
            try:
                known = await self.shelf.look(self._read)
                return await self._keep(await self.engine.position()) if known is None else known
            except WeftError as error:
                tell_fault("notify.stalled", error, way=self.messenger.name)
                await anyio.sleep(LOOK_EVERY_S)

    async def _tell_from(self, position: int) -> int:
        """Tell everything after a position; the position it came to."""
        try:
            while page := await self.engine.asked(after=position, on=self.on):
                for recorded in page:
                    await self._tell_one(recorded)
                    position = await self._keep(recorded.position)
        except WeftError as error:
            tell_fault("notify.stalled", error, way=self.messenger.name)
        return position

    async def _tell_one(self, recorded: Recorded) -> None:
        """Deliver one message, however often it has to be tried."""
        clock = self.engine.clock
        began, pause_s, attempt = clock.monotonic(), self.first_pause_s, 0
        while (gate := await self._open_gate(recorded)) is not None:
            attempt += 1
            message = message_of(recorded, gate, self.address)
            where: dict[str, Any] = {
                "way": self.messenger.name,
                "run": recorded.run_id,
                "gate": gate.gate,
                "attempt": attempt,
            }
            try:
                await self.messenger.deliver(orjson.dumps(message), key=message["id"])
            except Undelivered as error:
                gives_up = error.is_final or clock.monotonic() - began >= GIVEN_UP_AFTER_S
                tell(
                    "notify.given_up" if gives_up else "notify.failed", level=logging.WARNING, code=error.code, **where
                )
                if gives_up:
                    return
                await anyio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            else:
                tell("notify.delivered", **where)
                return

    async def _open_gate(self, recorded: Recorded) -> OpenGate | None:
        gate: str = event_json(recorded.event)["gate"]
        try:
            return await self.engine.open_gate(recorded.run_id, gate)
        except InputError:
            return None  # the run has been removed

    async def _keep(self, position: int) -> int:
        def act(connection: Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO server_told VALUES (?, ?)", (self.messenger.name, position))

        await self.shelf.do(act)
        return position

    def _read(self, connection: Connection) -> int | None:
        row = connection.execute("SELECT position FROM server_told WHERE way = ?", (self.messenger.name,)).fetchone()
        return None if row is None else int(row[0])


def message_of(recorded: Recorded, gate: OpenGate, address: str) -> dict[str, Any]:
    """What people are told: what is asked, of whom, until when, and where to answer. No form, nothing filled in."""
    event = event_json(recorded.event)
    return {
        "id": f"{recorded.run_id}/{event['n']}",
        "type": event["type"],
        "at": event["at"],
        "run": recorded.run_id,
        "graph": gate.graph,
        "gate": gate.gate,
        "node": gate.node,
        "purpose": gate.purpose,
        "prompt": gate.prompt,
        "options": [option.get("label") or option["name"] for option in gate.options],
        "assignees": None if gate.assignees is None else list(gate.assignees),
        "since": told_moment(gate.since),
        "deadline": told_moment(gate.deadline),
        "default": gate.default,
        "url": f"{address}/runs/{recorded.run_id}",
    }
