"""Expressions: what is checked before a run, what comes out, and that only True is true."""

# The library comes without type stubs.
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from cel_expr_python import cel
from cel_expr_python.ext import ext_strings
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import NodeError
from engine.model.comparisons import UNDECIDED, comparison
from engine.model.expressions import Expression, compile_expression, to_json
from engine.model.types import DYNAMIC, Types
from engine.model.values import compact
from tests.model.documents import values

INPUT: Any = {
    "type": "object",
    "properties": {
        "n": {"type": "number"},
        "i": {"type": "integer"},
        "s": {"type": "string"},
        "b": {"type": "boolean"},
        "l": {"type": "array", "items": {"type": "number"}},
        "o": {"type": "object", "properties": {"p": {"type": "number"}, "q": {"type": "integer"}}},
        "maybe": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "any": {},
        "ref": {"$ref": "#/$defs/price"},
    },
    "$defs": {"price": {"type": "object", "properties": {"x": {"type": "number"}}}},
}
NODES: Any = {"type": "object", "properties": {"a": {"type": "object", "properties": {"output": {}, "escalated": {}}}}}
TYPES = Types({"input": INPUT, "iteration": {"type": "integer"}, "nodes": NODES, "item": True})
GIVEN: dict[str, Any] = {
    "n": 3, "i": 4, "s": "aca", "b": True, "l": [1, 2.5], "o": {"p": 2, "q": 3, "r": [1.0, None]},
    "maybe": 2, "any": 4.0, "ref": {"x": 2},
}  # fmt: skip
NAMES: dict[str, Any] = {"input": GIVEN, "iteration": 2, "nodes": {}, "item": {"z": 1}}


def expression(source: str, types: Types = TYPES) -> Expression:
    return compile_expression(source, types)


def failed(source: str, names: Any = NAMES, types: Types = TYPES) -> NodeError:
    with pytest.raises(NodeError) as caught:
        expression(source, types).evaluate(names)
    assert caught.value.error_class == "logic"
    assert source[:40] in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("input.n >= 3", True),
        ("input.n / 2.0", 1.5),
        ("input.i / 3", 1),
        ("input.any + 1", 5),
        ("input.maybe / 4.0", 0.5),
        ("input.o.p / 4.0", 0.5),
        ("input['o'].p / 4.0", 0.5),
        ("input.o.q / 2", 1),
        ("input.ref.x / 4.0", 0.5),
        ("input.ref", {"x": 2}),
        ("input.o", {"p": 2, "q": 3, "r": [1, None]}),
        ("input.l.map(x, x * 2.0)", [2, 5]),
        ("sum(input.l) / 2.0", 1.75),
        ("sum([1, 2]) == 3", True),
        ("sum([])", 0),
        ("size('김철수')", 3),
        ("input.s.replace('a', 'bb')", "bbcbb"),
        ("input.s.replace('a', 'bb', 1)", "bbca"),
        ("input.s.replace('a', 'bb', 0)", "aca"),
        ("input.s.split('c')", ["a", "a"]),
        ("math.greatest(1, 2)", 2),
        ("has(input.s)", True),
        ("has(input.o.q) && input.o.q == 3", True),
        ("has(input.o.p) && has(input.o)", True),
        ("input.?s.orValue('z')", "aca"),
        ("nodes.a.escalated", False),
        ("!nodes.a.escalated && iteration < 3", True),
        ("[1, 2].filter(iteration, iteration > 1)", [2]),
        ("[{'z': 5}].map(item, item.z)", [5]),
        ("item.z + [{'z': 5}].map(i, i.z)[0]", 6),
        ("item.z + [{'z': 5}].map(item, item.z)[0] + item.z", 7),
        ("false && nodes.a.output.x == 1", False),
        ("nodes.a.output.x == 1 || true", True),
        ("input.b ? 'y' : 'n' // said", "y"),
        ("{'a': [null, 1.5, 2.0]}", {"a": [None, 1.5, 2]}),
        ("'input.x.y ' + \"{input.q}\"", "input.x.y {input.q}"),
        ("input.i == 4", True),
    ],
)
def test_an_expression_has_cels_value_as_json(source: str, value: Any) -> None:
    assert expression(source).check() == []
    assert expression(source).evaluate(NAMES) == value
    assert type(expression(source).evaluate(NAMES)) is type(value)


