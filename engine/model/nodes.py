"""The nine kinds of node as one discriminated union, as they stand in the file.

Rule: a node says *what* it is; how it runs is the scheduler's and the executors' business. Unknown fields are refused.
Field order here is the written order of the file (GRAPH.md §1): ``kind``, ``label``, ``description``, the kind's own
fields, ``each`` …, ``to``; ``FIELD_ORDER`` spells it out for the writer.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from engine.model.shapes import LIST, NUMBER, OBJECT, TEXT, Given, by_shape

Schema = dict[str, JsonValue]
"""A JSON Schema (2020-12) of an object form."""

Template = Annotated[str, Field(json_schema_extra={"format": "template"})]
Expression = Annotated[str, Field(json_schema_extra={"format": "expression"})]
Label = Annotated[str, Field(max_length=500)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
CountOrNone = Annotated[int, Field(ge=0)]
Rest = Literal["wait", "cancel"]
Names = Annotated[Annotated[str, TEXT] | Annotated[list[str], LIST], by_shape("text or a list of texts")]
Wait = Annotated[
    Annotated[Literal["all", "any"], TEXT] | Annotated[int, NUMBER], by_shape('"all", "any" or a whole number')
]
Seconds = Annotated[
    Annotated[Annotated[float, Field(ge=0)], NUMBER] | Annotated[str, TEXT],
    by_shape("a number of seconds or a template"),
]


class Part(BaseModel):
    """Base of everything in the document: frozen, unknown fields refused."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        populate_by_name=True,
        serialize_by_alias=True,
        allow_inf_nan=False,
    )


class Edge(Part):
    """A way on: ``{"on": PORT, "when": EXPRESSION, "node": TARGET, "label": TEXT}``; only ``node`` is required."""

    on: Given[str] = Field(default=None, description="The port it leaves by; absent: the kind's first port.")
    when: Given[Expression] = Field(default=None, description="CEL expression; the edge is taken only if it is true.")
    node: str = Field(description="Id of the node it leads to.")
    label: Given[Label] = Field(default=None, description="Text at the edge in pictures.")


class Retry(Part):
    """When and how often a failed attempt is tried again. Seconds are wall-clock."""

    attempts: int = Field(default=3, ge=1, le=1000, description="Attempts in all, the first included.")
    initial_s: float = Field(default=1, ge=0, description="Seconds before the second attempt.")
    factor: float = Field(default=2, ge=1, description="How much longer each further wait is.")
    max_s: float = Field(default=60, ge=0, description="The longest wait, in seconds.")
    jitter: bool = Field(default=True, description="Wait a random part of the time, so that many do not come at once.")
    on: list[str] = Field(
        default_factory=lambda: ["transient"], description="Error classes or codes that are tried again."
    )


class Limits(Part):
    """Upper bounds of a run, subgraph or agent; absent means unbounded (``depth`` apart)."""

    seconds: Given[Positive] = Field(default=None, description="Seconds in which at least one attempt is executed.")
    node_runs: Given[Count] = Field(default=None, description="Executions of nodes that do work.")
    tokens: Given[Count] = Field(default=None, description="Tokens of all models, read and written.")
    usd: Given[NotNegative] = Field(default=None, description="Money for models, in US dollars.")
    tool_calls: Given[CountOrNone] = Field(default=None, description="Calls of tools.")
    concurrency: Given[Count] = Field(default=None, description="Attempts executed at the same time.")
    depth: int = Field(default=16, ge=1, le=256, description="Subgraphs within subgraphs.")

    def tightened(self, other: Limits) -> Limits:
        """The smaller of two bounds, field by field; an absent one does not bound."""
        values: dict[str, Any] = {}
        for name in Limits.model_fields:
            bounds = [b for b in (getattr(self, name), getattr(other, name)) if b is not None]
            if bounds:
                values[name] = min(bounds)
        return Limits(**values)


