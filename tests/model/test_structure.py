"""What reading finds in a document: every mistake once, at its place, in plain words, with a fix where there is one."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from engine.model.findings import CODES, Finding, parts
from engine.model.graph import Graph
from engine.model.structure import MOST_FINDINGS
from tests.model.documents import Document, documents, values

JARGON = (
    "Input should",
    "Extra inputs",
    "pydantic",
    "<",
    "string_type",
    "validation error",
    "valid dictionary",
    "tag ",
)


def findings(document: Any) -> tuple[Finding, ...]:
    return Graph.read(json.dumps(document)).findings


def graph(**nodes: Any) -> Document:
    return {"format": "weft/1", "name": "g", "nodes": nodes}


def told(document: Any) -> list[tuple[str, str]]:
    return [(finding.code, finding.place) for finding in findings(document)]


def only(document: Any) -> Finding:
    found = findings(document)
    assert len(found) == 1, found
    return found[0]


def applied(document: Any, finding: Finding) -> Any:
    """The document after the finding's fix."""
    assert finding.fix is not None
    document = copy.deepcopy(document)
    for operation in finding.fix.patch:
        path = parts(operation["path"])
        match operation["op"]:
            case "remove":
                holder(document, path).pop(path[-1])
            case "replace":
                holder(document, path)[path[-1]] = operation["value"]
            case _:
                source = parts(operation["from"])
                holder(document, path)[path[-1]] = holder(document, source).pop(source[-1])
    return document


def holder(document: JsonValue, path: list[str]) -> Any:
    for part in path[:-1]:
        assert isinstance(document, dict | list)
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def node(kind: str, fields: Document) -> Document:
    return graph(a={"kind": kind, **fields})


def tool(fields: Document) -> Document:
    return node("tool", {"tool": "t", **fields})


END = {"kind": "end"}

