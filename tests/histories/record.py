"""Writes the history of the version at hand: ``python -m tests.histories.record``.

Rule: what is written is what the database holds, byte for byte, so that a later release proves itself on what this one
really left behind.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from engine import Engine
from engine.config import Config
from engine.gallery import patterns
from engine.run import RunResult
from engine.version import VERSION
from tests.support.cases import case_names, load_case
from tests.support.clock import VirtualClock
from tests.support.playing import RUN, Play, Stage
from tests.support.threads import run_virtually

WHERE = Path(__file__).parent
INPUTS: dict[str, dict[str, Any]] = {
    "coordinator": {"request": "I was charged twice."},
    "draft-and-review": {"topic": "rivers"},
    "fan-out-gather": {"topic": "rivers"},
    "generator-critic": {"product": "a boat"},
    "hierarchical": {"topic": "rivers"},
    "human-in-the-loop": {"order": "A-1", "amount": 250},
    "iterative-refinement": {"text": "rivers are long"},
    "orchestration-harness": {"task": "name a river", "motto": "always onward"},
    "sequential-pipeline": {"topic": "rivers"},
}
"""Sample -> what it is run with here."""


def main() -> None:
    """Write the file."""
    lines = [json.dumps(story, ensure_ascii=False) for story in stories()]
    (WHERE / f"{VERSION}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} runs")


def stories() -> Iterator[dict[str, Any]]:
    """Every run: the cases, then the samples."""
    with tempfile.TemporaryDirectory() as place:
        for name in case_names():
            case, folder, given = load_case(name)
            if name.endswith("-again") or case.expect.status == "refused":
                continue
            db = Path(place) / f"{name}.db"
            stage = Stage(db, folder, case.tools)
            played = run_virtually(stage.clock, Play(case, given, stage).to_the_end())
            if played.result is not None:
                yield story(f"case {name}", db, RUN, played.result)
        for name in patterns():
            db = Path(place) / f"{name}.sample.db"
            yield story(f"sample {name}", db, name, run_virtually(clock := VirtualClock(), sample(name, db, clock)))


async def sample(name: str, db: Path, clock: VirtualClock) -> RunResult:
    """Run a sample up to its end or its first gate."""
    files = db.with_suffix(".files")
    files.mkdir()
    graph = patterns()[name]
    async with Engine.open(
        db, graphs=graph.parent, config=Config(files=files), durability="process", clock=clock
    ) as engine:
        return await engine.run(graph, INPUTS[name], id=name)


def story(name: str, db: Path, run_id: str, result: RunResult) -> dict[str, Any]:
    """A run as the database holds it."""
    with closing(sqlite3.connect(db)) as connection:
        key = connection.execute("SELECT key FROM runs WHERE id = ?", (run_id,)).fetchone()[0]
        events = connection.execute(
            "SELECT n, at, type, version, body FROM events WHERE run = ? ORDER BY n", (key,)
        ).fetchall()
        documents = connection.execute("SELECT hash, content FROM documents").fetchall()
        blobs = connection.execute("SELECT hash, content FROM blobs").fetchall()
    return {
        "name": name,
        "status": result.status,
        "output": result.output,
        "documents": {digest.hex(): text for digest, text in documents},
        "blobs": {digest.hex(): content.decode() for digest, content in blobs},
        "events": [[n, at, code, version, body.decode()] for n, at, code, version, body in events],
    }


if __name__ == "__main__":
    main()
