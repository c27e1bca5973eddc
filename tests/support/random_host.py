"""A host that leaves everything to chance: it answers the wishes of a walk with facts in any order and of any outcome.

Rule: every fact is one that a real host could write (``taken`` fits the edges, a retry comes only from an attempt that
ran, a late word only from an execution that was begun once), so that what the walk makes of it is GRAPH.md's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from engine.errors import Failure
from engine.model.nodes import GateNode, LoopBackNode
from engine.scheduler import events as ev
from tests.support.plain_scope import Place, Scope, Wish
from tests.support.plain_shape import Way
from tests.support.plain_walk import PlainWalk


def started() -> ev.RunStarted:
    """The first fact of every run."""
    return ev.RunStarted(graph="random", graph_hash="", documents={}, input={}, seed=1, engine="")


@dataclass(frozen=True, slots=True)
class Temper:
    """How often, in percent of the facts, something unusual happens.

    ``revives``: how often a run that failed or was cancelled is taken up again. ``limits``: how many of the failures
    are those of a limit of the run.
    """

    fails: int = 12
    retries: int = 8
    asks: int = 5
    resumes: int = 2
    cancels: int = 1
    late: int = 4
    revives: int = 40
    limits: int = 3


class RandomHost:
    """Facts for a walk, one at a time, until its run is over.

    Args:
        walk: what answers are wished for.
        rnd: chooses what happens next.
        temper: see there.
        fates: if given, what becomes of an attempt depends on its name and this number alone, not on the order.
    """

    def __init__(self, walk: PlainWalk, rnd: Random, temper: Temper | None = None, fates: int | None = None) -> None:
        self.walk = walk
        self.rnd = rnd
        self.temper = temper or Temper()
        self.fates = fates
        self.begun: list[tuple[str, str]] = []
        self.options: dict[str, str] = {}
        self.asked: dict[str, int] = {}
        self.count = 0
        self._fate = rnd
        self.revivals = 0

    def next_fact(self) -> ev.Event | None:
        """A fact that can happen now; None when the run is over."""
        self.count += 1
        if self.count == 1:
            return started()
        if self.walk.outcome is not None:
            return self._after_the_end()
        if self._is_likely(self.temper.resumes):
            return ev.RunResumed(clean=self._is_likely(50))
        if self._is_likely(self.temper.cancels):
            return ev.RunCancelRequested()
        if self._is_likely(self.temper.late) and self.begun:
            return self._late_word()
        return self._possible_fact()

    def _after_the_end(self) -> ev.Event | None:
        if self.walk.outcome != "completed" and self.revivals < 3 and self._is_likely(self.temper.revives):
            self.revivals += 1
            return ev.RunResumed(clean=True)
        return None

    # --- what can happen ---

    def _is_likely(self, percent: int) -> bool:
        return self.rnd.randrange(100) < percent

    def _possible_fact(self) -> ev.Event:
        wishes = sorted(self.walk.wishes(), key=str)
        moving = [place for place in self.walk.places() if self._moves_by_itself(place)]
        assert wishes or moving, "the walk is not over and nothing can happen"
        chosen = self.rnd.randrange(len(wishes) + len(moving))
        if chosen < len(wishes):
            return self._answer(wishes[chosen])
        place = moving[chosen - len(wishes)]
        self._meet_fate(f"{place.execution} {place.life.attempt} {place.life.status} {place.life.asked}")
        match place.life.status:
            case "open":
                return self._outside_word(place)
            case "asking":
                return ev.GateAnswered(
                    gate=place.life.asked, execution=place.execution, node=place.path, option="yes"
                )  # fmt: skip
            case _:
                return self._work(place)

    def _moves_by_itself(self, place: Place) -> bool:
        life = place.life
        if life.status in ("open", "asking"):
            return True
        if life.status != "running" or life.items is not None:
            return False
        if life.inner is not None:  # it may run out of its time at any moment
            return life.inner.ending is None and self.fates is None and self._is_likely(5)
        return True

    def _is_fated(self, percent: int) -> bool:
        return self._fate.randrange(100) < percent

    def _meet_fate(self, name: str) -> None:
        if self.fates is not None:
            self._fate = Random(f"{self.fates} {name}")

    def _answer(self, wish: Wish) -> ev.Event:
        self._meet_fate(str(wish))
        if wish[0] == "end":
            return self._end(wish)
        place = self.walk.find(str(wish[1]))
        assert place is not None
        match wish[0]:
            case "start":
                return self._start(place)
            case "evaluate":
                return self._evaluated(place)
            case "conclude":
                port = {"answered": self.options.get(place.execution, "yes"), "expired": "expired"}
                return self._complete(place, port.get(place.life.word, "ok"))
            case _:
                return self._fail(place, Failure("logic", str(wish[2]), "given up", place.path))

    def _late_word(self) -> ev.Event:
        execution, node = self.rnd.choice(self.begun)
        place = self.walk.find(execution)
        if place is not None and place.life.is_active:
            return self._possible_fact()
        return ev.NodeCompleted(execution=execution, node=node, port="ok")

    # --- facts ---

    def _end(self, wish: Wish) -> ev.Event:
        _, path, code, _, cancelled = wish
        if path != "":
            place = self.walk.find(str(path))
            assert place is not None
            if code is not None:
                return self._fail(place, Failure("logic", str(code), "inside", f"{place.path}/x"))
            return self._complete(place, "ok")
        if cancelled:
            return ev.RunCancelled()
        if self.walk.root.failure is not None:
            return ev.RunFailed(error=self.walk.root.failure)
        if self._is_fated(5):
            return ev.RunFailed(error=Failure("logic", "output.failed", "its output cannot be resolved"))
        return ev.RunCompleted(output={})

    def _start(self, place: Place) -> ev.Event:
        self.begun.append((place.execution, place.path))
        items: list[Any] | None = None
        if place.item is None and getattr(place.scope.shape.nodes[place.name], "each", None) is not None:
            known = place.life.items
            items = list(range(self._fate.randrange(5) if known is None else len(known)))
        return ev.NodeStarted(execution=place.execution, node=place.path, attempt=place.life.attempt, items=items)

    def _work(self, place: Place) -> ev.Event:
        node, execution, path, attempt = _node(place), place.execution, place.path, place.life.attempt
        if node.kind == "human-gate":
            return ev.GateOpened(
                gate=execution, execution=execution, node=path, purpose="gate", prompt="", options=[]
            )  # fmt: skip
        if node.kind == "wait":
            due = None if node.signal else 5.0
            return ev.TimerSet(execution=execution, node=path, due=due, signal=node.signal)
        if node.kind == "tool" and self._is_fated(self.temper.asks):
            self.asked[execution] = self.asked.get(execution, 0) + 1
            gate = f"{execution}!{self.asked[execution]}"
            return ev.GateOpened(gate=gate, execution=execution, node=path, purpose="ask", prompt="", options=[])
        if self._is_fated(self.temper.retries):
            error = Failure("transient", "busy", "try again", path)
            return ev.NodeFailed(execution=execution, node=path, attempt=attempt, error=error, retry_at=9.0)
        if node.kind == "subgraph" or self._is_fated(self.temper.fails):
            return self._fail(place, Failure("tool", "tool.failed", "broken", path))
        return self._complete(place, "ok")

    def _outside_word(self, place: Place) -> ev.Event:
        node, execution, path = _node(place), place.execution, place.path
        if isinstance(node, GateNode):
            if node.deadline_s is not None and self._is_fated(30):
                return ev.GateExpired(gate=execution, execution=execution, node=path)
            self.options[execution] = self._fate.choice(["yes", "no"])
            return ev.GateAnswered(gate=execution, execution=execution, node=path, option=self.options[execution])
        if place.life.asked:
            stray = self.fates is None and self._is_fated(30)
            return ev.SignalReceived(name="pong" if stray else place.life.asked)
        return ev.TimerFired(execution=execution, node=path)

    def _evaluated(self, place: Place) -> ev.Event:
        node = _node(place)
        if isinstance(node, LoopBackNode):
            return self._voted(place, node)
        if node.kind == "end" and node.fail is not None:
            return self._fail(place, Failure("fatal", "end.failed", "no more", place.path))
        return self._complete(place, "branch" if node.kind == "parallel-fork" else "ok")

    def _voted(self, place: Place, node: LoopBackNode) -> ev.Event:
        if node.while_ is not None and self._is_fated(40):
            return self._complete(place, "done")
        if place.scope.count[place.scope.shape.header_of(place.name)] < (node.max_iterations or 0):
            return self._complete(place, "repeat")
        if node.on_limit == "exit":
            return self._complete(place, "done")
        return self._fail(place, Failure("limit", "loop.exhausted", "enough", place.path))

    def _complete(self, place: Place, port: str) -> ev.Event:
        execution, path, attempt = place.execution, place.path, place.life.attempt
        if place.item is not None:
            return ev.NodeCompleted(execution=execution, node=path, attempt=attempt)
        edges = [e for e in place.scope.shape.out(place.name) if e.port == port]
        held = self._holding(place.scope, place.name, edges)
        if edges and not held:
            return self._fail(place, Failure("logic", "route.unmatched", "no edge holds", path))
        knows = not any(e.conditional for e in edges) and self._is_fated(50)
        return ev.NodeCompleted(
            execution=execution, node=path, attempt=attempt, port=port,
            taken=None if knows else tuple(e.index for e in held),
            repeat=port == "repeat" if isinstance(_node(place), LoopBackNode) else None,
        )  # fmt: skip

    def _holding(self, scope: Scope, name: str, edges: list[Way]) -> list[Way]:
        """Of edges on one port those that are taken: the first that holds, at a fork all that hold."""
        held = [e for e in edges if not e.conditional or self._is_fated(50)]
        return held if scope.shape.nodes[name].kind == "parallel-fork" else held[:1]

    def _fail(self, place: Place, error: Failure) -> ev.Event:
        errors = [e for e in place.scope.shape.out(place.name) if e.port == "error"] if place.item is None else []
        taken = tuple(e.index for e in self._holding(place.scope, place.name, errors)[:1])
        return ev.NodeFailed(
            execution=place.execution, node=place.path, attempt=place.life.attempt, error=error,
            taken=taken, ends_run=self._is_fated(self.temper.limits),
        )  # fmt: skip


def _node(place: Place) -> Any:
    return place.scope.shape.nodes[place.name]
