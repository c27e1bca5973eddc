"""Keeps the leases of the runs hosted here and brings in the mail: one task for all of them.

Rule: a lease is renewed long before it ends; one that was lost stops its host at once. Mail is asked for often enough
that a person who answers in another process sees the effect at once. A host that was killed gives nothing back: its
runs are looked for as often as leases are renewed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Collection
from dataclasses import dataclass, field
from typing import Final, Protocol

from engine.errors import WeftError
from engine.journal.store import RENEW_EVERY_S, Journal
from engine.runtime.clock import Clock

POLL_EVERY_S: Final = 0.1
LOG: Final = logging.getLogger("weft.keeper")


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
    _late: set[str] = field(default_factory=set[str])

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
                await self._done(self._renew(), "leases were not renewed")
                await self._done(self.hosts.look_for_left(), "runs left by others were not looked for")
                self._late, late = set(), self._late
                await self._bring(late)
            await self._done(self._look_for_mail(), "mail was not looked for")

    async def _renew(self) -> None:
        for run_id in await self.journal.renew(sorted(self.hosts.hosted()), now=self.clock.now()):
            await self._done(self.hosts.lost(run_id), f"run {run_id} was not given up")

    async def _look_for_mail(self) -> None:
        arrivals = await self.journal.arrivals(self._newest)
        self._newest = arrivals.newest
        await self._bring(arrivals.run_ids)

    async def _bring(self, run_ids: Collection[str]) -> None:
        """Tell of mail; where that fails, again when the leases are next renewed."""
        for run_id in sorted(run_ids):
            if not await self._done(self.hosts.arrived(run_id), f"mail was not brought to run {run_id}"):
                self._late.add(run_id)

    async def _done(self, work: Awaitable[None], otherwise: str) -> bool:
        """Whether one thing could be done. One that could not is in the log and keeps no other run waiting."""
        try:
            await work
        except WeftError as error:
            LOG.warning("%s: %s", otherwise, error.code if error.where is None else f"{error.code} ({error.where})")
            return False
        return True
