"""What the tests of the run view, the inbox and the home page share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.served import Served

AXE = Path(__file__).resolve().parents[2] / "editor_static/vendor/node_modules/axe-core/axe.min.js"


def put(served: Served, document: dict[str, Any], answers: dict[str, Any] | None = None) -> str:
    """Write a graph of a test's own, with its scripted answers; its name."""
    name: str = document["name"]
    (served.graphs / f"{name}.json").write_text(json.dumps(document))
    if answers is not None:
        (served.graphs / f"{name}.scripted.json").write_text(json.dumps(answers))
    return name


def serious(page: Any, within: str = "html") -> list[str]:
    """What axe holds against a page, or a part of it, from serious on: rule and place."""
    if not AXE.exists():
        pytest.skip(f"there is no {AXE.name}: run npm ci in editor_static/vendor")
    session = page.context.new_cdp_session(page)
    # Over the debugger, which the page's policy does not bind.
    session.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
    asked = f"axe.run({within!r}, {{resultTypes: ['violations']}}).then(r => JSON.stringify(r.violations))"
    told = session.send("Runtime.evaluate", {"expression": asked, "awaitPromise": True, "returnByValue": True})
    return [
        f"{found['id']}: {part['html'][:200]}"
        for found in json.loads(told["result"]["value"])
        if found["impact"] in ("serious", "critical")
        for part in found["nodes"]
    ]


def overflow(page: Any) -> list[str]:
    """Whether the page is wider than its window; the elements that make it so."""
    told: list[str] = page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.body.querySelectorAll("*")]
        .filter(one => one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML.slice(0, 120))"""
    )
    return told
