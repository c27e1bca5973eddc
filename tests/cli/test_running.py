"""run, resume, answer, cancel, signal: exit codes, words, and what is kept between commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Weft


def test_the_sample_graph_waits_goes_round_and_is_published_once(weft: Weft, place: Path) -> None:
    first = weft("run", "graphs/draft-and-review.json", "-i", "topic=rivers", "--id", "r1")
    assert (first.code, "review asks" in first.out) == (3, True)
    assert "weft answer r1 review approve|revise" in first.err
    assert [gate["gate"] for gate in weft("inbox", "--json").value] == ["review"]

    again = weft("answer", "r1", "review", "revise", "--form", '{"note": "shorter"}')
    assert (again.code, "review@2 asks" in again.out) == (3, True)

    done = weft("answer", "r1", "review@2", "approve", "--as", "ann", "--json")
    assert done.code == 0
    article = done.value["output"]["article"]
    assert (place / "files" / "article.md").read_text() == article

    claimed = [e for e in weft("show", "r1", "--events", "--json").value["events"] if e["type"] == "effect.claimed"]
    assert [event["node"] for event in claimed] == ["publish"]
    assert weft("resume", "r1").code == 0
    picture = weft("export", "graphs/draft-and-review.json", "--run", "r1", "--to", "svg", "-o", "r1.svg")
    assert picture.code == 0
    assert "×2" in (place / "r1.svg").read_text()


def test_korean_input_and_answers_go_through_unchanged(weft: Weft) -> None:
    assert weft("run", "draft-and-review", "-i", "topic=강의 노래", "--id", "r1").code == 3
    shown = weft("show", "r1", "--json").value
    assert shown["input"] == {"topic": "강의 노래"}
    weft("answer", "r1", "review", "revise", "--form", '{"note": "더 짧게"}')
    done = weft("answer", "r1", "review", "approve", "--json").value
    assert done["output"]["article"].startswith("강은 산에서 바다로")


@pytest.mark.parametrize(
    "name",
    [
        "coordinator",
        "fan-out-gather",
        "generator-critic",
        "hierarchical",
        "iterative-refinement",
        "orchestration-harness",
        "sequential-pipeline",
    ],
)
def test_every_pattern_runs_without_a_key(weft: Weft, name: str) -> None:
    done = weft("run", name, "--json")
    assert (done.code, done.value["status"]) == (0, "completed")
    assert done.value["output"]


def test_a_person_in_the_loop_may_change_the_amount(weft: Weft, place: Path) -> None:
    assert weft("run", "human-in-the-loop", "--id", "r1").code == 3
    refused = weft("answer", "r1", "approve", "change", "--form", '{"amount": -5}', "--json")
    assert (refused.code, refused.error["code"]) == (2, "gate.form")
    done = weft("answer", "r1", "approve", "change", "--form", '{"amount": 100}', "--json")
    assert done.value["output"] == {"refunded": 100}
    assert "100" in (place / "files" / "refund-A-1041.txt").read_text()


def test_a_failed_run_exits_with_one_and_says_why(weft: Weft, place: Path) -> None:
    graph = {
        "format": "weft/1",
        "name": "failing",
        "nodes": {"a": {"kind": "tool", "tool": "json.parse", "args": {"text": "{nope"}}},
    }
    (place / "graphs" / "failing.json").write_text(json.dumps(graph))
    said = weft("run", "failing", "--id", "r1")
    assert said.code == 1
    assert "a: " in said.out
    shown = weft("show", "r1", "--json").value
    assert (shown["status"], shown["error"]["node"]) == ("failed", "a")


def test_a_cancelled_run_exits_with_four_when_it_is_asked_again(weft: Weft) -> None:
    weft("run", "draft-and-review", "-i", "topic=x", "--id", "r1")
    assert weft("cancel", "r1", "--reason", "enough", "--json").value["status"] == "cancelled"
    assert weft("answer", "r1", "review", "approve", "--json").error["code"] == "run.ended"
    assert weft("runs", "--status", "cancelled", "--json").value[0]["id"] == "r1"
    resumed = weft("resume", "r1")
    assert (resumed.code, "review" in resumed.out) == (3, True)


def test_a_signal_wakes_a_wait_and_a_short_timer_is_slept_through(weft: Weft, place: Path) -> None:
    graph = {
        "format": "weft/1",
        "name": "waiting",
        "output": {"got": "{nodes.go.output}"},
        "nodes": {
            "pause": {"kind": "wait", "seconds": 0.01, "to": [{"node": "go"}]},
            "go": {"kind": "wait", "signal": "go"},
        },
    }
    (place / "graphs" / "waiting.json").write_text(json.dumps(graph))
    waits = weft("run", "waiting", "--id", "r1")
    assert (waits.code, "signal go" in waits.out) == (3, True)
    done = weft("signal", "r1", "go", "--value", '{"speed": 3}', "--json")
    assert (done.code, done.value["output"]) == (0, {"got": {"speed": 3}})


def test_a_gate_that_soon_reminds_or_expires_is_told_at_once(weft: Weft, place: Path) -> None:
    gate = {
        "kind": "human-gate",
        "prompt": "?",
        "deadline_s": 50,
        "default": "ok",
        "reminder_s": 1,
        "to": [{"on": "ok", "node": "z"}],
    }
    graph = {"format": "weft/1", "name": "asking", "nodes": {"g": gate, "z": {"kind": "join"}}}
    (place / "graphs" / "asking.json").write_text(json.dumps(graph))
    asked = weft("run", "asking", "--id", "r1")
    assert (asked.code, "weft answer r1 g ok" in asked.err) == (3, True)
    assert weft("answer", "r1", "g", "ok").code == 0


def test_events_are_written_as_json_lines_without_a_gap(weft: Weft, place: Path) -> None:
    printed = weft("run", "fan-out-gather", "--id", "r1", "--events", "-")
    events = [json.loads(line) for line in printed.out.splitlines()]
    assert [event["n"] for event in events] == list(range(1, len(events) + 1))
    assert (events[0]["type"], events[-1]["type"]) == ("run.started", "run.completed")

    weft("run", "draft-and-review", "-i", "topic=x", "--id", "r2", "--events", "events.jsonl")
    lines = (place / "events.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["type"] == "gate.opened"


def test_answers_and_model_can_be_named(weft: Weft, place: Path) -> None:
    answers = {"writer": [{"steps": [{"text": "from elsewhere"}]}], "other": [{"steps": [{"text": "from another"}]}]}
    (place / "answers.json").write_text(json.dumps(answers))
    words = ("run", "draft-and-review", "-i", "topic=x", "--answers", "answers.json")
    weft(*words, "--id", "r1")
    weft(*words, "--id", "r2", "--model", "scripted:other")
    prompts = {gate["run"]: gate["prompt"] for gate in weft("inbox", "--json").value}
    assert "from elsewhere" in prompts["r1"]
    assert "from another" in prompts["r2"]


def test_a_time_limit_ends_the_host_and_not_the_run(weft: Weft, place: Path) -> None:
    (place / "slow.py").write_text(
        "import asyncio\nfrom engine import tool\n\n\n"
        '@tool(effect="read")\nasync def dawdle() -> str:\n    """Take long the first time."""\n'
        "    import pathlib\n    mark = pathlib.Path('been-here')\n"
        "    if not mark.exists():\n        mark.touch()\n        await asyncio.sleep(60)\n    return 'done'\n"
    )
    graph = {"format": "weft/1", "name": "slow", "nodes": {"a": {"kind": "tool", "tool": "dawdle"}}}
    (place / "graphs" / "slow.json").write_text(json.dumps(graph))
    left = weft("run", "slow", "--id", "r1", "--tools", "slow.py", "--timeout", "0.2", "--durability", "process")
    assert (left.code, "weft resume r1" in left.err) == (3, True)
    assert weft("resume", "r1", "--tools", "slow.py", "--no-ask").code == 0


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("run", "draft-and-reviw"), "graph.unknown", "did you mean draft-and-review?"),
        (("run", "graphs/none.json"), "graph.unknown", None),
        (("run", "draft-and-review"), "input.invalid", None),
        (("run", "draft-and-review", "-i", "topik=x"), "input.invalid", "did you mean topic?"),
        (("run", "draft-and-review", "--input", "{nope"), "input.not_json", None),
        (("run", "draft-and-review", "--input", "@none.json"), "input.unreadable", None),
        (("run", "draft-and-review", "-i", "topic"), "input.invalid", "as in -i topic=rivers"),
        (("run", "draft-and-review", "-i", "topic=x", "--id", "R 1"), "run.bad_id", None),
        (("run", "draft-and-review", "-i", "topic=x", "--tools", "none.py"), "tool.load", None),
        (("run", "draft-and-review", "-i", "topic=x", "--config", "none.toml"), "config.missing", None),
        (("resume", "none"), "run.unknown", None),
        (("answer", "none", "review", "approve"), "run.unknown", None),
        (("cancel", "none"), "run.unknown", None),
        (("signal", "none", "go"), "run.unknown", None),
        (("show", "none"), "run.unknown", None),
        (("rum", "x"), "usage", "did you mean `weft run`?"),
        (("run",), "usage", "see `weft run --help`"),
        (("runs", "--prune", "long ago"), "usage", "as in 90d, 12h, 30m or 0s"),
    ],
)
def test_bad_input_is_an_error_with_a_code_and_leaves_nothing(
    weft: Weft, words: tuple[str, ...], code: str, hint: str | None
) -> None:
    said = weft(*words, "--json")
    assert (said.code, said.out) == (2, "")
    assert said.error["code"] == code
    if hint is not None:
        assert said.error["hint"] == hint
    assert weft("runs", "--json").value == []


def test_an_id_in_use_and_a_closed_gate_are_refused(weft: Weft) -> None:
    weft("run", "draft-and-review", "-i", "topic=x", "--id", "r1")
    assert weft("run", "draft-and-review", "-i", "topic=x", "--id", "r1", "--json").error["code"] == "run.exists"
    assert weft("answer", "r1", "publish", "approve", "--json").error["code"] == "gate.closed"
    assert weft("answer", "r1", "review", "maybe", "--json").error["code"] == "gate.option"
    assert weft("answer", "r1", "review", "approve").code == 0
    assert weft("answer", "r1", "review", "approve", "--json").error["code"] == "run.ended"


def test_a_run_that_is_not_kept_is_not_said_to_go_on(weft: Weft) -> None:
    said = weft("run", "draft-and-review", "-i", "topic=a", "--durability", "memory")

    assert said.code == 3
    assert "nothing of a run is kept" in said.err
    assert "weft answer" not in said.err


def test_a_host_that_is_stopped_early_tells_the_run_as_ever(weft: Weft, place: Path) -> None:
    (place / "slow.py").write_text(SLOW, encoding="utf-8")
    (place / "graphs" / "slow.json").write_text(
        '{"format": "weft/1", "name": "slow", "nodes": {"a": {"kind": "tool", "tool": "slow"}}}', encoding="utf-8"
    )
    words = ["run", "slow", "--tools", "slow.py", "--timeout", "0.2"]
    plain = weft(*words, "--events", "-")
    told = weft(*words, "--json")

    assert [json.loads(line)["n"] for line in plain.out.splitlines()] == [1, 2]
    assert "weft resume" in plain.err
    assert (told.code, told.value["status"], told.value["graph"]) == (3, "running", "slow")


SLOW = '''
import asyncio
from engine import tool

@tool(effect="read")
async def slow() -> None:
    """Never end."""
    await asyncio.sleep(3600)
'''


def test_pinned_outputs_come_from_a_file(weft: Weft, place: Path) -> None:
    pins = place / "pins.json"
    pins.write_text(json.dumps({"write": "A pinned draft.", "review": {"option": "approve"}, "publish": None}))
    done = weft("run", "draft-and-review", "-i", "topic=rivers", "--id", "r1", "--pins", str(pins), "--json")
    assert (done.code, done.value["pinned"]) == (0, ["write", "review", "publish"])
    assert done.value["output"] == {"article": "A pinned draft."}
    assert not (place / "files").exists()
    assert "pinned: write, review, publish" in weft("show", "r1").out
    assert weft("export", "draft-and-review", "--run", "r1", "--to", "mermaid", "-o", "r1.mmd").code == 0
    assert "pinned" in (place / "r1.mmd").read_text()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[]", "pin.invalid"),
        ('{"wrote": 1}', "pin.unknown"),
        ('{"again": 1}', "pin.kind"),
        ('{"review": {"option": "burn"}}', "pin.option"),
        ('{"write": 1}', "pin.output"),
    ],
)
def test_pins_that_do_not_fit_are_refused(weft: Weft, place: Path, text: str, code: str) -> None:
    (place / "pins.json").write_text(text)
    said = weft("run", "draft-and-review", "-i", "topic=rivers", "--pins", "pins.json", "--json")
    assert (said.code, said.error["code"]) == (2, code)


def test_a_graph_is_simulated_without_scripted_answers(weft: Weft, place: Path) -> None:
    (place / "graphs" / "draft-and-review.scripted.json").unlink()
    assert weft("run", "draft-and-review", "-i", "topic=rivers", "--id", "r1", "--simulate").code == 3
    done = weft("answer", "r1", "review", "approve", "--json").value
    assert (done["status"], done["simulated"]) == ("completed", True)
    assert done["output"]["article"].startswith("(simulated) ")
    assert not (place / "files").exists()
    assert weft("run", "draft-and-review", "--simulate", "--model", "scripted:writer").code == 2
