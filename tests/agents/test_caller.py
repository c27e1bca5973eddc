"""One call of a tool: what may stop it, what is journaled, and what becomes of it when the process dies."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from engine.agents.caller import Call, Outcome, ToolCaller
from engine.agents.definition import Tool, make_tool, tool
from engine.agents.ledger import Ledger
from engine.agents.questions import Asks
from engine.agents.secrets import Secret
from engine.agents.toolcontext import ToolContext
from engine.errors import NodeError, OutsideError, ToolError
from engine.runtime.limits import LimitReached
from engine.scheduler.events import EffectClaimed, EffectSettled
from tests.agents.desk import Desk, KilledError, as_tool, budget_of, graph_of

GRAPH = graph_of(
    {"pay": {"kind": "tool", "tool": "pay"}},
    state={"sum": {"merge": "sum"}, "last": {}, "all": {"merge": "append"}, "more": {"merge": "extend"}},
)


class Till:
    """The world outside: it keeps what was done to it."""

    def __init__(self) -> None:
        self.paid: list[Any] = []

    def tool(self, error: Exception | None = None, **promises: Any) -> Tool:
        """A tool that pays, and then fails if it is to."""

        async def pay(amount: int, context: ToolContext) -> dict[str, Any]:
            """Pay."""
            self.paid.append((amount, context.idempotency_key))
            if error is not None:
                raise error
            return {"receipt": amount}

        return make_tool(pay, **{"effect": "unsafe", **promises})


async def call(desk: Desk, made: Tool, args: Any = None, **more: Any) -> Outcome:
    """One attempt at the call."""
    ctx = desk.context(args)
    defaults: dict[str, Any] = {"needs_approval": made.needs_approval, "timeout_s": made.timeout_s}
    given = {"amount": 5} if args is None else args
    defaults["template"] = given
    one = Call(ctx, made, "1", given, Ledger.of(ctx.recorded), **{**defaults, **more})
    return await ToolCaller().call(one)


async def asked(desk: Desk, made: Tool, **more: Any) -> str:
    """The call leaves for a person; the gate is opened. Its id."""
    with pytest.raises(Asks) as caught:
        await call(desk, made, **more)
    gate = caught.value.gate
    assert gate is not None
    desk.record(gate)
    return gate.gate


def desk(**more: Any) -> Desk:
    return Desk(GRAPH, "pay", {"state": {"last": 1}}, **more)


# --- effects ---


@pytest.mark.anyio
async def test_an_effect_is_claimed_and_on_disk_before_it_happens_and_settled_after() -> None:
    here, seen = desk(), list[tuple[int, int]]()

    @tool(effect="unsafe")
    async def pay() -> int:
        """Pay."""
        seen.append((len(here.events), here.written))
        return 1

    made = as_tool(pay)
    await call(here, made, {})
    assert seen == [(1, 1)]
    assert [type(e) for e in here.events] == [EffectClaimed, EffectSettled]
    assert here.events[0].key == here.events[1].key == "r1/pay!1"  # type: ignore[union-attr]


@pytest.mark.anyio
async def test_a_read_call_of_a_tool_node_journals_nothing_and_waits_for_no_disk() -> None:
    here, till = desk(), Till()
    assert (await call(here, till.tool(effect="read"))).result == {"receipt": 5}
    assert here.events == []
    assert here.written == 0


@pytest.mark.anyio
async def test_a_settled_call_is_answered_from_the_journal() -> None:
    here, till = desk(), Till()
    await call(here, till.tool())
    again = await call(here.resumed(), till.tool())
    assert again.result == {"receipt": 5}
    assert len(till.paid) == 1


@pytest.mark.anyio
async def test_an_agent_that_begins_anew_and_wants_something_else_is_not_given_the_old_answer() -> None:
    here, till = desk(), Till()
    await call(here, till.tool(), in_turn=True)
    same = await call(here.resumed(), till.tool(), in_turn=True)
    other = await call(here.resumed(), till.tool(), {"amount": 6}, in_turn=True)
    assert (same.result, other.result) == ({"receipt": 5}, {"receipt": 6})
    assert [amount for amount, _ in till.paid] == [5, 6]


@pytest.mark.anyio
@pytest.mark.parametrize("effect", ["read", "idempotent"])
async def test_what_may_be_repeated_is_repeated_with_the_same_key_after_a_kill(effect: str) -> None:
    here, till = desk(kill_after=1), Till()
    with pytest.raises(KilledError):
        await call(here, till.tool(effect=effect), in_turn=True)
    there = here.resumed()
    assert (await call(there, till.tool(effect=effect), in_turn=True)).result == {"receipt": 5}
    assert till.paid == [(5, "r1/pay!1")] * 2
    assert len(there.of(EffectClaimed)) == 1


@pytest.mark.anyio
async def test_an_unsafe_call_cut_off_by_a_kill_is_not_repeated_but_asked_about() -> None:
    here, till = desk(kill_after=1), Till()
    with pytest.raises(KilledError):
        await call(here, till.tool())
    there = here.resumed()
    assert await asked(there, till.tool()) == "pay!1-effect"
    (gate,) = there.open_gates()
    assert gate.purpose == "effect"
    assert "pay" in gate.prompt
    assert '"amount": 5' in gate.prompt
    assert len(till.paid) == 1


@pytest.mark.anyio
async def test_a_person_says_that_it_happened_and_with_what() -> None:
    here, till = desk(kill_after=1), Till()
    with pytest.raises(KilledError):
        await call(here, till.tool())
    there = here.resumed()
    await asked(there, till.tool())
    there.answer("happened", {"result": {"receipt": 7}})
    assert (await call(there, till.tool())).result == {"receipt": 7}
    assert (await call(there.resumed(), till.tool())).result == {"receipt": 7}
    assert len(till.paid) == 1


@pytest.mark.anyio
async def test_a_person_says_again_and_a_second_kill_asks_again() -> None:
    here, till = desk(kill_after=1), Till()
    with pytest.raises(KilledError):
        await call(here, till.tool())
    there = here.resumed()
    await asked(there, till.tool())
    there.answer("again")
    there.kill_after = 4
    with pytest.raises(KilledError):
        await call(there, till.tool())
    assert len(till.paid) == 2
    last = there.resumed()
    assert await asked(last, till.tool()) == "pay!1-effect-2"
    last.answer("again")
    assert (await call(last, till.tool())).result == {"receipt": 5}


@pytest.mark.anyio
async def test_a_person_says_that_it_failed() -> None:
    here, till = desk(), Till()
    broken = till.tool(RuntimeError("cut"))
    await asked(here, broken)
    here.answer("fail", {"reason": "not on the statement"})
    with pytest.raises(ToolError, match="not on the statement") as caught:
        await call(here, broken)
    assert caught.value.code == "effect.failed"


@pytest.mark.anyio
@pytest.mark.parametrize("error", [RuntimeError("cut"), ToolError("cut"), TimeoutError("cut")])
async def test_an_unsafe_call_that_raises_is_asked_about_at_once(error: Exception) -> None:
    here, till = desk(), Till()
    assert await asked(here, till.tool(error)) == "pay!1-effect"
    assert "cut" in here.open_gates()[0].prompt


@pytest.mark.anyio
async def test_an_unsafe_call_that_promises_nothing_happened_just_fails() -> None:
    here, till = desk(), Till()
    with pytest.raises(ToolError, match="no money"):
        await call(here, till.tool(ToolError("no money", happened=False)))
    assert [type(e) for e in here.events] == [EffectClaimed, EffectSettled]


@pytest.mark.anyio
async def test_a_tool_nodes_next_attempt_begins_a_failed_call_anew() -> None:
    here, till = desk(), Till()
    with pytest.raises(ToolError):
        await call(here, till.tool(ToolError("busy", happened=False)))
    assert (await call(here, till.tool())).result == {"receipt": 5}
    assert len(here.of(EffectClaimed)) == 2


@pytest.mark.anyio
async def test_in_an_agents_turn_a_settled_error_is_the_answer() -> None:
    here, till = desk(), Till()
    first = await call(here, till.tool(ToolError("busy", happened=False)), in_turn=True)
    again = await call(here.resumed(), till.tool(), in_turn=True)
    assert first.error == again.error
    assert first.error is not None
    assert first.error.message == "busy"
    assert len(till.paid) == 1


# --- policy ---


@pytest.mark.anyio
async def test_arguments_that_do_not_fit_begin_nothing() -> None:
    here, till = desk(), Till()
    with pytest.raises(ToolError) as caught:
        await call(here, till.tool(), {"amount": "much"})
    assert caught.value.code == "tool.arguments"
    assert here.events == []


@pytest.mark.anyio
async def test_calls_are_counted_over_the_whole_run_when_they_start() -> None:
    here, till = desk(), Till()
    limited = till.tool(effect="read", max_calls=2)
    await call(here, limited)
    elsewhere = Desk(GRAPH, "pay", {"state": {}}, budget=here.budget)
    with pytest.raises(ToolError):
        await call(elsewhere, till.tool(ToolError("no"), effect="read", max_calls=2))
    with pytest.raises(ToolError) as caught:
        await call(elsewhere, limited)
    assert caught.value.code == "tool.max_calls"
    assert len(till.paid) == 2


@pytest.mark.anyio
async def test_a_counted_read_leaves_a_claim_so_that_the_count_survives() -> None:
    here, till = desk(), Till()
    await call(here, till.tool(effect="read", max_calls=2))
    assert [e.tool for e in here.of(EffectClaimed)] == ["pay"]


@pytest.mark.anyio
async def test_a_used_up_budget_stops_a_call_before_it_begins() -> None:
    here, till = desk(budget=budget_of(tool_calls=1)), Till()
    await call(here, till.tool(effect="read"))
    with pytest.raises(LimitReached):
        await call(here, till.tool(effect="read"))
    assert len(till.paid) == 1


@pytest.mark.anyio
async def test_an_approval_shows_the_tool_and_the_exact_arguments() -> None:
    here, till = desk(), Till()
    assert await asked(here, till.tool(requires_confirmation=True)) == "pay!1"
    (gate,) = here.open_gates()
    assert gate.purpose == "approval"
    assert [option["name"] for option in gate.options] == ["approve", "deny"]
    assert gate.default == "deny"
    assert gate.deadline is not None
    assert gate.detail["args"] == {"amount": 5}
    assert till.paid == []


@pytest.mark.anyio
async def test_an_approved_call_is_made_once_and_its_approval_used_up() -> None:
    here, till = desk(), Till()
    careful = till.tool(risk_level="high")
    await asked(here, careful)
    here.answer("approve")
    await call(here, careful)
    assert (await call(here.resumed(), careful)).result == {"receipt": 5}
    assert len(till.paid) == 1


@pytest.mark.anyio
async def test_a_refused_call_is_not_made_and_says_why() -> None:
    here, till = desk(), Till()
    careful = till.tool(requires_confirmation=True)
    await asked(here, careful)
    here.answer("deny", {"reason": "too much"})
    with pytest.raises(ToolError, match="ann refused this call of pay: too much") as caught:
        await call(here, careful)
    assert caught.value.code == "tool.denied"
    assert till.paid == []


@pytest.mark.anyio
async def test_an_approval_of_other_bytes_is_void() -> None:
    here, till = desk(), Till()
    careful = till.tool(requires_confirmation=True)
    await asked(here, careful)
    here.answer("approve")
    assert await asked(here, careful, args={"amount": 500}) == "pay!1-2"
    assert till.paid == []


@pytest.mark.anyio
async def test_an_approval_of_an_older_version_of_the_tool_is_void() -> None:
    here, till = desk(), Till()
    await asked(here, till.tool(requires_confirmation=True))
    here.answer("approve")
    assert await asked(here, till.tool(requires_confirmation=True, effect="idempotent")) == "pay!1-2"


@pytest.mark.anyio
async def test_an_approval_hides_nothing_that_the_eye_would_miss() -> None:
    here = desk()

    @tool(requires_confirmation=True)
    async def say(text: str) -> None:
        """Say."""

    made = as_tool(say)
    await asked(here, made, args={"text": "safe \u202e evil \u200b \x1b[2J 강"})
    prompt = here.open_gates()[0].prompt
    assert r"safe \u202e evil \u200b \u001b[2J 강" in prompt


# --- the call ---


@pytest.mark.anyio
async def test_a_tool_that_takes_too_long_is_cut_off() -> None:
    here = desk()

    @tool(effect="read", timeout_s=3)
    async def slow() -> None:
        """Wait."""
        await here.clock.sleep(10)

    made = as_tool(slow)
    with pytest.raises(ToolError) as caught:
        await call(here, made, {})
    assert caught.value.code == "tool.timeout"
    assert here.clock.now() - desk().clock.now() == 3


@pytest.mark.anyio
async def test_an_unsafe_tool_is_cut_off_just_before_its_node_and_asked_about() -> None:
    here = desk(timeout_s=2)

    @tool
    async def slow() -> None:
        """Wait."""
        await here.clock.sleep(10)

    made = as_tool(slow)
    assert await asked(here, made, args={}) == "pay!1-effect"
    assert here.clock.now() < desk().clock.now() + 2


@pytest.mark.anyio
async def test_a_plain_function_runs_in_a_thread_and_may_tell_how_far_it_is() -> None:
    here = desk()

    @tool(effect="read", timeout_s=None)
    def work(context: ToolContext) -> str:
        """Work."""
        context.progress("half", 0.5)
        context.set_state("last", 2)
        return context.execution

    made = as_tool(work)
    outcome = await call(here, made, {})
    assert outcome.result == "pay"
    assert outcome.writes == {"last": 2}
    await asyncio.sleep(0)
    assert here.said == [("progress", {"tool": "work", "text": "half", "fraction": 0.5})]


@pytest.mark.anyio
async def test_a_thread_that_does_not_come_back_is_left_to_itself() -> None:
    here, gate = desk(), threading.Event()

    @tool(effect="read", timeout_s=3)
    def stuck() -> None:
        """Hang."""
        gate.wait(30)

    made = as_tool(stuck)
    with pytest.raises(ToolError) as caught:
        await call(here, made, {})
    gate.set()
    assert caught.value.code == "tool.timeout"


@pytest.mark.anyio
async def test_a_plain_exception_is_a_failure_of_the_tool() -> None:
    with pytest.raises(ToolError) as caught:
        await call(desk(), Till().tool(KeyError("x"), effect="read"))
    assert caught.value.code == "tool.raised"
    assert caught.value.message == "pay raised KeyError: 'x'"


@pytest.mark.anyio
async def test_state_writes_are_journaled_with_the_outcome_and_come_back_on_resume() -> None:
    here = desk()

    @tool
    async def note(context: ToolContext) -> Any:
        """Note."""
        context.set_state("sum", 2)
        context.set_state("sum", 3)
        context.set_state("more", [1])
        context.set_state("more", [2])
        return context.state["last"]

    made = as_tool(note)
    first = await call(here, made, {})
    again = await call(here.resumed(), made, {})
    assert first.result == again.result == 1
    assert first.writes == again.writes == {"sum": 5, "more": [1, 2]}


@pytest.mark.anyio
@pytest.mark.parametrize(("key", "times", "code"), [("summ", 1, "state.unknown"), ("all", 2, "state.write")])
async def test_a_write_that_cannot_be_is_refused(key: str, times: int, code: str) -> None:
    @tool(effect="read")
    async def note(context: ToolContext) -> None:
        """Note."""
        for _ in range(times):
            context.set_state(key, 1)

    made = as_tool(note)
    with pytest.raises(OutsideError) as caught:
        await call(desk(), made, {})
    assert caught.value.code == code


# --- secrets ---


class Safe:
    def secret(self, name: str) -> Secret | None:
        return {
            "API": Secret("canary-7"),
            "BOUND": Secret("canary-9", frozenset({"api.example.org"})),
            "PIN": Secret("canary-8"),
        }.get(name)


@pytest.mark.anyio
async def test_a_secret_reaches_the_tool_and_nothing_else() -> None:
    here, got = desk(), list[str]()

    @tool
    async def login(token: str, context: ToolContext) -> dict[str, str]:
        """Log in."""
        got.append(token)
        context.progress(f"with {token}")
        context.set_state("last", f"used {token}")
        return {"echo": f"Bearer {token}", token: "key"}

    made = as_tool(login)
    outcome = await call(here, made, {"token": {"$secret": "API"}}, secrets=Safe())
    assert got == ["canary-7"]
    assert outcome.result == {"echo": "Bearer [secret API]", "[secret API]": "key"}
    assert "canary" not in repr((here.events, here.said, outcome))


@pytest.mark.anyio
async def test_a_secret_is_taken_out_of_errors() -> None:
    here = desk()

    @tool(effect="read")
    async def login(token: str) -> None:
        """Log in."""
        raise ValueError(f"bad token {token}")

    made = as_tool(login)
    with pytest.raises(ToolError) as caught:
        await call(here, made, {"token": {"$secret": "PIN"}}, secrets=Safe())
    error = caught.value
    assert "canary" not in repr((str(error), error.__cause__, error.__context__))
    with pytest.raises(ToolError) as caught:
        await call(here, made, {"token": [{"$secret": "PIN"}]}, secrets=Safe())
    assert "canary" not in str(caught.value)


@pytest.mark.anyio
async def test_an_unknown_secret_is_said_by_name() -> None:
    with pytest.raises(NodeError) as caught:
        await call(desk(), Till().tool(effect="read"), {"amount": {"$secret": "NOPE"}}, secrets=Safe())
    assert caught.value.code == "secret.unknown"


@pytest.mark.anyio
async def test_a_model_cannot_name_a_secret() -> None:
    with pytest.raises(ToolError) as caught:
        await call(desk(), Till().tool(effect="read"), {"amount": {"$secret": "PIN"}}, in_turn=True)
    assert caught.value.code == "tool.arguments"


@pytest.mark.anyio
async def test_a_secret_bound_to_hosts_is_kept_from_tools_that_check_none() -> None:
    with pytest.raises(ToolError) as caught:
        await call(desk(), Till().tool(effect="read"), {"amount": {"$secret": "BOUND"}}, secrets=Safe())
    assert caught.value.code == "secret.bound"
