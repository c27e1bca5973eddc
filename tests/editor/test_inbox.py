"""The inbox in the browser: one list over all runs, two keys to a decision, and exactly what will run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.editor.rooms import overflow, put, serious
from tests.editor.samples import APPROVAL, APPROVAL_ANSWERS
from tests.server.served import Served

pytestmark = pytest.mark.timeout(240)
OpenPage = Callable[..., Any]


AMOUNT = {"type": "object", "properties": {"amount": {"type": "number", "minimum": 0}}, "required": ["amount"]}
REFUND: dict[str, Any] = {
    "format": "weft/1",
    "name": "refund",
    "input": AMOUNT,
    "nodes": {
        "pay": {
            "kind": "human-gate", "prompt": "Refund {input.amount}?", "prefill": {"amount": "{input.amount}"},
            "options": ["refund", {"name": "change", "label": "Another amount", "form": AMOUNT}],
            "to": [{"on": "refund", "node": "end"}, {"on": "change", "node": "end"}],
        },
        "end": {"kind": "end"},
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def empty_inbox(served: Served) -> None:
    """Nothing is open from the test before."""
    client = served.client()
    for gate in client.get("/api/inbox").json()["gates"]:
        client.post(f"/api/runs/{gate['run']}/cancel", json={})
        served.until_ended(gate["run"])


def asked(served: Served, topic: str = "rivers") -> str:
    run = served.start("draft-and-review", {"topic": topic})
    served.until_asked(run["id"])
    return str(run["id"])


def approving(served: Served) -> str:
    """A run in which a tool call waits for approval."""
    run = served.start(put(served, APPROVAL, APPROVAL_ANSWERS))["id"]
    served.until_asked(run)
    answer = served.client("ann").post(f"/api/runs/{run}/gates/publish!1", json={"option": "warm"})
    assert answer.status_code == 200, answer.text
    served.until(run, lambda event: event["type"] == "gate.opened" and event["purpose"] == "approval")
    return str(run)


def answers(served: Served, run: str) -> list[tuple[str, str, Any]]:
    """Who decided what in a run that has ended or soon will."""
    events = served.until(run, lambda _: False)
    return [(e["by"], e["option"], e.get("form")) for e in events if e["type"] == "gate.answered"]


def test_two_keys_lead_from_the_list_to_a_decision(open_page: OpenPage, served: Served) -> None:
    first, second = asked(served), asked(served, "bridges")
    page = open_page("/inbox")
    page.locator(f".inbox-item[data-run='{first}']:focus").wait_for()
    page.keyboard.press("j")
    page.locator(f".inbox-item[data-run='{second}'][aria-current]:focus").wait_for()
    page.keyboard.press("a")
    page.locator("[data-option=approve]:focus").wait_for()
    page.keyboard.press("Enter")
    page.locator(f".inbox-item[data-run='{second}']").wait_for(state="detached")
    assert answers(served, second) == [("ann", "approve", {})]
    page.locator(f".inbox-item[data-run='{first}'][aria-current]:focus").wait_for()


def test_a_letter_typed_into_the_form_decides_nothing(open_page: OpenPage, served: Served) -> None:
    run = asked(served)
    page = open_page("/inbox")
    page.locator(".inbox-detail [name=note]").fill("")
    page.locator(".inbox-detail [name=note]").press_sequentially("jar")
    assert page.locator(".inbox-detail [name=note]").input_value() == "jar"
    assert page.locator(f".inbox-item[data-run='{run}']").count() == 1


def test_exactly_what_will_run_stands_apart_from_all_words(open_page: OpenPage, served: Served) -> None:
    run = approving(served)
    page = open_page("/inbox")
    exact = page.locator(".inbox-detail .exact")
    assert "not written by the model" in exact.inner_text()
    assert "file.write" in exact.inner_text()
    assert '"text": "Rivers are <i>roads</i> that move."' in exact.inner_text()
    assert page.locator(".inbox-detail .framed").count() == 0, "the question is the server's"
    assert page.locator(".inbox-item .risk").inner_text() == "medium risk"
    page.keyboard.press("d")
    page.keyboard.press("Enter")
    page.locator(".gate-own [name=reason]").fill("not today")
    page.locator(".gate-own [name=reason]").press("Control+Enter")
    page.get_by_text("Nothing waits for a decision.").wait_for()
    assert answers(served, run)[-1] == ("ann", "deny", {"reason": "not today"})


def test_what_a_model_asks_is_framed_as_its_own_words(open_page: OpenPage, served: Served) -> None:
    run = served.start(put(served, APPROVAL, APPROVAL_ANSWERS))["id"]
    served.until_asked(run)
    page = open_page("/inbox")
    framed = page.locator(".inbox-detail .framed")
    assert framed.locator("figcaption").inner_text() == "In the model's own words"
    assert "Which <b>tone</b>?" in framed.inner_text()
    assert page.locator("#content :is(b, i)").count() == 0


def test_what_comes_appears_and_what_is_decided_elsewhere_goes(open_page: OpenPage, served: Served) -> None:
    page = open_page("/inbox")
    page.get_by_text("Nothing waits for a decision.").wait_for()
    run = asked(served)
    item = page.locator(f".inbox-item[data-run='{run}']")
    item.wait_for()
    assert page.locator(".rooms .count").inner_text().strip() == "1"
    served.client("bob").post(f"/api/runs/{run}/gates/review", json={"option": "approve"})
    item.wait_for(state="detached")
    page.get_by_text("Nothing waits for a decision.").wait_for()


def test_a_question_with_a_form_is_prefilled_and_what_is_wrong_is_said_there(
    open_page: OpenPage, served: Served
) -> None:
    run = served.start(put(served, REFUND), {"amount": 400})["id"]
    served.until_asked(run)
    page = open_page("/inbox")
    page.locator(".inbox-item:focus").press("a")
    page.locator("[data-option=change]:focus").press("Enter")
    amount = page.locator(".inbox-detail [name=amount]")
    assert amount.input_value() == "400"
    amount.fill("a lot")
    page.locator(".inbox-detail").get_by_role("button", name="Another amount").last.click()
    page.locator(".inbox-detail .form-said").wait_for()
    amount.fill("120")
    page.locator(".inbox-detail").get_by_role("button", name="Another amount").last.click()
    page.get_by_text("Nothing waits for a decision.").wait_for()
    assert answers(served, run)[-1][1:] == ("change", {"amount": 120})


def test_what_was_decided_is_looked_up_with_who_what_and_when(open_page: OpenPage, served: Served) -> None:
    run = asked(served)
    page = open_page("/inbox")
    page.locator(".inbox-detail [name=note]").fill("as agreed")
    page.locator("[data-option=approve]").click()
    page.get_by_text("Nothing waits for a decision.").wait_for()
    page.get_by_role("tab", name="Decided").click()
    line = page.locator(f"[data-decided='{run}']")
    line.wait_for()
    told = line.inner_text()
    assert all(word in told for word in ("approve", "ann", "draft-and-review", "as agreed")), told
    assert re.match(r"\d{4}-\d\d-\d\dT", line.locator("time").get_attribute("datetime"))
    assert serious(page) == []


def test_it_is_used_on_a_phone(open_page: OpenPage, served: Served) -> None:
    run = approving(served)
    page = open_page("/inbox", viewport={"width": 360, "height": 740}, has_touch=True)
    page.locator(f".inbox-item[data-run='{run}']").tap()
    page.locator(".inbox-detail .exact").wait_for()
    assert overflow(page) == []
    page.get_by_role("button", name="Back to the list").tap()
    page.locator(f".inbox-item[data-run='{run}']").tap()
    page.locator("[data-option=approve]").tap()
    page.get_by_text("Nothing waits for a decision.").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_page: OpenPage, served: Served, theme: str) -> None:
    approving(served)
    asked(served)
    page = open_page("/inbox", color_scheme=theme)
    page.locator(".inbox-detail .exact").wait_for()
    assert serious(page) == []


def test_nothing_in_it_speaks_of_pausing(open_page: OpenPage, served: Served) -> None:
    asked(served)
    page = open_page("/inbox")
    page.locator(".inbox-detail .gate").wait_for()
    shown = page.locator("body").inner_text().lower()
    assert "paused" not in shown
    assert "resume" not in shown
    words = (Path(__file__).parents[2] / "editor_static/js/words-run.js").read_text(encoding="utf-8").lower()
    of_inbox = [line for line in words.splitlines() if '"inbox.' in line or '"gate.' in line]
    assert of_inbox
    assert [line for line in of_inbox if re.search("paused|resume", line)] == []


def test_a_stranger_sees_the_login(open_page: OpenPage) -> None:
    page = open_page("/inbox", who=None)
    page.locator("[name=token]").wait_for()
