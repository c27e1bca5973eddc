"""The directory of graphs as it is on disk: read, written whole, watched for what people change by hand.

Rule: a file is named by a graph's name and nothing else, and a link that leads out of the directory is no graph. Which
version somebody means is said by the hash of the file's bytes, so that a change by hand is never overwritten unseen.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import anyio
from anyio import to_thread

from engine.errors import GraphError, InputError
from engine.gallery import Beginning, make
from engine.model import Graph, Reading
from engine.model.names import is_name, nearest
from engine.model.saving import save_text

ABSENT: Final = ""
"""The etag of a graph that is not there."""
QUEUE_LENGTH: Final = 256


@dataclass(frozen=True, slots=True)
class Change:
    """A changed file: ``etag`` of its new bytes, None when it is gone; ``by``: None for a change by hand."""

    graph: str
    etag: str | None
    by: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One graph of the directory.

    Attributes:
        name: the graph's name.
        content: the file's bytes.
        etag: SHA-256 of them in hex.
        reading: what they mean; its ``graph`` is None while the file has errors of form.
    """

    name: str
    content: bytes
    etag: str
    reading: Reading

    @property
    def graph(self) -> Graph:
        """The document.

        Raises:
            GraphError: the file has errors of form; with every finding.
        """
        if self.reading.graph is None:
            return Graph.loads(self.content, where=self.name)
        return self.reading.graph


_Stamp = tuple[int, int, int]


