"""Events on disk: what a run is, and all that is known of it.

Rule: ``open_journal`` is the way in, ``Journal`` what comes back; which store stands behind it is nobody's business.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, get_args

from engine.errors import ConfigError
from engine.journal.memory import MemoryJournal
from engine.journal.records import Durability
from engine.journal.schema import BUSY_TIMEOUT_S
from engine.journal.sqlite import SqliteJournal
from engine.journal.store import Journal

__all__ = ["Journal", "open_journal"]

MEMORY: Final = "memory:"


async def open_journal(
    place: str | Path, *, durability: Durability = "full", busy_timeout_s: float = BUSY_TIMEOUT_S
) -> Journal:
    """Open the journal at a place, making it if it is not there, for use in the running event loop.

    Args:
        place: a file, with or without ``sqlite:///`` before it; ``memory:`` keeps nothing.
        durability: ``full`` survives a power cut, ``process`` the end of the process, ``memory`` nothing.
        busy_timeout_s: how long a transaction waits for another program's lock.

    Raises:
        JournalError: the database is locked, read-only, damaged, another program's, of a newer version, or its
            directory does not exist.
        ConfigError: the place or the durability means nothing here.
    """
    if durability not in get_args(Durability):
        raise ConfigError(
            f"{durability!r} is no durability", where="durability", hint=f"one of {', '.join(get_args(Durability))}"
        )
    text = str(place)
    scheme, has_scheme, rest = text.partition("://")
    if has_scheme and scheme != "sqlite":
        raise ConfigError(
            f"{scheme}:// databases are not supported",
            where="db",
            hint="give the path of a file, for instance weft.db, or memory:",
        )
    if text == MEMORY or durability == "memory":
        return MemoryJournal()
    path = Path(rest.removeprefix("/") if has_scheme else text)
    return await SqliteJournal.open(path, durability=durability, busy_timeout_s=busy_timeout_s)
