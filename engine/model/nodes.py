"""The nine kinds of node as one discriminated union, as they stand in the file.

Rule: a node says *what* it is; how it runs is the scheduler's and the executors' business. Unknown fields are refused.
Field order here is the written order of the file (GRAPH.md §1): ``kind``, ``label``, ``description``, the kind's own
fields, ``each`` …, ``to``; ``FIELD_ORDER`` spells it out for the writer.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

NAME_PATTERN = r"^[a-z0-9][a-z0-9-]{0,63}$"
KEY_PATTERN = r"^[a-z][a-z0-9_]{0,63}$"


class Part(BaseModel):
    """Base of everything in the document: frozen, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)


class Edge(Part):
    """A way on: ``{"on": PORT, "when": EXPRESSION, "node": TARGET, "label": TEXT}``; only ``node`` is required."""

    on: str | None = None
    when: str | None = None
    node: str
    label: str | None = None


class Retry(Part):
    """When and how often a failed attempt is tried again. Seconds are wall-clock."""

    attempts: int = Field(default=3, ge=1, le=1000)
    initial_s: float = Field(default=1, ge=0)
    factor: float = Field(default=2, ge=1)
    max_s: float = Field(default=60, ge=0)
    jitter: bool = True
    on: list[str] = Field(default_factory=lambda: ["transient"])


class Limits(Part):
    """Upper bounds of a run, subgraph or agent; absent means unbounded (``depth`` apart)."""

    seconds: float | None = Field(default=None, gt=0)
    node_runs: int | None = Field(default=None, ge=1)
    tokens: int | None = Field(default=None, ge=1)
    usd: float | None = Field(default=None, ge=0)
    tool_calls: int | None = Field(default=None, ge=0)
    concurrency: int | None = Field(default=None, ge=1)
    depth: int = Field(default=16, ge=1, le=256)


class Cache(Part):
    """Reuse a result for ``ttl_s`` seconds under ``key`` (a template; absent: the resolved input)."""

    ttl_s: float = Field(gt=0)
    key: str | None = None


class ToolUse(Part):
    """A tool given to an agent; may only tighten what the tool itself declares."""

    tool: str
    requires_confirmation: bool | None = None
    max_calls: int | None = Field(default=None, ge=0)
    timeout_s: float | None = Field(default=None, gt=0)


class Settings(Part):
    """Settings of a model request; absent means the provider's default."""

    temperature: float | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    top_p: float | None = None
    seed: int | None = None
    reasoning: JsonValue = None


class GateOption(Part):
    """One way a person may decide."""

    name: str
    label: str | None = None
    form: dict[str, JsonValue] | None = None


class Escalation(Part):
    """Who is asked too once ``after_s`` seconds have passed."""

    after_s: float = Field(gt=0)
    assignees: list[str]


class _Node(Part):
    label: str | None = None
    description: str | None = None
    lock: str | None = None
    output_key: str | None = None
    save: dict[str, JsonValue] | None = None
    to: list[Edge] = Field(default_factory=list[Edge])


class _Executing(_Node):
    """What agent, tool and subgraph share: lists of items, attempts, time, cache."""

    each: str | None = None
    wait: Literal["all", "any"] | int | None = None
    rest: Literal["wait", "cancel"] | None = None
    accept_failed: bool | None = None
    concurrency: int = Field(default=10, ge=1)
    retry: Retry | None = None
    timeout_s: float | None = Field(default=None, gt=0)
    cache: Cache | None = None


class AgentFields(Part):
    """What an agent node and a sub-agent share."""

    model: str | list[str] | None = None
    instructions: str | None = None
    prompt: str | None = None
    output_schema: dict[str, JsonValue] | None = None
    tools: list[str | ToolUse] = Field(default_factory=list[str | ToolUse])
    agents: dict[str, SubAgent] = Field(default_factory=dict[str, "SubAgent"])
    attachments: list[JsonValue] = Field(default_factory=list[JsonValue])
    max_iterations: int | None = Field(default=None, ge=1)
    limits: Limits | None = None
    settings: dict[str, JsonValue] | Settings | None = None
    plan: bool = False
    reflect: bool = False


