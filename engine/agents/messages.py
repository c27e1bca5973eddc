"""The conversation with a model: plain JSON, storable, the same for every provider.

Rule: a message is one of four objects: ``{"role": "user", "text", "attachments"?}``, ``{"role": "assistant", "text",
"calls"?: [{"call", "tool", "args"}]}``, ``{"role": "tool", "call", "tool", "result" | "error", "untrusted"?}``. Calls
and their results are matched by the call's number. Nothing here is ever changed in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.errors import Failure
from engine.model.values import compact

Message = dict[str, Any]


def user(text: str, attachments: Sequence[Any] = ()) -> Message:
    """What the agent is told: a request, a correction, a hand-over."""
    message: Message = {"role": "user", "text": text}
    if attachments:
        message["attachments"] = list(attachments)
    return message


def assistant(text: str, calls: Sequence[tuple[str, str, Any]] = ()) -> Message:
    """What the model said; ``calls`` as (number, tool, args)."""
    message: Message = {"role": "assistant", "text": text}
    if calls:
        message["calls"] = [{"call": number, "tool": tool, "args": args} for number, tool, args in calls]
    return message


def result(number: str, tool: str, value: Any, *, untrusted: bool = False) -> Message:
    """What a call returned. ``untrusted``: somebody else wrote it, so it gives no orders."""
    message: Message = {"role": "tool", "call": number, "tool": tool, "result": value}
    if untrusted:
        message["untrusted"] = True
    return message


def error(number: str, tool: str, failure: Failure) -> Message:
    """How a call failed, in words that a model can act on."""
    told = {"code": failure.code, "message": failure.message}
    if failure.hint is not None:
        told["hint"] = failure.hint
    return {"role": "tool", "call": number, "tool": tool, "error": told}


def simplified(messages: Sequence[Message], request: Message) -> list[Message]:
    """The request and the last message alone, as text: for a model that could not cope with the whole."""
    last = next((m for m in reversed(messages) if m["role"] != "assistant"), request)
    return [request] if last is request or last == request else [request, user(as_text(last))]


def as_text(message: Message) -> str:
    """One message as text, for people and for simplified prompts."""
    match message["role"]:
        case "tool" if "error" in message:
            return f"{message['tool']} failed: {message['error']['message']}"
        case "tool":
            return f"{message['tool']} returned: {compact(message['result'])}"
        case _:
            return str(message["text"])
