"""A text to its file, whole or not at all.

Rule: whoever reads the file, now or after a crash, finds the old text or the new one, never a part of either.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from engine.errors import GraphError

_serial = itertools.count()


def save_text(text: str, path: Path) -> None:
    """Write a text as UTF-8 beside its place, flush it to the disk and move it there.

    A file that is there keeps its mode, a link its target.

    Raises:
        GraphError: ``graph.unwritable``; what was there before is untouched.
    """
    target = path.resolve()
    beside = target.with_name(f".{target.name}.{os.getpid()}-{next(_serial)}.tmp")
    try:
        _write(beside, text, target)
        os.replace(beside, target)
        _flush_directory(target.parent)
    except OSError as error:
        beside.unlink(missing_ok=True)
        hint = "look at the directory's permissions and free space"
        message = f"it cannot be written: {error.strerror}"
        raise GraphError(message, code="graph.unwritable", where=str(path), hint=hint) from error


def _write(beside: Path, text: str, target: Path) -> None:
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666)
    with open(descriptor, "wb") as file:
        if target.exists():
            os.fchmod(descriptor, target.stat().st_mode & 0o7777)
        file.write(text.encode("utf-8"))
        file.flush()
        os.fsync(descriptor)


def _flush_directory(directory: Path) -> None:
    """The move itself must survive a power cut too."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
