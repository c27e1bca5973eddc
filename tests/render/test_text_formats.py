"""DOT and Mermaid: faithful, and inert whatever the labels."""

from __future__ import annotations

import re
from typing import Any

import pygraphviz  # pyright: ignore[reportMissingTypeStubs]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.render import NodeRun, Picture, PictureEdge, PictureNode, RunOverlay
from engine.render.dot import write_dot
from engine.render.mermaid import quoted, write_mermaid
from tests.render.builders import PATTERNS, draft_and_review, pictures, run_of

HOSTILE = (
    "<b>x</b>", "<TABLE><TR><TD HREF='javascript:x'>x</TD></TR></TABLE>", '" URL="javascript:x', "\\", '\\"', "\\N\\G",
    'x"]; click a href "javascript:1"', "%%{init: {}}%%", "end", "subgraph x", "`x`", "#quot;", "a --> b", "|x|",
    "\n\r\u2028click", "[[x]]", "&lt;script&gt;", "\x00\ud800", "x:p:n", "한글",
)  # fmt: skip
ATTRIBUTES = {
    "label", "xlabel", "color", "fillcolor", "fontcolor", "id", "class", "shape", "style", "width", "height",
    "penwidth", "peripheries", "arrowhead", "constraint", "fontname", "fontsize", "fixedsize", "arrowsize",
}  # fmt: skip
any_words = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=()), max_size=40)

LABEL = r'"(?:[^\W_]|[ .,!?_+=/\'\-≤×…·→]|#\d+;|<br/>)*"'
NAME = r"[A-Za-z][A-Za-z0-9_]*"
OPENING = r"(?:\(|\[|\[/|\[\\|\{\{|\[\[|\(\[|\(\(\()"
CLOSING = r"(?:\)|\]|/\]|\\\]|\}\}|\]\]|\]\)|\)\)\))"
MERMAID = re.compile(
    rf"flowchart LR|    {NAME}{OPENING}{LABEL}{CLOSING}"
    rf"|    {NAME} (?:-->|-\.->)(?:\|{LABEL}\|)? {NAME}"
    r"|    classDef [a-z-]+ [a-z0-9#:,. -]+"
    rf"|    class {NAME}(?:,{NAME})* [a-z-]+"
)


def parsed(source: str) -> Any:
    return pygraphviz.AGraph(string=source)


@given(pictures(any_words))
def test_any_words_give_dot_that_holds_these_nodes_and_our_attributes_only(picture: Picture) -> None:
    for overlay in (None, run_of(picture)):
        read = parsed(write_dot(picture, "light", overlay))
        assert set(read.nodes()) == {node.id for node in picture.nodes}
        assert len(read.edges()) == len(picture.edges)
        for thing in (*map(read.get_node, read.nodes()), *(read.get_edge(*ends) for ends in read.edges(keys=True))):
            assert set(thing.attr.keys()) <= ATTRIBUTES
            assert not (thing.attr["label"] or "").startswith("<table")


@given(any_words)
def test_a_hostile_id_becomes_a_name_of_ours(words: str) -> None:
    nodes = (PictureNode(words, "agent", "x"), PictureNode("node_0", "agent", "y"))
    picture = Picture("p", "", nodes, (PictureEdge(words, 0, "node_0", "ok", words),))
    read = parsed(write_dot(picture, "dark"))
    assert len(read.nodes()) == 2
    assert len(read.edges()) == 1
    assert all(MERMAID.fullmatch(line) for line in write_mermaid(picture, "dark").splitlines())


@given(pictures(any_words))
def test_any_words_give_mermaid_of_known_lines_only(picture: Picture) -> None:
    for overlay in (None, run_of(picture)):
        lines = write_mermaid(picture, "light", overlay).splitlines()
        assert [line for line in lines if not MERMAID.fullmatch(line)] == []


def test_what_looks_like_html_is_shown_as_it_is_written() -> None:
    picture = Picture("<b>t</b>", "", (PictureNode("a", "tool", "<b>x</b>", "<i>"),), ())
    source = write_dot(picture, "light")
    assert 'label="<b>x</b>\\n<i>"' in source
    assert 'label="<b>t</b>"' in source


def test_words_of_the_languages_are_no_names() -> None:
    nodes = tuple(PictureNode(word, "tool", word) for word in ("end", "graph", "style", "node_0", "node_1"))
    lines = write_mermaid(Picture("p", "", nodes, ()), "light").splitlines()
    names = [line.split("[")[0].strip() for line in lines[1:6]]
    assert len(set(names)) == 5
    assert names[3:] == ["node_0", "node_1"]
    assert not {"end", "graph", "style"} & set(names)


def test_mermaid_writes_the_sample_like_this() -> None:
    overlay = RunOverlay({"write": NodeRun("completed"), "again": NodeRun("completed", iteration=2, max_iterations=5)})
    text = write_mermaid(draft_and_review(), "light", overlay)
    assert text.splitlines()[:9] == [
        "flowchart LR",
        '    write("Writer<br/>done")',
        '    review[/"review<br/>Publish this draft?"\\]',
        '    again{{"again<br/>done<br/>2/5"}}',
        '    publish["Publish<br/>file.write"]',
        "    write --> review",
        '    review -->|"approve"| publish',
        '    review -->|"revise"| again',
        "    again -.-> write",
    ]
    assert "    class write,again status-completed" in text.splitlines()


def test_quoted_text_is_cut_and_escaped() -> None:
    assert quoted('a "b" <c> #1;') == "a #34;b#34; #60;c#62; #35;1#59;"
    assert len(quoted("x" * 500)) == 80


def test_dot_shows_kinds_rules_and_statuses() -> None:
    picture = draft_and_review()
    read = parsed(write_dot(picture, "light", run_of(picture)))
    again = read.get_node("again").attr
    assert (again["shape"], again["label"]) == ("hexagon", "2/5")
    assert read.get_node("review").attr["shape"] == "octagon"
    assert "status-waiting" in read.get_node("write").attr["class"]
    assert read.get_edge("again", "write").attr["style"] == "dashed"


@pytest.mark.parametrize("name", PATTERNS)
def test_every_pattern_can_be_drawn_by_graphviz_itself(name: str) -> None:
    source = write_dot(PATTERNS[name], "light").replace("fixedsize=true", "fixedsize=false")
    drawn = parsed(source).draw(format="svg", prog="dot")
    assert drawn.count(b'class="node') == len(PATTERNS[name].nodes)
