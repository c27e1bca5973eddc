"""The events of a run: facts in the past tense, and the consequences the scheduler draws from them.

Rule: an event says what happened, never what should happen. ``n`` (from 1, no gap) and ``at`` (seconds since 1970,
UTC) are set once, by the host, when the event is handed to the journal; nobody changes an event after that. They are
plain slotted objects rather than frozen ones because a run makes two of them per node and freezing doubles the cost.

Values (outputs, inputs) are JSON values. ``execution`` is the execution's name (GRAPH.md §5), ``node`` the node's id
with the path of its subgraph (``team/write``). ``taken`` holds indices into the node's ``to``; None means "what the
plan alone says": the port's only unconditional edge, every edge of a fork, or nothing where the port has no edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from engine.errors import Failure


class Derived:
    """Marks an output that follows from earlier events (fork, join, loop-back, each) and is not written again."""

    def __repr__(self) -> str:
        return "DERIVED"


DERIVED: Final = Derived()


@dataclass(slots=True)
class Usage:
    """What an execution used: ``tokens`` in and out together, ``usd`` None when a price is unknown, ``seconds``."""

    tokens: int = 0
    usd: float | None = 0.0
    seconds: float = 0.0
    tool_calls: int = 0


@dataclass(slots=True, kw_only=True)
class RunStarted:
    """The run's first event. ``documents``: graph name -> hash of every reachable document, the root's included."""

    graph: str
    graph_hash: str
    documents: dict[str, str]
    input: Any
    seed: int
    engine: str
    parent: dict[str, Any] | None = None
    options: dict[str, Any] | None = None
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class NodeStarted:
    """An attempt began. ``input`` is the resolved input, or None with ``input_hash`` where it can be derived.

    Under ``each`` the node itself starts once with ``items`` (the frozen list), then every item as an execution.
    """

    execution: str
    node: str
    attempt: int = 1
    input: Any = None
    input_hash: str | None = None
    items: list[Any] | None = None
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class NodeCompleted:
    """An execution came to its result. A fact for kinds that execute, else a consequence or an evaluation's fact.

    Attributes:
        output: JSON value or DERIVED.
        port: the port it left by; None for an item of ``each``.
        taken: see the module; for ``transfer`` the one edge to ``target``.
        target: node id of a transfer.
        repeat: for a loop-back whether it voted to repeat; ``exhausted`` with it when the limit was reached.
        writes: state key -> written value, before the key's merge rule.
        errors: under ``each``: item index -> failure, for items that failed or were not waited for.
        reused_from: run id whose result this is, when it was not executed here.
        pinned: the output was given at the start of the run, and nothing was executed.
    """

    execution: str
    node: str
    attempt: int = 1
    output: Any = None
    port: str | None = None
    taken: tuple[int, ...] | None = None
    target: str | None = None
    repeat: bool | None = None
    exhausted: bool = False
    escalated: bool = False
    writes: dict[str, Any] | None = None
    errors: dict[str, Any] | None = None
    usage: Usage | None = None
    reused_from: str | None = None
    pinned: bool = False
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class NodeFailed:
    """An attempt failed. With ``retry_at`` (seconds since 1970) it is tried again; else ``taken`` says the way on.

    ``taken`` then holds the error edges taken (indices into ``to``), () when none holds.
    ``ends_run``: a used-up limit of the run, past every catch.
    """

    execution: str
    node: str
    error: Failure
    attempt: int = 1
    retry_at: float | None = None
    taken: tuple[int, ...] = ()
    ends_run: bool = False
    usage: Usage | None = None
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class EffectClaimed:
    """A tool with an effect is about to act. ``key``: idempotency key; ``args_hash``: SHA-256 of canonical args.

    An agent's call of a graph (``graph:NAME``) opens a scope, which ends when the call is settled:

    Attributes:
        graph: name of the graph, None for every other call.
        call: the call's number; the scope is ``EXECUTION!CALL``, its nodes are ``NODE!GRAPH/…``.
        input: the graph's input.
        deadline: when the call is given up, seconds since 1970, or None.
        limits: what is left for it where that is less than the graph's own limits, or None.
    """

    execution: str
    node: str
    key: str
    tool: str
    args_hash: str
    effect: str
    graph: str | None = None
    call: str = ""
    input: Any = None
    deadline: float | None = None
    limits: dict[str, Any] | None = None
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class EffectSettled:
    """A call's outcome is known: its result, or the error that it ended with.

    ``writes``: state keys that the tool set (``ToolContext.set_state``), so that a resumed turn has them again.
    ``usage``: of a graph that an agent called, what its nodes used; their own events have told it already.
    ``simulated``: the tool was not called; the result stands in for what it would have returned.
    """

    execution: str
    node: str
    key: str
    result: Any = None
    error: Failure | None = None
    writes: dict[str, Any] | None = None
    usage: Usage | None = None
    simulated: bool = False
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class ModelRequested:
    """Step ``step`` (from 1) of an agent's turn asked a model. ``messages_ref``: SHA-256 of the prompt and messages.

    They follow from the events before this one and are not kept a second time: a conversation stored anew at every step
    would grow with the square of its steps.
    """

    execution: str
    node: str
    step: int
    model: str
    messages_ref: str
    agent: str = ""
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class ModelAnswered:
    """The model's answer to that step, whole: enough to go on in mid-turn."""

    execution: str
    node: str
    step: int
    answer: Any
    agent: str = ""
    usage: Usage | None = None
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class AgentStateChanged:
    """An agent moved to a lifecycle state (written ``agent.state``); ``detail`` holds plan, recovery and such."""

    execution: str
    node: str
    state: str
    agent: str = ""
    detail: Any = None
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class GateOpened:
    """A person is asked.

    Attributes:
        gate: the gate's id: its execution name, or ``EXECUTION!CALL``.
        purpose: ``gate`` (a human-gate), ``ask`` (human.ask), ``approval`` (a tool call), ``effect`` (an unsafe
            effect whose outcome is unknown).
        options: list of {name, label?, form?}; ``form``: JSON Schema for options without their own.
        deadline, remind_every_s: seconds since 1970; seconds.
        escalate: list of {after_s, assignees}; default: the option taken at the deadline.
    """

    gate: str
    execution: str
    node: str
    purpose: str
    prompt: str
    options: list[dict[str, Any]]
    form: Any = None
    prefill: dict[str, Any] | None = None
    assignees: list[str] | None = None
    deadline: float | None = None
    remind_every_s: float | None = None
    escalate: list[dict[str, Any]] | None = None
    default: str | None = None
    detail: Any = None
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class GateReminded:
    """A reminder was due; ``count`` from 1."""

    gate: str
    execution: str
    node: str
    count: int
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class GateEscalated:
    """More people are asked; ``step`` is the index into ``escalate``."""

    gate: str
    execution: str
    node: str
    step: int
    assignees: list[str]
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class GateAnswered:
    """A person decided (or the deadline's ``default``, ``by`` = ``deadline``)."""

    gate: str
    execution: str
    node: str
    option: str
    form: Any = None
    by: str | None = None
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class GateExpired:
    """The deadline came without an answer and without a default."""

    gate: str
    execution: str
    node: str
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class TimerSet:
    """A wait is open until ``due`` (seconds since 1970); with ``signal`` it ends earlier when that signal comes.

    ``deadline``: for a signal wait, when it leaves by ``expired``.
    """

    execution: str
    node: str
    due: float | None = None
    signal: str | None = None
    deadline: float | None = None
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class TimerFired:
    """The wait's time came; ``expired`` when it was the deadline of a signal wait."""

    execution: str
    node: str
    expired: bool = False
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class SignalReceived:
    """A signal was sent to the run by name."""

    name: str
    value: Any = None
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class RunResumed:
    """A host took the run up. ``clean``: the one before stopped in order, so nothing was cut off by a crash."""

    clean: bool = False
    engine: str = ""
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class RunCancelRequested:
    """Somebody wants the run to end."""

    by: str | None = None
    reason: str | None = None
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class NodeSkipped:
    """No edge to the node was taken. ``why``: ``dead_path`` or ``upstream_failed``."""

    execution: str
    node: str
    why: str
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class NodeCancelled:
    """The execution was withdrawn. ``why``: ``join``, ``end``, ``each``, ``run``, ``alone``, ``scope``."""

    execution: str
    node: str
    why: str
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class LoopRepeated:
    """The loop of ``header`` (node path) begins iteration ``iteration`` (from 2); ``execution``: the header's next."""

    header: str
    iteration: int
    execution: str
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class RunCompleted:
    """The run is over and its output resolved."""

    output: Any
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class RunFailed:
    """The run is over with its first failure."""

    error: Failure
    n: int = 0
    at: float = 0.0


