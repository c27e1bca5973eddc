"""What people are asked about a call: may it happen, did it happen, what is the answer.

Rule: the words of an approval are the engine's own: the tool's name and the exact arguments, never a model's account
of them. A call that needs a person leaves by ``Asks``; whoever runs the turn opens the gate once nothing else is under
way, and the answer is found in the journal when the call comes by again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from engine.agents.canonical import digest, shown
from engine.agents.definition import Tool
from engine.runtime.context import NodeContext
from engine.scheduler.events import EffectClaimed, GateAnswered, GateOpened

APPROVE, DENY = "approve", "deny"
HAPPENED, AGAIN, FAIL = "happened", "again", "fail"
APPROVAL_VALID_S: Final = 7 * 86_400.0
"""Seconds after which an approval that nobody decided counts as refused."""

_REASON: Final = {"type": "object", "properties": {"reason": {"type": "string", "title": "Reason"}}}
_RESULT: Final = {"type": "object", "properties": {"result": {"title": "What the call returned, as JSON"}}}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a person is asked to approve a call of: a tool, or a graph that is called like one.

    Attributes:
        name: how it is called.
        version: SHA-256 of what it is: an approval does not survive a change of it.
        risk_level: ``low``, ``medium`` or ``high``.
    """

    name: str
    version: str
    risk_level: str


class Asks(Exception):  # noqa: N818 - like Suspend, no error
    """The turn cannot go on before a person has answered or graphs have ended. It passes every catch of errors.

    Attributes:
        gate: what a person is asked, or None.
        claims: calls of graphs that are to be opened.
    """

    def __init__(self, gate: GateOpened | None, claims: tuple[EffectClaimed, ...] = ()) -> None:
        super().__init__(gate.gate if gate is not None else ", ".join(claim.key for claim in claims))
        self.gate = gate
        self.claims = claims

    @classmethod
    def joined(cls, asks: Sequence[Asks]) -> Asks:
        """All graphs of several calls, and the first of their questions: people are asked one thing at a time."""
        gates = [one.gate for one in asks if one.gate is not None]
        return cls(gates[0] if gates else None, tuple(claim for one in asks for claim in one.claims))


def binding(ctx: NodeContext, subject: Subject, args: Any, call: str) -> str:
    """What an approval is given for: SHA-256 of tool, version, arguments, run, execution and call."""
    return digest([subject.name, subject.version, args, ctx.run_id, ctx.execution, call])


def approval(ctx: NodeContext, subject: Subject, args: Any, call: str) -> GateAnswered:
    """The decision on exactly this call.

    A decision on other bytes (the tool has changed since) is void: then the question is asked anew.

    Raises:
        Asks: nobody has decided so far.
    """
    bound = binding(ctx, subject, args, call)
    asked = 0
    for event in ctx.recorded:
        if isinstance(event, GateOpened) and event.purpose == "approval" and event.detail["call"] == call:
            asked += 1
            if event.detail["binding"] == bound:
                return _answer(ctx, event)
    raise Asks(
        GateOpened(
            gate=f"{ctx.execution}!{call}" if asked == 0 else f"{ctx.execution}!{call}-{asked + 1}",
            execution=ctx.execution,
            node=ctx.node,
            purpose="approval",
            prompt=f"May {ctx.node} call the tool {subject.name} with exactly these arguments?\n\n{shown(args)}",
            options=[{"name": APPROVE, "label": "Approve"}, {"name": DENY, "label": "Deny", "form": _REASON}],
            deadline=ctx.clock.now() + APPROVAL_VALID_S,
            default=DENY,
            detail={
                "tool": subject.name,
                "version": subject.version,
                "risk": subject.risk_level,
                "args": args,
                "call": call,
                "binding": bound,
            },
        )
    )


def outcome(ctx: NodeContext, tool: Tool, args: Any, call: str, *, claims: int, error: str | None) -> GateAnswered:
    """What became of an unsafe call whose end nobody saw.

    Args:
        ctx: the execution.
        tool: the tool.
        args: its arguments.
        call: the call's number.
        claims: how often the call has been begun, at least 1.
        error: what it raised, or None when the process ended before anything was known.

    Raises:
        Asks: nobody has said so far.
    """
    gate = f"{ctx.execution}!{call}-effect" + (f"-{claims}" if claims > 1 else "")
    for event in ctx.recorded:
        if isinstance(event, GateOpened) and event.gate == gate:
            return _answer(ctx, event)
    why = f"It ended with: {error.rstrip('.')}." if error is not None else "It was cut off before its end."
    prompt = (
        f"Nobody knows whether this call of {tool.name} had its effect. {why} Look there, then say whether it happened "
        f"(with what it returned), is to be made again, or counts as failed.\n\n{shown(args)}"
    )
    raise Asks(
        GateOpened(
            gate=gate,
            execution=ctx.execution,
            node=ctx.node,
            purpose="effect",
            prompt=prompt,
            options=[
                {"name": HAPPENED, "label": "It happened", "form": _RESULT},
                {"name": AGAIN, "label": "Call it again"},
                {"name": FAIL, "label": "It failed", "form": _REASON},
            ],
            detail={"tool": tool.name, "args": args, "call": call, "error": error, "key": key_of(ctx, call)},
        )
    )


def question(ctx: NodeContext, call: str, prompt: str, options: list[dict[str, Any]], form: Any) -> GateAnswered:
    """A person's answer to a question that a tool asks.

    Raises:
        Asks: nobody has answered so far.
    """
    gate = f"{ctx.execution}!{call}"
    for event in ctx.recorded:
        if isinstance(event, GateOpened) and event.gate == gate:
            return _answer(ctx, event)
    raise Asks(
        GateOpened(
            gate=gate,
            execution=ctx.execution,
            node=ctx.node,
            purpose="ask",
            prompt=prompt,
            options=options,
            form=form,
            detail={"call": call},
        )
    )


def step_aside(ctx: NodeContext, asks: Asks) -> NoReturn:
    """Open the graphs that are called, and the gate that a call needs unless it is open already, and wait for them.

    Raises:
        Suspend: always.
    """
    ctx.step_aside(asks.claims, asks.gate)


def key_of(ctx: NodeContext, call: str) -> str:
    """The idempotency key of a call: run, execution and call, without the attempt."""
    return f"{ctx.run_id}/{ctx.execution}!{call}"


def _answer(ctx: NodeContext, opened: GateOpened) -> GateAnswered:
    found = ctx.answer_to(opened.gate)
    if found is None:
        raise Asks(opened)
    return found
