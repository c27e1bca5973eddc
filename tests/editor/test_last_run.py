"""What the last run put through a graph, where the graph is drawn: in the inspector, in completion, in the drawer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.editor.conftest import new_graph
from tests.editor.drawing import Drawing
from tests.editor.rooms import put, serious
from tests.editor.samples import TEAM, TEAM_ANSWERS
from tests.server.served import Served

OpenEditor = Callable[..., Drawing]

TEXTS: dict[str, Any] = {
    "input": {"type": "object", "properties": {"topic": {"type": "string", "default": "rivers"}}},
    "state": {"title": {"schema": {"type": "string"}}},
    "nodes": {
        "shout": {
            "kind": "tool",
            "tool": "text.upper",
            "args": {"text": "{input.topic}"},
            "output_key": "title",
            "to": [{"node": "cut"}],
        },
        "cut": {"kind": "tool", "tool": "text.length", "args": {"text": "{state.title}"}},
    },
    "layout": {"shout": [0, 0], "cut": [260, 0]},
}


@pytest.fixture
def texts(served: Served, request: pytest.FixtureRequest) -> str:
    """A graph of this test's own, saved."""
    return new_graph(served, request.node.name, TEXTS)


def ended(served: Served, graph: str, given: Any = None) -> str:
    """A run of the graph that has ended; its id."""
    run: str = served.start(graph, given)["id"]
    served.until(run, lambda _: False)
    return run


def sent_back_once(served: Served) -> str:
    """A run of draft-and-review in which one draft was sent back and the next one published."""
    run: str = served.start("draft-and-review", {"topic": "rivers"})["id"]
    ann = served.client("ann")
    for option, form in (("revise", {"note": "shorter"}), ("approve", {})):
        after = len(served.until(run, lambda event: event["type"] == "gate.answered")) if option == "approve" else 0
        gate = served.until(run, lambda event: event["type"] == "gate.opened", after=after)[-1]["gate"]
        assert ann.post(f"/api/runs/{run}/gates/{gate}", json={"option": option, "form": form}).status_code == 200
    served.until(run, lambda _: False)
    return run


def requested(drawing: Drawing) -> list[str]:
    """The addresses that the page asks from now on; it grows."""
    asked: list[str] = []

    def note(request: Any) -> None:
        asked.append(request.url)

    drawing.page.on("request", note)
    return asked


def line(drawing: Drawing, name: str) -> Any:
    """A value of the last run, by its name."""
    return drawing.page.locator(".through-line", has=drawing.page.locator(".through-name", has_text=name))


# --- the inspector ---


def test_a_node_shows_what_the_last_run_put_through_it(served: Served, open_editor: OpenEditor, texts: str) -> None:
    run = ended(served, texts)
    drawing = open_editor(texts)
    drawing.click("shout")
    through = drawing.page.locator(".through")
    through.locator(".status-completed").wait_for()
    line(drawing, "Input").get_by_text('{"text":"rivers"}').wait_for()
    line(drawing, "Output").get_by_text("RIVERS").wait_for()
    line(drawing, "title").get_by_text("RIVERS").wait_for()
    assert through.locator(".through-changed").count() == 0
    line(drawing, "Output").locator("summary").click()
    assert line(drawing, "Output").locator("pre").inner_text() == "RIVERS"
    assert serious(drawing.page, ".through") == []
    through.get_by_role("link", name="See this node in its run").click()
    drawing.page.locator(".run-detail h3", has_text="shout").wait_for()
    assert f"/runs/{run}" in drawing.page.url


def test_a_graph_that_never_ran_says_so_and_asks_nothing_more(open_editor: OpenEditor, texts: str) -> None:
    drawing = open_editor(texts)
    asked = requested(drawing)
    drawing.click("shout")
    drawing.page.locator(".through").get_by_text("This graph has not run yet").wait_for()
    drawing.click("cut")
    drawing.page.locator('.field[data-place="/nodes/cut/label"]').wait_for()
    assert [url for url in asked if "/runs" in url and "limit=1" not in url] == []
    drawing.page.locator(".through").get_by_role("button", name="Run").click()
    drawing.page.locator(".start").get_by_role("button", name="Run").wait_for()


