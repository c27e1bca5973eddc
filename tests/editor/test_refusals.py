"""What the editor lets one draw is what the checker lets one run: both are asked about the same random wires."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from engine.compile.check import check
from engine.model import Graph
from engine.model.findings import parts
from engine.model.nodes import NODE_CLASSES, Edge, SubgraphNode, port_of
from tests.editor.js_modules import lines_of

DRAWN = {
    "target.unknown", "port.unknown", "port.missing", "edge.several", "edge.never", "graph.cycle", "join.twice",
    "loop.several_repeats", "loop.repeat_when", "loop.not_back", "loop.entry", "loop.overlap", "loop.header",
    "loop.side_exit",
}  # fmt: skip
"""Errors that a wire makes at once, and that no further node or wire is needed to see."""

SEEDS = 400


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    """Random graphs in one piece and without such an error, with random wires."""
    drawn = lines_of("support/verdicts.mjs", str(SEEDS))
    return [case for case in drawn if not errors(case["graph"], DRAWN | {"start.several", "node.unreached"})]


def errors(document: Any, codes: set[str] = DRAWN, *, is_patient: bool = True) -> Counter[str]:
    """How often each of some codes is found.

    ``is_patient``: a fork's branch out of a loop is left out while it is still being drawn: it may yet be led back.
    """
    graph = Graph.model_validate(document)
    found = [finding for finding in check(graph) if finding.code in codes]
    waits = [f for f in found if is_patient and f.code == "loop.side_exit" and is_open(*target_of(graph, f.place))]
    return Counter(f.code for f in found if f not in waits)


def target_of(graph: Graph, place: str) -> tuple[Graph, str]:
    """Where the edge leads at which a finding stands, and the graph that it is in."""
    path = parts(place)
    while path[2] == "inline":
        node = graph.nodes[path[1]]
        assert isinstance(node, SubgraphNode)
        graph, path = Graph.model_validate(node.inline), path[3:]
    return graph, graph.nodes[path[1]].to[int(path[3])].node


def is_open(graph: Graph, start: str) -> bool:
    """Whether a way from a node ends where it could go on."""
    todo, met = [start], {start}
    while todo:
        node = graph.nodes[todo.pop()]
        ways = [edge for edge in node.to if not (node.kind == "loop-back" and edge.on == "repeat")]
        default = None if node.kind == "human-gate" else port_of(node, Edge(node=""))
        if node.kind != "end" and not any(default in (None, port_of(node, edge)) for edge in node.to):
            return True
        new = {edge.node for edge in ways} - met
        met |= new
        todo += new
    return False


def of(cases: list[dict[str, Any]], *, ok: bool, repaired: bool = False) -> list[tuple[Any, dict[str, Any]]]:
    """The seeds and wires of some sort."""
    wires = [(case["seed"], wire) for case in cases for wire in case["wires"] if wire["ok"] is ok]
    return [(seed, wire) for seed, wire in wires if not repaired or wire["repaired"] is not None]


def test_a_wire_that_is_allowed_makes_no_error(cases: list[dict[str, Any]]) -> None:
    allowed = of(cases, ok=True)
    assert len(allowed) > SEEDS / 2
    assert [(seed, wire["wire"], found) for seed, wire in allowed if (found := errors(wire["drawn"]))] == []


def test_a_wire_that_is_refused_would_be_an_error(cases: list[dict[str, Any]]) -> None:
    refused = of(cases, ok=False)
    assert {wire["reason"][0] for _, wire in refused} >= {
        "wire.cycle", "wire.second", "wire.twice", "wire.self", "wire.already", "wire.intoLoop", "wire.sideExit",
        "wire.notBack", "wire.repeatTaken", "wire.noDeadline", "wire.neverDone", "wire.notAllThrough",
    }  # fmt: skip
    senseless = {"wire.already", "wire.self"}  # no error, but nothing that anybody can mean
    judged = [(seed, wire) for seed, wire in refused if wire["reason"][0] not in senseless]
    assert [
        (seed, wire["wire"], wire["reason"]) for seed, wire in judged if not errors(wire["drawn"], is_patient=False)
    ] == []


def test_the_way_out_leaves_no_error(cases: list[dict[str, Any]]) -> None:
    repaired = of(cases, ok=False, repaired=True)
    assert len(repaired) > SEEDS / 4
    assert [(seed, w["wire"], w["reason"], found) for seed, w in repaired if (found := errors(w["repaired"]))] == []


def test_a_new_node_of_every_kind_can_be_saved_as_it_is() -> None:
    (made,) = lines_of("support/verdicts.mjs", "0")
    assert set(made) == set(NODE_CLASSES)
    for kind, node in made.items():
        assert Graph.model_validate({"format": "weft/1", "name": "new", "nodes": {kind.replace("-", "_"): node}})


def test_nodes_that_become_a_subflow_and_nodes_again_make_no_error(cases: list[dict[str, Any]]) -> None:
    grouped = [case for case in cases if case["grouped"]]
    assert len(grouped) > SEEDS / 30
    for form in ("grouped", "opened"):
        assert [(case["seed"], found) for case in grouped if (found := errors(case[form]))] == []
