"""The one way to call a tool, for tool nodes and for agents: policy, claim, commit, call, settlement.

Rule: what a call may do is decided here, outside any model. A call that changes something outside is claimed in the
journal, and the claim is on disk, before its function is called; what it came to is settled afterwards. So a claim
without settlement means "nobody knows", and an unsafe call in that state is never repeated unasked.

In a simulation a call that would change something is not made: what it returns is made up (``_stood_in``).

Theory of operation, step by step: answer from the journal if the call is settled there · check the arguments · count
against ``max_calls`` · ask for approval · for an unsafe call whose end is unknown ask what became of it · reserve the
budget, claim, commit · call, within its time · make the result JSON, settle. Steps that need a person leave by ``Asks``
and are taken again, from the journal, when the answer is there.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from engine.agents import questions
from engine.agents.canonical import digest, is_object
from engine.agents.deadlines import DeadlinePassed, within
from engine.agents.definition import Effect, Tool
from engine.agents.ledger import Entry, Ledger
from engine.agents.models.instances import smallest_instance
from engine.agents.results import to_json
from engine.agents.secrets import Revealed, SecretStore, has_secret, reveal
from engine.agents.threads import Threads
from engine.agents.toolcontext import Asking, Site, ToolContext
from engine.errors import EngineBug, Failure, OutsideError, ToolError
from engine.model.values import ABSENT, as_object
from engine.runtime.context import NodeContext, Suspend
from engine.runtime.limits import Budget
from engine.scheduler.events import EffectClaimed, EffectSettled

MARGIN_S: Final = 0.01
"""An unsafe call is cut off this many seconds before its node, so that a person is asked instead of a failure noted."""


@dataclass(slots=True)
class Call:
    """One call of a tool.

    Attributes:
        ctx: the execution it belongs to.
        tool: the tool.
        number: counts from 1 in the execution; ``3.1`` is the first call of the sub-agent that call 3 started.
        args: JSON arguments as given, secrets not revealed.
        ledger: what the journal knows of this execution's calls.
        in_turn: an agent makes it: every outcome is journaled, and a settled error is the answer.
        needs_approval, timeout_s, max_calls: the tool's own, tightened by the agent's entry.
        deadline: seconds since 1970 when the agent's own time is over, or None.
        secrets: where ``{"$secret": NAME}`` is looked up; None: they stay as they are (a model wrote them).
        template: the arguments as they stand in the document; only what is a secret there is one.
        budget: what is left for the call; absent: the execution's.
    """

    ctx: NodeContext
    tool: Tool
    number: str
    args: Any
    ledger: Ledger
    in_turn: bool = False
    needs_approval: bool = False
    timeout_s: float | None = None
    deadline: float | None = None
    secrets: SecretStore | None = None
    template: Any = None
    budget: Budget | None = None

    @property
    def key(self) -> str:
        """The idempotency key."""
        return questions.key_of(self.ctx, self.number)


@dataclass(slots=True)
class Outcome:
    """What a call came to: a result with its state writes, or an error that was settled."""

    result: Any = None
    writes: dict[str, Any] | None = None
    error: Failure | None = None


@dataclass(slots=True)
class ToolCaller:
    """Makes calls.

    Attributes:
        threads: where plain functions run.
    """

    threads: Threads = field(default_factory=Threads)

    async def call(self, call: Call) -> Outcome:
        """Make the call, or answer it from the journal.

        Raises:
            Asks: a person must say something first.
            ToolError: it failed or was refused: ``tool.arguments``, ``tool.max_calls``, ``tool.denied``,
                ``tool.timeout``, ``tool.raised``, ``tool.result``, ``effect.failed``, or the tool's own code. In an
                agent's turn a call that was begun does not raise: the error is settled and part of the outcome.
            LimitReached: a budget is used up; nothing was called.
        """
        known = call.ledger.entry(call.key) if call.ledger.entries else None
        if known is not None and known.settled is not None:
            settled = known.settled
            if _is_this(call, known) if call.in_turn else settled.error is None:
                return Outcome(settled.result, settled.writes, settled.error)
            # A tool node's earlier attempt ended in an error, or an agent that began anew wants something else.
            known = None
        if call.ctx.is_simulated and call.tool.effect_with(as_object(call.args)) != "read":
            return self._stood_in(call, self._claims(call, known))
        given = self._given(call)
        bound = call.tool.bind(given.args, is_secret=bool(given.used))
        effect = call.tool.effect_with(bound)
        claims = self._claims(call, known)
        if claims == 0:
            self._permit(call, needs_approval=call.needs_approval)
        elif effect == "unsafe":
            answered = self._ask_what_became(call, claims, None)
            if answered is not None:
                return answered
        if claims == 0 or effect == "unsafe":
            self._claim(call, effect, is_first=claims == 0)
        if effect != "read":
            await call.ctx.committed()
        return await self._made(call, effect, bound, given)

    async def plain(self, ctx: NodeContext, tool: Tool, args: Any) -> Any:
        """A tool node's call of a plain tool (``Tool.is_plain``): the same way, without the steps that cannot apply.

        Raises:
            ToolError: it failed.
            LimitReached: a budget is used up; nothing was called.
        """
        bound = tool.bind(args)
        ctx.budget.reserve_tool_call()
        ctx.calls += 1
        deadline = None if tool.timeout_s is None else ctx.clock.now() + tool.timeout_s
        return to_json(await self._invoked(ctx, tool, bound, deadline, tool.timeout_s), tool.name)

    # -- policy ------------------------------------------------------------------------------------------------------

    def _given(self, call: Call) -> Revealed:
        """The arguments with their secrets, as far as the tool may have them."""
        if call.secrets is None or not has_secret(call.template):
            return Revealed(call.args, {})
        given = reveal(call.args, call.template, call.secrets)
        if given.used and given.hosts is not None and not call.tool.sends_to_host:
            raise ToolError(
                f"a secret that is bound to hosts cannot be given to {call.tool.name}",
                code="secret.bound",
                hint="use it with http.request, or take the hosts off the secret in weft.toml",
                happened=False,
            )
        return given

    def _claims(self, call: Call, known: Entry | None) -> int:
        return 0 if known is None else known.claims

    def _permit(self, call: Call, *, needs_approval: bool) -> None:
        """Everything that may forbid a call that has not begun, in the order that bothers people least."""
        tool, ctx = call.tool, call.ctx
        if tool.max_calls is not None and ctx.budget.calls_of(tool.name) >= tool.max_calls:
            raise ToolError(
                f"{tool.name} has been called {tool.max_calls} times in this run, which is its limit",
                code="tool.max_calls",
                error_class="limit",
                hint="find another way, or raise the tool's max_calls",
                happened=False,
            )
        if needs_approval:
            subject = questions.Subject(tool.name, tool.version, tool.risk_level)
            decision = questions.approval(ctx, subject, call.args, call.number)
            if decision.option != questions.APPROVE:
                raise ToolError(
                    f"{decision.by or 'a person'} refused this call of {tool.name}{_reason(decision.form)}",
                    code="tool.denied",
                    hint="find a way without it",
                    happened=False,
                )
        (call.budget or ctx.budget).reserve_tool_call()

    def _ask_what_became(self, call: Call, claims: int, error: str | None) -> Outcome | None:
        """What a person says of an unsafe call whose end is unknown; None means: call again."""
        answer = questions.outcome(call.ctx, call.tool, call.args, call.number, claims=claims, error=error)
        match answer.option:
            case questions.AGAIN:
                return None
            case questions.HAPPENED:
                result = _field(answer.form, "result")
                self._settle(call, result, None)
                return Outcome(result)
            case questions.FAIL:
                what = f"{answer.by or 'a person'} says that this call of {call.tool.name} failed"
                error_ = ToolError(f"{what}{_reason(answer.form)}", code="effect.failed", happened=False)
                return self._failed(call, error_)
            case _:
                raise EngineBug(f"the gate {answer.gate} has no option {answer.option}")

    def _stood_in(self, call: Call, claims: int) -> Outcome:
        """A simulated call: checked and counted like any other; then nothing happens, and the result is made up.

        Nobody is asked to approve it, for there is nothing to approve, and no secret is looked up.
        """
        if not has_secret(call.template):
            call.tool.bind(call.args)
        if claims == 0:
            self._permit(call, needs_approval=False)
            self._claim(call, call.tool.effect, is_first=True)
        result = _made_up(call.tool)
        self._settle(call, result, None, is_simulated=True)
        return Outcome(result)

    # -- journal -----------------------------------------------------------------------------------------------------

    def _claim(self, call: Call, effect: Effect, *, is_first: bool) -> None:
        """Count the call, and journal that it begins."""
        if is_first and call.tool.max_calls is not None:
            call.ctx.budget.count_call(call.tool.name)
        if not _is_journaled(call, effect):
            call.ctx.calls += 1
            return
        event = EffectClaimed(
            execution=call.ctx.execution,
            node=call.ctx.node,
            key=call.key,
            tool=call.tool.name,
            args_hash=digest(call.args),
            effect=effect,
        )
        call.ctx.record(event)
        call.ledger.note(event)

    def _settle(
        self,
        call: Call,
        result: Any,
        writes: dict[str, Any] | None,
        error: Failure | None = None,
        *,
        is_simulated: bool = False,
    ) -> None:
        event = EffectSettled(
            execution=call.ctx.execution,
            node=call.ctx.node,
            key=call.key,
            result=result,
            error=error,
            writes=writes or None,
            simulated=is_simulated,
        )
        call.ctx.record(event)
        call.ledger.note(event)

    def _failed(self, call: Call, error: OutsideError) -> Outcome:
        """The end of a call that was begun and failed: settled; told to the model, or raised for a tool node."""
        failure = Failure(error.error_class, error.code, error.message, call.ctx.node, error.hint)
        self._settle(call, None, None, failure)
        if call.in_turn:
            return Outcome(error=failure)
        raise error

    # -- the call itself ---------------------------------------------------------------------------------------------

    async def _made(self, call: Call, effect: Effect, bound: dict[str, Any], given: Revealed) -> Outcome:
        deadline = self._deadline(call, effect)
        writes: dict[str, Any] = {}
        if call.tool.context_parameter is not None:
            context = self._context(call, deadline, given)
            bound[call.tool.context_parameter] = context
            writes = context.site.writes
        try:
            result = to_json(await self._invoked(call.ctx, call.tool, bound, deadline, call.timeout_s), call.tool.name)
            writes = {key: to_json(value, call.tool.name) for key, value in writes.items()}
        except OutsideError as error:
            return self._went_wrong(call, effect, _concealed(error, given))
        if given.used:
            result, writes = given.conceal(result), given.conceal(writes)
        if _is_journaled(call, effect):
            self._settle(call, result, writes)
        return Outcome(result, writes or None)

    async def _invoked(
        self, ctx: NodeContext, tool: Tool, bound: dict[str, Any], deadline: float | None, timeout_s: float | None
    ) -> Any:
        try:
            if tool.is_async:
                return await within(ctx.clock, deadline, tool.function(**bound))
            work = self.threads.run(partial(tool.function, **bound))
            return await within(ctx.clock, deadline, work)
        except DeadlinePassed:
            raise ToolError(
                f"{tool.name} took longer than it may ({timeout_s or 0:g} s)",
                code="tool.timeout",
                error_class="limit",
                hint="ask for less at once, or raise its timeout_s",
            ) from None
        except (OutsideError, Suspend, questions.Asks):
            raise
        except Exception as error:  # a tool is foreign code: whatever it raises is its failure, not ours
            raise ToolError(f"{tool.name} raised {type(error).__name__}: {error}", code="tool.raised") from error

    def _went_wrong(self, call: Call, effect: Effect, error: OutsideError) -> Outcome:
        """A begun call ended with an error: a failure, unless an unsafe effect may have happened all the same."""
        if effect == "unsafe" and not (isinstance(error, ToolError) and not error.happened):
            known = call.ledger.entry(call.key)
            claims = known.claims if known is not None else 1
            self._ask_what_became(call, claims, f"{error.code}: {error.message}")
            raise EngineBug(f"the outcome of {call.key} was answered before it was asked")
        if not _is_journaled(call, effect):
            raise error
        return self._failed(call, error)

    def _deadline(self, call: Call, effect: Effect) -> float | None:
        """When the call is cut off: by its own time, its agent's, and an unsafe one just before its node's."""
        ends: list[float] = []
        if call.timeout_s is not None:
            ends.append(call.ctx.clock.now() + call.timeout_s)
        if effect == "unsafe":
            if call.ctx.deadline is not None:
                ends.append(call.ctx.deadline - MARGIN_S)
        elif call.deadline is not None:
            # An unsafe call is not cut off by its agent's time: it ends within its own, so that its end is known.
            ends.append(call.deadline)
        return min(ends, default=None)

    def _context(self, call: Call, deadline: float | None, given: Revealed) -> ToolContext:
        ctx = call.ctx
        site = Site(
            tool=call.tool.name,
            state_keys=ctx.graph.state,
            ask=_asking(partial(questions.question, ctx, call.number), given),
            emit=lambda kind, value: ctx.emit(kind, given.conceal(value)),
            loop=asyncio.get_running_loop(),
            thread=threading.get_ident(),
            hosts=given.hosts,
        )
        state = ctx.names.get("state", {})
        return ToolContext(ctx.run_id, ctx.execution, call.key, deadline, state, site)


def _is_this(call: Call, known: Entry) -> bool:
    """Whether what was begun under the number of an agent's call is this call; a refused one was never begun."""
    return known.begun_as is None or known.begun_as == (call.tool.name, digest(call.args))