@dataclass(slots=True)
class Folder:
    """The directory; one object per server.

    Attributes:
        directory: it need not exist until something is saved.
    """

    directory: Path
    _read: dict[str, tuple[_Stamp, Entry]] = field(default_factory=dict[str, tuple[_Stamp, Entry]])
    _seen: dict[str, _Stamp] | None = None
    _listeners: list[Callable[[Change], None]] = field(default_factory=list[Callable[[Change], None]])
    _locks: dict[str, anyio.Lock] = field(default_factory=dict[str, anyio.Lock])

    # -- reading -----------------------------------------------------------------------------------------------------

    def file(self, name: str) -> Path:
        """Where the graph called ``name`` lies or would lie.

        Raises:
            GraphError: ``graph.unknown``: it is no name, or its file is a link that leads out.
        """
        path = self.directory / f"{name}.json"
        if not is_name(name) or not _is_inside(path, self.directory):
            raise self._unknown(name)
        return path

    async def names(self) -> list[str]:
        """The names of all graphs, sorted."""
        return sorted(await to_thread.run_sync(self._stamps))

    async def entry(self, name: str) -> Entry:
        """One graph as it is now; a file that has not changed is not read again.

        Raises:
            GraphError: ``graph.unknown``.
        """
        return await to_thread.run_sync(self._entry, name)

    def look_up(self, name: str) -> Entry | None:
        """The same, or None where there is none; for a worker thread, since the file may have to be read."""
        try:
            return self._entry(name)
        except GraphError:
            return None

    async def entries(self) -> list[Entry]:
        """All graphs, by name. A file that goes away meanwhile is left out."""

        def read() -> list[Entry]:
            found = list[Entry]()
            for name in sorted(self._stamps()):
                try:
                    found.append(self._entry(name))
                except GraphError:
                    continue
            return found

        return await to_thread.run_sync(read)

    def _entry(self, name: str, text: str | None = None, graph: Graph | None = None) -> Entry:
        """The entry as it is on disk; ``graph`` is not read again while its written form ``text`` stands there."""
        path = self.file(name)
        try:
            stamp = _stamp(path.stat())
            known = self._read.get(name)
            if known is not None and known[0] == stamp:
                return known[1]
            content = _content(path)
        except FileNotFoundError:
            self._read.pop(name, None)
            raise self._unknown(name) from None
        except OSError as error:
            self._read.pop(name, None)
            text = f"it cannot be read: {error.strerror}"
            raise GraphError(text, code="graph.unknown", where=name, hint="look at what lies there") from None
        is_known = graph is not None and text is not None and content == text.encode()
        reading = Reading(graph, None, ()) if is_known else Graph.read(content)
        entry = Entry(name, content, etag_of(content), reading)
        self._read[name] = (stamp, entry)
        return entry

    def _unknown(self, name: str) -> GraphError:
        near = nearest(name, self._stamps())
        hint = f"did you mean {near}?" if near else "see /api/graphs"
        return GraphError(f"there is no graph {name[:80]!r}", code="graph.unknown", hint=hint)

    async def has_answers(self, name: str) -> bool:
        """Whether scripted answers lie beside the graph, or beside where it would lie."""
        return await to_thread.run_sync(os.path.lexists, self.directory / f"{name}.scripted.json")

    # -- writing -----------------------------------------------------------------------------------------------------

    async def save(self, name: str, text: str, *, expected: str, by: str, graph: Graph | None = None) -> Entry:
        """Write a graph if it still is what its author read.

        Args:
            name: the graph's name.
            text: its new written form.
            expected: the etag that was read, ``ABSENT`` for a new graph.
            by: who saves.
            graph: whose written form it is, where that is at hand; it is then not read again.

        Raises:
            GraphError: ``graph.changed`` when the file is another by now; ``graph.unwritable``.
        """

        def write() -> Entry:
            self._compare(name, expected)
            _write(text, self.file(name))
            return self._entry(name, text, graph)

        async with self._lock(name):
            entry = await to_thread.run_sync(write)
        self._tell(Change(name, entry.etag, by))
        return entry

    async def begin(self, new: Beginning, *, by: str) -> Entry:
        """Write a new graph with its scripted answers.

        Raises:
            GraphError: ``graph.exists``, ``graph.unwritable``.
        """
        name = new.graph.name
        async with self._lock(name):
            self.file(name)
            try:
                await to_thread.run_sync(make, new, self.directory)
            except GraphError as error:
                # Where the directory lies is nobody's business out there.
                raise GraphError(error.message, code=error.code, where=name, hint=error.hint) from None
            entry = await to_thread.run_sync(self._entry, name)
        self._tell(Change(name, entry.etag, by))
        return entry

    @asynccontextmanager
    async def held(self, name: str, expected: str) -> AsyncGenerator[None]:
        """Keep others from saving a graph meanwhile.

        Raises:
            GraphError: ``graph.changed`` when the file is another than its author read.
        """
        async with self._lock(name):
            await to_thread.run_sync(self._compare, name, expected)
            yield

    async def drop(self, name: str, *, to: str | None, by: str) -> None:
        """Remove the file of a graph that is ``held``; its scripted answers move along to the name ``to``.

        Raises:
            GraphError: ``graph.unwritable``.
        """
        await to_thread.run_sync(self._drop, name, to)
        self._read.pop(name, None)
        self._tell(Change(name, None, by))

    def _drop(self, name: str, to: str | None) -> None:
        answers = self.directory / f"{name}.scripted.json"
        try:
            self.file(name).unlink()
            if to is not None and answers.is_file():
                answers.rename(self.directory / f"{to}.scripted.json")
        except OSError as error:
            text = f"it cannot be removed: {error.strerror}"
            raise GraphError(
                text, code="graph.unwritable", where=name, hint="look at the directory's permissions"
            ) from error

    def _compare(self, name: str, expected: str) -> None:
        try:
            current = self._entry(name).etag
        except GraphError:
            current = ABSENT
            # Raises again where not the file but the name is at fault.
            if os.path.lexists(self.file(name)):
                text = "something of that name is there and cannot be read, so it is not written over"
                hint = "look at what lies there"
                raise GraphError(text, code="graph.unwritable", where=name, hint=hint) from None
        if not is_expected(expected, current):
            raise refusal(name, expected, is_there=current != ABSENT)

    def _lock(self, name: str) -> anyio.Lock:
        return self._locks.setdefault(name, anyio.Lock())

    # -- watching ----------------------------------------------------------------------------------------------------

    @contextmanager
    def listening(self, listener: Callable[[Change], None]) -> Generator[None]:
        """Call ``listener`` with every change, by whomever, until the end of the block."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    async def watch(self, every_s: float) -> None:
        """Look at the directory again and again, and tell what was changed by hand; never returns."""
        self._seen = await to_thread.run_sync(self._stamps)
        while True:
            await anyio.sleep(every_s)
            await self.look()

    async def look(self) -> None:
        """Look at the directory once, and tell what changed since the last look and was not saved through here."""
        before, now = self._seen or {}, await to_thread.run_sync(self._stamps)
        self._seen = now
        for name in sorted(before.keys() | now.keys()):
            if before.get(name) == now.get(name):
                continue
            known = self._read.get(name)
            if name not in now:
                self._read.pop(name, None)
                self._tell(Change(name, None, None))
            elif known is None or known[0] != now[name]:
                try:
                    self._tell(Change(name, (await self.entry(name)).etag, None))
                except GraphError:
                    continue  # gone again; the next look tells

    def _tell(self, change: Change) -> None:
        if self._seen is not None:
            # What was done through here is not told a second time as done by hand.
            known = self._read.get(change.graph)
            if change.etag is None or known is None:
                self._seen.pop(change.graph, None)
            else:
                self._seen[change.graph] = known[0]
        for listener in list(self._listeners):
            listener(change)

    def _stamps(self) -> dict[str, _Stamp]:
        found: dict[str, _Stamp] = {}
        try:
            with os.scandir(self.directory) as files:
                for file in files:
                    name = file.name.removesuffix(".json")
                    if name == file.name or not is_name(name) or not _is_inside(Path(file.path), self.directory):
                        continue
                    try:
                        if file.is_file():
                            found[name] = _stamp(file.stat())
                    except OSError:
                        continue
        except OSError:
            return {}
        return found


def is_expected(expected: str, current: str) -> bool:
    """Whether the ``current`` version is the one that somebody read; both etags, ``ABSENT`` for none."""
    return expected in (current, "*" if current else current)


def refusal(name: str, expected: str, *, is_there: bool) -> GraphError:
    """The error for somebody who would overwrite what they have not read."""
    said = "it was changed since you read it" if is_there else "it is not there any more"
    return GraphError(
        "there is a graph of that name" if expected == ABSENT else said,
        code="graph.changed",
        where=name,
        hint="look at the current version, and save again with its ETag",
    )


def etag_of(content: bytes) -> str:
    """SHA-256 of a file's bytes, in hex."""
    return hashlib.sha256(content).hexdigest()


