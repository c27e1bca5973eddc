"""Every saved version of every graph, by the hash of its bytes; some have names.

Rule: nothing that was ever saved, or found on disk when it was saved over, is lost without a word: the newest
``KEPT`` versions of a graph and all named ones stay. The file in the graphs directory is always the current one.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, Final

from anyio import to_thread

from engine.errors import InputError
from server.shelf import Connection, Shelf

KEPT: Final = 500
"""So many versions of a graph are kept besides those with a name."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a graph.

    Attributes:
        etag: SHA-256 of its bytes: which version.
        hash: the graph's hash (without layout): what a run of it is bound to.
        at: when it was first saved, seconds since 1970.
        by: who saved it, or None for one that was found on disk.
        label: its name, or None.
    """

    etag: str
    hash: str
    at: float
    by: str | None
    label: str | None


class Versions:
    """The history of the graphs."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._newest: dict[str, str] = {}

    async def keep(self, graph: str, content: bytes, version: Version) -> None:
        """Remember a version; one that is known already becomes the newest again and keeps its name."""
        packed = await to_thread.run_sync(zlib.compress, content, 6)

        def act(connection: Connection) -> None:
            connection.execute("INSERT OR IGNORE INTO server_texts VALUES (?, ?)", (version.etag, packed))
            known = connection.execute(
                "DELETE FROM server_versions WHERE graph = ? AND etag = ? RETURNING label", (graph, version.etag)
            ).fetchone()
            connection.execute(
                "INSERT INTO server_versions (graph, etag, hash, at, by, label) VALUES (?, ?, ?, ?, ?, ?)",
                (graph, version.etag, version.hash, version.at, version.by, known[0] if known else version.label),
            )
            _thin(connection, graph)

        await self._shelf.do(act)
        self._newest[graph] = version.etag

    async def is_newest(self, graph: str, etag: str) -> bool:
        """Whether nothing was kept since this version was; mostly without asking the database."""
        if self._newest.get(graph) == etag:
            return True
        return any(version.etag == etag for version in await self.of(graph, limit=1))

    async def of(self, graph: str, *, limit: int = 10_000) -> list[Version]:
        """The versions of a graph, newest first."""

        def act(connection: Connection) -> list[Any]:
            return connection.execute(
                "SELECT etag, hash, at, by, label FROM server_versions WHERE graph = ? ORDER BY number DESC LIMIT ?",
                (graph, limit),
            ).fetchall()

        return [Version(*row) for row in await self._shelf.look(act)]

    async def text(self, graph: str, etag: str) -> bytes:
        """The bytes of a version.

        Raises:
            InputError: ``graph.version``.
        """

        def act(connection: Connection) -> Any:
            return connection.execute(
                "SELECT content FROM server_versions JOIN server_texts USING (etag) WHERE graph = ? AND etag = ?",
                (graph, etag),
            ).fetchone()

        row = await self._shelf.look(act)
        if row is None:
            raise _unknown(graph, etag)
        return zlib.decompress(row[0])

    async def name(self, graph: str, etag: str, label: str | None) -> None:
        """Give a version a name, or take it away.

        Raises:
            InputError: ``graph.version``.
        """

        def act(connection: Connection) -> int:
            return connection.execute(
                "UPDATE server_versions SET label = ? WHERE graph = ? AND etag = ?", (label, graph, etag)
            ).rowcount

        if await self._shelf.do(act) == 0:
            raise _unknown(graph, etag)

    async def move(self, old: str, new: str) -> None:
        """The history follows a graph to its new name."""

        def act(connection: Connection) -> None:
            connection.execute("UPDATE OR REPLACE server_versions SET graph = ? WHERE graph = ?", (new, old))

        await self._shelf.do(act)
        self._newest.pop(old, None)
        self._newest.pop(new, None)


def _thin(connection: Connection, graph: str) -> None:
    connection.execute(
        "DELETE FROM server_versions WHERE graph = ? AND label IS NULL AND number NOT IN"
        " (SELECT number FROM server_versions WHERE graph = ? AND label IS NULL ORDER BY number DESC LIMIT ?)",
        (graph, graph, KEPT),
    )
    if connection.execute("SELECT changes()").fetchone()[0]:
        connection.execute("DELETE FROM server_texts WHERE etag NOT IN (SELECT etag FROM server_versions)")


def _unknown(graph: str, etag: str) -> InputError:
    return InputError(
        f"there is no version {etag[:12]}…", code="graph.version", where=graph, hint=f"see /api/graphs/{graph}/versions"
    )
