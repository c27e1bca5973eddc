"""Which process holds a lease, and whether that process is known to be gone.

Rule: only what is certain counts. A process is told by its number and by when it began, within one namespace of
numbers on one running system; a holder that tells less, or comes from elsewhere, is never said to be gone, and its
lease runs out by itself. So whoever goes on right after a ``kill -9`` on the same machine need not wait for that.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
_ENDED: Final = frozenset("ZX")
"""States of a process that does nothing any more, though its parent has not asked for it yet."""
_PARTS: Final = 4
"""A word of its own, and the three of ``this_process``."""
_STATE, _BEGAN = 0, 19
"""Where a process's state and beginning stand after its name in /proc/PID/stat."""


def this_process(proc: Path = PROC) -> str:
    """``PID.BEGAN.SYSTEM``, or "" where the system does not tell."""
    try:
        began = _stat(proc, os.getpid())[_BEGAN]
        return f"{os.getpid()}.{began}.{_system(proc)}"
    except (OSError, IndexError):
        return ""


def is_gone(holder: str, proc: Path = PROC) -> bool:
    """Whether the process that a holder's name ends with has certainly ended."""
    parts = holder.split(".")
    if len(parts) != _PARTS or not parts[1].isdecimal():
        return False
    _, number, began, system = parts
    try:
        if system != _system(proc):
            return False
    except OSError:
        return False
    try:
        stat = _stat(proc, int(number))
        return stat[_BEGAN] != began or stat[_STATE] in _ENDED
    except (FileNotFoundError, ProcessLookupError):
        return True
    except (OSError, IndexError):
        return False


def told(holder: str) -> str:
    """The holder in an error's words."""
    parts = holder.split(".")
    return f"process {parts[1]}" if len(parts) == _PARTS else holder


def _stat(proc: Path, number: int) -> list[str]:
    # The name may hold blanks and parentheses; what follows the last one does not.
    return (proc / str(number) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()


def _system(proc: Path) -> str:
    """One running system and one namespace of process numbers in it, as 16 digits."""
    boot = (proc / "sys/kernel/random/boot_id").read_text("ascii").strip()
    namespace = (proc / "self/ns/pid").readlink()
    return hashlib.sha256(f"{boot} {namespace}".encode()).hexdigest()[:16]
