"""The smallest graph that runs: what ``weft new NAME`` writes."""

from __future__ import annotations

from engine.model.graph import FORMAT, Graph


def new_graph(name: str) -> Graph:
    """A graph of one node that does nothing and ends, with a place on the canvas.

    Raises:
        GraphError: the name is no graph's name.
    """
    return Graph.model_validate(
        {
            "format": FORMAT,
            "name": name,
            "nodes": {"start": {"kind": "join", "label": "Start", "to": [{"node": "end"}]}, "end": {"kind": "end"}},
            "layout": {"start": [0, 0], "end": [240, 0]},
        }
    )
