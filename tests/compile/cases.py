"""For every finding of the checker the smallest graphs that have it, and where."""

from __future__ import annotations

from typing import Any

from tests.support.sketch import document

Document = dict[str, Any]
Case = tuple[str, str, Document]
"""Code, place, document."""


def agent(**fields: Any) -> Document:
    return {"kind": "agent", "model": "scripted:writer", **fields}


def tool(**fields: Any) -> Document:
    return {"kind": "tool", "tool": "work", **fields}


def gate(*options: str, **fields: Any) -> Document:
    return {"kind": "human-gate", "options": list(options), **fields}


def back(header: str, **fields: Any) -> Document:
    return {"kind": "loop-back", "max_iterations": 2, "to": [{"on": "repeat", "node": header}], **fields}


def to(*names: str) -> list[Document]:
    return [{"node": name} for name in names]


def graph(nodes: Document, **top: Any) -> Document:
    return {"format": "weft/1", "name": "sketch", **top, "nodes": nodes}


def one(**node: Any) -> Document:
    """A graph of one node called ``a``."""
    return graph({"a": node})


NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}}
KEYS = {"k": {"schema": {"type": "string"}}}

EDGES: list[Case] = [
    ("target.unknown", "/nodes/write/to/0/node", graph({"write": tool(to=to("revue")), "review": tool()})),
    ("target.unknown", "/nodes/a/to/0/node", one(**tool(to=to("zzz")))),
    ("port.unknown", "/nodes/a/to/0/on", graph({"a": tool(to=[{"on": "eror", "node": "b"}]), "b": tool()})),
    ("port.unknown", "/nodes/a/to/0/on", graph({"a": tool(to=[{"on": "zzzz", "node": "b"}]), "b": tool()})),
    ("port.unknown", "/nodes/end/to/0", document("a -> end; a -(error)-> b; end -> b")),
    ("port.missing", "/nodes/g/to/0", document("g -> a; g -(ok)-> a")),
    ("port.missing", "/nodes/g/to/0", graph({"g": gate("yes", "no", to=to("a")), "a": tool()})),
    ("edge.several", "/nodes/a/to/1", document("a -> b,c")),
    ("edge.several", "/nodes/a/to/1", document("a -> b; a -> b")),
    ("edge.several", "/nodes/a/to/2", document("a -> b; a -(? input.go)-> c; a -> d")),
    ("edge.never", "/nodes/a/to/1", document("a -> b; a -(? input.go)-> c")),
    ("edge.never", "/nodes/a/to/0", document("a -(? false)-> b; a -> c")),
    ("edge.never", "/nodes/l/to/1", document("a -> l ~> a; l -(done)-> b")),
    ("edge.never", "/nodes/w/to/0", document("w -(expired)-> a; w -> b")),
    ("edge.never", "/nodes/g/to/1", graph({
        "g": gate("ok", deadline_s=5, default="ok", to=[{"on": "ok", "node": "b"}, {"on": "expired", "node": "b"}]),
        "b": tool(),
    })),
    ("gate.no_edge", "/nodes/g/options/1", graph({
        "g": gate("yes", "no", to=[{"on": "yes", "node": "a"}]), "a": tool(),
    })),
    ("gate.no_edge", "/nodes/g", document("g")),
    ("gate.no_edge", "/nodes/g/options/0", graph({"g": {"kind": "human-gate", "options": [{"name": "승인"}]}})),
    ("expired.no_edge", "/nodes/w/deadline_s", graph({"w": {"kind": "wait", "signal": "go", "deadline_s": 5}})),
    ("expired.no_edge", "/nodes/g/deadline_s", graph({
        "g": gate("ok", deadline_s=5, to=[{"on": "ok", "node": "b"}]), "b": tool(),
    })),
]  # fmt: skip

