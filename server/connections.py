"""One connection to a client: patient, but not for ever, and one of so many.

Rule: a client that says nothing, or says it drop by drop, holds no place: what it asks must be there within
``PATIENCE_S``, twice that at most. Streams wait for us and not for the client, so they are not meant. And there are
never so many connections that nothing else of this process could be opened: whoever comes then is sent away at once,
since a listener that cannot accept tries again without pause.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any, ClassVar, Final

import h11
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

AT_ONCE: Final = 20
"""So many connections are accepted in one turn of the loop; one that is sent away is gone some turns later."""
KEPT_BACK: Final = 256
"""So many files and sockets are left to those, and to databases, graphs, pictures and tools."""
MOST_FILES: Final = 65_536
NO_LIMIT: Final = 10_000
"""So many connections where the system does not say."""


class Connection(H11Protocol):
    """What uvicorn makes of each client."""

    PATIENCE_S: ClassVar[float] = 60.0
    _patience: asyncio.TimerHandle | None = None
    _waits_for: Any = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            transport.abort()
            return
        self._waits_for = (self.cycle,)
        self._patience = self.loop.call_later(self.PATIENCE_S, self._look)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._patience is not None:
            self._patience.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Let go of a client from whom the same request has been awaited all the time since the last look."""
        is_awaited = self.conn.their_state in (h11.IDLE, h11.SEND_BODY)
        if is_awaited and self._waits_for == (self.cycle,):
            self.transport.abort()
            return
        self._waits_for = (self.cycle,) if is_awaited else None
        self._patience = self.loop.call_later(self.PATIENCE_S, self._look)


def most_connections() -> int:
    """How many connections there may be, by what this process may open."""
    if sys.platform == "win32":
        return NO_LIMIT
    import resource  # noqa: PLC0415 (not there on Windows)

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return NO_LIMIT if soft == resource.RLIM_INFINITY else max(soft - KEPT_BACK, 16)


def open_wide() -> None:
    """Let this process open as many files as the system lets it."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 (not there on Windows)

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
