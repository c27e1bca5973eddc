"""A folder is a case: a graph, an input, what happens to the run, and what must come of it.

Rule: a case is data. ``graph.json`` and the graphs beside it are what runs; ``case.json`` holds the tools' behaviour,
what is done to the run from outside and when, and the expectations, all in the few words of this module; ``input.json``
is the run's input. Cases run through the public facade alone, on a virtual clock.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, JsonValue

from tests.support.scripted_tools import ScriptedTool, Words

WHERE = Path(__file__).parents[1] / "cases"


class Answer(Words):
    """A person decides a gate. ``refused``: the error code that this must end with."""

    gate: str
    option: str
    form: JsonValue = None
    by: str | None = None
    refused: str | None = None


class Signal(Words):
    """A signal is sent to the run."""

    name: str
    value: JsonValue = None


class Look(Words):
    """What the run must show at this point.

    Attributes:
        status: of the run.
        waiting_for: the executions or gates that wait, in any order.
        calls: node path -> how often its tool was begun so far.
    """

    status: str | None = None
    waiting_for: list[str] | None = None
    calls: dict[str, int] = Field(default_factory=dict[str, int])


class Act(Words):
    """One thing that is done to the run: at ``at_s`` virtual seconds after its start, else once it waits or is over.

    Attributes:
        answer, signal: see their classes.
        cancel: somebody wants the run to end.
        crash: its host is gone without a word; another takes the run up when the lease has run out.
        reopen: its host stops in order and another takes the run up.
        resume: a host takes the run up again (after a failure, a cancel, or its end).
        start: the same run is started again; the word is the error code that this must end with.
        look: see its class.
    """

    at_s: float | None = None
    answer: Answer | None = None
    signal: Signal | None = None
    cancel: bool = False
    crash: bool = False
    reopen: bool = False
    resume: bool = False
    start: str | None = None
    look: Look | None = None


class Expected(Words):
    """What must come of the run; what is left out is not looked at.

    Attributes:
        status: of the run at the end; ``refused`` when it must not start at all.
        finding: the checker's code that refuses it, ``names`` nodes and keys that its sentence names.
        output: the run's output.
        error: some of ``class``, ``code``, ``message``, ``node`` of the run's failure.
        waiting_for: as in ``Look``.
        trace: the order in which tool nodes (and items) complete; ``traces``: one of these; ``all_traces``: the set
            of those that come up when the tools' times are permuted is exactly this one.
        calls: node path -> how often its tool was begun.
        completions: node path -> how many ``node.completed`` it has over all iterations, items apart.
        saw: execution -> the argument ``value`` of its last call.
        lines: what the tools wrote, in order.
        order: pairs of executions; the first is decided before the second begins.
        events: some fields of events that stand in the journal in this order.
        never: some fields of events none of which stands in the journal.
        cut_off: executions whose tool was cancelled and cleaned up.
        at_once: node path -> [least, most] calls of it under way at the same time.
        apart: node paths of which no two are at work at the same time.
        took_s: virtual seconds from the start of the run to its end; ``within_s`` an upper bound.
        sums: output name -> the sorted list it must be a permutation of.
    """

    status: Literal["completed", "failed", "cancelled", "waiting", "refused"]
    finding: str | None = None
    names: list[str] = Field(default_factory=list[str])
    output: JsonValue = None
    error: dict[str, JsonValue] | None = None
    waiting_for: list[str] | None = None
    trace: list[str] | None = None
    traces: list[list[str]] | None = None
    all_traces: list[list[str]] | None = None
    calls: dict[str, int] = Field(default_factory=dict[str, int])
    completions: dict[str, int] = Field(default_factory=dict[str, int])
    saw: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    lines: list[JsonValue] | None = None
    order: list[tuple[str, str]] = Field(default_factory=list[tuple[str, str]])
    events: list[dict[str, JsonValue]] = Field(default_factory=list[dict[str, JsonValue]])
    never: list[dict[str, JsonValue]] = Field(default_factory=list[dict[str, JsonValue]])
    cut_off: list[str] = Field(default_factory=list[str])
    at_once: dict[str, tuple[int, int]] = Field(default_factory=dict[str, tuple[int, int]])
    apart: list[str] = Field(default_factory=list[str])
    took_s: float | None = None
    within_s: float | None = None
    sums: dict[str, list[JsonValue]] = Field(default_factory=dict[str, list[JsonValue]])


class Case(Words):
    """One ``case.json``.

    Attributes:
        about: one sentence: what this case shows.
        scenario, pattern: the number in the collection it answers to.
        decides: where that collection leaves the policy open, how GRAPH.md decides.
        input: the run's input, where the folder has no ``input.json``.
        pins: node path -> the output that stands for its work.
        tools: name -> what it does.
        acts: what is done to the run, in this order.
        permute: tools whose times are permuted for ``all_traces``.
        expect: what must come of it.
    """

    about: str
    scenario: str | None = None
    pattern: int | None = None
    decides: str | None = None
    pins: dict[str, JsonValue] | None = None
    tools: dict[str, ScriptedTool] = Field(default_factory=dict[str, ScriptedTool])
    acts: list[Act] = Field(default_factory=list[Act])
    permute: list[str] = Field(default_factory=list[str])
    expect: Expected


def case_names() -> list[str]:
    """All case folders, sorted."""
    return sorted(path.parent.name for path in WHERE.glob("*/case.json"))


def load_case(name: str) -> tuple[Case, Path, Any]:
    """A case, its folder, and the run's input."""
    folder = WHERE / name
    case = Case.model_validate_json((folder / "case.json").read_text(encoding="utf-8"))
    given = folder / "input.json"
    return case, folder, json.loads(given.read_text(encoding="utf-8")) if given.exists() else None