def _write(text: str, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GraphError(f"it cannot be written: {error.strerror}", code="graph.unwritable", where=path.stem) from error
    save_text(text, path)


def _stamp(about: os.stat_result) -> _Stamp:
    return about.st_mtime_ns, about.st_size, about.st_ino


def _content(path: Path) -> bytes:
    """The bytes of a file; of nothing else, since a pipe would be waited for without end."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        return file.read()


def _is_inside(path: Path, directory: Path) -> bool:
    """Whether a path, once every link is followed, lies below the directory. A link that leads to itself is inside."""
    if not path.is_symlink():
        return True
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(directory))


def expected_etag(if_match: str | None, if_none_match: str | None, *, where: str) -> str:
    """Which version somebody read, by the headers of their request.

    Raises:
        InputError: ``graph.unread``: neither header, or one that says nothing useful.
    """
    if if_match is not None:
        tag = if_match.strip()
        if tag == "*":
            return tag
        if tag.startswith('"') and tag.endswith('"') and len(tag) > 2:
            return tag[1:-1]
    elif if_none_match is not None and if_none_match.strip() == "*":
        return ABSENT
    raise InputError(
        "it is not said which version was read",
        code="graph.unread",
        where=where,
        hint='send If-Match: "ETAG" of the version you read, or If-None-Match: * for a new graph',
    )
