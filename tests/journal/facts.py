"""Events for the journal's tests, and one strategy that draws any event there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from engine.errors import ERROR_CLASSES, Failure
from engine.scheduler import events as ev

HASH = "5e" * 32


def run_started(**fields: Any) -> ev.RunStarted:
    """The first event of a run of the graph ``g``."""
    given: dict[str, Any] = {
        "graph": "g",
        "graph_hash": HASH,
        "documents": {"g": HASH},
        "input": {"topic": "rivers"},
        "seed": 7,
        "engine": "0.1.0",
        "n": 1,
        "at": 1000.0,
    }
    return ev.RunStarted(**(given | fields))


def started(n: int, execution: str = "work", **fields: Any) -> ev.NodeStarted:
    return ev.NodeStarted(execution=execution, node=fields.pop("node", execution), n=n, at=1000.0 + n, **fields)


def completed(n: int, execution: str = "work", output: Any = None, **fields: Any) -> ev.NodeCompleted:
    return ev.NodeCompleted(
        execution=execution, node=fields.pop("node", execution), output=output, port="ok", n=n, at=1000.0 + n, **fields
    )


def failed(n: int, execution: str = "work", **fields: Any) -> ev.NodeFailed:
    failure = Failure("tool", "tool.failed", "it broke", execution)
    return ev.NodeFailed(execution=execution, node=execution, error=failure, n=n, at=1000.0 + n, **fields)


def asked(n: int, execution: str = "work", usd: float | None = 0.5) -> ev.ModelAnswered:
    usage = ev.Usage(10, usd, 1.0, 0)
    return ev.ModelAnswered(execution=execution, node=execution, step=1, answer={}, usage=usage, n=n, at=1000.0 + n)


def claimed(n: int, execution: str = "work") -> ev.EffectClaimed:
    return ev.EffectClaimed(
        execution=execution,
        node=execution,
        key=f"r1/{execution}!1",
        tool="send",
        args_hash=HASH,
        effect="idempotent",
        n=n,
        at=1000.0 + n,
    )


def gate_opened(n: int, gate: str = "review", **fields: Any) -> ev.GateOpened:
    given: dict[str, Any] = {
        "gate": gate,
        "execution": gate.split("!")[0],
        "node": gate.split("!")[0].split("@")[0],
        "purpose": "gate",
        "prompt": "Publish?",
        "options": [{"name": "approve"}, {"name": "revise"}],
        "n": n,
        "at": 1000.0 + n,
    }
    return ev.GateOpened(**(given | fields))


def gate_answered(n: int, gate: str = "review", option: str = "approve") -> ev.GateAnswered:
    execution = gate.split("!")[0]
    return ev.GateAnswered(gate=gate, execution=execution, node=execution, option=option, n=n, at=1000.0 + n)


def signal(n: int, value: Any) -> ev.SignalReceived:
    return ev.SignalReceived(name="count", value=value, n=n, at=1000.0 + n)


def steps(count: int, size: int = 200, *, first: int = 2) -> list[ev.Event]:
    """``count`` steps of a chain, two events each, every output ``size`` characters long."""
    made: list[ev.Event] = []
    for step in range(count):
        n = first + 2 * step
        name = f"step_{step}"
        made += [started(n, name, input_hash=HASH), completed(n + 1, name, f"{step:06}" + "x" * (size - 6))]
    return made


# --- any event ---

texts = st.text(st.characters(codec="utf-8"), max_size=12)
names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
moments = st.integers(0, 4_000_000_000_000).map(lambda ms: ms / 1000)
usages = st.builds(
    ev.Usage,
    tokens=st.integers(0, 10**9),
    usd=st.none() | st.floats(0, 100),
    seconds=st.floats(0, 1e6),
    tool_calls=st.integers(0, 50),
)
failures = st.builds(
    Failure,
    st.sampled_from(ERROR_CLASSES),
    names,
    texts,
    st.just("") | names,
    st.none() | texts,
)


@st.composite
def executions(draw: st.DrawFn) -> str:
    """A name of GRAPH.md §5: in subgraphs, loops, under ``each``."""
    parts: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        loops = draw(st.lists(st.integers(1, 99), max_size=3))
        item = draw(st.none() | st.integers(0, 99))
        marks = "@" + ".".join(map(str, loops)) if loops else ""
        parts.append(draw(names) + marks + ("" if item is None else f"[{item}]"))
    return "/".join(parts)


def _event(kind: type[Any], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(kind, n=st.integers(1, 10**6), at=moments, **fields)


def _of_node(kind: type[Any], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return _event(kind, execution=executions(), node=names | executions(), **fields)


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


objects = st.dictionaries(names, values, max_size=3)
taken = st.lists(st.integers(0, 9), max_size=3).map(tuple)
attempts = st.integers(1, 9)
gates = st.lists(st.fixed_dictionaries({"name": names}), max_size=2)
people = st.lists(names, max_size=3)

EVENTS: dict[type[Any], st.SearchStrategy[Any]] = {
    ev.RunStarted: _event(
        ev.RunStarted,
        graph=names,
        graph_hash=st.just(HASH),
        documents=st.dictionaries(names, st.just(HASH), max_size=2),
        input=values,
        seed=st.integers(0, 2**63 - 1),
        engine=names,
        parent=_maybe(objects),
        options=_maybe(objects),
    ),
    ev.NodeStarted: _of_node(
        ev.NodeStarted,
        attempt=attempts,
        input=values,
        input_hash=_maybe(st.just(HASH)),
        items=_maybe(st.lists(values, max_size=3)),
    ),
    ev.NodeCompleted: _of_node(
        ev.NodeCompleted,
        attempt=attempts,
        output=values | st.just(ev.DERIVED),
        port=_maybe(names),
        taken=_maybe(taken),
        target=_maybe(names),
        repeat=_maybe(st.booleans()),
        exhausted=st.booleans(),
        escalated=st.booleans(),
        writes=_maybe(st.dictionaries(names, values, max_size=3)),
        errors=_maybe(objects),
        usage=_maybe(usages),
        reused_from=_maybe(names),
        pinned=st.booleans(),
    ),
    ev.NodeFailed: _of_node(
        ev.NodeFailed,
        attempt=attempts,
        error=failures,
        retry_at=_maybe(moments),
        taken=taken,
        ends_run=st.booleans(),
        usage=_maybe(usages),
    ),
    ev.EffectClaimed: _of_node(
        ev.EffectClaimed,
        key=texts,
        tool=names,
        args_hash=st.just(HASH),
        effect=names,
        graph=_maybe(names),
        call=st.just("") | names,
        input=values,
        deadline=_maybe(moments),
        limits=_maybe(objects),
    ),
    ev.EffectSettled: _of_node(
        ev.EffectSettled,
        key=texts,
        result=values,
        error=_maybe(failures),
        writes=_maybe(st.dictionaries(names, values, max_size=3)),
        usage=_maybe(usages),
        simulated=st.booleans(),
    ),
    ev.ModelRequested: _of_node(
        ev.ModelRequested, step=attempts, model=names, messages_ref=st.just(HASH), agent=st.just("") | names
    ),
    ev.ModelAnswered: _of_node(
        ev.ModelAnswered, step=attempts, answer=values, agent=st.just("") | names, usage=_maybe(usages)
    ),
    ev.AgentStateChanged: _of_node(ev.AgentStateChanged, state=names, agent=st.just("") | names, detail=values),
    ev.GateOpened: _of_node(
        ev.GateOpened,
        gate=executions(),
        purpose=names,
        prompt=texts,
        options=gates,
        form=values,
        prefill=_maybe(objects),
        assignees=_maybe(people),
        deadline=_maybe(moments),
        remind_every_s=_maybe(st.floats(1, 1e6)),
        escalate=_maybe(st.lists(st.fixed_dictionaries({"after_s": st.integers(1, 99), "assignees": people}))),
        default=_maybe(names),
        detail=values,
    ),
    ev.GateReminded: _of_node(ev.GateReminded, gate=executions(), count=attempts),
    ev.GateEscalated: _of_node(ev.GateEscalated, gate=executions(), step=st.integers(0, 5), assignees=people),
    ev.GateAnswered: _of_node(ev.GateAnswered, gate=executions(), option=names, form=values, by=_maybe(names)),
    ev.GateExpired: _of_node(ev.GateExpired, gate=executions()),
    ev.TimerSet: _of_node(ev.TimerSet, due=_maybe(moments), signal=_maybe(names), deadline=_maybe(moments)),
    ev.TimerFired: _of_node(ev.TimerFired, expired=st.booleans()),
    ev.SignalReceived: _event(ev.SignalReceived, name=names, value=values),
    ev.RunResumed: _event(ev.RunResumed, clean=st.booleans(), engine=st.just("") | names),
    ev.RunCancelRequested: _event(ev.RunCancelRequested, by=_maybe(names), reason=_maybe(texts)),
    ev.NodeSkipped: _of_node(ev.NodeSkipped, why=names),
    ev.NodeCancelled: _of_node(ev.NodeCancelled, why=names),
    ev.LoopRepeated: _event(ev.LoopRepeated, header=names, iteration=attempts, execution=executions()),
    ev.RunCompleted: _event(ev.RunCompleted, output=values),
    ev.RunFailed: _event(ev.RunFailed, error=failures),
    ev.RunCancelled: _event(ev.RunCancelled),
}
"""Event class -> a strategy that draws every field of it."""

any_event: st.SearchStrategy[ev.Event] = st.one_of(*EVENTS.values())

LoadNothing = Callable[[str], bytes]


def no_blobs(digest: str) -> bytes:
    """For events that fit into their row."""
    raise AssertionError(f"a blob {digest} was asked for")
