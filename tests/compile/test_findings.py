"""Every finding of the catalogue is found where it is, and every fix removes it."""

from __future__ import annotations

from typing import Any

import pytest

from engine.compile.catalogue import FINDINGS
from engine.model.findings import CODES, Finding
from engine.model.graph import Graph
from tests.compile.cases import CASES
from tests.compile.patching import patched
from tests.compile.worlds import findings

NAMED = [f"{code} {place}" for code, place, _ in CASES]
# Found in graphs too large for a case.
LARGE = {"too_large.branches", "check.partial"}


def found_at(document: dict[str, Any], code: str, place: str) -> Finding | None:
    return next((f for f in findings(document) if f.code == code and f.place == place), None)


@pytest.mark.parametrize(("code", "place", "document"), CASES, ids=NAMED)
def test_it_is_found_where_it_is(code: str, place: str, document: dict[str, Any]) -> None:
    found = found_at(document, code, place)
    assert found is not None, [f"{f.code} {f.place}" for f in findings(document)]
    assert found.severity == FINDINGS[code][0]
    assert found.message
    assert not found.message.endswith(".")


@pytest.mark.parametrize(("code", "place", "document"), CASES, ids=NAMED)
def test_every_fix_in_it_removes_its_finding(code: str, place: str, document: dict[str, Any]) -> None:
    for found in findings(document):
        if found.fix is not None:
            after = patched(document, found.fix.patch)
            left = [f for f in findings(after) if (f.code, f.message) == (found.code, found.message)]
            assert left == [], f"{found.code}: {found.fix}"


@pytest.mark.parametrize("code", [code for code in FINDINGS if code not in CODES])
def test_every_finding_of_the_checker_has_a_case(code: str) -> None:
    assert code in {case[0] for case in CASES} | LARGE


def test_the_codes_of_reading_are_in_the_catalogue() -> None:
    assert FINDINGS.keys() >= CODES.keys()
    assert {severity for severity, _ in FINDINGS.values()} == {"error", "warning"}


def test_fixes_are_there_where_the_format_names_them() -> None:
    fixed = {f.code for _, _, document in CASES for f in findings(document) if f.fix is not None}
    named = {"edge.several", "loop.header", "loop.side_exit", "loop.unbounded", "gate.no_edge", "graph.cycle"}
    assert fixed >= named


def test_a_graph_that_is_well_has_no_findings() -> None:
    document = {"format": "weft/1", "name": "well", "nodes": {"a": {"kind": "tool", "tool": "work"}}}
    assert findings(Graph.model_validate(document).as_json()) == []
