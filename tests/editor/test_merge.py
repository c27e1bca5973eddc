"""Two versions of one graph are brought together: what fits by itself, what does not by whoever is asked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.editor.conftest import new_graph
from tests.editor.drawing import Drawing
from tests.editor.test_access import AXE, serious
from tests.editor.test_wires import CHAIN
from tests.server.served import Served

KOREAN = {"locale": "ko-KR", "viewport": {"width": 320, "height": 640}}


def write(served: Served, name: str, **changes: dict[str, Any]) -> None:
    """Somebody else saves the graph with other fields of some nodes."""
    client = served.client("bob")
    answer = client.get(f"/api/graphs/{name}")
    document = answer.json()
    for node_id, fields in changes.items():
        document["nodes"].setdefault(node_id, {}).update(fields)
    saved = client.put(f"/api/graphs/{name}", json=document, headers={"if-match": answer.headers["etag"]})
    assert saved.status_code == 200, saved.text


def begun(served: Served, open_editor: Any, name: str, **how: Any) -> Drawing:
    """An editor of the chain that cannot save yet, so that what is done in it meets what somebody else saves."""
    open_editor.expected.extend(["412", "ERR_FAILED"])
    drawing: Drawing = open_editor(new_graph(served, name, CHAIN), **how)
    drawing.page.route("**/api/graphs/*", hold_back)
    return drawing


def hold_back(route: Any) -> None:
    if route.request.method == "PUT":
        route.abort()
    else:
        route.continue_()


def met(drawing: Drawing) -> Any:
    """The view of both versions, once the page can save again and has found that it must not."""
    drawing.page.unroute("**/api/graphs/*")
    drawing.page.locator(".save.conflict").wait_for()
    drawing.page.locator(".save.conflict button").focus()
    drawing.page.keyboard.press("Enter")
    view = drawing.page.locator("dialog.merge[open]")
    view.wait_for()
    return view


def label(drawing: Drawing, node_id: str, text: str) -> None:
    drawing.click(node_id)
    drawing.page.get_by_label("Name", exact=True).fill(text)


def tab_to(page: Any, name: str) -> None:
    """Press Tab until a button of this name has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == name:
            return
    raise AssertionError(f"Tab does not come to {name}")


def test_what_two_pages_changed_in_different_places_is_all_there(served: Served, open_editor: Any) -> None:
    mine = begun(served, open_editor, "different-places")
    theirs = open_editor(mine.name)
    label(mine, "a", "Mine")
    label(theirs, "c", "Theirs")
    assert theirs.saved()["nodes"]["c"]["label"] == "Theirs"
    view = met(mine)
    view.locator(".merge-fits").wait_for()
    view.locator(".changes li", has_text="Theirs").wait_for()
    view.locator('.react-flow__node[data-id="a"] .diff-word', has_text="changed").wait_for()
    view.get_by_role("button", name="Merge").click()
    both = mine.saved()["nodes"]
    assert (both["a"]["label"], both["c"]["label"]) == ("Mine", "Theirs")
    # The other page had nothing unsaved: it has both by now as well.
    theirs.node("a").locator(".name", has_text="Mine").wait_for()
    mine.page.keyboard.press("Control+z")
    mine.node("c").locator(".name", has_text="c").wait_for()
    assert [mine.saved()["nodes"][node_id].get("label") for node_id in "ac"] == ["Mine", None]


def test_a_field_that_both_changed_is_chosen_by_hand(served: Served, open_editor: Any) -> None:
    mine = begun(served, open_editor, "one-field")
    label(mine, "a", "Mine")
    write(served, mine.name, a={"label": "Theirs"}, b={"description": "New there"})
    view = met(mine)
    merge = view.get_by_role("button", name="Merge")
    assert merge.is_disabled()
    assert served.client("ann").get(f"/api/graphs/{mine.name}").json()["nodes"]["a"]["label"] == "Theirs"
    question = view.get_by_role("group", name="Mine: Name")
    question.get_by_role("radio", name="Saved").check()
    view.locator('.react-flow__node[data-id="a"] .name', has_text="Theirs").wait_for()
    question.get_by_role("radio", name="Mine").check()
    view.locator('.react-flow__node[data-id="a"] .name', has_text="Mine").wait_for()
    merge.click()
    saved = mine.saved()["nodes"]
    assert (saved["a"]["label"], saved["b"]["description"]) == ("Mine", "New there")


