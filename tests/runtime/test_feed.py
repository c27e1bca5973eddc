"""What watchers are told, and what becomes of those who are slow."""

from __future__ import annotations

import asyncio

import pytest

from engine.runtime.feed import QUEUE_LENGTH, Feed, Item, Volatile
from engine.scheduler.events import Event, SignalReceived

pytestmark = pytest.mark.anyio


def events(count: int, first: int = 1) -> list[Event]:
    """Some numbered events."""
    return [SignalReceived(name="go", n=first + place) for place in range(count)]


def word(run: str, value: str) -> Volatile:
    """A piece of a model's text."""
    return Volatile(run, "a", "a", "text", value)


def told(items: list[Item]) -> list[object]:
    """What was told: (run, number) of events, the words themselves."""
    return [item.value if isinstance(item, Volatile) else (item[0], item[1].n) for item in items]


async def test_a_watcher_of_a_run_hears_that_run_alone_and_one_of_all_hears_all() -> None:
    feed = Feed()
    one, every = feed.subscribe("r1"), feed.subscribe(None)
    feed.publish("r1", events(1))
    feed.emit(word("r2", "so"))
    feed.publish("r2", events(1))
    feed.emit(word("r1", "on"))

    assert told(await one.take()) == [("r1", 1), "on"]
    assert told(await every.take()) == [("r1", 1), "so", ("r2", 1), "on"]


async def test_a_watcher_that_is_too_slow_is_behind_and_hears_nothing_until_it_has_caught_up() -> None:
    feed = Feed()
    slow = feed.subscribe("r1")
    feed.publish("r1", events(QUEUE_LENGTH + 1))
    assert (slow.behind, await slow.take()) == (True, [])

    feed.publish("r1", events(1, first=QUEUE_LENGTH + 2))
    slow.behind = False
    feed.publish("r1", events(1, first=QUEUE_LENGTH + 3))
    assert told(await slow.take()) == [("r1", QUEUE_LENGTH + 3)]


async def test_one_slow_watcher_takes_nothing_from_the_others() -> None:
    feed = Feed()
    slow, quick = feed.subscribe("r1"), feed.subscribe("r1")
    for n in range(1, 2 * QUEUE_LENGTH):
        feed.publish("r1", events(1, first=n))
        assert told(await quick.take()) == [("r1", n)]
    assert (slow.behind, quick.behind) == (True, False)


async def test_a_watcher_waits_for_the_next_word_or_until_it_is_woken() -> None:
    feed = Feed()
    watcher = feed.subscribe("r1")
    waiting = asyncio.ensure_future(watcher.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    feed.publish("r1", events(1))
    assert told(await waiting) == [("r1", 1)]

    woken = asyncio.ensure_future(watcher.take())
    feed.wake_all()
    assert await woken == []


async def test_whoever_has_left_is_told_nothing_and_forgotten() -> None:
    feed = Feed()
    first, second, every = feed.subscribe("r1"), feed.subscribe("r1"), feed.subscribe(None)
    for watcher in (first, first, every, every):
        feed.unsubscribe(watcher)
    assert feed.is_watched("r1")
    feed.publish("r1", events(1))
    assert told(await second.take()) == [("r1", 1)]

    feed.unsubscribe(second)
    assert not feed.is_watched("r1")
    feed.publish("r1", events(1))
    for watcher in (first, second, every):
        watcher.wake()
        assert await watcher.take() == []


def test_a_watcher_of_all_listens_to_every_run() -> None:
    feed = Feed()
    assert not feed.is_watched("r1")
    feed.subscribe(None)
    assert feed.is_watched("r1")