WHOLE: list[Case] = [
    ("graph.cycle", "/nodes/c/to/0", document("a -> b -> c -> b")),
    ("graph.cycle", "/nodes/b/to/0", document("a -> b -> a")),
    ("graph.cycle", "/nodes/a/to/0", document("a -> a")),
    ("start.none", "/nodes", graph({})),
    ("start.several", "/nodes/b", document("a -> c; b -> c")),
    ("start.several", "/nodes/d", document("a -> b; c -> b; d -> b")),
    ("node.unreached", "/nodes/b", document("a -> c; b") | {"layout": {"a": [0, 0], "b": [1, 1]}}),
    ("node.unreached", "/nodes/b", document("a -> c; b")),
    ("node.unreached", "/nodes/b", document("a -> l ~> b; b -> c")),
    ("join.range", "/nodes/j/wait", document("f{a,b} -> j[3]")),
    ("join.range", "/nodes/j/wait", document("f{a,b} -> j[0]")),
    ("join.range", "/nodes/j/wait", document("a -> j[2]")),
    ("join.range", "/nodes/j/wait", document("j[1] -> a")),
    ("join.range", "/nodes/j/wait", document("j[0] -> a")),
    ("join.range", "/nodes/a/wait", one(**tool(each="input.list", wait=0))),
    ("join.twice", "/nodes/f/to/1", document("f{j,j}")),
    ("join.twice", "/nodes/g/to/1", graph({
        "g": gate("y", "n", to=[{"on": "y", "node": "j"}, {"on": "n", "node": "j"}]), "j": {"kind": "join"},
    })),
]  # fmt: skip

LOOPS: list[Case] = [
    ("loop.unbounded", "/nodes/l", graph({"a": tool(to=to("l")), "l": {"kind": "loop-back", "to": back("a")["to"]}})),
    ("loop.no_repeat", "/nodes/l", document("a -> l")),
    ("loop.several_repeats", "/nodes/l/to/1", document("a -> b -> l ~> a; l ~> b")),
    ("loop.repeat_when", "/nodes/l/to/0/when", document("a -> l -(repeat ? input.go)-> a")),
    ("loop.not_back", "/nodes/l/to/0", document("f{a,b}; a -> l ~> b; b -> c")),
    ("loop.entry", "/nodes/f/to/1", document("f{a,b}; a -> b -> l ~> a")),
    ("loop.overlap", "/nodes/l/to/0", document(
        "f{a,b}; a -> x; b -> x; x -> g; g -(ok)-> l ~> a; g -(error)-> l2 ~> b")),
    ("loop.header", "/nodes/l2/to/0", document("a -> l[exit] ~> a; l -(done)-> b -> l2 ~> a")),
    ("loop.header", "/nodes/l2/to/0", document("s -> a -> l[exit] ~> a; l -(done)-> l2[exit] ~> a; l2 -(done)-> z")),
    ("loop.header", "/nodes/l2/to/0", document(
        "s -(? input.go)-> a; s -> a; a -> l[exit] ~> a; l -(done)-> l2[exit] ~> a; l2 -(done)-> z")),
    ("loop.side_exit", "/nodes/f/to/1", document("h -> f{a,log}; a -> l ~> h")),
    ("loop.side_exit", "/nodes/f/to/1", document("h -> f{a,log}; log -> tell; a -> j -> l ~> h")),
    ("loop.side_exit", "/nodes/f/to/1", document("h -> f{a,end}; a -> l ~> h")),
    ("loop.side_exit", "/nodes/f/to/1", document("h -> f{a,z}; a -> l[exit] ~> h; l -(done)-> z")),
    ("loop.side_exit", "/nodes/f/to/2", document("h -> f{a,b,log}; a -> l ~> h; b -> l2 ~> h")),
    ("loop.side_exit", "/nodes/f/to/1", document("h -> f{a,b}; b -(? input.go)-> c; b -> d; a -> l ~> h")),
    ("loop.side_exit", "/nodes/f/to/1", document("f{l,log}; l ~> f")),
    ("loop.side_exit", "/nodes/f/to/1", document("h -> f{a,log}; a -> l ~> h; a -(error)-> l")),
    ("loop.no_done", "/nodes/l", document("h -> g; g -(ok)-> z; g -(error)-> l[exit] ~> h")),
    ("loop.no_done", "/nodes/l", document("h -> l[exit] ~> h")),
    ("loop.no_done", "/nodes/l", graph({"a": tool(to=to("l")), "l": back("a", **{"while": "input.go == true"})})),
    ("too_large.nesting", "/nodes/h33", document(
        "; ".join(f"h{i} -> h{i + 1}" for i in range(1, 33)) + "; h33 -> l33"
        + "".join(f"; l{i}[exit] -(done)-> l{i - 1}" for i in range(33, 1, -1))
        + "".join(f"; l{i} ~> h{i}" for i in range(1, 34)) + "; l1 -(error)-> z")),
]  # fmt: skip