class SubAgent(AgentFields):
    """An agent inside an agent, under its name (``agents``: name → these fields)."""

    description: str | None = None
    timeout_s: float = Field(default=120, gt=0)
    disallow_transfer_to_parent: bool = False
    disallow_transfer_to_peers: bool = False


class AgentNode(AgentFields, _Executing):
    """A model with instructions, tools and sub-agents, run to an answer."""

    kind: Literal["agent"]


class ToolNode(_Executing):
    """One call of a registered tool."""

    kind: Literal["tool"]
    tool: str
    args: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])


class ForkNode(_Node):
    """Takes every edge whose ``when`` holds, all at once."""

    kind: Literal["parallel-fork"]


class JoinNode(_Node):
    """Waits for its branches by ``wait`` and does ``rest`` with those that come later."""

    kind: Literal["join"]
    wait: Literal["all", "any"] | int = "all"
    rest: Literal["wait", "cancel"] = "wait"
    accept_failed: bool = False


class LoopBackNode(_Node):
    """Repeats its loop from the header, at most ``max_iterations`` times."""

    kind: Literal["loop-back"]
    while_: str | None = Field(default=None, alias="while")
    max_iterations: int | None = Field(default=None, ge=1)
    on_limit: Literal["fail", "exit"] = "fail"


class GateNode(_Node):
    """Asks a person and leaves by the option that was taken."""

    kind: Literal["human-gate"]
    prompt: str | None = None
    options: list[str | GateOption] = Field(default_factory=lambda: ["ok"])
    form: dict[str, JsonValue] | None = None
    prefill: dict[str, JsonValue] | None = None
    assignees: list[str] | None = None
    deadline_s: float | None = Field(default=None, gt=0)
    reminder_s: float | None = Field(default=None, gt=0)
    escalate: list[Escalation] | None = None
    default: str | None = None


class SubgraphNode(_Executing):
    """Runs another graph as a scope of its own."""

    kind: Literal["subgraph"]
    graph: str | None = None
    inline: dict[str, JsonValue] | None = None
    args: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])


class WaitNode(_Node):
    """Waits for a time span, a point in time or a signal."""

    kind: Literal["wait"]
    seconds: float | str | None = None
    until: str | None = None
    signal: str | None = None
    deadline_s: float | None = Field(default=None, gt=0)


class EndNode(_Node):
    """Ends the graph it stands in, with its ``output`` or as a failure."""

    kind: Literal["end"]
    output: JsonValue = None
    fail: str | None = None


Node = Annotated[
    AgentNode | ToolNode | ForkNode | JoinNode | LoopBackNode | GateNode | SubgraphNode | WaitNode | EndNode,
    Field(discriminator="kind"),
]
Kind = Literal["agent", "tool", "parallel-fork", "join", "loop-back", "human-gate", "subgraph", "wait", "end"]

NODE_CLASSES: dict[str, type[_Node]] = {
    "agent": AgentNode,
    "tool": ToolNode,
    "parallel-fork": ForkNode,
    "join": JoinNode,
    "loop-back": LoopBackNode,
    "human-gate": GateNode,
    "subgraph": SubgraphNode,
    "wait": WaitNode,
    "end": EndNode,
}

PORTS: dict[str, tuple[str, ...]] = {
    "agent": ("ok", "error", "transfer"),
    "tool": ("ok", "error"),
    "parallel-fork": ("branch", "error"),
    "join": ("ok", "error"),
    "loop-back": ("done", "repeat", "error"),
    "human-gate": ("expired", "error"),
    "subgraph": ("ok", "error"),
    "wait": ("ok", "expired", "error"),
    "end": (),
}
"""Kind → its ports, the default first. A gate's options come before ``expired`` and are always named on the edge."""

EXECUTING: frozenset[str] = frozenset({"agent", "tool", "subgraph", "human-gate", "wait"})
"""Kinds whose work is done by an executor; the others live wholly in the scheduler."""


def ports_of(node: Any) -> tuple[str, ...]:
    """Every port of one node, a gate's options first."""
    if isinstance(node, GateNode):
        return tuple(o if isinstance(o, str) else o.name for o in node.options) + PORTS["human-gate"]
    return PORTS[node.kind]


def port_of(node: Any, edge: Edge) -> str:
    """The port an edge stands on: its ``on``, else the kind's default."""
    return edge.on if edge.on is not None else PORTS[node.kind][0]
