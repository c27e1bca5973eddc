"""Parts of graphs: copied across tabs, put into sub-flows and out again; text boxes, JSON, exports, versions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.editor.conftest import new_graph
from tests.editor.drawing import Drawing
from tests.editor.test_wires import CHAIN
from tests.server.served import Served


@pytest.fixture
def chain(served: Served, open_editor: Callable[..., Drawing], request: pytest.FixtureRequest) -> Drawing:
    return open_editor(new_graph(served, request.node.name, CHAIN))


def test_what_is_copied_in_one_tab_is_pasted_in_another(
    served: Served, chain: Drawing, open_editor: Callable[..., Drawing]
) -> None:
    chain.select("a", "b")
    chain.page.keyboard.press("Control+c")
    chain.page.locator("[data-said]", has_text="Copied").wait_for()
    other = open_editor(new_graph(served, "other-tab", CHAIN), context=chain.page.context)
    other.page.locator(".react-flow__pane").hover(position={"x": 300, "y": 560})
    other.page.locator(".canvas").focus()
    other.page.keyboard.press("Control+v")
    other.node("a_2").wait_for()
    saved = other.saved()["nodes"]
    assert saved["a_2"]["to"] == [{"node": "b_2"}]
    assert sorted(other.selected()) == ["a_2", "b_2"]


def test_what_is_cut_is_gone_and_can_be_pasted(chain: Drawing) -> None:
    chain.click("c")
    chain.page.keyboard.press("Control+x")
    chain.node("c").wait_for(state="detached")
    chain.page.locator(".canvas").focus()
    chain.page.keyboard.press("Control+v")
    chain.node("c").wait_for()
    assert chain.saved()["nodes"]["c"] == CHAIN["nodes"]["c"]


def test_text_that_is_no_graph_is_told_so(chain: Drawing) -> None:
    chain.click("a")
    chain.page.evaluate(
        "() => { const data = new DataTransfer(); data.setData('text/plain', 'hello');"
        " document.querySelector('.canvas').dispatchEvent("
        "new ClipboardEvent('paste', { clipboardData: data, bubbles: true })) }"
    )
    chain.page.locator(".toast", has_text="no part of a graph").wait_for()


def test_a_file_is_dropped_in(chain: Drawing) -> None:
    part = json.dumps({"format": "weft/1", "name": "x", "nodes": {"z": {"kind": "wait", "seconds": 5}}})
    chain.page.evaluate(
        "text => { const data = new DataTransfer(); data.items.add(new File([text], 'x.json'));"
        " document.querySelector('.canvas').dispatchEvent("
        "new DragEvent('drop', { dataTransfer: data, bubbles: true, clientX: 700, clientY: 600 })) }",
        part,
    )
    chain.node("z").wait_for()
    assert chain.saved()["nodes"]["z"] == {"kind": "wait", "seconds": 5}


def test_a_selection_becomes_a_sub_flow_is_entered_and_taken_apart(chain: Drawing) -> None:
    page = chain.page
    chain.select("a", "b")
    page.keyboard.press("Control+g")
    page.get_by_label("Name of the sub-flow").fill("Two steps")
    page.keyboard.press("Enter")
    page.locator("[data-said]", has_text="2 steps are a sub-flow now").wait_for()
    (group,) = chain.selected()
    assert sorted(chain.saved()["nodes"]) == sorted([group, "c"])
    chain.node(group).dblclick()
    page.get_by_role("navigation", name="Where you are").wait_for()
    chain.node("a").wait_for()
    chain.click("b")
    page.get_by_label("Name", exact=True).fill("Inside")
    assert chain.saved()["nodes"][group]["inline"]["nodes"]["b"]["label"] == "Inside"
    page.locator(".canvas").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    chain.node(group).wait_for()
    chain.click(group)
    page.keyboard.press("Control+Shift+g")
    chain.node("a").wait_for()
    assert sorted(chain.saved()["nodes"]) == ["a", "b", "c"]


def test_a_box_is_drawn_around_several(chain: Drawing) -> None:
    start, end = chain.node("a").bounding_box(), chain.node("b").bounding_box()
    mouse = chain.page.mouse
    chain.page.keyboard.down("Shift")
    mouse.move(start["x"] - 24, start["y"] - 40)
    mouse.down()
    mouse.move(end["x"] + 60, end["y"] + 100, steps=6)
    mouse.up()
    chain.page.keyboard.up("Shift")
    assert sorted(chain.selected()) == ["a", "b"]
    chain.page.get_by_role("button", name="Right", exact=True).click()
    layout = chain.saved()["layout"]
    assert layout["a"][0] == layout["b"][0]


def test_a_text_box_is_put_down_written_and_taken_out(chain: Drawing) -> None:
    chain.page.locator("[data-entry=note]").drag_to(
        chain.page.locator(".react-flow__pane"), target_position={"x": 200, "y": 560}
    )
    chain.page.get_by_label("Text", exact=True).fill("<b>Read me</b>")
    chain.page.get_by_label("Text", exact=True).press("Escape")
    (note,) = chain.saved()["layout"]["$notes"]
    assert note["text"] == "<b>Read me</b>"
    assert chain.page.locator(".note b").count() == 0
    chain.page.locator(".note").click()
    chain.page.keyboard.press("Delete")
    assert "$notes" not in chain.saved()["layout"]


def test_the_json_is_edited_and_put_back_as_one_step(chain: Drawing) -> None:
    page = chain.page
    page.get_by_role("tab", name="JSON").click()
    paper = page.get_by_label("The graph as JSON")
    assert paper.input_value().encode() == chain.bytes_saved()
    text = paper.input_value()
    paper.fill(text.replace('"instructions": "a"', '"instructions": "a",'))
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("alert").get_by_text("Line").wait_for()
    paper.fill(text.replace('"instructions": "a"', '"instructins": "a"'))
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("alert").get_by_text("instructins").first.wait_for()
    assert chain.saved()["nodes"]["a"]["instructions"] == "a"
    paper.fill(text.replace('"instructions": "a"', '"instructions": "changed"'))
    page.get_by_role("button", name="Apply").click()
    page.locator("[data-said]", has_text="The text was applied").wait_for()
    assert chain.saved()["nodes"]["a"]["instructions"] == "changed"
    page.locator(".acts").get_by_role("button", name="Undo").click()
    assert chain.saved()["nodes"]["a"]["instructions"] == "a"


@pytest.mark.parametrize(
    ("ending", "begins"),
    ids=["json", "svg", "png", "pdf", "dot", "mmd"],
    argvalues=[
        ("json", b'{\n  "format"'),
        ("svg", b"<svg"),
        ("png", b"\x89PNG"),
        ("pdf", b"%PDF"),
        ("dot", b"digraph"),
        ("mmd", b"flowchart LR"),
    ],
)
def test_a_graph_is_exported(chain: Drawing, tmp_path: Path, ending: str, begins: bytes) -> None:
    chain.page.get_by_role("button", name="Export", exact=True).click()
    with chain.page.expect_download() as started:
        chain.page.locator(f"[data-export={ending}]").click()
    started.value.save_as(tmp_path / "it")
    assert started.value.suggested_filename == f"{chain.name}.{ending}"
    content = (tmp_path / "it").read_bytes()
    assert begins in content[:200]
    if ending == "json":
        assert content == chain.bytes_saved()


def test_versions_are_named_compared_and_brought_back(chain: Drawing) -> None:
    page = chain.page
    page.locator("#mode-history").click()
    page.get_by_label("Name this version").fill("First")
    page.get_by_role("button", name="Keep").click()
    page.locator(".versions", has_text="First").wait_for()
    page.locator("#mode-build").click()
    chain.click("b")
    page.keyboard.press("Delete")
    chain.node("b").wait_for(state="detached")
    made = chain.drop("end", 300, 560)
    chain.click("a")
    page.get_by_label("Name", exact=True).fill("Renamed")
    chain.saved()
    page.locator("#mode-history").click()
    page.get_by_role("button", name="First").click()
    for node_id, word in (("b", "removed"), (made, "added"), ("a", "changed")):
        chain.node(node_id).locator(".diff-word", has_text=word).wait_for()
    assert page.locator(".wire.removed").count() >= 1
    page.locator(".changes", has_text="node b (agent) was removed").wait_for()
    page.get_by_role("button", name="Bring this version back").click()
    chain.node("b").wait_for()
    saved = chain.saved()
    assert (saved["nodes"], saved["layout"]) == (CHAIN["nodes"], CHAIN["layout"])


def test_a_pattern_from_the_palette_is_put_in_whole(empty: Drawing) -> None:
    empty.page.locator("[data-entry=critic]").click()
    empty.node("critic").wait_for()
    saved = empty.saved()
    assert saved["nodes"]["critic"]["to"] == [{"node": "once_more"}]
    assert set(saved["state"]) == {"attempt", "criticism"}
    empty.page.keyboard.press("Control+z")
    empty.node("critic").wait_for(state="detached")
    assert empty.saved()["nodes"] == {}


def test_a_fix_is_applied_where_it_is_told(served: Served, open_editor: Callable[..., Drawing]) -> None:
    document = {"nodes": {**CHAIN["nodes"], "z": {"kind": "end"}}}
    drawing = open_editor(new_graph(served, "fixed-in-place", document))
    drawing.page.locator("#tab-problems").click()
    drawing.page.get_by_role("button", name="Take it out").first.click()
    assert "z" not in drawing.saved()["nodes"]


def test_braces_open_the_names_that_may_be_written(served: Served, open_editor: Callable[..., Drawing]) -> None:
    document = {
        "input": {"type": "object", "properties": {"topic": {"type": "string"}}},
        "state": {"draft": {"schema": {"type": "string"}, "default": ""}},
        "nodes": CHAIN["nodes"],
    }
    drawing = open_editor(new_graph(served, "completed", document))
    drawing.click("b")
    field = drawing.field("nodes", "b", "instructions").locator("textarea")
    field.fill("")
    field.press_sequentially("About {top")
    drawing.page.get_by_role("option", name="input.topic").wait_for()
    field.press("Enter")
    assert field.input_value() == "About {input.topic}"
    field.press_sequentially(" and {nodes.a")
    field.press("Enter")
    assert drawing.saved()["nodes"]["b"]["instructions"] == "About {input.topic} and {nodes.a.output}"


def test_the_state_that_a_node_finds_is_told_with_its_types_and_writers(
    served: Served, open_editor: Callable[..., Drawing]
) -> None:
    writer = {**CHAIN["nodes"]["a"], "output_key": "draft"}
    document = {"state": {"draft": {"schema": {"type": "string"}}}, "nodes": {**CHAIN["nodes"], "a": writer}}
    drawing = open_editor(new_graph(served, "comes-in", document))
    drawing.click("a")
    drawing.page.locator(".inspector-head .id", has_text="a").wait_for()
    assert drawing.page.locator(".incoming").count() == 0
    drawing.click("b")
    drawing.page.locator(".incoming summary").click()
    line = drawing.page.locator(".incoming li", has_text="draft")
    assert "string" in line.inner_text()
    line.get_by_role("button").click()
    drawing.page.locator('.react-flow__node[data-id="a"].selected').wait_for()
