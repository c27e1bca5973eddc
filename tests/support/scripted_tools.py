"""Tools that do what a case's data says, and a book of what they were asked to do.

Rule: a case says in JSON what the world outside does (how long a tool takes, what it returns, how often and how it
fails); these few words are all there is, and every call is noted, so a case can count and compare.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from engine import ToolContext, ToolError, tool
from engine.errors import ErrorClass
from tests.support.clock import VirtualClock


class Words(BaseModel):
    """Base of all that a case says: unknown words are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Fails(Words):
    """An error that the tool raises; ``happened`` false promises that no effect took place."""

    error_class: ErrorClass = Field(default="tool", alias="class")
    code: str = "tool.failed"
    message: str = "it does not work"
    happened: bool = True


class Turn(Words):
    """What one call does, in this order: wait, write a line, fail or return.

    Attributes:
        sleeps_s: virtual seconds that it takes.
        writes: a line for the book; ``$value`` stands for the argument.
        fails: it ends with this error.
        returns: its result.
        echoes: its result is the argument ``value``.
    """

    sleeps_s: float = 0
    writes: JsonValue = None
    fails: Fails | None = None
    returns: JsonValue = None
    echoes: bool = False


class ScriptedTool(Words):
    """One tool: its n-th call takes the n-th turn, the last turn stays.

    ``by_value``: other turns for calls whose argument ``value`` has this JSON text.
    """

    effect: Literal["read", "idempotent", "unsafe"] = "read"
    does: list[Turn] = Field(default_factory=lambda: [Turn(echoes=True)])
    by_value: dict[str, list[Turn]] = Field(default_factory=dict[str, list[Turn]])
    timeout_s: float | None = None


@dataclass(slots=True)
class Call:
    """One call: whose, with what, and from when to when (virtual seconds).

    ``ended`` is None while it is under way; ``was_cut_off``: it was cancelled and its cleaning up has run.
    """

    tool: str
    execution: str
    value: Any
    began: float
    ended: float | None = None
    was_cut_off: bool = False


@dataclass(slots=True)
class Book:
    """All calls in the order in which they began, and the lines that they wrote."""

    calls: list[Call] = field(default_factory=list[Call])
    lines: list[Any] = field(default_factory=list[Any])


def scripted_tools(scripts: Mapping[str, ScriptedTool], book: Book, clock: VirtualClock) -> list[Any]:
    """The tools of a case, ready to be registered."""
    return [_scripted_tool(name, script, book, clock) for name, script in scripts.items()]


def _scripted_tool(name: str, script: ScriptedTool, book: Book, clock: VirtualClock) -> Any:
    turns_taken: dict[str, int] = {}

    @tool(name=name, effect=script.effect, timeout_s=script.timeout_s)
    async def scripted(ctx: ToolContext, value: Any = None) -> Any:
        """Do what the case says."""
        call = Call(name, ctx.execution, value, clock.now())
        book.calls.append(call)
        text = json.dumps(value, ensure_ascii=False)
        turns = script.by_value.get(text, script.does)
        which = text if text in script.by_value else ""
        turn = turns[min(turns_taken.get(which, 0), len(turns) - 1)]
        turns_taken[which] = turns_taken.get(which, 0) + 1
        try:
            await clock.sleep(turn.sleeps_s)
            return _outcome(turn, value, book)
        except asyncio.CancelledError:
            call.was_cut_off = True
            raise
        finally:
            call.ended = clock.now()

    return scripted


def _outcome(turn: Turn, value: Any, book: Book) -> Any:
    if turn.writes is not None:
        book.lines.append(value if turn.writes == "$value" else turn.writes)
    if turn.fails is not None:
        fails = turn.fails
        raise ToolError(fails.message, code=fails.code, error_class=fails.error_class, happened=fails.happened)
    return value if turn.echoes else turn.returns