# A document with one mistake; its code, its place, and words of its sentence and hint.
MISTAKES: list[tuple[Any, str, str, str]] = [
    ([], "field.type", "", "a graph is an object, not a list"),
    ({**graph(), "format": "weft/9"}, "graph.format", "/format", 'the format is "weft/9"; this weft reads weft/1'),
    ({**graph(), "format": "dify/1"}, "graph.format", "/format", "weft import"),
    ({**graph(), "format": 1}, "graph.format", "/format", "the format is a number"),
    ({"format": "weft/1", "name": "g"}, "field.missing", "/nodes", "a graph needs the field `nodes`"),
    ({"name": "g", "nodes": {}}, "field.missing", "/format", "a graph needs the field `format`"),
    ({**graph(), "name": "Big"}, "name.invalid", "/name", 'a graph cannot be called "Big"'),
    ({**graph(), "titel": "x"}, "field.unknown", "/titel", "did you mean `title`?"),
    ({**graph(), "zzzzzz": "x"}, "field.unknown", "/zzzzzz", "it has format, name, title"),
    ({**graph(), "title": 5}, "field.type", "/title", "`title` must be text, not 5"),
    ({**graph(), "title": None}, "field.type", "/title", "`title` must not be null"),
    ({**graph(), "input": 5}, "field.type", "/input", "`input` must be a JSON Schema, not 5"),
    ({**graph(), "on_failure": "stopp"}, "field.value", "/on_failure", 'did you mean "stop"?'),
    ({**graph(), "on_failure": "zzzzz"}, "field.value", "/on_failure", '`on_failure` must be "stop" or "finish"'),
    ({**graph(), "on_failure": True}, "field.value", "/on_failure", "not true"),
    ({**graph(), "limits": {"usd": -1}}, "field.range", "/limits/usd", "`usd` must be at least 0, not -1"),
    ({**graph(), "limits": {"token": 1}}, "field.unknown", "/limits/token", "limits has no field"),
    ({**graph(), "limits": {"seconds": 0}}, "field.range", "/limits/seconds", "more than 0"),
    ({**graph(), "limits": {"depth": 999}}, "field.range", "/limits/depth", "at most 256"),
    ({**graph(), "nodes": 3}, "field.type", "/nodes", "`nodes` must be an object, not 3"),
    ({**graph(), "state": {"k": {"type": "x"}}}, "field.unknown", "/state/k/type", "a state key has no field"),
    ({**graph(), "state": {"k": {"merge": "add"}}}, "field.value", "/state/k/merge", '"append"'),
    (graph(a=1), "field.type", "/nodes/a", "`a` must be an object, not 1"),
    (graph(a={}), "field.missing", "/nodes/a", "the node `a` needs the field `kind`"),
    (graph(a={"kind": "jion"}), "kind.unknown", "/nodes/a/kind", "did you mean join?"),
    (graph(a={"kind": "zzzz"}), "kind.unknown", "/nodes/a/kind", "the kinds are agent, tool"),
    (graph(a={"kind": ["x"]}), "kind.unknown", "/nodes/a/kind", "a list is no kind of node"),
    (graph(a={"kind": "tool"}), "field.missing", "/nodes/a/tool", "a tool needs the field `tool`"),
    (node("agent", {"label": "x" * 501}), "field.range", "/nodes/a/label", "at most 500 long"),
    (node("agent", {"models": "m"}), "field.unknown", "/nodes/a/models", "an agent has no field"),
    (node("agent", {"model": 3}), "field.type", "/nodes/a/model", "text or a list of texts, not 3"),
    (node("agent", {"model": ["m", 3]}), "field.type", "/nodes/a/model/1", "entry 1 of `model` must be text"),
    (node("agent", {"plan": "yes"}), "field.type", "/nodes/a/plan", 'true or false, not "yes"'),
    (node("agent", {"max_iterations": 2.5}), "field.type", "/nodes/a/max_iterations", "a whole number, not 2.5"),
    (node("agent", {"max_iterations": "5"}), "field.type", "/nodes/a/max_iterations", "a whole number"),
    (node("agent", {"timeout_s": True}), "field.type", "/nodes/a/timeout_s", "a number, not true"),
    (
        node("agent", {"tools": [{"tool": "t", "max_call": 1}]}),
        "field.unknown",
        "/nodes/a/tools/0/max_call",
        "an entry of tools",
    ),
    (node("agent", {"tools": [3]}), "field.type", "/nodes/a/tools/0", "a tool's name or an object"),
    (node("agent", {"settings": {"temp": 1}}), "field.unknown", "/nodes/a/settings/temp", "temperature"),
    (
        node("agent", {"agents": {"b": {"kind": "agent"}}}),
        "field.unknown",
        "/nodes/a/agents/b/kind",
        "a sub-agent has no field",
    ),
    (node("agent", {"agents": {"to": {"x": 1}}}), "field.unknown", "/nodes/a/agents/to/x", "a sub-agent"),
    (node("agent", {"agents": []}), "field.type", "/nodes/a/agents", "an object, not a list"),
    (node("join", {"wait": "some"}), "field.value", "/nodes/a/wait", '"all" or "any"'),
    (node("join", {"wait": []}), "field.type", "/nodes/a/wait", '"all", "any" or a whole number, not a list'),
    (node("join", {"to": [{"nod": "b", "node": "b"}]}), "field.unknown", "/nodes/a/to/0/nod", "an edge has no field"),
    (node("join", {"to": [{}]}), "field.missing", "/nodes/a/to/0/node", "an edge needs the field `node`"),
    (node("join", {"to": ["b"]}), "field.type", "/nodes/a/to/0", "entry 0 of `to` must be an object"),
    (node("join", {"to": {"node": "b"}}), "field.type", "/nodes/a/to", "a list, not an object"),
    (node("human-gate", {"options": []}), "field.range", "/nodes/a/options", "at least 1 long"),
    (
        node("human-gate", {"options": [{"name": "x", "lable": "y"}]}),
        "field.unknown",
        "/nodes/a/options/0/lable",
        "an option",
    ),
    (node("human-gate", {"options": [""]}), "field.range", "/nodes/a/options/0", "at least 1 long"),
    (
        node("human-gate", {"escalate": [{"after_s": 1}]}),
        "field.missing",
        "/nodes/a/escalate/0/assignees",
        "an entry of escalate",
    ),
    (node("wait", {"seconds": -1}), "field.range", "/nodes/a/seconds", "at least 0"),
    (tool({"cache": {}}), "field.missing", "/nodes/a/cache/ttl_s", "cache needs"),
    # fields of other kinds
    (node("join", {"retry": {}}), "field.refused", "/nodes/a/retry", "`retry` is refused on a join"),
    (node("human-gate", {"timeout_s": 5}), "field.refused", "/nodes/a/timeout_s", "use `deadline_s`"),
    (node("end", {"each": "x"}), "field.refused", "/nodes/a/each", "an end"),
    (node("loop-back", {"cache": {"ttl_s": 1}}), "field.refused", "/nodes/a/cache", "a loop-back"),
    (node("join", {"instructions": "x"}), "field.refused", "/nodes/a/instructions", "it belongs to agent"),
    (tool({"deadline_s": 1}), "field.refused", "/nodes/a/deadline_s", "it belongs to human-gate, wait"),
    # names
    (graph(A=END), "id.invalid", "/nodes/A", 'a node cannot be called "A"'),
    (graph(**{"in": END}), "id.invalid", "/nodes/in", "it is a word of CEL"),
    (graph(**{"x" * 80: END}), "id.invalid", f"/nodes/{'x' * 80}", "x…"),
    ({**graph(), "state": {"null": {}}}, "key.invalid", "/state/null", "it is a word of CEL"),
    ({**graph(), "state": {"item": {}}}, "key.invalid", "/state/item", "it is a name of its own"),
    ({**graph(), "state": {"a-b": {}}}, "key.invalid", "/state/a-b", "call it a_b"),
    (
        node("agent", {"agents": {"b": {"agents": {"C": {}}}}}),
        "id.invalid",
        "/nodes/a/agents/b/agents/C",
        "an agent cannot be called",
    ),
    # pairs
    (graph(a={"kind": "subgraph"}), "field.missing", "/nodes/a", "needs one of `graph`, `inline`"),
    (node("subgraph", {"graph": "x", "inline": graph()}), "field.conflict", "/nodes/a/inline", "exactly one"),
    (graph(a={"kind": "wait"}), "field.missing", "/nodes/a", "needs one of `seconds`, `until`, `signal`"),
    (node("wait", {"seconds": 1, "signal": "s"}), "field.conflict", "/nodes/a/signal", "exactly one"),
    (node("end", {"output": None, "fail": "x"}), "field.conflict", "/nodes/a/fail", "not both"),
    (node("agent", {"rest": "wait"}), "field.conflict", "/nodes/a/rest", "only beside `each`"),
    (node("human-gate", {"options": ["error"]}), "option.invalid", "/nodes/a/options/0", "a port of its own"),
    (node("human-gate", {"options": ["x", {"name": "x"}]}), "option.invalid", "/nodes/a/options/1", "given twice"),
    (node("human-gate", {"default": "no"}), "option.invalid", "/nodes/a/default", "the options are ok"),
    # positions
    ({**graph(), "layout": {"a": [1]}}, "layout.invalid", "/layout/a", "a position is [x, y]"),
    ({**graph(), "layout": {"a": [1, True]}}, "layout.invalid", "/layout/a", "a position is [x, y]"),
    ({**graph(), "layout": {"$notes": {}}}, "layout.invalid", "/layout/$notes", "a list of notes"),
    ({**graph(), "layout": {"$notes": [{"x": 1}]}}, "layout.invalid", "/layout/$notes/0", "a note is"),
    (
        {**graph(), "layout": {"$notes": [{"x": 1, "y": 1, "w": 1, "h": 1, "text": 5}]}},
        "layout.invalid",
        "/layout/$notes/0",
        "a note is",
    ),
    # schemas and special values
    ({**graph(), "input": {"type": "objekt"}}, "schema.invalid", "/input/type", "the schema is wrong"),
    ({**graph(), "input": {"$ref": "https://example.org/x"}}, "schema.invalid", "/input", "the schema is wrong"),
    (
        {**graph(), "state": {"k": {"schema": {"minimum": "x"}}}},
        "schema.invalid",
        "/state/k/schema/minimum",
        "a number",
    ),
    (
        node("agent", {"output_schema": {"properties": 1}}),
        "schema.invalid",
        "/nodes/a/output_schema/properties",
        "wrong",
    ),
    (
        node("agent", {"agents": {"b": {"output_schema": {"type": 1}}}}),
        "schema.invalid",
        "/nodes/a/agents/b/output_schema/type",
        "wrong",
    ),
    (node("human-gate", {"form": {"required": "x"}}), "schema.invalid", "/nodes/a/form/required", "a list"),
    (
        node("human-gate", {"options": [{"name": "x", "form": {"type": 1}}]}),
        "schema.invalid",
        "/nodes/a/options/0/form/type",
        "wrong",
    ),
    (
        {**graph(), "state": {"k": {"merge": "append", "default": 1}}},
        "key.default",
        "/state/k/default",
        "merges by append",
    ),
    (
        {**graph(), "state": {"k": {"merge": "sum", "default": True}}},
        "key.default",
        "/state/k/default",
        "true or false",
    ),
    (
        {**graph(), "state": {"k": {"schema": {"type": "string"}, "default": 1}}},
        "key.default",
        "/state/k/default",
        "must be text, not 1",
    ),
    ({**graph(), "output": {"x": {"$secret": "S"}}}, "secret.misplaced", "/output/x", "`args` and `settings` only"),
    (node("end", {"output": [{"$secret": "S"}]}), "secret.misplaced", "/nodes/a/output/0", "only"),
    (tool({"args": {"x": {"$secret": 1}}}), "value.invalid", "/nodes/a/args/x", '{"$secret": NAME}'),
    (tool({"args": {"x": {"$cel": "1", "y": 1}}}), "value.invalid", "/nodes/a/args/x", '{"$cel": EXPRESSION}'),
    (tool({"args": {"x": {"$file": "f", "size": 1}}}), "value.invalid", "/nodes/a/args/x", "a file is"),
    (tool({"args": {"x": {"$file": 1}}}), "value.invalid", "/nodes/a/args/x", "a file is"),
]