class Cache(Part):
    """Reuse a result for ``ttl_s`` seconds under ``key`` (a template; absent: the resolved input)."""

    ttl_s: float = Field(gt=0, description="Seconds for which a result is reused.")
    key: Given[Template] = Field(default=None, description="Template of the key; absent: the resolved input.")


class ToolUse(Part):
    """A tool given to an agent; may only tighten what the tool itself declares."""

    tool: str = Field(description="The tool's registered name.")
    requires_confirmation: Given[bool] = Field(default=None, description="A person must agree to each call.")
    max_calls: Given[CountOrNone] = Field(default=None, description="Calls allowed in one execution.")
    timeout_s: Given[Positive] = Field(default=None, description="Seconds for one call.")


ToolEntry = Annotated[
    Annotated[str, TEXT] | Annotated[ToolUse, OBJECT], by_shape('a tool\'s name or an object with "tool"')
]


class Settings(Part):
    """Settings of a model request; absent means the provider's default."""

    temperature: Given[NotNegative] = Field(default=None, description="0 is the most predictable.")
    max_tokens: Given[Count] = Field(default=None, description="The longest answer, in tokens.")
    top_p: Given[Annotated[float, Field(ge=0, le=1)]] = Field(default=None, description="Share of likely words kept.")
    seed: Given[int] = Field(default=None, description="For providers that can repeat an answer.")
    reasoning: JsonValue = Field(default=None, description="How much the model thinks, in the provider's own words.")


class GateOption(Part):
    """One way a person may decide."""

    name: str = Field(min_length=1, max_length=64, description="The port it leads to.")
    label: Given[Label] = Field(default=None, description="Text on the button; absent: the name.")
    form: Given[Schema] = Field(default=None, description="JSON Schema of what is filled in with this option.")


OptionEntry = Annotated[
    Annotated[str, Field(min_length=1, max_length=64), TEXT] | Annotated[GateOption, OBJECT],
    by_shape('an option\'s name or an object with "name"'),
]


class Escalation(Part):
    """Who is asked too once ``after_s`` seconds have passed."""

    after_s: float = Field(gt=0, description="Seconds since the gate was opened.")
    assignees: list[str] = Field(description="Who is asked from then on.")


class _Node(Part):
    label: Given[Label] = Field(default=None, description="Name in pictures and lists; absent: the id.")
    description: Given[str] = Field(default=None, description="What the node is for.")
    lock: Given[str] = Field(default=None, description="Of the nodes with the same lock one works at a time.")
    output_key: Given[str] = Field(default=None, description="State key that the output is written to.")
    save: Given[dict[str, JsonValue]] = Field(default=None, description="State key to the template of what is written.")
    to: list[Edge] = Field(default_factory=list[Edge], description="The ways on, in the order they are tried.")


class _Executing(_Node):
    """What agent, tool and subgraph share: lists of items, attempts, time, cache."""

    each: Given[Expression] = Field(default=None, description="CEL expression of a list; the node runs for each item.")
    wait: Given[Wait] = Field(default=None, description="Beside each: how many items must succeed.")
    rest: Given[Rest] = Field(default=None, description="Beside each: what becomes of the other items.")
    accept_failed: Given[bool] = Field(default=None, description="Beside each: failed items leave null.")
    concurrency: int = Field(default=10, ge=1, description="Items executed at the same time.")
    retry: Given[Retry] = Field(default=None, description="When a failed attempt is tried again.")
    timeout_s: Given[Positive] = Field(default=None, description="Seconds for one attempt.")
    cache: Given[Cache] = Field(default=None, description="Reuse of earlier results.")