def nested(depth: int) -> Document:
    inner: Document = {"instructions": "help"}
    for level in range(depth):
        inner = {"agents": {f"a{level}": inner}}
    return inner


SIZES: list[Case] = [
    ("too_large.width", "/nodes/g/options", graph({
        "g": gate(*(f"o{i}" for i in range(101)), to=[{"on": f"o{i}", "node": "a"} for i in range(101)]), "a": tool(),
    })),
    ("too_large.width", "/nodes/a/tools", one(**agent(tools=["work"] * 501))),
    ("too_large.nesting", "/nodes/a" + "".join(f"/agents/a{i}" for i in range(16, -1, -1)), one(**agent(**nested(17)))),
]  # fmt: skip

NAMES: list[Case] = [
    ("reference.unknown", "/nodes/a/args/text", graph({
        "a": tool(args={"text": "Write on {topik}."}, output_key="topic"),
    }, state={"topic": {}})),
    ("reference.unknown", "/nodes/a/args/text", one(**tool(args={"text": "{zzz}"}))),
    ("reference.unknown", "/nodes/a/each", one(**tool(each="inputs.list"))),
    ("reference.scope", "/nodes/a/args/i", one(**tool(args={"i": "{item}"}))),
    ("reference.scope", "/nodes/a/args/i", one(**tool(args={"i": "{iteration}"}))),
    ("reference.scope", "/nodes/a/args/i", one(**tool(args={"i": "{output.x}"}))),
    ("reference.scope", "/nodes/a/save/k", graph({"a": tool(each="[1]", save={"k": "{item}"})}, state=KEYS)),
    ("reference.scope", "/nodes/a/to/0/when", document("a -(? error.code == \"x\")-> b; a -> c")),
    ("reference.scope", "/nodes/a/to/0/when", document("a -(error ? output.x == 1)-> b; a -> c")),
    ("reference.scope", "/output/x", graph({"a": tool()}, output={"x": "{iteration}"})),
    ("reference.node", "/nodes/b/args/x", graph({
        "draft": tool(to=to("b")), "b": tool(args={"x": "{nodes.draf.output}"}),
    })),
    ("reference.node", "/nodes/a/to/0/when", document("a -(? nodes.zz.output == 1)-> b; a -> c")),
    ("reference.state", "/nodes/a/args/x", graph({"a": tool(args={"x": "{state.kk}"}, output_key="k")}, state=KEYS)),
    ("reference.join_key", "/nodes/c/args/x", graph(document("f{a,b} -> j -> c")["nodes"] | {
        "c": tool(args={"x": "{nodes.j.output.f}"}),
    })),
    ("reference.absent", "/nodes/a/args/x", graph({"a": tool(args={"x": "{input.m}"})}, input=NUMBER)),
    ("reference.absent", "/nodes/a/args/x/0/y", graph({
        "a": tool(args={"x": [{"y": "{input.m?} {input.n}"}]}),
    }, input=NUMBER)),
    ("reference.absent", "/nodes/b/args/x", graph({
        "a": tool(tool="text.repeat", args={"text": "x"}, to=to("b")), "b": tool(args={"x": "{nodes.a.output.txt}"}),
    })),
    ("reference.absent", "/nodes/b/args/x", graph({
        "a": {"kind": "subgraph", "graph": "inner", "args": {"topic": "x"}, "to": to("b")},
        "b": tool(args={"x": "{nodes.a.output.artikle}"}),
    })),
    ("reference.absent", "/nodes/b/agents/c/prompt", graph({
        "b": agent(agents={"c": {"prompt": "{run.idd}"}}),
    })),
    ("reference.never", "/nodes/a/args/x", graph({"a": tool(args={"x": "{nodes.b.output}"}, to=to("b")), "b": tool()})),
    ("reference.never", "/nodes/a/args/x", one(**tool(args={"x": "{nodes.a.output}"}))),
    ("reference.never", "/nodes/c/args/x", graph({
        "g": gate("yes", "no", to=[{"on": "yes", "node": "b"}, {"on": "no", "node": "c"}]),
        "b": tool(), "c": tool(args={"x": "{nodes.b.output?}"}),
    })),
    ("reference.unwritten", "/nodes/g/prompt", graph({
        "g": gate("ok", prompt="Publish {state.k}?", to=[{"on": "ok", "node": "b"}]), "b": tool(output_key="k"),
    }, state=KEYS)),
    ("expression.syntax", "/nodes/a/each", one(**tool(each="1 +"))),
    ("expression.type", "/nodes/a/to/0/when", document("a -(? 1 + 1)-> b; a -> c")),
    ("expression.type", "/nodes/a/each", one(**tool(each="1"))),
    ("expression.type", "/nodes/a/args/x/$cel", one(**tool(args={"x": {"$cel": "1 + \"a\""}}))),
    ("expression.type", "/nodes/l/while", graph({
        "a": tool(to=to("l")), "b": tool(),
        "l": back("a", **{"while": "\"yes\""}) | {"to": [{"on": "repeat", "node": "a"}, {"on": "done", "node": "b"}]},
    })),
    ("expression.limit", "/nodes/a/each", one(**tool(each=f"[{'1,' * 500}1]"))),
    ("expression.limit", "/nodes/a/each", one(**tool(each="[1]" + ".map(x, x)" * 5))),
]  # fmt: skip

