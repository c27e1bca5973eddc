"""The checker as a whole: all at once, in order, the same each time, and never an exception."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compile.check import check
from engine.compile.compile import compile_graph
from engine.errors import GraphError
from engine.model.findings import Finding
from engine.model.graph import Graph
from tests.compile.cases import CASES, agent, back, gate, graph, one, to, tool
from tests.compile.patching import patched
from tests.compile.test_together import ladder
from tests.compile.worlds import codes, findings
from tests.house.tree import ROOT
from tests.support.graphs import random_document
from tests.support.sketch import document, sketch


def test_every_finding_is_told_at_once_errors_first_then_in_file_order() -> None:
    written = document("f{a,b} -> c; c -> d,e")
    written["nodes"]["b"] |= {"tool": "nothing", "output_key": "x"}
    written["state"] = {"y": {}}
    told = [(found.severity, found.code, found.place) for found in findings(written)]
    assert told == [
        ("error", "tool.unknown", "/nodes/b/tool"),
        ("error", "state.unknown", "/nodes/b/output_key"),
        ("error", "edge.several", "/nodes/c/to/1"),
        ("warning", "state.unused", "/state/y"),
    ]


def test_broken_loops_hide_nothing_but_what_depends_on_them() -> None:
    told = codes(document("f{a,b}; a -> b -> l ~> a; a -(error)-> zz[tool=nothing]"))
    assert told == ["loop.entry", "tool.unknown"]


def test_a_cycle_hides_nothing_but_what_depends_on_the_order() -> None:
    written = document("a -> b -(? zzz)-> c; b -> a")
    assert codes(written) == ["reference.unknown", "graph.cycle"]


def test_nothing_is_said_of_a_world_that_is_not_known() -> None:
    assert check(sketch("a[tool=zzz] -> s -> b")) == []
    written = one(**agent(tools=["zzz", "mcp:server/tool", "graph:zzz"], model="zzz"))
    assert check(Graph.model_validate(written)) == []
    assert codes(written) == ["model.unknown", "tool.unknown", "graph.unknown"]


def test_a_tool_of_a_server_is_not_asked_for() -> None:
    assert codes(one(**agent(tools=["mcp:server/tool"]))) == []


def test_models_may_be_a_function() -> None:
    written = Graph.model_validate(one(**agent(model="a:b")))
    assert [f.code for f in check(written, models=lambda name: name.startswith("a:"))] == []
    assert [f.code for f in check(written, models=lambda _: False)] == ["model.unknown"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_a_call_does_decides_whether_it_may_be_tried_again(method: str) -> None:
    written = one(kind="tool", tool="http.request", args={"method": method}, retry={"attempts": 3})
    assert codes(written) == ([] if method == "GET" else ["retry.unsafe"])


@pytest.mark.parametrize(
    "nodes",
    [
        {"a": tool(retry={"attempts": 3})},
        {"a": {"kind": "tool", "tool": "mail.send", "retry": {"attempts": 1}}},
        {"a": {"kind": "tool", "tool": "text.repeat", "args": {"text": "{input.x}", "times": "{input.n}"}}},
        {"a": {"kind": "tool", "tool": "text.repeat", "args": {"text": {"$secret": "T"}, "times": {"$cel": "1 + 1"}}}},
        {"a": agent(tools=["graph:inner", "agent:b", {"tool": "work"}], agents={"b": {}})},
        {"a": {"kind": "subgraph", "graph": "inner", "args": {"topic": "{input.x}"}, "lock": "disk"}},
        {"a": tool(lock="disk", to=to("b")), "b": tool(lock="disk")},
        {"a": agent(to=[{"on": "transfer", "node": "b"}, {"on": "transfer", "node": "c"}]),
         "b": agent(description="writes"), "c": agent(description="reads")},
        {"h": tool(description="again", to=to("a")), "a": agent(to=[{"on": "transfer", "node": "l"}]), "l": back("h")},
        {"a": tool(each="input.list", wait=2, args={"x": "{item.y} {index}"}, save={})},
        {"a": tool(each="[1, 2]", args={"x": {"$cel": "item + index"}}, cache={"ttl_s": 1, "key": "{item}"})},
        {"w": {"kind": "wait", "seconds": "{input.n}", "to": to("v")},
         "v": {"kind": "wait", "until": "{input.t}", "to": to("u")},
         "u": {"kind": "wait", "signal": "go-{run.id}", "to": to("e")},
         "e": {"kind": "end", "output": {"x": ["{input.n}"]}}},
        {"g": gate("ok", prompt="{input.x}", prefill={"note": "{input.y}"}, to=[{"on": "ok", "node": "e"}]),
         "e": {"kind": "end", "fail": "no {nodes.g.output.form.note?}"}},
        {"a": tool(to=[{"on": "error", "when": "error.code == \"x\"", "node": "b"}, {"on": "error", "node": "c"}]),
         "b": tool(), "c": tool(args={"x": "{nodes.a.error.message}"})},
        {"h": tool(args={"x": "{nodes.l.output.iteration?} {iteration}"}, to=to("l")), "l": back("h")},
    ],
)  # fmt: skip
def test_what_is_right_has_no_findings(nodes: dict[str, Any]) -> None:
    assert findings(graph(nodes)) == []


def test_the_items_of_a_list_are_known() -> None:
    schema = {"properties": {"list": {"items": {"properties": {"n": {"type": "integer"}}}}}}
    nodes = {"a": tool(each="input.list", args={"x": "{item.n}", "y": "{item.m}"})}
    assert [(f.code, f.place) for f in findings(graph(nodes, input=schema))] == [
        ("reference.absent", "/nodes/a/args/y")
    ]


@pytest.mark.parametrize("node", [
    {"kind": "join", "save": {"k": "x"}, "to": [{"when": "state.k == \"x\"", "node": "b"}, {"node": "c"}]},
    tool(to=[{"when": "state.k == \"x\"", "node": "b"}, {"node": "c"}]),
    agent(to=[{"on": "transfer", "when": "input.go == true", "node": "b"}, {"node": "c"}]),
    {"kind": "parallel-fork", "to": [{"node": "c"}, {"on": "error", "node": "b"}]},
])  # fmt: skip
def test_a_node_sees_its_own_writes_on_its_edges(node: dict[str, Any]) -> None:
    last = tool(description="last", args={"x": "{k?}"}, output_key="k")
    assert findings(graph({"a": node, "b": last, "c": tool()}, state={"k": {}})) == []


def test_many_loops_that_are_entered_past_their_headers_are_told_in_general() -> None:
    sides = "; ".join(f"f -> b{i}; b{i} -> c{i}; c{i} -> l{i} ~> b{i}; f -> c{i}" for i in range(1, 24))
    told = [f for f in findings(document(sides)) if f.code == "loop.entry"]
    assert len(told) == 23
    assert [f.hint is None for f in told] == [False] * 20 + [True] * 3


def test_the_samples_have_no_errors_and_no_doubts() -> None:
    for path in sorted((ROOT / "graphs").glob("*.json")):
        if not path.name.endswith(".scripted.json"):
            assert check(Graph.load(path)) == [], path.name


def test_inline_graphs_are_checked_at_any_depth_and_their_fixes_fit() -> None:
    inner = one(kind="subgraph", inline=document("a -> b,c"))
    written = graph({"team": {"kind": "subgraph", "inline": inner}})
    (found,) = findings(written)
    assert (found.place, found.node) == ("/nodes/team/inline/nodes/a/inline/nodes/a/to/1", "team")
    assert found.fix is not None
    assert codes(patched(written, found.fix.patch)) == ["fork.never_joins"]


def test_the_output_of_a_subgraph_is_known_unless_an_end_gives_another() -> None:
    ended = graph({"e": {"kind": "end", "output": {"y": 1}}})
    for inner, told in ((graph({"a": tool()}, output={"x": 1}), ["reference.absent"]), (ended, [])):
        written = graph({"s": {"kind": "subgraph", "inline": inner, "to": to("b")},
                         "b": tool(args={"x": "{nodes.s.output.y}"})})  # fmt: skip
        assert codes(written) == told


@pytest.mark.parametrize(
    ("called", "told"),
    [("inner", []), ("deep", ["lock.nested"]), ("caller", ["graph.recursive"]), ("zzz", ["graph.unknown"])],
)
def test_a_graph_that_runs_others_is_followed_to_the_bottom(called: str, told: list[str]) -> None:
    assert codes(one(kind="subgraph", graph=called, args={"topic": "x"}, lock="disk")) == told
    assert codes(one(kind="agent", model="scripted:writer", tools=[f"graph:{called}"], lock="disk")) == told


def test_a_key_is_written_before_it_is_read() -> None:
    nodes = {"j": {"kind": "join", "save": {"k": "x"}, "to": to("g")},
             "g": gate("ok", prompt="{k}", to=[{"on": "ok", "node": "h"}]),
             "h": tool(args={"x": "{nodes.h.output?}"}, to=to("l")), "l": back("h")}  # fmt: skip
    assert findings(graph(nodes, state={"k": {}})) == []


def test_what_could_not_be_looked_at_is_said() -> None:
    written = ladder(120).as_json()
    nodes: Any = written["nodes"]
    for name, node in nodes.items():
        if name.startswith("u") or (name.startswith("n") and name != "n0"):
            node["save"] = {"k": "x"}
    written["state"] = {"k": {}}
    assert codes(written) == ["check.partial"]


@pytest.mark.parametrize("document", [case[2] for case in CASES], ids=[case[0] for case in CASES])
def test_the_same_document_always_reads_the_same(document: dict[str, Any]) -> None:
    assert [f.as_json() for f in findings(document)] == [
        f.as_json() for f in findings(json.loads(json.dumps(document)))
    ]


def test_a_graph_without_errors_has_a_plan_and_one_with_broken_ways_has_none() -> None:
    assert compile_graph(sketch("a -> b")).name == "sketch"
    with pytest.raises(GraphError):
        compile_graph(sketch("a -> b -> a"))


# --- hostile documents ---


def mangled(written: dict[str, Any], rnd: Random) -> dict[str, Any]:
    """A document with some of its edges, kinds and texts exchanged."""
    nodes = written["nodes"]
    names = [*nodes, "zzz", "승인", ""]
    for node in nodes.values():
        for edge in node.get("to", []):
            if rnd.random() < 0.15:
                edge["node"] = rnd.choice(names)
            if rnd.random() < 0.1:
                edge["on"] = rnd.choice(["ok", "error", "repeat", "done", "branch", "expired", "zzz", "transfer"])
            if rnd.random() < 0.1:
                edge["when"] = rnd.choice(["false", "1 +", "state.x", "nodes.a.output == 1", "has(input.x)", ""])
        if rnd.random() < 0.1:
            node["save"] = {
                rnd.choice(["x", "y"]): rnd.choice(["{zz}", "{nodes.a.output}", 1, {"$cel": "x"}, "{state.x}"])
            }
        if rnd.random() < 0.1 and node["kind"] == "tool":
            node["args"] = {"x": rnd.choice(["{item}", "{state.x?}", "{{}", "{output[0].a}", "{iteration}"])}
        if rnd.random() < 0.05:
            node["output_key"] = rnd.choice(["x", "y", "zz"])
    return written | {"state": {"x": {}, "y": {"merge": "merge"}}, "output": {"o": "{x}"}}


@settings(max_examples=200)
@given(st.integers(0, 2**32))
def test_broken_documents_give_findings_only_and_every_fix_fits(seed: int) -> None:
    rnd = Random(seed)
    written = mangled(random_document(rnd), rnd)
    try:
        Graph.model_validate(written)
    except GraphError:
        return
    told = findings(written)
    assert [f.as_json() for f in told] == [f.as_json() for f in findings(written)]
    for found in told[:10]:
        if found.fix is not None:
            after = findings(patched(written, found.fix.patch))
            assert alike(found, after) < alike(found, told), found


def alike(found: Finding, told: list[Finding]) -> int:
    return sum((other.code, other.message) == (found.code, found.message) for other in told)


def test_hostile_documents_of_the_corpus_give_findings_only() -> None:
    folder = ROOT.parent / "shared" / "cases" / "corpora"
    if not folder.is_dir():
        pytest.skip("the corpora of foreign documents do not lie beside the checkout")
    for path in sorted(Path(folder).rglob("*.json"))[:300]:
        reading = Graph.read(path.read_bytes())
        if reading.graph is not None:
            check(reading.graph)


def test_branches_that_merge_different_names_lose_nothing() -> None:
    nodes = document("f{a,b} -> j")["nodes"] | {
        "a": tool(save={"k": {"x": "{output}"}}, to=to("j")),
        "b": tool(save={"k": {"y": "{output}"}}, to=to("j")),
    }
    assert findings(graph(nodes, state={"k": {"merge": "merge"}}, output={"k": "{k}"})) == []


def test_a_loop_with_an_edge_for_its_end_is_made_to_end_there() -> None:
    written = document("a -> l ~> a; l -(done)-> b")
    (found,) = findings(written)
    assert (found.code, found.fix is not None) == ("edge.never", True)
    assert found.fix is not None
    after = patched(written, found.fix.patch)
    assert (after["nodes"]["l"]["on_limit"], codes(after)) == ("exit", [])


def test_what_was_meant_is_looked_for_only_as_long_as_that_takes_no_time() -> None:
    long = "{nodes.bb.output}" + "x" * 6_000_000
    told = findings(graph({"a": tool(args={"x": long, "y": long, "z": long}, to=to("b")), "b": tool()}))
    assert [(f.code, f.hint, f.fix is None) for f in told] == [
        ("reference.node", "did you mean `b`?", False),
        ("reference.node", "did you mean `b`?", False),
        ("reference.node", None, True),
    ]


def test_of_wrong_names_without_end_so_many_are_told_that_somebody_may_read_them() -> None:
    wrong = {f"k{i}": f"{{nodes.zzz{i}.output}}" for i in range(6_000)}
    assert len(findings(graph({"a": tool(args=wrong)}))) == 5_000


def test_a_wrong_name_that_stands_often_in_a_text_is_mended_where_it_stands_last() -> None:
    (found,) = findings(graph({"a": tool(args={"x": "{nodes.bb.output} {nodes.bb.output}"}, to=to("b")), "b": tool()}))
    assert found.fix is not None
    assert found.fix.patch[0]["value"] == "{nodes.bb.output} {nodes.b.output}"
