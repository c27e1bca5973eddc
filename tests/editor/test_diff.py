"""What differs, beside the drawing: told in words while it is drawn, each line a way to what it tells of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.editor.conftest import new_graph
from tests.editor.drawing import Drawing
from tests.editor.test_wires import CHAIN
from tests.server.served import Served


@pytest.fixture
def chain(served: Served, open_editor: Callable[..., Drawing], request: pytest.FixtureRequest) -> Drawing:
    drawing = open_editor(new_graph(served, request.node.name, CHAIN))
    drawing.page.locator("#tab-diff").click()
    drawing.page.get_by_text("Nothing differs.").wait_for()
    return drawing


def lines(drawing: Drawing) -> Any:
    return drawing.page.locator(".diff .changes li")


def label(drawing: Drawing, node_id: str, text: str) -> None:
    drawing.click(node_id)
    drawing.page.get_by_label("Name", exact=True).fill(text)


def test_it_follows_what_is_typed_without_asking_the_server(chain: Drawing) -> None:
    asked: list[str] = []

    def note(request: Any) -> None:
        asked.append(str(request.url))

    chain.page.on("request", note)
    label(chain, "a", "Writer")
    lines(chain).filter(has_text="node Writer was changed").filter(has_text="Name: – → Writer").wait_for()
    label(chain, "a", "Author")
    lines(chain).filter(has_text="Name: – → Author").wait_for()
    chain.page.locator(".save.saved").wait_for()
    assert [url for url in asked if "/diff" in url or "/versions" in url] == []


def test_a_line_leads_to_what_it_tells_of(chain: Drawing) -> None:
    page = chain.page
    chain.wire("a", "c", port="error")
    label(chain, "b", "Checker")
    chain.drag("c", 0, 80)
    page.locator(".react-flow__pane").click(position={"x": 300, "y": 40})
    lines(chain).get_by_role("button", name="wire a → c was added").click()
    page.locator('[data-place="/nodes/a/to/1/when"]').wait_for()
    assert chain.selected() == []
    lines(chain).get_by_role("button", name="node Checker was changed").click()
    page.locator('[data-place="/nodes/b/label"] input:focus').wait_for()
    lines(chain).get_by_role("button", name="place of c was moved").click()
    page.locator('.react-flow__node.selected[data-id="c"]').wait_for()


def test_what_was_taken_out_is_told_and_leads_nowhere(chain: Drawing) -> None:
    chain.click("c")
    chain.page.keyboard.press("Delete")
    gone = lines(chain).filter(has_text="node c was removed")
    gone.wait_for()
    assert gone.get_by_role("button").count() == 0
    lines(chain).get_by_role("button", name="wire b → c was removed").click()
    chain.page.locator('.react-flow__node.selected[data-id="b"]').wait_for()


def test_it_can_be_told_against_what_was_saved_named_or_run(
    served: Served, open_editor: Callable[..., Drawing]
) -> None:
    graph = {"nodes": {"one": {"kind": "tool", "tool": "value.set", "args": {"value": 1}}}, "layout": {"one": [0, 0]}}
    drawing = open_editor(new_graph(served, "several-bases", graph))
    page = drawing.page
    # A first version is run, a second one has a name, a third one is saved, a fourth one is not.
    served.start(drawing.name)
    label(drawing, "one", "Second")
    drawing.saved()
    page.locator("#mode-history").click()
    page.get_by_label("Name this version").fill("Milestone")
    page.get_by_role("button", name="Keep").click()
    page.locator(".versions", has_text="Milestone").wait_for()
    page.locator("#mode-build").click()
    label(drawing, "one", "Third")
    page.locator("#tab-diff").click()
    base = page.get_by_label("Compared with")
    lines(drawing).filter(has_text="Name: – → Third").wait_for()
    base.select_option("saved")
    drawing.saved()
    page.get_by_text("Nothing differs.").wait_for()
    base.select_option(base.locator("option", has_text="Milestone").get_attribute("value"))
    lines(drawing).filter(has_text="Name: Second → Third").wait_for()
    base.select_option("run")
    lines(drawing).filter(has_text="Name: – → Third").wait_for()
    # Which one is chosen is kept while the tab is closed.
    page.locator("#tab-problems").click()
    page.locator("#tab-diff").click()
    base.locator("option:checked", has_text="what ran last").wait_for(state="attached")
    lines(drawing).filter(has_text="Name: – → Third").wait_for()