@pytest.mark.parametrize(
    ("source", "sort", "column", "words"),
    [
        ("input.i < '3'", "type", 9, "`<` does not work on (int, string)"),
        ("input.i < 3.5", "type", 9, "a number with a point is written 1.0"),
        ("!input.s", "type", 1, "`!` does not work on (string)"),
        ("input.s.replace('a')", "type", 16, "there is no function `replace`"),
        ("['a'].Join()", "type", 11, "there is no function `Join`"),
        ("nope(1)", "type", 5, "there is no function `nope`"),
        ("'a'.Replace('b', 'c')", "type", 12, "there is no function"),
        ("inputt.x == 1", "unknown", 1, "did you mean `input`?"),
        ("1 + input.topic", "unknown", 5, "there is no `topic` in `input`; there are n, i, s"),
        ("input.s.x", "unknown", 1, "there is no `x` in `input.s`"),
        ("nodes.b.output", "unknown", 1, "there is no `b` in `nodes`"),
        ("has(input.q)", "unknown", 5, "there is no `q`"),
        ("size(x)", "unknown", 6, "there is no `x`"),
        ("input.i +", "syntax", 10, "ends too early"),
        ("", "syntax", 1, "ends too early"),
        ("input.i input.i", "syntax", 9, "'input' cannot stand here"),
        ("'open", "syntax", 1, "cannot stand here"),
        ("input.i ? 1", "syntax", 12, "ends too early"),
        ("(" * 40 + "1" + ")" * 40, "limit", 1, "nested too deeply"),
        ("1" + "+1" * 100, "limit", 1, "nested too deeply"),
        ("1" + " " * 1_000, "limit", 1_000, "at most 1000 characters"),
        ("[1].map(x, 1)" + ".map(x, 1)" * 4, "limit", 1, "at most 4 loops such as map, filter, all; this has 5"),
        ("[1].map(x, [" + "x, " * 17 + "])", "limit", 1, "more than 16 times"),
    ],
)
def test_what_is_wrong_is_told_before_a_run_with_its_column(source: str, sort: str, column: int, words: str) -> None:
    found = expression(source).check()
    assert [(problem.sort, problem.column) for problem in found] == [(sort, column)]
    assert words in f"{found[0].message}; {found[0].hint}"
    assert failed(source).code == "expression.invalid"


def test_every_ill_typed_place_is_told() -> None:
    assert [problem.column for problem in expression("input.i < 'a' || input.s < 1").check()] == [9, 26]
    assert [problem.column for problem in expression("input.x == input.y").check()] == [1, 12]


