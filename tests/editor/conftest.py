"""The editor in a real browser with its policy on: one browser and one server for a module, a page for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.editor.drawing import Drawing
from tests.server.served import TOKENS, Served, serving

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: the editor is not tested")
CHROMIUM = Path("/usr/bin/chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here needs the browser, and has more time than one that does not."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(240))
            if not CHROMIUM.exists():
                item.add_marker(pytest.mark.skip(reason=f"there is no {CHROMIUM}: the editor is not tested"))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running server with the sample graphs and a database of its own; every test has graphs of its own on it."""
    with serving(tmp_path_factory.mktemp("edited")) as running:
        yield running
        # The browser is closed by now; the server is left when it has noticed.
        client = running.client()
        while "\nweft_streams 0" not in client.get("/metrics").text:
            pass


@pytest.fixture(scope="module")
def browser(served: Served) -> Iterator[Any]:
    """A browser for one module: while it runs, its loop is the thread's, and no other test can have one of its own."""
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_editor(browser: Any, served: Served) -> Iterator[Callable[..., Drawing]]:
    """Opens a graph in a page that is logged in.

    What any of these pages reports as an error fails the test, but for what its list ``expected`` holds a part of.
    """
    contexts: list[Any] = []
    errors: list[str] = []

    def note(said: Any) -> None:
        if getattr(said, "type", "error") == "error":
            errors.append(str(getattr(said, "text", said)))

    def open_it(name: str, *, context: Any = None, **how: Any) -> Drawing:
        if context is None:
            settings = {"locale": "en-US", "viewport": {"width": 1440, "height": 900}, **how}
            context = browser.new_context(**settings)
            contexts.append(context)
            context.add_cookies([{**cookie, "url": served.base} for cookie in logged_in(served)])
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", note)
        page.on("pageerror", note)
        page.goto(f"{served.base}/graphs/{name}")
        drawing = Drawing(page, served, name)
        drawing.wait_until_open()
        return drawing

    open_it.expected = expected = list[str]()  # type: ignore[attr-defined]
    yield open_it
    for context in contexts:
        context.close()
    assert [error for error in errors if not any(part in error for part in expected)] == []


@pytest.fixture
def empty(served: Served, open_editor: Callable[..., Drawing], request: pytest.FixtureRequest) -> Drawing:
    """The editor of a new, empty graph of this test's own."""
    name = new_graph(served, request.node.name)
    return open_editor(name)


def logged_in(served: Served) -> list[dict[str, str]]:
    """The cookies of somebody who has just logged in."""
    client = served.client(None)
    assert client.post("/api/session", json={"token": TOKENS["ann"]}).status_code == 200
    return [{"name": name, "value": value} for name, value in client.cookies.items()]


def new_graph(served: Served, wish: str, document: dict[str, Any] | None = None) -> str:
    """Save a graph under a name of its own and return the name."""
    letters = "".join(letter if letter.isalnum() else "-" for letter in wish.lower()).strip("-")[-60:].strip("-")
    value: dict[str, Any] = {"format": "weft/1", "nodes": {}, **(document or {}), "name": letters}
    answer = served.client("ann").put(f"/api/graphs/{letters}", json=value, headers={"if-none-match": "*"})
    assert answer.status_code == 201, answer.text
    return letters


@pytest.fixture
def open_page(browser: Any, served: Served) -> Iterator[Callable[..., Any]]:
    """Opens a page by its path, logged in as ann unless ``who`` is another; an error in any of them fails the test."""
    contexts: list[Any] = []
    errors: list[str] = []

    def note(said: Any) -> None:
        text = str(getattr(said, "text", said))
        # What the server refuses is told in the page; the browser's own line about it is no fault of ours.
        if getattr(said, "type", "error") == "error" and not text.startswith("Failed to load resource: the server"):
            errors.append(text)

    def open_it(path: str, *, who: str | None = "ann", **how: Any) -> Any:
        settings = {"locale": "en-US", "viewport": {"width": 1440, "height": 900}, **how}
        context = browser.new_context(**settings)
        contexts.append(context)
        if who is not None:
            answer = context.request.post(f"{served.base}/api/session", data={"token": TOKENS[who]})
            assert answer.ok, answer.text()
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", note)
        page.on("pageerror", note)
        page.goto(served.base + path)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert errors == []
