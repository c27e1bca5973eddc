"""What those who watch a run are told: its events after they are on disk, and words that are never journaled.

Rule: a watcher never holds anybody up and never costs unbounded memory. Each has a bounded queue; when it is full the
watcher is marked as behind and reads the journal again. Nothing is published before it is committed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from engine.scheduler.events import Event

QUEUE_LENGTH: Final = 1024


@dataclass(frozen=True, slots=True)
class Volatile:
    """A word without a number: model text, progress. ``kind``: such as ``text`` or ``progress``."""

    run: str
    execution: str
    node: str
    kind: str
    value: Any


Item = tuple[str, Event] | Volatile


@dataclass(slots=True, eq=False)
class Subscription:
    """One watcher's queue.

    Attributes:
        run: the run it watches, or None for all.
        behind: its queue overflowed since it last looked; what it missed is in the journal.
    """

    run: str | None
    behind: bool = False
    _queue: deque[Item] = field(default_factory=deque[Item])
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, item: Item) -> None:
        """Queue one item, or mark the watcher as behind."""
        if self.behind:
            return
        if len(self._queue) >= QUEUE_LENGTH:
            self.behind = True
            self._queue.clear()
        else:
            self._queue.append(item)
        self._woken.set()

    async def take(self) -> list[Item]:
        """Everything queued, waiting for the first item; an empty list says: you are behind, or were woken."""
        await self._woken.wait()
        self._woken.clear()
        items = list(self._queue)
        self._queue.clear()
        return items

    def wake(self) -> None:
        """Let ``take`` return."""
        self._woken.set()


@dataclass(slots=True)
class Feed:
    """All watchers of an engine."""

    _by_run: dict[str, list[Subscription]] = field(default_factory=dict[str, list[Subscription]])
    _of_all: list[Subscription] = field(default_factory=list[Subscription])

    def subscribe(self, run: str | None) -> Subscription:
        """A new watcher of one run, or of all."""
        subscription = Subscription(run)
        if run is None:
            self._of_all.append(subscription)
        else:
            self._by_run.setdefault(run, []).append(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Forget a watcher; safe to call twice."""
        if subscription.run is None:
            if subscription in self._of_all:
                self._of_all.remove(subscription)
            return
        watchers = self._by_run.get(subscription.run, [])
        if subscription in watchers:
            watchers.remove(subscription)
            if not watchers:
                del self._by_run[subscription.run]

    def publish(self, run: str, events: Iterable[Event]) -> None:
        """Tell the watchers of ``run`` and of all runs what has been committed."""
        watchers = self._by_run.get(run)
        if watchers is None and not self._of_all:
            return
        for event in events:
            for subscription in (*(watchers or ()), *self._of_all):
                subscription.put((run, event))

    def emit(self, word: Volatile) -> None:
        """Tell a word that is never journaled."""
        for subscription in (*self._by_run.get(word.run, ()), *self._of_all):
            subscription.put(word)

    def is_watched(self, run: str) -> bool:
        """Whether anybody listens to this run."""
        return bool(self._of_all) or run in self._by_run

    def wake_all(self) -> None:
        """Let every watcher look again, for instance when the engine closes."""
        for watchers in (*self._by_run.values(), self._of_all):
            for subscription in watchers:
                subscription.wake()
