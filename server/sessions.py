"""Who is logged in by cookie.

Rule: a cookie is a random token of which only the SHA-256 is kept, with an end; a session outlives the server, and ends
at once for somebody who is no longer in ``weft.toml``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from server.people import People, Person, digest_of
from server.shelf import Connection, Shelf
from server.tokens import new_token

LASTS_S: Final = 30 * 86_400.0
REMEMBERED: Final = 10_000
"""So many sessions are held in memory; the others are looked up."""


@dataclass(slots=True)
class Sessions:
    """The sessions. ``owner``: whoever started the server, who needs no entry in ``weft.toml``, or None."""

    shelf: Shelf
    people: People
    owner: Person | None
    _known: dict[str, tuple[str, float]] = field(default_factory=dict[str, tuple[str, float]])

    async def begin(self, person: Person, *, now: float) -> str:
        """Log somebody in; the cookie's value."""
        token, until = new_token(), now + LASTS_S
        digest = digest_of(token)

        def act(connection: Connection) -> None:
            connection.execute("DELETE FROM server_sessions WHERE until < ?", (now,))
            connection.execute("INSERT INTO server_sessions VALUES (?, ?, ?, ?)", (digest, person.name, now, until))

        await self.shelf.do(act)
        self._remember(digest, person.name, until)
        return token

    async def holder_of(self, cookie: str, *, now: float) -> Person | None:
        """Whose session it is, or None."""
        digest = digest_of(cookie)
        found = self._known.get(digest)
        if found is None:
            row = await self.shelf.look(lambda connection: _read(connection, digest))
            if row is None:
                return None
            found = (row[0], row[1])
            self._remember(digest, *found)
        name, until = found
        if until < now:
            return None
        if self.owner is not None and name == self.owner.name:
            return self.owner
        return self.people.named(name)

    async def end(self, cookie: str) -> None:
        """Log out."""
        digest = digest_of(cookie)
        self._known.pop(digest, None)
        await self.shelf.do(
            lambda connection: connection.execute("DELETE FROM server_sessions WHERE digest = ?", (digest,))
        )

    def _remember(self, digest: str, name: str, until: float) -> None:
        if len(self._known) >= REMEMBERED:
            self._known.pop(next(iter(self._known)))
        self._known[digest] = (name, until)


def _read(connection: Connection, digest: str) -> Any:
    return connection.execute("SELECT person, until FROM server_sessions WHERE digest = ?", (digest,)).fetchone()