@pytest.mark.parametrize(
    ("source", "expects", "fits"),
    [
        ("input.i < 3", "bool", True),
        ("input.any", "bool", True),
        ("input.i", "bool", False),
        ("'a'", "bool", False),
        ("input.l", "list", True),
        ("input.any", "list", True),
        ("input.i", "list", False),
        ("input.i", None, True),
    ],
)
def test_a_condition_is_true_or_false_and_each_wants_a_list(source: str, expects: Any, fits: bool) -> None:
    assert (expression(source).check(expects) == []) is fits


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("input.any.x", "there is no `input.any.x`"),
        ("1 / 0", "divide by zero"),
        ("[1, 2][7]", "index=7 size=2"),
        ("nodes.a.output.x == 1", "there is no `nodes.a.output.x`"),
        ("item.y.z", "there is no `item.y.z`"),
        ("{'a': 1}[input.s]", "there is no `aca`"),
        ("input.n + 1", "write 2.0 instead of 2"),
        ("dyn('a') + 1", "No matching overloads"),
        ("input.?s", "its value is optional; end with orValue(…)"),
        ("b'x'", "its value is bytes"),
        ("timestamp('2020-01-01T00:00:00Z')", "its value is a time"),
        ("duration('1s')", "its value is a time"),
        ("{1: 2}", "the key 1 is no text"),
        ("type(1)", "its value is no JSON"),
        ("1e308 * 10.0", "its value is no JSON"),
        ("sum(['a'])", "sum takes a list of numbers"),
        ("sum([true])", "sum takes a list of numbers"),
        ("sum([9223372036854775807, 1])", "beyond 64 bits"),
        ("'aaaaaaaaaa'" + ".replace('a', 'aaaaaaaaaa')" * 8, "more than 1000000 characters"),
        ("input.l.map(x, dyn(x)).join()", "join takes a list of texts"),
        ("int('x')", "cannot convert"),
    ],
)
def test_an_error_fails_the_node_and_is_never_a_value(source: str, words: str) -> None:
    error = failed(source)
    assert error.code == "expression.failed"
    assert words in error.message


def test_endless_work_is_cut_off() -> None:
    numbers = "[" + ",".join("1234567890" * 2) + "]"
    nested = f"{numbers}.map(a, {numbers}.map(b, {numbers}.map(c, {numbers}.map(d, a)))).size()"
    assert "budget" in failed(nested).message


SWELLING = [
    "input.n.map(a, input.s + input.s).size() > 0",
    "input.n.all(a, !('x' in input.n))",
    "input.n.all(a, input.n.all(b, input.s == 'x'))",
    "input.t.join(input.s).size() > 0",
    "input.s.split('').join(input.s).size() > 0",
    "[input.s].map(a, a + a + a + a).map(b, b + b + b + b).map(c, c + c + c + c).map(d, d + d + d + d).size() > 0",
    "[" + ",".join(["input.s"] * 110) + "].size() > 0",
]


@pytest.mark.parametrize("source", SWELLING)
def test_nothing_much_comes_of_what_is_not_much(source: str) -> None:
    """SECURITY.md 13: each of these took minutes or gigabytes."""
    large = {
        "n": list(range(10_000)),
        "t": [""] * 100_000,
        "s": "a" * 1_000_000,
    }
    started = time.process_time()
    error = failed(source, {"input": large}, DYNAMIC)
    assert "handle too much" in error.message or "1000000 characters" in error.message
    assert time.process_time() - started < 5


def test_plain_work_on_much_is_done() -> None:
    rows = [{"x": number, "name": "n" * 50} for number in range(5_000)]
    names = {"input": {"rows": rows, "known": [1, 2, 3], "texts": ["a", "b"], "last": rows[-1]}}
    for source, value in [
        ("input.rows.filter(r, r.x > 3 && r.x < 6 && r.name != '').map(r, r.x)", [4, 5]),
        ("input.rows.filter(r, r.x in input.known).map(r, r.x)", [1, 2, 3]),
        ("input.texts.join(', ') + input.texts.join()", "a, bab"),
        ("[1, 2].map(x, x + x + x + x + x)", [5, 10]),
        ("input.known.all(a, input.known.all(b, a + b > 0 && {'k': input.last}.k.x == 4999))", True),
    ]:
        assert compile_expression(source).evaluate(names) == value


def test_running_out_of_memory_is_an_error_of_the_expression() -> None:
    resource = pytest.importorskip("resource", reason="this system knows no limits of memory")
    used = int(Path("/proc/self/statm").read_text().split()[0]) * 4096 if Path("/proc/self/statm").exists() else 0
    if not used:
        pytest.skip("how much memory this process uses cannot be read here")
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + 50 * 2**20, before[1]))
    try:
        grown = "[item].map(x, x + x + x).map(x, x + x + x).map(x, x + x + x).map(x, x + x + x)[0].size()"
        error = failed(grown, {"item": "x" * 2**20})
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    assert "too much memory" in error.message


