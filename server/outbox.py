"""Frames on their way to one reader.

Rule: what stands here is bounded in bytes, not in frames, since one frame may hold a whole output. Who puts waits until
there is room; who takes gets everything that is there, in pieces that are never longer than ``PIECE_BYTES``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

import anyio

QUEUE_BYTES: Final = 256 * 1024
"""So much is made ahead of a reader, and at most one frame more."""
PIECE_BYTES: Final = 64 * 1024
"""So much is handed over at once: the server's buffer for a reader that takes nothing is never much longer."""


class Outbox:
    """The frames of one stream that have not been sent yet; for one who puts and one who takes."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._size_bytes = 0
        self._is_over = False
        self._changed = anyio.Event()

    @property
    def size_bytes(self) -> int:
        """How much stands here."""
        return self._size_bytes

    @property
    def is_over(self) -> bool:
        """Nothing stands here, and nothing will."""
        return self._is_over and not self._frames

    def put_nowait(self, frame: bytes) -> bool:
        """Add a frame, unless there is no room."""
        if self._size_bytes >= QUEUE_BYTES:
            return False
        self._frames.append(frame)
        self._size_bytes += len(frame)
        self._tell()
        return True

    async def put(self, frame: bytes) -> None:
        """Add a frame once there is room."""
        while not self.put_nowait(frame):
            await self._changed.wait()

    def end(self) -> None:
        """Nothing more will be put."""
        self._is_over = True
        self._tell()

    async def wait_for_some(self) -> None:
        """Return when there is something to take, or when it is over."""
        while not self._frames and not self._is_over:
            await self._changed.wait()

    def take(self) -> Iterator[bytes]:
        """Everything that stands here now, in pieces. There is room again as soon as the first one is asked for."""
        whole = b"".join(self._frames)
        self._frames.clear()
        self._size_bytes = 0
        self._tell()
        for start in range(0, len(whole), PIECE_BYTES):
            yield whole[start : start + PIECE_BYTES]

    def _tell(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()