@pytest.mark.parametrize(("document", "code", "place", "words"), MISTAKES, ids=[f"{m[1]} {m[2]}" for m in MISTAKES])
def test_a_mistake_is_one_finding_with_place_and_plain_words(document: Any, code: str, place: str, words: str) -> None:
    finding = only(document)
    assert (finding.code, finding.place) == (code, place)
    text = f"{finding.message} {finding.hint or ''}"
    assert words in text
    assert [word for word in JARGON if word in text] == []


def test_the_examples_cover_every_code_of_structure_and_each_stands_in_the_table() -> None:
    covered = {code for _, code, _, _ in MISTAKES}
    elsewhere = {code for code in CODES if code.startswith("json.")} | {"graph.size"}
    assert covered | elsewhere == set(CODES)


@pytest.mark.parametrize("mistake", [m for m in MISTAKES if only(m[0]).fix is not None], ids=lambda m: f"{m[1]} {m[2]}")
def test_a_fix_removes_its_finding(mistake: tuple[Any, str, str, str]) -> None:
    document = mistake[0]
    assert told(applied(document, only(document))) == []


def test_all_findings_are_told_at_once_in_the_order_of_the_file() -> None:
    document = {
        **graph(a={"kind": "tol"}, B={"kind": "join", "retry": {}}, c={"kind": "tool", "to": [{}, {"node": 1}]}),
        "title": 1,
        "state": {"in": {"merge": "x"}},
    }
    assert told(document) == [
        ("kind.unknown", "/nodes/a/kind"),
        ("id.invalid", "/nodes/B"),
        ("field.refused", "/nodes/B/retry"),
        ("field.missing", "/nodes/c/tool"),
        ("field.missing", "/nodes/c/to/0/node"),
        ("field.type", "/nodes/c/to/1/node"),
        ("field.type", "/title"),
        ("key.invalid", "/state/in"),
        ("field.value", "/state/in/merge"),
    ]


