"""Links that carry a right of their own: to log in, to decide one gate, to look at one run.

Rule: a link's token is random, told once, kept as its SHA-256, and ends. A login or a decision works once; looking
does not use a link up. No GET spends anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from engine.errors import InputError
from server.people import digest_of
from server.shelf import Connection, Shelf
from server.tokens import new_token

Kind = Literal["login", "decide", "embed"]
LASTS_S: Final[dict[Kind, float]] = {"login": 86_400.0, "decide": 7 * 86_400.0, "embed": 30 * 86_400.0}


@dataclass(frozen=True, slots=True)
class Link:
    """What a link may do.

    Attributes:
        kind: ``login``, ``decide`` or ``embed``.
        person: on whose behalf.
        run, gate: what it is about; None for a login.
        made_at: seconds since 1970; None until it is made.
    """

    kind: Kind
    person: str
    run: str | None = None
    gate: str | None = None
    made_at: float | None = None


class Links:
    """All links."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def make(self, link: Link, *, now: float) -> str:
        """A new link's token."""
        token = new_token()
        row = (digest_of(token), link.kind, link.person, link.run, link.gate, now + LASTS_S[link.kind], None)

        def act(connection: Connection) -> None:
            connection.execute("DELETE FROM server_links WHERE until < ?", (now,))
            connection.execute("INSERT INTO server_links VALUES (?, ?, ?, ?, ?, ?, ?)", row)

        await self._shelf.do(act)
        return token

    async def look(self, token: str, kind: Kind, *, now: float) -> Link:
        """What a link may do; it stays as it is.

        Raises:
            InputError: ``link.unknown``: it is wrong, of another kind, used up or too old.
        """

        def act(connection: Connection) -> Any:
            return connection.execute(
                "SELECT kind, person, run, gate, until FROM server_links"
                " WHERE digest = ? AND kind = ? AND until >= ? AND used_at IS NULL",
                (digest_of(token), kind, now),
            ).fetchone()

        return _link(await self._shelf.look(act))

    async def spend(self, token: str, kind: Kind, *, now: float) -> Link:
        """Use a link up; of two who try, one gets it.

        Raises:
            InputError: ``link.unknown``.
        """

        def act(connection: Connection) -> Any:
            return connection.execute(
                "UPDATE server_links SET used_at = ? WHERE digest = ? AND kind = ? AND until >= ? AND used_at IS NULL"
                " RETURNING kind, person, run, gate, until",
                (now, digest_of(token), kind, now),
            ).fetchone()

        return _link(await self._shelf.do(act))

    async def give_back(self, token: str) -> None:
        """What it was to be used for did not come about, so it may be tried again."""

        def act(connection: Connection) -> None:
            connection.execute("UPDATE server_links SET used_at = NULL WHERE digest = ?", (digest_of(token),))

        await self._shelf.do(act)

    async def forget_logins(self) -> None:
        """Links to log in from an earlier start are void."""
        await self._shelf.do(lambda connection: connection.execute("DELETE FROM server_links WHERE kind = 'login'"))


def _link(row: Any) -> Link:
    if row is None:
        raise InputError("the link is wrong, used up or too old", code="link.unknown", hint="ask for a new one")
    kind, person, run, gate, until = row
    return Link(kind, person, run, gate, until - LASTS_S[kind])
