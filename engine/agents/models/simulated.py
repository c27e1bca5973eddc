"""A simulation's answers: those of the script where it has some, else made up from the graph.

Rule: what will be answered is settled before the run starts and kept with it as its scripted answers, so a resume and
a replay read the same, whatever becomes of the files. A made-up answer says of itself that it is one. No model is ever
asked, whatever the graph names.

Theory of operation: ``simulated_scripts`` writes a script whose keys are not models but agents (``write``,
``write!buyer`` for a sub-agent, ``team/write`` below an inline subgraph): each gets the entries that the graph's script
has for its model, and, unless those fit always, an entry made up from its document. ``SimulatedModels`` answers for
every model from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from engine.agents.models.base import Asker, ModelAnswer, ModelRequest, Tell
from engine.agents.models.instances import smallest_instance
from engine.agents.models.scripted import ScriptedModels
from engine.errors import InputError
from engine.model.graph import Graph
from engine.model.nodes import AgentFields, AgentNode, SubgraphNode
from engine.model.templates import escaped
from engine.model.values import ABSENT

SIMULATED: Final = "simulated:script"
"""The model that every step of a simulation is journaled under."""
_SCRIPTED: Final = "scripted:"


class SimulatedModels:
    """The provider behind every model of a simulation."""

    def __init__(self) -> None:
        self._scripted = ScriptedModels()

    async def ask(self, request: ModelRequest, tell: Tell) -> ModelAnswer:
        """The answer of the agent that asks.

        Raises:
            ModelError: ``script.missing`` where its entries fit no longer, or the error that the script has here.
        """
        return await self._scripted.ask(replace(request, model=_key_of(request.asker)), tell)


def simulated_scripts(
    graphs: Mapping[str, Graph], scripts: Mapping[str, Any], inline: Callable[[Mapping[str, Any]], Graph]
) -> dict[str, Any]:
    """The scripts of a simulation: graph name -> script by agent.

    Args:
        graphs: every graph that the run reaches by name.
        scripts: graph name -> checked script, where there is one.
        inline: reads the graph that stands inside a subgraph node.

    Raises:
        InputError: ``simulation.answer``; nothing was found that fits an agent's ``output_schema``.
    """
    found: dict[str, Any] = {}
    for graph in graphs.values():
        for place, inner in _with_inline(graph, "", inline):
            own = scripts.get(inner.name, {})
            for key, agent, model, name in _agents(inner):
                where = f"{place}{key}"
                found.setdefault(inner.name, {})[where] = _entries(own, agent, model, name, f"{graph.name}/{where}")
    return found


def _with_inline(graph: Graph, place: str, inline: Callable[[Mapping[str, Any]], Graph]) -> Iterator[tuple[str, Graph]]:
    yield place, graph
    for node_id, node in graph.nodes.items():
        if isinstance(node, SubgraphNode) and node.inline is not None:
            yield from _with_inline(inline(node.inline), f"{place}{node_id}/", inline)


def _agents(graph: Graph) -> Iterator[tuple[str, AgentFields, str | None, str]]:
    """Every agent of a graph: its key, its fields, the model that it would ask first, and how people call it."""
    for node_id, node in graph.nodes.items():
        if isinstance(node, AgentNode):
            model = _first(node.model)
            yield node_id, node, model, node.label or node_id
            yield from _nested(node_id, node, model)


def _nested(node_id: str, parent: AgentFields, model: str | None) -> Iterator[tuple[str, AgentFields, str | None, str]]:
    for name, agent in parent.agents.items():
        own = _first(agent.model) or model
        yield f"{node_id}!{name}", agent, own, name
        yield from _nested(node_id, agent, own)


def _first(model: str | list[str] | None) -> str | None:
    return (model[0] if model else None) if isinstance(model, list) else model


def _entries(script: Mapping[str, Any], agent: AgentFields, model: str | None, name: str, where: str) -> list[Any]:
    written: list[Any] = script.get((model or "").removeprefix(_SCRIPTED), [])
    if any("when" not in entry or entry["when"] is None for entry in written):
        return written
    return [*written, {"steps": list(_steps(agent, name, where))}]


def _steps(agent: AgentFields, name: str, where: str) -> Iterator[dict[str, Any]]:
    """A plan where one is asked for, an escalation where there is that tool (so that loops end), then an answer."""
    tools = [use if isinstance(use, str) else use.tool for use in agent.tools]
    if agent.plan:
        yield {"tool": "set_plan", "args": {"steps": [escaped(f"(simulated) {name}")]}}
    if "escalate" in tools:
        yield {"escalate": escaped(f"(simulated) {name}")}
    if agent.output_schema is None:
        yield {"text": escaped(f"(simulated) {name}: no model was asked.")}
        return
    value = smallest_instance(agent.output_schema, words=f"(simulated) {name}")
    if value is ABSENT:
        raise InputError(
            f"no answer could be made up that fits the output_schema of {name}",
            code="simulation.answer",
            where=where,
            hint="write scripted answers for it, see docs/scripted.md",
        )
    yield {"json": _as_template(value)}


def _as_template(value: Any) -> Any:
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, dict):
        return {key: _as_template(inner) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [_as_template(inner) for inner in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def _key_of(asker: Asker) -> str:
    """The agent's key in its graph's script: its node with as much of the path to it as the script knows."""
    agent = asker.agent.rpartition("/")[2].partition("!")[0]
    ending = f"!{agent}" if agent else ""
    known: Mapping[str, Any] = asker.scripted or {}
    path = asker.node
    while f"{path}{ending}" not in known and "/" in path:
        path = path.partition("/")[2]
    return f"{path}{ending}"
