"""Serving: one process, one event loop, until it is told to stop.

Rule: it stops in order. Streams end first, then open requests, then every run is let go with all of it written; a
second signal does not wait.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import socket
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import Final

import uvicorn

from engine.app import Engine
from engine.errors import ConfigError
from server.app import Application, links_of
from server.connections import AT_ONCE, Connection, open_wide
from server.settings import Settings

GRACE_S: Final = 10
GONE_MS: Final = 60_000
LINE_LENGTH: Final = 1024
GC_AFTER: Final = 50_000
"""New objects after which the collector looks for cycles among them."""


class Server(uvicorn.Server):
    """uvicorn, telling our streams to end as soon as it is told to stop."""

    def __init__(self, config: uvicorn.Config, application: Application) -> None:
        super().__init__(config)
        self._application = application

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in order at the first signal, at once at the second.

        uvicorn would raise the signal again once it has stopped, and end the process before the runs are let go.
        """
        del sig, frame
        self.force_exit, self.should_exit = self.should_exit, True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; of those who knock many may stand in line, though few are let in at once."""
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(LINE_LENGTH)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop taking requests, end the streams, finish what is open."""
        self._application.house.closing.set()
        await super().shutdown(sockets)


async def serve(
    engine: Engine, settings: Settings, *, on_ready: Callable[[str], None], takes_any_port: bool = False
) -> None:
    """Serve until a signal comes.

    Args:
        engine: not yet open.
        settings: the operator's.
        takes_any_port: where the port is taken, a free one will do.
        on_ready: told the address to open, once the server listens.

    Raises:
        ConfigError: ``serve.port``: it cannot listen there.
        JournalError: the database cannot be used.
    """
    listener = _listener(settings, takes_any_port=takes_any_port)
    port = int(listener.getsockname()[1])
    engine.own_ports.add(port)
    application = Application(engine, settings_at(settings, port))
    open_wide()
    config = uvicorn.Config(
        application,
        http=Connection,
        backlog=AT_ONCE,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        root_path=settings.root_path,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        timeout_graceful_shutdown=GRACE_S,
        h11_max_incomplete_event_size=64 * 1024,
        ws="none",
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    with listener:
        async with application.open():
            server = Server(config, application)
            calm_collector()
            on_ready(links_of(settings, application.first_link, port))
            try:
                await server.serve([listener])
            except asyncio.CancelledError:
                # uvicorn would leave every connection open; whoever cancels gets the same order as by a signal.
                await server.shutdown([listener])
                raise


def calm_collector() -> None:
    """Keep Python's collector from stopping every request for a tenth of a second.

    What is loaded by now stays for ever and is never looked at again. A document of 1,000 nodes makes some hundred
    thousand objects and drops them without a cycle among them, so looking after every 700 of them finds nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_AFTER, 20, 20)


def settings_at(settings: Settings, port: int) -> Settings:
    """The same settings with the port that was really taken."""
    return replace(settings, port=port)


def _listener(settings: Settings, *, takes_any_port: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With its protocol named, since asyncio switches Nagle's algorithm off (44 ms an answer) only where it reads "TCP".
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # A client that takes nothing is dropped by the kernel, with what was waiting to be sent to it.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_MS)
        listener.bind((settings.host, settings.port))
        listener.listen(LINE_LENGTH)
    except OSError as error:
        listener.close()
        if takes_any_port and error.errno == errno.EADDRINUSE and settings.port:
            return _listener(settings_at(settings, 0), takes_any_port=False)
        raise ConfigError(
            f"it cannot listen on port {settings.port} of {settings.host}: {error.strerror}",
            code="serve.port",
            where="--port",
            hint="another program may use it; give another --port, or 0 for any",
        ) from None
    return listener