@dataclass(slots=True, kw_only=True)
class RunCancelled:
    """The run is over because somebody wanted it so."""

    n: int = 0
    at: float = 0.0


Event = (
    RunStarted
    | NodeStarted
    | NodeCompleted
    | NodeFailed
    | EffectClaimed
    | EffectSettled
    | ModelRequested
    | ModelAnswered
    | AgentStateChanged
    | GateOpened
    | GateReminded
    | GateEscalated
    | GateAnswered
    | GateExpired
    | TimerSet
    | TimerFired
    | SignalReceived
    | RunResumed
    | RunCancelRequested
    | NodeSkipped
    | NodeCancelled
    | LoopRepeated
    | RunCompleted
    | RunFailed
    | RunCancelled
)

GateEvent = GateOpened | GateReminded | GateEscalated | GateAnswered | GateExpired
"""What happens to a gate."""

TYPE_NAMES: Final[dict[type[Any], str]] = {
    RunStarted: "run.started",
    NodeStarted: "node.started",
    NodeCompleted: "node.completed",
    NodeFailed: "node.failed",
    EffectClaimed: "effect.claimed",
    EffectSettled: "effect.settled",
    ModelRequested: "model.requested",
    ModelAnswered: "model.answered",
    AgentStateChanged: "agent.state",
    GateOpened: "gate.opened",
    GateReminded: "gate.reminded",
    GateEscalated: "gate.escalated",
    GateAnswered: "gate.answered",
    GateExpired: "gate.expired",
    TimerSet: "timer.set",
    TimerFired: "timer.fired",
    SignalReceived: "signal.received",
    RunResumed: "run.resumed",
    RunCancelRequested: "run.cancel_requested",
    NodeSkipped: "node.skipped",
    NodeCancelled: "node.cancelled",
    LoopRepeated: "loop.repeated",
    RunCompleted: "run.completed",
    RunFailed: "run.failed",
    RunCancelled: "run.cancelled",
}
"""Event class -> its ``type`` in JSON."""