def test_nothing_is_asked_about_runs_before_a_node_is_selected(
    served: Served, open_editor: OpenEditor, texts: str
) -> None:
    ended(served, texts)
    drawing = open_editor(texts)
    asked = requested(drawing)
    drawing.fit()
    assert [url for url in asked if "/runs" in url] == []
    drawing.click("shout")
    line(drawing, "Output").wait_for()
    drawing.click("cut")
    line(drawing, "Output").get_by_text("6").wait_for()
    assert len([url for url in asked if url.endswith("/documents")]) == 1
    assert len([url for url in asked if "/events" in url and "/runs/" in url]) == 1


def test_a_graph_that_has_changed_since_says_so_until_it_is_taken_back(
    served: Served, open_editor: OpenEditor, texts: str
) -> None:
    ended(served, texts)
    drawing = open_editor(texts)
    drawing.click("shout")
    line(drawing, "Output").wait_for()
    drawing.drag("cut", 40, 40)
    drawing.click("shout")
    line(drawing, "Output").wait_for()
    assert drawing.page.locator(".through-changed").count() == 0, "where it stands on the canvas is no change of it"
    drawing.fill("Loud", "nodes", "shout", "label")
    drawing.page.get_by_text("The graph has changed since this run.").wait_for()
    drawing.page.get_by_role("button", name="Undo").click()
    drawing.page.get_by_text("The graph has changed since this run.").wait_for(state="detached")


def test_the_iterations_of_a_node_can_be_picked(served: Served, open_editor: OpenEditor) -> None:
    sent_back_once(served)
    drawing = open_editor("draft-and-review")
    drawing.click("review")
    line(drawing, "Output").get_by_text('"option":"approve"').wait_for()
    drawing.page.locator(".through").get_by_role("group", name="Iteration").get_by_role("button", name="1").click()
    line(drawing, "Output").get_by_text('"option":"revise"').wait_for()
    line(drawing, "notes").get_by_text("shorter").wait_for()


def test_a_node_that_was_not_reached_says_why(served: Served, open_editor: OpenEditor) -> None:
    served.until_asked(served.start("draft-and-review", {"topic": "rivers"})["id"])
    drawing = open_editor("draft-and-review")
    drawing.click("publish")
    drawing.page.locator(".through", has_text="Review is not over yet.").wait_for()


def test_a_node_of_a_sub_flow_shows_the_run_inside_it(served: Served, open_editor: OpenEditor) -> None:
    put(served, TEAM, TEAM_ANSWERS)
    served.until_asked(served.start("team", {"chapters": ["source"]})["id"])
    drawing = open_editor("team")
    drawing.node("polish").dblclick()
    drawing.click("ok")
    drawing.page.locator(".through .status-asking").wait_for()
    drawing.click("edit")
    line(drawing, "Output").wait_for()


def test_a_run_that_begins_elsewhere_is_the_last_one_then(served: Served, open_editor: OpenEditor, texts: str) -> None:
    ended(served, texts)
    drawing = open_editor(texts)
    drawing.click("shout")
    line(drawing, "Output").get_by_text("RIVERS").wait_for()
    ended(served, texts, {"topic": "lakes"})
    line(drawing, "Output").get_by_text("LAKES").wait_for()


# --- completion ---


def test_completion_shows_what_each_name_held(served: Served, open_editor: OpenEditor, texts: str) -> None:
    ended(served, texts)
    drawing = open_editor(texts)
    drawing.click("cut")
    line(drawing, "Output").wait_for()
    text = drawing.page.get_by_label("Value of text")
    text.fill("{")
    names = drawing.page.get_by_role("listbox", name="Names that may stand here")
    for name, held in (("state.title", "RIVERS"), ("input.topic", "rivers"), ("nodes.shout.output", "RIVERS")):
        names.get_by_role("option", name=name).first.locator(".held", has_text=held).wait_for()


def test_completion_without_a_run_shows_names_alone(open_editor: OpenEditor, texts: str) -> None:
    drawing = open_editor(texts)
    drawing.click("cut")
    drawing.page.get_by_label("Value of text").fill("{")
    names = drawing.page.get_by_role("listbox", name="Names that may stand here")
    names.get_by_role("option", name="state.title").wait_for()
    assert names.locator(".held").count() == 0


# --- the drawer ---


