"""The traffic in one channel: which wires turn together, on which track, in which order.

Rule: wires that leave one point share a track, so do lone wires that arrive at one point; all others keep off each
other. Tracks are ordered so that wires cross as little as they can.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.render.picture import EdgeKey

Way = tuple[float, float, int]
"""Height on the channel's left, height on its right, the item there."""
MOST_ORDERED = 60
"""Nets in a channel up to which every pair is weighed (60² pairs); beyond that they are ordered by a rule of thumb."""
_APART_PX = 8


class Net:
    """Wires of one channel that share a track, as a set of heights on its left and on its right."""

    __slots__ = ("bottom", "lefts", "rights", "top", "track")

    def __init__(self) -> None:
        self.lefts: set[float] = set()
        self.rights: set[float] = set()
        self.top = float("inf")
        self.bottom = float("-inf")
        self.track = 0

    def add(self, left: float, right: float) -> None:
        """Let one more wire ride along, from ``left`` to ``right``."""
        self.lefts.add(left)
        self.rights.add(right)
        self.top = min(self.top, left, right)
        self.bottom = max(self.bottom, left, right)


def part(exits: Iterable[dict[EdgeKey, Way]]) -> tuple[list[Net], dict[EdgeKey, Net]]:
    """The nets of a channel that have a turn, and which wire rides on which.

    Args:
        exits: for each point on the channel's left the wires that leave there.
    """
    nets, riders = list[Net](), dict[EdgeKey, Net]()
    by_entry: dict[tuple[int, float], Net] = {}
    for group in exits:
        if all(left == right for left, right, _ in group.values()):
            continue
        lone = next(iter(group.values())) if len(group) == 1 else None
        net = by_entry.get((lone[2], lone[1])) if lone is not None else None
        if net is None:
            net = Net()
            nets.append(net)
            if lone is not None:
                by_entry[lone[2], lone[1]] = net
        for key, (left, right, _) in group.items():
            net.add(left, right)
            if left != right:
                riders[key] = net
    return nets, riders


def assign_tracks(nets: list[Net]) -> int:
    """Give each net the leftmost track that its order and its neighbours allow; tells how many tracks there are."""
    ordered = _ordered(nets)
    tracks = 0
    ends: list[list[tuple[float, float]]] = []
    for place, net in enumerate(ordered):
        if len(ordered) <= MOST_ORDERED:
            blocking = [other.track for other in ordered[:place] if _meet(other, net)]
            net.track = max(blocking, default=-1) + 1
        else:
            net.track = next((n for n, taken in enumerate(ends) if not _hits(taken, net)), len(ends))
            if net.track == len(ends):
                ends.append([])
            ends[net.track].append((net.top, net.bottom))
        tracks = max(tracks, net.track + 1)
    return tracks


def _hits(taken: list[tuple[float, float]], net: Net) -> bool:
    return any(top - _APART_PX < net.bottom and net.top < bottom + _APART_PX for top, bottom in taken[-8:])


def _meet(a: Net, b: Net) -> bool:
    return a.top - _APART_PX < b.bottom and b.top - _APART_PX < a.bottom


def _ordered(nets: list[Net]) -> list[Net]:
    """The nets from left to right so that wires cross as little as they can.

    Each is put where it crosses those already placed the least; up to ``MOST_ORDERED`` nets.
    """
    rough = sorted(nets, key=lambda net: (net.bottom - net.top, net.top))
    if len(nets) > MOST_ORDERED:
        return rough
    ordered = list[Net]()
    for net in rough:
        costs = [_cost(net, other) for other in ordered]
        flipped = [_cost(other, net) for other in ordered]
        best, best_place, running = float("inf"), 0, float(sum(costs))
        for place in range(len(ordered) + 1):
            if running < best:
                best, best_place = running, place
            if place < len(ordered):
                running += flipped[place] - costs[place]
        ordered.insert(best_place, net)
    return ordered


def _cost(first: Net, second: Net) -> float:
    """Crossings when ``first`` turns left of ``second``; lying upon each other counts as ten."""
    crossings = sum(first.top < left < first.bottom for left in second.lefts)
    crossings += sum(second.top < right < second.bottom for right in first.rights)
    return crossings + 10.0 * len(first.rights & second.lefts)
