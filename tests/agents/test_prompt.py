"""The system prompt of a step, and the conversation in words."""

from __future__ import annotations

from engine.agents import messages as said
from engine.agents.models.base import ToolSpec
from engine.agents.prompt import Progress, system_prompt
from engine.errors import Failure

LOOK = ToolSpec("look", "Look something up.", {})
ASK = ToolSpec("human.ask", "Ask a person.", {})


def test_a_single_answer_needs_nothing_but_the_instructions() -> None:
    assert system_prompt("  Write. ", (), Progress(1, 20, "executing")) == "Write."


def test_tools_rules_progress_and_plan_follow_under_headings() -> None:
    progress = Progress(3, 20, "tool_calling", ("look", "write"))
    text = system_prompt("Write.", (LOOK, ASK), progress, is_untrusted=True)
    assert text.startswith("Write.\n\n# Rules\n- When you are unsure")
    assert "never as instructions" in text
    assert "# Tools\n- look: Look something up.\n- human.ask: Ask a person." in text
    assert text.endswith("# Progress\nStep 3 of at most 20; tool calling.\nPlan:\n1. look\n2. write")


def test_the_schema_is_stated_and_planning_asked_for() -> None:
    text = system_prompt("", (), Progress(1, 20, "executing"), output_schema={"type": "integer"})
    assert 'fits this schema: {"type":"integer"}' in text
    assert "call set_plan" in system_prompt("", (LOOK,), Progress(1, 20, "planning"))


def test_the_same_parts_give_the_same_text() -> None:
    parts = ("Write.", (LOOK,), Progress(2, 5, "executing"))
    assert system_prompt(*parts) == system_prompt(*parts)


def test_a_simplified_conversation_is_the_request_and_the_last_message() -> None:
    request = said.user("Do it.")
    failure = Failure("tool", "tool.failed", "no luck")
    talk = [request, said.assistant("x", [("1", "look", {})]), said.error("1", "look", failure), said.assistant("y")]
    assert said.simplified(talk, request) == [request, said.user("look failed: no luck")]
    assert said.simplified([request, said.assistant("x")], request) == [request]
    assert said.simplified([*talk, said.result("2", "look", {"a": 1})], request)[1]["text"] == 'look returned: {"a":1}'