def test_only_true_is_true() -> None:
    assert expression("input.b").holds(NAMES) is True
    assert expression("input.i > 9").holds(NAMES) is False
    assert expression("input.s + 'x' == 'acax'").holds(NAMES) is True
    for source in ("input.i", "input.s", "[true]", "item.z"):
        with pytest.raises(NodeError, match="neither true nor false"):
            expression(source).holds(NAMES)
    with pytest.raises(NodeError, match=r"there is no `nodes\.a\.output\.x`"):
        expression("nodes.a.output.x").holds(NAMES)


def test_a_value_that_breaks_its_schema_is_an_error_not_a_guess() -> None:
    for wrong in ("3", None, [3], 1e300):
        with pytest.raises(NodeError):
            expression("input.i + 1").evaluate({"input": {"i": wrong}})
    assert expression("input.n == 'x'", DYNAMIC).evaluate({"input": {"n": "x"}}) is True
    assert expression("input.n").evaluate({"input": {"n": "x"}}) == "x"
    for source, wrong in (("input.l", "x"), ("input.o", [1]), ("input.i == 1", 1.5), ("input.i == 1", 2**70)):
        with pytest.raises(NodeError):
            expression(source).evaluate({"input": {source[6]: wrong}})


def test_without_a_schema_a_whole_number_is_whole_however_it_came() -> None:
    for n in (4, 4.0):
        assert expression("item.n + 1").evaluate({"item": {"n": n}}) == 5
        assert expression("item").evaluate({"item": [{"n": n}]}) == [{"n": 4}]
    assert expression("item.n + 1.0").evaluate({"item": {"n": 1e300}}) == 1e300


def test_any_mapping_can_hold_the_names() -> None:
    names: Any = MappingProxyType({"item": MappingProxyType({"a": MappingProxyType({"b": 1})})})
    assert expression("item.a.b + 1").evaluate(names) == 2
    assert expression("item").evaluate(names) == {"a": {"b": 1}}


def test_references_tell_path_place_and_whether_they_may_be_absent() -> None:
    source = "input.o.p > 1.0 && has(nodes.a.output) && item.?x.orValue(1) == 1 && [1].all(x, x > iteration)"
    assert [(m.text, m.start, m.tested) for m in expression(source).references] == [
        ("input.o.p", 0, False),
        ("nodes.a.output", 23, True),
        ("item", 42, True),
        ("iteration", 84, False),
    ]


def test_an_expression_is_made_once_per_source_and_types() -> None:
    assert expression("input.i == 1") is expression("input.i == 1")
    assert expression("input.i == 1") is not expression("input.i == 1", DYNAMIC)


def test_the_store_of_expressions_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.model.expressions._MOST_KEPT", 3)
    types = Types({})
    for number in range(10):
        compile_expression(str(number), types)
    assert len(types.expressions) <= 3


# --- plain comparisons, decided without CEL ---

PLAIN = [
    "iteration < 3", "input.s == 'aca'", "!nodes.a.escalated", "nodes.a.escalated", "input.i != -4", "item.z >= 1.5",
    "input.b == true",
    "input.s < \"b\" && input.i == 4", "input.i == 1 || iteration > 1 || input.b", "input.any <= 4",
]  # fmt: skip


@pytest.mark.parametrize("source", PLAIN)
def test_a_plain_comparison_never_loads_cel(source: str) -> None:
    code = (
        "import sys; from engine.model.expressions import compile_expression;"
        f"print(compile_expression({source!r}).holds({NAMES!r}), 'cel_expr_python' in sys.modules)"
    )
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert seen.stdout.split()[1] == "False"


@pytest.mark.parametrize("source", PLAIN)
def test_a_plain_comparison_is_decided_as_cel_decides_it(source: str) -> None:
    made = expression(source)
    assert made.decide is not None
    assert made.decide(NAMES) is made.evaluated_by_cel(NAMES)