def _asking(ask: Asking, given: Revealed) -> Asking:
    """How a call asks a person, who is not told its secrets either."""
    if not given.used:
        return ask
    return lambda prompt, options, form: ask(given.conceal(prompt), given.conceal(options), given.conceal(form))


def _is_journaled(call: Call, effect: Effect) -> bool:
    """Whether the call leaves events of its own; an uncounted ``read`` of a tool node is told by its node's."""
    return effect != "read" or call.in_turn or call.tool.max_calls is not None


def _made_up(tool: Tool) -> Any:
    """What stands in for a tool's result: a value that fits its schema, where it has one and such a value was found."""
    words = f"(simulated) {tool.name}"
    found = ABSENT if tool.returns is None else smallest_instance(tool.returns, words=words)
    return words if found is ABSENT else found


def _reason(form: Any) -> str:
    reason = _field(form, "reason")
    return f": {reason}" if isinstance(reason, str) and reason else ""


def _field(form: Any, name: str) -> Any:
    return form.get(name) if is_object(form) else None


def _concealed(error: OutsideError, given: Revealed) -> OutsideError:
    """The error without the secrets of the call, its cause included."""
    if given.used:
        error.message = given.conceal(error.message)
        error.hint = given.conceal(error.hint)
        error.args = (error.message,)
        error.__cause__ = None
        error.__context__ = None
    return error
