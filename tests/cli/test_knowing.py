"""runs, show, inbox, tools, models, doctor, help: what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.cli.main import commands, parser
from tests.cli.conftest import Weft


def test_help_names_every_command_and_every_command_has_help(weft: Weft) -> None:
    bare = weft()
    assert bare.code == 0
    for name in commands():
        assert re.search(rf"^ +{name} ", bare.out, re.MULTILINE), name
    assert parser().prog == "weft"


def test_runs_are_listed_and_old_ones_removed(weft: Weft) -> None:
    assert "no runs" in weft("runs").out
    weft("run", "fan-out-gather", "--id", "r1")
    weft("run", "draft-and-review", "-i", "topic=x", "--id", "r2")
    assert [run["id"] for run in weft("runs", "--json").value] == ["r2", "r1"]
    assert [run["id"] for run in weft("runs", "--graph", "fan-out-gather", "--limit", "5", "--json").value] == ["r1"]
    assert "waits for review" in weft("runs", "--status", "waiting").out
    assert weft("runs", "--prune", "0s", "--json").value["runs"] == ["r1"]
    assert [run["id"] for run in weft("runs", "--json").value] == ["r2"]


def test_a_run_as_json_has_what_the_server_tells_of_it_and_a_list_leaves_the_values_out(weft: Weft) -> None:
    told = weft("run", "fan-out-gather", "--id", "r1", "--json").value
    keys = "id graph graph_hash status started_at ended_at input output error usage waiting_for parent"
    assert list(told) == keys.split()
    assert list(weft("show", "r1", "--json").value) == keys.split()
    (listed,) = weft("runs", "--json").value
    assert list(listed) == [key for key in keys.split() if key not in ("input", "output")]


def test_show_tells_the_steps_and_all_events(weft: Weft) -> None:
    weft("run", "fan-out-gather", "--id", "r1")
    assert "node.completed report" in weft("show", "r1").out
    assert "run.started" in weft("show", "r1", "--events").out


def test_the_inbox_can_be_of_one_run(weft: Weft) -> None:
    assert "nothing is asked" in weft("inbox").out
    for run in ("r1", "r2"):
        weft("run", "draft-and-review", "-i", "topic=x", "--id", run)
    assert {gate["run"] for gate in weft("inbox", "--json").value} == {"r1", "r2"}
    assert [gate["run"] for gate in weft("inbox", "--run", "r2", "--json").value] == ["r2"]


def test_tools_are_listed_with_their_effect_and_own_ones_too(weft: Weft, place: Path) -> None:
    (place / "own.py").write_text(
        'from engine import tool\n\n\n@tool(effect="idempotent")\ndef stamp(text: str) -> str:\n    """Stamp it."""\n'
        "    return text\n"
    )
    tools = {tool["name"]: tool for tool in weft("tools", "--tools", "own.py", "--json").value}
    assert tools["stamp"]["effect"] == "idempotent"
    assert tools["file.write"]["effect"] == "idempotent"
    assert {"http.get", "json.merge", "text.words", "time.now", "value.set", "human.ask", "escalate"} <= set(tools)
    assert "text.words" in weft("tools").out


def test_models_name_the_provider_that_needs_no_key(weft: Weft) -> None:
    assert weft("models", "--json").value[0]["provider"] == "scripted"
    assert "scripted:" in weft("models").out


def test_the_doctor_tells_what_is_well_missing_and_broken(weft: Weft, place: Path) -> None:
    well = weft("doctor", "--json")
    assert well.code == 0
    assert {check["name"]: check["state"] for check in well.value}["pictures"] == "ok"
    (place / "weft.toml").write_text('[secrets]\nKEY = { env = "WEFT_TEST_NOT_SET" }\n')
    ill = weft("doctor")
    assert ill.code == 2
    assert re.search(r"broken +secret KEY", ill.out)


def test_weft_toml_says_where_things_are(weft: Weft, place: Path) -> None:
    (place / "weft.toml").write_text('db = "kept/runs.db"\nfiles = "out"\n[limits]\nnode_runs = 2\n')
    (place / "kept").mkdir()
    stopped = weft("run", "sequential-pipeline", "--id", "r1", "--json")
    assert (stopped.code, stopped.value["error"]["code"]) == (1, "limit.node_runs")
    assert (place / "kept" / "runs.db").is_file()
    (place / "weft.toml").write_text("grafs = 1\n")
    assert "did you mean graphs?" in weft("runs", "--json").error["hint"]
    (place / "weft.toml").write_text("= 1\n")
    assert weft("runs", "--json").error["code"] == "config.not_toml"


def test_the_database_can_be_named_three_ways(weft: Weft, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weft("run", "fan-out-gather", "--id", "r1", "--db", "a.db")
    assert weft("runs", "--db", "a.db", "--json").value[0]["id"] == "r1"
    monkeypatch.setenv("WEFT_DB", str(place / "a.db"))
    assert weft("runs", "--json").value[0]["id"] == "r1"


def test_a_database_that_cannot_be_used_is_named_with_what_to_do(weft: Weft, place: Path) -> None:
    (place / "garbage.db").write_bytes(b"this is no database" * 100)
    said = weft("runs", "--db", "garbage.db", "--json")
    assert (said.code, said.error["code"]) == (2, "journal.corrupt")
    assert (place / "garbage.db").read_bytes() == b"this is no database" * 100
    missing = weft("runs", "--db", "none/there.db", "--json")
    assert missing.code == 2


def test_looking_makes_no_database(weft: Weft, place: Path) -> None:
    assert weft("runs", "--db", "tpyo.db").out == "no runs\n"
    for words in (["show", "r1"], ["answer", "r1", "g", "ok"], ["resume", "r1"], ["cancel", "r1"]):
        assert weft(*words, "--db", "tpyo.db", "--json").error["code"] == "run.unknown"
    assert not (place / "tpyo.db").exists()


EVERY_WORD = (
    "run nope",
    "run",
    "run draft-and-review -i topic=a --id R_1",
    "run draft-and-review -i topic",
    "run draft-and-review --input @nope",
    "run draft-and-review -i topic=a --answers nope",
    "run draft-and-review -i topic=a --model nobody:x",
    "run draft-and-review -i topic=a --timeout -1",
    "run draft-and-review -i topic=a --timeout nan",
    "run draft-and-review -i topic=a --events nowhere/e",
    "run draft-and-review -i topic=a --events -",
    "resume nope",
    "answer nope g ok",
    "signal nope s",
    "cancel nope",
    "inbox --run nope",
    "runs --limit 0",
    "runs --limit -1",
    "runs --prune soon",
    "show nope",
    "validate nope",
    "export nope --to svg",
    "export draft-and-review --to svg",
    "export draft-and-review --to svg -o nowhere/x.svg",
    "diff nope nope",
    "fmt nope",
    "new BAD",
    "new mine --from nope",
    "schema more",
    "tools --tools nope.py",
    "models --config nope.toml",
    "doctor --config nope.toml",
)


@pytest.mark.parametrize("words", EVERY_WORD)
def test_every_failure_says_what_where_and_what_to_do_and_leaves_nothing(weft: Weft, place: Path, words: str) -> None:
    said = weft(*words.split(), "--json")

    assert (said.code, said.out) == (2, "")
    assert all(said.error[key] for key in ("code", "message", "where", "hint")), said.err
    assert not (place / "weft.db").exists() or weft("runs").out == "no runs\n"
