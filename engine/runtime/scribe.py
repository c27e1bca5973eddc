"""Writes one run's events: numbers them, hands them to the journal in batches, tells when they are on disk.

Rule: an event is numbered the moment it is applied and published only once it is committed. What is handed over in one
turn of the event loop goes into one batch; whoever must not act before the disk knows awaits ``wait_until_committed``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from engine.errors import EngineBug, WeftError
from engine.runtime.clock import Clock
from engine.scheduler.events import Event


class RunJournal(Protocol):
    """What is needed of a journal to write a run."""

    def append(self, run_id: str, events: Sequence[Event], *, letters: Sequence[int] = ()) -> asyncio.Future[None]:
        """Hand events over; the future ends when they are on disk, or with LeaseLost or another JournalError."""
        ...


class Scribe:
    """The one writer of one run.

    Args:
        run: the run's id.
        journal: where its events go.
        clock: stamps them.
        on_written: called with every batch once it is on disk; an empty one when only letters were struck off.
        on_refused: called once, with why nothing more can be written.

    Attributes:
        last_n: number of the last event.
        committed_n: number of the last event that is on disk.
    """

    def __init__(
        self,
        run: str,
        journal: RunJournal,
        clock: Clock,
        *,
        on_written: Callable[[list[Event]], None],
        on_refused: Callable[[WeftError], None],
    ) -> None:
        self.last_n = 0
        self.committed_n = 0
        self._run = run
        self._journal = journal
        self._clock = clock
        self._on_written = on_written
        self._on_refused = on_refused
        self._unwritten: list[Event] = []
        self._letters: list[int] = []
        self._ticket: asyncio.Future[None] | None = None
        self._is_due = False

    @property
    def is_written(self) -> bool:
        """Whether everything is on disk."""
        return self.committed_n == self.last_n

    def go_on_from(self, n: int) -> None:
        """The journal holds ``n`` events already."""
        self.last_n = self.committed_n = n

    def note(self, event: Event) -> None:
        """Number an event and hand it over with the others of this turn."""
        self.last_n += 1
        event.n = self.last_n
        event.at = self._clock.now()
        self._unwritten.append(event)
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self.flush)

    def strike(self, letter: int) -> None:
        """Strike a letter off in the transaction of what is handed over next."""
        self._letters.append(letter)

    def flush(self) -> None:
        """Hand over what has gathered."""
        self._is_due = False
        if not self._unwritten and not self._letters:
            return
        events, self._unwritten = self._unwritten, []
        letters, self._letters = self._letters, []
        ticket = self._journal.append(self._run, events, letters=letters)
        self._ticket = ticket
        if ticket.done():
            self._written(events, ticket)
        else:
            ticket.add_done_callback(partial(self._written, events))

    def forget(self) -> None:
        """Nothing more is to be written."""
        self._unwritten.clear()
        self._letters.clear()

    async def wait_until_committed(self) -> None:
        """Return once everything so far is on disk.

        Raises:
            JournalError: it could not be written.
        """
        self.flush()
        if self._ticket is not None:
            await asyncio.shield(self._ticket)

    async def finish(self) -> None:
        """Hand over what is left and wait for it, come what may."""
        self.flush()
        if self._ticket is not None:
            await asyncio.wait([self._ticket])

    def _written(self, events: list[Event], ticket: asyncio.Future[None]) -> None:
        if ticket.cancelled():
            return
        error = ticket.exception()
        if error is not None:
            self._on_refused(error if isinstance(error, WeftError) else EngineBug(f"the journal failed: {error!r}"))
            return
        if events:
            self.committed_n = events[-1].n
        self._on_written(events)
