"""Worker processes: started for one job, at most one per core, killed at the deadline.

Rule: whatever a worker does (hang, abort, run out of memory), the caller gets None within the deadline and no process
is left behind. A worker sees no environment but what Python needs to start, so no secret of ours.
"""

from __future__ import annotations

import json
import math
import os
import sys
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import anyio
from anyio import CapacityLimiter
from anyio.abc import ByteSendStream, Process
from anyio.lowlevel import RunVar

from engine.errors import EngineBug

PROGRAM = Path(__file__).with_name("worker.py")
MEMORY_BYTES = 2 << 30
_PASSED_ON = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP")

_cores: RunVar[CapacityLimiter] = RunVar("weft-render-workers")


async def run_worker(job: dict[str, Any], deadline_s: float, *, memory_bytes: int = MEMORY_BYTES) -> bytes | None:
    """Do one job in a process of its own.

    Args:
        job: what ``worker.py`` understands; ``do`` names it.
        deadline_s: seconds until it is given up, waiting for a free core included.
        memory_bytes: most address space it may take.

    Returns:
        What the worker wrote, or None if it failed or was too late.
    """
    limits = {"memory_bytes": memory_bytes, "processor_s": math.ceil(deadline_s) + 1}
    order = json.dumps(job | limits).encode()
    # -P: neither the working directory nor this one may lend the worker a module of a library's name.
    command = [sys.executable, "-P", str(PROGRAM)]
    with anyio.move_on_after(deadline_s):
        async with _limiter():
            return await _converse(command, order)
    return None


async def _converse(command: list[str], order: bytes) -> bytes | None:
    """Start the program, hand it the order, take its answer; a cancellation kills it and waits until it is gone."""
    process: Process | None = None
    with anyio.CancelScope(shield=True):  # cancelled half-way, a start would leave a process that nobody owns
        process = await anyio.open_process(command, stderr=DEVNULL, env=_environment())
    if process is None or process.stdin is None or process.stdout is None:
        raise EngineBug("a worker was started without pipes", where="engine/render/workers.py")
    answer = list[bytes]()
    async with process:
        async with anyio.create_task_group() as group:
            group.start_soon(_hand_over, process.stdin, order)
            answer.extend([piece async for piece in process.stdout])
        await process.wait()
    return b"".join(answer) if process.returncode == 0 else None


async def _hand_over(pipe: ByteSendStream, order: bytes) -> None:
    try:
        await pipe.send(order)
    except anyio.BrokenResourceError:
        return  # it died early; its exit code tells
    finally:
        await pipe.aclose()


def _limiter() -> CapacityLimiter:
    try:
        return _cores.get()
    except LookupError:
        limiter = CapacityLimiter(os.cpu_count() or 1)
        _cores.set(limiter)
        return limiter


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
