"""Keeps the leases of the runs hosted here and brings in the mail: one task for all of them.

Rule: a lease is renewed long before it ends; one that was lost stops its host at once. Mail is asked for often enough
that a person who answers in another process sees the effect at once. A host that was killed gives nothing back: its
runs are looked for as often as leases are renewed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Protocol

from engine.journal.store import RENEW_EVERY_S, Journal
from engine.runtime.clock import Clock

POLL_EVERY_S: Final = 0.1


class Hosts(Protocol):
    """What the keeper looks after."""

    @property
    def is_watchful(self) -> bool:
        """Whether mail matters now: runs are hosted here, or may be woken here."""
        ...

    def hosted(self) -> Collection[str]:
        """The runs hosted here."""
        ...

    async def lost(self, run_id: str) -> None:
        """Another host has taken the run."""
        ...

    async def arrived(self, run_id: str) -> None:
        """There is mail for the run, hosted here or not."""
        ...

    async def look_for_left(self) -> None:
        """Take up what hosts that went without a word have left."""
        ...


@dataclass(slots=True)
class Keeper:
    """The task; ``start`` it inside a running event loop, ``close`` it before the journal."""

    journal: Journal
    clock: Clock
    hosts: Hosts
    _task: asyncio.Task[None] | None = None
    _newest: int = 0

    def start(self) -> None:
        """Begin to keep; idempotent."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep(), name="weft keeper")

    async def close(self) -> None:
        """End the task."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _keep(self) -> None:
        renewed = self.clock.monotonic()
        while True:
            await asyncio.sleep(POLL_EVERY_S)
            if not self.hosts.is_watchful:
                continue
            if self.clock.monotonic() - renewed >= RENEW_EVERY_S:
                renewed = self.clock.monotonic()
                for run_id in await self.journal.renew(sorted(self.hosts.hosted()), now=self.clock.now()):
                    await self.hosts.lost(run_id)
                await self.hosts.look_for_left()
            arrivals = await self.journal.arrivals(self._newest)
            self._newest = arrivals.newest
            for run_id in sorted(arrivals.run_ids):
                await self.hosts.arrived(run_id)
