"""Outlines as data: what SVG and PDF both can draw.

Rule: a path is a tuple of absolute moves, lines, cubic curves and closings in px, y downwards; nothing else, so that
every writer needs four cases. Arcs are turned into curves here (an arc of at most 90° is off by less than 0.03 %).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

Point = tuple[float, float]
Command = tuple[Literal["M", "L", "C", "Z"], tuple[float, ...]]
Path = tuple[Command, ...]

_CLOSE: Command = ("Z", ())


def polyline(points: Iterable[Point], *, closed: bool = False) -> Path:
    """Straight lines through ``points``."""
    commands: list[Command] = [("L", point) for point in points]
    commands[0] = ("M", commands[0][1])
    return (*commands, _CLOSE) if closed else tuple(commands)


def arc(centre: Point, radius: float, start_deg: float, end_deg: float) -> list[Command]:
    """Curves along a circle from one angle to another; 0° is east, angles grow clockwise. The pen must be there."""
    pieces = max(1, math.ceil(abs(end_deg - start_deg) / 90))
    step = math.radians(end_deg - start_deg) / pieces
    pull = 4 / 3 * math.tan(step / 4) * radius
    commands: list[Command] = []
    for piece in range(pieces):
        a = math.radians(start_deg) + piece * step
        b = a + step
        (ax, ay), (bx, by) = on_circle(centre, radius, a), on_circle(centre, radius, b)
        first = (ax - pull * math.sin(a), ay + pull * math.cos(a))
        second = (bx + pull * math.sin(b), by - pull * math.cos(b))
        commands.append(("C", (*first, *second, bx, by)))
    return commands


def on_circle(centre: Point, radius: float, angle_rad: float) -> Point:
    """The point of a circle at an angle."""
    return centre[0] + radius * math.cos(angle_rad), centre[1] + radius * math.sin(angle_rad)


def circle(centre: Point, radius: float) -> Path:
    """A whole circle."""
    return (("M", (centre[0] + radius, centre[1])), *arc(centre, radius, 0, 360), _CLOSE)


def rounded_box(x: float, y: float, width: float, height: float, *, radius: float) -> Path:
    """A box with round corners, clockwise from its upper left."""
    r = min(radius, width / 2, height / 2)
    if r <= 0:
        return polyline([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], closed=True)
    right, bottom = x + width, y + height
    return (
        ("M", (x + r, y)),
        ("L", (right - r, y)),
        *arc((right - r, y + r), r, -90, 0),
        ("L", (right, bottom - r)),
        *arc((right - r, bottom - r), r, 0, 90),
        ("L", (x + r, bottom)),
        *arc((x + r, bottom - r), r, 90, 180),
        ("L", (x, y + r)),
        *arc((x + r, y + r), r, 180, 270),
        _CLOSE,
    )


def left_strip(x: float, y: float, height: float, *, radius: float, width: float) -> Path:
    """The part of a rounded box within ``width`` px of its left edge (``width`` < ``radius`` or radius 0)."""
    r = min(radius, height / 2)
    if r <= 0:
        return rounded_box(x, y, width, height, radius=0)
    reach = math.degrees(math.acos((r - width) / r))
    top, bottom = (x + r, y + r), (x + r, y + height - r)
    start = on_circle(bottom, r, math.radians(180 - reach))
    return (
        ("M", start),
        *arc(bottom, r, 180 - reach, 180),
        ("L", (x, y + r)),
        *arc(top, r, 180, 180 + reach),
        _CLOSE,
    )


def cut_box(x: float, y: float, width: float, height: float, *, cut: float) -> Path:
    """A box whose corners are cut off: an octagon."""
    right, bottom = x + width, y + height
    return polyline(
        [
            (x + cut, y), (right - cut, y), (right, y + cut), (right, bottom - cut),
            (right - cut, bottom), (x + cut, bottom), (x, bottom - cut), (x, y + cut),
        ],
        closed=True,
    )  # fmt: skip


def cut_strip(x: float, y: float, height: float, *, cut: float, width: float) -> Path:
    """The part of a ``cut_box`` within ``width`` px of its left edge."""
    bottom, rise = y + height, cut - width
    return polyline([(x + width, y + rise), (x + width, bottom - rise), (x, bottom - cut), (x, y + cut)], closed=True)


def hexagon(x: float, y: float, width: float, height: float, *, point: float) -> Path:
    """A hexagon with a corner at its left and right, each ``point`` px long."""
    right, bottom, middle = x + width, y + height, y + height / 2
    return polyline(
        [
            (x + point, y),
            (right - point, y),
            (right, middle),
            (right - point, bottom),
            (x + point, bottom),
            (x, middle),
        ],
        closed=True,
    )


def hexagon_strip(x: float, y: float, height: float, *, point: float, width: float) -> Path:
    """The two left sides of a hexagon as a band ``width`` px wide."""
    middle, bottom = y + height / 2, y + height
    return polyline(
        [
            (x + point, y), (x, middle), (x + point, bottom),
            (x + point + width, bottom), (x + width, middle), (x + point + width, y),
        ],
        closed=True,
    )  # fmt: skip


def rounded_line(points: Sequence[Point], *, radius: float) -> Path:
    """Lines through ``points`` with round corners, smaller where a side is too short for the radius."""
    commands: list[Command] = [("M", points[0])]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        r = min(radius, math.dist(before, corner) / 2, math.dist(corner, after) / 2)
        start, end = toward(corner, before, r), toward(corner, after, r)
        pull_in, pull_out = toward(corner, before, r * 0.448), toward(corner, after, r * 0.448)
        commands.append(("L", start))
        commands.append(("C", (*pull_in, *pull_out, *end)))
    return (*commands, ("L", points[-1]))


def toward(start: Point, goal: Point, distance: float) -> Point:
    """The point ``distance`` px from ``start`` on the way to ``goal``; ``start`` itself if they are one."""
    length = math.dist(start, goal)
    if length == 0:
        return start
    share = distance / length
    return start[0] + (goal[0] - start[0]) * share, start[1] + (goal[1] - start[1]) * share


def moved(path: Path, dx: float, dy: float, *, scale: float = 1) -> Path:
    """The path scaled about the origin, then shifted."""
    return tuple(
        (letter, tuple(value * scale + (dy if place % 2 else dx) for place, value in enumerate(values)))
        for letter, values in path
    )


def parsed(text: str) -> Path:
    """A path from short notation, for icons.

    ``M x y``, ``L x y``, ``C x1 y1 x2 y2 x y`` and ``Z`` as in SVG, ``O cx cy r`` a whole circle and
    ``A cx cy r from to`` an arc of degrees to which a line is drawn if the pen is down.
    """
    commands: list[Command] = []
    for part in text.replace("\n", " ").split("|"):
        letter, *words = part.split()
        numbers = tuple(float(word) for word in words)
        commands += _command(letter, numbers, pen_down=bool(commands) and commands[-1] != _CLOSE)
    return tuple(commands)


def _command(letter: str, numbers: tuple[float, ...], *, pen_down: bool) -> list[Command]:
    if letter == "O":
        return list(circle((numbers[0], numbers[1]), numbers[2]))
    if letter in ("A", "a"):
        centre, radius, start, end = (numbers[0], numbers[1]), numbers[2], numbers[3], numbers[4]
        first = on_circle(centre, radius, math.radians(start))
        joined = letter == "A" and pen_down
        return [("L" if joined else "M", first), *arc(centre, radius, start, end)]
    if letter == "Z":
        return [_CLOSE]
    return [("M" if letter == "M" else "L" if letter == "L" else "C", numbers)]
