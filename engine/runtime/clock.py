"""The only place that knows what time it is.

Rule: everybody else is handed a ``Clock``; tests hand in one whose time moves when everything waits.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Wall-clock time in seconds since 1970 (UTC) and a way to wait for it."""

    def now(self) -> float:
        """Seconds since 1970."""
        ...

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back; only differences mean something."""
        ...

    async def sleep_until(self, at: float) -> None:
        """Return at ``at`` (seconds since 1970) or a little later; at once when that has passed."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds of the machine's monotonic clock."""
        return time.monotonic()

    async def sleep_until(self, at: float) -> None:
        """Sleep in slices of at most 30 s, so that a clock that was set forward is noticed."""
        while (left := at - time.time()) > 0:  # noqa: ASYNC110 - waits for a moment, not for an event
            await asyncio.sleep(min(left, 30.0))
