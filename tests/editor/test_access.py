"""For everybody: axe finds nothing serious, the outline does what the canvas does, and it works at 320 px."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from engine.model.document import graph_schema
from tests.editor.conftest import new_graph
from tests.editor.drawing import Drawing
from tests.editor.test_wires import CHAIN
from tests.server.served import Served

STATIC = Path(__file__).resolve().parents[2] / "editor_static"
AXE = STATIC / "vendor/node_modules/axe-core/axe.min.js"


def serious(drawing: Drawing) -> list[str]:
    """What axe finds serious or critical; it is given to the page past its policy, as a debugger does."""
    session = drawing.page.context.new_cdp_session(drawing.page)
    session.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
    answer = session.send(
        "Runtime.evaluate",
        {
            "expression": "axe.run(document, { resultTypes: ['violations'] }).then(r => JSON.stringify(r.violations))",
            "awaitPromise": True,
            "returnByValue": True,
        },
    )
    found = json.loads(answer["result"]["value"])
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.skipif(not AXE.exists(), reason=f"axe-core is not installed: npm ci in {AXE.parents[2].name}/ brings it")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_editor: Callable[..., Drawing], theme: str) -> None:
    drawing = open_editor("orchestration-harness", color_scheme=theme)
    page = drawing.page
    assert serious(drawing) == []
    drawing.click("work")
    page.locator("#tab-problems").click()
    page.locator("#left-outline").click()
    assert serious(drawing) == []
    page.locator(".canvas").focus()
    page.keyboard.press("?")
    assert serious(drawing) == []
    page.keyboard.press("Escape")
    page.locator(".canvas").focus()
    page.keyboard.press("Control+k")
    assert serious(drawing) == []
    page.keyboard.press("Escape")
    for key, there in (("a", ".picker"), ("c", ".picker"), ("Control+e", "[role=menu]")):
        page.locator('.react-flow__node[data-id="work"]').focus()
        page.keyboard.press(key)
        page.locator(there).first.wait_for()
        assert serious(drawing) == [], key
        page.keyboard.press("Escape")
    drawing.click("work", button="right")
    page.locator("[role=menu]").wait_for()
    assert serious(drawing) == []
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="JSON").click()
    assert serious(drawing) == []
    page.locator("#mode-history").click()
    page.locator(".versions button").first.click()
    page.locator(".changes, .history .quiet").first.wait_for()
    assert serious(drawing) == []
    page.locator("#mode-run").click()
    page.locator("form.start").wait_for()
    assert serious(drawing) == []


@pytest.mark.skipif(not AXE.exists(), reason=f"axe-core is not installed: npm ci in {AXE.parents[2].name}/ brings it")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_at_the_doors(browser: Any, served: Served, theme: str) -> None:
    page = browser.new_page(locale="en-US", color_scheme=theme)
    door = Drawing(page, served, "absent-graph")
    page.goto(f"{served.base}/graphs/{door.name}")
    page.get_by_label("Token").wait_for()
    assert serious(door) == []
    page.get_by_label("Token").fill("ann-token-0123456789abcdef")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Make it").wait_for()
    assert serious(door) == []
    page.close()


def test_the_outline_alone_builds_and_wires(served: Served, open_editor: Callable[..., Drawing]) -> None:
    drawing = open_editor(new_graph(served, "outlined", {"nodes": {}}), viewport={"width": 320, "height": 640})
    page = drawing.page
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.locator(".outline-bar").get_by_role("button", name="Add").click()
    page.get_by_role("combobox", name="Add a step").fill("agent")
    page.keyboard.press("Enter")
    page.locator(".outline [data-node=agent]").click()
    page.get_by_role("complementary", name="Inspector").get_by_label("Name", exact=True).fill("Writer")
    page.get_by_role("complementary", name="Inspector").get_by_role("button", name="Close").click()
    page.locator(".outline-bar").get_by_role("button", name="Add").click()
    page.get_by_role("combobox", name="Add after Writer").fill("end")
    page.keyboard.press("Enter")
    page.locator(".outline [data-node=end]").wait_for()
    assert drawing.saved()["nodes"] == {
        "agent": {"kind": "agent", "label": "Writer", "to": [{"node": "end"}]},
        "end": {"kind": "end"},
    }
    page.locator(".outline [data-node=end]").focus()
    page.keyboard.press("ArrowUp")
    page.locator(".outline [data-node=agent]:focus").wait_for()
    page.keyboard.press("Delete")
    page.locator(".outline [data-node=agent]").wait_for(state="detached")
    assert list(drawing.saved()["nodes"]) == ["end"]


def test_the_inspector_is_a_sheet_where_there_is_little_room(open_editor: Callable[..., Drawing]) -> None:
    drawing = open_editor("coordinator", viewport={"width": 800, "height": 800})
    sheet = drawing.page.get_by_role("complementary", name="Inspector")
    assert not sheet.is_visible()
    drawing.click("desk")
    drawing.page.keyboard.press("Enter")
    sheet.get_by_label("Name", exact=True).wait_for()
    drawing.page.keyboard.press("Escape")
    sheet.wait_for(state="hidden")


def test_it_speaks_korean(open_editor: Callable[..., Drawing]) -> None:
    page = open_editor("coordinator", locale="ko-KR").page
    assert page.locator("html").get_attribute("lang") == "ko"
    page.get_by_role("tab", name="만들기").wait_for()
    page.get_by_text("실행 입력의 JSON 스키마.").wait_for()


@pytest.mark.parametrize("pattern", ["chain", "critic", "fan", "approval", "coordinator"])
def test_a_pattern_is_put_in_in_the_readers_language(
    served: Served, open_editor: Callable[..., Drawing], pattern: str
) -> None:
    drawing = open_editor(new_graph(served, f"korean-{pattern}"), locale="ko-KR")
    drawing.page.locator(f"[data-entry={pattern}]").click()
    drawing.page.locator(".react-flow__node").first.wait_for()
    nodes = drawing.saved()["nodes"]
    read = [node.get(field) for node in nodes.values() for field in ("label", "instructions", "prompt", "description")]
    read += [option["label"] for node in nodes.values() for option in node.get("options", [])]
    assert [text for text in read if text and not re.search("[가-힣]", text)] == []


def test_forced_colours_keep_shapes_and_selection(open_editor: Callable[..., Drawing]) -> None:
    drawing = open_editor("coordinator", forced_colors="active")
    drawing.click("desk")
    stroke = "it => getComputedStyle(it).stroke"
    body = drawing.node("travel").locator(".body").evaluate(stroke)
    halo = drawing.node("desk").locator(".halo").evaluate(stroke)
    assert body not in ("none", halo)
    assert halo != "none"


def test_what_is_done_is_told_to_a_screen_reader(served: Served, open_editor: Callable[..., Drawing]) -> None:
    drawing = open_editor(new_graph(served, "told", CHAIN))
    drawing.click("a")
    drawing.page.keyboard.press("Delete")
    drawing.page.locator("[data-said]", has_text="a was deleted").wait_for()
    drawing.page.keyboard.press("Control+z")
    drawing.page.locator("[data-said]", has_text="Undone: Delete a").wait_for()


def test_every_word_is_there_in_both_languages() -> None:
    said = words()
    used = set[str]()
    for file in (STATIC / "js").rglob("*.js"):
        text = file.read_text(encoding="utf-8")
        if re.search(r"from \"[^\"]*(?:words-run|speech)\.js\"", text) or file.name == "words-run.js":
            continue  # these speak the words of the run view, which have a table of their own
        used |= set(re.findall(r"\bword\(\s*\"([^\"]+)\"", text))
        if "view/run" not in file.as_posix() and file.parent.name == "document":
            used |= set(re.findall(r"\[\"((?:edit|wire|wayOut|group|paste|fix)\.\w+)\"", text))
    assert sorted(used - said["en"].keys()) == []
    assert sorted(said["en"].keys() - said["ko"].keys()) == []
    for key, text in said["en"].items():
        assert set(re.findall(r"\{\d\}", text)) == set(re.findall(r"\{\d\}", said["ko"][key])), key


def test_every_help_of_the_schema_is_there_in_korean() -> None:
    korean, helps = words()["ko"], set[str]()

    def walk(schema: Any, *, is_field: bool = False) -> None:
        if isinstance(schema, dict):
            parts = cast("dict[str, Any]", schema)
            if is_field and isinstance(parts.get("description"), str):
                helps.add(parts["description"])
            for key, value in parts.items():
                for inner in value.values() if key == "properties" else [value]:
                    walk(inner, is_field=key == "properties")
        elif isinstance(schema, list):
            for one in cast("Any", schema):
                walk(one)

    walk(graph_schema())
    unseen = {"The version of this format.", "Its name, which is also its file's stem.", "Node id to node."}
    unseen |= {"Node id to its position [x, y].", "Free text on the canvas."}
    assert sorted(helps - korean.keys() - unseen) == []


def words() -> dict[str, dict[str, str]]:
    """The words of words.js, by language."""
    text = (STATIC / "js/words.js").read_text(encoding="utf-8")
    english, _, korean = text.partition("\n  ko: {\n")
    pair = re.compile(r"^    (\"(?:[^\"\\]|\\.)*\"): (\"(?:[^\"\\]|\\.)*\"),$", re.MULTILINE)
    return {
        language: {json.loads(key): json.loads(value) for key, value in pair.findall(part)}
        for language, part in (("en", english), ("ko", korean.partition("\n  },\n")[0]))
    }
