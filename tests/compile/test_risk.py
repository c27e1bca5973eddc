"""When a high-risk tool is within reach of what strangers wrote."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compile.cases import agent, gate, graph, to, tool
from tests.compile.worlds import findings

READ = {"kind": "tool", "tool": "web.read"}
SEND = {"kind": "tool", "tool": "mail.send"}


def risks(nodes: dict[str, Any], **top: Any) -> list[str]:
    return [found.place for found in findings(graph(nodes, **top)) if found.code == "tool.risk"]


@pytest.mark.parametrize("source", [
    {"a": {**READ, "to": to("b")}},
    {"a": {"kind": "wait", "signal": "mail", "to": to("b")}},
    {"a": gate("ok", to=[{"on": "ok", "node": "b"}])},
    {"a": {"kind": "parallel-fork", "to": to("w", "v")}, "w": {**READ, "to": to("j")}, "v": tool(to=to("j")),
     "j": {"kind": "join", "to": to("b")}},
])  # fmt: skip
def test_untrusted_text_comes_from_the_web_signals_and_people(source: dict[str, Any]) -> None:
    where = "j" if "j" in source else "a"
    reader = agent(prompt=f"{{nodes.{where}.output}}", tools=["mail.send"])
    assert risks(source | {"b": reader}) == ["/nodes/b/tools/0"]


@pytest.mark.parametrize(
    "reader",
    [
        agent(prompt="Say hello.", tools=["mail.send"]),
        agent(prompt="{input.x}", tools=["work"]),
        agent(prompt="{input.x}", tools=[{"tool": "mail.send", "requires_confirmation": True}]),
    ],
)
def test_an_agent_that_reads_nothing_untrusted_or_asks_first_is_no_risk(reader: dict[str, Any]) -> None:
    assert risks({"a": {**SEND, "to": to("b")}, "b": reader}) == []


def test_a_gate_between_the_agent_and_the_tool_takes_the_risk_away() -> None:
    last = {**SEND, "args": {"text": "{nodes.b.output}"}}
    straight = {"b": agent(prompt="{input.x}", to=to("c")), "c": last}
    asked = {"b": agent(prompt="{input.x}", to=to("g")), "g": gate("ok", to=[{"on": "ok", "node": "c"}]), "c": last}
    assert risks(straight) == ["/nodes/c/tool"]
    assert risks(asked) == []


def test_words_of_an_agent_are_followed_through_state_and_hand_overs() -> None:
    nodes = {
        "a": agent(prompt="{input.x}", to=[{"on": "transfer", "node": "b"}]),
        "b": agent(description="writes", output_key="draft", to=to("c")),
        "c": tool(save={"copy": "{state.draft} {state.copy?}"}, to=to("d")),
        "d": {**SEND, "args": {"text": "{copy}"}},
    }
    assert risks(nodes, state={"draft": {}, "copy": {}}, output={"x": "{copy}"}) == ["/nodes/d/tool"]


def test_a_tool_that_gets_no_words_of_the_agent_is_no_risk() -> None:
    assert risks({"a": agent(prompt="{input.x}", to=to("b")), "b": {**SEND, "args": {"text": "hello"}}}) == []
