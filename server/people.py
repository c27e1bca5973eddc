"""Who somebody is, by the token they hold.

Rule: no token is kept, only its SHA-256 (tokens are 256 random bits, so nothing slower is needed); a comparison takes
as long for a wrong token as for a right one, whoever's it is.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is logged in. ``groups``: as in ``[[users]]``; ``admin`` may make links for others."""

    name: str
    groups: frozenset[str] = frozenset()

    @property
    def is_admin(self) -> bool:
        """May act for the whole server."""
        return "admin" in self.groups


@dataclass(frozen=True, slots=True)
class People:
    """Everybody who may log in. ``by_digest``: SHA-256 of a token (hex) -> whose it is."""

    by_digest: Mapping[str, Person]

    def holder_of(self, token: str) -> Person | None:
        """Whose token it is, or None. Every known token is compared, in constant time."""
        given = digest_of(token)
        found: Person | None = None
        for digest, person in self.by_digest.items():
            if hmac.compare_digest(digest, given):
                found = person
        return found

    def named(self, name: str) -> Person | None:
        """The person called so, or None."""
        return next((person for person in self.by_digest.values() if person.name == name), None)


def digest_of(token: str) -> str:
    """SHA-256 of a token in hex; what stands in weft.toml after ``sha256:``."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
