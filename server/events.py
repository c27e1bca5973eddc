"""Live events over HTTP: Server-Sent Events, for one run and for all.

Rule: a stream has no memory of its own. It reads the journal after the number that the client names (``Last-Event-ID``)
and goes on with the live feed, so a reader that comes back sees every event once, in order. Words that are never
journaled (model text) are sent as events of the type ``volatile`` without an id; a reader that misses them misses
nothing that lasts. A reader that does not take what is sent is cut off; it comes back and reads the journal.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import nullcontext
from typing import Any, Final

import anyio
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from engine.app import ENDED, Event, Volatile, event_json
from engine.errors import InputError, JournalError
from server.asking import house_of
from server.folder import Change
from server.house import House
from server.logs import tell, tell_fault
from server.outbox import QUEUE_BYTES, Outbox

HEARTBEAT_S: Final = 15.0
"""A comment after so much silence, so that proxies and clients know that the line is alive."""
BATCH_S: Final = 0.05
"""What happens within this time goes out in one piece."""
SLOW_S: Final = 20.0
"""A reader that takes nothing for so long is cut off."""

HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


async def run_events(request: Request) -> Any:
    """Every event of a run after ``Last-Event-ID``, then live, to its end."""
    house, run_id = house_of(request), request.path_params["id"]
    return await stream_of_run(request, house, run_id)


async def stream_of_run(request: Request, house: House, run_id: str, *, is_brief: bool = False) -> Any:
    """The stream of one run, ``is_brief`` without what went in and came out.

    204, which tells a browser not to come back, once there is nothing more to tell.
    """
    after = after_of(request)
    run = await house.engine.look(run_id)
    if after and run.status in ENDED and not await house.engine.journal_of(run_id, after=after):
        return Response(b"", 204)
    return EventStream(house, _told_of_run(house, run_id, after or 0, is_brief))


async def all_events(request: Request) -> Any:
    """Every event of every run after a position, then live; and every change of a graph's file."""
    house = house_of(request)
    after = after_of(request)
    if after is None:
        after = await house.engine.position()
    return EventStream(house, _told_of_all(house, after), changes=True)


def after_of(request: Request) -> int | None:
    """The number after which a client wants to read: ``Last-Event-ID``, else ``?after=``.

    Raises:
        InputError: ``request.invalid``.
    """
    given = request.headers.get("last-event-id") or request.query_params.get("after")
    if given is None:
        return None
    if not given.isascii() or not given.isdecimal() or len(given) > 18:
        raise InputError(f"{given[:40]!r} is no number of an event", code="request.invalid", where="Last-Event-ID")
    return int(given)


async def _told_of_run(house: House, run_id: str, after: int, is_brief: bool) -> AsyncIterator[bytes]:
    async for item in house.engine.watch(run_id, after=after):
        if not isinstance(item, Volatile):
            yield frame(brief(item) if is_brief else event_json(item), id=item.n)
        elif not is_brief:
            yield _volatile(item)


async def _told_of_all(house: House, after: int) -> AsyncIterator[bytes]:
    async for item in house.engine.feed(after=after):
        if isinstance(item, Volatile):
            continue  # lists and inboxes need no text; whoever reads it watches its run
        position, run_id, event = item
        yield frame({"run": run_id, **brief(event)}, id=position)


def brief(event: Event) -> dict[str, Any]:
    """An event as the feed over all runs tells it: without inputs, outputs and messages, which stand in its run."""
    whole = event_json(event)
    return {key: whole[key] for key in _BRIEF if key in whole}


_BRIEF: Final = (
    "n",
    "at",
    "type",
    "node",
    "execution",
    "attempt",
    "graph",
    "gate",
    "option",
    "by",
    "port",
    "class",
    "code",
    "deadline",
)


def frame(value: Any, *, id: int | None = None, type: str | None = None) -> bytes:
    """One event as it goes over the wire."""
    name = b"" if type is None else f"event: {type}\n".encode()
    number = b"" if id is None else f"id: {id}\n".encode()
    return name + number + b"data: " + orjson.dumps(value) + b"\n\n"


def _volatile(word: Volatile) -> bytes:
    told = {"run": word.run, "node": word.node, "execution": word.execution, "kind": word.kind, "value": word.value}
    return frame(told, type="volatile")


class EventStream:
    """An answer that goes on. ASGI application.

    Args:
        house: whose ``closing`` ends it.
        frames: what is to be sent, in order; its end ends the stream.
        changes: tell changes of graphs in between.
    """

    def __init__(self, house: House, frames: AsyncIterator[bytes], *, changes: bool = False) -> None:
        self._house = house
        self._frames = frames
        self._changes = changes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the frames end, the client goes, is too slow, or the server closes."""
        if scope["method"] == "HEAD":
            # There is no body to wait for, and the connection is wanted for the next request.
            await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
            await send({"type": "http.response.body", "body": b""})
            return
        outbox = Outbox()
        self._house.metrics.streams += 1
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(_until_gone, receive, group.cancel_scope)
                group.start_soon(self._collect, outbox)
                await self._send(send, outbox)
                group.cancel_scope.cancel()
        finally:
            self._house.metrics.streams -= 1

    async def _collect(self, outbox: Outbox) -> None:
        """Hand frames over until there are no more, or the server closes."""

        def changed(change: Change) -> None:
            told = {"graph": change.graph, "etag": change.etag, "by": change.by}
            if not outbox.put_nowait(frame(told, type="graph")):
                # It looks when it comes back.
                tell("stream.missed", level=logging.DEBUG, graph=change.graph)

        async with anyio.create_task_group() as group:
            group.start_soon(self._until_closing, group.cancel_scope)
            with self._house.folder.listening(changed) if self._changes else nullcontext():
                await self._pass_on(outbox)
            group.cancel_scope.cancel()
        outbox.end()

    async def _until_closing(self, scope: anyio.CancelScope) -> None:
        await self._house.closing.wait()
        scope.cancel()

    async def _pass_on(self, outbox: Outbox) -> None:
        try:
            async for one in self._frames:
                await outbox.put(one)
        except JournalError as error:
            if not self._house.closing.is_set():
                tell_fault("stream.ended", error)

    async def _send(self, send: Send, outbox: Outbox) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
        await send({"type": "http.response.body", "body": b"retry: 1000\n\n", "more_body": True})
        sent_at = float("-inf")
        while not outbox.is_over:
            for piece in await _next_pieces(outbox, sent_at):
                with anyio.move_on_after(SLOW_S) as patience:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                if patience.cancelled_caught:
                    self._house.metrics.cut_off += 1
                    return
            sent_at = anyio.current_time()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    """End everything when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def _next_pieces(outbox: Outbox, sent_at: float) -> Iterable[bytes]:
    """Everything that is there to be sent, waiting for the first frame; a heartbeat after too much silence."""
    with anyio.move_on_after(HEARTBEAT_S) as silence:
        await outbox.wait_for_some()
    if silence.cancelled_caught:
        return (b": alive\n\n",)
    wait_s = sent_at + BATCH_S - anyio.current_time()
    if wait_s > 0 and outbox.size_bytes < QUEUE_BYTES and not outbox.is_over:
        await anyio.sleep(wait_s)
    return outbox.take()