STATE: list[Case] = [
    ("state.unknown", "/nodes/a/output_key", graph({"a": tool(output_key="draf")}, state={"draft": {}})),
    ("state.unknown", "/nodes/a/output_key", one(**tool(output_key="draft"))),
    ("state.unknown", "/nodes/a/output_key", one(**tool(output_key="Not A Key"))),
    ("state.unknown", "/nodes/a/save/draf", graph({"a": tool(save={"draf": "x"})}, state={"draft": {}})),
    ("state.unknown", "/nodes/a/save/draf", graph({"a": tool(save={"draf": "x", "draft": "y"})}, state={"draft": {}})),
    ("state.value", "/nodes/a/save/k", graph({"a": tool(save={"k": 1})}, state=KEYS)),
    ("state.value", "/nodes/a/save/k", graph({"a": tool(save={"k": "x"})}, state={"k": {"merge": "sum"}})),
    ("state.race", "/nodes/b/output_key", graph(document("f{a,b} -> j")["nodes"] | {
        "a": tool(output_key="k", to=to("j")), "b": tool(output_key="k", to=to("j"))}, state=KEYS)),
    ("state.race", "/nodes/c/save/k", graph(document("f{a,b} -> j[any] -> c")["nodes"] | {
        "b": tool(output_key="k", to=to("j")), "c": tool(save={"k": "x"})}, state=KEYS)),
    ("state.merge", "/nodes/b/output_key", graph(document("f{a,b} -> j")["nodes"] | {
        "a": tool(output_key="k", to=to("j")), "b": tool(output_key="k", to=to("j")),
    }, state={"k": {"merge": "merge"}})),
    ("state.merge", "/nodes/c/save/k", graph(document("f{a,b,c} -> j")["nodes"] | {
        "a": tool(save={"k": {"x": 1}}, to=to("j")), "b": tool(save={"k": {"y": 1}}, to=to("j")),
        "c": tool(save={"k": {"z": 1, "x": 2}}, to=to("j")),
    }, state={"k": {"merge": "merge"}})),
    ("read.race", "/nodes/a/args/x", graph(document("f{a,b} -> j")["nodes"] | {
        "a": tool(args={"x": "{state.k?}"}, to=to("j")), "b": tool(output_key="k", to=to("j"))}, state=KEYS)),
    ("read.race", "/nodes/b/args/x", graph(document("f{a,b} -> j")["nodes"] | {
        "a": tool(output_key="k", to=to("j")), "b": tool(args={"x": "{state.k?}"}, to=to("j"))}, state=KEYS)),
    ("read.race", "/nodes/a/args/x", graph(document("f{a,b} -> j")["nodes"] | {
        "a": tool(args={"x": "{nodes.b.output}"}, to=to("j"))})),
    ("state.unused", "/state/k", graph({"a": tool()}, state=KEYS)),
    ("output.unwritten", "/output/x", graph({"a": tool()}, state=KEYS, output={"x": "{k}"})),
]  # fmt: skip

