"""A node has one size: on the canvas (geometry.js) and in the picture (engine/render/forms.py)."""

from __future__ import annotations

import json
from typing import Any

from engine.gallery import patterns
from engine.model import Graph
from engine.render.forms import forms_of
from engine.render.picture import picture_of
from tests.editor.js_modules import lines_of

SHAPES = {"box": "box", "bar": "bar", "hexagon": "hexagon", "ring": "ring"}


def test_every_node_of_the_samples_has_the_size_of_its_picture() -> None:
    graphs = {name: Graph.load(file) for name, file in patterns().items()}
    texts = [graph.as_json() for graph in graphs.values()]
    for graph, canvas in zip(graphs.values(), lines_of("support/forms.mjs", given=json.dumps(texts)), strict=True):
        for node, form in forms_of(picture_of(graph)).items():
            drawn: dict[str, Any] = canvas[node]
            size = (drawn["shape"], drawn["width"], drawn["height"])
            assert size == (SHAPES[form.shape], form.body_width, form.body_height), f"{graph.name}: {node}"
            places = {port["id"]: port["y"] - form.body_height / 2 for port in drawn["ports"] if port["isShown"]}
            wired = {port: below for port, below in form.ports.items() if port != "repeat"}
            assert {port: places[port] for port in wired} == wired, f"{graph.name}: {node}"