class AgentFields(Part):
    """What an agent node and a sub-agent share."""

    model: Given[Names] = Field(default=None, description="A model, or a list: the next when one is used up.")
    instructions: Given[Template] = Field(default=None, description="Template: who the agent is and what it must do.")
    prompt: Given[Template] = Field(default=None, description="Template: what it is asked now.")
    output_schema: Given[Schema] = Field(default=None, description="JSON Schema of the answer; absent: text.")
    tools: list[ToolEntry] = Field(default_factory=list[str | ToolUse], description="Tools that the model may call.")
    agents: dict[str, SubAgent] = Field(
        default_factory=dict[str, "SubAgent"], description="Agents it may hand over to."
    )
    attachments: list[JsonValue] = Field(default_factory=list[JsonValue], description="Files or templates of files.")
    max_iterations: int = Field(default=20, ge=1, description="Turns of the model, at most.")
    limits: Given[Limits] = Field(default=None, description="Upper bounds of one execution.")
    settings: Given[Settings] = Field(default=None, description="Settings of the model.")
    plan: bool = Field(default=False, description="The agent makes a plan first.")
    reflect: bool = Field(default=False, description="The agent checks its answer once.")


class SubAgent(AgentFields):
    """An agent inside an agent, under its name (``agents``: name → these fields)."""

    description: Given[str] = Field(default=None, description="What it is good for; the other agents read this.")
    timeout_s: float = Field(default=120, gt=0, description="Seconds for one delegation.")
    max_iterations: int = Field(default=10, ge=1, description="Turns of the model, at most.")
    disallow_transfer_to_parent: bool = Field(default=False, description="It may not hand back to its parent.")
    disallow_transfer_to_peers: bool = Field(default=False, description="It may not hand over to its siblings.")


class AgentNode(AgentFields, _Executing):
    """A model with instructions, tools and sub-agents, run to an answer."""

    kind: Literal["agent"]


class ToolNode(_Executing):
    """One call of a registered tool."""

    kind: Literal["tool"]
    tool: str = Field(description="The tool's registered name.")
    args: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue], description="Arguments, as templates.")


class ForkNode(_Node):
    """Takes every edge whose ``when`` holds, all at once."""

    kind: Literal["parallel-fork"]


class JoinNode(_Node):
    """Waits for its branches by ``wait`` and does ``rest`` with those that come later."""

    kind: Literal["join"]
    wait: Wait = Field(default="all", description="How many branches must arrive.")
    rest: Rest = Field(default="wait", description="What becomes of the other branches.")
    accept_failed: bool = Field(default=False, description="A failed branch counts as decided and not taken.")


class LoopBackNode(_Node):
    """Repeats its loop from the header, at most ``max_iterations`` times."""

    kind: Literal["loop-back"]
    while_: Given[Expression] = Field(default=None, alias="while", description="CEL expression; false ends the loop.")
    max_iterations: Given[Count] = Field(default=None, description="Iterations in all; required to run.")
    on_limit: Literal["fail", "exit"] = Field(default="fail", description="What happens at max_iterations.")


class GateNode(_Node):
    """Asks a person and leaves by the option that was taken."""

    kind: Literal["human-gate"]
    prompt: Given[Template] = Field(default=None, description="Template: what the person is asked.")
    options: list[OptionEntry] = Field(
        default_factory=lambda: list[str | GateOption](["ok"]),
        min_length=1,
        description="The ways a person may decide.",
    )
    form: Given[Schema] = Field(default=None, description="JSON Schema of what the person fills in.")
    prefill: Given[dict[str, JsonValue]] = Field(
        default=None, description="Field of the form to the template it holds."
    )
    assignees: Given[list[str]] = Field(default=None, description="Who may answer; absent: everyone.")
    deadline_s: Given[Positive] = Field(default=None, description="Seconds until the gate expires.")
    reminder_s: Given[Positive] = Field(default=None, description="Seconds between reminders.")
    escalate: Given[list[Escalation]] = Field(default=None, description="Who is asked too, and when.")
    default: Given[str] = Field(default=None, description="The option taken at the deadline.")