def test_every_sort_of_thing_is_asked_for_by_its_name(served: Served, open_editor: Any) -> None:
    note = {"x": 0, "y": 160, "w": 200, "h": 80, "text": "Before"}
    begin = {**CHAIN, "title": "Before", "state": {"log": {"schema": {"type": "string"}}}}
    begin["layout"] = {**CHAIN["layout"], "$notes": [note]}
    open_editor.expected.extend(["412", "ERR_FAILED"])
    mine: Drawing = open_editor(new_graph(served, "every-sort", begin))
    mine.page.route("**/api/graphs/*", hold_back)

    def changed(word: str, step: int) -> dict[str, Any]:
        document = served.client("ann").get(f"/api/graphs/{mine.name}").json()
        document["title"] = document["layout"]["$notes"][0]["text"] = word
        document["state"]["log"] = {"schema": {"type": "string"}, "default": word}
        document["nodes"]["a"]["to"][0]["node"] = "abc"[step]
        document["layout"]["c"] = [560, 40 + 80 * step]
        return dict(document)

    mine.page.get_by_role("tab", name="JSON").click()
    mine.page.get_by_label("The graph as JSON").fill(json.dumps(changed("Mine", 2)))
    mine.page.get_by_role("button", name="Apply").click()
    mine.page.locator(".save.offline").wait_for()
    headers = {"if-match": served.client("bob").get(f"/api/graphs/{mine.name}").headers["etag"]}
    theirs = changed("Theirs", 0)
    assert served.client("bob").put(f"/api/graphs/{mine.name}", json=theirs, headers=headers).status_code == 200
    view = met(mine)
    view.locator(".question").first.wait_for()
    asked = {"Title", "state key: log", "a: Ways on", "Where c stands", "text box: Mine"}
    assert set(view.locator("legend").all_inner_texts()) == asked
    view.get_by_role("group", name="text box: Mine").get_by_role("radio", name="Saved Theirs").wait_for()
    view.get_by_role("button", name="All as saved").click()
    view.get_by_role("button", name="Merge").click()
    saved = mine.saved()
    assert {key: saved[key] for key in theirs} == theirs


@pytest.mark.skipif(not AXE.exists(), reason=f"axe-core is not installed: npm ci in {AXE.parents[2].name}/ brings it")
def test_it_is_merged_by_keys_alone_on_a_phone_in_korean(served: Served, open_editor: Any) -> None:
    mine = begun(served, open_editor, "by-keys", **KOREAN)
    mine.page.locator(".outline [data-node=a]").click()
    mine.page.get_by_role("complementary", name="속성").get_by_label("이름", exact=True).fill("내 단계")
    write(served, mine.name, a={"label": "Theirs"}, c={"label": "End"})
    view = met(mine)
    assert serious(mine) == []
    assert mine.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert view.evaluate("it => it.scrollWidth <= it.clientWidth")
    view.get_by_role("radio", name="내 것").and_(mine.page.locator(":focus")).wait_for()
    mine.page.keyboard.press("Space")
    tab_to(mine.page, "합치기")
    mine.page.keyboard.press("Enter")
    saved = mine.saved()["nodes"]
    assert (saved["a"]["label"], saved["c"]["label"]) == ("내 단계", "End")


@pytest.mark.skipif(not AXE.exists(), reason=f"axe-core is not installed: npm ci in {AXE.parents[2].name}/ brings it")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_where_two_versions_are_compared(
    served: Served, open_editor: Any, theme: str
) -> None:
    mine = begun(served, open_editor, f"axe-{theme}", color_scheme=theme)
    label(mine, "a", "Mine " * 80)
    write(served, mine.name, a={"label": "Theirs"}, b={"description": "x"})
    view = met(mine)
    assert serious(mine) == []
    view.get_by_role("radio", name="Mine").check()
    assert serious(mine) == []
    mine.page.keyboard.press("Escape")
    mine.page.locator("#tab-diff").click()
    mine.page.locator(".diff .changes").wait_for()
    assert serious(mine) == []


