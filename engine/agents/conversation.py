"""What goes along when one agent hands over to another, and how a stretch of work ends.

Rule: a conversation belongs to nobody; whoever leads it now adds to it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from engine.agents.messages import Message


@dataclass(slots=True)
class Conversation:
    """What goes along when one agent hands over to another: the words, the count of steps and calls, what was set.

    Attributes:
        messages: oldest first.
        calls: how many have been asked for; the next one's number is one more.
        steps: agent label -> steps taken.
        writes: state keys set by tools.
        escalated: a tool called for the end of the loop.
        results: what calls returned, for scripts.
    """

    messages: list[Message]
    calls: int = 0
    steps: Counter[str] = field(default_factory=Counter[str])
    writes: dict[str, Any] = field(default_factory=dict[str, Any])
    escalated: bool = False
    results: list[Any] = field(default_factory=list[Any])


@dataclass(frozen=True, slots=True)
class Transfer:
    """The turn ends by a hand-over."""

    target: str
    message: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The turn ends with an answer."""

    output: Any
