"""What the editor shows of a template or an expression is what the engine makes of it."""

from __future__ import annotations

import json
from typing import Any

from engine.errors import NodeError
from engine.model import Graph
from engine.model.expressions import compile_expression
from engine.model.templates import resolve
from engine.model.values import ABSENT
from tests.editor.js_modules import lines_of

GRAPH = {
    "format": "weft/1",
    "name": "seen",
    "input": {
        "type": "object",
        "properties": {"topic": {"type": "string"}, "count": {"type": "integer"}, "rate": {"type": "number"}},
    },
    "state": {
        "score": {"schema": {"type": "number"}},
        "notes": {"schema": {"type": "array", "items": {"type": "string"}}, "merge": "append"},
        "marks": {"schema": {"type": "array", "items": {"type": "number"}}, "merge": "append"},
        "deep": {"schema": {"type": "object", "properties": {"n": {"type": "integer"}, "x": {"type": "number"}}}},
        "gone": {"schema": {"type": "string"}},
    },
    "nodes": {
        "first": {
            "kind": "tool",
            "tool": "value.set",
            "args": {"value": 1},
            "save": dict.fromkeys(("score", "notes", "marks", "deep", "gone"), "{output}"),
            "to": [{"node": "last"}],
        },
        "last": {"kind": "tool", "tool": "value.set", "args": {"value": 1}},
    },
}
NAMES: dict[str, Any] = {
    "input": {"topic": "강 \U0001f30a rivers", "count": 3, "rate": 2},
    "state": {"score": 1, "notes": ["a", "{b}", ""], "marks": [1, 2.5, 3], "deep": {"n": 7, "x": 7, "more": [1]}},
    "nodes": {"first": {"output": {"items": [{"a": 1}, {"a": 2}], "ok": True, "none": None}}},
    "run": {"id": "r1", "started_at": "2026-01-31T12:00:00.000Z"},
}
EXPRESSIONS = [
    "input.count", "input.count + 1", "input.rate", "input.rate * 1.5", "input.count > 2 && input.topic != ''",
    "state.score < 2.0", "state.score >= 1.0", "state.deep.n == 7", "state.deep.x + 0.5", "size(state.notes) > 2",
    "size(input.topic)", "input.topic.contains('river')", "input.topic.startsWith('강')",
    "state.notes.exists(n, n == '')",
    "state.notes.map(n, n + '!')", "state.notes.filter(n, n.size() > 0)", "sum(state.marks) > 6.0", "sum(state.marks)",
    "sum([1, 2])", "state.gone == 'x'", "has(state.gone)", "has(state.score)", "nodes.first.output.items[1].a",
    "nodes.first.output.items.map(i, i.a)", "nodes.first.output.ok ? 'yes' : 'no'", "nodes.first.output.none == null",
    "'x' in state.notes", "run.id + '-' + string(input.count)", "{'a': input.count, 'b': [input.rate]}",
    "1 / 0", "true",
    "[1, 'a', true]", "state.deep.more[0]", "input.topic + 1", "state.notes[9]", "double(input.count) / 2.0", "'a' + ",
    "input.count / 2", "state.notes[0].upperAscii()", "math.greatest(input.count, 5)", "bytes('a')",
    "duration('1h')", "input.count * 9007199254740993",
]  # fmt: skip
TEMPLATES = [
    "{input.topic}", "About {input.topic}, {input.count} times.", "{notes}",
    "{state.notes[1]} and {{braces}}", "{gone?}",
    "[{gone?}]", "{gone}", "{nodes.first.output}", "{nodes.first.output.items[0].a}",
    "{\"json\": {input.rate}}", "plain",
    "{input.topic} {gone} {nodes.first.output.none}", "{run.id}{run.id}", "{state.deep.more[3]}",
]  # fmt: skip
UNSURE = {"input.count * 9007199254740993"}
"""Beyond what a number of JavaScript holds: nothing, or nearly the same, may be shown."""


def previews(texts: list[str], *, is_expression: bool) -> list[Any]:
    place = ["nodes", "last", "to", 0, "when"] if is_expression else ["nodes", "last", "args", "value"]
    cases = [
        {"text": text, "isExpression": is_expression, "names": NAMES, "graph": GRAPH, "path": place} for text in texts
    ]
    return list(lines_of("support/previews.mjs", given="\n".join(map(json.dumps, cases))))


def test_an_expression_is_shown_as_the_engine_would_decide_it() -> None:
    types = Graph.model_validate(GRAPH).types
    shown = 0
    for text, preview in zip(EXPRESSIONS, previews(EXPRESSIONS, is_expression=True), strict=True):
        if text in UNSURE:
            continue
        try:
            expected = compile_expression(text, types).evaluate(NAMES)
        except NodeError:
            assert preview is None or "missing" in preview, text
            continue
        if preview is None:
            continue
        assert preview == {"value": expected}, text
        shown += 1
    assert shown >= 30


def test_a_template_is_shown_as_the_engine_fills_it_in() -> None:
    for text, preview in zip(TEMPLATES, previews(TEMPLATES, is_expression=False), strict=True):
        try:
            expected = resolve(text, NAMES)
        except NodeError:
            assert "missing" in preview, text
            continue
        if expected is ABSENT or "{" not in text:
            assert preview is None, text
        else:
            assert preview == {"value": expected}, text
