"""A picture as DOT source, for whoever has Graphviz and wants to lay it out otherwise.

Rule: built by the ``graphviz`` package, which quotes; every text is cleaned, its backslashes doubled and marked so that
it is never read as HTML. Names, attributes and colours are ours alone: nothing of the graph becomes an attribute.
"""

from __future__ import annotations

from typing import Any

import graphviz  # pyright: ignore[reportMissingTypeStubs]

from engine.render.badges import iteration_words, status_words
from engine.render.lettering import clean
from engine.render.naming import names_of
from engine.render.picture import NodeRun, Picture, PictureEdge, PictureNode, RunOverlay
from engine.render.tokens import BODY_PX, SMALL_PX, EdgeState, Status, Theme, colour, token_of

_SHAPES: dict[str, dict[str, str]] = {
    "agent": {"shape": "box", "style": "rounded,filled"},
    "tool": {"shape": "box", "style": "filled"},
    "parallel-fork": {"shape": "box", "style": "filled", "width": "0.12", "height": "0.9"},
    "join": {"shape": "box", "style": "filled", "width": "0.12", "height": "0.9"},
    "loop-back": {"shape": "hexagon", "style": "filled", "width": "1.45", "height": "0.67"},
    "human-gate": {"shape": "octagon", "style": "filled"},
    "subgraph": {"shape": "box", "style": "rounded,filled", "peripheries": "2"},
    "wait": {"shape": "box", "style": "rounded,filled"},
    "end": {"shape": "circle", "style": "filled", "width": "0.35", "height": "0.35", "penwidth": "3"},
    "missing": {"shape": "box", "style": "dashed,filled"},
}
_SMALL = ("parallel-fork", "join", "end", "loop-back")
"""Kinds whose words stand beside their shape."""
_LETTERS = 30
"""The most of a line that a box of 200 px holds without being measured."""


def write_dot(picture: Picture, theme: Theme, overlay: RunOverlay | None = None) -> str:
    """The picture as DOT, with colours and statuses as in the other formats. O(nodes + edges)."""
    drawing: Any = graphviz.Digraph("weft")
    drawing.attr(
        "graph",
        rankdir="LR", bgcolor=colour("canvas", theme), fontname="Pretendard", fontsize="18", labelloc="t",
        labeljust="l", label=_text(picture.title), fontcolor=colour("text", theme), nodesep="0.4", ranksep="0.6",
    )  # fmt: skip
    drawing.attr("node", fontname="Pretendard", fontsize=str(BODY_PX), fixedsize="true", width="2.78", height="0.89")
    drawing.attr("edge", fontname="Pretendard", fontsize=str(SMALL_PX), arrowsize="0.7")
    names = names_of(picture)
    for node in picture.nodes:
        run = overlay.nodes.get(node.id) if overlay is not None else None
        drawing.node(names[node.id], id=f"node-{names[node.id]}", **_node(node, run, theme))
    for edge in picture.edges:
        state = overlay.edges.get((edge.source, edge.index)) if overlay is not None else None
        name = f"edge-{names[edge.source]}-{edge.index}"
        drawing.edge(names[edge.source], names[edge.target], id=name, **_edge(edge, state, theme))
    source: str = drawing.source
    return source


def _node(node: PictureNode, run: NodeRun | None, theme: Theme) -> dict[str, str]:
    status: Status | None = run.status if run is not None else None
    ink = colour(token_of("kind-ink", node.kind, status), theme)
    border = colour(token_of("border", node.kind, status), theme) if status else ink
    status_line = node.detail if run is None else status_words(run)
    count = iteration_words(node, run) or node.mark
    look = dict(_SHAPES[node.kind])
    if status == "skipped":
        look["style"] += ",dotted"
    if node.kind in _SMALL:
        inside = count if node.kind == "loop-back" else ""
        look |= {"label": _text(inside), "xlabel": _text(node.label, "" if inside else count, status_line)}
    else:
        look["label"] = _text(node.label, status_line, count)
    return look | {
        "color": border,
        "fillcolor": ink if node.kind in ("parallel-fork", "join") else colour("surface", theme),
        "fontcolor": colour("text", theme),
        "class": f"kind-{node.kind}" + (f" status-{status}" if status else ""),
    }


def _edge(edge: PictureEdge, state: EdgeState | None, theme: Theme) -> dict[str, str]:
    role = {"taken": "muted", "failed": "failed-ink"}.get(state or "", "edge")
    style = "dotted" if state == "skipped" else "dashed" if edge.manner != "plain" else "solid"
    return {
        "label": _text(edge.words),
        "color": colour(role, theme),
        "fontcolor": colour("muted", theme),
        "style": style,
        "penwidth": "2" if state in ("taken", "failed") else "1.5",
        **({"constraint": "false", "arrowhead": "vee"} if edge.manner == "repeat" else {}),
    }


def _text(*lines: str) -> str:
    """Lines as one inert DOT string: quoted, no escape or entity of Graphviz's, no HTML."""
    shown = (clean(line) for line in lines)
    cut = (line if len(line) <= _LETTERS else line[: _LETTERS - 1] + "…" for line in shown if line)
    inert: str = graphviz.nohtml("\\n".join(graphviz.escape(line.replace("&", "&amp;")) for line in cut))
    return inert