literals = st.one_of(
    st.integers(-(2**53), 2**53).map(str),
    st.integers(-3, 3).map(str),
    st.sampled_from(
        ["0.5", "1.0", "-2.5", "true", "false", "null", "'a'", '"b"', "''", "'가'", "'😀'", "1u", "1e3", "0x1F"]
    ),
    st.sampled_from(["9007199254740993", "-1.", "'\\n'", "r'a'", "[1]", "input.a", "-'a'", "- -1", "'''a'''", "b'a'"]),
)
operators = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in", "+"])
names_read = st.sampled_from(
    ["input.a", "iteration", "nodes.x.escalated", "state.n", "output.x.y", "item", "input.a[0]"]
)
terms = st.one_of(
    st.tuples(names_read, operators, literals).map(" ".join),
    names_read,
    names_read.map(lambda name: f"!{name}"),
    names_read.map(lambda name: f"!!{name}"),
    st.tuples(literals, operators, names_read).map(" ".join),
    names_read.map(lambda name: f"({name} == 1)"),
    names_read.map(lambda name: f"!{name} == true"),
)
sources = st.one_of(terms, st.lists(terms, min_size=2, max_size=3).flatmap(
    lambda drawn: st.sampled_from([" && ", " || ", " == "]).map(lambda mark: mark.join(drawn))
))  # fmt: skip
held = st.one_of(values, st.integers(-3, 3), st.sampled_from(["a", "b", "가", "😀", 0.5, -2.5, True, False, 2.0]))
type_names = st.sampled_from([{}, {"type": "integer"}, {"type": "number"}, {"type": "string"}, {"type": "boolean"}])


@given(sources, held, held, held, type_names, type_names)
def test_what_is_decided_without_cel_is_what_cel_decides(
    source: str, a: Any, b: Any, c: Any, one: Any, other: Any
) -> None:
    types = Types({"input": {"properties": {"a": one}}, "state": {"properties": {"n": other}}, "nodes": True,
                   "output": True, "item": True, "iteration": {"type": "integer"}})  # fmt: skip
    names = {"input": {"a": a}, "state": {"n": b}, "item": c, "output": {"x": {"y": b}}, "iteration": 2, "nodes": {}}
    made = compile_expression(source, types)
    if made.decide is None:
        return
    decided = made.decide(names)
    if decided is not UNDECIDED:
        assert made.check() == []
        assert made.evaluated_by_cel(names) is decided


def test_what_is_no_plain_comparison_is_left_to_cel() -> None:
    for source in ("iteration", "input.i < 3 && iteration > 1 || input.b", "size(input.s) < 3", "input.i + 1 < 3", ""):
        assert compile_expression(source, TYPES).decide is None
    assert comparison(compile_expression("nope < 3").source, {}) is None


# --- our replace and CEL's ---


@given(st.text("abα😀", max_size=8), st.text("abα", max_size=2), st.text("abα", max_size=3), st.integers(-2, 4))
def test_our_bounded_replace_is_cels_replace(text: str, old: str, new: str, limit: int) -> None:
    kind = cel.Type
    names = {"t": kind.STRING, "o": kind.STRING, "n": kind.STRING, "l": kind.INT}
    environment = cel.NewEnv(variables=names, extensions=[ext_strings.ExtStrings()])
    data = {"t": text, "o": old, "n": new, "l": limit}
    theirs = [environment.compile(s).eval(data=data).plain_value() for s in ("t.replace(o, n)", "t.replace(o, n, l)")]
    schemas: dict[str, Any] = {name: {"type": "string"} for name in "ton"} | {"l": {"type": "integer"}}
    types = Types(schemas)
    ours = [compile_expression(source, types).evaluate(data) for source in ("t.replace(o, n)", "t.replace(o, n, l)")]
    assert ours == theirs


@given(values)
def test_json_stays_as_it_is_on_the_way_back(value: Any) -> None:
    assert compact(to_json(value)) == compact(value)
