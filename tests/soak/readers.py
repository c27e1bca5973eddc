"""Readers of Server-Sent Events as there are: steady ones, slow ones, ones whose line breaks all the time.

Rule: a reader knows only what came over its own lines. It comes back with the last id that it has seen, as a browser
does, and notes every id that it is given; what it noted is judged afterwards.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any, Final, Literal

import anyio
import httpx2
import orjson

from tests.soak.serving import until

Manner = Literal["steady", "slow", "restless"]
MANNERS: Final[tuple[Manner, ...]] = ("steady", "slow", "restless")

COME_BACK_S: Final = 0.05
SLOW_S: Final = 0.02
"""A slow reader dawdles for so long before each piece that it takes off the line."""
ENDS: Final = frozenset({"run.completed", "run.failed", "run.cancelled"})


@dataclass(frozen=True, slots=True)
class Note:
    """One event as a reader saw it: the stream's id, and what the event says of itself."""

    id: int
    run: str
    n: int
    type: str


@dataclass(slots=True)
class Reader:
    """One reader.

    Attributes:
        path: of the stream.
        run: the run that the stream tells, or None for all of them.
        manner: how it reads.
        seed: of what it does by chance.
        seen: every event, in the order in which it came.
        connections: how often it connected.
    """

    path: str
    run: str | None
    manner: Manner
    seed: int
    seen: list[Note] = field(default_factory=list[Note])
    connections: int = 0

    async def read(self, client: httpx2.AsyncClient, is_enough: Callable[[Note], bool]) -> None:
        """Read, coming back again and again, until an event is enough or there is nothing more (204)."""
        chance = random.Random(self.seed)
        await until(partial(self._connected, client, chance, is_enough), every_s=COME_BACK_S)

    async def _connected(
        self, client: httpx2.AsyncClient, chance: random.Random, is_enough: Callable[[Note], bool]
    ) -> bool:
        """One connection; whether there is nothing more to read."""
        patience = chance.randrange(1, 8 if self.run is not None else 500) if self.manner == "restless" else None
        last = self.seen[-1].id if self.seen else 0
        self.connections += 1
        try:
            async with client.stream("GET", self.path, headers={"last-event-id": str(last)}) as answer:
                if answer.status_code == 204:
                    return True
                if answer.status_code != 200:
                    raise RuntimeError(f"{self.path}: {answer.status_code} {(await answer.aread())[:500]!r}")
                async for note in self._notes(answer):
                    self.seen.append(note)
                    if is_enough(note):
                        return True
                    if patience is not None:
                        patience -= 1
                        if patience <= 0:
                            return False
        except httpx2.TransportError:
            return False
        return False

    async def _notes(self, answer: httpx2.Response) -> AsyncIterator[Note]:
        async for id, _, data in frames_of(self._pieces(answer)):
            if id is not None:
                told = orjson.loads(data)
                yield Note(id, self.run if self.run is not None else told["run"], told["n"], told["type"])

    async def _pieces(self, answer: httpx2.Response) -> AsyncIterator[bytes]:
        async for piece in answer.aiter_raw():
            if self.manner == "slow":
                await anyio.sleep(SLOW_S)
            yield piece


async def frames_of(pieces: AsyncIterator[bytes]) -> AsyncIterator[tuple[int | None, str, bytes]]:
    """The frames of a stream: id, type, data. Comments and what is cut off in the middle are left out."""
    rest = b""
    async for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n\n")
        for frame in whole:
            fields = dict(line.split(b": ", 1) for line in frame.split(b"\n") if b": " in line and line[:1] != b":")
            if b"data" in fields:
                id = int(fields[b"id"]) if b"id" in fields else None
                yield id, fields.get(b"event", b"message").decode(), fields[b"data"]


def faults_of_run(seen: list[Note]) -> list[str]:
    """What is wrong with what a reader of one run saw: a gap, a double, a disorder, no end."""
    numbers = [note.n for note in seen]
    faults = list[str]()
    if [note.id for note in seen] != numbers:
        faults.append("ids and numbers differ")
    if numbers != list(range(1, len(numbers) + 1)):
        strange = next((i, n) for i, n in enumerate(numbers, 1) if i != n)
        faults.append(f"event {strange[1]} came as number {strange[0]}")
    if not seen or seen[-1].type not in ENDS or any(note.type in ENDS for note in seen[:-1]):
        faults.append("it does not end with the run's end")
    return faults


def faults_of_all(seen: list[Note], expected: dict[str, int]) -> list[str]:
    """What is wrong with what a reader of all runs saw.

    Args:
        seen: what it saw.
        expected: run -> number of its last event.
    """
    ids = [note.id for note in seen]
    faults = ["positions do not rise"] if any(a >= b for a, b in pairwise(ids)) else []
    numbers: dict[str, list[int]] = {}
    for note in seen:
        numbers.setdefault(note.run, []).append(note.n)
    for run, last in expected.items():
        if numbers.get(run) != list(range(1, last + 1)):
            faults.append(f"{run}: {_short(numbers.get(run, []))} instead of 1 to {last}")
    return faults


def _short(numbers: list[int]) -> Any:
    return numbers if len(numbers) < 40 else f"{numbers[:5]} … {numbers[-5:]} ({len(numbers)})"
