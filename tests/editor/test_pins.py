"""Pins in the editor: taken from the last run or written by hand, shown, sent with runs, and left out where asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.editor.conftest import new_graph
from tests.editor.drawing import Drawing
from tests.editor.rooms import put, serious
from tests.editor.samples import TEAM, TEAM_ANSWERS
from tests.editor.test_last_run import TEXTS, ended, line
from tests.server.served import Served

OpenEditor = Callable[..., Drawing]


@pytest.fixture
def texts(served: Served, request: pytest.FixtureRequest) -> str:
    """A graph of this test's own that has run."""
    name = new_graph(served, request.node.name, TEXTS)
    ended(served, name)
    return name


def pin(drawing: Drawing, node: str, output: Any) -> None:
    """Pin an output, written by hand."""
    drawing.click(node)
    line(drawing, "Output").wait_for()
    pinning = drawing.page.locator(".pinning")
    pinning.get_by_role("button", name="Edit and pin …").click()
    pinning.get_by_label("Output as JSON").fill(json.dumps(output))
    pinning.get_by_role("button", name="Pin", exact=True).click()
    drawing.page.locator(".pinning-line").wait_for()


def newest(served: Served, graph: str) -> dict[str, Any]:
    """The newest run of a graph, with what is pinned in it."""
    client = served.client()
    run = client.get("/api/runs", params={"graph": graph, "limit": 1}).json()["runs"][0]["id"]
    told: dict[str, Any] = client.get(f"/api/runs/{run}").json()
    return told


def test_the_output_of_the_last_run_is_pinned_shown_kept_and_taken_away(open_editor: OpenEditor, texts: str) -> None:
    drawing = open_editor(texts)
    page, before = drawing.page, drawing.saved()
    drawing.click("shout")
    page.get_by_role("button", name="Pin this output").click()
    page.locator(".pinning-line", has_text="RIVERS").wait_for()
    drawing.node("shout").locator(".pin-sign").wait_for()
    assert "output pinned" in drawing.node("shout").get_attribute("aria-label")
    page.locator("#left-outline").click()
    page.locator('.outline [data-node="shout"]', has_text="output pinned").wait_for()
    assert serious(page, ".through") == []
    assert drawing.saved() == before, "a pin is no part of the document"
    page.reload()
    drawing.wait_until_open()
    drawing.node("shout").locator(".pin-sign").wait_for()
    drawing.click("shout")
    page.get_by_role("button", name="Unpin").click()
    drawing.node("shout").locator(".pin-sign").wait_for(state="detached")
    page.get_by_role("button", name="Pin this output").wait_for()


def test_what_is_pinned_is_said_sent_and_not_executed(served: Served, open_editor: OpenEditor, texts: str) -> None:
    drawing = open_editor(texts)
    page = drawing.page
    pin(drawing, "shout", "HAND")
    page.locator(".top .first").click()
    page.get_by_label("1 output is pinned").wait_for()
    page.get_by_text("Not executed in this run: shout.").wait_for()
    assert serious(page, ".start") == []
    page.locator(".start").get_by_role("button", name="Run").click()
    page.locator("#node-shout.status-pinned").wait_for()
    page.locator("#node-cut.status-completed").wait_for()
    assert page.locator("#node-shout .status-word").text_content() == "pinned"
    assert newest(served, texts)["pinned"] == ["shout"]
    page.locator("#mode-build").click()
    page.locator(".through .status-pinned").first.wait_for()
    line(drawing, "Output").get_by_text("HAND").wait_for()


def test_a_run_can_be_started_without_what_is_pinned(served: Served, open_editor: OpenEditor, texts: str) -> None:
    drawing = open_editor(texts)
    page = drawing.page
    pin(drawing, "shout", "HAND")
    page.locator(".top .first").click()
    page.get_by_label("1 output is pinned").uncheck()
    page.get_by_text("Everything is executed; they stay pinned: shout.").wait_for()
    page.locator(".start").get_by_role("button", name="Run").click()
    page.locator("#node-shout.status-completed").wait_for()
    assert newest(served, texts)["pinned"] == []
    page.locator("#mode-build").click()
    drawing.node("shout").locator(".pin-sign").wait_for()