def test_a_finding_names_its_node() -> None:
    document = graph(a={"kind": "human-gate", "options": ["error"], "lable": 1})
    assert [finding.node for finding in findings(document)] == ["a", "a"]


def test_an_inline_graph_is_read_as_strictly_at_its_own_place() -> None:
    inner = {**graph(b={"kind": "tool"}), "zzz": 1, "format": "weft/1"}
    document = graph(a={"kind": "subgraph", "inline": graph(s={"kind": "subgraph", "inline": inner})})
    base = "/nodes/a/inline/nodes/s/inline"
    assert told(document) == [("field.missing", f"{base}/nodes/b/tool"), ("field.unknown", f"{base}/zzz")]
    assert {finding.node for finding in findings(document)} == {"a"}


def test_a_field_next_to_the_one_it_meant_is_taken_out_instead_of_renamed() -> None:
    finding = only({**graph(), "title": "a", "titel": "b"})
    assert finding.fix is not None
    assert finding.fix.patch[0]["op"] == "remove"


def test_short_and_long_entries_of_tools_and_options_are_read() -> None:
    document = graph(
        a={"kind": "agent", "tools": ["t", {"tool": "u", "max_calls": 0}], "settings": {"temperature": 0}},
        b={"kind": "human-gate", "options": ["x", {"name": "y", "form": {}}]},
        c={"kind": "loop-back", "while": "true", "max_iterations": 3},
        d={"kind": "tool", "tool": "t", "args": {"k": {"$secret": "S"}, "f": {"$file": "00", "name": "n"}}},
    )
    assert findings(document) == ()


