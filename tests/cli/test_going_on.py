"""The options of the commands that let a run go on, and the exit code of a run that was cancelled meanwhile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Weft

DAWDLE = """
import asyncio
from engine import Engine, ToolContext, tool


@tool(effect="read")
async def dawdle() -> str:
    \"\"\"Never end.\"\"\"
    await asyncio.Event().wait()


@tool(effect="read")
async def give_up(ctx: ToolContext) -> str:
    \"\"\"Have another program cancel this very run, and wait for that.\"\"\"
    async with Engine.open("weft.db") as other:
        await other.cancel(ctx.run_id, reason="enough")
    await asyncio.Event().wait()
"""


@pytest.fixture
def graphs(place: Path) -> Path:
    """Two graphs, ``slow`` (a gate, a signal, then a tool that never ends) and ``gone``, and their tools in a file."""
    (place / "dawdle.py").write_text(DAWDLE)
    write(
        place / "graphs",
        "slow",
        {
            "ask": {"kind": "human-gate", "to": [{"on": "ok", "node": "hear"}]},
            "hear": {"kind": "wait", "signal": "go", "to": [{"node": "work"}]},
            "work": {"kind": "tool", "tool": "dawdle"},
        },
    )
    write(place / "graphs", "gone", {"a": {"kind": "tool", "tool": "give_up"}})
    return place


def write(directory: Path, name: str, nodes: dict[str, Any]) -> None:
    """A graph file of these nodes."""
    directory.mkdir(exist_ok=True)
    (directory / f"{name}.json").write_text(json.dumps({"format": "weft/1", "name": name, "nodes": nodes}))


def lines(file: Path) -> list[dict[str, Any]]:
    """A file of JSON lines."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_a_run_that_is_cancelled_while_it_works_exits_with_four(weft: Weft, graphs: Path) -> None:
    said = weft("run", "gone", "--id", "r1", "--tools", "dawdle.py")

    assert (said.code, "run r1 cancelled" in said.out) == (4, True)
    requested = [event for event in weft("show", "r1", "--events", "--json").value["events"] if "reason" in event]
    assert [event["reason"] for event in requested] == ["enough"]
    assert graphs.is_dir()


def test_whoever_lets_a_run_go_on_may_write_its_events_to_a_file(weft: Weft, graphs: Path) -> None:
    weft("run", "slow", "--id", "r1", "--tools", "dawdle.py")
    assert weft("answer", "r1", "ask", "ok", "--events", "answered.jsonl", "--tools", "dawdle.py").code == 3
    assert weft("resume", "r1", "--events", "resumed.jsonl", "--tools", "dawdle.py").code == 3
    signalled = weft("signal", "r1", "other", "--events", "signalled.jsonl", "--tools", "dawdle.py")
    assert signalled.code == 3

    first, second, third = (lines(graphs / f"{name}.jsonl") for name in ("answered", "resumed", "signalled"))
    assert [event["n"] for event in third] == list(range(1, len(third) + 1))
    assert (third[: len(second)], second[: len(first)]) == (second, first)
    assert first[-1]["type"] == "timer.set"
    assert "signal.received" in [event["type"] for event in third[len(second) :]]


def test_a_time_limit_ends_the_host_whatever_let_the_run_go_on(weft: Weft, graphs: Path) -> None:
    weft("run", "slow", "--id", "r1", "--tools", "dawdle.py")
    answered = weft("answer", "r1", "ask", "ok", "--timeout", "30", "--tools", "dawdle.py")
    assert (answered.code, "waits for the signal go" in answered.out) == (3, True)

    signalled = weft("signal", "r1", "go", "--timeout", "0.05", "--tools", "dawdle.py")
    assert (signalled.code, "was left by this host" in signalled.out) == (3, True)
    resumed = weft("resume", "r1", "--timeout", "0.05", "--tools", "dawdle.py", "--json")
    assert (resumed.code, resumed.value["id"], resumed.value["status"]) == (3, "r1", "running")
    assert graphs.is_dir()


def test_a_time_limit_for_an_answer_leaves_what_it_began_to_be_resumed(weft: Weft, graphs: Path) -> None:
    write(
        graphs / "graphs",
        "ask-first",
        {
            "ask": {"kind": "human-gate", "to": [{"on": "ok", "node": "work"}]},
            "work": {"kind": "tool", "tool": "dawdle"},
        },
    )
    weft("run", "ask-first", "--id", "r1", "--tools", "dawdle.py")
    said = weft("answer", "r1", "ask", "ok", "--timeout", "0.05", "--tools", "dawdle.py")

    assert (said.code, "go on: weft resume r1" in said.err) == (3, True)
    nodes = [event.get("node") for event in weft("show", "r1", "--events", "--json").value["events"]]
    assert "work" in nodes


def test_graphs_are_looked_up_where_the_command_says(weft: Weft, place: Path) -> None:
    write(place / "elsewhere", "other", {"a": {"kind": "tool", "tool": "value.set", "args": {"value": 1}}})

    assert weft("run", "other", "--json").error["code"] == "graph.unknown"
    assert weft("run", "other", "--graphs", "elsewhere").code == 0
    assert weft("validate", "other", "--graphs", "elsewhere").out == "other: no findings\n"
    assert weft("run", "draft-and-review", "--graphs", "elsewhere", "--json").error["code"] == "graph.unknown"


def test_the_schema_is_one_json_value_with_and_without_json(weft: Weft) -> None:
    plain, asked = weft("schema"), weft("schema", "--json")

    assert (plain.code, asked.code) == (0, 0)
    assert plain.value == asked.value
    assert "nodes" in asked.value["properties"]


@pytest.mark.parametrize("name", ["latin1.toml", "directory"])
def test_a_configuration_that_cannot_be_read_is_an_error_with_its_place(weft: Weft, place: Path, name: str) -> None:
    (place / "latin1.toml").write_bytes('# größer\ndb = "other.db"\n'.encode("latin-1"))
    (place / "directory").mkdir()
    said = weft("runs", "--config", name, "--json")

    assert (said.code, said.error["code"], said.error["where"]) == (2, "config.unreadable", name)
    assert not list(place.glob("*.db"))


def test_a_gate_whose_id_a_shell_would_change_is_told_in_quotes(weft: Weft, place: Path) -> None:
    use = {"tool": "value.set", "requires_confirmation": True}
    agent = {"kind": "agent", "model": "scripted:m", "prompt": "Go", "tools": [use]}
    (place / "asks.json").write_text(json.dumps({"format": "weft/1", "name": "asks", "nodes": {"a": agent}}))
    steps = [{"tool": "value.set", "args": {"value": 1}}, {"text": "done"}]
    (place / "asks.scripted.json").write_text(json.dumps({"m": [{"steps": steps}]}))
    said = weft("run", "asks.json", "--id", "r1")
    assert (said.code, "weft answer r1 'a!1' approve|deny" in said.err) == (3, True)
    assert weft("answer", "r1", "a!1", "approve").code == 0
