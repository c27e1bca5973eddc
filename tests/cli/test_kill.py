"""kill -9 in the middle of a run, for real: nothing recorded is lost, no effect happens twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.journal.holders import this_process
from tests.cli.conftest import Weft

TOOLS = '''
import pathlib
import time

from engine import tool


def note(line: str) -> None:
    with pathlib.Path("effects.txt").open("a") as file:
        file.write(line + "\\n")


@tool(effect="idempotent")
def stamp(name: str) -> str:
    """Leave a mark outside, slowly."""
    note(name)
    time.sleep(0.05)
    return name
'''
STEPS = 8


def chain(effect: str) -> dict[str, object]:
    """A chain of tool nodes that each leave a mark."""
    nodes = {
        f"s{n}": {
            "kind": "tool",
            "tool": "stamp",
            "args": {"name": f"s{n}"},
            **({"to": [{"node": f"s{n + 1}"}]} if n < STEPS else {}),
        }
        for n in range(1, STEPS + 1)
    }
    return {"format": "weft/1", "name": "chain", "title": effect, "nodes": nodes}


@pytest.mark.parametrize("marks", [1, 3, 6])
def test_a_killed_run_goes_on_and_repeats_at_most_what_was_under_way(weft: Weft, place: Path, marks: int) -> None:
    (place / "tools.py").write_text(TOOLS)
    (place / "graphs" / "chain.json").write_text(json.dumps(chain("idempotent")))
    command = [sys.executable, "-m", "engine", "run", "chain", "--id", "r1", "--tools", "tools.py"]
    with subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as host:
        wait_for_marks(place, marks)
        os.kill(host.pid, signal.SIGKILL)

    done_before = completed(weft)
    resumed = weft("resume", "r1", "--tools", "tools.py")
    if not this_process():
        # Where the system does not tell that the host is gone, another takes over when its lease has run out.
        assert "run.elsewhere" in resumed.err
        let_the_lease_run_out(place)
        resumed = weft("resume", "r1", "--tools", "tools.py")
    effects = (place / "effects.txt").read_text().splitlines()

    assert resumed.code == 0
    assert sorted(set(effects)) == sorted(f"s{n}" for n in range(1, STEPS + 1))
    assert all(effects.count(node) == 1 for node in done_before)
    assert len(effects) <= STEPS + 1


def wait_for_marks(place: Path, marks: int) -> None:
    """Until so many effects have happened."""
    until = time.monotonic() + 30
    file = place / "effects.txt"
    while time.monotonic() < until and (not file.exists() or len(file.read_text().splitlines()) < marks):
        pass


def completed(weft: Weft) -> list[str]:
    """The nodes whose completion is on disk."""
    events = weft("show", "r1", "--events", "--json").value["events"]
    return [event["node"] for event in events if event["type"] == "node.completed"]


def let_the_lease_run_out(place: Path) -> None:
    """What 15 seconds would do."""
    import sqlite3

    with sqlite3.connect(place / "weft.db") as db:
        db.execute("UPDATE leases SET until = 0")
