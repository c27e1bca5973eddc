"""The calls that one answer of a model asks for: numbered, permitted, made side by side, told back in order.

Rule: whatever a model asks for, each call gets a reply that the model can act on; only what concerns the whole turn (a
person to ask, a used-up budget, a transient failure) leaves the turn. Calls are numbered in the order they were asked
for, whatever order they end in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from engine.agents import messages as said
from engine.agents.caller import Call, Outcome
from engine.agents.canonical import digest
from engine.agents.conversation import Transfer
from engine.agents.definition import Tool
from engine.agents.graphs import GraphCall, graph_tool
from engine.agents.models.base import AskedCall, ModelAnswer, ToolSpec
from engine.agents.questions import Asks, key_of
from engine.agents.spec import CALLED, AgentSpec
from engine.agents.writes import combine
from engine.errors import Failure, OutsideError
from engine.model.names import nearest
from engine.model.nodes import GRAPH_TOOL, ToolUse
from engine.model.schema import validator
from engine.runtime.limits import LimitReached
from engine.scheduler.events import EffectSettled

if TYPE_CHECKING:
    from engine.agents.turn import Turn

TRANSFER: Final = "transfer_to_agent"
REPEATS: Final = 3
"""So many times the same call with the same arguments is going round in circles; the last is not made."""
SAME_ERRORS: Final = 2
"""So many times the same error of the same tool is going round in circles."""

SET_PLAN: Final = ToolSpec(
    "set_plan",
    "Set the plan: the steps still to be taken, in order.",
    {
        "type": "object",
        "properties": {"steps": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 50}},
        "required": ["steps"],
        "additionalProperties": False,
    },
)
_ASK_AGENT: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "request": {"type": "string", "description": "What it is to do, with all it needs to know."},
        "context": {"description": "More that it should know, any JSON."},
    },
    "required": ["request"],
    "additionalProperties": False,
}


@dataclass(slots=True)
class _Job:
    """One call on its way: its number, what was asked, how to do it (None: the reply is known), the reply."""

    number: str
    asked: AskedCall
    work: Callable[[], Awaitable[Outcome]] | None = None
    reply: Outcome | None = None
    untrusted: bool = False
    escalates: bool = False


# --- what a model may call ---


def specs(turn: Turn) -> list[ToolSpec]:
    """What the agent may call, in the order of its ``tools``, the hand-over last.

    Raises:
        NodeError: ``tool.unknown`` or ``graph.unknown``; the document names one that is not there.
    """
    found: list[ToolSpec] = []
    for use in turn.spec.tools:
        if use.tool.startswith(CALLED):
            agent = turn.spec.agents[use.tool.removeprefix(CALLED)]
            found.append(ToolSpec(use.tool, agent.description or f"Ask the agent {agent.name}.", _ASK_AGENT))
        elif use.tool.startswith(GRAPH_TOOL):
            called = graph_tool(turn, use.tool)
            found.append(ToolSpec(called.name, called.description, called.parameters))
        else:
            tool = turn.shared.services.tools.find(use.tool)
            found.append(ToolSpec(tool.name, tool.description, tool.parameters))
    if turn.targets:
        found.append(_transfer_spec(turn))
    return found


def _transfer_spec(turn: Turn) -> ToolSpec:
    known = "; ".join(f"{name}: {text}" if text else name for name, text in turn.targets.items())
    parameters = {
        "type": "object",
        "properties": {
            "agent": {"type": "string", "enum": list(turn.targets)},
            "message": {"type": "string", "description": "What the other one should know, beside the conversation."},
        },
        "required": ["agent"],
        "additionalProperties": False,
    }
    return ToolSpec(TRANSFER, f"Hand the conversation over for good, to one of: {known}", parameters)


def delegates(turn: Turn, answer: ModelAnswer) -> bool:
    """Whether the answer has a sub-agent do something."""
    return any(_agent(turn, call.tool) is not None for call in answer.calls)


def has_planned(answer: ModelAnswer) -> bool:
    """Whether the answer sets the plan."""
    return any(call.tool == SET_PLAN.name for call in answer.calls)


def _agent(turn: Turn, name: str) -> AgentSpec | None:
    is_listed = name.startswith(CALLED) and any(use.tool == name for use in turn.spec.tools)
    return turn.spec.agents.get(name.removeprefix(CALLED)) if is_listed else None


# --- making them ---


async def make(turn: Turn, answer: ModelAnswer) -> Transfer | None:
    """Make the calls, tell the model what came of them, and say whether it hands over.

    Raises:
        Asks: a person must say something first; everything that needs nobody has been done.
        LimitReached: a budget around the agent is used up.
        OutsideError: a sub-agent met a transient or fatal failure.
    """
    jobs = [_Job(turn.number(), asked) for asked in answer.calls]
    turn.say(said.assistant(answer.text, [(job.number, job.asked.tool, job.asked.args) for job in jobs]))
    transfer: Transfer | None = None
    for job in jobs:
        handed = _prepare(turn, job, can_transfer=transfer is None)
        transfer = transfer or handed
    await _work(jobs)
    for job in jobs:
        _tell(turn, job)
    return transfer


async def _work(jobs: list[_Job]) -> None:
    waiting = [job for job in jobs if job.work is not None]
    if len(waiting) == 1:
        await _do(waiting[0])
        return
    ended = await asyncio.gather(*map(_do, waiting), return_exceptions=True)
    asks: list[Asks] = []
    for error in ended:
        if isinstance(error, Asks):
            asks.append(error)
        elif error is not None:
            raise error
    if asks:
        raise Asks.joined(asks)


async def _do(job: _Job) -> None:
    if job.work is not None:
        job.reply = await job.work()


def _prepare(turn: Turn, job: _Job, *, can_transfer: bool) -> Transfer | None:
    """Decide what is to be done for one call, in order, before any of them begins."""
    name, args = job.asked.tool, job.asked.args
    same = (name, digest(args))
    turn.repeated[same] += 1
    if turn.repeated[same] >= REPEATS and name != TRANSFER:
        turn.trouble = f"{name} was called {turn.repeated[same]} times with the same arguments"
        _refuse(turn, job, Failure("logic", "agent.repeated", turn.trouble, hint="take another way"))
    elif name == SET_PLAN.name and turn.spec.plan:
        problem = turn.set_plan(args)
        job.reply = Outcome("planned") if problem is None else Outcome(error=_unfit(name, problem))
    elif name == TRANSFER and turn.targets:
        return _handed_over(turn, job, can_transfer=can_transfer)
    elif (agent := _agent(turn, name)) is not None:
        _prepare_agent(turn, job, agent)
    elif (use := next((use for use in turn.spec.tools if use.tool == name), None)) is not None:
        _prepare_use(turn, job, use)
    else:
        known = [spec.name for spec in specs(turn)]
        close = nearest(name, known)
        hint = f"did you mean {close}?" if close else f"there are: {', '.join(known) or 'no tools'}"
        _refuse(turn, job, Failure("tool", "tool.unknown", f"there is no tool {name!r}", hint=hint))
    return None


def _prepare_use(turn: Turn, job: _Job, use: ToolUse) -> None:
    """Count a call of a tool or graph against what the agent's entry allows, and say how it is made."""
    known = turn.shared.ledger.entry(key_of(turn.shared.ctx, job.number))
    is_over = known is not None and known.settled is not None
    if not is_over and use.max_calls is not None and turn.uses[use.tool] >= use.max_calls:
        message = f"this agent has called {use.tool} {use.max_calls} times, which is its limit"
        _refuse(turn, job, Failure("limit", "tool.max_calls", message, hint="find another way"))
        return
    if not is_over or (known is not None and known.claims):
        turn.uses[use.tool] += 1
    if known is not None and known.claims:
        turn.rebook_call()
    if use.tool.startswith(GRAPH_TOOL):
        _prepare_graph(turn, job, use)
    else:
        _prepare_tool(turn, job, use, turn.shared.services.tools.find(use.tool))


