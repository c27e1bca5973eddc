"""Names and numbers of runs that nobody chose: run ids, seeds, digests.

Rule: the only user of randomness in the engine, and only when a run is born; everything later follows from its seed.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from typing import Any, Final

import orjson

from engine.errors import InputError
from engine.journal.holders import this_process

RUN_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
INLINE_BYTES: Final = 256
"""A resolved input up to this size stands in node.started itself, a larger one by its SHA-256."""


def new_run_id(now: float) -> str:
    """``YYYYMMDD-HHMMSS-xxxxxx`` in UTC, the last part random in base 16."""
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(now)) + "-" + secrets.token_hex(3)


def checked_run_id(run: str) -> str:
    """The id itself.

    Raises:
        InputError: ``run.bad_id``.
    """
    if not RUN_ID.fullmatch(run):
        raise InputError(
            f"{run!r} is no run id",
            code="run.bad_id",
            where="id",
            hint="use 1 to 64 small letters, digits and hyphens, not beginning with a hyphen",
        )
    return run


def new_seed() -> int:
    """A run's seed: 53 random bits, so that it is exact in JSON."""
    return secrets.randbits(53)


def new_holder() -> str:
    """Who holds a lease: a name that no other engine has, and that tells which process it is."""
    return f"{secrets.token_hex(8)}.{this_process()}"


def execution_seed(seed: int, execution: str) -> int:
    """The seed of one execution: the same in every attempt and every replay."""
    digest = hashlib.blake2b(execution.encode(), digest_size=8, key=seed.to_bytes(8, "big")).digest()
    return int.from_bytes(digest, "big")


def input_digest(value: Any) -> tuple[Any, str | None]:
    """A resolved input as node.started carries it: (value, None) when small, else (None, SHA-256 in hex)."""
    if not value:
        return value, None
    encoded = orjson.dumps(value)
    if len(encoded) <= INLINE_BYTES:
        return value, None
    return None, hashlib.sha256(encoded).hexdigest()
