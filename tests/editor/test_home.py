"""The home page in the browser: the way to a first run, the start form, the lists."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.gallery import patterns
from engine.model import Graph
from tests.editor.rooms import overflow, put, serious
from tests.editor.samples import KEYED, TEAM, TEAM_ANSWERS
from tests.server.served import TOKENS, Served, serving

pytestmark = pytest.mark.timeout(240)
OpenPage = Callable[..., Any]


def test_the_link_logs_in_and_leaves_no_token_in_the_address(open_page: OpenPage, served: Served) -> None:
    page = open_page(f"/#token={TOKENS['bob']}", who=None)
    page.locator("[data-graph=coordinator]").wait_for()
    assert page.url == f"{served.base}/"
    assert page.evaluate("document.cookie") == ""
    assert page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})") == "{}"


def test_a_first_visit_comes_to_a_decided_run_within_a_minute(
    open_page: OpenPage, browser: Any, tmp_path: Path
) -> None:
    (tmp_path / "graphs").mkdir()
    with serving(tmp_path) as fresh:
        page = browser.new_page(locale="en-US")
        began = time.monotonic()
        page.goto(f"{fresh.base}/#token={TOKENS['ann']}")
        page.locator("[data-pattern=draft-and-review]").click()
        page.get_by_label("Name of the new graph").fill("my-first")
        page.get_by_role("button", name="Create and run").click()
        page.locator("[name=topic]").fill("rivers")
        page.get_by_role("button", name="Run", exact=True).click()
        page.wait_for_url(f"{fresh.base}/runs/*")
        page.locator("[data-option=approve]").click()
        page.locator(".run-head .status-completed").wait_for()
        assert time.monotonic() - began < 60
        assert (tmp_path / "graphs/my-first.json").exists()
        page.close()


def test_every_sample_graph_is_listed_with_its_picture_and_can_be_run(open_page: OpenPage, served: Served) -> None:
    page = open_page("/")
    page.locator("[data-graph=draft-and-review] .thumb svg .node").first.wait_for()
    page.locator("[data-run=draft-and-review]").click()
    page.locator("[name=topic]").fill("rivers")
    page.get_by_role("dialog").get_by_role("button", name="Run").click()
    page.wait_for_url(f"{served.base}/runs/*")
    page.locator("#node-review.status-asking").wait_for()


def test_the_start_form_is_made_from_the_schema_and_says_what_is_missing(open_page: OpenPage, served: Served) -> None:
    put(served, TEAM, TEAM_ANSWERS)
    page = open_page("/")
    page.locator("[data-run=draft-and-review]").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Run").click()
    assert dialog.locator(".form-said").inner_text() == "Please fill this in."
    page.locator("[name=topic]:focus").wait_for()
    page.keyboard.press("Escape")
    page.locator("[data-run=team]").click()
    assert [one.input_value() for one in dialog.locator(".form-item input").all()] == ["source", "delta", "sea"]
    dialog.get_by_role("button", name="Remove Chapters 2").click()
    dialog.get_by_role("button", name="Add: Chapters").click()
    dialog.locator(".form-item input").last.fill("mouth")
    dialog.get_by_label("tone").select_option("warm")
    dialog.get_by_label("words").fill("5")
    dialog.get_by_role("button", name="Run").click()
    said = dialog.locator(".form-field", has=page.locator("[name=words]")).locator(".form-said")
    said.wait_for()
    assert "10" in said.inner_text()
    dialog.get_by_label("words").fill("50")
    dialog.get_by_label("In a hurry").check()
    dialog.get_by_role("button", name="Run").click()
    page.wait_for_url(f"{served.base}/runs/*")
    run = page.url.rsplit("/", 1)[1]
    assert served.client().get(f"/api/runs/{run}").json()["input"] == {
        "chapters": ["source", "sea", "mouth"], "style": {"tone": "warm", "words": 50}, "hurry": True,
    }  # fmt: skip


def test_a_graph_that_needs_a_key_is_simulated(open_page: OpenPage, served: Served) -> None:
    put(served, KEYED)
    page = open_page("/")
    page.locator("[data-run=keyed]").click()
    page.get_by_role("dialog").get_by_role("button", name="Simulate").click()
    page.wait_for_url(f"{served.base}/runs/*")
    page.locator(".run-head .status-completed").wait_for()
    assert served.client().get(f"/api/runs/{page.url.rsplit('/', 1)[1]}").json()["simulated"] is True


def test_what_runs_and_asks_is_kept_current(open_page: OpenPage, served: Served) -> None:
    page = open_page("/")
    page.locator("[data-graph=coordinator]").wait_for()
    run = served.start("draft-and-review", {"topic": "x"})["id"]
    line = page.locator(f"[data-run-id='{run}']")
    line.locator(".status-asking").wait_for()
    page.locator(".asking", has_text="Publish this draft?").wait_for()
    served.client("bob").post(f"/api/runs/{run}/gates/review", json={"option": "approve"})
    line.locator(".status-completed").wait_for()


def test_a_graph_that_comes_appears_and_one_that_is_broken_says_so(open_page: OpenPage, served: Served) -> None:
    page = open_page("/")
    page.locator("[data-graph=coordinator]").wait_for()
    (served.graphs / "fresh.json").write_text('{"format": "weft/1", "name": "fresh"')
    page.locator("[data-graph=fresh] .form-said", has_text="The file cannot be read").wait_for()
    (served.graphs / "fresh.json").unlink()
    page.locator("[data-graph=fresh]").wait_for(state="detached")


def test_a_name_that_is_taken_is_said_and_a_free_one_offered(open_page: OpenPage, served: Served) -> None:
    page = open_page("/")
    page.get_by_role("button", name="New graph").click()
    page.locator("[data-pattern=coordinator]").click()
    name = page.get_by_label("Name of the new graph")
    assert name.input_value() == "coordinator-2"
    name.fill("coordinator")
    page.get_by_role("button", name="Create and open").click()
    page.locator("#new-said[role=alert]", has_text="coordinator").wait_for()
    name.fill("Not a name")
    page.get_by_role("button", name="Create and open").click()
    page.locator("#new-said[role=alert]", has_text="Small letters").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_page: OpenPage, served: Served, theme: str) -> None:
    page = open_page("/", color_scheme=theme)
    page.get_by_role("button", name="New graph").click()
    page.locator("[data-pattern=coordinator] .thumb svg").wait_for()
    assert serious(page) == []
    page.locator("[data-pattern=coordinator]").click()
    assert serious(page) == []


@pytest.mark.parametrize("width", [320, 768, 1920])
def test_it_fits_every_width(open_page: OpenPage, served: Served, width: int) -> None:
    page = open_page("/", viewport={"width": width, "height": 700})
    page.locator("[data-graph=coordinator]").wait_for()
    page.get_by_role("button", name="New graph").click()
    assert overflow(page) == []


def test_the_page_follows_the_dark_and_the_language(open_page: OpenPage) -> None:
    page = open_page("/", locale="ko-KR", color_scheme="dark")
    page.locator("h1", has_text="그래프").wait_for()
    assert page.locator("html").get_attribute("lang") == "ko"
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(17, 20, 25)"


def test_the_gallery_of_patterns_is_in_the_readers_language(open_page: OpenPage) -> None:
    page = open_page("/", locale="ko-KR")
    page.get_by_role("button", name="새 그래프").click()
    cards = page.locator("#home-gallery [data-pattern] .card-text")
    cards.filter(has_text="순차 파이프라인").wait_for()
    assert [text for text in cards.all_inner_texts() if not re.search("[가-힣]", text.partition("\n")[2])] == []


def test_the_words_of_a_pattern_are_those_of_its_file() -> None:
    words = (Path(__file__).parents[2] / "editor_static/js/words-run.js").read_text(encoding="utf-8")
    english = dict(re.findall(r'"(pattern\.[\w.-]+)": "((?:[^"\\]|\\.)*)"', words.partition("  ko: {")[0]))
    graphs = {name: Graph.load(file) for name, file in patterns().items()}
    written = {f"pattern.{name}": graph.title for name, graph in graphs.items()}
    written |= {f"pattern.{name}.help": graph.description for name, graph in graphs.items()}
    assert english == written


def test_every_word_is_there_in_both_languages() -> None:
    words = (Path(__file__).parents[2] / "editor_static/js/words-run.js").read_text(encoding="utf-8")
    english, _, korean = words.partition("  ko: {")
    keys = [re.findall(r'"?([\w.-]+)"?: "', part) for part in (english.partition("en: {")[2], korean)]
    assert len(keys[0]) > 200
    assert sorted(keys[0]) == sorted(keys[1])


def test_every_word_that_is_said_is_there() -> None:
    place = Path(__file__).parents[2] / "editor_static/js"
    known = set(re.findall(r'"([\w.-]+)": "', (place / "words-run.js").read_text(encoding="utf-8")))
    known |= {"close", "back", "nobody", "failed"}
    said = {
        key
        for room in ("view/run", "view/inbox", "view/home", "view/fields")
        for file in (place / room).glob("*.js")
        for key in re.findall(r'\bword\("([\w.-]+)"', file.read_text(encoding="utf-8"))
    }
    assert len(said) > 100
    assert said - known == set()