def _prepare_graph(turn: Turn, job: _Job, use: ToolUse) -> None:
    job.untrusted = True
    is_asked = use.requires_confirmation is True
    call = GraphCall(turn, job.number, graph_tool(turn, use.tool), job.asked.args, is_asked, use.timeout_s)
    job.work = partial(_graph_called, turn, job, call)


async def _graph_called(turn: Turn, job: _Job, call: GraphCall) -> Outcome:
    outcome = await call.made()
    return outcome if outcome.error is None else _refuse(turn, job, outcome.error)


def _prepare_tool(turn: Turn, job: _Job, use: ToolUse, tool: Tool) -> None:
    shared = turn.shared
    job.untrusted, job.escalates = tool.untrusted_output, tool.escalates
    times = [seconds for seconds in (tool.timeout_s, use.timeout_s) if seconds is not None]
    call = Call(
        shared.ctx,
        tool,
        job.number,
        job.asked.args,
        shared.ledger,
        in_turn=True,
        needs_approval=tool.needs_approval or use.requires_confirmation is True,
        timeout_s=min(times, default=None),
        deadline=turn.deadline,
        budget=turn.budget,
    )
    job.work = partial(_called, turn, job, call)


async def _called(turn: Turn, job: _Job, call: Call) -> Outcome:
    try:
        return await turn.shared.services.caller.call(call)
    except LimitReached:
        raise
    except OutsideError as error:
        # It never began: a refusal is journaled like any other outcome.
        return _refuse(turn, job, Failure(error.error_class, error.code, error.message, hint=error.hint))


