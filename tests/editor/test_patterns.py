"""Every pattern of graphs/ is drawn from an empty canvas with the mouse, and is the same graph then."""

from __future__ import annotations

import json
import re
from typing import Any, cast

import pytest

from engine.gallery import patterns
from engine.model.nodes import PORTS
from tests.editor.drawing import Drawing

PATTERNS = (
    "sequential-pipeline", "fan-out-gather", "generator-critic", "iterative-refinement", "coordinator", "hierarchical",
    "human-in-the-loop",
)  # fmt: skip

BEGUN = {"loop-back": ("max_iterations", "on_limit"), "human-gate": ("options",), "wait": ("seconds",)}
"""What a new node of a kind has from the start."""


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_is_built_with_the_mouse(empty: Drawing, pattern: str) -> None:
    sample = json.loads(patterns()[pattern].read_bytes())
    ids = build(empty, sample)
    made, wanted = empty.saved(), renamed(sample, ids)
    assert made["layout"].keys() == wanted["layout"].keys()
    for document in (made, wanted):
        del document["name"], document["layout"]
    assert made == wanted
    empty.page.locator(".count").first.wait_for(state="detached")


def build(drawing: Drawing, sample: dict[str, Any]) -> dict[str, str]:
    """Draw a document: nodes, fields, wires, then what belongs to the graph. Sample id -> id drawn."""
    drawing.page.get_by_role("button", name="Farther").click(click_count=2, delay=50)
    drawing.page.wait_for_timeout(300)
    ids = drop_all(drawing, sample)
    drawing.fit()
    for node_id, node in renamed(sample, ids)["nodes"].items():
        fill_node(drawing, node_id, node)
    drawing.fit()
    for node_id, node in sample["nodes"].items():
        there = drawing.page.locator(f'[data-wire^="{ids[node_id]}:"]').count()
        for index, edge in enumerate(node.get("to", [])[there:], start=there):
            drawing.wire(ids[node_id], ids[edge["node"]], port=edge.get("on"))
            fill_wire(drawing, ids[node_id], index, edge)
    drawing.page.locator(".react-flow__pane").click(position={"x": 12, "y": 120})
    for field in sample.keys() - {"format", "name", "nodes", "layout"}:
        drawing.fill(renamed(sample, ids)[field], field)
    return ids


def drop_all(drawing: Drawing, sample: dict[str, Any]) -> dict[str, str]:
    """Drag every node from the palette to where the sample has it; a fork brings two branches and their join along."""
    ids: dict[str, str] = {}
    below = 0
    for node_id, node in sample["nodes"].items():
        if node_id in ids:
            continue
        x, y = sample["layout"][node_id]
        drawn = drawing.drop(node["kind"], 120 + x * 0.65, 200 + y * 0.65 + below)
        ids[node_id] = drawn
        if node["kind"] == "parallel-fork":
            branches = [edge["node"] for edge in node["to"][:2]]
            (join,) = {sample["nodes"][branch]["to"][0]["node"] for branch in branches}
            fork, *made = drawing.selected()
            below = 240
            ids |= dict(zip([node_id, *branches, join], [fork, *made], strict=True))
    return ids


def fill_node(drawing: Drawing, node_id: str, node: dict[str, Any]) -> None:
    """Type all fields of a node, and take out what a new one has and this one has not."""
    drawing.click(node_id)
    for field, value in node.items():
        if field not in ("kind", "to"):
            drawing.fill(value, "nodes", node_id, field)
    for extra in set(BEGUN.get(node["kind"], ())) - node.keys():
        drawing.clear("nodes", node_id, extra)


def fill_wire(drawing: Drawing, node_id: str, index: int, edge: dict[str, Any]) -> None:
    """Type the condition and the text of a wire, if it has them."""
    fields = {field: edge[field] for field in ("when", "label") if field in edge}
    if not fields:
        return
    drawing.click(node_id)
    drawing.page.locator(".wires-list li").nth(index).locator("button").first.click()
    for field, value in fields.items():
        drawing.fill(value, "nodes", node_id, "to", index, field)


def renamed(document: Any, ids: dict[str, str]) -> Any:
    """The same document with other ids: of nodes, of edges' targets, in references."""

    def text(value: str) -> str:
        named = re.sub(r"\bnodes\.(\w+)", lambda found: f"nodes.{ids.get(found[1], found[1])}", value)
        # What a join puts out is named after the branches.
        joins = "|".join(ids[key] for key, node in document["nodes"].items() if node["kind"] == "join") or "-"
        return re.sub(rf"\b(nodes\.(?:{joins})\.output)\.(\w+)", lambda it: f"{it[1]}.{ids.get(it[2], it[2])}", named)

    def walk(value: Any) -> Any:
        match value:
            case dict():
                return {key: walk(one) for key, one in cast("dict[str, Any]", value).items()}
            case list():
                return [walk(one) for one in cast("Any", value)]
            case str():
                return text(value)
            case _:
                return value

    result = walk(document)
    result["nodes"] = {ids[key]: node for key, node in result["nodes"].items()}
    result["layout"] = {ids[key]: place for key, place in result["layout"].items()}
    for node in result["nodes"].values():
        for edge in node.get("to", []):
            edge["node"] = ids[edge["node"]]
            # A port that goes without saying is not written.
            if node["kind"] != "human-gate" and edge.get("on") == PORTS[node["kind"]][0]:
                del edge["on"]
    return result
