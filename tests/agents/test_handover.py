"""Handing over along the edges of the graph: whom the model sees, and what the other one gets."""

from __future__ import annotations

from typing import Any

import pytest

from engine.agents.runner import handed_over, run_agent, transfer_targets
from tests.agents.desk import Desk, graph_of
from tests.agents.test_turn import World

NODES: dict[str, Any] = {
    "desk": {
        "kind": "agent", "model": "scripted:one", "prompt": "Help {input.who}.", "label": "Desk",
        "description": "Knows everybody", "output_key": "reply",
        "to": [
            {"node": "done"},
            {"on": "transfer", "node": "billing"},
            {"on": "transfer", "node": "vip", "when": "input.who == 'the king'"},
        ],
    },
    "billing": {
        "kind": "agent", "label": "Billing", "description": "Money", "model": "scripted:two",
        "to": [{"node": "done"}, {"on": "transfer", "node": "again"}],
    },
    "vip": {"kind": "agent", "description": "Kings", "model": "scripted:two", "to": [{"node": "done"}]},
    "again": {"kind": "loop-back", "max_iterations": 3, "to": [{"on": "repeat", "node": "desk"}]},
    "done": {"kind": "join"},
}  # fmt: skip
GRAPH = graph_of(NODES, state={"reply": {}})
SCRIPT = {"one": [{"steps": [{"transfer": "billing", "message": "Twice."}]}], "two": [{"steps": [{"text": "Paid."}]}]}


def desk(node: str, who: str = "Ann", **nodes: Any) -> Desk:
    names = {"input": {"who": who}, "state": {}, "nodes": nodes}
    return Desk(GRAPH, node, names, scripted=SCRIPT)


def test_the_model_sees_the_targets_with_label_and_description() -> None:
    assert transfer_targets(desk("desk").context({})) == {"billing": "Billing: Money"}


def test_a_when_hides_a_target_and_a_loop_back_shows_its_header() -> None:
    assert transfer_targets(desk("desk", "the king").context({}))["vip"] == "Kings"
    assert transfer_targets(desk("billing").context({})) == {"again": "Desk: Knows everybody"}


@pytest.mark.anyio
async def test_a_hand_over_leaves_by_the_port_with_words_request_and_conversation() -> None:
    here = desk("desk")
    result = await run_agent(here.context({"prompt": "Help Ann."}), World().services)
    assert (result.port, result.target) == ("transfer", "billing")
    assert result.output["message"] == "Twice."
    assert result.output["request"] == "Help Ann."
    assert [m["role"] for m in result.output["conversation"]] == ["user", "assistant", "tool"]


def given(target: str, port: str = "transfer") -> dict[str, Any]:
    return {"port": port, "output": {"target": target, "conversation": [{"role": "user", "text": "Help Ann."}]}}


def test_the_target_gets_the_conversation_so_far() -> None:
    assert handed_over(desk("billing", desk=given("billing")).context({})) == [{"role": "user", "text": "Help Ann."}]
    assert handed_over(desk("desk", billing=given("again")).context({})) == [{"role": "user", "text": "Help Ann."}]


def test_who_was_not_handed_over_to_gets_none() -> None:
    assert handed_over(desk("vip", desk=given("billing")).context({})) == []
    assert handed_over(desk("billing", desk=given("billing", "ok")).context({})) == []
    assert handed_over(desk("billing").context({})) == []


@pytest.mark.anyio
async def test_an_unknown_target_is_refused_and_the_turn_goes_on() -> None:
    here = desk("desk")
    here.scripted = {"one": [{"steps": [{"transfer": "nobody"}, {"text": "Myself."}]}]}
    result = await run_agent(here.context({"prompt": "x"}), World().services)
    assert result.output == "Myself."


@pytest.mark.anyio
async def test_only_the_first_hand_over_of_an_answer_counts() -> None:
    here = desk("desk", "the king")
    transfer = [{"tool": "transfer_to_agent", "args": {"agent": name}} for name in ("vip", "billing")]
    here.scripted = {"one": [{"steps": [{"tools": transfer}]}]}
    assert (await run_agent(here.context({"prompt": "x"}), World().services)).target == "vip"
