"""The keyboard: every key of EDITOR.md §3, and one graph made, connected and named without a mouse."""

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
    drawing.page.locator(".canvas").focus()
    return drawing


def press(drawing: Drawing, *keys: str) -> None:
    for key in keys:
        drawing.page.keyboard.press(key)


def expect_selected(drawing: Drawing, *ids: str) -> None:
    """These nodes are selected, at once or as soon as they are drawn."""
    for _ in range(100):
        if sorted(drawing.selected()) == sorted(ids):
            return
        drawing.page.wait_for_timeout(20)
    assert sorted(drawing.selected()) == sorted(ids)


def test_a_graph_is_built_connected_and_named_by_keyboard_alone(empty: Drawing) -> None:
    page = empty.page
    page.locator(".canvas").focus()
    press(empty, "a")
    page.keyboard.type("agent")
    press(empty, "Enter")
    expect_selected(empty, "agent")
    press(empty, "F2")
    page.keyboard.type("Writer")
    press(empty, "Enter")
    page.locator("dialog").wait_for(state="detached")
    empty.node("agent").locator(".name", has_text="Writer").wait_for()
    press(empty, "a")
    page.keyboard.type("human")
    press(empty, "Enter")
    expect_selected(empty, "gate")
    # From the gate's second option back to the writer: the list says why not, and does what may be done instead.
    press(empty, "c")
    page.keyboard.type("reject")
    press(empty, "Enter")
    page.get_by_role("combobox", name="Connect gate (reject) to…").fill("Writer")
    press(empty, "Enter")
    empty.node("gate_again").wait_for()
    empty.page.locator('.react-flow__node[data-id="gate"]').focus()
    press(empty, "ArrowLeft", "ArrowRight")
    expect_selected(empty, "gate")
    press(empty, "a")
    page.keyboard.type("end")
    press(empty, "Enter")
    # Into the fields, and back.
    page.locator('.react-flow__node[data-id="agent"]').focus()
    press(empty, "ArrowRight", "ArrowLeft")
    expect_selected(empty, "agent")
    press(empty, "Enter")
    page.locator(".side.right input:focus, .side.right textarea:focus").wait_for()
    press(empty, "Tab")
    press(empty, "Escape")
    page.locator('.react-flow__node[data-id="agent"]:focus').wait_for()
    saved = empty.saved()["nodes"]
    assert saved["agent"] == {"kind": "agent", "label": "Writer", "to": [{"node": "gate"}]}
    assert saved["gate"]["to"] == [{"on": "reject", "node": "gate_again"}, {"on": "approve", "node": "end"}]
    assert saved["gate_again"]["to"] == [{"on": "repeat", "node": "agent"}]


def tab_to(page: Any, selector: str) -> None:
    """Go to a place by Tab alone, as often as it takes."""
    page.locator(selector).first.wait_for()
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab does not lead to {selector}")


def test_a_graph_is_built_connected_run_and_approved_by_keyboard_alone(empty: Drawing) -> None:
    page = empty.page
    tab_to(page, ".canvas")
    for kind, node in (("agent", "agent"), ("human", "gate"), ("end", "end")):
        press(empty, "a")
        page.keyboard.type(kind)
        press(empty, "Enter")
        expect_selected(empty, node)
    # Back to the gate, whose second option leads nowhere yet.
    press(empty, "ArrowLeft")
    expect_selected(empty, "gate")
    press(empty, "c")
    page.keyboard.type("reject")
    press(empty, "Enter")
    page.get_by_role("combobox", name="Connect gate (reject) to…").wait_for()
    page.keyboard.type("end")
    press(empty, "Enter")
    assert {edge["on"] for edge in empty.saved()["nodes"]["gate"]["to"]} == {"approve", "reject"}
    press(empty, "Control+Enter")
    # No model is named, so a simulation is offered first, and has the focus.
    page.locator("form.start button.is-first:focus", has_text="Simulate").wait_for()
    press(empty, "Enter")
    tab_to(page, ".gate [data-option=approve]")
    press(empty, "Enter")
    page.locator(".run-head .status-completed").wait_for()
    [run] = [one for one in empty.served.client().get("/api/runs").json()["runs"] if one["graph"] == empty.name]
    assert run["status"] == "completed"
    # And once more: the key begins a new one beside the last.
    press(empty, "Control+Enter")
    page.locator("form.start button.is-first:focus").wait_for()


def test_arrows_walk_along_the_wires_and_tab_in_their_order(chain: Drawing) -> None:
    press(chain, "Tab")
    expect_selected(chain, "a")
    press(chain, "ArrowRight")
    expect_selected(chain, "b")
    press(chain, "Tab")
    expect_selected(chain, "c")
    press(chain, "ArrowLeft", "ArrowLeft")
    expect_selected(chain, "a")
    press(chain, "Shift+Tab")
    assert chain.page.evaluate("document.activeElement.dataset.id !== 'a'")


def test_alt_and_arrows_move_as_one_step(chain: Drawing) -> None:
    press(chain, "Tab", "Alt+ArrowDown", "Alt+ArrowDown", "Alt+Shift+ArrowRight")
    assert chain.saved()["layout"]["a"] == [40, 16]
    press(chain, "Control+z")
    assert chain.saved()["layout"]["a"] == [0, 0]


