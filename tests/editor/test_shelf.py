"""The journals in a real browser: what was acknowledged is on the disk, whatever becomes of the browser."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.served import TOKENS, Served, serving

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: the pages are not tested")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}: the pages are not tested"),
    pytest.mark.timeout(240),
]

CONTRACT = """async () => {
    const { openShelf } = await import("/static/js/store/shelf.js");
    const shelf = await openShelf(indexedDB, "contract");
    const head = (session, n) => ({ name: "g", session, etag: `e${n}`, graph: { n }, n, at: n });
    const entry = (session, n) => ({ name: "g", session, n, at: n, what: "undo", changes: [] });
    await shelf.append([entry("a", 1), entry("a", 2), entry("ab", 1), entry("a", 10)]);
    await shelf.append([{ ...entry("a", 1), name: "gg" }]);
    await shelf.keep(head("a", 2), null);
    await shelf.keep(head("ab", 1), null);
    const told = { heads: (await shelf.heads("g")).map(({ session, n }) => [session, n]) };
    told.entries = (await shelf.rest("g", "a")).entries.map(({ n }) => n);
    await shelf.keep(head("a", 10), { name: "g", session: "a", n: 2, done: [], undone: [] });
    const rest = await shelf.rest("g", "a");
    told.rolled = [rest.roll.n, rest.entries.map(({ n }) => n)];
    await shelf.drop("g", "a");
    told.dropped = [(await shelf.heads("g")).length, (await shelf.rest("g", "a")).entries.length];
    told.others = [(await shelf.rest("g", "ab")).entries.length, (await shelf.rest("gg", "a")).entries.length];
    shelf.close();
    return told;
}"""

OPEN = """async (kept) => {
    const { openDocument } = await import("/static/js/store/document.js");
    const answer = await fetch("/api/graphs/draft-and-review");
    const etag = answer.headers.get("etag").replaceAll('"', "");
    // The line is cut: what is done stays here.
    const ask = () => Promise.reject(new TypeError("no line"));
    const after = (ms, act) => { const it = setTimeout(act, ms); return () => clearTimeout(it); };
    const clock = { now: () => Date.now(), after };
    const graph = await answer.json();
    const store = await openDocument({ name: "draft-and-review", graph, etag, world: { ask, clock, indexedDB } });
    window.store = store;
    const state = store.get();
    return { title: state.graph.title ?? null, undo: state.undoTitle, redo: state.redoTitle, isKept: state.isKept };
}"""

EDIT = """async () => {
    const { setField } = await import("/static/js/document/edits.js");
    const { store } = window;
    for (const title of ["one", "two", "three"]) store.do(setField(store.get().graph, ["title"], title));
    store.undo();
    const answer = (asked) => new Promise((resolve) => { asked.onsuccess = () => resolve(asked.result); });
    const database = await answer(indexedDB.open("weft-journals"));
    while ((await answer(database.transaction("entries").objectStore("entries").count())) < 4);
}"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as running:
        yield running


@pytest.fixture
def started() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        yield started


def opened(started: Any, profile: Path) -> Any:
    """A browser with a profile of its own that stays on the disk."""
    return started.chromium.launch_persistent_context(
        str(profile), executable_path=str(CHROMIUM), args=["--no-sandbox"]
    )


def logged_in(context: Any, served: Served) -> Any:
    """A page of somebody who may change graphs. A login is not what must outlive the browser."""
    page = context.new_page()
    page.goto(f"{served.base}/#token={TOKENS['root']}")
    page.locator("[data-graph=draft-and-review]").wait_for()
    return page


def browser_process(profile: Path) -> int:
    """The number of the browser's own process: of those that were told of the profile the one without a type."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"--user-data-dir={profile}".encode() in words and not any(word.startswith(b"--type=") for word in words):
            return int(place.name)
    raise AssertionError("the browser is not there")


def test_the_shelf_keeps_what_the_store_expects_of_it(started: Any, served: Served, tmp_path: Path) -> None:
    context = opened(started, tmp_path / "profile")
    page = logged_in(context, served)
    assert page.evaluate(CONTRACT) == {
        "heads": [["a", 2], ["ab", 1]],
        "entries": [1, 2, 10],
        "rolled": [2, [10]],
        "dropped": [1, 0],
        "others": [1, 1],
    }
    context.close()


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="the browser's process is found by /proc")
def test_edits_and_history_survive_the_death_of_the_browser(started: Any, served: Served, tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    context = opened(started, profile)
    page = logged_in(context, served)
    assert page.evaluate(OPEN)["isKept"] is True
    page.evaluate(EDIT)
    os.kill(browser_process(profile), signal.SIGKILL)
    again = opened(started, profile)
    page = logged_in(again, served)
    state = page.evaluate(OPEN)
    assert state == {"title": "two", "undo": ["edit.field", "title"], "redo": ["edit.field", "title"], "isKept": True}
    again.close()
