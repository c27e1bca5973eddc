"""A picture as columns of things with a height: the common ground of every way to lay it out.

Rule: every wire is cut into links between neighbouring columns. Nodes stand in the column of their longest way from
the start (as early as they can run); words on wires get columns of their own between them; a wire that passes a column
holds a place in it. What is placed without overlap within its column is therefore placed without overlap anywhere,
and no wire runs behind a node. Wires that lead back are left out: they are routed around afterwards.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import pairwise

from engine.render.forms import START_FORM, Form, Shape, forms_of
from engine.render.lettering import shorten, width_px
from engine.render.picture import EdgeKey, Picture, PictureEdge
from engine.render.tokens import REGULAR, SMALL_PX

START = ""
"""Id of the dot before the first node; no node has the empty id."""
WORDS_ROOM_PX = 176
WORDS_HEIGHT_PX = 20
_AIR_PX: dict[Shape, float] = {"box": 32, "bar": 16, "hexagon": 16, "ring": 16, "dot": 32}
"""Small shapes bring room for their texts along."""
MOST_BENDS = 20_000
"""Beyond so many places held by passing wires, further long wires share one way around everything."""


@dataclass(slots=True)
class Item:
    """One thing in a column: a node, the words of a wire, or the place of a passing wire.

    Attributes:
        column: from 0, from left to right.
        height: px; ``air`` px more are kept free between it and its neighbours, half on each side.
        node: the node's id, None for words and passing wires.
        words: what stands there, for words.
        width: px.
    """

    column: int
    height: float
    air: float
    node: str | None = None
    words: str = ""
    width: float = 0


@dataclass(frozen=True, slots=True)
class Link:
    """A piece of a wire from one column to the next.

    Attributes:
        tail, head: the items it joins.
        tail_dy: where it leaves the tail, in px below the tail's middle.
        weight: how much its bend costs.
        hold: how much its wire is to run straight: 2 on the one main way on, 1 on others, 0 on error and expiry.
    """

    tail: int
    head: int
    tail_dy: float
    weight: int
    hold: int


@dataclass(slots=True)
class Columns:
    """The cut-up picture.

    Attributes:
        items: everything that takes room; ``links`` and ``chains`` name them by their places here.
        members: for each column its items, in the file's order.
        links: all pieces of wires.
        chains: for each wire that runs forward, its items from source to target.
        around: the wires that are routed around the nodes: repeats, ways back of an unchecked graph, and what is
            beyond ``MOST_BENDS``.
        forms: node id → its form, the start dot included.
        place: node id → its item.
    """

    items: list[Item] = field(default_factory=list[Item])
    members: list[list[int]] = field(default_factory=list[list[int]])
    links: list[Link] = field(default_factory=list[Link])
    chains: dict[EdgeKey, list[int]] = field(default_factory=dict[EdgeKey, list[int]])
    around: list[PictureEdge] = field(default_factory=list[PictureEdge])
    forms: dict[str, Form] = field(default_factory=dict[str, Form])
    place: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, item: Item) -> int:
        """Put an item at the end of its column and tell its number."""
        self.items.append(item)
        self.members[item.column].append(len(self.items) - 1)
        return len(self.items) - 1


def columns_of(picture: Picture) -> Columns:
    """Cut a picture into columns. O(nodes + edges + places held), the last at most ``MOST_BENDS``."""
    edges = _with_start(picture)
    levels, back = _levels(picture, edges)
    grid = Columns(forms=forms_of(picture))
    grid.forms[START] = START_FORM
    forward = [edge for edge in edges if edge.manner != "repeat" and edge not in back]
    forward = _within_budget(grid, forward, levels)
    kept = set(forward)
    grid.around = [edge for edge in edges if edge not in kept]
    column_of = _number_columns(grid, forward, levels)
    for node_id, level in levels.items():
        form = grid.forms[node_id]
        grid.place[node_id] = grid.add(
            Item(column_of[level], form.height, _AIR_PX[form.shape], node_id, "", form.width)
        )
    crowd = Counter((edge.source, edge.port) for edge in forward)
    main_port = {node_id: next(iter(form.ports), None) for node_id, form in grid.forms.items()}
    for edge in forward:
        is_main = main_port[edge.source] == edge.port and crowd[edge.source, edge.port] == 1
        hold = 2 if is_main else 0 if edge.port in ("error", "expired") else 1
        _cut(grid, edge, hold, (column_of[levels[edge.source]], column_of[levels[edge.target]]))
    return grid


def _with_start(picture: Picture) -> list[PictureEdge]:
    entered = {edge.target for edge in picture.edges if edge.manner != "repeat"}
    roots = [node.id for node in picture.nodes if node.id not in entered]
    lead_in = [PictureEdge(START, 0, roots[0], "")] if len(roots) == 1 else []
    return [*lead_in, *picture.edges]


def _levels(picture: Picture, edges: list[PictureEdge]) -> tuple[dict[str, int], set[PictureEdge]]:
    """Longest way from a start to each node, by Kahn's walk; where a circle stops the walk, its first node goes on.

    The second value holds the wires that lead back because of that.
    """
    after: dict[str, list[PictureEdge]] = {}
    open_ways = dict.fromkeys((node.id for node in picture.nodes), 0)
    for edge in edges:
        after.setdefault(edge.source, [])
        if edge.manner != "repeat":
            after[edge.source].append(edge)
            open_ways[edge.target] += 1
    open_ways = ({START: 0} if START in after else {}) | open_ways
    levels: dict[str, int] = {}
    earliest = dict.fromkeys(open_ways, 0)
    ready = deque(node_id for node_id, count in open_ways.items() if count == 0)
    unvisited = iter(open_ways)
    back: set[PictureEdge] = set()
    while len(levels) < len(open_ways):
        if not ready:
            ready.append(next(node_id for node_id in unvisited if node_id not in levels))
        node_id = ready.popleft()
        levels[node_id] = earliest[node_id]
        for edge in after.get(node_id, ()):
            if edge.target in levels:
                back.add(edge)
                continue
            earliest[edge.target] = max(earliest[edge.target], levels[node_id] + 1)
            open_ways[edge.target] -= 1
            if open_ways[edge.target] == 0:
                ready.append(edge.target)
    return levels, back


def _within_budget(grid: Columns, forward: list[PictureEdge], levels: dict[str, int]) -> list[PictureEdge]:
    spans = [levels[edge.target] - levels[edge.source] for edge in forward]
    if 2 * sum(spans) <= MOST_BENDS:
        return forward
    left, kept = MOST_BENDS, list[PictureEdge]()
    for span, _, edge in sorted(
        (span, place, edge) for place, (span, edge) in enumerate(zip(spans, forward, strict=True))
    ):
        left -= 2 * (span - 1)
        if left < 0:
            break
        kept.append(edge)
    return kept


def _number_columns(grid: Columns, forward: list[PictureEdge], levels: dict[str, int]) -> list[int]:
    """For each level its column; a level after which words stand is followed by a column for them."""
    spoken = {levels[edge.source] for edge in forward if edge.words}
    column_of, column = list[int](), 0
    for level in range(max(levels.values(), default=-1) + 1):
        column_of.append(column)
        column += 2 if level in spoken else 1
    grid.members = [[] for _ in range(column)]
    return column_of


def _cut(grid: Columns, edge: PictureEdge, hold: int, span: tuple[int, int]) -> None:
    first, last = span
    chain = [grid.place[edge.source]]
    for column in range(first + 1, last):
        if edge.words and column == first + 1:
            words = shorten(edge.words, WORDS_ROOM_PX - 12, SMALL_PX, REGULAR)
            width = 4 * math.ceil((width_px(words, SMALL_PX, REGULAR) + 12) / 4)
            chain.append(grid.add(Item(column, WORDS_HEIGHT_PX, 4, None, words, width)))
        else:
            chain.append(grid.add(Item(column, 4, 12)))
    chain.append(grid.place[edge.target])
    grid.chains[edge.source, edge.index] = chain
    for place, (tail, head) in enumerate(pairwise(chain)):
        ends = (place == 0) + (place == len(chain) - 2)
        dy = grid.forms[edge.source].ports[edge.port] if place == 0 else 0
        grid.links.append(Link(tail, head, dy, (8, 3, 2 if hold == 2 else 1)[ends], hold))