def test_first_values_that_fit_their_rule_and_schema_are_no_findings() -> None:
    fitting = {"schema": {"type": "string"}, "default": "x"}
    state = {"a": fitting, "b": {"merge": "extend", "default": [1]}, "c": {"merge": "max", "default": 0.5}}
    wrong_already = {"d": {"schema": {"type": "x"}, "default": 1}}
    assert findings({**graph(), "state": state}) == ()
    assert told({**graph(), "state": wrong_already}) == [("schema.invalid", "/state/d/schema/type")]


def test_fields_that_the_checker_asks_for_may_be_missing_here() -> None:
    assert findings(graph(a={"kind": "loop-back"}, b={"kind": "join", "wait": -3, "to": [{"node": "nowhere"}]})) == ()


def test_an_option_without_a_name_is_told_once() -> None:
    assert told(node("human-gate", {"options": [{}]})) == [("field.missing", "/nodes/a/options/0/name")]


def test_a_giant_graph_is_refused_with_one_finding() -> None:
    edges = [{"node": "a"}] * 100_001
    assert told(graph(a={"kind": "join", "to": edges})) == [("graph.size", "/nodes")]
    assert told(graph(**{f"n{i}": END for i in range(20_001)})) == [("graph.size", "/nodes")]


@given(values)
def test_any_json_is_a_graph_or_has_findings(value: Any) -> None:
    assert findings(value)
    assert findings({**graph(), "nodes": value} if value != {} else 1)


@st.composite
def spoiled(draw: st.DrawFn) -> Any:
    """A document in which a few values were replaced, renamed or removed at random places."""
    document: dict[str, JsonValue] = json.loads(json.dumps(draw(documents)))
    for _ in range(draw(st.integers(1, 4))):
        here: Any = document
        key: Any = draw(st.sampled_from(sorted(document)))
        while draw(st.booleans()) and keys_of(here[key]):
            here = here[key]
            key = draw(st.sampled_from(keys_of(here)))
        action = draw(st.integers(0, 2))
        if action == 0:
            here[key] = draw(values)
        elif action == 1 and isinstance(key, str):
            here[draw(st.text(max_size=5))] = here[key]
        else:
            del here[key]
        if not document:
            return document
    return document


def keys_of(value: JsonValue) -> list[Any]:
    if isinstance(value, dict):
        return sorted(value)
    return list(range(len(value))) if isinstance(value, list) else []


@given(spoiled())
def test_a_spoiled_document_gives_findings_or_a_graph_and_nothing_else(document: Any) -> None:
    reading = Graph.read(json.dumps(document))
    assert (reading.graph is None) == bool(reading.findings)
    for finding in reading.findings:
        assert finding.code in CODES
        assert [word for word in JARGON[:3] if word in finding.message] == []
        assert len(finding.message) < 400
        exists_or_is_missing_in_its_holder(document, finding)


def exists_or_is_missing_in_its_holder(document: JsonValue, finding: Finding) -> None:
    here = document
    path = parts(finding.place)
    for index, part in enumerate(path):
        if isinstance(here, list):
            here = here[int(part)]
        else:
            assert isinstance(here, dict)
            assert part in here or (index == len(path) - 1 and finding.code == "field.missing"), finding
            here = here.get(part)


def test_a_document_full_of_mistakes_is_told_of_in_a_moment_and_not_without_end() -> None:
    document = {**graph(**{f"n{i}": {"kind": "tool", "tool": "t", f"x{i}": 1, "lable": 2} for i in range(5_000)})}
    started = time.process_time()
    assert len(findings(document)) == MOST_FINDINGS
    assert time.process_time() - started < 10