def test_a_pin_whose_node_is_gone_is_said_and_not_sent(served: Served, open_editor: OpenEditor, texts: str) -> None:
    drawing = open_editor(texts)
    page = drawing.page
    pin(drawing, "shout", "HAND")
    pin(drawing, "cut", 7)
    drawing.click("cut")
    page.keyboard.press("Delete")
    drawing.node("cut").wait_for(state="detached")
    page.locator(".top .first").click()
    page.get_by_text("Not sent, the graph has no such node any more: cut.").wait_for()
    page.locator(".start").get_by_role("button", name="Run").click()
    page.locator("#node-shout.status-pinned").wait_for()
    assert newest(served, texts)["pinned"] == ["shout"]
    page.get_by_role("button", name="New run").click()
    page.get_by_role("button", name="Forget them").click()
    page.get_by_text("Not sent").wait_for(state="detached")


def test_what_is_no_output_of_the_node_is_said_where_it_is_written(served: Served, open_editor: OpenEditor) -> None:
    served.until_asked(served.start("draft-and-review", {"topic": "rivers"})["id"])
    drawing = open_editor("draft-and-review")
    page = drawing.page
    drawing.click("review")
    page.get_by_role("button", name="Pin an output …").click()
    text = page.get_by_label("Output as JSON")
    assert json.loads(text.input_value()) == {"option": "approve", "form": {}}
    text.fill("{")
    page.get_by_role("button", name="Pin", exact=True).click()
    page.get_by_text("This is not JSON yet.").wait_for()
    text.fill('{"option": "burn"}')
    page.get_by_role("button", name="Pin", exact=True).click()
    page.get_by_text("A gate is pinned with its option: approve, revise.").wait_for()
    text.fill('{"option": "approve"}')
    page.get_by_role("button", name="Pin", exact=True).click()
    drawing.node("review").locator(".pin-sign").wait_for()
    drawing.click("again")
    page.locator(".through").wait_for()
    assert page.locator(".pinning").count() == 0, "a loop-back does nothing that an output could stand for"


def test_a_pin_that_the_server_refuses_is_said_before_anything_runs(served: Served, open_editor: OpenEditor) -> None:
    served.until_asked(served.start("draft-and-review", {"topic": "rivers"})["id"])
    drawing = open_editor("draft-and-review")
    pin(drawing, "write", 7)
    page = drawing.page
    open_editor.expected.append("422")  # type: ignore[attr-defined]
    page.locator(".top .first").click()
    page.locator(".start [name=topic]").fill("lakes")
    page.locator(".start").get_by_role("button", name="Run").click()
    page.locator(".start .banner", has_text="answers with text").wait_for()


def test_a_node_inside_a_sub_flow_is_pinned_by_its_path(served: Served, open_editor: OpenEditor) -> None:
    put(served, TEAM, TEAM_ANSWERS)
    served.until_asked(served.start("team", {"chapters": ["source"]})["id"])
    drawing = open_editor("team")
    drawing.node("polish").dblclick()
    pin(drawing, "edit", "polished")
    drawing.page.locator(".top .first").click()
    drawing.page.get_by_text("Not executed in this run: Edit.").wait_for()
    drawing.page.locator(".start").get_by_role("button", name="Run").click()
    drawing.page.locator(".gate-prompt", has_text="polished").wait_for()
    assert newest(served, "team")["pinned"] == ["polish/edit"]


def test_a_pin_is_seen_from_afar(open_editor: OpenEditor, texts: str) -> None:
    drawing = open_editor(texts)
    pin(drawing, "shout", "HAND")
    for _ in range(8):
        drawing.page.get_by_role("button", name="Farther").click()
    drawing.page.locator("svg.far .far-flag.pinned").wait_for(state="attached")
