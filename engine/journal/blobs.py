"""Putting values beside the journal: blobs, documents, results of nodes with ``cache``.

Rule: what has a hash is kept once, and putting it again only makes it younger.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from engine.journal.batch import hash_key
from engine.journal.records import Blob

_YOUNGER_BY_S: Final = 3600.0
"""A blob's moment moves on in steps of an hour, since moving it writes the whole blob again."""


def put_blob(connection: sqlite3.Connection, digest: str, blob: Blob, now: float) -> None:
    """Keep a blob under its hash; of one that is there the moment moves on."""
    connection.execute(
        "INSERT INTO blobs (hash, media_type, at, content) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (hash) DO UPDATE SET at = excluded.at WHERE excluded.at > at + ?",
        (hash_key(digest), blob.media_type, now, blob.content, _YOUNGER_BY_S),
    )


def put_document(connection: sqlite3.Connection, digest: str, text: str, now: float) -> None:
    """Keep a document under its graph's hash; the text of one that is there stays."""
    connection.execute(
        "INSERT INTO documents (hash, at, content) VALUES (?, ?, ?)"
        " ON CONFLICT (hash) DO UPDATE SET at = excluded.at WHERE excluded.at > at + ?",
        (hash_key(digest), now, text, _YOUNGER_BY_S),
    )


def cache_put(connection: sqlite3.Connection, key: str, value: bytes, expires_at: float) -> None:
    """Keep a result until a moment; it replaces an older one."""
    connection.execute(
        "INSERT OR REPLACE INTO cache (key, expires_at, value) VALUES (?, ?, ?)", (key, expires_at, value)
    )
