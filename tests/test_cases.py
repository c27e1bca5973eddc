"""Every folder of ``tests/cases`` comes out as it says, on every store."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from engine import Graph
from tests.support.cases import WHERE, Case, case_names, load_case
from tests.support.plain_replay import retell
from tests.support.playing import Play, Played, Stage, check, trace_of
from tests.support.scripted_tools import ScriptedTool, Turn
from tests.support.threads import run_virtually

CASES = {name: load_case(name) for name in case_names()}
MOVING = [name for name, (case, _, _) in CASES.items() if any(act.crash or act.reopen for act in case.acts)]
"""Cases in which a run moves to another host: what is in memory does not."""
PERMUTED = [name for name, (case, _, _) in CASES.items() if case.expect.all_traces is not None]


def play(name: str, db: str | Path, tools: dict[str, ScriptedTool] | None = None) -> Played:
    case, folder, given = CASES[name]
    stage = Stage(db, folder, case.tools if tools is None else tools)
    return run_virtually(stage.clock, Play(case, given, stage).to_the_end())


@pytest.mark.parametrize("name", [name for name in CASES if name not in MOVING])
def test_a_case_comes_out_as_it_says_in_memory(name: str) -> None:
    check(play(name, "memory:"), CASES[name][0].expect)


@pytest.mark.parametrize("name", CASES)
def test_a_case_comes_out_as_it_says_on_disk_and_its_journal_is_right(name: str, tmp_path: Path) -> None:
    played = play(name, tmp_path / "weft.db")
    check(played, CASES[name][0].expect)
    graphs = graphs_of(name)
    retell(graphs["graph"], graphs, played.journal)


@pytest.mark.parametrize("name", PERMUTED)
def test_the_traces_of_a_case_are_those_that_its_pattern_allows(name: str) -> None:
    case = CASES[name][0]
    found = {tuple(trace_of(play(name, "memory:", tools))) for tools in timings(case)}
    assert found == {tuple(trace) for trace in case.expect.all_traces or ()}


def timings(case: Case) -> list[dict[str, ScriptedTool]]:
    """The case's tools with every order of the permuted ones' times; the k-th takes 2 to the power of k seconds."""
    orders = permutations(range(len(case.permute)))
    return [
        case.tools | {n: timed(case.tools[n], 2.0**k) for n, k in zip(case.permute, o, strict=True)} for o in orders
    ]


def timed(tool: ScriptedTool, sleeps_s: float) -> ScriptedTool:
    turns: list[Turn] = [turn.model_copy(update={"sleeps_s": sleeps_s}) for turn in tool.does]
    return tool.model_copy(update={"does": turns})


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_written_in_the_one_form_of_a_graph_file(name: str) -> None:
    for graph_name, graph in graphs_of(name).items():
        assert graph.dumps() == (WHERE / name / f"{graph_name}.json").read_text(encoding="utf-8")


def graphs_of(name: str) -> dict[str, Graph]:
    """The graphs of a case by their names; its own is ``graph``."""
    files = [path for path in (WHERE / name).glob("*.json") if path.name not in ("case.json", "input.json")]
    return {path.stem: Graph.load(path) for path in files}
