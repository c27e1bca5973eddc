"""Worker processes: killed at the deadline, bounded in memory, without our environment, none left behind."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from engine.render.columns import columns_of
from engine.render.worker import dot_source
from engine.render.workers import PROGRAM, run_worker
from tests.render.builders import tangle

SMALL = {"do": "place", "quick": False, "items": [96, 96], "order": [0, 1], "links": [[0, 1, 0, 2]]}


def endless() -> dict[str, Any]:
    """A job that takes Graphviz minutes."""
    grid = columns_of(tangle(500, 1500))
    return {
        "do": "place",
        "quick": False,
        "items": [item.height for item in grid.items],
        "order": list(range(len(grid.items))),
        "links": [[link.tail, link.head, link.tail_dy, link.weight] for link in grid.links],
    }


def children() -> set[int]:
    """The processes that this one started and that still are; a thread may end while it is asked for its own."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found |= {int(child) for child in (task / "children").read_text().split()}
    return found


@pytest.mark.anyio
async def test_a_job_is_answered() -> None:
    answer = await run_worker(SMALL, 10)
    assert answer is not None
    heights = json.loads(answer)
    assert heights[0] == heights[1]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the system does not list children in /proc")
@pytest.mark.anyio
async def test_a_job_that_is_too_late_is_killed_and_leaves_no_process() -> None:
    before = children()
    start = anyio.current_time()
    assert await run_worker(endless(), 0.7) is None
    assert anyio.current_time() - start < 10
    assert children() <= before


@pytest.mark.anyio
async def test_a_job_that_wants_too_much_memory_fails_alone() -> None:
    assert await run_worker(endless(), 30, memory_bytes=64 << 20) is None
    assert await run_worker(SMALL, 10) is not None


@pytest.mark.anyio
async def test_a_job_that_makes_no_sense_fails_alone() -> None:
    assert await run_worker({"do": "place", "items": "x"}, 10) is None
    assert await run_worker({"do": "anything"}, 10) is None


@pytest.mark.anyio
async def test_waiting_for_a_core_counts_against_the_deadline() -> None:
    found = list[bytes | None]()

    async def one(job: dict[str, Any], deadline_s: float) -> None:
        found.append(await run_worker(job, deadline_s))

    async with anyio.create_task_group() as group:
        for _ in range((os.cpu_count() or 1) + 2):
            group.start_soon(one, endless(), 0.5)
    assert set(found) == {None}


@pytest.mark.anyio
async def test_a_worker_sees_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CANARY", "sk-canary")
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")
    reader = "import os, sys; sys.stdin.read(); print('CANARY' in os.environ, 'PYTHONSTARTUP' in os.environ)"
    program = tmp_path / "reader.py"
    program.write_text(reader)
    monkeypatch.setattr("engine.render.workers.PROGRAM", program)
    assert await run_worker(SMALL, 10) == b"False False\n"


@pytest.mark.anyio
async def test_graphviz_sees_numbers_only() -> None:
    source = dot_source(SMALL | {"links": [[0, 1, 24, 2]]})
    words = set("".join(letter if letter.isalpha() else " " for letter in source).split())
    known = "digraph rankdir LR splines nodesep ranksep node shape box fixedsize true false label width height weight"
    table = "none margin TABLE BORDER CELLBORDER CELLSPACING CELLPADDING TR TD PORT FIXEDSIZE TRUE WIDTH HEIGHT"
    assert words <= {*known.split(), *table.split(), "n", "p", "e"}


def test_the_program_needs_nothing_of_weft_to_start() -> None:
    code = f"import runpy, sys; runpy.run_path({str(PROGRAM)!r}, run_name='worker'); print('engine' in sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
