"""Nothing is lost and nothing is overwritten unseen: reloads, two tabs, hostile text, files that stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.gallery import patterns
from engine.model import Graph
from tests.editor.conftest import new_graph
from tests.editor.drawing import Drawing
from tests.editor.test_wires import CHAIN
from tests.server.served import Served


@pytest.mark.parametrize("name", sorted(patterns()))
def test_opening_and_saving_a_graph_changes_no_byte(
    served: Served, open_editor: Callable[..., Drawing], name: str
) -> None:
    before = served.client("ann").get(f"/api/graphs/{name}").content
    drawing = open_editor(name)
    first = next(node for node in drawing.node_ids() if not node.startswith("$"))
    drawing.click(first)
    label = drawing.page.get_by_label("Name", exact=True)
    was = label.input_value()
    label.fill("Something else")
    assert b"Something else" in drawing.bytes_saved()
    label.fill(was)
    drawing.page.locator(".save.saved").wait_for()
    assert drawing.bytes_saved() == before
    assert Graph.loads(before).dumps().encode() == before


def test_undo_survives_a_reload_in_the_middle_of_the_work(served: Served, open_editor: Callable[..., Drawing]) -> None:
    drawing = open_editor(new_graph(served, "reload", CHAIN))
    drawing.click("b")
    drawing.page.keyboard.press("Delete")
    drawing.node("b").wait_for(state="detached")
    drawing.drag("c", 0, 80)
    # At once, without waiting for anything to be saved.
    drawing.page.reload()
    drawing.node("c").wait_for()
    assert "b" not in drawing.node_ids()
    undo = drawing.page.locator(".acts").get_by_role("button", name="Undo")
    undo.click()
    undo.click()
    drawing.node("b").wait_for()
    saved = drawing.saved()
    assert (saved["nodes"], saved["layout"]) == (CHAIN["nodes"], CHAIN["layout"])


def test_undo_survives_a_reload_before_the_answer_to_a_save_has_come(served: Served, open_editor: Any) -> None:
    open_editor.expected.append("ERR_FAILED")
    drawing = open_editor(new_graph(served, "unheard", CHAIN))
    puts: list[str] = []

    def swallow(route: Any) -> None:
        if route.request.method == "PUT" and not puts:
            puts.append(route.request.url)
            route.fetch()
            route.abort()
        elif route.request.method == "PUT" and len(puts) == 1:
            route.abort()
        else:
            route.continue_()

    drawing.page.route(f"**/api/graphs/{drawing.name}", swallow)
    drawing.click("b")
    drawing.page.keyboard.press("Delete")
    drawing.node("b").wait_for(state="detached")
    client = served.client("ann")
    while "b" in client.get(f"/api/graphs/{drawing.name}").json()["nodes"]:
        drawing.page.wait_for_timeout(50)
    drawing.page.reload()
    puts.append("a page of its own")
    drawing.node("c").wait_for()
    drawing.page.locator(".acts").get_by_role("button", name="Undo").click()
    drawing.node("b").wait_for()
    assert drawing.saved()["nodes"] == CHAIN["nodes"]


def test_two_tabs_never_overwrite_each_other(served: Served, open_editor: Any) -> None:
    open_editor.expected.extend(["412", "ERR_INTERNET_DISCONNECTED"])
    name = new_graph(served, "two-writers", CHAIN)
    mine = open_editor(name)
    mine.click("a")
    mine.page.context.set_offline(True)
    mine.page.get_by_label("Name", exact=True).fill("Mine")
    theirs = dict(served.client("bob").get(f"/api/graphs/{name}").json())
    etag = served.client("bob").get(f"/api/graphs/{name}").headers["etag"]
    theirs["nodes"]["c"]["label"] = "Theirs"
    answer = served.client("bob").put(f"/api/graphs/{name}", json=theirs, headers={"if-match": etag})
    assert answer.status_code == 200
    mine.page.context.set_offline(False)
    mine.page.locator(".save.conflict").wait_for()
    mine.page.get_by_role("button", name="Compare").click()
    view = mine.page.get_by_role("dialog", name="This graph was changed elsewhere")
    view.locator(".changes li").first.wait_for()
    assert served.client("ann").get(f"/api/graphs/{name}").json()["nodes"]["c"]["label"] == "Theirs"
    view.get_by_role("button", name="Take the saved one").click()
    mine.node("c").locator(".name", has_text="Theirs").wait_for()
    assert mine.saved()["nodes"]["a"].get("label") is None


def test_a_page_hears_what_another_one_saved(served: Served, open_editor: Callable[..., Drawing]) -> None:
    mine = open_editor(new_graph(served, "heard", CHAIN))
    theirs = open_editor(mine.name)
    theirs.click("b")
    theirs.page.get_by_label("Name", exact=True).fill("Said elsewhere")
    mine.node("b").locator(".name", has_text="Said elsewhere").wait_for()
    mine.page.locator(".save.saved").wait_for()


def test_what_was_missed_while_the_line_was_broken_is_looked_for(served: Served, open_editor: Any) -> None:
    open_editor.expected.append("ERR_FAILED")
    drawing: Drawing = open_editor("coordinator")
    page = drawing.page
    name = new_graph(served, "missed", CHAIN)

    def cut(route: Any) -> None:
        route.abort()

    page.route("**/api/events", cut)
    page.goto(f"{served.base}/graphs/{name}")
    drawing.wait_until_open()
    theirs = served.client("bob").get(f"/api/graphs/{name}")
    document = theirs.json()
    document["nodes"]["b"]["label"] = "Told to nobody"
    headers = {"if-match": theirs.headers["etag"]}
    assert served.client("bob").put(f"/api/graphs/{name}", json=document, headers=headers).status_code == 200
    page.unroute("**/api/events")
    drawing.node("b").locator(".name", has_text="Told to nobody").wait_for()


def test_what_waited_for_the_line_goes_as_soon_as_it_is_back(served: Served, open_editor: Any) -> None:
    open_editor.expected.append("ERR_INTERNET_DISCONNECTED")
    drawing: Drawing = open_editor(new_graph(served, "back-again", CHAIN))
    page = drawing.page
    page.clock.install()
    page.reload()
    drawing.node("a").wait_for()
    page.context.set_offline(True)
    drawing.click("a")
    page.get_by_label("Name", exact=True).fill("Offline")
    page.locator(".save.offline").wait_for()
    # No timer of the page runs any more: only the line itself can tell it.
    page.clock.pause_at(page.evaluate("Date.now() + 10_000"))
    page.locator(".save.offline").wait_for()
    page.context.set_offline(False)
    page.locator(".save.saved").wait_for()
    assert drawing.saved()["nodes"]["a"]["label"] == "Offline"


HOSTILE = '"><img src=x onerror=alert(1)><script>alert(1)</script>{{constructor}}\u202e'


def test_a_hostile_graph_runs_nothing(served: Served, open_editor: Callable[..., Drawing]) -> None:
    document: dict[str, Any] = {
        "title": HOSTILE,
        "description": HOSTILE,
        "nodes": {
            "a": {"kind": "agent", "label": HOSTILE, "instructions": HOSTILE, "to": [{"node": "b", "label": HOSTILE}]},
            "b": {"kind": "human-gate", "prompt": HOSTILE, "options": [{"name": HOSTILE[:64], "label": HOSTILE}]},
        },
        "layout": {
            "a": [0, 0],
            "b": [280, 0],
            "$notes": [{"x": 0, "y": 160, "w": 200, "h": 80, "text": HOSTILE}],
        },
    }
    drawing = open_editor(new_graph(served, "hostile", document))
    page = drawing.page
    drawing.click("b")
    page.locator("#left-outline").click()
    page.locator("#tab-problems").click()
    page.get_by_role("tab", name="JSON").click()
    page.get_by_role("tab", name="Canvas").click()
    page.locator("#mode-history").click()
    page.locator(".versions button").first.click()
    page.locator(".history .node").first.wait_for()
    assert page.locator("img, script:not([src])").count() == 0
    assert page.evaluate("'alerted' in window") is False


def test_a_graph_that_is_not_there_can_be_made(
    served: Served, browser: Any, open_editor: Callable[..., Drawing]
) -> None:
    page = open_editor("coordinator").page.context.new_page()
    page.goto(f"{served.base}/graphs/brand-new")
    page.get_by_role("button", name="Make it").click()
    page.get_by_role("heading", name="An empty graph").wait_for()
    assert served.client("ann").get("/api/graphs/brand-new").json()["nodes"] == {}


def test_a_stranger_is_asked_for_the_login_and_then_sees_the_graph(served: Served, browser: Any) -> None:
    page = browser.new_page(locale="en-US")
    page.goto(f"{served.base}/graphs/coordinator")
    page.get_by_label("Token").fill("ann-token-0123456789abcdef")
    page.get_by_role("button", name="Log in").click()
    page.locator('.react-flow__node[data-id="desk"]').wait_for()
    page.close()
