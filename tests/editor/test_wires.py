"""Wires: what may be drawn, why not, the way out, and what a delete leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.editor.conftest import new_graph
from tests.editor.drawing import Drawing
from tests.server.served import Served

CHAIN: dict[str, Any] = {
    "nodes": {
        "a": {"kind": "agent", "instructions": "a", "to": [{"node": "b"}]},
        "b": {"kind": "agent", "instructions": "b", "to": [{"node": "c"}]},
        "c": {"kind": "agent", "instructions": "c"},
    },
    "layout": {"a": [0, 0], "b": [280, 0], "c": [560, 0]},
}


@pytest.fixture
def chain(served: Served, open_editor: Callable[..., Drawing], request: pytest.FixtureRequest) -> Drawing:
    return open_editor(new_graph(served, request.node.name, CHAIN))


def test_a_backward_wire_is_refused_with_a_loop_back_as_the_way_out(chain: Drawing) -> None:
    chain.wire("c", "a")
    box = chain.page.locator(".refusal")
    assert "a comes before c" in box.inner_text()
    assert chain.saved()["nodes"]["c"].get("to") is None
    box.get_by_role("button", name="Add a loop-back").click()
    saved = chain.saved()["nodes"]
    (again,) = saved.keys() - {"a", "b", "c"}
    assert saved[again]["kind"] == "loop-back"
    assert {"on": "repeat", "node": "a"} in saved[again]["to"]
    assert saved["c"]["to"] == [{"node": again}]


def test_a_second_wire_is_refused_with_a_fork_as_the_way_out(chain: Drawing) -> None:
    made = chain.drop("agent", 420, 600)
    chain.wire("a", made)
    chain.page.locator(".refusal").get_by_role("button", name="Put a fork before it").click()
    saved = chain.saved()["nodes"]
    (fork,) = (key for key, node in saved.items() if node["kind"] == "parallel-fork")
    assert saved["a"]["to"] == [{"node": fork}]
    assert saved[fork]["to"] == [{"node": "b"}, {"node": made}]


def test_esc_leaves_a_refusal_and_nothing_has_changed(chain: Drawing) -> None:
    before = chain.bytes_saved()
    chain.wire("b", "a")
    chain.page.locator(".refusal").wait_for()
    chain.page.keyboard.press("Escape")
    chain.page.locator(".refusal").wait_for(state="detached")
    assert chain.bytes_saved() == before


def test_what_is_dropped_on_a_wire_is_put_into_it(chain: Drawing) -> None:
    x, y = chain.middle_of_edge("a:0")
    pane = chain.page.locator(".react-flow__pane").bounding_box()
    made = chain.drop("tool", x - pane["x"], y - pane["y"])
    saved = chain.saved()["nodes"]
    assert saved["a"]["to"] == [{"node": made}]
    assert saved[made]["to"] == [{"node": "b"}]


def test_a_lonely_node_that_is_moved_onto_a_wire_is_put_into_it(chain: Drawing) -> None:
    made = chain.drop("agent", 420, 600)
    start = chain.node(made).bounding_box()
    x, y = chain.middle_of_edge("b:0")
    chain.page.mouse.move(start["x"] + 100, start["y"] + 32)
    chain.page.mouse.down()
    chain.page.mouse.move(x, y, steps=8)
    chain.page.mouse.up()
    saved = chain.saved()["nodes"]
    assert saved["b"]["to"] == [{"node": made}]
    assert saved[made]["to"] == [{"node": "c"}]


def test_a_wires_end_is_led_elsewhere(chain: Drawing) -> None:
    box = chain.node("b").bounding_box()
    made = chain.drop("end", 640, 600)
    end = chain.node(made).bounding_box()
    chain.page.mouse.move(box["x"] - 20, box["y"] + box["height"] / 2)
    chain.page.mouse.down()
    chain.page.mouse.move(end["x"], end["y"] + end["height"] / 2, steps=8)
    chain.page.mouse.up()
    assert chain.saved()["nodes"]["a"]["to"] == [{"node": made}]


def test_a_wire_let_go_over_nothing_asks_what_shall_follow(chain: Drawing) -> None:
    start = chain.node("c").bounding_box()
    chain.page.mouse.move(start["x"] + start["width"], start["y"] + start["height"] / 2)
    chain.page.mouse.down()
    chain.page.mouse.move(start["x"] + 60, start["y"] + 240, steps=6)
    chain.page.mouse.up()
    chain.page.get_by_role("combobox", name="Add after c").fill("end")
    chain.page.keyboard.press("Enter")
    assert chain.saved()["nodes"]["c"]["to"] == [{"node": "end"}]


def test_a_port_is_pressed_and_then_another(chain: Drawing) -> None:
    made = chain.drop("agent", 420, 600)
    chain.click("c")
    chain.node("c").locator('[data-handleid="ok"]').click()
    chain.node(made).locator('[data-handleid="in"]').click()
    assert chain.saved()["nodes"]["c"]["to"] == [{"node": made}]


def test_delete_offers_to_reconnect(chain: Drawing) -> None:
    chain.click("b")
    chain.page.keyboard.press("Delete")
    chain.page.get_by_role("button", name="Reconnect what it joined").click()
    saved = chain.saved()["nodes"]
    assert saved["a"]["to"] == [{"node": "c"}]
    assert "b" not in saved
    chain.page.keyboard.press("Control+z")
    chain.node("b").wait_for()
    assert chain.saved()["nodes"] == CHAIN["nodes"]


def test_a_wire_is_chosen_described_and_taken_out(chain: Drawing) -> None:
    chain.press_edge("a:0")
    chain.fill("nodes.a.output != ''", "nodes", "a", "to", 0, "when")
    chain.fill("only with text", "nodes", "a", "to", 0, "label")
    assert chain.saved()["nodes"]["a"]["to"] == [
        {"when": "nodes.a.output != ''", "node": "b", "label": "only with text"}
    ]
    chain.page.locator(".wire-words", has_text="only with text").wait_for()
    chain.page.locator(".inspector-head").get_by_role("button", name="Delete").click()
    assert chain.saved()["nodes"]["a"].get("to") is None


def test_what_leads_to_nothing_is_shown_as_broken_and_kept(served: Served, open_editor: Callable[..., Drawing]) -> None:
    broken = {
        "nodes": {
            "a": {"kind": "agent", "to": [{"node": "gone"}, {"on": "nowhere", "node": "b"}]},
            "b": {"kind": "end"},
        }
    }
    name = new_graph(served, "broken-wires", broken)
    before = served.client("ann").get(f"/api/graphs/{name}").content
    drawing = open_editor(name)
    assert drawing.page.locator(".wire.broken").count() == 2
    assert drawing.node("gone").get_attribute("aria-label") == "gone (there is no such node)"
    drawing.drag("b", 64, 40)
    after = drawing.saved()
    assert after["nodes"] == broken["nodes"]
    assert before != drawing.bytes_saved()
