"""tools, models, doctor: what this weft knows and whether it works.

Rule: secrets are named, never shown.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from engine.cli.command import Command, Setting
from engine.cli.output import Exit, short
from engine.errors import WeftError
from engine.model.new import new_graph
from engine.version import VERSION

_ABOUT = {"scripted": "answers from GRAPH.scripted.json beside the graph, or --answers; no key, no network"}
PACKAGES = ("anyio", "cel-expr-python", "graphviz", "networkx", "pydantic", "pygraphviz", "resvg-py", "starlette")


def _configure(place: argparse.ArgumentParser) -> None:
    del place


async def _tools(setting: Setting) -> Exit:
    output = setting.output
    engine = setting.inert_engine()
    tools = list(engine.tools)
    output.value(
        [
            {
                "name": tool.name,
                "description": tool.description,
                "effect": tool.effect,
                "risk_level": tool.risk_level,
                "requires_confirmation": tool.requires_confirmation,
                "untrusted_output": tool.untrusted_output,
                "timeout_s": tool.timeout_s,
                "max_calls": tool.max_calls,
                "parameters": tool.parameters,
            }
            for tool in tools
        ]
    )
    width = max(len(tool.name) for tool in tools)
    for tool in tools:
        output.line(f"{tool.name:<{width}}  {tool.effect:<10}  {short(tool.description, 90)}")
    return Exit.DONE


async def _models(setting: Setting) -> Exit:
    output = setting.output
    engine = setting.inert_engine()
    providers = engine.models.providers
    output.value([{"provider": name, "description": _ABOUT.get(name, "")} for name in providers])
    for name in providers:
        output.line(f"{name + ':MODEL':<18}  {_ABOUT.get(name, 'registered by this program')}")
    return Exit.DONE


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor: what was looked at, how it is, and what to do when it is not well."""

    name: str
    state: Literal["ok", "missing", "broken"]
    detail: str = ""


async def _doctor(setting: Setting) -> Exit:
    checks = [
        Check("weft", "ok", VERSION),
        Check("python", "ok" if sys.version_info >= (3, 11) else "broken", sys.version.split()[0]),
        Check("sqlite", "ok" if sqlite3.sqlite_version_info >= (3, 38) else "broken", sqlite3.sqlite_version),
        *(Check(name, "ok", version(name)) for name in PACKAGES),
        _configuration(setting),
        await _database(setting),
        _directory("graphs", setting.graphs),
        _directory("files", setting.config.files or Path("files")),
        *_secrets(setting),
        await _pictures(setting),
    ]
    output = setting.output
    output.value([{"name": c.name, "state": c.state, "detail": c.detail} for c in checks])
    width = max(len(check.name) for check in checks)
    for check in checks:
        output.line(f"{check.state:<7}  {check.name:<{width}}  {check.detail}")
    return Exit.UNUSABLE if any(check.state == "broken" for check in checks) else Exit.DONE


def _configuration(setting: Setting) -> Check:
    named = setting.options.config or "weft.toml"
    if not Path(named).exists():
        return Check("configuration", "missing", f"no {named}; defaults are used")
    said = setting.config.model_dump(exclude_defaults=True)
    return Check("configuration", "ok", f"{named} sets {', '.join(said) or 'nothing'}")


async def _database(setting: Setting) -> Check:
    if not setting.has_database:
        return Check("database", "missing", f"{setting.db} will be made by the first run")
    try:
        async with setting.engine() as engine:
            await engine.runs()
    except WeftError as error:
        return Check("database", "broken", str(error))
    return Check("database", "ok", setting.db)


def _directory(name: str, place: Path) -> Check:
    return Check(name, "ok" if place.is_dir() else "missing", str(place))


def _secrets(setting: Setting) -> list[Check]:
    checks: list[Check] = []
    for name, source in setting.config.secrets.items():
        try:
            source.read(name)
        except WeftError as error:
            checks.append(Check(f"secret {name}", "broken", error.message))
        else:
            checks.append(Check(f"secret {name}", "ok", "is set"))
    return checks


async def _pictures(setting: Setting) -> Check:
    from engine.render import picture_of, render  # noqa: PLC0415 - what draws nothing need not wait for the drawing

    del setting
    try:
        await render(picture_of(new_graph("probe")), to="svg", theme="light", deadline_s=20.0)
    except WeftError as error:
        return Check("pictures", "broken", str(error))
    return Check("pictures", "ok", "Graphviz draws")


TOOLS = Command("tools", "the registered tools", _configure, _tools)
MODELS = Command("models", "the models that agents can name", _configure, _models)
DOCTOR = Command("doctor", "what is set, what works, what is missing", _configure, _doctor)
