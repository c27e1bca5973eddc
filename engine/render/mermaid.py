"""A picture as a Mermaid flowchart, for places that draw Mermaid themselves.

Rule: every text stands in double quotes, and whatever is neither a letter, a digit nor plain punctuation is written as
a numeric entity (``#60;``), so that no label ends its quotes, opens markup, starts a directive or becomes a link.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.render.badges import iteration_words, status_words
from engine.render.lettering import clean
from engine.render.naming import names_of
from engine.render.picture import NodeRun, Picture, PictureNode, RunOverlay
from engine.render.tokens import KIND_FAMILY, STATUS_FAMILY, Theme, colour

_HARMLESS = frozenset(" .,!?_+=/'-≤×…·→")
_LONGEST = 80
_SHAPES: dict[str, tuple[str, str]] = {
    "agent": ("(", ")"),
    "tool": ("[", "]"),
    "parallel-fork": ("[/", "/]"),
    "join": ("[\\", "\\]"),
    "loop-back": ("{{", "}}"),
    "human-gate": ("[/", "\\]"),
    "subgraph": ("[[", "]]"),
    "wait": ("([", "])"),
    "end": ("(((", ")))"),
    "missing": ("[", "]"),
}


def write_mermaid(picture: Picture, theme: Theme, overlay: RunOverlay | None = None) -> str:
    """The picture as Mermaid source with a class per kind and per status. O(nodes + edges)."""
    runs: Mapping[str, NodeRun] = overlay.nodes if overlay is not None else {}
    names = names_of(picture)
    lines = ["flowchart LR"]
    lines += [f"    {names[node.id]}{_node(node, runs.get(node.id))}" for node in picture.nodes]
    for edge in picture.edges:
        arrow = "-.->" if edge.manner != "plain" else "-->"
        words = f'|"{quoted(edge.words)}"|' if edge.words else ""
        lines.append(f"    {names[edge.source]} {arrow}{words} {names[edge.target]}")
    lines += _classes(picture, theme, overlay)
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """Cleaned text that is nothing but text between Mermaid's double quotes."""
    shown = clean(text)
    cut = shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
    return "".join(letter if letter.isalnum() or letter in _HARMLESS else f"#{ord(letter)};" for letter in cut)


def _node(node: PictureNode, run: NodeRun | None) -> str:
    opening, closing = _SHAPES[node.kind]
    times = iteration_words(node, run)
    mark = "" if times and node.kind == "loop-back" else node.mark
    parts = [node.label, mark, node.detail if run is None else status_words(run), times]
    return f'{opening}"{"<br/>".join(quoted(part) for part in parts if part)}"{closing}'


def _classes(picture: Picture, theme: Theme, overlay: RunOverlay | None) -> Iterator[str]:
    """Class definitions and which nodes have them; a status's border lies over its kind's."""
    members: dict[str, list[str]] = {}
    names = names_of(picture)
    surface, text = colour("surface", theme), colour("text", theme)
    for node in picture.nodes:
        members.setdefault(f"kind-{node.kind}", []).append(names[node.id])
        run = overlay.nodes.get(node.id) if overlay is not None else None
        if run is not None:
            members.setdefault(f"status-{run.status}", []).append(names[node.id])
    families = {f"kind-{kind}": family for kind, family in KIND_FAMILY.items()}
    families |= {f"status-{status}": family for status, family in STATUS_FAMILY.items()}
    for css, family in families.items():
        if css in members:
            dotted = ",stroke-dasharray:2 4,opacity:0.6" if css == "status-skipped" else ""
            width = "2px" if css.startswith("status-") else "1px"
            ink = colour(f"{family}-ink", theme)
            yield f"    classDef {css} fill:{surface},stroke:{ink},stroke-width:{width},color:{text}{dotted}"
            yield f"    class {','.join(members[css])} {css}"