def test_undo_and_redo_by_both_of_its_keys(chain: Drawing) -> None:
    press(chain, "Tab", "Delete")
    assert "a" not in chain.saved()["nodes"]
    press(chain, "Control+z")
    chain.node("a").wait_for()
    press(chain, "Control+Shift+z")
    chain.node("a").wait_for(state="detached")
    press(chain, "Control+z")
    chain.node("a").wait_for()
    press(chain, "Control+y")
    chain.node("a").wait_for(state="detached")
    assert "a" not in chain.saved()["nodes"]


def test_all_are_selected_and_duplicated(chain: Drawing) -> None:
    press(chain, "Control+a")
    expect_selected(chain, "a", "b", "c")
    press(chain, "Control+d")
    saved = chain.saved()["nodes"]
    assert len(saved) == 6
    assert sum(len(node.get("to", [])) for node in saved.values()) == 4


def test_a_loop_back_and_a_gate_have_a_key(chain: Drawing) -> None:
    chain.click("c")
    press(chain, "l")
    chain.node("again").wait_for()
    press(chain, "Control+z")
    chain.node("again").wait_for(state="detached")
    chain.click("c")
    press(chain, "g")
    chain.node("gate").wait_for()
    assert chain.saved()["nodes"]["c"]["to"] == [{"node": "gate"}]


def test_a_gate_is_put_into_the_chosen_wire(chain: Drawing) -> None:
    chain.press_edge("a:0")
    press(chain, "g")
    chain.node("gate").wait_for()
    saved = chain.saved()["nodes"]
    assert saved["a"]["to"] == [{"node": "gate"}]
    assert saved["gate"]["to"][0] == {"on": "approve", "node": "b"}


def test_f8_goes_from_problem_to_problem_and_to_its_field(chain: Drawing) -> None:
    chain.click("b")
    chain.fill("{state.nothing}", "nodes", "b", "instructions")
    chain.page.locator(".problems li, .count").first.wait_for()
    chain.page.locator(".canvas").focus()
    press(chain, "F8")
    chain.page.locator(".problems li.current").wait_for()
    expect_selected(chain, "b")
    chain.page.locator('[data-place="/nodes/b/instructions"] textarea:focus').wait_for()
    press(chain, "F8", "Shift+F8")
    chain.page.locator(".problems li.current").wait_for()


def test_the_search_finds_steps_and_actions(chain: Drawing) -> None:
    press(chain, "Control+k")
    chain.page.keyboard.type("b")
    press(chain, "Enter")
    expect_selected(chain, "b")
    press(chain, "Control+f")
    chain.page.keyboard.type("outline")
    press(chain, "Enter")
    chain.page.locator(".outline .item").first.wait_for()


def test_the_sheet_lists_the_keys_and_switches_single_ones_off(chain: Drawing) -> None:
    press(chain, "Tab", "?")
    sheet = chain.page.get_by_role("dialog", name="Keys")
    assert sheet.locator("kbd").count() > 30
    sheet.get_by_role("switch").uncheck()
    press(chain, "Escape")
    sheet.wait_for(state="detached")
    press(chain, "a")
    assert chain.page.locator(".picker").count() == 0
    press(chain, "Control+k")
    chain.page.get_by_role("combobox", name="Search").wait_for()


def test_single_keys_are_letters_in_a_field(chain: Drawing) -> None:
    chain.click("a")
    chain.page.get_by_label("Name", exact=True).fill("")
    chain.page.keyboard.type("acl?g")
    assert chain.saved()["nodes"]["a"]["label"] == "acl?g"
    assert chain.saved()["nodes"].keys() == {"a", "b", "c"}


def test_what_is_typed_in_one_field_is_one_step(chain: Drawing) -> None:
    chain.click("a")
    chain.field("nodes", "a", "instructions").locator("textarea").press_sequentially(" and more")
    chain.page.locator(".canvas").focus()
    press(chain, "Control+z")
    assert chain.saved()["nodes"]["a"]["instructions"] == "a"


def test_keys_of_the_view(chain: Drawing) -> None:
    press(chain, "Tab", "0")
    zoom = chain.page.locator(".zoom")
    zoom.get_by_text("100 %").wait_for()
    press(chain, "-")
    zoom.get_by_text("80 %").wait_for()
    press(chain, "=")
    zoom.get_by_text("100 %").wait_for()
    press(chain, "1")
    press(chain, "2")
    chain.page.wait_for_timeout(250)
    press(chain, "Control+s")
    chain.page.locator("[data-said]", has_text="Saved").wait_for()


def test_run_and_export_have_a_key(chain: Drawing) -> None:
    press(chain, "Tab", "Control+e")
    chain.page.get_by_role("menuitem", name="Mermaid").wait_for()
    press(chain, "Escape", "Control+Enter")
    chain.page.locator("#mode-run[aria-selected=true]").wait_for()


def test_tidy_is_one_step(served: Served, open_editor: Callable[..., Drawing]) -> None:
    document: dict[str, Any] = {**CHAIN, "layout": {"a": [0, 0], "b": [40, 300], "c": [0, 500]}}
    drawing = open_editor(new_graph(served, "tidied", document))
    drawing.click("a")
    press(drawing, "Shift+L")
    drawing.page.locator("[data-said]", has_text="Tidied").wait_for()
    layout = drawing.saved()["layout"]
    assert layout["a"][0] < layout["b"][0] < layout["c"][0]
    assert len({place[1] for place in layout.values()}) == 1
    press(drawing, "Control+z")
    assert drawing.saved()["layout"] == document["layout"]
