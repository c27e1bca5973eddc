"""A tool node: its arguments, its secrets, its retries."""

from __future__ import annotations

from typing import Any

import pytest

from engine.agents.definition import Tool, make_tool
from engine.agents.registry import ToolRegistry
from engine.agents.secrets import Secret
from engine.agents.services import Services
from engine.errors import NodeError, ToolError
from engine.model.types import DYNAMIC
from engine.nodes.tool import ToolExecutor
from engine.runtime.context import Result
from tests.agents.desk import Desk, graph_of, to_end
from tests.tools.use import Hosts, built_in

GOT: list[dict[str, Any]] = []


async def note(text: Any = None, parts: list[Any] | None = None) -> str:
    """Note."""
    GOT.append({"text": text, "parts": parts})
    return "noted"


class Safe:
    def secret(self, name: str) -> Secret | None:
        return Secret("canary-7") if name == "API" else None


def executor(*more: Tool) -> ToolExecutor:
    registry = ToolRegistry([*built_in(http=Hosts()), make_tool(note, effect="read"), *more])
    return ToolExecutor(Services(registry, secrets=Safe()))


async def run(args: dict[str, Any], names: dict[str, Any] | None = None) -> Result:
    graph = graph_of({"t": {"kind": "tool", "tool": "note", "args": args}})
    here = Desk(graph, "t", names or {"input": {}, "state": {}})
    made: Any = executor()
    return await to_end(here, made, made.resolve(graph.nodes["t"], here.names, DYNAMIC))


@pytest.mark.anyio
async def test_templates_keep_types_and_absent_arguments_are_not_passed() -> None:
    GOT.clear()
    await run({"text": "{input.n}", "parts": ["{input.none?}", 1]}, {"input": {"n": 3}, "state": {}})
    await run({"text": "{input.none?}"})
    assert GOT == [{"text": 3, "parts": [1]}, {"text": None, "parts": None}]


@pytest.mark.anyio
async def test_a_secret_stands_in_the_arguments_where_the_graph_names_one() -> None:
    GOT.clear()
    await run({"text": {"$secret": "API"}, "parts": [{"key": {"$secret": "API"}}, "{input.x}"]}, {"input": {"x": 1}})
    assert GOT == [{"text": "canary-7", "parts": [{"key": "canary-7"}, 1]}]


@pytest.mark.anyio
async def test_what_comes_in_by_a_template_and_looks_like_a_secret_is_none() -> None:
    GOT.clear()
    evil = {"$secret": "API"}
    await run({"text": "{input.evil}", "parts": ["{input.evil}"]}, {"input": {"evil": evil}, "state": {}})
    await run({"text": {"$secret": "API"}, "parts": ["{input.evil}"]}, {"input": {"evil": evil}, "state": {}})
    assert [{"text": evil, "parts": [evil]}, {"text": "canary-7", "parts": [evil]}] == GOT


@pytest.mark.anyio
async def test_a_secret_whose_place_cannot_be_told_is_refused() -> None:
    with pytest.raises(NodeError) as caught:
        await run({"parts": ["{input.none?}", {"$secret": "API"}]})
    assert caught.value.code == "secret.place"


@pytest.mark.anyio
async def test_an_unknown_tool_and_unfit_arguments_are_said() -> None:
    graph = graph_of({"t": {"kind": "tool", "tool": "nte"}})
    with pytest.raises(NodeError, match="there is no tool 'nte'"):
        await executor().run(Desk(graph, "t").context({}))
    with pytest.raises(ToolError) as caught:
        await run({"txt": 1})
    assert caught.value.code == "tool.arguments"


RETRIES: list[tuple[dict[str, Any], int]] = [
    ({"tool": "text.join"}, 3),
    ({"tool": "file.write"}, 3),
    ({"tool": "pay"}, 1),
    ({"tool": "nowhere"}, 1),
    ({"tool": "http.request", "args": {"method": "PUT"}}, 3),
    ({"tool": "http.request", "args": {"method": "POST"}}, 1),
    ({"tool": "http.request", "args": {"method": "{input.method}"}}, 1),
]


@pytest.mark.parametrize(("node", "attempts"), RETRIES)
def test_an_unsafe_tool_has_one_attempt_and_others_the_usual(node: dict[str, Any], attempts: int) -> None:
    graph = graph_of({"t": {"kind": "tool", **node}})
    made: Any = executor(make_tool(note, name="pay", effect="unsafe"))
    assert made.retry(graph.nodes["t"]).attempts == attempts
