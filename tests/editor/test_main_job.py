"""The main job end to end: open a graph, see it, move, add, wire, write, and find it all again after a reload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.editor.conftest import new_graph
from tests.editor.drawing import Drawing
from tests.server.served import Served


def test_a_sample_is_opened_and_seen(open_editor: Callable[..., Drawing]) -> None:
    drawing = open_editor("draft-and-review")
    assert sorted(drawing.node_ids()) == ["again", "publish", "review", "write"]
    assert drawing.page.locator("[data-wire]").count() == 4
    assert drawing.node("review").get_attribute("aria-label") == (
        "Human gate Review, 2 of 4, from Writer, to Publish, Once more"
    )


def test_what_is_moved_added_wired_and_written_is_there_after_a_reload(
    served: Served, open_editor: Callable[..., Drawing]
) -> None:
    sample: dict[str, Any] = served.client("ann").get("/api/graphs/draft-and-review").json()
    drawing = open_editor(new_graph(served, "main-job", sample))
    drawing.drag("publish", 80, 80)
    made = drawing.drop("end", 700, 560)
    drawing.fit()
    drawing.wire("publish", made)
    drawing.click("write")
    drawing.fill("Write two paragraphs about {input.topic}.", "nodes", "write", "instructions")
    saved = drawing.saved()
    assert all(
        64 <= now - was <= 88 and now % 8 == 0
        for now, was in zip(saved["layout"]["publish"], sample["layout"]["publish"], strict=True)
    )
    assert saved["nodes"]["publish"]["to"] == [{"node": made}]
    assert saved["nodes"]["write"]["instructions"] == "Write two paragraphs about {input.topic}."
    drawing.page.reload()
    drawing.node(made).wait_for()
    assert drawing.saved() == saved


def test_undo_brings_every_byte_back(served: Served, open_editor: Callable[..., Drawing]) -> None:
    sample: dict[str, Any] = served.client("ann").get("/api/graphs/coordinator").json()
    drawing = open_editor(new_graph(served, "undo-bytes", sample))
    before = drawing.bytes_saved()
    drawing.click("billing")
    drawing.page.keyboard.press("Delete")
    drawing.node("billing").wait_for(state="detached")
    assert "billing" not in drawing.saved()["nodes"]
    drawing.page.keyboard.press("Control+z")
    drawing.node("billing").wait_for()
    drawing.page.locator(".save.saved").wait_for()
    assert drawing.bytes_saved() == before
