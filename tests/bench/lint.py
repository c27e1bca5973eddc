"""How long the checker and the plan take: ``python -m tests.bench.lint --nodes 1000``.

Prints one line of JSON per shape: nodes, and milliseconds of processor time for the first check, a check with all
expressions known, the plan, and what an editor's edit costs a server that has seen the graph before: reading the body,
checking and writing it, once with another text in one node (``edit_ms``) and once with one node more (``wire_ms``).
Medians.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson

from engine.compile.check import check
from engine.compile.compile import compile_graph
from engine.compile.memory import Memory
from engine.model.graph import Graph
from engine.model.memo import KnownNodes
from tests.bench import shapes

Document = dict[str, Any]


def flow(n: int) -> Graph:
    """``n`` nodes as people draw them: agents, choices with conditions, forks, joins, gates, loops, state."""
    nodes: Document = {}
    for block in range(0, n, 10):
        nodes |= _block(block, block + 10 if block + 10 < n else None)
    state = {f"k{block}": {"schema": {"type": "string"}} for block in range(0, n, 10)}
    return Graph.model_validate(
        {
            "format": "weft/1",
            "name": "flow",
            "input": {"type": "object", "properties": {"topic": {"type": "string"}, "count": {"type": "integer"}}},
            "state": state | {"notes": {"merge": "append"}},
            "output": {"last": f"{{state.k{(n - 1) // 10 * 10}}}"},
            "nodes": nodes,
        }
    )


def _block(b: int, following: int | None) -> Document:
    """Ten nodes: write, two reviews at once, a vote, a person, another round."""
    key, on = f"k{b}", [{"node": f"write{following}"}] if following is not None else []
    review = {"kind": "agent", "model": "scripted:critic", "prompt": f"Judge {{state.{key}}} on {{input.topic}}."}
    return {
        f"write{b}": {
            "kind": "agent", "model": "scripted:writer", "output_key": key,
            "instructions": "Write about {input.topic}, as {state.notes} say. Round {iteration}.",
            "to": [{"node": f"split{b}"}],
        },
        f"split{b}": {"kind": "parallel-fork", "to": [{"node": f"one{b}"}, {"node": f"two{b}"}]},
        f"one{b}": {**review, "to": [{"node": f"meet{b}"}]},
        f"two{b}": {**review, "to": [{"node": f"meet{b}"}]},
        f"meet{b}": {
            "kind": "join",
            "save": {"notes": f"{{nodes.one{b}.output}} and {{nodes.two{b}.output}}"},
            "to": [{"when": f"size(output.one{b}) > {b} && input.count < 3", "node": f"ask{b}"}, {"node": f"fix{b}"}],
        },
        f"fix{b}": {
            "kind": "tool", "tool": "text.trim", "args": {"text": f"{{{key}}}"}, "output_key": key,
            "to": [{"node": f"ask{b}"}],
        },
        f"ask{b}": {
            "kind": "human-gate", "prompt": f"Publish {{state.{key}}}?", "options": ["yes", "again"],
            "to": [{"on": "yes", "node": f"last{b}"}, {"on": "again", "node": f"back{b}"}],
        },
        f"back{b}": {"kind": "loop-back", "max_iterations": 3, "to": [{"on": "repeat", "node": f"write{b}"}]},
        f"last{b}": {"kind": "join", "to": [{"node": f"store{b}"}]},
        f"store{b}": {"kind": "tool", "tool": "value.set", "args": {"value": f"{{state.{key}}}"}, "to": on},
    }  # fmt: skip


SHAPES: dict[str, Callable[[int], Graph]] = {
    "flow": flow,
    "chain": shapes.chain,
    "fork": shapes.fork,
    "dag": shapes.dag,
}


def main() -> None:
    """Measure every shape."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--shape", choices=SHAPES, action="append")
    options = parser.parse_args()
    for shape in options.shape or SHAPES:
        graph = SHAPES[shape](options.nodes)
        first_ms = _time_ms(partial(check, graph))
        again_ms = statistics.median(_time_ms(partial(check, graph)) for _ in range(options.repeats))
        plan_ms = statistics.median(_time_ms(partial(compile_graph, graph)) for _ in range(options.repeats))
        edit_ms, wire_ms = (_edits_ms(graph, edit, options.repeats) for edit in (_labelled, _grown))
        figures = {"first": first_ms, "again": again_ms, "plan": plan_ms, "edit": edit_ms, "wire": wire_ms}
        rounded = {f"{name}_ms": round(value, 1) for name, value in figures.items()}
        print(json.dumps({"shape": shape, "nodes": len(graph.nodes), "findings": len(check(graph))} | rounded))


def _edits_ms(graph: Graph, edit: Callable[[Document, int], None], repeats: int) -> float:
    """What each of some edits costs that come one after the other, the first reading aside."""
    memory, known = Memory(), KnownNodes()
    document: Document = orjson.loads(graph.dumps())

    def seen(body: bytes) -> None:
        read = Graph.loads(body, known=known)
        check(read, memory=memory)
        read.dumps()

    seen(orjson.dumps(document))
    times: list[float] = []
    for number in range(repeats):
        edit(document, number)
        times.append(_time_ms(partial(seen, orjson.dumps(document))))
    return statistics.median(times)


def _labelled(document: Document, number: int) -> None:
    nodes: Document = document["nodes"]
    nodes[list(nodes)[number * 7 % len(nodes)]]["label"] = f"edit {number}"


def _grown(document: Document, number: int) -> None:
    nodes: Document = document["nodes"]
    last = nodes[list(nodes)[-1]]
    nodes[f"more{number}"] = {"kind": "tool", "tool": "value.set", "args": {"value": number}}
    last["to"] = [{"node": f"more{number}"}]


def _time_ms(work: Callable[[], object]) -> float:
    gc.collect()
    before = time.process_time()
    work()
    return (time.process_time() - before) * 1e3


if __name__ == "__main__":
    main()
