"""Graphs in files and in Python."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from engine.errors import GraphError
from engine.model import Edge, Graph, port_of, ports_of
from engine.model.new import new_graph
from engine.model.nodes import GateNode, LoopBackNode

SMALL: dict[str, Any] = {"format": "weft/1", "name": "small", "nodes": {"e": {"kind": "end"}}}


def refused(act: Any) -> GraphError:
    with pytest.raises(GraphError) as caught:
        act()
    return caught.value


def test_a_saved_graph_is_loaded_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "small.json"
    graph = Graph.model_validate(SMALL)
    graph.save(path)
    assert path.read_bytes() == graph.dumps().encode()
    assert Graph.load(path) == graph
    assert Graph.load(str(path)).as_json() == SMALL


def test_saving_keeps_the_files_mode_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "small.json"
    path.write_text("old")
    path.chmod(0o640)
    Graph.model_validate(SMALL).save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["small.json"]


def test_saving_through_a_link_writes_its_target(tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old")
    link.symlink_to(target)
    Graph.model_validate(SMALL).save(link)
    assert link.is_symlink()
    assert Graph.load(target).name == "small"


def test_a_graph_that_cannot_be_written_leaves_the_old_one_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "is-a-directory.json").mkdir()
    for path in (tmp_path / "is-a-directory.json", tmp_path / "no" / "small.json"):
        error = refused(lambda path=path: Graph.model_validate(SMALL).save(path))
        assert error.code == "graph.unwritable"
        assert str(path) in str(error)
    assert os.listdir(tmp_path) == ["is-a-directory.json"]


def test_a_file_that_is_not_there_or_no_file_is_unknown(tmp_path: Path) -> None:
    assert refused(lambda: Graph.load(tmp_path / "no.json")).code == "graph.unknown"
    assert refused(lambda: Graph.load(tmp_path)).code == "graph.unknown"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "graph.not_json"),
        ('{"a": 1, "a": 1}', "graph.not_json"),
        ('{"format": "weft/2"}', "graph.format"),
        ('{"format": "weft/1", "name": "x"}', "graph.invalid"),
        ("[]", "graph.invalid"),
    ],
)
def test_what_cannot_be_opened_is_told_with_code_place_and_findings(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    error = refused(lambda: Graph.load(path))
    assert error.code == code
    assert error.where == str(path)
    assert len(error.findings) == 1


def test_an_error_names_its_first_finding_and_counts_the_others() -> None:
    error = refused(lambda: Graph.model_validate({"format": "weft/1", "name": "Ä", "nodes": {"a": {"kind": "x"}}}))
    assert "(and 1 more)" in error.message
    assert error.message.startswith("/name: ")
    assert len(error.findings) == 2


def test_from_python_the_same_holds_as_from_a_file() -> None:
    wrong: list[Any] = [{**SMALL, "x": 1}, {**SMALL, "title": {1, 2}}, [], {**SMALL, "limits": {"usd": float("nan")}}]
    for value in wrong:
        assert refused(lambda value=value: Graph.model_validate(value)).findings
    graph = Graph.model_validate(SMALL)
    assert Graph.model_validate(graph) is graph
    assert Graph.model_validate_json(graph.dumps()) == Graph.model_validate_json(bytearray(graph.dumps().encode()))


def test_python_names_of_fields_are_no_names_of_the_file() -> None:
    loop = {"kind": "loop-back", "while_": "true", "max_iterations": 2}
    error = refused(lambda: Graph.model_validate({**SMALL, "nodes": {"l": loop}}))
    assert [finding.code for finding in error.findings] == ["field.unknown"]
    graph = Graph.model_validate({**SMALL, "nodes": {"l": {**loop, "while": "false"} | {"while_": 0}}} | SMALL)
    assert graph.name == "small"
    assert LoopBackNode.model_validate({"kind": "loop-back", "while": "x"}).while_ == "x"


def test_a_graph_cannot_be_changed_in_place() -> None:
    graph = Graph.model_validate(SMALL)
    with pytest.raises(ValueError, match="frozen"):
        graph.name = "other"
    assert graph.hash == graph.hash


def test_reading_gives_the_raw_value_beside_the_findings() -> None:
    reading = Graph.read('{"format": "weft/1", "nodes": {}}')
    assert reading.graph is None
    assert reading.value == {"format": "weft/1", "nodes": {}}
    assert [finding.code for finding in reading.findings] == ["field.missing"]
    assert Graph.read("").value is None


def test_ports_come_from_the_kind_and_a_gates_options() -> None:
    gate = GateNode(kind="human-gate", options=["yes"], to=[Edge(on="yes", node="a")])
    assert ports_of(gate) == ("yes", "expired", "error")
    assert port_of(gate, gate.to[0]) == "yes"
    join = Graph.model_validate({**SMALL, "nodes": {"j": {"kind": "join", "to": [{"node": "e"}]}}}).nodes["j"]
    assert ports_of(join) == ("ok", "error")
    assert port_of(join, join.to[0]) == "ok"


def test_types_are_made_once_per_graph_and_node() -> None:
    graph = Graph.model_validate(SMALL)
    assert graph.types is graph.types
    assert graph.types_in("e") is graph.types_in("e")


def test_the_smallest_graph_is_valid_and_in_written_form(tmp_path: Path) -> None:
    graph = new_graph("mine")
    graph.save(tmp_path / "mine.json")
    assert Graph.load(tmp_path / "mine.json") == graph
    assert refused(lambda: new_graph("Not A Name")).code == "graph.invalid"


def test_a_large_graph_is_read_and_written_in_a_moment() -> None:
    nodes = {
        f"n{i}": {
            "kind": "tool",
            "tool": "t",
            "args": {"a": f"{{nodes.n{i - 1}.output}}"},
            "to": [{"node": f"n{i + 1}"}],
        }
        for i in range(3_000)
    }
    text = Graph.model_validate({**SMALL, "nodes": nodes, "layout": {n: [0, 0] for n in nodes}}).dumps()
    started = time.process_time()
    graph = Graph.loads(text)
    again = graph.dumps()
    assert graph.hash
    assert again == text
    assert time.process_time() - started < 10


def test_importing_the_model_loads_neither_cel_nor_anything_of_the_floors_above() -> None:
    code = (
        "import sys; from engine.model import Graph; Graph.model_validate("
        "{'format': 'weft/1', 'name': 'a', 'nodes': {'e': {'kind': 'end'}}}).hash;"
        "print([m for m in sys.modules if m.split('.')[0] in ('cel_expr_python', 'networkx', 'sqlite3', 'anyio')"
        " or m.startswith('engine.') and not m.startswith(('engine.model', 'engine.errors'))])"
    )
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert seen.stdout.strip() == "[]"