CALLS: list[Case] = [
    ("tool.unknown", "/nodes/a/tool", one(kind="tool", tool="text.repeet")),
    ("tool.unknown", "/nodes/a/tool", one(kind="tool", tool="zzz")),
    ("tool.unknown", "/nodes/a/tools/0", one(**agent(tools=["wrok"]))),
    ("tool.unknown", "/nodes/a/agents/b/tools/0/tool", one(**agent(agents={"b": {"tools": [{"tool": "wrok"}]}}))),
    ("args.unknown", "/nodes/a/args/txt", one(kind="tool", tool="text.repeat", args={"txt": "x"})),
    ("args.unknown", "/nodes/a/args/zzz", one(kind="tool", tool="text.repeat", args={"text": "x", "zzz": "x"})),
    ("args.unknown", "/nodes/a/args/topik", one(kind="subgraph", graph="inner", args={"topik": "x"})),
    ("args.missing", "/nodes/a", one(kind="tool", tool="text.repeat")),
    ("args.missing", "/nodes/a", one(kind="subgraph", graph="inner")),
    ("args.type", "/nodes/a/args/times", one(kind="tool", tool="text.repeat", args={"text": "x", "times": "many"})),
    ("args.type", "/nodes/a/args/topic", one(kind="subgraph", graph="inner", args={"topic": 1})),
    ("retry.unsafe", "/nodes/a/retry", one(kind="tool", tool="mail.send", retry={"attempts": 2})),
    ("cache.unsafe", "/nodes/a/cache", one(kind="tool", tool="mail.send", cache={"ttl_s": 5})),
    ("model.unknown", "/nodes/a/model", one(**agent(model="openai:gpt"))),
    ("model.unknown", "/nodes/a/model/1", one(**agent(model=["scripted:writer", "openai:gpt"]))),
    ("agent.unknown", "/nodes/a/tools/0", one(**agent(tools=["agent:criti"], agents={"critic": {}}))),
    ("agent.unknown", "/nodes/a/tools/0", one(**agent(tools=["agent:zzz"]))),
    ("agent.duplicate", "/nodes/a/agents/b/agents/c", one(**agent(agents={"c": {}, "b": {"agents": {"c": {}}}}))),
    ("transfer.description", "/nodes/b", graph({"a": agent(to=[{"on": "transfer", "node": "b"}]), "b": agent()})),
    ("transfer.description", "/nodes/h", graph({
        "h": tool(to=to("a")), "a": agent(to=[{"on": "transfer", "node": "l"}]), "l": back("h"),
    })),
    ("graph.unknown", "/nodes/a/graph", one(kind="subgraph", graph="zzz")),
    ("graph.unknown", "/nodes/a/tools/0", one(**agent(tools=["graph:zzz"]))),
    ("graph.unreadable", "/nodes/a/graph", one(kind="subgraph", graph="broken")),
    ("graph.recursive", "/nodes/a/graph", one(kind="subgraph", graph="caller", args={"topic": "x"})),
    ("lock.nested", "/nodes/a/lock", one(kind="subgraph", graph="locked", args={"topic": "x"}, lock="disk")),
    ("lock.nested", "/nodes/a/lock", one(kind="subgraph", lock="disk", inline=graph({"b": tool(lock="net")}))),
    ("graph.unreadable", "/nodes/a/tools/0", one(**agent(tools=["graph:broken"]))),
    ("graph.recursive", "/nodes/a/tools", one(**agent(tools=["graph:caller"]))),
    ("lock.nested", "/nodes/a/lock", one(**agent(agents={"b": {"tools": ["graph:locked"]}}, lock="disk"))),
    ("edge.several", "/nodes/a/inline/nodes/b/to/1", one(kind="subgraph", inline=document("b -> c,d"))),
    ("tool.risk", "/nodes/a/tools/1", one(**agent(tools=["web.read", "mail.send"]))),
    ("tool.risk", "/nodes/a/agents/b/tools/0", one(**agent(
        prompt="{input.x}", agents={"b": {"tools": ["mail.send"]}},
    ))),
    ("tool.risk", "/nodes/c/tool", graph({
        "a": {"kind": "tool", "tool": "web.read", "output_key": "page", "to": to("b")},
        "b": agent(prompt="{page}", to=to("c")),
        "c": {"kind": "tool", "tool": "mail.send", "args": {"text": "{nodes.b.output}"}},
    }, state={"page": {}})),
]  # fmt: skip

