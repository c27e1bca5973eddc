"""What the pages may not do, and those that need no login: a decision behind a link, a run inside another page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.editor.rooms import overflow, serious
from tests.server.served import Served, serving

pytestmark = pytest.mark.timeout(240)
OpenPage = Callable[..., Any]


@pytest.mark.parametrize(
    "attack",
    [
        "document.body.innerHTML = '<b>x</b>'",
        "eval('1')",
        "new Function('return 1')()",
        "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')",
    ],
)
@pytest.mark.parametrize("path", ["/", "/inbox"])
def test_6_the_policy_refuses_what_makes_code_of_text(browser: Any, served: Served, path: str, attack: str) -> None:
    page = browser.new_page()
    page.goto(served.base + path)
    # In a timer: what the debugger itself evaluates is not held to the page's policy.
    trying = f"try {{ {attack}; done(false) }} catch (error) {{ done(true) }}"
    refused = page.evaluate(f"() => new Promise(done => setTimeout(() => {{ {trying} }}))")
    page.close()
    assert refused


def test_6_a_page_of_another_origin_cannot_show_ours(browser: Any, served: Served, tmp_path: Path) -> None:
    with serving(tmp_path) as other:
        page = browser.new_page()
        page.goto(other.base)
        page.evaluate(
            "url => { const f = document.createElement('iframe'); f.src = url; document.body.append(f) }", served.base
        )
        page.wait_for_timeout(300)
        assert all(frame.locator("#main").count() == 0 for frame in page.frames[1:])
        page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_link_decides_in_the_browser_once(open_page: OpenPage, served: Served, theme: str) -> None:
    run = served.start("draft-and-review", {"topic": "x"})
    served.until_asked(run["id"])
    url: str = served.client("ann").post(f"/api/runs/{run['id']}/gates/review/link", json={}).json()["url"]
    path = url.removeprefix(served.base)
    page = open_page(path, who=None, viewport={"width": 360, "height": 740}, color_scheme=theme)
    page.locator("[data-option=approve]").wait_for()
    assert serious(page) == []
    assert overflow(page) == []
    page.locator("[data-option=approve]").click()
    page.get_by_text("Decided").wait_for()
    assert served.until_ended(run["id"])["status"] == "completed"
    again = open_page(path, who=None)
    again.locator("[role=alert]", has_text="used up").wait_for()
    assert again.locator("[data-option]").count() == 0


def test_a_link_to_a_gate_that_was_decided_meanwhile_says_so(open_page: OpenPage, served: Served) -> None:
    run = served.start("draft-and-review", {"topic": "x"})
    served.until_asked(run["id"])
    client = served.client("ann")
    url: str = client.post(f"/api/runs/{run['id']}/gates/review/link", json={}).json()["url"]
    page = open_page(url.removeprefix(served.base), who=None)
    page.locator("[data-option=approve]").wait_for()
    client.post(f"/api/runs/{run['id']}/gates/review", json={"option": "revise", "form": {}})
    page.locator("[data-option=approve]").click()
    page.locator("[role=alert]", has_text="decided meanwhile").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_embedded_run_is_painted_without_a_login(open_page: OpenPage, served: Served, theme: str) -> None:
    run = served.start("draft-and-review", {"topic": "x"})
    served.until_asked(run["id"])
    url: str = served.client("ann").post(f"/api/runs/{run['id']}/embed", json={}).json()["url"]
    page = open_page(url.removeprefix(served.base), who=None, color_scheme=theme)
    page.locator("#node-review.status-asking").wait_for()
    assert serious(page) == []
    served.client("ann").post(f"/api/runs/{run['id']}/gates/review", json={"option": "approve"})
    page.locator(".embed-head .status-completed").wait_for()
    page.locator("#node-publish.status-completed").wait_for()


@pytest.mark.parametrize("path", ["/", "/inbox", "/graphs/draft-and-review"])
def test_a_page_names_every_module_that_it_loads(open_page: OpenPage, path: str) -> None:
    page = open_page(path)
    page.locator("#main > :not(.loading)").first.wait_for(state="attached")
    loaded, named = page.evaluate(
        "() => [performance.getEntriesByType('resource').map(one => one.name).filter(name => name.endsWith('.js')),"
        " [...document.querySelectorAll('link[rel=modulepreload]')].map(one => one.href)]"
    )
    assert set(loaded) == set(named)
