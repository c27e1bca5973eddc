"""An agent as it will run: the document's fields with their templates filled, and its place in the tree.

Rule: the tree is what the document nests, so every agent has one parent; names are unique in it. Whom an agent may call
or hand over to follows from its place alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.errors import NodeError
from engine.model.names import nearest
from engine.model.nodes import AgentFields, Limits, Settings, SubAgent, ToolUse
from engine.model.templates import ABSENT, resolve
from engine.model.types import Types
from engine.model.values import compact
from engine.runtime.context import Names

CALLED: Final = "agent:"
"""What a sub-agent's name is prefixed with where it is listed as a tool."""

_TURN_ITERATIONS: Final = 20
_SUB_ITERATIONS: Final = 10


@dataclass(slots=True)
class AgentSpec:
    """One agent.

    Attributes:
        name: "" for the node's own agent.
        description: what it is for; those who call it read it.
        models: names to try, in order; empty: the parent's, at the root the engine's default.
        instructions, prompt: resolved; "" where absent.
        output_schema: JSON Schema of its answer, or None.
        tools: what it may call, ``agent:NAME`` included.
        attachments: file values of the request.
        max_iterations: model requests in one stretch of work.
        timeout_s: seconds, or None (the node's own time bounds it).
        limits: of a sub-agent; the node's own agent is bounded by the host.
        settings: of its requests.
        plan, reflect: whether it plans first and checks its answer.
        parent: the agent around it, or None.
        agents: those nested in it.
        may_go_up, may_go_across: whether it may hand over to its parent and to its peers.
    """

    name: str
    description: str
    models: tuple[str, ...]
    instructions: str
    prompt: str
    output_schema: Any
    tools: tuple[ToolUse, ...]
    attachments: tuple[Any, ...]
    max_iterations: int
    timeout_s: float | None
    limits: Limits | None
    settings: Mapping[str, Any]
    plan: bool
    reflect: bool
    parent: AgentSpec | None = None
    agents: dict[str, AgentSpec] = field(default_factory=dict[str, "AgentSpec"])
    may_go_up: bool = True
    may_go_across: bool = True

    @property
    def called(self) -> frozenset[str]:
        """The sub-agents that it calls as tools; the others can be handed over to."""
        return frozenset(use.tool.removeprefix(CALLED) for use in self.tools if use.tool.startswith(CALLED))

    def handover_targets(self, top: AgentSpec) -> dict[str, AgentSpec]:
        """Name -> agent of this tree that it may hand the conversation to, while ``top`` is the one that was asked.

        Children that are not tools, then parent and peers unless forbidden; never above or beside ``top``.
        """
        found = {name: agent for name, agent in self.agents.items() if name not in self.called}
        if self is top or self.parent is None:
            return found
        if self.may_go_across:
            peers = {n: a for n, a in self.parent.agents.items() if a is not self and n not in self.parent.called}
            found.update(peers)
        if self.may_go_up and self.parent.name:
            found[self.parent.name] = self.parent
        return found

    def find_agent(self, name: str) -> AgentSpec | None:
        """The agent of that name in this tree, itself included, or None."""
        return next((agent for agent in self.walk() if agent.name == name), None)

    def walk(self) -> Iterator[AgentSpec]:
        """This agent and all below it, each before its own."""
        yield self
        for agent in self.agents.values():
            yield from agent.walk()


def resolved_fields(node: AgentFields, names: Names, types: Types) -> dict[str, Any]:
    """The fields of an agent, and of those nested in it, that hold templates; resolved, absent ones left out.

    Raises:
        NodeError: a template or expression failed.
    """
    found: dict[str, Any] = {}
    for key, value in (("instructions", node.instructions), ("prompt", node.prompt)):
        text = ABSENT if value is None else resolve(value, names, types)
        if text is not ABSENT:
            found[key] = text
    if node.attachments:
        found["attachments"] = resolve(node.attachments, names, types)
    if node.agents:
        found["agents"] = {name: resolved_fields(agent, names, types) for name, agent in node.agents.items()}
    return found


def spec_of(node: AgentFields, resolved: Mapping[str, Any]) -> AgentSpec:
    """The tree of an agent node, from the document and what ``resolved_fields`` made of it.

    Raises:
        NodeError: ``agent.duplicate``; two agents of the tree have one name. ``agent.unknown``; a tool ``agent:NAME``
            names none of its own.
    """
    root = _spec("", node, resolved, None)
    seen: set[str] = set()
    for agent in root.walk():
        if agent.name in seen:
            raise NodeError(
                f"two agents are called {agent.name}",
                code="agent.duplicate",
                hint="an agent has one parent and a name of its own: rename one",
            )
        seen.add(agent.name)
        for name in sorted(agent.called - agent.agents.keys()):
            close = nearest(name, agent.agents)
            raise NodeError(
                f"{agent.name or 'the agent'} lists the tool agent:{name}, but has no agent {name}",
                code="agent.unknown",
                hint=f"did you mean agent:{close}?" if close else f"define {name} under its `agents`",
            )
    return root


def _spec(name: str, node: AgentFields, resolved: Mapping[str, Any], parent: AgentSpec | None) -> AgentSpec:
    is_sub = isinstance(node, SubAgent)
    made = AgentSpec(
        name=name,
        description=(node.description or "") if isinstance(node, SubAgent) else "",
        models=_models(node.model) or (parent.models if parent is not None else ()),
        instructions=_text(resolved.get("instructions", "")),
        prompt=_text(resolved.get("prompt", "")),
        output_schema=node.output_schema,
        tools=tuple(ToolUse(tool=use) if isinstance(use, str) else use for use in node.tools),
        attachments=tuple(resolved.get("attachments", ())),
        max_iterations=node.max_iterations or (_SUB_ITERATIONS if is_sub else _TURN_ITERATIONS),
        timeout_s=node.timeout_s if isinstance(node, SubAgent) else None,
        limits=node.limits if is_sub else None,
        settings=_settings(node.settings),
        plan=node.plan,
        reflect=node.reflect,
        parent=parent,
    )
    if isinstance(node, SubAgent):
        made.may_go_up = not node.disallow_transfer_to_parent
        made.may_go_across = not node.disallow_transfer_to_peers
    inner = resolved.get("agents", {})
    made.agents = {key: _spec(key, agent, inner.get(key, {}), made) for key, agent in node.agents.items()}
    return made


def _models(model: str | list[str] | None) -> tuple[str, ...]:
    return () if model is None else (model,) if isinstance(model, str) else tuple(model)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else compact(value)


def _settings(settings: Any) -> dict[str, Any]:
    if settings is None:
        return {}
    if isinstance(settings, Settings):
        return settings.model_dump(exclude_none=True)
    return {key: value for key, value in settings.items() if value is not None}
