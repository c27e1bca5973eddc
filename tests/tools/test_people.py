"""``human.ask``, ``escalate`` and ``time.now`` as tool nodes."""

from __future__ import annotations

import pytest

from engine.errors import ToolError
from engine.scheduler.events import GateOpened
from tests.tools.use import built_in, desk, run, use


@pytest.mark.anyio
async def test_a_question_without_options_gets_a_free_answer() -> None:
    here = desk("human.ask", {"question": "Which colour?"})
    result = await run(here, built_in(), (("answer", {"answer": "blue"}),))
    assert result.output == "blue"


@pytest.mark.anyio
async def test_a_question_with_options_gets_one_of_them() -> None:
    here = desk("human.ask", {"question": "Which?", "options": ["red", "blue", "red"]})
    result = await run(here, built_in(), (("blue", None),))
    assert result.output == "blue"
    (gate,) = here.of(GateOpened)
    assert gate.purpose == "ask"
    assert [o["name"] for o in gate.options] == ["red", "blue"]
    assert gate.gate == "t!1"


@pytest.mark.anyio
async def test_escalate_marks_its_node() -> None:
    result = await run(desk("escalate", {"reason": "done"}), built_in())
    assert result.escalated
    assert result.output == "done"


@pytest.mark.anyio
async def test_the_time_comes_from_the_engines_clock() -> None:
    assert await use("time.now") == "2026-01-01T00:00:00+00:00"
    assert await use("time.now", zone="Asia/Seoul") == "2026-01-01T09:00:00+09:00"


@pytest.mark.anyio
@pytest.mark.parametrize("zone", ["Mars/Base", "../etc/passwd", "", "/etc/passwd"])
async def test_an_unknown_zone_is_said(zone: str) -> None:
    with pytest.raises(ToolError) as caught:
        await use("time.now", zone=zone)
    assert caught.value.code == "tool.arguments"
