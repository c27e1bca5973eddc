"""How a run is told in words and in JSON: its result, what it waits for, how to go on.

Rule: the same words wherever a run is spoken of, and never more than a screen of them.
"""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from shlex import quote
from typing import Any

from engine.app import Engine
from engine.cli.output import Exit, Output, short
from engine.journal.codec import moment_text
from engine.journal.projection import Wait
from engine.journal.store import OpenGate, RunRow
from engine.model.values import as_object
from engine.run import RunResult

NOT_KEPT = "it ends here: with --durability memory nothing of a run is kept"
EXIT_OF: dict[str, Exit] = {
    "completed": Exit.DONE,
    "failed": Exit.FAILED,
    "cancelled": Exit.CANCELLED,
    "waiting": Exit.NOT_ENDED,
    "running": Exit.NOT_ENDED,
}


def result_json(result: RunResult) -> dict[str, Any]:
    """A run as ``GET /api/runs/{id}`` has it (RUNS.md §5)."""
    line = row_json(result)
    last = ("error", "usage", "waiting_for", "parent")
    after = {key: line.pop(key) for key in last}
    return {**line, "input": result.input, "output": result.output, **after}


def row_json(result: RunResult | RunRow) -> dict[str, Any]:
    """A run as lists have it: without its input and output."""
    usage = result.usage
    return {
        "id": result.id,
        "graph": result.graph,
        "graph_hash": result.graph_hash,
        "status": result.status,
        "started_at": moment_text(result.started_at),
        "ended_at": None if result.ended_at is None else moment_text(result.ended_at),
        "error": None if result.error is None else result.error.as_json(),
        "usage": {
            "tokens": usage.tokens,
            "usd": usage.usd,
            "seconds": usage.seconds,
            "tool_calls": usage.tool_calls,
        },
        "waiting_for": [wait_json(wait) for wait in result.waiting_for],
        **({"simulated": True} if isinstance(result, RunResult) and result.is_simulated else {}),
        **({"pinned": list(result.pins)} if isinstance(result, RunResult) and result.pins else {}),
        "parent": result.parent,
    }


def wait_json(wait: Wait) -> dict[str, Any]:
    """One thing that a run waits for: {kind, name, node, since, due?, signal?}."""
    value: dict[str, Any] = {
        "kind": wait.kind,
        "name": wait.name,
        "execution": wait.execution,
        "node": wait.node,
        "since": moment_text(wait.since),
    }
    if wait.wake is not None:
        value["due"] = moment_text(wait.wake)
    if wait.signal is not None:
        value["signal"] = wait.signal
    return value


async def tell_result(output: Output, engine: Engine, result: RunResult, *, is_kept: bool = True) -> Exit:
    """Print what a run came to and how to go on (where it ``is_kept``); the exit code that says the same."""
    output.value(result_json(result))
    match result.status:
        case "completed":
            output.line(f"run {result.id} completed{_cost(result)}")
            named = isinstance(result.output, dict)
            for name, value in (as_object(result.output) if named else {"output": result.output}).items():
                output.line(f"  {name}: {value if isinstance(value, str) else short(value, 2000)}")
        case "failed":
            error = result.error
            output.line(f"run {result.id} failed{_cost(result)}")
            if error is not None:
                output.line(f"  {error.node or 'the run'}: {error.message} [{error.code}, {error.error_class}]")
                if error.hint:
                    output.line(f"  {error.hint}")
            output.note(f"go on after mending the cause: weft resume {result.id}")
        case "cancelled":
            output.line(f"run {result.id} cancelled{_cost(result)}")
        case "waiting":
            output.line(f"run {result.id} waits{_cost(result)}")
            await _tell_waits(output if is_kept else replace(output, err=StringIO()), engine, result)
        case "running":
            output.line(f"run {result.id} is not ended")
            output.note(f"go on: weft resume {result.id}")
    if not is_kept and not result.is_ended:
        output.note(NOT_KEPT)
    return EXIT_OF[result.status]


async def _tell_waits(output: Output, engine: Engine, result: RunResult) -> None:
    gates = {gate.gate: gate for gate in await engine.inbox(run_id=result.id)}
    for wait in result.waiting_for:
        gate = gates.get(wait.name) if wait.kind == "gate" else None
        if gate is not None:
            tell_gate(output, gate)
        elif wait.kind == "signal":
            due = f", at the latest at {moment_text(wait.wake)}" if wait.wake is not None else ""
            output.line(f"  {wait.execution} waits for the signal {wait.signal}{due}")
            output.note(f"send it: weft signal {result.id} {wait.signal}")
        else:
            due = moment_text(wait.wake) if wait.wake is not None else "?"
            what = "tries again" if wait.kind == "retry" else "goes on"
            output.line(f"  {wait.execution} {what} at {due}")
            output.note(f"go on then: weft resume {result.id}")


def tell_gate(output: Output, gate: OpenGate) -> None:
    """Print one open gate and the command that answers it."""
    deadline = f", until {moment_text(gate.deadline)}" if gate.deadline is not None else ""
    output.line(f"  {gate.gate} asks since {moment_text(gate.since)}{deadline}:")
    for line in gate.prompt.splitlines():
        output.line(f"    {line}")
    names = [option["name"] for option in gate.options]
    output.line(f"    options: {', '.join(names)}")
    fields = form_fields(gate, names[0])
    form = " --form JSON" if fields else ""
    if fields:
        output.line(f"    form: {', '.join(fields)}")
    # Quoted where a shell would take it for something else: ``write!3/review``, ``fetch[7]``.
    output.note(f"answer it: weft answer {gate.run_id} {quote(gate.gate)} {'|'.join(names)}{form}")


def form_fields(gate: OpenGate, option: str) -> list[str]:
    """The names of the form's fields, required ones marked with ``*``."""
    schema = next((o["form"] for o in gate.options if o["name"] == option and o.get("form")), gate.form)
    required: list[str] = as_object(schema).get("required", [])
    return [f"{name}*" if name in required else name for name in as_object(as_object(schema).get("properties"))]


def _cost(result: RunResult) -> str:
    usage = result.usage
    parts = [f"{usage.seconds:.1f} s"] if usage.seconds >= 0.05 else []
    if usage.tokens:
        parts.append(f"{usage.tokens} tokens")
    if usage.usd:
        parts.append(f"${usage.usd:.4f}")
    return f" ({', '.join(parts)})" if parts else ""
