"""An agent's turn: steps, calls, corrections, plans, hand-overs, and going on after every kill."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from engine.agents.definition import Tool, make_tool
from engine.agents.lifecycle import TRANSITIONS, State
from engine.agents.models.scripted import ScriptedModels
from engine.agents.registry import ToolRegistry
from engine.agents.runner import run_agent
from engine.agents.services import Services
from engine.agents.spec import resolved_fields
from engine.agents.toolcontext import ToolContext
from engine.errors import ModelError, NodeError, ToolError
from engine.model.types import DYNAMIC
from engine.runtime.context import NodeContext, Result
from engine.runtime.limits import LimitReached
from engine.scheduler.events import (
    AgentStateChanged,
    EffectClaimed,
    EffectSettled,
    GateOpened,
    ModelAnswered,
    ModelRequested,
)
from engine.tools.people import TOOLS
from tests.agents.desk import Desk, budget_of, graph_of, to_end


class World:
    """What tools do outside, and who asks them."""

    def __init__(self) -> None:
        self.done: list[tuple[str, Any]] = []
        self.services = Services(ToolRegistry(self.tools()))
        self.services.models.add("scripted", ScriptedModels())

    def tools(self) -> list[Tool]:
        async def look(what: str) -> str:
            """Look something up."""
            self.done.append(("look", what))
            return f"{what} is blue"

        async def pay(amount: int, context: ToolContext) -> dict[str, int]:
            """Pay."""
            self.done.append(("pay", amount))
            context.set_state("paid", amount)
            return {"receipt": amount}

        async def broken() -> None:
            """Fail."""
            self.done.append(("broken", None))
            raise ToolError("no luck", happened=False)

        async def stop() -> str:
            """Stop the loop."""
            return "stopping"

        return [
            make_tool(look, effect="read", untrusted_output=True),
            make_tool(pay, effect="unsafe"),
            make_tool(broken, effect="read"),
            make_tool(pay, name="pay.big", effect="unsafe", risk_level="high"),
            replace(make_tool(stop, name="escalate", effect="read"), escalates=True),
        ]

    async def run(self, ctx: NodeContext) -> Result:
        return await run_agent(ctx, self.services)


def desk(script: list[Any], more: dict[str, list[Any]] | None = None, **agent: Any) -> Desk:
    """The agent ``work`` with scripted steps; ``more``: steps of other models."""
    node = {"kind": "agent", "model": "scripted:one", "instructions": "Work.", **agent}
    scripted = {name: [{"steps": steps}] for name, steps in {"one": script, **(more or {})}.items()}
    graph = graph_of({"work": node}, state={"paid": {"merge": "sum"}})
    return Desk(graph, "work", {"input": {}, "state": {}, "nodes": {}}, scripted=scripted)


async def run(here: Desk, world: World, answers: list[Any] | None = None) -> Result:
    """The node, to its end."""
    resolved = resolved_fields(here.graph.nodes["work"], here.names, DYNAMIC)  # type: ignore[arg-type]
    return await to_end(here, world, resolved, answers or [])


def states(here: Desk, agent: str = "") -> list[str]:
    return [e.state for e in here.of(AgentStateChanged) if e.agent == agent]


# --- the loop ---


@pytest.mark.anyio
async def test_a_text_is_the_answer_and_streams_in_pieces() -> None:
    here = desk([{"text": "A river is a road that moves."}])
    result = await run(here, World())
    assert result.output == "A river is a road that moves."
    assert "".join(v["text"] for _, v in here.said) == result.output
    assert states(here) == ["initialized", "executing", "completed"]


@pytest.mark.anyio
async def test_calls_are_made_and_told_and_the_turn_goes_on() -> None:
    here, world = desk([{"tool": "look", "args": {"what": "sky"}}, {"text": "So: {output}."}], tools=["look"]), World()
    result = await run(here, world)
    assert result.output == "So: sky is blue."
    assert world.done == [("look", "sky")]
    assert states(here) == ["initialized", "executing", "tool_calling", "executing", "completed"]
    assert result.usage is not None
    assert result.usage.tool_calls == 1
    assert result.usage.tokens > 0


@pytest.mark.anyio
async def test_several_calls_of_one_answer_are_numbered_in_order() -> None:
    calls = [{"tool": "look", "args": {"what": w}} for w in ("sky", "sea", "ink")]
    here = desk([{"tools": calls}, {"text": "done"}], tools=["look"])
    await run(here, World())
    assert [e.key for e in here.of(EffectClaimed)] == ["r1/work!1", "r1/work!2", "r1/work!3"]


@pytest.mark.anyio
async def test_writes_and_escalation_of_tools_come_out_with_the_result() -> None:
    pays = [{"tool": "pay", "args": {"amount": n}} for n in (2, 3)]
    here = desk([{"tools": pays, "escalate": "enough"}, {"text": "paid"}], tools=["pay", "escalate"])
    here.scripted["one"][0]["steps"][0]["escalate"] = True
    result = await run(here, World())
    assert result.writes == {"paid": 5}
    assert result.escalated


# --- kills ---


EVERYTHING: list[Any] = [
    {"tool": "set_plan", "args": {"steps": ["look", "pay"]}},
    {"tools": [{"tool": "look", "args": {"what": "price"}}, {"tool": "pay", "args": {"amount": 2}}]},
    {"tool": "agent:buyer", "args": {"request": "Buy it."}},
    {"tool": "nothing", "args": {}},
    {"tool": "pay.big", "args": {"amount": 100}},
    {"json": {"total": "much"}},
    {"json": {"total": 102}},
    {"json": {"total": 103}},
]
BUYER = [{"tool": "pay", "args": {"amount": 7}}, {"text": "Bought."}]
AGENTS = {"buyer": {"description": "Buys", "model": "scripted:buyer", "tools": ["pay"]}}
SCHEMA = {"type": "object", "properties": {"total": {"type": "integer"}}, "required": ["total"]}


def everything() -> Desk:
    return desk(
        EVERYTHING,
        {"buyer": BUYER},
        tools=["look", "pay", "pay.big", "agent:buyer"],
        agents=AGENTS,
        output_schema=SCHEMA,
        plan=True,
        reflect=True,
    )


@pytest.mark.anyio
async def test_a_turn_with_everything_in_it() -> None:
    here, world = everything(), World()
    result = await run(here, world, [("approve", None)])
    assert result.output == {"total": 103}
    assert result.writes == {"paid": 109}
    assert world.done == [("look", "price"), ("pay", 2), ("pay", 7), ("pay", 100)]
    assert len(here.of(GateOpened)) == 1
    assert states(here, "buyer!4") == ["initialized", "executing", "tool_calling", "executing", "completed"]


async def whole() -> Desk:
    here = everything()
    await run(here, World(), [("approve", None)])
    return here


@pytest.mark.anyio
async def test_a_kill_at_any_point_resumes_in_mid_turn_and_ends_the_same() -> None:
    first = await whole()
    for length in range(len(first.events)):
        there, world = first.resumed(length), World()
        answers = [("happened", {"result": {"receipt": 0}}) if _is_unsure(there) else ("approve", None)] * 2
        result = await run(there, world, [*answers, ("approve", None)])
        assert result.output == {"total": 103}, length
        asked = [(e.agent, e.step) for e in there.of(ModelAnswered)]
        assert len(set(asked)) == len(asked), length
        keys = [e.key for e in there.of(EffectSettled)]
        assert len(set(keys)) == len(keys), length
        claimed = [e.key for e in there.of(EffectClaimed)]
        assert len(set(claimed)) == len(claimed), length
        assert [e.state for e in there.of(AgentStateChanged)] == [e.state for e in first.of(AgentStateChanged)], length


def _is_unsure(there: Desk) -> bool:
    settled = {e.key for e in there.of(EffectSettled)}
    return any(e.key not in settled and e.effect == "unsafe" for e in there.of(EffectClaimed))


@pytest.mark.anyio
async def test_no_recorded_effect_happens_again_whatever_the_kill() -> None:
    first = await whole()
    for length in range(len(first.events)):
        there, world = first.resumed(length), World()
        claimed = {e.key for e in there.of(EffectClaimed) if e.effect == "unsafe"}
        before = len(claimed)
        await run(
            there, world, [("happened", {"result": 1}), ("approve", None)] if _is_unsure(there) else [("approve", None)]
        )
        assert len([d for d in world.done if d[0] == "pay"]) == 3 - before, length


# --- recovery ---


@pytest.mark.anyio
async def test_a_transient_failure_is_left_to_the_nodes_retry_which_goes_on_where_it_stood() -> None:
    here, world = desk([{"tool": "look", "args": {"what": "sky"}}, {"text": "ok"}], tools=["look"]), World()
    failing = {
        "when": {"attempt": 1},
        "steps": [{"tool": "look", "args": {"what": "sky"}}, {"error": {"class": "transient", "retry_after_s": 7}}],
    }
    here.scripted["one"].insert(0, failing)
    with pytest.raises(ModelError) as caught:
        await run(here, world)
    assert caught.value.error_class == "transient"
    assert caught.value.retry_after_s == 7
    assert (await run(here, world)).output == "ok"
    assert world.done == [("look", "sky")]
    assert states(here) == [
        "initialized", "executing", "tool_calling", "executing", "failed", "initialized", "executing", "completed",
    ]  # fmt: skip


@pytest.mark.anyio
async def test_an_answer_that_breaks_the_schema_is_corrected() -> None:
    here = desk(
        [{"json": {"total": "x"}}, {"text": "no json"}, {"text": 'Here:\n```json\n{"total": 3.0}\n```'}],
        output_schema=SCHEMA,
    )
    assert (await run(here, World())).output == {"total": 3}
    notes = [e.detail for e in here.of(AgentStateChanged) if e.detail]
    assert [n["recovery"] for n in notes] == ["correct", "correct"]


@pytest.mark.anyio
async def test_a_model_that_fails_gets_a_simplified_prompt_and_then_the_node_fails() -> None:
    here = desk([{"text": "cut", "finish": "length"}])
    with pytest.raises(ModelError) as caught:
        await run(here, World())
    assert caught.value.code == "model.length"
    notes = [e.detail["recovery"] for e in here.of(AgentStateChanged) if e.detail and "recovery" in e.detail]
    assert notes == ["simplify", "simplify"]
    assert len(here.of(ModelAnswered)) == 3


@pytest.mark.anyio
async def test_the_next_attempt_may_take_the_ladders_ways_again() -> None:
    here = desk([{"text": "cut", "finish": "length"}])
    for answered in (3, 5):
        with pytest.raises(ModelError):
            await run(here, World())
        assert len(here.of(ModelAnswered)) == answered


@pytest.mark.anyio
async def test_the_same_call_three_times_is_not_made_and_leads_to_a_new_plan() -> None:
    look = {"tool": "look", "args": {"what": "sky"}}
    here = desk([look, look, look, {"tool": "set_plan", "args": {"steps": ["think"]}}, {"text": "ok"}], tools=["look"])
    world = World()
    assert (await run(here, world)).output == "ok"
    assert len(world.done) == 2
    replan = next(e for e in here.of(AgentStateChanged) if e.state == "planning")
    assert replan.detail["recovery"] == "replan"
    assert "look was called 3 times" in replan.detail["why"]


@pytest.mark.anyio
async def test_the_same_error_twice_leads_to_a_new_plan_and_circles_end() -> None:
    plan = {"tool": "set_plan", "args": {"steps": ["again"]}}
    broken: dict[str, Any] = {"tool": "broken", "args": {}}
    here = desk([broken, broken, plan, broken, broken, plan, broken, broken], tools=["broken"])
    with pytest.raises(NodeError) as caught:
        await run(here, World())
    assert caught.value.code == "agent.stuck"
    assert caught.value.error_class == "logic"


@pytest.mark.anyio
async def test_a_failed_tool_is_told_to_the_model_which_finds_another_way() -> None:
    here = desk(
        [{"tool": "broken"}, {"tool": "look", "args": {"what": "sky"}}, {"text": "ok"}], tools=["broken", "look"]
    )
    assert (await run(here, World())).output == "ok"
    (settled,) = [e for e in here.of(EffectSettled) if e.error]
    assert settled.error.code == "tool.failed"


@pytest.mark.anyio
async def test_endless_calls_end_at_max_iterations() -> None:
    calls = [{"tool": "look", "args": {"what": str(n)}} for n in range(9)]
    here = desk(calls, tools=["look"], max_iterations=4)
    with pytest.raises(NodeError) as caught:
        await run(here, World())
    assert caught.value.code == "agent.max_iterations"
    assert caught.value.error_class == "limit"
    assert len(here.of(ModelAnswered)) == 4


@pytest.mark.anyio
async def test_the_next_model_is_tried_when_one_is_used_up() -> None:
    here = desk(
        [{"error": {"class": "fatal", "code": "model.quota"}}],
        {"two": [{"text": "ok"}]},
        model=["scripted:one", "scripted:two"],
    )
    assert (await run(here, World())).output == "ok"
    assert [e.model for e in here.of(ModelRequested)] == ["scripted:one", "scripted:two"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("model", "code"),
    [("nobody:x", "model.unknown"), ("one", "model.unknown"), ("scripted:two", "script.missing")],
)
async def test_an_unknown_model_is_said_clearly(model: str, code: str) -> None:
    here = desk([{"text": "x"}], model=model)
    with pytest.raises(ModelError) as caught:
        await run(here, World())
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.anyio
async def test_budgets_are_asked_before_a_model_is() -> None:
    here = desk([{"tool": "look", "args": {"what": "sky"}, "tokens": 50}, {"text": "ok"}], tools=["look"])
    here.budget = budget_of(tokens=50)
    with pytest.raises(LimitReached):
        await run(here, World())
    assert len(here.of(ModelRequested)) == 1


# --- policy ---


CASES: list[tuple[dict[str, Any], list[Any], str]] = [
    ({"tool": "nothing"}, ["look"], "tool.unknown"),
    ({"tool": "pay", "args": {"amount": 1}}, ["look"], "tool.unknown"),
    ({"tool": "look", "args": {}}, ["look"], "tool.arguments"),
    ({"tool": "look", "args": {"what": "sky"}}, [{"tool": "look", "max_calls": 0}], "tool.max_calls"),
    ({"tool": "broken"}, ["broken"], "tool.failed"),
    ({"tool": "agent:buyer", "args": {}}, ["agent:buyer"], "tool.arguments"),
    ({"tool": "agent:buyer", "args": {"request": "x"}}, [], "tool.unknown"),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("call", "tools", "code"), CASES)
async def test_each_refusal_is_a_distinct_error_told_and_journaled(call: Any, tools: Any, code: str) -> None:
    here = desk([call, {"text": "ok"}], {"buyer": BUYER}, tools=tools, agents=AGENTS)
    assert (await run(here, World())).output == "ok"
    (settled,) = here.of(EffectSettled)
    assert settled.error.code == code


@pytest.mark.anyio
async def test_an_agents_entry_can_only_tighten() -> None:
    entry = {"tool": "pay", "requires_confirmation": True, "max_calls": 1}
    pays = [{"tool": "pay", "args": {"amount": n}} for n in (1, 2)]
    here, world = desk([{"tools": pays}, {"text": "ok"}], tools=[entry]), World()
    await run(here, world, [("approve", None)])
    assert world.done == [("pay", 1)]
    loose = desk(
        [{"tool": "pay.big", "args": {"amount": 9}}, {"text": "ok"}],
        tools=[{"tool": "pay.big", "requires_confirmation": False}],
    )
    await run(loose, world, [("deny", None)])
    assert world.done == [("pay", 1)]


# --- agents ---


@pytest.mark.anyio
async def test_a_called_agent_returns_with_its_result_and_its_writes() -> None:
    here = desk(
        [
            {"tool": "agent:buyer", "args": {"request": "Buy.", "context": {"max": 9}}},
            {"text": "{output.status}: {output.result}"},
        ],
        {"buyer": BUYER}, tools=["agent:buyer"], agents=AGENTS,
    )  # fmt: skip
    result = await run(here, World())
    assert result.output == "success: Bought."
    assert result.writes == {"paid": 7}
    assert states(here)[2] == "delegating"
    assert [e.key for e in here.of(EffectClaimed)] == ["r1/work!1", "r1/work!1.1"]
    assert {e.agent for e in here.of(ModelAnswered)} == {"", "buyer!1"}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("agent", "steps", "status"),
    [
        ({"max_iterations": 1}, [{"tool": "pay", "args": {"amount": 1}}], "error"),
        ({"limits": {"tokens": 1}}, BUYER, "error"),
        ({}, [{"text": "x", "finish": "length"}], "error"),
    ],
)
async def test_a_called_agents_own_failure_comes_back_as_a_result(agent: Any, steps: Any, status: str) -> None:
    here = desk(
        [{"tool": "agent:buyer", "args": {"request": "Buy."}}, {"text": "{output.status}"}],
        {"buyer": steps}, tools=["agent:buyer"], agents={"buyer": {**AGENTS["buyer"], **agent}},
    )  # fmt: skip
    assert (await run(here, World())).output == status


@pytest.mark.anyio
async def test_a_called_agent_that_takes_too_long_comes_back_as_a_time_out() -> None:
    world = World()
    here = desk(
        [{"tool": "agent:buyer", "args": {"request": "Buy."}}, {"text": "{output.status}"}],
        {"buyer": [{"tool": "slow"}]}, tools=["agent:buyer"],
        agents={"buyer": {**AGENTS["buyer"], "tools": ["slow"], "timeout_s": 5}},
    )  # fmt: skip

    async def slow() -> None:
        """Wait."""
        await here.clock.sleep(60)

    world.services.tools.add(make_tool(slow, effect="read", timeout_s=None))
    assert (await run(here, world)).output == "timeout"
    assert here.clock.now() == desk([{"text": ""}]).clock.now() + 5


@pytest.mark.anyio
async def test_the_conversation_is_handed_over_within_the_node_and_back() -> None:
    agents = {
        "billing": {"description": "Money", "model": "scripted:billing"},
        "clerk": {"description": "Papers", "model": "scripted:clerk"},
    }
    here = desk(
        [{"transfer": "billing", "message": "He paid twice."}],
        {"billing": [{"transfer": "clerk"}], "clerk": [{"text": "Settled."}]}, agents=agents,
    )  # fmt: skip
    assert (await run(here, World())).output == "Settled."
    assert states(here) == ["initialized", "executing", "tool_calling", "executing", "completed"]
    assert states(here, "clerk") == ["initialized", "executing", "completed"]


@pytest.mark.anyio
async def test_a_forbidden_hand_over_is_refused() -> None:
    agents = {
        "billing": {"model": "scripted:billing", "disallow_transfer_to_peers": True},
        "clerk": {"model": "scripted:clerk"},
    }
    here = desk([{"transfer": "billing"}], {"billing": [{"transfer": "clerk"}, {"text": "Alone."}]}, agents=agents)
    assert (await run(here, World())).output == "Alone."


@pytest.mark.anyio
async def test_endless_hand_overs_end() -> None:
    agents = {n: {"model": f"scripted:{n}"} for n in ("a", "b")}
    here = desk([{"transfer": "a"}], {"a": [{"transfer": "b"}], "b": [{"transfer": "a"}]}, agents=agents)
    with pytest.raises(NodeError) as caught:
        await run(here, World())
    assert caught.value.code in ("agent.handovers", "agent.max_iterations")


@pytest.mark.anyio
async def test_two_agents_of_one_name_are_refused() -> None:
    inner = {"clerk": {"model": "scripted:one"}}
    here = desk([{"text": "x"}], agents={"clerk": {}, "buyer": {"agents": inner}})
    with pytest.raises(NodeError) as caught:
        await run(here, World())
    assert caught.value.code == "agent.duplicate"


# --- lifecycle ---


@pytest.mark.anyio
async def test_every_journaled_lifecycle_obeys_the_table() -> None:
    here = await whole()
    for agent in {e.agent for e in here.of(AgentStateChanged)}:
        steps = [State(s) for s in states(here, agent)]
        for before, after in pairwise(steps):
            assert after == before or after in TRANSITIONS[before], (agent, before, after)


# --- what a document may have wrong, and the rest of the codes ---


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"tools": ["agent:nobody"]}, "agent.unknown"),
    ({"tools": ["graph:other"]}, "graph.unknown"),
    ({"tools": ["lok"]}, "tool.unknown"),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("agent", "code"), WRONG)
async def test_a_document_that_names_what_is_not_there_fails_clearly(agent: dict[str, Any], code: str) -> None:
    here = desk([{"text": "x"}], **agent)
    with pytest.raises(NodeError) as caught:
        await run(here, World())
    assert caught.value.code == code


@pytest.mark.anyio
async def test_a_refusal_of_the_provider_is_fatal() -> None:
    here = desk([{"text": "x", "finish": "filter"}])
    with pytest.raises(ModelError) as caught:
        await run(here, World())
    assert (caught.value.code, caught.value.error_class) == ("model.filter", "fatal")


@pytest.mark.anyio
async def test_an_empty_answer_is_corrected_and_in_the_end_fails() -> None:
    here = desk([{"text": "  "}])
    with pytest.raises(ModelError) as caught:
        await run(here, World())
    assert caught.value.code == "model.answer"
    assert len(here.of(ModelAnswered)) == 5


@pytest.mark.anyio
async def test_an_agent_that_took_over_has_its_own_time() -> None:
    world = World()
    agents = {"clerk": {"model": "scripted:clerk", "tools": ["slow"], "timeout_s": 5}}
    here = desk([{"transfer": "clerk"}], {"clerk": [{"tool": "slow"}]}, agents=agents)

    async def slow() -> None:
        """Wait."""
        await here.clock.sleep(60)

    world.services.tools.add(make_tool(slow, effect="read", timeout_s=None))
    with pytest.raises(NodeError) as caught:
        await run(here, world)
    assert caught.value.code == "agent.timeout"


@pytest.mark.anyio
async def test_a_conversation_changes_hands_a_bounded_number_of_times() -> None:
    agents = {n: {"model": f"scripted:{n}", "max_iterations": 100} for n in ("a", "b")}
    here = desk([{"transfer": "a"}], {"a": [{"transfer": "b"}], "b": [{"transfer": "a"}]}, agents=agents)
    with pytest.raises(NodeError) as caught:
        await run(here, World())
    assert caught.value.code == "agent.handovers"


@pytest.mark.anyio
async def test_a_plan_is_journaled_and_can_be_changed_on_the_way() -> None:
    plans = [{"tool": "set_plan", "args": {"steps": [step]}} for step in ("one", "two")]
    here = desk([*plans, {"text": "ok"}], plan=True)
    await run(here, World())
    assert [e.detail["plan"] for e in here.of(AgentStateChanged) if e.detail] == [["one"], ["two"]]


@pytest.mark.anyio
async def test_a_model_that_does_not_plan_is_told_to() -> None:
    here = desk(
        [
            {"text": "later"},
            {"tool": "set_plan", "args": {"steps": []}},
            {"tool": "set_plan", "args": {"steps": ["x"]}},
            {"text": "ok"},
        ],
        plan=True,
    )
    assert (await run(here, World())).output == "ok"
    assert [e.detail["recovery"] for e in here.of(AgentStateChanged) if e.detail and "why" in e.detail] == [
        "correct"
    ] * 2


@pytest.mark.anyio
async def test_no_tool_is_called_while_an_answer_is_checked() -> None:
    here, world = (
        desk([{"text": "a"}, {"tool": "look", "args": {"what": "sky"}}, {"text": "b"}], tools=["look"], reflect=True),
        World(),
    )
    assert (await run(here, world)).output == "b"
    assert world.done == []


@pytest.mark.anyio
async def test_human_ask_in_mid_turn_goes_on_with_the_answer() -> None:
    world = World()
    world.services.tools.add(TOOLS[0])
    ask = {"tool": "human.ask", "args": {"question": "Red or blue?", "options": ["red", "blue"]}}
    here = desk(
        [{"tools": [ask, {"tool": "look", "args": {"what": "sky"}}]}, {"text": "{output}"}], tools=["human.ask", "look"]
    )
    here.scripted["one"][0]["steps"][0]["tools"].reverse()
    result = await run(here, world, [("blue", None)])
    assert result.output == "blue"
    assert world.done == [("look", "sky")]
    (gate,) = here.of(GateOpened)
    assert (gate.gate, gate.purpose, gate.prompt) == ("work!2", "ask", "Red or blue?")


@pytest.mark.anyio
async def test_gates_of_one_answer_are_opened_one_after_the_other() -> None:
    calls = [{"tool": "pay.big", "args": {"amount": n}} for n in (1, 2)]
    here, world = desk([{"tools": calls}, {"text": "ok"}], tools=["pay.big"]), World()
    await run(here, world, [("approve", None), ("deny", {"reason": "enough"})])
    assert [g.gate for g in here.of(GateOpened)] == ["work!1", "work!2"]
    assert world.done == [("pay", 1)]


@pytest.mark.anyio
async def test_a_failed_attempt_in_the_middle_changes_nothing_about_kills_and_resumes() -> None:
    def failing() -> Desk:
        here = everything()
        broken = [BUYER[0], {"error": {"class": "transient"}}]
        here.scripted["buyer"].insert(0, {"when": {"attempt": 1}, "steps": broken})
        return here

    first, world = failing(), World()
    with pytest.raises(ModelError):
        await run(first, world)
    assert states(first)[-1] == states(first, "buyer!4")[-1] == "failed"
    await run(first, world, [("approve", None)])
    assert world.done == [("look", "price"), ("pay", 2), ("pay", 7), ("pay", 100)]
    for length in range(len(first.events)):
        there = first.resumed(length)
        unsure = [("happened", {"result": 1})] if _is_unsure(there) else []
        result = await run(there, World(), [*unsure, ("approve", None)])
        assert result.output == {"total": 103}, length
        asked = [(e.agent, e.step) for e in there.of(ModelAnswered)]
        assert len(set(asked)) == len(asked), length
        for agent in {e.agent for e in there.of(AgentStateChanged)}:
            steps = [State(s) for s in states(there, agent)]
            for before, after in pairwise(steps):
                fresh = before == State.FAILED and after == State.INITIALIZED
                assert fresh or after == before or after in TRANSITIONS[before], (length, agent, before, after)


@pytest.mark.anyio
async def test_writes_of_several_calls_join_by_the_keys_merge_rule() -> None:
    keys = {"replace": 3, "extend": [1, 2, 3], "merge": {"1": 1, "2": 2, "3": 3}, "sum": 6, "min": 1, "max": 3}
    here = desk([{"tools": [{"tool": "put", "args": {"n": n}} for n in (2, 1, 3)]}, {"text": "ok"}], tools=["put"])
    here.graph = graph_of(here.graph.model_dump(exclude_unset=True)["nodes"], state={k: {"merge": k} for k in keys})

    async def put(n: int, context: ToolContext) -> None:
        """Put."""
        values: dict[str, Any] = {"extend": [n], "merge": {str(n): n}}
        for key in keys:
            context.set_state(key, values.get(key, n))

    world = World()
    world.services.tools.add(make_tool(put, effect="read"))
    result = await run(here, world)
    assert result.writes == {**keys, "extend": [2, 1, 3]}
