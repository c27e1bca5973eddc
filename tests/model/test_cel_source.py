"""What is seen in an expression's source without CEL."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.cel_source import has_arguments, read_source


@pytest.mark.parametrize(
    ("source", "mentioned"),
    [
        ("a.b.c", ["a.b.c"]),
        ("a.b.size()", ["a.b"]),
        ("size(a.b)", ["a.b"]),
        ("a['b'].c + d[e.f]", ["a", "d", "e.f"]),
        ("a.?b.c", ["a"]),
        ("a[?'b']", ["a"]),
        ("a ? b : c", ["a", "b", "c"]),
        ("'a.b' + \"c\" + r'd' + '''e\nf''' // g", []),
        ("'it\\'s' + a", ["a"]),
        ("true && null == false", []),
        ("x in a.b", ["x", "a.b"]),
        ("a.filter(x, x.ok && x > b.c)", ["a", "b.c"]),
        ("a.map(x, a.map(y, x + y))", ["a", "a"]),
        ("{'k': a.b, c: 1}", ["a.b", "c"]),
        ("-a.b + 1.5e3 - .5 + 0x1F + 3u", ["a.b"]),
        ("has(a.b.c) && a.b", ["a.b.c", "a.b"]),
        ("a.", ["a"]),
        ("a.b(", ["a"]),
        (".a.b", []),
        ("", []),
    ],
)
def test_every_free_name_is_seen_with_its_fields(source: str, mentioned: list[str]) -> None:
    assert [mention.text for mention in read_source(source).mentions] == mentioned


def test_loops_and_the_uses_of_what_they_bind_are_counted() -> None:
    read = read_source("a.map(x, x + x).filter(y, y > 1).all(x, b.exists(z, z == x))")
    assert (read.loops, read.bound, read.bound_uses) == (4, frozenset("xyz"), 5)
    assert read_source("map(x, 1) + filter + a.map(1, 2)").loops == 0


def test_what_has_asks_for_is_known() -> None:
    assert has_arguments(read_source("has(a.b) && has( c.d ) && a.?e == f")) == {("a", "b"), ("c", "d")}
    assert has_arguments(read_source("has(a)")) == {("a",)}


@given(st.text(st.sampled_from("abx.?[]()'\"\\ &|!=<>0123,/rRuUe\n"), max_size=40))
def test_any_text_is_read_without_an_exception(text: str) -> None:
    read = read_source(text)
    assert all(text[word.start : word.start + len(word.text)] == word.text for word in read.words)
    assert all(text[m.start :].startswith(str(m.path[0])) for m in read.mentions)


def test_what_stands_in_a_loop_is_read_again() -> None:
    def reread(text: str) -> list[str]:
        return [mention.text for mention in read_source(text).reread]

    assert reread("a.b.map(x, c.d + x).size() + e") == ["c.d"]
    assert reread("a.filter(x, (b) > (x)) + c") == ["b"]
    assert reread("a.map(x, b.map(y, ')' + c))") == ["b", "c"]
    assert reread("a.map(x, b") == ["b"]
    assert reread("a + b") == []


def test_what_loops_bind_grows_step_by_step() -> None:
    assert read_source("a + a").growth == 1
    assert read_source("a.map(x, x + x + x)").growth == 3
    assert read_source("a.map(x, x + x).map(y, y + y + y)").growth == 9
