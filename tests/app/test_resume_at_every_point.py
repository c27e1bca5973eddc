"""Whatever event a run is cut off after, a new engine brings it to the same end and repeats no effect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine import Event, Graph
from engine.model.values import as_object
from engine.scheduler.events import NodeCompleted, NodeFailed, NodeStarted
from tests.support.cutting import Story, Told, open_keys, settled_keys, taken_up, whole
from tests.support.sketch import document

pytestmark = pytest.mark.anyio
RETRY: dict[str, Any] = {"attempts": 3, "initial_s": 1, "jitter": False}


def story(text: str, *, inner: str | None = None, script: Any = None, input: Any = None, **top: Any) -> Story:
    """A sketch with fields laid over its nodes (``nodes``) and those of the graph ``inner`` (``inside``)."""
    nodes, inside = top.pop("nodes", {}), top.pop("inside", {})
    graphs = {} if inner is None else {"inner": laid_over(document(inner, name="inner"), inside)}
    return Story(laid_over(document(text, **top), nodes), graphs, input, script)


def laid_over(found: dict[str, Any], nodes: dict[str, Any]) -> Graph:
    """The document with these fields of its nodes; None takes one away."""
    for name, fields in nodes.items():
        merged = found["nodes"][name] | fields
        found["nodes"][name] = {key: value for key, value in merged.items() if value is not None}
    return Graph.model_validate(found)


def effects(**more: Any) -> dict[str, Any]:
    return {"tool": "send", "args": {"fails": 1}, "retry": RETRY, **more}


AGENT_SCRIPT = {
    "boss": [
        {
            "steps": [
                {"tool": "set_plan", "args": {"steps": ["send", "ask", "buy"]}},
                {"tools": [{"tool": "send", "args": {"value": 1}}, {"tool": "work", "args": {"value": 2}}]},
                {"tool": "human.ask", "args": {"question": "How much?"}},
                {
                    "tools": [
                        {"tool": "pay", "args": {"value": 5}},
                        {"tool": "agent:helper", "args": {"request": "Help"}},
                    ]
                },
                {"text": "All is done."},
                {"text": "All is really done."},
            ]
        }
    ],
    "helper": [
        {
            "steps": [
                {"tool": "send", "args": {"value": 3, "fails": 1}},
                {"tool": "send", "args": {"value": 4}},
                {"text": "helped"},
            ]
        }
    ],
}

STORIES: dict[str, Story] = {
    "a chain of every effect": story(
        "a -> b -> c -> d",
        nodes={"b": {"tool": "send"}, "c": {"tool": "pay"}, "d": effects()},
        output={"all": "{nodes.a.output} {nodes.b.output} {nodes.c.output} {nodes.d.output}"},
    ),
    "loops in a loop": story(
        "a -> b -> c -> l1[max=2,exit] ~> b; l1 -> d -> l2[max=3,exit] ~> a; l2 -> e",
        nodes={"b": effects(), "c": {"tool": "pay"}, "d": {"save": {"turns": "{iteration}"}}},
        state={"turns": {"schema": {"type": "array"}, "merge": "append"}},
        output={"turns": "{state.turns}", "last": "{nodes.c.output}"},
    ),
    "a fork with joins of every rule": story(
        "a -> f1{b,c,d,e}; b,c -> j1; d,e -> j2[any,cancel]; j1,j2 -> j3 -> z",
        nodes={"b": effects(), "c": {"tool": "pay"}, "e": {"tool": "send"}},
        output={"b": "{nodes.b.output}", "z": "{nodes.z.output}"},
    ),
    "a join of two of three that lets the rest go on": story(
        "f{b,c,d}; b,c,d -> j[2] -> z",
        nodes={"b": effects(), "c": {"tool": "send"}},
        output={"z": "{nodes.z.output}"},
    ),
    "failures that are taken up": story(
        "f{b,c,d}; b,c,d -> j[accept] -> z",
        nodes={"b": {"args": {"fails": 9, "error": "tool"}}, "c": effects(), "d": {"tool": "pay"}},
        output={"z": "{nodes.z.output}"},
    ),
    "error edges": story(
        "a -(error)-> h -> z; a -> z; z -> y; y -(error ? error.class == 'fatal')-> x; y -> w1",
        nodes={
            "a": {"tool": "pay", "args": {"fails": 1}},
            "y": {"args": {"fails": 9, "error": "fatal"}, "retry": RETRY},
        },
        output={"h": "{nodes.h.output}", "x": "{nodes.x.output}"},
    ),
    "a failure that ends it": story(
        "a -> f{b,c}; b,c -> j",
        nodes={"b": effects(), "c": {"args": {"fails": 9}, "retry": RETRY}},
        on_failure="finish",
    ),
    "items": story(
        "a -> m -> n -> z",
        nodes={
            "m": {
                "each": "input.list",
                "concurrency": 2,
                "args": {"value": "{item}", "fails": 1},
                "tool": "send",
                "retry": RETRY,
            },
            "n": {"each": "input.list", "tool": "pay", "args": {"value": "{item}"}, "accept_failed": True},
        },
        input={"list": [1, 2, 3]},
        output={"m": "{nodes.m.output}", "n": "{nodes.n.output}"},
    ),
    "items of which two suffice": story(
        "m[each=input.list,rest=cancel] -> z", nodes={"m": {"wait": 2, "tool": "send"}}, input={"list": [1, 2, 3]}
    ),
    "a subgraph that is tried again": story(
        "a -> s -> z",
        inner="p -> q -> r",
        inside={"p": {"tool": "send"}, "q": {"args": {"fails": 2}, "retry": {"attempts": 1}}, "r": {"tool": "pay"}},
        nodes={"s": {"retry": RETRY, "timeout_s": 100}},
        output={"z": "{nodes.z.output}"},
    ),
    "subgraphs over a list": story(
        "s[each=input.list] -> z",
        inner="p -> f{q,r}; q,r -> j -> g -(yes)-> o",
        nodes={"s": {"concurrency": 2, "args": {"n": "{item}"}}},
        inside={"g": {"options": ["yes"]}, "q": {"tool": "pay"}, "r": effects()},
        input={"list": [1, 2]},
        output={"s": "{nodes.s.output}"},
    ),
    "gates, waits and signals": story(
        """a -> f{g,w1,w2,w3}; g -(approve)-> j; g -(revise)-> b -> j; w1,w2 -> j
        w3 -(expired)-> c -> j; w3 -> d -> j; j -> z""",
        nodes={
            "g": {"options": ["approve", "revise"], "reminder_s": 5, "deadline_s": 1000, "default": "approve"},
            "w1": {"seconds": 30},
            "w2": {"kind": "wait", "signal": "ping", "seconds": None},
            "w3": {"kind": "wait", "signal": "pong", "deadline_s": 500, "seconds": None},
        },
        output={"g": "{nodes.g.output.option}", "ping": "{nodes.w2.output}"},
    ),
    "a critical section": story(
        "f{b,c,s}; b,c,s -> j -> z",
        inner="p -> q",
        nodes={"b": effects(lock="k"), "c": {"lock": "k", "tool": "pay"}, "s": {"lock": "k"}},
        inside={"q": {"tool": "send"}},
        output={"j": "{nodes.j.output}"},
    ),
    "kept results": story(
        "a -> b -> c -> d",
        nodes={n: {"cache": {"ttl_s": 1000, "key": "same"}} for n in ("a", "c")} | {"b": {"tool": "send"}},
        output={"a": "{nodes.a.output}", "c": "{nodes.c.output}"},
    ),
    "an agent with all there is": story(
        "a -> boss -> z",
        nodes={
            "boss": {
                "kind": "agent",
                "tool": None,
                "model": "scripted:boss",
                "plan": True,
                "reflect": True,
                "tools": ["work", {"tool": "send", "requires_confirmation": True}, "pay", "human.ask", "agent:helper"],
                "agents": {"helper": {"description": "helps", "model": "scripted:helper", "tools": ["send"]}},
            }
        },
        script=AGENT_SCRIPT,
        output={"said": "{nodes.boss.output}"},
    ),
    "an agent that writes to the state": story(
        "boss -> z",
        nodes={
            "boss": {
                "kind": "agent",
                "tool": None,
                "model": "scripted:boss",
                "tools": ["jot", "work", "agent:helper"],
                "agents": {"helper": {"description": "helps", "model": "scripted:helper", "tools": ["jot"]}},
            }
        },
        script={
            "boss": [
                {
                    "steps": [
                        {"tool": "jot", "args": {"key": "first", "value": 1}},
                        {"tool": "work"},
                        {"tool": "agent:helper", "args": {"request": "Help"}},
                        {"tool": "work", "args": {"value": 2}},
                        {"text": "All is noted."},
                    ]
                }
            ],
            "helper": [{"steps": [{"tool": "jot", "args": {"key": "second", "value": 2}}, {"text": "helped"}]}],
        },
        state={"first": {}, "second": {}},
        output={"first": "{state.first}", "second": "{state.second}"},
    ),
    "an agent that calls graphs": story(
        "boss -> z",
        inner="p -> f{q,g}; q,r -> j; g -(yes)-> r; j -> o",
        inside={
            "p": {"tool": "send", "args": {"value": "{input.value}"}},
            "q": effects(),
            "g": {"options": ["yes"]},
            "r": {"tool": "pay"},
            "o": {"args": {"value": "{input.value}"}},
        },
        nodes={
            "boss": {
                "kind": "agent",
                "tool": None,
                "model": "scripted:boss",
                "limits": {"tool_calls": 40, "seconds": 1000},
                "timeout_s": 500,
                "tools": ["send", "human.ask", "agent:helper", {"tool": "graph:inner", "timeout_s": 300}],
                "agents": {
                    "helper": {
                        "description": "helps",
                        "model": "scripted:helper",
                        "tools": ["graph:inner"],
                        "limits": {"tool_calls": 9},
                    }
                },
            }
        },
        script={
            "boss": [
                {
                    "steps": [
                        {
                            "tools": [
                                {"tool": "graph:inner", "args": {"value": 1}},
                                {"tool": "send", "args": {"value": 2}},
                                {"tool": "human.ask", "args": {"question": "How much?"}},
                                {"tool": "graph:inner", "args": {"value": 3}},
                            ]
                        },
                        {"tool": "agent:helper", "args": {"request": "Help"}},
                        {"text": "Done with {output}"},
                    ]
                }
            ],
            "helper": [{"steps": [{"tool": "graph:inner", "args": {"value": 4}}, {"text": "helped"}]}],
        },
        output={"said": "{nodes.boss.output}"},
    ),
    "an end within a loop": story(
        "a -> f{b,c}; b -> j; c -> j; j -> d; d -(? iteration == 2)-> end; d -> l[max=3] ~> a",
        nodes={"b": {"tool": "send"}, "c": {"tool": "pay"}},
    ),
}


@pytest.mark.parametrize("name", STORIES)
async def test_a_run_cut_off_anywhere_comes_to_the_same_end(name: str, tmp_path: Path) -> None:
    uncut, texts = await whole(STORIES[name], tmp_path)
    for n in uncut.ends[:-1]:
        cut = await taken_up(uncut.events, n, texts)
        compare(uncut, cut, n)


def compare(uncut: Told, cut: Told, n: int) -> None:
    """The same end, no known effect repeated, every attempt counted."""
    at = f"cut after {n}: {uncut.events[n - 1]}"
    before = uncut.events[:n]
    assert (cut.result.status, cut.result.output) == (uncut.result.status, uncut.result.output), at
    assert ended_by(cut) == ended_by(uncut), at
    assert not set(cut.happened) & (settled_keys(before) | open_keys(before)), at
    assert max(Counter(cut.happened).values(), default=1) == 1, at
    assert failures(cut.events) == failures(uncut.events), at
    assert cut.result.usage.tool_calls == uncut.result.usage.tool_calls, at
    assert cut.result.usage.tokens == uncut.result.usage.tokens, at
    assert outputs(cut.events) == outputs(uncut.events), at
    assert numbered(cut.events), at


def ended_by(told: Told) -> str | None:
    return None if told.result.error is None else told.result.error.code


def failures(events: Sequence[Event]) -> Counter[str]:
    """Execution -> how many of its attempts have failed."""
    return Counter(e.execution for e in events if isinstance(e, NodeFailed))


def outputs(events: Sequence[Event]) -> dict[str, str]:
    """Execution -> what it came to."""
    return {e.execution: said(e.output) for e in events if isinstance(e, NodeCompleted)}


def said(output: Any) -> str:
    """An output as text; when a person answered is left out."""
    fields = as_object(output)
    return repr({key: value for key, value in fields.items() if key != "at"} if fields else output)


def numbered(events: Sequence[Event]) -> bool:
    """Whether the attempts of every execution count up without a gap."""
    attempts: dict[str, list[int]] = {}
    for event in events:
        if isinstance(event, NodeStarted):
            attempts.setdefault(event.execution, []).append(event.attempt)
    return all(found == list(range(1, len(found) + 1)) for found in attempts.values())