def _prepare_agent(turn: Turn, job: _Job, agent: AgentSpec) -> None:
    problems = validator(_ASK_AGENT).problems(job.asked.args)
    if problems:
        _refuse(turn, job, _unfit(job.asked.tool, "; ".join(map(str, problems))))
    else:
        job.work = partial(turn.shared.delegate, turn, job.number, agent, job.asked.args)


def _handed_over(turn: Turn, job: _Job, *, can_transfer: bool) -> Transfer | None:
    problems = validator(_transfer_spec(turn).parameters).problems(job.asked.args)
    if problems:
        _refuse(turn, job, _unfit(TRANSFER, "; ".join(map(str, problems))))
    elif not can_transfer:
        _refuse(turn, job, Failure("tool", "tool.arguments", "the conversation was handed over already"))
    else:
        job.reply = Outcome("handed over")
        return Transfer(job.asked.args["agent"], job.asked.args.get("message", ""))
    return None


def _unfit(tool: str, problem: str) -> Failure:
    return Failure("tool", "tool.arguments", f"the arguments of {tool} do not fit: {problem}")


def _refuse(turn: Turn, job: _Job, failure: Failure) -> Outcome:
    """Reply with an error, and journal that."""
    ctx = turn.shared.ctx
    key = key_of(ctx, job.number)
    known = turn.shared.ledger.entry(key)
    if known is None or known.settled is None:
        event = EffectSettled(execution=ctx.execution, node=ctx.node, key=key, error=failure)
        ctx.record(event)
        turn.shared.ledger.note(event)
    job.reply = Outcome(error=failure)
    return job.reply


# --- telling the model ---


def _tell(turn: Turn, job: _Job) -> None:
    """Add one reply to the conversation, in the order asked, and note what it means for the turn."""
    reply = job.reply if job.reply is not None else Outcome()
    tool = job.asked.tool
    if reply.error is not None:
        turn.say(said.error(job.number, tool, reply.error))
        turn.talk.results.append(None)
        same = (tool, reply.error.code, reply.error.message)
        turn.errors[same] += 1
        if turn.errors[same] >= SAME_ERRORS and turn.trouble is None:
            turn.trouble = f"{tool} failed {turn.errors[same]} times with: {reply.error.message}"
        return
    turn.say(said.result(job.number, tool, reply.result, untrusted=job.untrusted))
    turn.talk.results.append(reply.result)
    combine(turn.talk.writes, reply.writes, turn.shared.ctx.graph.state)
    turn.talk.escalated = turn.talk.escalated or job.escalates
