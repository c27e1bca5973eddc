"""Streams of events: what is on disk so far, then live, joined by number.

Rule: no gap, no double, nothing that is not committed. A watcher that is slow is cut off from the live feed and reads
the journal again; it never holds anybody up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from engine.journal.projection import ENDED
from engine.journal.store import Journal, Recorded
from engine.runtime.feed import Feed, Subscription, Volatile
from engine.scheduler.events import Event, RunCancelled, RunCompleted, RunFailed

LOOK_EVERY_S: Final = 0.1
"""How often a run that another process hosts is looked at."""
FEED_LOOK_EVERY_S: Final = 0.5
"""How often events of other processes are looked for in the feed over all runs."""


async def watch_run(
    journal: Journal, feed: Feed, run_id: str, *, after: int, is_hosted: Callable[[], bool]
) -> AsyncIterator[Event | Volatile]:
    """One run's events with ``n`` > ``after``, with volatile words in between, to the run's end.

    Raises:
        InputError: ``run.unknown``, at the first step.
    """
    subscription = feed.subscribe(run_id)
    seen = after
    try:
        while True:
            async for event in journal.read(run_id, after=seen):
                seen = event.n
                yield event
            subscription.behind = False
            if await _is_over(journal, run_id, seen):
                return
            async for item in _live(subscription, seen, is_hosted):
                if not isinstance(item, Volatile):
                    seen = item.n
                yield item
    finally:
        feed.unsubscribe(subscription)


async def watch_all(journal: Journal, feed: Feed, *, after: int) -> AsyncIterator[Recorded | Volatile]:
    """The events of all runs with a position above ``after``, in the order of their commits, without an end.

    The live feed only says that there is something new; what is told comes from the journal, so events of other
    processes are told too.
    """
    subscription = feed.subscribe(None)
    seen = after
    try:
        while True:
            page = await journal.read_all(after=seen)
            for recorded in page:
                seen = recorded.position
                yield recorded
            if page:
                continue
            subscription.behind = False
            try:
                async with asyncio.timeout(FEED_LOOK_EVERY_S):
                    items = await subscription.take()
            except TimeoutError:
                continue
            for item in items:
                if isinstance(item, Volatile):
                    yield item
    finally:
        feed.unsubscribe(subscription)


async def _is_over(journal: Journal, run_id: str, seen: int) -> bool:
    """Whether a run has ended and its last event has been seen."""
    if (await journal.run(run_id)).status not in ENDED:
        return False
    return not await journal.read_page(run_id, after=seen, limit=1)


async def _live(
    subscription: Subscription, seen: int, is_hosted: Callable[[], bool]
) -> AsyncIterator[Event | Volatile]:
    """What the feed tells, until the journal must be read again."""
    while True:
        try:
            async with asyncio.timeout(None if is_hosted() else LOOK_EVERY_S):
                items = await subscription.take()
        except TimeoutError:
            return
        if subscription.behind or not items:
            return
        for item in items:
            if isinstance(item, Volatile):
                yield item
                continue
            event = item[1]
            if event.n <= seen:
                continue
            if event.n != seen + 1:
                return
            seen = event.n
            yield event
            if isinstance(event, RunCompleted | RunFailed | RunCancelled):
                return
