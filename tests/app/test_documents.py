"""The graphs that runs are bound to are kept ready, but never more than so many."""

from __future__ import annotations

from pathlib import Path

import pytest

import engine.documents
from engine import Engine, Graph, Serving
from engine.documents import Newest
from tests.support.sketch import document

pytestmark = pytest.mark.anyio


def test_what_was_not_used_for_the_longest_time_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.documents, "KEPT", 2)
    newest = Newest[str]()
    for digest in ("a", "b"):
        newest.keep(digest, digest.upper())
    assert newest.get("a") == "A"
    newest.keep("c", "C")
    assert (newest.get("a"), newest.get("b"), newest.get("c")) == ("A", None, "C")
    assert "b" not in newest


async def test_runs_of_more_graphs_than_are_kept_ready_all_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.documents, "KEPT", 1)
    names = ("x", "y", "z")
    async with Engine.open(tmp_path / "weft.db", serving=Serving()) as served:
        for name in names:
            graph = Graph.model_validate(document("g -(ok)-> end", name=name))
            await served.run(graph, id=name)
        for name in names:
            await served.answer(name, "g", "ok")
        results = [await served.result(name) for name in names]

    assert [result.status for result in results] == ["completed"] * 3
