"""validate, export, diff, fmt, new, schema: graph files alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.gallery import patterns
from tests.cli.conftest import Weft

BROKEN = {
    "format": "weft/1",
    "name": "broken",
    "nodes": {
        "a": {"kind": "tool", "tool": "text.wrods", "args": {"text": "x"}, "to": [{"node": "b"}]},
        "b": {"kind": "loop-back", "to": [{"on": "repeat", "node": "a"}]},
    },
}


@pytest.mark.parametrize("name", sorted(patterns()))
def test_every_sample_is_in_written_form_and_has_no_error(weft: Weft, name: str) -> None:
    said = weft("validate", name, "--json")
    assert (said.code, [f for f in said.value if f["severity"] == "error"]) == (0, [])
    assert weft("fmt", name, "--check").code == 0


def test_every_finding_is_told_at_once_with_place_and_hint(weft: Weft, place: Path) -> None:
    (place / "broken.json").write_text(json.dumps(BROKEN))
    said = weft("validate", "broken.json", "--json")
    found = {finding["code"]: finding for finding in said.value}
    assert said.code == 2
    assert {"tool.unknown", "loop.unbounded"} <= set(found)
    assert found["tool.unknown"]["place"] == "/nodes/a/tool"
    assert "text.words" in found["tool.unknown"]["hint"]
    assert "loop.unbounded" in weft("validate", "broken.json").out
    refused = weft("run", "broken.json", "--json")
    assert (refused.code, refused.error["code"]) == (2, "graph.invalid")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{nope", "json.syntax"),
        ('{"format": "weft/9", "name": "x", "nodes": {}}', "graph.format"),
        ('{"format": "weft/1", "name": "x", "nodes": {}, "colour": 1}', "field.unknown"),
    ],
)
def test_a_file_that_is_no_graph_is_told_as_a_finding(weft: Weft, place: Path, text: str, code: str) -> None:
    (place / "x.json").write_text(text)
    said = weft("validate", "x.json", "--json")
    assert said.code == 2
    assert code in {finding["code"] for finding in said.value}


@pytest.mark.parametrize("to", ["svg", "png", "pdf", "dot", "mermaid"])
def test_a_graph_is_drawn_in_every_format(weft: Weft, place: Path, to: str) -> None:
    said = weft("export", "fan-out-gather", "--to", to, "-o", f"x.{to}", "--theme", "dark", "--json")
    assert said.code == 0
    content = (place / f"x.{to}").read_bytes()
    heads = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF", "dot": b"digraph", "mermaid": b"flowchart"}
    assert heads[to] in content[:600]


def test_a_picture_of_a_run_of_another_graph_is_refused(weft: Weft) -> None:
    weft("run", "fan-out-gather", "--id", "r1")
    said = weft("export", "coordinator", "--run", "r1", "--to", "svg", "--json")
    assert (said.code, said.error["code"]) == (2, "input.invalid")
    assert "fan-out-gather" in said.error["hint"]


def test_a_picture_goes_nowhere_it_cannot(weft: Weft) -> None:
    assert weft("export", "coordinator", "--to", "svg", "--json").error["hint"] == "add -o FILE"
    said = weft("export", "coordinator", "--to", "svg", "-o", "none/x.svg", "--json")
    assert said.error["code"] == "output.unwritable"


def test_a_new_graph_runs_and_is_never_written_over(weft: Weft, place: Path) -> None:
    assert weft("new", "mine", "--from", "generator-critic").code == 0
    assert weft("run", "mine", "--json").value["output"]["slogan"]
    assert weft("new", "mine", "--json").error["code"] == "graph.exists"
    assert weft("new", "empty").code == 0
    assert weft("run", "empty").code == 0
    assert weft("new", "No Name", "--json").code == 2
    assert "generator-critic" in weft("new", "x", "--from", "generator-critik", "--json").error["hint"]
    assert (place / "graphs" / "mine.scripted.json").is_file()


def test_fmt_rewrites_only_what_is_not_in_written_form(weft: Weft, place: Path) -> None:
    file = place / "graphs" / "coordinator.json"
    written = file.read_text()
    file.write_text(json.dumps(json.loads(written)))
    assert weft("fmt", "coordinator", "--check", "--json").value["changed"] != []
    assert weft("fmt", "coordinator").code == 0
    assert file.read_text() == written
    assert weft("fmt", "coordinator", "--json").value == {"changed": []}


def test_all_files_of_the_directory_can_be_named_at_once(weft: Weft, place: Path) -> None:
    files = [str(file) for file in sorted((place / "graphs").iterdir())]
    assert weft("fmt", *files, "--check").code == 0
    assert weft("validate", *files, "--json").code == 0


def test_diff_tells_what_was_changed_and_that_moving_is_only_moving(weft: Weft, place: Path) -> None:
    other = json.loads((place / "graphs" / "coordinator.json").read_text())
    other["layout"]["desk"] = [8, 8]
    other["nodes"]["desk"]["label"] = "Front desk"
    (place / "other.json").write_text(json.dumps(other))
    said = weft("diff", "coordinator", "other.json")
    assert said.code == 0
    assert "desk" in said.out
    assert weft("diff", "coordinator", "other.json", "--json").value
    assert weft("diff", "coordinator", "coordinator").code == 0


def test_schema_is_a_json_schema_that_knows_every_kind(weft: Weft) -> None:
    said = weft("schema")
    assert said.value["$schema"].startswith("https://json-schema.org/draft/2020-12")
    assert "parallel-fork" in said.out
