"""What the plain model remembers: executions and scopes, as records without rules.

Rule: one record per execution of the present iteration and one per open scope; everything that can be worked out from
them is worked out when it is asked for.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from engine.errors import Failure
from tests.support.plain_shape import Shape, Way

DECIDED = ("completed", "skipped", "failed", "cancelled")

Told = tuple[object, ...]
"""A consequence as a plain tuple: the event's type, the execution, and what else the event says."""

Wish = tuple[object, ...]
"""An open wish as a plain tuple: ``("start", execution, attempt)``, ``("evaluate", execution)``, …"""


@dataclass(slots=True)
class Life:
    """One execution of a node (or of one item) in the present iteration.

    Attributes:
        status: idle, ready, running, open (a gate or wait that waits), asking (stepped aside for a person), answered,
            retrying, evaluating, concluding, giving_up, or one of ``DECIDED``.
        attempt: the one wanted or under way; ``was_begun``: it has begun.
        cut_off: how many attempts the end of a process has cut off.
        word: what a wish says: the cause of a conclusion, the code to give up with.
        asked: the gate it asked with, or the signal it waits for.
        since: when it became ready, or its gate was answered: first come, first served.
        items: its items under ``each``; ``is_heard_out``: their rule is satisfied, what still comes is unheard.
        has_slot: an item that works takes one of its node's slots.
        went_on: the host knows that an answered execution may go on.
        inner: what runs inside a subgraph node.
    """

    status: str = "idle"
    attempt: int = 1
    was_begun: bool = False
    cut_off: int = 0
    word: str = ""
    asked: str = ""
    since: int = 0
    items: dict[int, Life] | None = None
    is_heard_out: bool = False
    has_slot: bool = False
    inner: Scope | None = None

    @property
    def is_active(self) -> bool:
        """Whether it is begun and not decided."""
        return self.status not in ("idle", *DECIDED)

    @property
    def goes_on(self) -> bool:
        """Whether it or one of its items is begun and not decided."""
        return self.is_active or any(part.is_active for part in self.parts)

    @property
    def is_decided(self) -> bool:
        """Whether nothing of it can come any more: the node is decided and so are the items that nobody waited for."""
        return self.status in DECIDED and not self.goes_on

    @property
    def parts(self) -> list[Life]:
        """Its items in order."""
        return [] if self.items is None else [self.items[i] for i in sorted(self.items)]


class Scope:
    """One execution of one graph.

    Attributes:
        path: "" for the run, else the subgraph node's execution.
        shape: its graph.
        tried: execution -> its last attempt, over all attempts of the subgraph node.
        count: header -> iteration; ``over``: headers of loops that are over; ``votes``: loop-backs that chose repeat;
            ``void``: headers of loops whose votes do not count, since a join cancelled them.
        passed: joins that have passed on.
        chosen: edge -> taken, skipped or failed, as its source decided; ``arrived``: the same once it took effect.
        queue: edges about to take effect, and headers whose iteration is decided; first in, first out.
        failure: its first failure; ``is_draining``: it failed with ``finish``, or a graph around it did.
        ending: the wish to end it, once its end is decided; ``is_over``: it ended well; ``end``: by this ``end`` node.
        is_closed: it was withdrawn with its node.
        cut: what its end cut off, and ``broken`` what failed it, for a resume.
    """

    def __init__(self, path: str, shape: Shape, tried: dict[str, int] | None = None) -> None:
        self.path = path
        self.shape = shape
        self.tried = tried
        self.lives = {name: Life() for name in shape.nodes}
        self.count = dict.fromkeys(shape.bodies, 1)
        self.over: set[str] = set()
        self.votes: set[str] = set()
        self.void: set[str] = set()
        self.passed: set[str] = set()
        self.chosen: dict[Way, str] = {}
        self.arrived: dict[Way, str] = {}
        self.queue: deque[Way | str] = deque()
        self.failure: Failure | None = None
        self.is_draining = False
        self.is_over = False
        self.end: str | None = None
        self.ending: Wish | None = None
        self.is_closed = False
        self.cut: list[str] = []
        self.broken: list[str] = []

    @property
    def is_ended(self) -> bool:
        """Nothing moves in it any more."""
        return self.ending is not None or self.is_closed

    @property
    def node_path(self) -> str:
        """The path without iterations and items."""
        return re.sub(r"@[0-9.]+|\[\d+\]", "", self.path)

    def place(self, name: str) -> str:
        """The node's id with the path of its subgraph."""
        return f"{self.node_path}/{name}" if self.path else name

    def execution(self, name: str, item: int | None = None) -> str:
        """The execution's name (GRAPH.md §5)."""
        counts = [self.count[h] for h in self.shape.loops_of(name)]
        turn = "@" + ".".join(map(str, counts)) if any(c > 1 for c in counts) else ""
        which = f"[{item}]" if item is not None else ""
        return (self.path + "/" if self.path else "") + name + turn + which

    def came(self, name: str) -> list[str | None]:
        """What the edges into a node have come to; None: undecided."""
        return [self.arrived.get(e) for e in self.shape.into(name)]

    def active(self) -> list[str]:
        """The nodes of which something is begun and not decided, first ready first."""
        return sorted((n for n, life in self.lives.items() if life.goes_on), key=lambda n: self.lives[n].since)

    def executions(self) -> Iterator[Place]:
        """Every node and item of it and of what runs inside, each once."""
        for name in self.shape.order:
            life = self.lives[name]
            yield Place(self, name, None, life)
            yield from _inside(life)
            for item, part in sorted((life.items or {}).items()):
                yield Place(self, name, item, part)
                yield from _inside(part)

    def scopes(self) -> Iterator[Scope]:
        """It and all that runs inside."""
        yield self
        for life in self.lives.values():
            for part in (life, *life.parts):
                if part.status == "running" and part.inner is not None:
                    yield from part.inner.scopes()


def _inside(life: Life) -> Iterator[Place]:
    if life.status == "running" and life.inner is not None:
        yield from life.inner.executions()


@dataclass(frozen=True, slots=True)
class Place:
    """Where an execution stands: its scope, its node, its item (None: the node itself), its record."""

    scope: Scope
    name: str
    item: int | None
    life: Life

    @property
    def execution(self) -> str:
        """The execution's name."""
        return self.scope.execution(self.name, self.item)

    @property
    def path(self) -> str:
        """The node's id with the path of its subgraph."""
        return self.scope.place(self.name)
