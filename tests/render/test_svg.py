"""The SVG: well formed, made of four elements, inert whatever the labels, with names for the live view."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.render import NodeRun, Picture, PictureEdge, PictureNode, RunOverlay, Theme, render
from engine.render.tokens import COLOURS, colour
from tests.render.builders import ALL_STATUSES, KINDS, PATTERNS, draft_and_review, fan_out_gather, pictures, run_of

NAMESPACE = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "g", "path", "text", "title", "desc", "style"}
ATTRIBUTES = {
    "class", "id", "role", "width", "height", "viewBox", "font-family", "font-size", "font-weight", "fill", "stroke",
    "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "text-anchor", "opacity", "d", "x", "y",
}  # fmt: skip
HOSTILE = (
    "<script>alert(1)</script>",
    '" onload="alert(1)',
    "' onclick='alert(1)",
    "</text></g></svg><script>",
    "]]><!--",
    "&#60;script&#62;",
    "<a xlink:href='javascript:alert(1)'>x</a>",
    "<foreignObject><iframe src='http://example.org'></iframe></foreignObject>",
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    "url(http://example.org/x)",
    "\x00\x01\x1b[31m\x7f\x85\ud800\udfff\ufffe\uffff",
    "\u202edesrever\u2066",
    "x" * 5000,
    "한글 " * 400,
)


def drawn(
    picture: Picture, *, theme: Theme = "light", overlay: RunOverlay | None = None, deadline_s: float = 10
) -> ElementTree.Element:
    async def work() -> bytes:
        return await render(picture, to="svg", theme=theme, overlay=overlay, deadline_s=deadline_s)

    return ElementTree.fromstring(anyio.run(work).decode())


def is_inert(root: ElementTree.Element) -> None:
    for element in root.iter():
        assert element.tag.removeprefix(NAMESPACE) in ELEMENTS
        assert set(element.attrib) <= ATTRIBUTES
        for name, value in element.attrib.items():
            assert name == "id" or not re.search(r"url\(|javascript:|http", value), (name, value)
    (style,) = root.iter(f"{NAMESPACE}style")
    assert not re.search(r"url|import|expression|<|\\", style.text or "")


def groups(root: ElementTree.Element, css: str) -> dict[str, set[str]]:
    found = root.iter(f"{NAMESPACE}g")
    return {g.get("id", ""): set(g.get("class", "").split()) for g in found if css in g.get("class", "").split()}


def texts(root: ElementTree.Element, css: str) -> list[str]:
    return [t.text or "" for t in root.iter(f"{NAMESPACE}text") if css in t.get("class", "").split()]


@given(pictures(st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=()), max_size=40)))
def test_any_words_give_a_well_formed_inert_picture(picture: Picture) -> None:
    is_inert(drawn(picture, deadline_s=0))
    is_inert(drawn(picture, deadline_s=0, overlay=run_of(picture)))


@given(st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=()), max_size=40))
def test_hostile_ids_ports_and_runs_stay_attributes(words: str) -> None:
    nodes = (PictureNode(words, "agent", words, ports=(words,)), PictureNode("b", "human-gate", "b"))
    picture = Picture(words, words, nodes, (PictureEdge(words, 0, "b", words, words),))
    run = RunOverlay({"b": NodeRun("failed", error_class=words, since=words)}, {}, words)
    root = drawn(picture, deadline_s=0, overlay=run)
    is_inert(root)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]*", name) for name in groups(root, "node"))


def test_every_node_and_wire_has_its_name_and_classes() -> None:
    overlay = RunOverlay(
        {"write": NodeRun("completed"), "review": NodeRun("asking")},
        {("write", 0): "taken", ("review", 1): "skipped"},
    )
    root = drawn(draft_and_review(), overlay=overlay)
    assert groups(root, "node") == {
        "node-write": {"node", "kind-agent", "status-completed"},
        "node-review": {"node", "kind-human-gate", "status-asking"},
        "node-again": {"node", "kind-loop-back", "status-waiting"},
        "node-publish": {"node", "kind-tool", "status-waiting"},
    }
    assert groups(root, "edge") == {
        "": {"edge", "state-taken"},
        "edge-write-0": {"edge", "port-ok", "state-taken"},
        "edge-review-0": {"edge", "port-approve"},
        "edge-review-1": {"edge", "port-revise", "state-skipped"},
        "edge-again-0": {"edge", "port-repeat", "repeat"},
    }


def test_a_plain_graph_has_no_statuses() -> None:
    root = drawn(draft_and_review())
    assert groups(root, "node")["node-write"] == {"node", "kind-agent"}
    assert texts(root, "status-word") == []


def test_the_whole_label_is_in_the_title_even_where_it_is_cut() -> None:
    label = "a label much longer than any box of two hundred pixels could ever hold"
    picture = Picture("p", "", (PictureNode("a", "agent", label, "model"),), ())
    root = drawn(picture)
    assert texts(root, "label")[0].endswith("…")
    assert f"{label} (agent) · model" in [title.text for title in root.iter(f"{NAMESPACE}title")]


def test_a_run_says_status_numbers_and_rounds_in_words() -> None:
    picture = fan_out_gather()
    runs = {
        "style": NodeRun("running", seconds=12, attempt=2, attempts=3),
        "security": NodeRun("retrying", attempt=2, attempts=5, next_in_s=8),
        "speed": NodeRun("failed", error_class="transient", seconds=0.4),
        "docs": NodeRun("completed", iteration=3, seconds=185, items_done=3, items_total=7),
        "gather": NodeRun("waiting", items_done=1, items_total=4),
        "sum": NodeRun("asking", since="3 min"),
    }
    root = drawn(picture, overlay=RunOverlay(runs))
    assert set(texts(root, "status-word")) == {
        "running", "retrying 2/5, next in 8 s", "failed: transient", "done", "waiting", "asking since 3 min",
    }  # fmt: skip
    assert {"12 s · try 2/3", "0.4 s", "3 of 7 · 3 min 5 s"} <= set(texts(root, "numbers"))
    assert texts(root, "iteration") == ["×3"]
    assert texts(root, "rule") == ["1 of 4"]


def test_a_loop_shows_its_bound_and_in_a_run_how_far_it_is() -> None:
    assert texts(drawn(draft_and_review()), "count") == ["≤ 5"]
    run = RunOverlay({"again": NodeRun("completed", iteration=2, max_iterations=5)})
    assert texts(drawn(draft_and_review(), overlay=run), "count") == ["2/5"]


def test_what_is_skipped_is_dotted_and_faint() -> None:
    overlay = RunOverlay({"again": NodeRun("skipped")}, {("review", 1): "skipped"})
    root = drawn(draft_and_review(), overlay=overlay)
    for name in ("node-again", "edge-review-1"):
        (group,) = [g for g in root.iter(f"{NAMESPACE}g") if g.get("id") == name]
        assert group.get("opacity") == "0.6"
        assert any(path.get("stroke-dasharray", "").startswith("0.1 ") for path in group)


def test_repeats_are_dashed_with_an_open_arrow() -> None:
    root = drawn(draft_and_review())
    (repeat,) = [g for g in root.iter(f"{NAMESPACE}g") if g.get("id") == "edge-again-0"]
    line, head = repeat.findall(f"{NAMESPACE}path")
    assert line.get("stroke-dasharray") == "6 4"
    assert head.get("fill") is None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_is_a_literal_of_its_theme(theme: Theme) -> None:
    picture = draft_and_review()
    root = drawn(picture, theme=theme, overlay=run_of(picture))
    used = {element.get(name) for element in root.iter() for name in ("fill", "stroke")} - {None, "none"}
    assert used <= {colour(token, theme) for token in COLOURS}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_in_every_status(kind: str, theme: Theme) -> None:
    nodes = tuple(PictureNode(status, kind, status) for status in ALL_STATUSES)
    runs: dict[str, NodeRun] = {
        status: NodeRun(status, attempt=1, attempts=2, next_in_s=1.0) for status in ALL_STATUSES
    }
    root = drawn(Picture("p", "", nodes, ()), theme=theme, overlay=RunOverlay(runs), deadline_s=0)
    assert {name.removeprefix("node-") for name in groups(root, "node")} == set(ALL_STATUSES)
    assert len(texts(root, "status-word")) == len(ALL_STATUSES)


@pytest.mark.parametrize("name", PATTERNS)
def test_a_run_changes_nothing_of_where_things_stand(name: str) -> None:
    picture = PATTERNS[name]
    caption_px = 20  # the caption's own line
    plain, run = drawn(picture), drawn(picture, overlay=run_of(picture))
    assert set(groups(plain, "node")) == set(groups(run, "node"))
    assert float(run.get("width", 0)) == float(plain.get("width", 0))
    assert float(run.get("height", 0)) - float(plain.get("height", 0)) in (caption_px, caption_px + 28)


def test_the_key_names_what_is_there_and_nothing_else() -> None:
    picture = draft_and_review()
    words = [
        t.text
        for g in drawn(picture).iter(f"{NAMESPACE}g")
        if "legend" in g.get("class", "")
        for t in g.iter(f"{NAMESPACE}text")
    ]
    assert words == ["agent", "tool", "loop-back", "human gate", "repeat"]


def test_whatever_is_coloured_by_kind_or_status_stands_in_their_scope() -> None:
    """A page's style sheet finds the colour by the classes around it; the literal attribute needs no such help."""
    for picture in PATTERNS.values():
        root = drawn(picture, overlay=run_of(picture), deadline_s=0)
        for group in root.iter(f"{NAMESPACE}g"):
            roles = " ".join(element.get("class", "") for element in group if element.tag != f"{NAMESPACE}g")
            scopes = group.get("class", "")
            assert "-kind-" not in roles or "kind-" in scopes
            assert "-status-" not in roles or "status-" in scopes