def test_the_drawer_shows_the_run_that_was_started_and_after_a_reload_the_newest(
    served: Served, open_editor: OpenEditor, texts: str
) -> None:
    page = open_editor(texts).page
    page.locator("#mode-run").click()
    page.locator(".start").get_by_role("button", name="Run").click()
    page.locator(".run-head .status-completed").wait_for()
    page.locator("#mode-build").click()
    page.locator("#tab-timeline").click()
    page.locator(".gantt-row", has_text="shout").wait_for()
    page.locator("#tab-events").click()
    page.locator(".line", has_text="run.completed").wait_for()
    page.locator("#tab-state").click()
    page.locator(".state-after", has_text="RIVERS").wait_for()
    ended(served, texts, {"topic": "lakes"})
    page.reload()
    page.locator("#tab-state").click()
    page.locator(".state-after", has_text="LAKES").wait_for()


def test_the_run_that_was_chosen_is_shown_in_build_and_stays_chosen(
    served: Served, open_editor: OpenEditor, texts: str
) -> None:
    first = ended(served, texts)
    ended(served, texts, {"topic": "lakes"})
    drawing = open_editor(texts)
    page = drawing.page
    page.locator("#mode-run").click()
    page.get_by_label("Runs of this graph").select_option(first)
    page.locator(".run-id", has_text=first).wait_for()
    page.locator("#mode-build").click()
    drawing.click("shout")
    line(drawing, "Output").get_by_text("RIVERS").wait_for()
    page.locator("#mode-run").click()
    page.locator(".run-id", has_text=first).wait_for()


def test_a_node_is_selected_from_the_drawer(served: Served, open_editor: OpenEditor) -> None:
    put(served, TEAM, TEAM_ANSWERS)
    served.until_asked(served.start("team", {"chapters": ["source"]})["id"])
    drawing = open_editor("team")
    drawing.page.locator("#tab-timeline").click()
    drawing.page.locator(".gantt-name", has_text="Edit").click()
    drawing.page.locator('.react-flow__node.selected[data-id="edit"]').wait_for()
    drawing.page.locator(".crumbs", has_text="Polish").wait_for()


def test_brackets_scrub_the_last_run_from_the_canvas(served: Served, open_editor: OpenEditor, texts: str) -> None:
    ended(served, texts)
    drawing = open_editor(texts)
    page = drawing.page
    drawing.click("cut")
    line(drawing, "Output").wait_for()
    page.keyboard.press("[")
    page.locator(".drawer .scrubber").wait_for()
    page.keyboard.press("[")
    page.locator(".through", has_text="As of event").wait_for()
    line(drawing, "Output").wait_for(state="detached")
    page.keyboard.press("]")
    line(drawing, "Output").wait_for()
    page.locator(".drawer").get_by_role("button", name="Back to now").click()
    page.locator(".through", has_text="As of event").wait_for(state="detached")
    assert serious(page, ".drawer") == []


def test_a_text_shows_what_it_would_have_come_to(served: Served, open_editor: OpenEditor) -> None:
    nodes = {**TEXTS["nodes"], "shout": {**TEXTS["nodes"]["shout"], "to": [{"when": "true", "node": "cut"}]}}
    graph = new_graph(served, "previewed", {**TEXTS, "nodes": nodes})
    ended(served, graph)
    drawing = open_editor(graph)
    drawing.click("cut")
    field = drawing.field("nodes", "cut", "args").locator("textarea")
    field.fill("{input.topic} are {state.title}")
    preview = drawing.page.locator(".preview")
    preview.get_by_text("rivers are RIVERS").wait_for()
    field.fill("{state.absent}")
    preview.get_by_text("The last run had no state.absent").wait_for()
    drawing.press_edge("shout:0")
    drawing.field("nodes", "shout", "to", 0, "when").locator("textarea").fill("size(state.title) > 3")
    preview.get_by_text("true", exact=True).wait_for()


def test_what_is_asked_elsewhere_is_counted_in_the_header(served: Served, open_editor: OpenEditor, texts: str) -> None:
    page = open_editor(texts).page
    run = served.start("draft-and-review", {"topic": "rivers"})["id"]
    gate = served.until(run, lambda event: event["type"] == "gate.opened")[-1]["gate"]
    counted = page.locator("a[href$=inbox] .count")
    counted.wait_for()
    before = int(counted.inner_text())
    assert served.client("ann").post(f"/api/runs/{run}/gates/{gate}", json={"option": "approve"}).status_code == 200
    left = counted.get_by_text(str(before - 1), exact=True) if before > 1 else counted
    left.wait_for(state="attached" if before > 1 else "detached")
