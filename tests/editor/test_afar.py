"""The graph from afar, and a run of it: one picture for all, in which a hand still finds every node."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from tests.editor.conftest import new_graph
from tests.editor.drawing import Drawing
from tests.server.served import Served

pytestmark = pytest.mark.timeout(120)
OpenEditor = Callable[..., Drawing]
OpenPage = Callable[..., Any]
COLUMNS = 6


def wide_graph() -> dict[str, Any]:
    """A chain of 24 nodes in rows, far from each other: no screen shows all of it so that words could be read."""
    ids = [f"n{number}" for number in range(24)]
    nodes: dict[str, Any] = {
        name: {"kind": "tool", "tool": "value.set", "to": [{"node": after}]} for name, after in pairwise(ids)
    }
    places = {name: [place % COLUMNS * 1600, place // COLUMNS * 800] for place, name in enumerate(ids)}
    return {"nodes": {**nodes, ids[-1]: {"kind": "end"}}, "layout": places}


@pytest.fixture
def wide(served: Served, open_editor: OpenEditor, request: pytest.FixtureRequest) -> Drawing:
    """The editor of such a graph, all of it in view."""
    drawing = open_editor(new_graph(served, request.node.name, wide_graph()))
    drawing.page.locator(".far-box").first.wait_for(state="attached")
    return drawing


def on_screen(drawing: Drawing, x: float, y: float) -> tuple[float, float]:
    """Where a place of the graph is on the screen."""
    left, top = drawing.page.locator(".react-flow__viewport").evaluate(
        "(it, [x, y]) => { const s = new DOMPoint(x, y).matrixTransform(new DOMMatrix(getComputedStyle(it).transform));"
        " const r = it.parentElement.getBoundingClientRect(); return [r.left + s.x, r.top + s.y] }",
        [x, y],
    )
    return left, top


def middle_of(drawing: Drawing, node_id: str) -> tuple[float, float]:
    """The middle of a node's box on the screen."""
    x, y = wide_graph()["layout"][node_id]
    return on_screen(drawing, x + 100, y + 32)


def changed(drawing: Drawing) -> dict[str, Any]:
    """The document as the server has it after the first edit."""
    drawing.page.get_by_role("button", name="Undo", disabled=False).wait_for()
    return drawing.saved()


def test_no_node_is_made_until_the_pointer_is_over_it(wide: Drawing) -> None:
    assert wide.node_ids() == []
    wide.page.mouse.move(*middle_of(wide, "n8"))
    wide.node("n8").wait_for(state="attached")
    wide.page.mouse.move(*middle_of(wide, "n9"))
    wide.node("n9").wait_for(state="attached")
    wide.node("n8").wait_for(state="detached")


def test_a_node_is_chosen_and_dragged_from_afar(wide: Drawing) -> None:
    x, y = middle_of(wide, "n8")
    mouse = wide.page.mouse
    mouse.click(x, y)
    wide.page.locator(".inspector-head .id", has_text="n8").wait_for()
    wide.page.locator(".far-halo").wait_for(state="attached")
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 30, y + 20, steps=5)
    mouse.up()
    place = changed(wide)["layout"]["n8"]
    assert place[0] > wide_graph()["layout"]["n8"][0] + 40
    assert place[1] > wide_graph()["layout"]["n8"][1] + 40


def test_a_box_drawn_from_afar_chooses_what_it_covers(wide: Drawing) -> None:
    page = wide.page
    (left, top), (right, bottom) = on_screen(wide, -300, -300), on_screen(wide, 1500, 1200)
    page.keyboard.down("Shift")
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(right, bottom, steps=6)
    page.mouse.up()
    page.keyboard.up("Shift")
    page.locator(".inspector-head h2", has_text="2").wait_for()
    page.locator(".canvas").focus()
    page.keyboard.press("Delete")
    assert wide_graph()["nodes"].keys() - changed(wide)["nodes"].keys() == {"n0", "n6"}


def test_the_keyboard_goes_to_a_node_and_near(wide: Drawing) -> None:
    wide.page.locator(".canvas").focus()
    wide.page.keyboard.press("Tab")
    wide.page.locator('.react-flow__node[data-id="n0"]:focus').wait_for()
    assert wide.node("n0").get_attribute("aria-label").startswith("Tool n0")
    assert "n23" not in wide.node_ids(), "what is far away is made"


def test_everything_is_dragged_at_once(wide: Drawing) -> None:
    wide.page.locator(".canvas").focus()
    wide.page.keyboard.press("Control+a")
    wide.page.locator(".inspector-head h2", has_text="24").wait_for()
    x, y = middle_of(wide, "n8")
    wide.page.mouse.move(x, y)
    wide.page.mouse.down()
    wide.page.mouse.move(x + 30, y, steps=5)
    wide.page.mouse.up()
    before, after = wide_graph()["layout"], changed(wide)["layout"]
    assert len({after[node][0] - before[node][0] for node in before}) == 1
    assert after["n0"][0] > before["n0"][0] + 40


def test_a_status_has_a_sign_of_its_own_from_afar(open_page: OpenPage, served: Served) -> None:
    run = served.start("draft-and-review", {"topic": "rivers"})
    served.until_asked(run["id"])
    page = open_page(f"/runs/{run['id']}")
    page.locator("#node-review.status-asking").wait_for()
    while not page.locator(".run-canvas.is-far").count():
        page.get_by_role("button", name="Smaller").click()
    page.locator("#node-review .status-word").wait_for(state="hidden")
    asking = page.locator('.afar-sign.status-asking:not([d=""])')
    asking.wait_for(state="attached")
    done = page.locator('.afar-sign.status-completed:not([d=""])')
    shapes = [sign.get_attribute("d").count("L") for sign in (asking, done, page.locator(".afar-sign.status-waiting"))]
    assert len(set(shapes)) == 3, "two of them look alike but for their colour"
    served.client("ann").post(f"/api/runs/{run['id']}/gates/review", json={"option": "approve", "form": None})
    asking.wait_for(state="detached")
    page.locator("#node-publish").click()
    page.locator(".run-detail").wait_for()
