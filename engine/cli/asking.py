"""Gates asked at the terminal.

Rule: only a person at a terminal is asked, and what they typed is checked by the facade like any other answer; a form
that does not fit is asked again.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Final

import anyio

from engine.app import Engine
from engine.cli.output import Output
from engine.errors import InputError
from engine.journal.store import OpenGate
from engine.model.printable import printable
from engine.model.values import as_object

MOST_TYPED: Final = 65_536


def can_ask(output: Output) -> bool:
    """Whether standard input and output are a terminal."""
    return not output.is_json and output.out.isatty() and sys.stdin.isatty()


async def ask_gates(output: Output, engine: Engine, run_id: str) -> bool:
    """Ask the run's oldest gate; False when the person would rather answer later."""
    gates = await engine.inbox(run_id=run_id)
    if not gates:
        return False
    gate = gates[0]
    output.line()
    output.line(f"{gate.gate} asks:")
    output.line(gate.prompt)
    while True:
        option = await _option(output, gate)
        if option is None:
            return False
        form = await _form(output, gate, option)
        try:
            await engine.answer(run_id, gate.gate, option, form=form)
        except InputError as error:
            output.error(error)
            if error.code == "gate.closed":
                return True
            continue
        return True


async def _option(output: Output, gate: OpenGate) -> str | None:
    names: list[str] = [option["name"] for option in gate.options]
    for number, option in enumerate(gate.options, 1):
        label = option.get("label")
        output.line(f"  {number}  {option['name']}{f' ({label})' if label else ''}")
    while True:
        typed = (await _line(output, "decide (number or name, empty to leave it open): ")).strip()
        if not typed:
            return None
        if typed in names:
            return typed
        if typed.isdigit() and 1 <= int(typed) <= len(names):
            return names[int(typed) - 1]
        output.line(f"one of: {', '.join(names)}")


async def _form(output: Output, gate: OpenGate, option: str) -> dict[str, Any]:
    schema = next((o["form"] for o in gate.options if o["name"] == option and o.get("form")), gate.form)
    properties = as_object(as_object(schema).get("properties"))
    prefill = gate.prefill or {}
    form: dict[str, Any] = {}
    for name, given in properties.items():
        field = as_object(given)
        known = prefill.get(name, field.get("default"))
        title = field.get("title", name)
        typed = await _line(output, f"{printable(str(title))}{f' [{known}]' if known is not None else ''}: ")
        if typed.strip():
            form[name] = _typed(typed, field)
    return form


def _typed(text: str, schema: dict[str, Any]) -> Any:
    """Text where the schema wants text, else JSON where it is JSON."""
    if schema.get("type") == "string":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


async def _line(output: Output, prompt: str) -> str:
    """What is typed after the prompt, without the line's end; "" at the end of the input.

    No thread waits in ``input()``: it could not be called back, and the process would not end before one more line.
    """
    output.out.write(printable(prompt))
    output.out.flush()
    typed = bytearray()
    try:
        while not typed.endswith(b"\n"):
            await anyio.wait_readable(sys.stdin)
            read = os.read(sys.stdin.fileno(), MOST_TYPED)
            if not read:
                break
            typed += read
    finally:
        if not typed.endswith(b"\n"):
            output.line()
    return typed.decode(errors="replace").rstrip("\r\n")
