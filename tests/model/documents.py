"""Random documents of every shape that a file may have, and random JSON, for the tests of the model.

Rule: a document here is well-formed (every field of the right type and in its place), not meaningful: edges lead
anywhere, loops have no header. The raw value is drawn, never a model, so that reading is tested too.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from engine.model.names import ROOTS, WORDS

Document = dict[str, Any]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ids = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True).filter(lambda text: text not in WORDS | set(ROOTS))
numbers = st.one_of(
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, -0.0, 1.0, 1e21, 5e-324, 1.7976931348623157e308, 2**53 + 1, 2**70, 1e-7, 123456789.125]),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
keys = st.one_of(texts, st.integers(0, 12).map(str), st.sampled_from(["__proto__", "constructor", "01", "4294967295"]))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=8,
)
objects = st.dictionaries(keys.filter(lambda key: key[:1] != "$"), scalars, max_size=3)
schemas = st.sampled_from(
    [{"type": "string"}, {"type": "object", "properties": {"b": {"type": "number"}, "1": {"type": "integer"}}}, {}]
)
seconds = st.one_of(st.integers(1, 9), st.floats(0.5, 99))


def some(required: dict[str, Any], **optional: Any) -> st.SearchStrategy[Document]:
    """An object with the required fields and any of the others, its keys in any order."""
    fixed = st.fixed_dictionaries(required, optional={key.rstrip("_"): value for key, value in optional.items()})
    return fixed.flatmap(
        lambda value: st.permutations(list(value)).map(lambda order: {key: value[key] for key in order})
    )


nothing: st.SearchStrategy[Document] = st.just({})
edges = some({"node": ids}, on=texts, when=texts, label=texts)
retries = some(
    {}, attempts=st.integers(1, 9), initial_s=seconds, factor=st.just(2), jitter=st.booleans(), on=st.just([])
)
limits = some({}, seconds=seconds, tokens=st.integers(1, 99), usd=st.just(0), depth=st.integers(1, 256))
common: dict[str, Any] = {
    "label": texts,
    "description": texts,
    "lock": texts,
    "output_key": ids,
    "save": st.dictionaries(ids, texts, max_size=2),
    "to": st.lists(edges, max_size=3),
}
executing: dict[str, Any] = {
    "concurrency": st.integers(1, 9),
    "retry": retries,
    "timeout_s": seconds,
    "cache": some({"ttl_s": seconds}, key=texts),
}
tools = st.one_of(texts, some({"tool": texts}, max_calls=st.integers(0, 3), timeout_s=seconds))
agent: dict[str, Any] = {
    "model": st.one_of(texts, st.lists(texts, max_size=2)),
    "instructions": texts,
    "prompt": texts,
    "output_schema": schemas,
    "tools": st.lists(tools, max_size=2),
    "attachments": st.lists(texts, max_size=1),
    "max_iterations": st.integers(1, 9),
    "limits": limits,
    "settings": some({}, temperature=st.just(0.5), seed=st.integers(0, 9), reasoning=objects),
    "plan": st.booleans(),
}
sub_agents = some({}, **agent, description=texts, timeout_s=seconds, disallow_transfer_to_peers=st.booleans())
each = some({"each": texts}, wait=st.sampled_from(["any", 2]), rest=st.just("cancel"), accept_failed=st.booleans())
options = st.lists(st.sampled_from(["yes", "no", "later"]), min_size=1, max_size=3, unique=True).map(
    lambda names: [name if index % 2 else {"label": "L", "name": name} for index, name in enumerate(names)]
)


def merged(*parts: st.SearchStrategy[Document]) -> st.SearchStrategy[Document]:
    return st.tuples(*parts).map(lambda drawn: {key: value for part in drawn for key, value in part.items()})


def kind(name: str) -> dict[str, Any]:
    return {"kind": st.just(name)}


def node_strategies(inline: st.SearchStrategy[Document]) -> list[st.SearchStrategy[Document]]:
    escalation = some({"after_s": seconds, "assignees": st.lists(texts, max_size=1)})
    return [
        merged(
            some(kind("agent") | {"agents": st.dictionaries(ids, sub_agents, max_size=2)}, **agent),
            some({}, **common, **executing),
            st.one_of(nothing, each),
        ),
        some(kind("tool") | {"tool": texts}, args=objects, **common, **executing),
        some(kind("parallel-fork"), **common),
        some(kind("join"), wait=st.sampled_from(["all", "any", 2]), rest=st.just("cancel"), **common),
        some(kind("loop-back"), while_=texts, max_iterations=st.integers(1, 9), on_limit=st.just("exit"), **common),
        some(
            kind("human-gate"),
            prompt=texts,
            options=options,
            form=schemas,
            prefill=objects,
            assignees=st.lists(texts, max_size=2),
            deadline_s=seconds,
            escalate=st.lists(escalation, max_size=1),
            **common,
        ),
        some(kind("subgraph") | {"inline": inline}, args=objects, **common, **executing),
        some(kind("wait") | {"seconds": st.one_of(seconds, texts)}, deadline_s=seconds, **common),
        some(kind("end"), output=values.filter(lambda value: not isinstance(value, dict)), label=texts),
    ]


positions = st.tuples(numbers, numbers).map(list)
notes = st.lists(some({"x": numbers, "y": numbers, "w": numbers, "h": numbers, "text": texts}), max_size=2)


def graphs(inline: st.SearchStrategy[Document]) -> st.SearchStrategy[Document]:
    state_keys = some({}, schema=schemas, merge=st.sampled_from(["replace", "append", "sum"]))
    layout = merged(st.dictionaries(ids, positions, max_size=3), st.one_of(nothing, some({"$notes": notes})))
    return some(
        {
            "format": st.just("weft/1"),
            "name": st.from_regex(r"[a-z0-9][a-z0-9-]{0,5}", fullmatch=True),
            "nodes": st.dictionaries(ids, st.one_of(node_strategies(inline)), max_size=4),
        },
        title=texts,
        description=texts,
        input=st.one_of(st.booleans(), schemas),
        state=st.dictionaries(ids, state_keys, max_size=2),
        output=objects,
        limits=limits,
        on_failure=st.just("finish"),
        layout=layout,
    )


documents: st.SearchStrategy[Document] = graphs(graphs(st.just({"format": "weft/1", "name": "leaf", "nodes": {}})))
"""Well-formed documents; subgraphs stand in subgraphs up to two deep."""