class SubgraphNode(_Executing):
    """Runs another graph as a scope of its own."""

    kind: Literal["subgraph"]
    graph: Given[str] = Field(default=None, description="Name of the graph, looked up beside the root file.")
    inline: Given[dict[str, JsonValue]] = Field(default=None, description="The graph itself, instead of a name.")
    args: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue], description="Its input, as templates.")


class WaitNode(_Node):
    """Waits for a time span, a point in time or a signal."""

    kind: Literal["wait"]
    seconds: Given[Seconds] = Field(default=None, description="How long, in seconds.")
    until: Given[Template] = Field(default=None, description="Template of a point in time, ISO 8601.")
    signal: Given[Template] = Field(default=None, description="Template of a signal's name.")
    deadline_s: Given[Positive] = Field(default=None, description="Seconds until the wait expires.")


class EndNode(_Node):
    """Ends the graph it stands in, with its ``output`` or as a failure."""

    kind: Literal["end"]
    output: JsonValue = Field(default=None, description="Template of the graph's output.")
    fail: Given[Template] = Field(default=None, description="Template: the graph fails with this message.")


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

_FIRST = ("kind", "label", "description")
_LAST = (
    "each", "wait", "rest", "accept_failed", "concurrency", "retry", "timeout_s", "cache",
    "lock", "output_key", "save", "to",
)  # fmt: skip
_AGENT = (
    "model", "instructions", "prompt", "output_schema", "tools", "agents", "attachments", "max_iterations", "limits",
    "settings", "plan", "reflect",
)  # fmt: skip

OWN_FIELDS: dict[str, tuple[str, ...]] = {
    "agent": _AGENT,
    "tool": ("tool", "args"),
    "parallel-fork": (),
    "join": ("wait", "rest", "accept_failed"),
    "loop-back": ("while", "max_iterations", "on_limit"),
    "human-gate": (
        "prompt", "options", "form", "prefill", "assignees", "deadline_s", "reminder_s", "escalate", "default",
    ),
    "subgraph": ("graph", "inline", "args"),
    "wait": ("seconds", "until", "signal", "deadline_s"),
    "end": ("output", "fail"),
}  # fmt: skip
"""Kind → its own fields as the file names them, in the order of GRAPH.md §1."""

ITEM_FIELDS = ("wait", "rest", "accept_failed", "concurrency")
"""Fields of agent, tool and subgraph that mean something only beside ``each``."""

EXECUTING_FIELDS: tuple[str, ...] = ("each", *ITEM_FIELDS, "retry", "timeout_s", "cache")
"""Fields that only agent, tool and subgraph have (a join's ``wait``, ``rest``, ``accept_failed`` are its own)."""

FIELD_ORDER: dict[str, tuple[str, ...]] = {
    kind: tuple(dict.fromkeys((*_FIRST, *own, *_LAST))) for kind, own in OWN_FIELDS.items()
}
"""Kind → the order in which its fields are written; names that the kind does not have never occur."""

SUB_AGENT_ORDER: tuple[str, ...] = (
    "description", *_AGENT, "timeout_s", "disallow_transfer_to_parent", "disallow_transfer_to_peers",
)  # fmt: skip
"""The order in which the fields of a sub-agent are written."""

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
    """The port an edge stands on: its ``on``, else the kind's default ("" for an ``end``, which has no ports)."""
    return edge.on if edge.on is not None else next(iter(PORTS[node.kind]), "")


GRAPH_TOOL: Final = "graph:"
"""What a graph's name is prefixed with where an agent lists it as a tool."""


def called_graphs(agent: AgentFields) -> set[str]:
    """The names of the graphs that an agent, or one nested in it, may call as tools."""
    names = {entry if isinstance(entry, str) else entry.tool for entry in agent.tools}
    found = {name.removeprefix(GRAPH_TOOL) for name in names if name.startswith(GRAPH_TOOL)}
    return found.union(*(called_graphs(inner) for inner in agent.agents.values()))
