"""The room each kind takes: its cell, the body drawn in it, and where wires touch it.

Rule: sizes follow from the kind, its ports and its name, never from a run, so that the live picture is laid out once.
Every size and port is a multiple of 4 px: wires between aligned nodes are then exactly straight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from engine.render.icons import SIZE_PX
from engine.render.lettering import width_px
from engine.render.picture import Picture, PictureNode
from engine.render.tokens import BODY_PX, NODE_HEIGHT_PX, NODE_WIDTH_PX, SEMIBOLD

BAR_PX = 8
BAR_PITCH_PX = 20
MOST_PITCHES = 12
"""A bar with more branches than this lets them leave from one point instead of growing without end."""
HEXAGON_PX = (104, 48)
HEXAGON_POINT_PX = 16
RING_PX = 28
DOT_PX = 16
OCTAGON_CUT_PX = 12
LINE_PX = 24
"""Room for one line of text above or below a small shape."""
PORT_PITCH_PX = 16
NAME_ROOM_PX = 168
"""The most that a name above a small shape takes; with its icon it fits the column of the boxes."""
STATUS_ROOM_PX = 136
"""Room for the line of rule and status below a bar or ring."""


Shape = Literal["box", "bar", "hexagon", "ring", "dot"]


@dataclass(frozen=True, slots=True)
class Form:
    """The room of one node.

    Attributes:
        shape: what is drawn, as far as wires care.
        width, height: of the whole cell in px, names beside small shapes included; the body is in its middle.
        body_width, body_height: of the shape itself.
        ports: port → where its wires leave, in px below the middle.
        clear_above, clear_below: a wire may reach the body from there without crossing text.
    """

    shape: Shape
    width: float
    height: float
    body_width: float
    body_height: float
    ports: dict[str, float]
    clear_above: bool = True
    clear_below: bool = True


START_FORM = Form("dot", DOT_PX, DOT_PX, DOT_PX, DOT_PX, {"": 0})


def forms_of(picture: Picture) -> dict[str, Form]:
    """Node id → its form, for every node. O(nodes + edges)."""
    ways: dict[str, int] = {}
    for edge in picture.edges:
        if edge.manner != "repeat":
            ways[edge.source] = ways.get(edge.source, 0) + 1
            ways[edge.target] = ways.get(edge.target, 0) + 1
    return {node.id: _form(node, ways.get(node.id, 0)) for node in picture.nodes}


def _form(node: PictureNode, ways: int) -> Form:
    match node.kind:
        case "parallel-fork" | "join":
            return _bar(node, ways)
        case "loop-back":
            width, height = HEXAGON_PX
            room = max(width, _name_width(node))
            return Form("hexagon", room, height + 2 * LINE_PX, width, height, _spread_beside_main(node), clear_above=False)
        case "end":
            room = max(_name_width(node), STATUS_ROOM_PX)
            height = RING_PX + 2 * LINE_PX
            return Form("ring", room, height, RING_PX, RING_PX, {}, clear_above=False, clear_below=False)
        case "human-gate":
            return _box(_spread_evenly(node))
        case _:
            return _box(_spread_beside_main(node))


def _box(ports: dict[str, float]) -> Form:
    reach = max((abs(below) for below in ports.values()), default=0)
    height = max(NODE_HEIGHT_PX, 8 * math.ceil((2 * reach + 2 * OCTAGON_CUT_PX) / 8))
    return Form("box", NODE_WIDTH_PX, height, NODE_WIDTH_PX, height, ports)


def _bar(node: PictureNode, ways: int) -> Form:
    pitches = min(max(ways - 2, 0), MOST_PITCHES)
    height = max(NODE_HEIGHT_PX, BAR_PITCH_PX * pitches + 24)
    room = max(_name_width(node), STATUS_ROOM_PX)
    ports = _spread_beside_main(node)
    return Form("bar", room, height + 2 * LINE_PX, BAR_PX, height, ports, clear_above=False, clear_below=False)


def bar_ports(branches: int) -> list[float]:
    """Where that many wires touch a bar, in px below its middle, from above."""
    if branches - 1 > MOST_PITCHES:
        return [0.0] * branches
    pitch = BAR_PITCH_PX if branches > 2 else 2 * BAR_PITCH_PX
    return [(place - (branches - 1) / 2) * pitch for place in range(branches)]


def _spread_evenly(node: PictureNode) -> dict[str, float]:
    middle = (len(node.ports) - 1) / 2
    return {port: (place - middle) * PORT_PITCH_PX for place, port in enumerate(node.ports)}


def _spread_beside_main(node: PictureNode) -> dict[str, float]:
    """The first port in the middle, so that the main way runs straight; the others below it."""
    return {port: place * PORT_PITCH_PX for place, port in enumerate(port for port in node.ports if port != "repeat")}


def _name_width(node: PictureNode) -> float:
    name = min(width_px(node.label, BODY_PX, SEMIBOLD), NAME_ROOM_PX)
    return 8 * math.ceil((name + SIZE_PX + 8) / 8)
