"""Agents among themselves: a conversation that is handed over, and a sub-agent that is called and returns.

Rule: a hand-over keeps the conversation and changes who leads it; a call begins a conversation of its own, with its own
time and a part of the caller's budget, and comes back as ``{agent, status, result | error}``. What a called agent wrote
to the state goes along with its result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.agents import messages as said
from engine.agents.caller import Outcome
from engine.agents.canonical import digest
from engine.agents.conversation import Conversation, Ended, Transfer
from engine.agents.deadlines import DeadlinePassed
from engine.agents.messages import Message
from engine.agents.questions import key_of
from engine.agents.spec import CALLED, AgentSpec
from engine.agents.turn import Execution, Turn
from engine.errors import EngineBug, NodeError, OutsideError
from engine.model.values import compact
from engine.runtime.limits import Budget, LimitReached
from engine.scheduler.events import EffectClaimed, EffectSettled

HANDOVERS: Final = 20
"""So often one conversation may change hands in one attempt."""


@dataclass(slots=True)
class Party:
    """One conversation and what bounds it.

    Attributes:
        shared: the execution.
        top: the agent that was asked.
        label: of ``top`` in the journal: "" for the node's own agent, else ``NAME!CALL``.
        prefix: of the numbers of its calls: "" or ``CALL.``.
        request: what was asked.
        talk: the conversation so far, the request last.
        budget: what is left for it.
        deadline: seconds since 1970, or None.
        outside: whom ``top`` may hand over to beyond this conversation: name -> description.
    """

    shared: Execution
    top: AgentSpec
    label: str
    prefix: str
    request: Message
    talk: Conversation
    budget: Budget
    deadline: float | None
    outside: Mapping[str, str]


async def converse(party: Party) -> Ended | Transfer:
    """Let ``top``, and whoever it hands over to within the node, work until there is an answer or a way out.

    Raises:
        Asks: a person must say something first.
        DeadlinePassed: the conversation's time is over.
        OutsideError: it failed. ``agent.handovers``: it changed hands too often; ``agent.timeout``: an agent that took
            over used up its own time.
    """
    spec, request, handovers = party.top, party.request, 0
    while True:
        turn = _turn(party, spec, request)
        try:
            ended = await turn.run()
        except DeadlinePassed:
            if turn.deadline == party.deadline:
                raise
            raise NodeError(
                f"{spec.name} took longer than it may ({spec.timeout_s or 0:g} s)",
                code="agent.timeout",
                error_class="limit",
                hint="raise its timeout_s",
            ) from None
        if isinstance(ended, Ended) or (spec is party.top and ended.target in party.outside):
            return ended
        handovers += 1
        if handovers > HANDOVERS * party.shared.tries:
            raise NodeError(
                f"the conversation changed hands {HANDOVERS} times", code="agent.handovers", error_class="limit"
            )
        request = _handover(party, spec, ended)
        following = party.top.find_agent(ended.target)
        if following is None:
            raise EngineBug(f"the conversation was handed to {ended.target}, whom nobody knows")
        spec = following


def _turn(party: Party, spec: AgentSpec, request: Message) -> Turn:
    is_top = spec is party.top
    inside = {name: agent.description for name, agent in spec.handover_targets(party.top).items()}
    label = party.label if is_top else f"{party.label}/{spec.name}" if party.label else spec.name
    deadline = party.deadline
    if not is_top and spec.timeout_s is not None:
        own = party.shared.ctx.clock.now() + spec.timeout_s
        deadline = own if deadline is None else min(own, deadline)
    return Turn(
        shared=party.shared,
        spec=spec,
        label=label,
        prefix=party.prefix,
        talk=party.talk,
        request=request,
        output_schema=party.top.output_schema or spec.output_schema,
        targets={**inside, **party.outside} if is_top else inside,
        budget=party.budget,
        deadline=deadline,
    )


def _handover(party: Party, giver: AgentSpec, ended: Transfer) -> Message:
    """What the next one is told: the words that go along. The conversation it has anyway."""
    by = giver.name or "the agent before you"
    words = f": {ended.message}" if ended.message else "."
    message = said.user(f"{by} has handed this conversation over to you{words}\n\n{party.request['text']}")
    party.talk.messages.append(message)
    return message


# --- called, and back ---


async def delegate(turn: Turn, number: str, agent: AgentSpec, args: Any) -> Outcome:
    """Have a sub-agent do something and return.

    Its own failures, and the end of its time, come back as a result with another status, so that the caller can take
    another way. What concerns the whole node leaves it.

    Raises:
        Asks: a person must say something first.
        LimitReached: a budget around the sub-agent is used up.
        OutsideError: a transient or fatal failure.
    """
    shared = turn.shared
    key = key_of(shared.ctx, number)
    known = shared.ledger.entry(key)
    if known is not None and known.settled is not None:
        return Outcome(known.settled.result, known.settled.writes, known.settled.error)
    if known is None:
        _claim(turn, key, agent, args)
    party = _party(turn, number, agent, args)
    value: dict[str, Any] = {"agent": agent.name, "status": "success"}
    try:
        ended = await converse(party)
        value["result"] = ended.output if isinstance(ended, Ended) else None
    except DeadlinePassed:
        if party.deadline == turn.deadline:
            raise
        value |= {"status": "timeout", "error": f"{agent.name} took longer than it may ({agent.timeout_s:g} s)"}
    except OutsideError as error:
        if _concerns_all(error, party, turn):
            raise
        told = {"class": error.error_class, "code": error.code, "message": error.message}
        value |= {"status": "error", "error": told}
    event = EffectSettled(
        execution=shared.ctx.execution, node=shared.ctx.node, key=key, result=value, writes=party.talk.writes or None
    )
    shared.ctx.record(event)
    shared.ledger.note(event)
    return Outcome(value, party.talk.writes or None)


def _concerns_all(error: OutsideError, party: Party, turn: Turn) -> bool:
    if isinstance(error, LimitReached):
        return party.budget is turn.budget or error.owner != party.budget.owner
    return error.error_class in ("transient", "fatal", "cancelled")


def _claim(turn: Turn, key: str, agent: AgentSpec, args: Any) -> None:
    ctx = turn.shared.ctx
    turn.budget.reserve_tool_call()
    event = EffectClaimed(
        execution=ctx.execution,
        node=ctx.node,
        key=key,
        tool=f"{CALLED}{agent.name}",
        args_hash=digest(args),
        effect="read",
    )
    ctx.record(event)
    turn.shared.ledger.note(event)


def _party(turn: Turn, number: str, agent: AgentSpec, args: Any) -> Party:
    shared = turn.shared
    parts = [agent.prompt, args["request"], compact(args["context"]) if "context" in args else ""]
    request = said.user("\n\n".join(part for part in parts if part), agent.attachments)
    ends = [seconds for seconds in (turn.deadline,) if seconds is not None]
    limits = agent.limits
    own = (agent.timeout_s, limits.seconds if limits is not None else None)
    ends.extend(shared.ctx.clock.now() + seconds for seconds in own if seconds is not None)
    budget = turn.budget
    if limits is not None:
        budget = Budget(f"{shared.ctx.execution}!{number}", limits, turn.budget)
    return Party(
        shared=shared,
        top=agent,
        label=f"{agent.name}!{number}",
        prefix=f"{number}.",
        request=request,
        talk=Conversation([request]),
        budget=budget,
        deadline=min(ends, default=None),
        outside={},
    )