def test_a_third_version_opens_the_view_anew(served: Served, open_editor: Any) -> None:
    mine = begun(served, open_editor, "third")
    label(mine, "a", "Mine")
    write(served, mine.name, b={"label": "Second"})
    view = met(mine)
    write(served, mine.name, b={"label": "Third"}, c={"label": "End"})
    view.get_by_role("button", name="Merge").click()
    view.get_by_text("It was changed once more in the meantime.").wait_for()
    view.locator(".changes li", has_text="Second → Third").wait_for()
    assert served.client("ann").get(f"/api/graphs/{mine.name}").json()["nodes"]["a"].get("label") is None
    view.get_by_role("button", name="Merge").click()
    saved = mine.saved()["nodes"]
    assert [saved[node_id]["label"] for node_id in "abc"] == ["Mine", "Third", "End"]


def test_a_node_taken_out_here_and_changed_there_is_asked_for(served: Served, open_editor: Any) -> None:
    mine = begun(served, open_editor, "taken-out")
    mine.click("b")
    mine.page.keyboard.press("Delete")
    mine.node("b").wait_for(state="detached")
    write(served, mine.name, b={"label": "Still wanted"})
    view = met(mine)
    view.get_by_text("One side took it out, the other changed it.").wait_for()
    view.get_by_role("radio", name="Saved").check()
    view.get_by_role("button", name="Merge").click()
    # Its wires come back with it.
    nodes = mine.saved()["nodes"]
    assert nodes["b"]["label"] == "Still wanted"
    assert [nodes[node_id]["to"] for node_id in "ab"] == [CHAIN["nodes"][node_id]["to"] for node_id in "ab"]


def test_steps_that_both_added_under_one_id_are_both_kept(served: Served, open_editor: Any) -> None:
    mine = begun(served, open_editor, "two-agents")
    mine.drop("agent", 300, 400)
    label(mine, "agent", "Mine")
    write(served, mine.name, agent={"kind": "agent", "label": "Theirs"})
    view = met(mine)
    view.get_by_role("radio", name="Both").check()
    view.get_by_role("button", name="Merge").click()
    nodes = mine.saved()["nodes"]
    assert (nodes["agent"]["label"], nodes["agent_2"]["label"]) == ("Theirs", "Mine")


def test_who_decides_later_has_overwritten_nothing_and_can_go_on(served: Served, open_editor: Any) -> None:
    mine = begun(served, open_editor, "later")
    label(mine, "a", "Mine")
    write(served, mine.name, a={"label": "Theirs"})
    view = met(mine)
    view.get_by_role("button", name="Decide later").click()
    view.wait_for(state="detached")
    mine.page.locator(".save.conflict button:focus").wait_for()
    label(mine, "b", "Mine too")
    assert served.client("ann").get(f"/api/graphs/{mine.name}").json()["nodes"]["a"]["label"] == "Theirs"
    mine.page.get_by_role("button", name="Compare").click()
    view.get_by_role("radio", name="Saved").check()
    view.get_by_role("button", name="Merge").click()
    saved = mine.saved()["nodes"]
    assert (saved["a"]["label"], saved["b"]["label"]) == ("Theirs", "Mine too")


def test_edits_that_were_left_on_an_older_version_are_merged_with_what_came_after(
    served: Served, open_editor: Any
) -> None:
    open_editor.expected.append("ERR_INTERNET_DISCONNECTED")
    mine = open_editor(new_graph(served, "left-behind", CHAIN))
    context = mine.page.context
    # Without a line to the end: a page that goes sends what it has.
    context.set_offline(True)
    label(mine, "a", "Left behind")
    mine.page.locator(".save.offline").wait_for()
    mine.page.close()
    context.set_offline(False)
    write(served, mine.name, b={"label": "Came after"})
    again = open_editor(mine.name, context=context)
    again.page.get_by_role("button", name="Look at them").click()
    view = again.page.get_by_role("dialog", name="Edits that were left on this machine")
    view.locator(".merge-fits").wait_for()
    view.get_by_role("button", name="Merge").click()
    view.wait_for(state="detached")
    again.node("a").locator(".name", has_text="Left behind").wait_for()
    saved = again.saved()["nodes"]
    assert (saved["a"]["label"], saved["b"]["label"]) == ("Left behind", "Came after")
    assert again.page.get_by_role("button", name="Look at them").count() == 0
