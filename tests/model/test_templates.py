"""Templates: the grammar, what comes out, and what is left out (GRAPH.md §2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.errors import NodeError
from engine.model.templates import ABSENT, expressions_in, parse, references_in, resolve
from engine.model.values import MOST_UNITS, compact
from tests.model.documents import values

NAMES: dict[str, Any] = {
    "input": {"topic": "기후", "list": [1, {"a": 2.5}], "제목": "한글", "text": "{input.topic}"},
    "state": {"draft": "d", "n": 3, "none": None, "notes": []},
    "nodes": {"write": {"output": {"title": "T", "ok": True}, "escalated": True}, "read": {"output": None}},
    "run": {"id": "r1"},
    "iteration": 2,
}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{input.topic}", "기후"),
        ("{input.제목}", "한글"),
        ("about {input.topic}!", "about 기후!"),
        ("{state.n}", 3),
        ("{n}", 3),
        ("{n}{n}", "33"),
        ("{state.none}", None),
        ("a {state.none}", "a null"),
        ("{input.list}", [1, {"a": 2.5}]),
        ("{input.list[1].a}", 2.5),
        ("x{input.list}", 'x[1,{"a":2.5}]'),
        ("{nodes.write.output.title}", "T"),
        ("{nodes.write.output.ok} ", "true "),
        ("{nodes.read.output}", None),
        ("{iteration}", 2),
        ("{input.text}", "{input.topic}"),
        ("{{n}}", "{n}"),
        ("{{{n}}}", "{3}"),
        ("{{", "{"),
        ("}}", "}}"),
        ("{{}}", "{}"),
        ('{"a": {"b": 1}}', '{"a": {"b": 1}}'),
        ('{{"a": {{"b": {n}}}}}', '{"a": {"b": 3}}'),
        ("{ n }", "{ n }"),
        ("{n.}", "{n.}"),
        ("{.n}", "{.n}"),
        ("{n[x]}", "{n[x]}"),
        ("{n[-1]}", "{n[-1]}"),
        ("{n()}", "{n()}"),
        ("{n:>5}", "{n:>5}"),
        ("{0}", "{0}"),
        ("{}", "{}"),
        ("{n", "{n"),
        ("n}", "n}"),
        ("", ""),
        ("{gone?}", ABSENT),
        ("a{gone?}b", "ab"),
        ("{n?}", 3),
        ("{input.topic.x?}", ABSENT),
        ("{input.list[9]?}", ABSENT),
        ("{input[0]?}", ABSENT),
        ("{input.list.a?}", ABSENT),
        ("{state.none.x?}", ABSENT),
        ("{nodes.gone.output?}", ABSENT),
        ("{nodes.write.escalated}", True),
        ("{nodes.read.escalated}", False),
        ("{nodes.gone.escalated}", False),
        ("{item?}", ABSENT),
    ],
)
def test_a_text_is_filled(template: str, value: Any) -> None:
    filled = resolve(template, NAMES)
    assert filled == value
    assert type(filled) is type(value)


@pytest.mark.parametrize(
    "template", ["{gone}", "{state.gone}", "x {input.topic.upper}", "{nodes.write.__class__}", "{item}"]
)
def test_a_reference_to_nothing_fails_the_node(template: str) -> None:
    with pytest.raises(NodeError) as caught:
        resolve(template, NAMES)
    assert caught.value.code == "template.absent"
    assert caught.value.error_class == "logic"
    assert "leads to nothing" in caught.value.message
    assert "?}" in str(caught.value.hint)


def test_no_attribute_of_python_is_reached() -> None:
    class Leaky:
        secret = "s"

    names: dict[str, Any] = {"state": {"leaky": Leaky(), "text": "t"}}
    for template in ("{state.leaky.secret?}", "{state.text.format?}", "{state.leaky.__dict__?}", "{state.__len__?}"):
        assert resolve(template, names) is ABSENT


def test_any_mapping_can_hold_the_names() -> None:
    names: Mapping[str, Any] = MappingProxyType({"state": MappingProxyType({"a": MappingProxyType({"b": 1})})})
    assert resolve("{a.b}", names) == 1


def test_a_value_is_resolved_at_any_depth_and_absent_ones_are_left_out() -> None:
    value: Any = {"a": "{n}", "b": ["{gone?}", "{n}", 5, None], "c": {"d": "{gone?}", "e": {"$cel": "state.n + 1"}}}
    assert resolve(value, NAMES) == {"a": 3, "b": [3, 5, None], "c": {"e": 4}}


def test_secrets_and_files_are_passed_through_untouched() -> None:
    value: Any = {"key": {"$secret": "{n}"}, "file": {"$file": "00", "name": "{n}"}}
    assert resolve(value, NAMES) == value


def test_a_key_of_an_object_is_never_a_template() -> None:
    assert resolve({"{n}": 1}, NAMES) == {"{n}": 1}


@given(st.text(st.sampled_from('{}ab.?[]01" \n')), values)
def test_what_is_put_in_is_never_read_again(text: str, value: Any) -> None:
    names = {"state": {"a": value, "b": text}}
    assert resolve("{a}", names) == value
    assert resolve("{b}", names) == text
    assert resolve("<{b}>{a}", names) == f"<{text}>" + (value if isinstance(value, str) else compact(value))


@given(st.text(st.sampled_from('{}ab.?[]01" \n')))
def test_every_text_is_a_template_and_doubling_paired_braces_makes_it_literal(text: str) -> None:
    assert parse(text).parts or text == ""
    assume(all(text[:end].count("}") <= text[:end].count("{") for end in range(len(text) + 1)))
    assert resolve(text.replace("{", "{{").replace("}", "}}"), {}) == text


@given(values)
def test_json_in_a_prompt_survives(value: Any) -> None:
    text = json.dumps(value, indent=1)
    if not parse(text).references and "{{" not in text:
        assert resolve(text, {}) == text


def test_references_tell_path_optionality_and_place() -> None:
    template = parse("a {input.list[1].a?} {draft.x} {{no}}")
    assert [(r.path, r.optional, r.text, r.start) for r in template.references] == [
        (("input", "list", 1, "a"), True, "{input.list[1].a?}", 2),
        (("state", "draft", "x"), False, "{draft.x}", 21),
    ]


def test_what_begins_with_no_known_name_is_unknown() -> None:
    template = parse("{draft} {drafft.x?} {state.drafft} {stated} {input.x}")
    assert [r.text for r in template.unknown(frozenset({"draft"}))] == ["{drafft.x?}", "{stated}"]
    assert [r.text for r in template.unknown(["draft", "stated"])] == ["{drafft.x?}"]


def test_references_and_expressions_of_a_value_are_found_with_their_places() -> None:
    value: Any = {
        "a": ["x {n}", {"$cel": "state.n"}],
        "b": {"$secret": "{n}"},
        "c": {"$cel": "1", "more": "{m}"},
        "d": 5,
    }
    assert [(path, r.text) for path, r in references_in(value, ("args",))] == [(("args", "a", 0), "{n}")]
    assert expressions_in(value, ("args",)) == [(("args", "a", 1, "$cel"), "state.n")]


@pytest.mark.parametrize(
    "template", ["{state.k}" * 3, ["{state.k}"] * 3, {"a": "{state.k}{state.k}", "b": "{state.k}"}]
)
def test_what_no_run_can_hold_is_never_made(template: Any) -> None:
    names = {"state": {"k": "x" * (MOST_UNITS // 2)}}
    with pytest.raises(NodeError) as caught:
        resolve(template, names)
    assert (caught.value.code, caught.value.error_class) == ("value.too_big", "limit")
    assert resolve("{state.k}{state.k}", names) == "x" * MOST_UNITS
