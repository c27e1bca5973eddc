"""Kills a writing process and looks at what it left: nothing acknowledged is lost, nothing is half there.

Run it by itself for as long as you like: ``python -m tests.journal.crashes --kills 1000 --seed 7``.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.journal import open_journal
from engine.journal.store import Journal
from engine.scheduler import events as ev
from tests.journal.elsewhere import begin

RUNS = 4
BIG = 70_000

# Each run appends batches of one to five events that say which batch they belong to and how long it is; now and then a
# value is big, and a letter is posted and answered. A line is said only once the future has ended.
WRITE = """
import random

async def work(journal, number, seed, clock):
    chance, run_id = random.Random(f"{seed} {number}"), f"r{number}"
    if not await journal.runs(RunFilter(ids=[run_id])):
        await journal.create_run(run_id, run_started(), holder="writer", now=clock)
        n = 1
        say("event", run_id, n)
    else:
        n = (await journal.acquire(run_id, holder="writer", now=clock)).last_n
    while True:
        letters = await journal.mail(run_id)
        if not letters and chance.random() < 0.3:
            body = f"{run_id} {clock} {n}"
            await journal.post(run_id, "signal", body, at=clock)
            say("letter", body.replace(" ", "_"))
            letters = await journal.mail(run_id)
        batch = [signal(n + 1 + index, letter.body) for index, letter in enumerate(letters)]
        size = len(batch) + chance.randint(1, 4)
        while len(batch) < size:
            text = "x" * (BIG if chance.random() < 0.05 else 100)
            batch.append(completed(n + 1 + len(batch), output={"batch": n, "size": size, "text": text}))
        ticket = journal.append(run_id, batch, letters=[letter.id for letter in letters])
        n += size
        if chance.random() < 0.7:
            await ticket
            say("event", run_id, n)

async def main(path, seed, clock):
    journal = await open_journal(path, durability=chance_of(seed))
    await asyncio.gather(*(work(journal, number, seed, clock) for number in range(RUNS)))

def chance_of(seed):
    return random.Random(seed).choice(["full", "process"])

asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
"""


def write_and_kill(path: Path, seed: int, clock: float, lines: int) -> list[list[str]]:
    """Let a process write until it has said so many lines, kill it, and return all that it said."""
    constants = f"\nRUNS, BIG = {RUNS}, {BIG}\n"
    with begin(constants + WRITE, str(path), str(seed), str(clock)) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        rest = process.stdout.read()
        assert process.stderr is not None
        complaint = process.stderr.read()
    assert not complaint, complaint
    # The last line may have been cut in the middle.
    return [line.split() for line in [*said, *rest.splitlines(keepends=True)] if line.endswith("\n")]


async def look(path: Path, said: Iterable[list[str]]) -> None:
    """Check the database against everything that was said about it so far.

    Raises:
        AssertionError: something acknowledged is lost, something is half there, or a letter is lost or doubled.
    """
    journal = await open_journal(path)
    acknowledged: Counter[str] = Counter()
    posted: set[str] = set()
    for what, *rest in said:
        if what == "event":
            acknowledged[rest[0]] = max(acknowledged[rest[0]], int(rest[1]))
        else:
            posted.add(rest[0].replace("_", " "))
    heard: Counter[str] = Counter()
    for row in await journal.runs():
        events = [event async for event in journal.read(row.id)]
        assert [event.n for event in events] == list(range(1, len(events) + 1))
        assert len(events) >= acknowledged.pop(row.id, 0), f"{row.id} lost what was acknowledged"
        look_at_batches(events)
        heard.update(event.value for event in events if isinstance(event, ev.SignalReceived))
        heard.update(letter.body for letter in await journal.mail(row.id))
    assert not acknowledged
    assert posted <= set(heard)
    assert max(heard.values(), default=1) == 1
    await look_at_lists(journal)
    await journal.close()


def look_at_batches(events: list[ev.Event]) -> None:
    """Every batch is there whole: its last event has the number that its first one promised."""
    for event in events:
        if isinstance(event, ev.NodeCompleted):
            output: dict[str, Any] = event.output
            assert output["batch"] < event.n <= output["batch"] + output["size"]
            assert output["batch"] + output["size"] <= events[-1].n, "half a batch"
            assert len(output["text"]) in {100, BIG}


async def look_at_lists(journal: Journal) -> None:
    """What the lists show is what the events say."""
    before = await journal.runs(), await journal.inbox()
    await journal.rebuild_projections()
    assert (await journal.runs(), await journal.inbox()) == before


def soak(directory: Path, *, kills: int, seed: int) -> int:
    """Kill a writer so many times, mostly on the same database; returns how many events are there in the end.

    Every 10 kills a new database is begun, so that the first commits of all are cut off too.
    """
    chance = random.Random(seed)
    said: list[list[str]] = []
    events = 0
    for kill in range(kills):
        path = directory / f"{kill // 10}.db"
        if kill % 10 == 0:
            said = []
        said += write_and_kill(path, chance.randrange(10**6), 1000.0 + 100 * kill, chance.choice([0, 1, 3, 20, 60]))
        asyncio.run(look(path, said))
        events += len(said)
    return events


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        events = soak(Path(directory), kills=options.kills, seed=options.seed)
    print(f"{options.kills} kills, {events} acknowledgements: nothing lost, nothing half written")


if __name__ == "__main__":
    main()
