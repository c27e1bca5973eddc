"""One agent's turn: ask the model, make the calls it wants, tell it the results, until it has an answer.

Rule: the turn is a function of the journal. Every step that could come out differently a second time (a model's answer,
a call's outcome, a person's word) is recorded before anything follows from it, and read from there when the turn is
taken up again; everything else is worked out anew and comes out the same. So a turn cut off at any point goes on where
it stood, asking no model and making no call twice.

Theory of operation: ``Turn`` holds one agent's conversation. ``run`` plans (if asked to), then loops: a step that wants
calls has them made by ``engine.agents.calls``; one that gives an answer is checked, perhaps reflected upon, and ends
the turn. Trouble goes through ``engine.agents.recovery``. Transfers end the turn with a target; who takes over is
decided in ``engine.agents.delegate``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from engine.agents import calls, prompt
from engine.agents import messages as said
from engine.agents.caller import Outcome
from engine.agents.canonical import digest
from engine.agents.conversation import Conversation, Ended, Transfer
from engine.agents.deadlines import DeadlinePassed, within
from engine.agents.ledger import Ledger
from engine.agents.lifecycle import Lifecycle, State
from engine.agents.messages import Message
from engine.agents.models.base import Asker, ModelAnswer, ModelRequest, ToolSpec
from engine.agents.models.simulated import SIMULATED
from engine.agents.recorded import RecordedAnswers, answer_json, answer_of
from engine.agents.recovery import Way, way_on
from engine.agents.services import Services
from engine.agents.spec import AgentSpec
from engine.errors import EngineBug, Failure, ModelError, NodeError, OutsideError
from engine.model.nodes import GRAPH_TOOL
from engine.model.schema import validator
from engine.model.values import normal
from engine.runtime.context import NodeContext
from engine.runtime.limits import Budget
from engine.scheduler.events import ModelAnswered, ModelRequested, Usage

_FENCED = re.compile(r"```(?:json)?\s*\n(.*?)\n?```", re.DOTALL)
_RECOVERED_HERE: Final = frozenset({"model"})


@dataclass(slots=True)
class Execution:
    """What all agents of one execution share.

    Attributes:
        ctx: the execution.
        services: the engine's.
        ledger, answers: what the journal knows.
        tries: attempts that count, this one included.
        delegate: has a sub-agent do a call: turn, the call's number, the agent, the arguments.
    """

    ctx: NodeContext
    services: Services
    ledger: Ledger
    answers: RecordedAnswers
    tries: int
    delegate: Callable[[Turn, str, AgentSpec, Any], Awaitable[Outcome]]
    lifecycles: dict[str, Lifecycle] = field(default_factory=dict[str, Lifecycle])

    def lifecycle(self, agent: str) -> Lifecycle:
        """The lifecycle of an agent, the same for all its stretches of work."""
        found = self.lifecycles.get(agent)
        if found is None:
            found = self.lifecycles[agent] = Lifecycle(self.ctx, agent)
        return found


@dataclass(slots=True)
class Turn:
    """One stretch of work of one agent.

    Attributes:
        shared: the execution.
        spec: the agent.
        label: "" for the node's own agent, else its path, for instance ``buyer!1``.
        prefix: of its calls' numbers: "" or ``3.``.
        talk: the conversation, its own request last.
        request: what it was asked; repeated in simplified prompts.
        output_schema: what its answer must fit, or None.
        targets: whom it may hand over to: name -> description.
        budget: what is left for it.
        deadline: seconds since 1970 when its time is over, or None.
    """

    shared: Execution
    spec: AgentSpec
    label: str
    prefix: str
    talk: Conversation
    request: Message
    output_schema: Any
    targets: Mapping[str, str]
    budget: Budget
    deadline: float | None = None
    plan: tuple[str, ...] = ()
    first_step: int = 0
    taken: Counter[Way] = field(default_factory=Counter[Way])
    uses: Counter[str] = field(default_factory=Counter[str])
    repeated: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    errors: Counter[tuple[str, str, str]] = field(default_factory=Counter[tuple[str, str, str]])
    is_simplified: bool = False
    trouble: str | None = None

    # -- the loop ----------------------------------------------------------------------------------------------------

    async def run(self) -> Ended | Transfer:
        """Work until there is an answer or a hand-over.

        Raises:
            Asks: a person must say something first.
            OutsideError: it failed; the state is ``failed``.
        """
        life = self.life
        life.begin()
        self.first_step = self.talk.steps[self.label]
        try:
            if self.spec.plan:
                life.go(State.PLANNING)
                await self._make_plan()
            else:
                life.go(State.EXECUTING)
            ended = await self._work()
        except DeadlinePassed:
            life.fail({"error": {"class": "limit", "code": "agent.timeout"}})
            raise
        except OutsideError as error:
            failure = Failure(error.error_class, error.code, error.message, self.shared.ctx.node, error.hint)
            detail: dict[str, Any] = {"error": failure.as_json()}
            if error.error_class == "transient":
                detail["recovery"] = "back_off"
            life.fail(detail)
            raise
        life.go(State.COMPLETED, {"transfer": ended.target} if isinstance(ended, Transfer) else None)
        return ended

    @property
    def life(self) -> Lifecycle:
        """The agent's lifecycle."""
        return self.shared.lifecycle(self.label)

    async def _work(self) -> Ended | Transfer:
        tools = [*calls.specs(self), *([calls.SET_PLAN] if self.spec.plan else [])]
        while True:
            answer = await self._answered(tools)
            if answer is None:
                continue
            if answer.calls:
                transfer = await self._calls_made(answer)
                if transfer is not None:
                    return transfer
                continue
            output = self._checked(answer)
            if output is not None:
                return await self._reflected(answer, output)

    async def _calls_made(self, answer: ModelAnswer) -> Transfer | None:
        self.life.go(State.DELEGATING if calls.delegates(self, answer) else State.TOOL_CALLING)
        transfer = await calls.make(self, answer)
        self.life.go(State.EXECUTING, {"plan": list(self.plan)} if calls.has_planned(answer) else None)
        if transfer is None and self.trouble is not None:
            await self._plan_anew(self.trouble)
        return transfer

    async def _reflected(self, answer: ModelAnswer, output: Ended) -> Ended:
        """The answer after one look back at it, where the agent is told to."""
        if not self.spec.reflect:
            return output
        self.life.go(State.REFLECTING)
        self.say(said.assistant(answer.text), said.user(prompt.REFLECT))
        while True:
            second = await self._answered(())
            if second is None:
                continue
            if second.calls:
                self._correct(second, "no tools can be called while you check your answer")
            elif (checked := self._checked(second)) is not None:
                return checked

    # -- planning ----------------------------------------------------------------------------------------------------

    async def _make_plan(self) -> None:
        """A planning step: it ends when the model has called ``set_plan``."""
        while True:
            answer = await self._answered((calls.SET_PLAN,))
            if answer is None:
                continue
            steps = next((c.args for c in answer.calls if c.tool == calls.SET_PLAN.name), None)
            problem = "call set_plan" if steps is None else self.set_plan(steps)
            if problem is None:
                self._say_planned(answer)
                self.life.go(State.EXECUTING, {"plan": list(self.plan)})
                return
            self._correct(answer, problem)

    async def _plan_anew(self, why: str) -> None:
        """Back to planning because the work goes round in circles, as often as the table allows."""
        self.trouble = None
        if way_on("logic", self.taken, tries=self.shared.tries) == "fail":
            raise NodeError(f"the agent goes round in circles: {why}", code="agent.stuck", hint="mend its instructions")
        self.repeated.clear()
        self.errors.clear()
        self.life.go(State.PLANNING, {"recovery": "replan", "why": why})
        self.say(said.user(prompt.replanning(why)))
        await self._make_plan()

    def set_plan(self, args: Any) -> str | None:
        """Take a plan over; what is wrong with it, or None."""
        problems = validator(calls.SET_PLAN.parameters).problems(args)
        if problems:
            return "; ".join(map(str, problems))
        self.plan = tuple(args["steps"])
        return None

    def _say_planned(self, answer: ModelAnswer) -> None:
        numbers = [self.number() for _ in answer.calls]
        made = [(number, c.tool, c.args) for number, c in zip(numbers, answer.calls, strict=True)]
        self.say(said.assistant(answer.text, made))
        for number, tool, _ in made:
            self.say(said.result(number, tool, "planned" if tool == calls.SET_PLAN.name else "not while planning"))

    # -- one step ----------------------------------------------------------------------------------------------------

    async def _answered(self, tools: Sequence[ToolSpec]) -> ModelAnswer | None:
        """The model's next answer; None when it failed in a way that the next step recovers from."""
        answer = await self._step(tools)
        if isinstance(answer, Failure):
            self._recover(answer)
            return None
        if answer.finish == "length":
            self._recover(Failure("model", "model.length", "the answer was cut off at the model's length limit"))
            return None
        if answer.finish == "filter":
            raise ModelError("the provider's content filter refused", code="model.filter", error_class="fatal")
        self.is_simplified = False
        return answer

    async def _step(self, tools: Sequence[ToolSpec]) -> ModelAnswer | Failure:
        """The answer to the next step, from the journal or from the model."""
        self.talk.steps[self.label] += 1
        step = self.talk.steps[self.label]
        recorded = self.shared.answers.get(self.label, step)
        if recorded is not None:
            self.rebook(recorded.usage)
            return answer_of(recorded)
        self._may_ask(step)
        request = self._request(tools, step)
        return await self._ask(request, step)

    def _may_ask(self, step: int) -> None:
        most = self.spec.max_iterations * self.shared.tries
        if step - self.first_step > most:
            raise NodeError(
                f"the agent has not finished within {self.spec.max_iterations} steps",
                code="agent.max_iterations",
                error_class="limit",
                hint="raise max_iterations, or give it less to do",
            )
        if self.deadline is not None and self.shared.ctx.clock.now() >= self.deadline:
            raise DeadlinePassed
        self.budget.reserve_model_call()

    def _request(self, tools: Sequence[ToolSpec], step: int) -> ModelRequest:
        ctx, spec = self.shared.ctx, self.spec
        progress = prompt.Progress(step - self.first_step, spec.max_iterations, self.life.state.value, self.plan)
        is_answering = self.life.state is not State.PLANNING
        schema = self.output_schema if is_answering else None
        registry = self.shared.services.tools
        is_untrusted = any(
            t.name.startswith(GRAPH_TOOL) or ((tool := registry.get(t.name)) is not None and tool.untrusted_output)
            for t in tools
        )
        messages = said.simplified(self.talk.messages, self.request) if self.is_simplified else self.talk.messages
        return ModelRequest(
            model="",
            system=prompt.system_prompt(
                spec.instructions, tools, progress, output_schema=schema, is_untrusted=is_untrusted
            ),
            messages=tuple(messages),
            tools=tuple(tools),
            output_schema=schema,
            settings=spec.settings,
            asker=Asker(
                run_id=ctx.run_id,
                graph=ctx.graph.name,
                execution=ctx.execution,
                node=ctx.node,
                agent=self.label,
                step=step,
                iteration=ctx.iteration,
                attempt=ctx.attempt,
                prompt=f"{spec.instructions}\n\n{self.request['text']}",
                names=ctx.names,
                results=tuple(self.talk.results),
                scripted=ctx.scripted,
            ),
        )

    async def _ask(self, request: ModelRequest, step: int) -> ModelAnswer | Failure:
        """Ask the agent's models one after the other until one answers."""
        ctx = self.shared.ctx
        default = self.shared.services.default_model
        models = self.spec.models or (() if default is None else (default,))
        models = models if ctx.model is None else (ctx.model,)
        models = (SIMULATED,) if ctx.is_simulated else models
        if not models:
            raise ModelError(
                "the agent names no model",
                code="model.unknown",
                error_class="fatal",
                hint="give it a `model`, or set a default_model",
            )
        reference = digest([request.system, list(request.messages)])
        for place, name in enumerate(models):
            if not ctx.is_simulated and not self.shared.services.models.is_free(name):
                self.budget.reserve_money()
            ctx.record(
                ModelRequested(
                    execution=ctx.execution,
                    node=ctx.node,
                    step=step,
                    model=name,
                    messages_ref=reference,
                    agent=self.label,
                )
            )
            try:
                return await self._ask_one(name, request, step)
            except OutsideError as error:
                if error.error_class in _RECOVERED_HERE:
                    return self._record(step, Failure("model", error.code, error.message, ctx.node, error.hint), None)
                if place + 1 == len(models) or error.error_class not in ("transient", "fatal"):
                    raise
                self.life.note(
                    {"recovery": "next_model", "model": models[place + 1], "error": error.as_json()}, aside=True
                )
        raise EngineBug("every model was asked and none answered or failed")

    async def _ask_one(self, name: str, request: ModelRequest, step: int) -> ModelAnswer | Failure:
        ctx = self.shared.ctx
        services = self.shared.services
        runner, model = (services.simulated, name) if ctx.is_simulated else services.models.find(name)
        one = ModelRequest(
            model, request.system, request.messages, request.tools, request.output_schema, request.settings,
            request.asker,
        )  # fmt: skip
        began = ctx.clock.monotonic()
        answer = await within(ctx.clock, self.deadline, runner.ask(one, self._tell(step)))
        tokens = answer.tokens_in + answer.tokens_out
        self.budget.settle_model_call(tokens, answer.usd)
        seconds = round(ctx.clock.monotonic() - began, 3)
        return self._record(step, answer, Usage(tokens=tokens, usd=answer.usd, seconds=seconds))

    def _record(self, step: int, answer: ModelAnswer | Failure, usage: Usage | None) -> ModelAnswer | Failure:
        ctx = self.shared.ctx
        ctx.record(
            ModelAnswered(
                execution=ctx.execution,
                node=ctx.node,
                step=step,
                answer=answer_json(answer),
                agent=self.label,
                usage=usage,
            )
        )
        return answer

    def _tell(self, step: int) -> Any:
        ctx, label = self.shared.ctx, self.label

        def tell(piece: str) -> None:
            value: dict[str, Any] = {"step": step, "text": piece}
            if label:
                value["agent"] = label
            ctx.emit("text", value)

        return tell

    def rebook(self, usage: Usage | None) -> None:
        """Book a recorded step again in the budgets of this attempt; those from the host's on have it already."""
        budget: Budget | None = self.budget
        while budget is not None and budget is not self.shared.ctx.budget:
            if usage is not None:
                budget.tokens += usage.tokens
                budget.usd += usage.usd or 0.0
                budget.has_money_unknown = budget.has_money_unknown or usage.usd is None
                budget.tool_calls += usage.tool_calls
            budget = budget.parent

    def rebook_call(self) -> None:
        """Book a call that was begun earlier again in the budgets of this attempt."""
        budget: Budget | None = self.budget
        while budget is not None and budget is not self.shared.ctx.budget:
            budget.tool_calls += 1
            budget = budget.parent

    # -- answers -----------------------------------------------------------------------------------------------------

    def _checked(self, answer: ModelAnswer) -> Ended | None:
        """The answer as output; None when it cannot be used and the model has been told why."""
        if self.output_schema is None:
            if answer.text.strip():
                return Ended(answer.text)
            self._correct(answer, "it is empty")
            return None
        try:
            value = parsed(answer.text)
        except ValueError as error:
            self._correct(answer, f"it is no JSON ({error})")
            return None
        problems = validator(self.output_schema).problems(value)
        if problems:
            self._correct(answer, "; ".join(map(str, problems)))
            return None
        return Ended(normal(value))

    def _correct(self, answer: ModelAnswer, problem: str) -> None:
        """Tell the model what is wrong with its answer, or take the next way of the table."""
        failure = Failure("model", "model.answer", f"the answer cannot be used: {problem}")
        way = way_on("model", self.taken, tries=self.shared.tries, can_correct=True)
        if way != "correct":
            self._simplify_or_fail(way, failure)
            return
        numbers = [(self.number(), c.tool, c.args) for c in answer.calls]
        self.say(said.assistant(answer.text, numbers))
        for number, tool, _ in numbers:
            self.say(said.error(number, tool, failure))
        self.say(said.user(prompt.correction(problem)))
        self.life.note({"recovery": "correct", "why": problem})

    def _recover(self, failure: Failure) -> None:
        """Take the way that the table has for a model that gave no answer."""
        self._simplify_or_fail(way_on("model", self.taken, tries=self.shared.tries), failure)

    def _simplify_or_fail(self, way: Way, failure: Failure) -> None:
        if way == "fail":
            raise ModelError(failure.message, code=failure.code, hint=failure.hint or "see the agent's steps")
        self.is_simplified = True
        self.life.note({"recovery": way, "error": failure.as_json()})

    # -- words -------------------------------------------------------------------------------------------------------

    def number(self) -> str:
        """The number of the next call."""
        self.talk.calls += 1
        return f"{self.prefix}{self.talk.calls}"

    def say(self, *messages: Message) -> None:
        """Add to the conversation."""
        self.talk.messages.extend(messages)


def parsed(text: str) -> Any:
    """The JSON in an answer: the whole text, or its one fenced block.

    Raises:
        ValueError: there is none.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        blocks: list[str] = _FENCED.findall(text)
        if len(blocks) == 1:
            return orjson.loads(blocks[0])
        raise ValueError(str(error)) from None
