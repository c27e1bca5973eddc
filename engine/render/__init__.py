"""Pictures of graphs, plain or coloured by a run: SVG, PNG, PDF, DOT and Mermaid in one picture language.

Theory of operation: ``picture_of`` takes from a document what stands on the canvas. ``columns`` cuts it into columns,
``ladder`` asks Graphviz in a worker process how high everything stands (or does it by its own means), ``routes`` and
``lanes`` lead the wires. The result, a ``Layout``, is the same for every run and theme. ``illustration`` makes it a
``Scene``: paths and words in roles. ``svg`` writes that; PNG and PDF are made of it in the worker. ``dot`` and
``mermaid`` need no layout. Colours, sizes and words come from ``tokens`` alone.

Nothing heavy is loaded here: pygraphviz, resvg and fpdf2 live in the worker's process only.
"""

from engine.render.export import Format, render
from engine.render.layout import Layout, Spot, Wire, layout
from engine.render.picture import (
    EdgeKey,
    NodeRun,
    Picture,
    PictureEdge,
    PictureNode,
    RunOverlay,
    picture_of,
)
from engine.render.tokens import EdgeState, Status, Theme

__all__ = [
    "EdgeKey",
    "EdgeState",
    "Format",
    "Layout",
    "NodeRun",
    "Picture",
    "PictureEdge",
    "PictureNode",
    "RunOverlay",
    "Spot",
    "Status",
    "Theme",
    "Wire",
    "layout",
    "picture_of",
    "render",
]
