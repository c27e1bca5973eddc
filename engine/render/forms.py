"""The room each kind takes: its cell, the body drawn in it, and where wires touch it.

Rule: sizes follow from the kind, its ports and its name, never from a run, so that the live picture is laid out once.
Every height is a multiple of 8 px and every port of 4: wires between aligned nodes are then exactly straight.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from engine.render.icons import SIZE_PX
from engine.render.lettering import width_px
from engine.render.picture import Picture, PictureNode
from engine.render.tokens import BODY_PX, NODE_HEIGHT_PX, NODE_WIDTH_PX, SEMIBOLD

BAR_PX = 8
BAR_PITCH_PX = 24
BAR_END_PX = 12
"""No wire touches a bar nearer to its end than this."""
MOST_PITCHES = 12
"""A bar with more branches than this lets them leave from one point instead of growing without end."""
HEXAGON_PX = (104, 48)
HEXAGON_POINT_PX = 16
RING_PX = 24
DOT_PX = 16
OCTAGON_CUT_PX = 12
LINE_PX = 24
"""Room for one line of text above or below a small shape."""
PORT_PITCH_PX = 24
"""Words that stand side by side on two wires have this much; so each can run straight out of its port."""
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


BADGE_ROOM_PX = 104
"""Room for a badge beside the name above a hexagon."""


def forms_of(picture: Picture) -> dict[str, Form]:
    """Node id → its form, for every node. O(nodes + edges)."""
    plain = [edge for edge in picture.edges if edge.manner != "repeat"]
    ways_in, ways_out = Counter(edge.target for edge in plain), Counter(edge.source for edge in plain)
    return {node.id: _form(node, max(ways_in[node.id], ways_out[node.id])) for node in picture.nodes}


def _form(node: PictureNode, ways: int) -> Form:
    match node.kind:
        case "parallel-fork" | "join":
            return _bar(node, ways)
        case "loop-back":
            width, height = HEXAGON_PX
            room = min(max(width, _name_width(node) + BADGE_ROOM_PX), NODE_WIDTH_PX)
            return Form(
                "hexagon", room, height + 2 * LINE_PX, width, height, _spread_beside_main(node, 16), clear_above=False
            )
        case "end":
            room = max(_name_width(node), STATUS_ROOM_PX)
            height = RING_PX + 2 * LINE_PX
            ports = _spread_beside_main(node, 0)  # none, once the graph is right: an end leads nowhere
            return Form("ring", room, height, RING_PX, RING_PX, ports, clear_above=False, clear_below=False)
        case "human-gate":
            return _box(_spread_evenly(node))
        case _:
            return _box(_spread_beside_main(node))


def _box(ports: dict[str, float]) -> Form:
    reach = max((abs(below) for below in ports.values()), default=0)
    height = max(NODE_HEIGHT_PX, 8 * math.ceil((2 * reach + 2 * OCTAGON_CUT_PX) / 8))
    return Form("box", NODE_WIDTH_PX, height, NODE_WIDTH_PX, height, ports)


def _bar(node: PictureNode, ways: int) -> Form:
    # An even number of wires gets one pitch more, so that one of them can run through the middle.
    pitches = min(ways // 2 * 2, MOST_PITCHES)
    height = max(NODE_HEIGHT_PX, BAR_PITCH_PX * pitches + 2 * BAR_END_PX)
    room = max(_name_width(node), STATUS_ROOM_PX)
    ports = _spread_beside_main(node)
    return Form("bar", room, height + 2 * LINE_PX, BAR_PX, height, ports, clear_above=False, clear_below=False)


def _spread_evenly(node: PictureNode) -> dict[str, float]:
    middle = (len(node.ports) - 1) / 2
    return {port: (place - middle) * PORT_PITCH_PX for place, port in enumerate(node.ports)}


def _spread_beside_main(node: PictureNode, pitch: float = PORT_PITCH_PX) -> dict[str, float]:
    """The first port in the middle, so that the main way runs straight; the others below and above it in turn."""
    ports = [port for port in node.ports if port != "repeat"]
    return {port: (place + 1) // 2 * pitch * (1 if place % 2 else -1) for place, port in enumerate(ports)}


def _name_width(node: PictureNode) -> float:
    name = min(width_px(node.label, BODY_PX, SEMIBOLD), NAME_ROOM_PX)
    return 8 * math.ceil((name + SIZE_PX + 8) / 8)
