"""schemathesis against the server's own description of itself: no 500, no undocumented answer.

Rule: the description is taken from the running server; streams are left out here (they do not end), their refusals
are asked for by ``tests/server``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio
import httpx2

from tests.soak import graphs
from tests.soak.serving import ROOT, TOKEN, Served, none_running, start_run, until

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "allow_header_conformance",
)


@dataclass(frozen=True, slots=True)
class Probe:
    """What schemathesis said: whether all was well, and its whole report."""

    is_well: bool
    report: str


async def probe(served: Served, *, examples: int, phases: Sequence[str] = ("fuzzing",), seed: int = 1) -> Probe:
    """Ask a running server so many things of each operation.

    Args:
        served: runs, with graphs of ``furnish``.
        examples: how many requests for each operation, about.
        phases: of schemathesis: coverage, fuzzing, stateful.
        seed: of what it draws.
    """
    async with served.client() as client:
        known = served.place / "known.json"
        known.write_text(json.dumps(await _known(client)), encoding="utf-8")
    schemathesis = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"]
    command = [*schemathesis, "run", f"{served.url}/api/openapi.json", "--header", f"Authorization: Bearer {TOKEN}"]
    command += ["--checks", ",".join(CHECKS), "--phases", ",".join(phases), "--max-examples", str(examples)]
    command += ["--seed", str(seed), "--exclude-path-regex", "/events$", "--warnings", "off", "--no-color"]
    command += ["--continue-on-failure", "--suppress-health-check", "all", "--request-timeout", "30"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.soak.known_names", "WEFT_PROBE_KNOWN": str(known)}
    environment |= {"PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1"}
    done = await anyio.run_process(command, cwd=served.place, env=environment, check=False, stderr=subprocess.STDOUT)
    return Probe(done.returncode == 0, done.stdout.decode(errors="replace"))


def furnish(served: Served) -> None:
    """Graphs to ask for."""
    for document in (graphs.mixed(), graphs.gated(), *(graphs.chain(3, name=f"chain{i}") for i in range(20))):
        served.put(document)


async def _known(client: httpx2.AsyncClient) -> dict[str, Any]:
    """Names that the server knows: graphs with versions, runs that ended and that wait, gates."""
    for number in range(3):
        await start_run(client, "chain1", f"done-{number}")
        await start_run(client, "gated", f"waits-{number}")
    await until(partial(none_running, client))
    names = [graph["name"] for graph in (await client.get("/api/graphs")).json()["graphs"]]
    etags = [(await client.get(f"/api/graphs/{name}")).headers["etag"].strip('"') for name in names[:4]]
    return {
        "name": names,
        "id": [run["id"] for run in (await client.get("/api/runs")).json()["runs"]],
        "gate": [gate["gate"] for gate in (await client.get("/api/inbox")).json()["gates"]] + ["ask"],
        "etag": etags,
        "documents": [graphs.mixed(), graphs.gated(), graphs.chain(2)],
    }