# In two halves, so that this file holds nothing that looks like a key.
KEY = "sk-" + "proj-a1b2c3d4e5f6g7h8i9j0k1"
RANDOM = "q7Xw2" + "Lk9Pz4Rt8Vb3Nm6Yc1"
SECRETS: list[Case] = [
    ("secret.literal", "/nodes/a/args/headers/x", one(**tool(args={"headers": {"x": KEY}}))),
    ("secret.literal", "/nodes/a/args/apiKey", one(**tool(args={"apiKey": RANDOM}))),
    ("secret.literal", "/nodes/a/args/0", one(**tool(args={"0": f"see {KEY} here"}))),
    ("secret.literal", "/nodes/a/instructions", one(**agent(instructions="Use " + "ghp" + "_" + "a1B2" * 9))),
    ("secret.literal", "/description", graph({"a": tool()}, description="postgres" + "://ann:hunter22@db/x")),
]  # fmt: skip

DOUBTS: list[Case] = [
    ("join.starve", "/nodes/j/wait", document("f -> a; f -(branch ? input.go)-> b; a -> j[2]; b -> j")),
    ("join.starve", "/nodes/j/wait", document("f{a,b,c}; a -> j[2]; b -(? input.go)-> j; b -> z; c -(error)-> j")),
    ("fork.never_joins", "/nodes/f", document("f{a,b}")),
    ("fork.never_joins", "/nodes/f", document("f{a,b,c}; a -> j; b -> j")),
    ("loop.exit_parallel", "/nodes/a/to/0", document(
        "h -> f{a,b}; a -(? input.go)-> z; a -> j; b -> l ~> h; j -> l2 ~> h")),
    ("loop.exit_waits", "/nodes/b/to/0", document(
        "h -> f{g,b}; b -(? input.go)-> out; b -> j; g -(ok)-> j -> l ~> h")),
    ("loop.split_vote", "/nodes/l2", document("h -> f{a,b}; a -> l ~> h; b -> l2 ~> h")),
]  # fmt: skip

CASES: list[Case] = [*EDGES, *WHOLE, *LOOPS, *SIZES, *NAMES, *STATE, *CALLS, *SECRETS, *DOUBTS]
