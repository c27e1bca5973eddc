"""``human.ask`` and ``escalate``: how an agent turns to somebody else.

Rule: these touch nothing outside; the question is a gate of the run, the escalation a mark on the node.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Final

from pydantic import Field

from engine.agents import ToolContext
from engine.agents.canonical import is_object
from engine.agents.definition import make_tool

_ANSWER: Final = {
    "type": "object",
    "properties": {"answer": {"type": "string", "title": "Answer", "minLength": 1}},
    "required": ["answer"],
}
Option = Annotated[str, Field(min_length=1, max_length=200)]


async def ask(
    question: Annotated[str, Field(min_length=1)],
    context: ToolContext,
    options: Annotated[list[Option], Field(max_length=20)] | None = None,
) -> str:
    """Ask a person and wait for the answer.

    Args:
        question: what you want to know, with all that is needed to answer it.
        context: of the call.
        options: the answers to choose from; leave it out for a free answer.
    """
    chosen: list[dict[str, Any]] = [{"name": option} for option in dict.fromkeys(options or ())]
    answered = context.site.ask(question, chosen or [{"name": "answer", "form": _ANSWER}], None)
    if chosen or not is_object(answered.form):
        return answered.option
    return str(answered.form["answer"])


async def escalate(reason: str = "") -> str:
    """Say that this is done or cannot be done here, so that the loop around it ends.

    Args:
        reason: why, in one sentence.
    """
    return reason or "escalated"


TOOLS = (
    make_tool(ask, name="human.ask", effect="read", timeout_s=None),
    replace(make_tool(escalate, name="escalate", effect="read"), escalates=True),
)
