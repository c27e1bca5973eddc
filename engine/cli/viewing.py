"""runs, show, inbox: what there is and what happened.

Rule: reading only; nothing here lets a run go on.
"""

from __future__ import annotations

import argparse
import re
from typing import Any

from engine.cli.command import Command, Setting, count_option
from engine.cli.output import Exit, short
from engine.cli.telling import result_json, row_json, tell_gate, tell_result
from engine.errors import InputError
from engine.journal.codec import moment_text, to_json
from engine.journal.projection import ENDED
from engine.journal.store import OpenGate, RunFilter, RunRow
from engine.scheduler.events import Event

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
STATUSES = ("running", "waiting", "completed", "failed", "cancelled")


def _configure_runs(place: argparse.ArgumentParser) -> None:
    place.add_argument("--status", choices=STATUSES, action="append", default=[], help="only runs of this status")
    place.add_argument("--graph", metavar="NAME", help="only runs of this graph")
    place.add_argument(
        "--limit", metavar="N", type=count_option, default=50, help="at most N runs, newest first (default: 50)"
    )
    place.add_argument(
        "--prune",
        metavar="AGE",
        help="remove ended runs older than AGE (90d, 12h, 0s), or of --status, with all that only they needed",
    )


def _configure_show(place: argparse.ArgumentParser) -> None:
    place.add_argument("run", metavar="RUN")
    place.add_argument("--events", action="store_true", help="every event of its journal")


def _configure_inbox(place: argparse.ArgumentParser) -> None:
    place.add_argument("--run", metavar="RUN", help="only this run's gates")


async def _runs(setting: Setting) -> Exit:
    options, output = setting.options, setting.output
    async with setting.engine_on_runs() as engine:
        if options.prune is not None:
            return await _prune(setting)
        rows = await engine.runs(RunFilter(statuses=options.status, graph=options.graph, limit=options.limit))
    output.value([row_json(row) for row in rows])
    if not rows:
        output.line("no runs")
    width = max((len(row.id) for row in rows), default=0)
    for row in rows:
        output.line(f"{row.id:<{width}}  {row.status:<9}  {moment_text(row.started_at)}  {row.graph}{_about(row)}")
    return Exit.DONE


def _about(row: RunRow) -> str:
    if row.error is not None:
        return f"  {row.error.node}: {short(row.error.message, 60)}"
    if row.status == "waiting":
        return f"  waits for {', '.join(wait.name for wait in row.waiting_for[:3])}"
    return ""


async def _prune(setting: Setting) -> Exit:
    options, output = setting.options, setting.output
    statuses = options.status or sorted(ENDED)
    async with setting.engine_on_runs() as engine:
        before = engine.clock.now() - age_s(options.prune)
        removed = await engine.prune(before=before, statuses=statuses)
    output.value(
        {
            "runs": list(removed.runs),
            "events": removed.events,
            "blobs": removed.blobs,
            "documents": removed.documents,
        }
    )
    output.line(f"removed {len(removed.runs)} runs with {removed.events} events")
    return Exit.DONE


def age_s(text: str) -> float:
    """``90d``, ``12h``, ``30m``, ``2w``, ``0s`` in seconds.

    Raises:
        InputError: it is no age.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", text)
    if match is None:
        raise InputError(f"{text!r} is no age", code="usage", where="--prune", hint="as in 90d, 12h, 30m or 0s")
    return float(match[1]) * _UNITS[match[2]]


async def _show(setting: Setting) -> Exit:
    options, output = setting.options, setting.output
    async with setting.engine_on_runs() as engine:
        result = await engine.look(options.run)
        events = await engine.journal_of(options.run) if options.events or not output.is_json else []
        if output.is_json:
            value = result_json(result)
            if options.events:
                value["events"] = [to_json(event) for event in events]
            output.value(value)
            return Exit.DONE
        await tell_result(output, engine, result)
    output.line(f"  graph {result.graph} {result.graph_hash[:12]}, started {moment_text(result.started_at)}")
    output.line(f"  input: {short(result.input)}")
    if result.pins:
        output.line(f"  pinned: {', '.join(result.pins)}")
    for event in events:
        if options.events or _is_step(event):
            output.line(event_line(to_json(event)))
    return Exit.DONE


def _is_step(event: Event) -> bool:
    return to_json(event)["type"] in {"node.completed", "node.failed", "gate.answered", "loop.repeated"}


def event_line(event: dict[str, Any]) -> str:
    """One event in one line: number, time, type, execution, and what matters of the rest."""
    about = {k: v for k, v in event.items() if k not in {"n", "at", "type", "node", "execution", "attempt"}}
    attempt = f" #{event['attempt']}" if event.get("attempt", 1) != 1 else ""
    place = f" {event['execution']}{attempt}" if "execution" in event else ""
    return f"  {event['n']:>5}  {event['at']}  {event['type']}{place}  {short(about, 90) if about else ''}".rstrip()


async def _inbox(setting: Setting) -> Exit:
    output = setting.output
    async with setting.engine_on_runs() as engine:
        gates = await engine.inbox(run_id=setting.options.run)
    output.value([gate_json(gate) for gate in gates])
    if not gates:
        output.line("nothing is asked")
    for gate in gates:
        output.line(f"{gate.run_id} ({gate.graph})")
        tell_gate(output, gate)
    return Exit.DONE


def gate_json(gate: OpenGate) -> dict[str, Any]:
    """An open gate as ``GET /api/inbox`` has it."""
    return {
        "run": gate.run_id,
        "graph": gate.graph,
        "gate": gate.gate,
        "execution": gate.execution,
        "node": gate.node,
        "purpose": gate.purpose,
        "prompt": gate.prompt,
        "options": gate.options,
        "form": gate.form,
        "prefill": gate.prefill,
        "assignees": None if gate.assignees is None else list(gate.assignees),
        "since": moment_text(gate.since),
        "deadline": None if gate.deadline is None else moment_text(gate.deadline),
        "detail": gate.detail,
    }


RUNS = Command("runs", "list runs, or remove old ones", _configure_runs, _runs)
SHOW = Command("show", "what a run did and where it stands", _configure_show, _show)
INBOX = Command("inbox", "every open gate", _configure_inbox, _inbox)
