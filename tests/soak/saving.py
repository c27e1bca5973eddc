"""Several people who save the same graph: nobody overwrites what he has not seen.

Rule: the order of what happens is drawn by chance; what must hold is counted from the answers alone. Every version that
was saved names the version that it replaced, so all of them together are one line from the first to the last.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx2
import orjson

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Save:
    """A save that was accepted: who, what stands in the document, the ETag sent and the one received."""

    who: str
    word: str
    based_on: str
    became: str


@dataclass(slots=True)
class Tally:
    """What came of it.

    Attributes:
        saves: every 200.
        refused: how many 412 there were.
        read: how often a graph was read.
        faults: what must not be.
    """

    saves: list[Save] = field(default_factory=list[Save])
    refused: int = 0
    read: int = 0
    faults: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Writer:
    """One person with an editor: the version that was read last, and what to write next.

    Attributes:
        who: the name, part of every word that is written.
        etag: of the version that was read or saved last.
        document: that version.
        count: words written so far.
    """

    who: str
    client: httpx2.AsyncClient
    path: str
    tally: Tally
    etag: str = ""
    document: Document = field(default_factory=dict[str, Any])
    count: int = 0

    async def read(self) -> None:
        """Open the graph anew."""
        answer = await self.client.get(self.path)
        self.tally.read += 1
        self._take(answer.headers["etag"], answer.json())

    async def save(self) -> None:
        """Write a new word into the version that was read, and save."""
        self.count += 1
        word, based_on = f"{self.who}-{self.count}", self.etag
        document = {**self.document, "description": word}
        answer = await self.client.put(self.path, json=document, headers={"if-match": f'"{based_on}"'})
        match answer.status_code:
            case 200:
                self.etag, self.document = _bare(answer.headers["etag"]), document
                self.tally.saves.append(Save(self.who, word, based_on, self.etag))
            case 412:
                self._refused(answer, based_on)
            case strange:
                self.tally.faults.append(f"{self.who}: {strange} {answer.text[:300]}")

    def _refused(self, answer: httpx2.Response, based_on: str) -> None:
        """A refusal brings the current version, which is another than the one that the save was based on."""
        self.tally.refused += 1
        problem: Document = answer.json()
        current: Document = problem.get("current") or {}
        if problem.get("code") != "graph.changed" or current.get("etag") in (None, based_on):
            self.tally.faults.append(f"{self.who}: refused without the current version: {str(problem)[:300]}")
            return
        if _bare(answer.headers["etag"]) != current["etag"]:
            self.tally.faults.append(f"{self.who}: the ETag of a refusal is not that of the version that it brings")
        self._take(f'"{current["etag"]}"', current["document"])

    def _take(self, etag: str, document: Document) -> None:
        self.etag, self.document = _bare(etag), document


def _bare(etag: str) -> str:
    return etag.strip('"')


async def quarrel(client: httpx2.AsyncClient, graph: str, *, schedules: int, people: int = 2, seed: int = 1) -> Tally:
    """Let people save a graph in so many random schedules, each of a few steps, and judge.

    A schedule is a row of moments; in each of them one or several people at once read or save.
    """
    chance, tally, path = random.Random(seed), Tally(), f"/api/graphs/{graph}"
    writers = [Writer(f"p{i}", client, path, tally) for i in range(people)]
    for writer in writers:
        await writer.read()
    first = writers[0].etag
    for _ in range(schedules):
        for _ in range(chance.randrange(1, 4)):
            at_once = chance.sample(writers, chance.randrange(1, people + 1))
            async with anyio.create_task_group() as group:
                for writer in at_once:
                    group.start_soon(writer.save if chance.random() < 0.8 else writer.read)
    last = await client.get(path)
    tally.faults += faults_of(tally.saves, first, _bare(last.headers["etag"]), last.json()["description"])
    return tally


def faults_of(saves: list[Save], first: str, last: str, word: str) -> list[str]:
    """What is wrong with the saves: one that replaced a version which another had replaced already, or one lost."""
    after = {save.based_on: save for save in saves}
    faults = [f"{len(saves) - len(after)} saves replaced a version that was gone"] if len(after) != len(saves) else []
    at, steps, said = first, 0, word
    while at in after and steps <= len(saves):
        at, said, steps = after[at].became, after[at].word, steps + 1
    if steps != len(saves):
        faults.append(f"{len(saves) - steps} of {len(saves)} saves are not in the line from the first version")
    if at != last or said != word:
        faults.append("what is there at the end is not what was saved last")
    return faults


async def change_by_hand(file: Path, word: str) -> None:
    """What somebody with a text editor does: the file is another from one moment to the next."""
    document = orjson.loads(await anyio.Path(file).read_bytes())
    beside = anyio.Path(file.with_name(f".{file.name}.by-hand"))
    await beside.write_bytes(orjson.dumps({**document, "description": word}))
    await beside.rename(file)
