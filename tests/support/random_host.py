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
from tests.support.plain_shape import Way
from tests.support.plain_walk import Life, PlainWalk, Scope, Wish

STARTED = ev.RunStarted(graph="random", graph_hash="", documents={}, input={}, seed=1, engine="")


@dataclass(frozen=True, slots=True)
class Temper:
    """How often, in percent of the facts, something unusual happens."""

    fails: int = 12
    retries: int = 8
    asks: int = 5
    resumes: int = 2
    cancels: int = 1
    late: int = 4


class RandomHost:
    """Facts for a walk, one at a time, until its run is over."""

    def __init__(self, walk: PlainWalk, rnd: Random, temper: Temper | None = None) -> None:
        self.walk = walk
        self.rnd = rnd
        self.temper = temper or Temper()
        self.begun: list[tuple[str, str]] = []
        self.options: dict[str, str] = {}
        self.count = 0

    def next_fact(self) -> ev.Event | None:
        """A fact that can happen now; None when the run is over."""
        self.count += 1
        if self.count == 1:
            return STARTED
        if self.walk.is_over:
            return None
        if self._is_likely(self.temper.resumes):
            return ev.RunResumed(clean=self._is_likely(50))
        if self._is_likely(self.temper.cancels):
            return ev.RunCancelRequested()
        if self._is_likely(self.temper.late) and self.begun:
            return self._late_word()
        return self._fact_of(self.rnd.choice(self._possible()))

    # --- what can happen ---

    def _is_likely(self, percent: int) -> bool:
        return self.rnd.randrange(100) < percent

    def _possible(self) -> list[Wish]:
        possible = sorted(self.walk.wishes(), key=str)
        for scope, name, item, life in self.walk.executions():
            execution = scope.execution(name, item)
            owns = life.items or execution in self.walk.scopes
            if life.status in ("open", "asking") or (life.status == "running" and not owns):
                possible.append((life.status, execution))
            elif life.status == "running" and execution in self.walk.scopes and self._is_likely(5):
                possible.append(("running", execution))
        if not possible:
            raise AssertionError("the walk is not over and nothing can happen")
        return possible

    def _place(self, execution: object) -> tuple[Scope, str, int | None, Life]:
        return next(e for e in self.walk.executions() if e[0].execution(e[1], e[2]) == execution)

    def _fact_of(self, wish: Wish) -> ev.Event:
        if wish[0] == "end":
            return self._end(wish)
        scope, name, item, life = self._place(wish[1])
        execution, node = scope.execution(name, item), scope.place(name)
        match wish[0]:
            case "start":
                return self._start(scope, name, item, life)
            case "evaluate":
                return self._evaluated(scope, name)
            case "conclude":
                return self._concluded(scope, name, life)
            case "give_up":
                return self._fail(scope, name, item, life, Failure("logic", str(wish[2]), "given up", node))
            case "open":
                return self._outside_word(scope, name, life)
            case "asking":
                return ev.GateAnswered(gate=life.asked, execution=execution, node=node, option="yes")
            case _:
                return self._work(scope, name, item, life)

    def _late_word(self) -> ev.Event:
        execution, node = self.rnd.choice(self.begun)
        current = next((e for e in self.walk.executions() if e[0].execution(e[1], e[2]) == execution), None)
        if current is not None and current[3].is_active:
            return self._fact_of(self.rnd.choice(self._possible()))
        return ev.NodeCompleted(execution=execution, node=node, port="ok")

    # --- facts ---

    def _end(self, wish: Wish) -> ev.Event:
        _, path, code, _, cancelled = wish
        if path == "":
            if cancelled:
                return ev.RunCancelled()
            if code is not None:
                return ev.RunFailed(error=Failure("logic", str(code), "over"))
            return ev.RunCompleted(output={})
        inner = self.walk.scopes[str(path)]
        assert inner.owner is not None
        scope, name, item = inner.owner
        life = self._place(path)[3]
        if code is not None:
            return self._fail(scope, name, item, life, Failure("logic", str(code), "inside", inner.place("x")))
        return self._complete(scope, name, item, life, "ok")

    def _start(self, scope: Scope, name: str, item: int | None, life: Life) -> ev.Event:
        execution, node = scope.execution(name, item), scope.place(name)
        self.begun.append((execution, node))
        items: list[Any] | None = None
        if item is None and getattr(scope.shape.nodes[name], "each", None) is not None:
            items = list(range(self.rnd.choice([0, 1, 2, 3, 4])))
        return ev.NodeStarted(execution=execution, node=node, attempt=life.attempt, items=items)

    def _work(self, scope: Scope, name: str, item: int | None, life: Life) -> ev.Event:
        kind, execution, place = scope.shape.nodes[name].kind, scope.execution(name, item), scope.place(name)
        if kind == "human-gate":
            return ev.GateOpened(
                gate=execution, execution=execution, node=place, purpose="gate", prompt="", options=[]
            )  # fmt: skip
        if kind == "wait":
            signal = scope.shape.nodes[name].signal
            return ev.TimerSet(execution=execution, node=place, due=None if signal else 5.0, signal=signal)
        if self._is_likely(self.temper.asks) and kind == "tool":
            gate = f"{execution}!1"
            return ev.GateOpened(gate=gate, execution=execution, node=place, purpose="ask", prompt="", options=[])
        if self._is_likely(self.temper.retries):
            error = Failure("transient", "busy", "try again", place)
            return ev.NodeFailed(execution=execution, node=place, attempt=life.attempt, error=error, retry_at=9.0)
        if self._is_likely(self.temper.fails):
            return self._fail(scope, name, item, life, Failure("tool", "tool.failed", "broken", place))
        return self._complete(scope, name, item, life, "ok")

    def _outside_word(self, scope: Scope, name: str, life: Life) -> ev.Event:
        node, execution, place = scope.shape.nodes[name], scope.execution(name), scope.place(name)
        if isinstance(node, GateNode):
            if node.deadline_s is not None and self._is_likely(30):
                return ev.GateExpired(gate=execution, execution=execution, node=place)
            option = self.rnd.choice(["yes", "no"])
            self.options[execution] = option
            return ev.GateAnswered(gate=execution, execution=execution, node=place, option=option)
        if life.asked:
            return ev.SignalReceived(name=self.rnd.choice([life.asked, life.asked, "ping", "pong"]))
        return ev.TimerFired(execution=execution, node=place)

    def _concluded(self, scope: Scope, name: str, life: Life) -> ev.Event:
        port = {"answered": self.options.get(scope.execution(name), "yes"), "expired": "expired"}.get(life.word, "ok")
        return self._complete(scope, name, None, life, port)

    def _evaluated(self, scope: Scope, name: str) -> ev.Event:
        node, life = scope.shape.nodes[name], scope.lives[name]
        place = scope.place(name)
        if isinstance(node, LoopBackNode):
            return self._voted(scope, name, node)
        if node.kind == "end" and node.fail is not None:
            return self._fail(scope, name, None, life, Failure("fatal", "end.failed", "no more", place))
        return self._complete(scope, name, None, life, {"parallel-fork": "branch", "end": None}.get(node.kind, "ok"))

    def _voted(self, scope: Scope, name: str, node: LoopBackNode) -> ev.Event:
        life, place = scope.lives[name], scope.place(name)
        if node.while_ is not None and self._is_likely(40):
            return self._complete(scope, name, None, life, "done")
        if scope.count[scope.shape.header_of(name)] < (node.max_iterations or 0):
            return self._complete(scope, name, None, life, "repeat")
        if node.on_limit == "exit":
            return self._complete(scope, name, None, life, "done")
        return self._fail(scope, name, None, life, Failure("limit", "loop.exhausted", "enough", place))

    def _complete(self, scope: Scope, name: str, item: int | None, life: Life, port: str | None) -> ev.Event:
        execution, place = scope.execution(name, item), scope.place(name)
        if item is not None:
            return ev.NodeCompleted(execution=execution, node=place, attempt=life.attempt)
        edges = [e for e in scope.shape.out(name) if e.port == port]
        held = self._holding(scope, name, edges)
        if edges and not held:
            error = Failure("logic", "route.unmatched", "no edge holds", place)
            return self._fail(scope, name, item, life, error)
        knows = not any(e.conditional for e in edges) and self._is_likely(50)
        return ev.NodeCompleted(
            execution=execution, node=place, attempt=life.attempt, port=port,
            taken=None if knows else tuple(e.index for e in held),
            repeat=port == "repeat" if isinstance(scope.shape.nodes[name], LoopBackNode) else None,
        )  # fmt: skip

    def _holding(self, scope: Scope, name: str, edges: list[Way]) -> list[Way]:
        """Of edges on one port those that are taken: the first that holds, at a fork all that hold."""
        held = [e for e in edges if not e.conditional or self._is_likely(50)]
        return held if scope.shape.nodes[name].kind == "parallel-fork" else held[:1]

    def _fail(self, scope: Scope, name: str, item: int | None, life: Life, error: Failure) -> ev.Event:
        execution, place = scope.execution(name, item), scope.place(name)
        errors = [e for e in scope.shape.out(name) if e.port == "error"] if item is None else []
        taken = tuple(e.index for e in self._holding(scope, name, errors)[:1])
        return ev.NodeFailed(execution=execution, node=place, attempt=life.attempt, error=error, taken=taken)
