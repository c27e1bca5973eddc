"""A slow, plain second model of the walk (GRAPH.md §3): facts in, consequences and open wishes out.

Rule: written from the text alone, with dictionaries and searches instead of counters and indices; it is the judge that
``engine.scheduler`` is compared with in lock step. Whatever it wishes (start, evaluate, conclude, …) is recomputed from
its state after every fact, never remembered.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from engine.errors import Failure
from engine.model.graph import Graph
from engine.model.nodes import JoinNode, LoopBackNode
from engine.scheduler import events as ev
from tests.support.plain_shape import EXECUTING, WAITING_KINDS, Shape, Way

DECIDED = ("completed", "skipped", "failed", "cancelled")

Told = tuple[object, ...]
"""A consequence as a plain tuple: the event's type, the execution, and what else the event says."""

Wish = tuple[object, ...]
"""An open wish as a plain tuple: ``("start", execution, attempt)``, ``("evaluate", execution)``, …"""


@dataclass(slots=True)
class Life:
    """One execution of a node (or of one item) in the current iteration.

    ``status``: idle, ready, running, open (a gate or wait that waits), asking (stepped aside for a person), continuing,
    retrying, evaluating, concluding, giving_up, or one of ``DECIDED``.
    """

    status: str = "idle"
    attempt: int = 1
    cut_off: int = 0
    word: str = ""  # what a wish says: the cause of a conclusion, the code to give up with
    asked: str = ""  # the gate of an asking execution
    since: int = 0  # when it became ready, for locks
    items: dict[int, Life] = field(default_factory=dict[int, "Life"])
    closed: bool = False  # each: its rule is satisfied, what still comes is unheard

    @property
    def is_active(self) -> bool:
        """Whether it is begun and not decided."""
        return self.status not in ("idle", *DECIDED)


class Scope:
    """One execution of one graph."""

    def __init__(self, path: str, shape: Shape, owner: tuple[Scope, str, int | None] | None = None) -> None:
        self.path = path
        self.shape = shape
        self.owner = owner
        self.lives = {name: Life() for name in shape.nodes}
        self.count = dict.fromkeys(shape.bodies, 1)
        self.over: set[str] = set()
        self.votes: set[str] = set()
        self.passed: set[str] = set()
        self.chosen: dict[Way, str] = {}  # taken, skipped or failed as decided by the source
        self.arrived: dict[Way, str] = {}  # the same, once it has taken effect
        self.failure: Failure | None = None
        self.ending: Wish | None = None

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


class PlainWalk:
    """The walk of one run.

    Args:
        graph: the root graph.
        graphs: the graphs that subgraph nodes name.
    """

    def __init__(self, graph: Graph, graphs: Mapping[str, Graph] | None = None) -> None:
        self.graphs = {name: Shape(g) for name, g in (graphs or {}).items()}
        self.root = Scope("", Shape(graph))
        self.scopes: dict[str, Scope] = {"": self.root}
        self.told: list[Told] = []
        self.queue: deque[tuple[Scope, Way | str]] = deque()
        self.kept: dict[str, int] = {}
        self.clock = 0
        self.is_over = False
        self.is_cancelled = False

    # --- what is asked of it ---

    def apply(self, fact: ev.Event) -> list[Told]:
        """Draw the consequences of one fact, in their order."""
        self.told = []
        self._take(fact)
        self._settle()
        return self.told

    def wishes(self) -> set[Wish]:
        """Everything that the host should be doing or beginning now, apart from what it has begun already."""
        if self.is_over:
            return set()
        found: set[Wish] = set()
        for scope in self.scopes.values():
            if scope.ending is not None:
                found.add(scope.ending)
            for name, life in scope.lives.items():
                found |= self._wishes_of(scope, name, life)
        return found

    def running(self) -> list[str]:
        """Executions whose attempt has begun and is not over."""
        return [scope.execution(n, i) for scope, n, i, life in self.executions() if life.status in ("running", "open")]

    def executions(self) -> Iterator[tuple[Scope, str, int | None, Life]]:
        """Every node and item of every scope."""
        for scope in list(self.scopes.values()):
            for name in scope.shape.order:
                life = scope.lives[name]
                yield scope, name, None, life
                for item, part in sorted(life.items.items()):
                    yield scope, name, item, part

    # --- wishes ---

    def _wishes_of(self, scope: Scope, name: str, life: Life) -> set[Wish]:
        found: set[Wish] = set()
        if life.status != "ready" or self._has_lock(scope, name):
            found |= self._wish(scope.execution(name), life)
        free = scope.shape.nodes[name].concurrency if life.items else 0
        free -= sum(part.status in ("running", "continuing") for part in life.items.values())
        for item, part in sorted(life.items.items()):
            if part.status == "ready":
                free -= 1
            if part.status != "ready" or free >= 0:
                found |= self._wish(scope.execution(name, item), part)
        return found

    def _wish(self, execution: str, life: Life) -> set[Wish]:
        match life.status:
            case "ready" | "retrying":
                return {("start", execution, life.attempt)}
            case "continuing":
                return {("continue", execution, life.attempt)}
            case "evaluating":
                return {("evaluate", execution)}
            case "concluding":
                return {("conclude", execution, life.word)}
            case "giving_up":
                return {("give_up", execution, life.word)}
            case _:
                return set()

    def _has_lock(self, scope: Scope, name: str) -> bool:
        lock = scope.shape.nodes[name].lock
        if lock is None:
            return True
        mine = scope.lives[name]
        others = [
            life
            for where, other, item, life in self.executions()
            if item is None and where.shape.nodes[other].lock == lock and life.is_active and life is not mine
        ]
        return all(life.status == "ready" and life.since > mine.since for life in others)

    # --- facts ---

    def _take(self, fact: ev.Event) -> None:
        match fact:
            case ev.RunStarted():
                self._ready(self.root, self.root.shape.start)
            case ev.RunResumed():
                self._resume(clean=fact.clean)
            case ev.RunCancelRequested():
                self._cancel_run()
            case ev.SignalReceived():
                self._signal(fact.name)
            case ev.RunCompleted() | ev.RunFailed() | ev.RunCancelled():
                self.is_over = True
            case (
                ev.NodeStarted() | ev.NodeCompleted() | ev.NodeFailed() | ev.GateOpened() | ev.GateAnswered()
                | ev.GateExpired() | ev.TimerSet() | ev.TimerFired()
            ):  # fmt: skip
                found = self._find(fact.execution)
                if found is not None and found[3].is_active:
                    self._take_of(fact, *found)
            case _:
                pass  # what only informs

    def _find(self, execution: str) -> tuple[Scope, str, int | None, Life] | None:
        if self.is_over:
            return None
        return next((e for e in self.executions() if e[0].execution(e[1], e[2]) == execution), None)

    def _take_of(self, fact: ev.Event, scope: Scope, name: str, item: int | None, life: Life) -> None:
        match fact:
            case ev.NodeStarted():
                self._started(fact, scope, name, item, life)
            case ev.NodeCompleted() if item is not None:
                life.status = "completed"
                self._weigh_items(scope, name)
            case ev.NodeCompleted():
                self._completed(fact, scope, name)
            case ev.NodeFailed() if fact.retry_at is not None and scope.failure is None:
                life.status, life.attempt = "retrying", life.attempt + 1
            case ev.NodeFailed() if item is not None:
                life.status = "failed"
                life.word = fact.error.code
                self._weigh_items(scope, name)
            case ev.NodeFailed():
                self._failed(scope, name, fact.error, fact.taken, ends_run=fact.ends_run)
            case ev.GateOpened() if fact.purpose == "gate":
                life.status = "open"
            case ev.GateOpened():
                life.status, life.asked = "asking", fact.gate
            case ev.GateAnswered() | ev.GateExpired() if life.status == "asking":
                life.status = "continuing"
            case ev.GateAnswered():
                life.status, life.word = "concluding", "answered"
            case ev.GateExpired():
                life.status, life.word = "concluding", "expired"
            case ev.TimerSet():
                life.status, life.asked = "open", fact.signal or ""
                if fact.signal and self.kept.get(fact.signal):
                    self.kept[fact.signal] -= 1
                    life.status, life.word = "concluding", "signal"
            case ev.TimerFired():
                life.status, life.word = "concluding", "expired" if fact.expired else "fired"
            case _:
                raise AssertionError(fact)

    def _started(self, fact: ev.NodeStarted, scope: Scope, name: str, item: int | None, life: Life) -> None:
        life.status, life.attempt = "running", fact.attempt
        if fact.items is not None:
            life.items = {i: Life("ready") for i in range(len(fact.items))}
            self._weigh_items(scope, name)
        elif scope.shape.nodes[name].kind == "subgraph":
            inner = Scope(fact.execution, self._shape_of(scope, name), (scope, name, item))
            self.scopes[inner.path] = inner
            self._ready(inner, inner.shape.start)

    def _shape_of(self, scope: Scope, name: str) -> Shape:
        node = scope.shape.nodes[name]
        return self.graphs[node.graph] if node.graph is not None else Shape(Graph.model_validate(node.inline))

    def _signal(self, signal: str) -> None:
        waiting = [life for _, _, _, life in self.executions() if life.status == "open" and life.asked == signal]
        for life in waiting:
            life.status, life.word = "concluding", "signal"
        if not waiting and not self.is_over:
            self.kept[signal] = self.kept.get(signal, 0) + 1

    def _resume(self, *, clean: bool) -> None:
        for scope, name, item, life in self.executions():
            owns = life.items or (scope.execution(name, item) in self.scopes)
            if life.status != "running" or owns:
                continue
            life.cut_off += not clean
            life.status, life.attempt = "ready", life.attempt + 1
            if life.cut_off >= 3:
                life.status, life.attempt, life.word = "giving_up", life.attempt - 1, "node.kills_process"

    def _cancel_run(self) -> None:
        if self.root.ending is None and not self.is_over:
            self.queue.clear()
            self._withdraw(self.root, self._active(self.root), "run")
            self.root.ending = ("end", "", None, None, True)

    # --- a node comes to its end ---

    def _ready(self, scope: Scope, name: str) -> None:
        """All its edges are decided and one was taken (or it is the start, or a header again)."""
        node, life = scope.shape.nodes[name], scope.lives[name]
        if node.kind in EXECUTING:
            self.clock += 1
            scope.lives[name] = Life("ready", since=self.clock)
        elif self._evaluates(scope, name):
            life.status = "evaluating"
        elif isinstance(node, LoopBackNode):
            self._turn(scope, name, node)
        else:
            self._complete_itself(scope, name, None if node.kind == "end" else scope.shape.out(name))

    def _evaluates(self, scope: Scope, name: str) -> bool:
        node = scope.shape.nodes[name]
        asked = [getattr(node, key, None) for key in ("while_", "save", "output_key", "fail", "output")]
        return any(value is not None for value in asked) or any(e.when is not None for e in node.to)

    def _turn(self, scope: Scope, name: str, node: LoopBackNode) -> None:
        """A loop-back with nothing to evaluate: repeat while iterations are left, else by ``on_limit``."""
        header = scope.shape.header_of(name)
        if scope.count[header] < (node.max_iterations or 0):
            self._tell_completed(scope, name, "repeat", repeat=True)
            self._leave(scope, name, "repeat", [e for e in scope.shape.out(name) if e.port == "repeat"])
        elif node.on_limit == "exit":
            self._complete_itself(scope, name, scope.shape.out(name))
        else:
            failure = Failure("limit", "loop.exhausted", "all iterations are used up", scope.place(name))
            self._fail_itself(scope, name, failure)

    def _complete_itself(self, scope: Scope, name: str, edges: list[Way] | None) -> None:
        port = {"parallel-fork": "branch", "join": "ok", "loop-back": "done"}.get(scope.shape.nodes[name].kind)
        self._tell_completed(scope, name, port)
        self._leave(scope, name, port, [e for e in edges or [] if e.port == port])

    def _tell_completed(self, scope: Scope, name: str, port: str | None, *, repeat: bool = False) -> None:
        self.told.append(("node.completed", scope.execution(name), port, repeat))

    def _fail_itself(self, scope: Scope, name: str, failure: Failure) -> None:
        errors = [e for e in scope.shape.out(name) if e.port == "error"]
        if any(e.conditional for e in errors):
            scope.lives[name].status, scope.lives[name].word = "giving_up", failure.code
            return
        self.told.append(("node.failed", scope.execution(name), failure.code, tuple(e.index for e in errors)))
        self._failed(scope, name, failure, tuple(e.index for e in errors))

    def _completed(self, fact: ev.NodeCompleted, scope: Scope, name: str) -> None:
        out = scope.shape.out(name)
        taken = [e for e in out if e.index in fact.taken] if fact.taken is not None else self._by_the_plan(out, fact)
        self._end_inner(scope, name)
        self._leave(scope, name, fact.port, taken)

    def _by_the_plan(self, out: list[Way], fact: ev.NodeCompleted) -> list[Way]:
        return [e for e in out if e.port == fact.port and not e.conditional]

    def _leave(self, scope: Scope, name: str, port: str | None, taken: list[Way]) -> None:
        """It is completed: of its edges those are taken, the others skipped."""
        node, life = scope.shape.nodes[name], scope.lives[name]
        life.status = "completed"
        if scope.failure is not None:
            return  # the graph has failed and only lets end what runs
        if node.kind == "end":
            self._end_graph(scope, name)
            return
        if isinstance(node, JoinNode):
            scope.passed.add(name)
        if isinstance(node, LoopBackNode) and port == "repeat":
            scope.votes.add(name)
        for edge in scope.shape.out(name):
            self._choose(scope, edge, "taken" if edge in taken else "skipped")
        if isinstance(node, JoinNode) and node.rest == "cancel":
            self._cancel_rest(scope, name)
        self._decided(scope, name)

    def _failed(
        self, scope: Scope, name: str, failure: Failure, taken: tuple[int, ...], *, ends_run: bool = False
    ) -> None:
        """Its last attempt failed: by an error edge, by a join that takes it up, or the graph fails."""
        scope.lives[name].status = "failed"
        self._end_inner(scope, name)
        self._withdraw_items(scope, name)
        if ends_run:
            self._fail_graph(self.root, failure)
        elif scope.failure is not None:
            return
        elif taken:
            for edge in scope.shape.out(name):
                self._choose(scope, edge, "taken" if edge.index in taken else "skipped")
            self._decided(scope, name)
        elif self._is_taken_up(scope, name):
            self._pass_failure_on(scope, name)
        else:
            self._fail_graph(scope, failure)

    def _is_taken_up(self, scope: Scope, name: str) -> bool:
        joins = {n for n, node in scope.shape.nodes.items() if isinstance(node, JoinNode)}
        catching = {j for j in joins if scope.shape.nodes[j].accept_failed or j in scope.passed}
        unheard = any(name in scope.shape.branches(j) for j in joins & scope.passed)
        return unheard or scope.shape.ways_meet(name, catching)

    def _pass_failure_on(self, scope: Scope, name: str) -> None:
        for edge in scope.shape.out(name):
            self._choose(scope, edge, "skipped" if edge.port == "error" else "failed")
        self._decided(scope, name)

    def _skip(self, scope: Scope, name: str) -> None:
        scope.lives[name].status = "skipped"
        if "failed" in self._came(scope, name):
            self.told.append(("node.skipped", scope.execution(name), "upstream_failed"))
            self._pass_failure_on(scope, name)
        else:
            self.told.append(("node.skipped", scope.execution(name), "dead_path"))
            for edge in scope.shape.out(name):
                self._choose(scope, edge, "skipped")
            self._decided(scope, name)

    # --- edges take effect ---

    def _choose(self, scope: Scope, edge: Way, what: str) -> None:
        """The source has decided its edge; it takes effect now, or when the loops that it leaves are over."""
        scope.chosen[edge] = what
        if scope.shape.is_repeat(edge):
            return
        to_end = scope.shape.nodes[edge.target].kind == "end"
        if not scope.shape.leaves(edge) or (to_end and what == "taken"):
            self.queue.append((scope, edge))

    def _came(self, scope: Scope, name: str) -> list[str | None]:
        return [scope.arrived.get(e) for e in scope.shape.into(name)]

    def _arrive(self, scope: Scope, edge: Way) -> None:
        scope.arrived[edge] = scope.chosen[edge]
        name = edge.target
        if scope.lives[name].status != "idle":
            return
        came = self._came(scope, name)
        if scope.shape.nodes[name].kind == "join":
            self._weigh_join(scope, name, came)
        elif scope.shape.nodes[name].kind == "end" and "taken" in came:
            self._ready(scope, name)
        elif None in came:
            return
        elif "taken" in came and "failed" not in came:
            self._ready(scope, name)
        else:
            self._skip(scope, name)

    def _weigh_join(self, scope: Scope, name: str, came: list[str | None]) -> None:
        need = scope.shape.need(name)
        enough = came.count("taken") >= (need or 1)
        if enough and (need is not None or None not in came):
            self._ready(scope, name)
        elif None in came:
            return
        elif "taken" in came or "failed" in came:
            self._fail_itself(scope, name, Failure("logic", "join.starved", "too few came", scope.place(name)))
        else:
            self._skip(scope, name)

    # --- loops ---

    def _decided(self, scope: Scope, name: str) -> None:
        """A node is decided: perhaps the iteration of its innermost loop is."""
        loops = scope.shape.loops_of(name)
        if loops:
            self._consider(scope, loops[-1])

    def _consider(self, scope: Scope, header: str) -> None:
        body = scope.shape.bodies[header]
        inner = [h for h in scope.shape.bodies if h != header and scope.shape.around(h) == header]
        if (
            header not in scope.over
            and all(scope.lives[n].status in DECIDED for n in body)
            and all(h in scope.over for h in inner)
        ):
            self.queue.append((scope, header))

    def _turn_loop(self, scope: Scope, header: str) -> None:
        """The iteration is decided: the loop repeats or is over."""
        leaving = [e for e in scope.shape.edges if header in scope.shape.leaves(e)]
        left = any(scope.chosen.get(e) in ("taken", "failed") for e in leaving)
        if not left and any(n in scope.votes for n in scope.shape.loop_backs(header)):
            self._repeat(scope, header)
            return
        scope.over.add(header)
        for edge in leaving:
            free = all(h in scope.over for h in scope.shape.leaves(edge))
            if free and edge not in scope.arrived and not scope.shape.is_repeat(edge):
                self.queue.append((scope, edge))
        around = scope.shape.around(header)
        if around is not None:
            self._consider(scope, around)

    def _repeat(self, scope: Scope, header: str) -> None:
        body = scope.shape.bodies[header]
        for name in body:
            scope.lives[name] = Life()
            scope.votes.discard(name)
            scope.passed.discard(name)
            for edge in scope.shape.out(name):
                scope.chosen.pop(edge, None)
                scope.arrived.pop(edge, None)
        for inner in body & set(scope.count):
            scope.over.discard(inner)
            if inner != header:
                scope.count[inner] = 1
        scope.count[header] += 1
        self.told.append(("loop.repeated", scope.execution(header), scope.count[header]))
        self._ready(scope, header)

    # --- withdrawing ---

    def _cancel_rest(self, scope: Scope, join: str) -> None:
        rest = [n for n in scope.shape.order if n in scope.shape.branches(join)]
        rest = [n for n in rest if scope.lives[n].status not in DECIDED]
        self._withdraw(scope, rest, "join")
        for name in rest:
            for edge in scope.shape.out(name):
                scope.chosen[edge] = scope.arrived[edge] = "skipped"
        scope.over |= {h for h in scope.shape.bodies if h in scope.shape.branches(join)}
        for loop in {scope.shape.loops_of(n)[-1] for n in rest if scope.shape.loops_of(n)}:
            self._consider(scope, loop)

    def _withdraw(self, scope: Scope, names: list[str], why: str) -> None:
        for name in names:
            scope.lives[name].status = "cancelled"
            self.told.append(("node.cancelled", scope.execution(name), why))
            self._withdraw_items(scope, name)
            self._end_inner(scope, name)

    def _withdraw_items(self, scope: Scope, name: str) -> None:
        for item, part in sorted(scope.lives[name].items.items()):
            if part.status not in DECIDED:
                part.status = "cancelled"
                self.told.append(("node.cancelled", scope.execution(name, item), "each"))
                self._end_inner(scope, name, item)

    def _end_inner(self, scope: Scope, name: str, item: int | None = None) -> None:
        """What runs inside a subgraph node ends with it."""
        inner = self.scopes.pop(scope.execution(name, item), None)
        if inner is not None:
            self._drop_queue(inner)
            self._withdraw(inner, self._active(inner), "scope")

    def _active(self, scope: Scope) -> list[str]:
        return [n for n in scope.shape.order if self._goes_on(scope.lives[n])]

    def _goes_on(self, life: Life) -> bool:
        return life.is_active or any(part.is_active for part in life.items.values())

    def _settle(self) -> None:
        """Draw consequences until none is left, then see who is left alone and which walk is over."""
        while self.queue or self._cancel_alone():
            if self.queue:
                scope, what = self.queue.popleft()
                self._arrive(scope, what) if isinstance(what, Way) else self._turn_loop(scope, what)
        for scope in list(self.scopes.values()):
            if scope.ending is None and not self._active(scope):
                code = scope.failure.code if scope.failure is not None else None
                scope.ending = ("end", scope.path, code, None, False)

    def _cancel_alone(self) -> bool:
        """Cancel the gates and waits among a join's rest that nothing but themselves holds up."""
        for scope in self.scopes.values():
            resting = {j: scope.shape.branches(j) for j in scope.passed}
            active = [n for n in self._active(scope) if scope.failure is None and scope.ending is None]
            for join in [n for n in scope.shape.order if n in resting]:
                here = [n for n in active if n in scope.shape.scope_of_join(join)]
                alone = [n for n in here if n in resting[join]]
                if alone and all(self._is_left_waiting(scope, n, resting) for n in here):
                    self._withdraw(scope, alone, "alone")
                    for name in alone:
                        for edge in scope.shape.out(name):
                            self._choose(scope, edge, "skipped")
                        self._decided(scope, name)
                    return True
        return False

    def _is_left_waiting(self, scope: Scope, name: str, resting: dict[str, frozenset[str]]) -> bool:
        life = scope.lives[name]
        kind = scope.shape.nodes[name].kind
        return (
            kind in WAITING_KINDS
            and life.status in ("ready", "running", "open")
            and any(name in rest for rest in resting.values())
        )

    # --- the end of a graph ---

    def _end_graph(self, scope: Scope, end: str) -> None:
        self._drop_queue(scope)
        self._withdraw(scope, self._active(scope), "end")
        scope.ending = ("end", scope.path, None, scope.execution(end), False)

    def _fail_graph(self, scope: Scope, failure: Failure) -> None:
        self._drop_queue(scope)
        stops = scope.shape.graph.on_failure == "stop"
        scope.failure = failure
        cut = [n for n in self._active(scope) if stops or not self._may_end(scope, n)]
        self._withdraw(scope, cut, "run" if scope is self.root else "scope")

    def _may_end(self, scope: Scope, name: str) -> bool:
        """Whether an attempt is being executed, which ``finish`` lets end."""
        return scope.lives[name].status == "running" and scope.shape.nodes[name].kind not in WAITING_KINDS

    def _drop_queue(self, scope: Scope) -> None:
        self.queue = deque(entry for entry in self.queue if entry[0] is not scope)

    # --- each ---

    def _weigh_items(self, scope: Scope, name: str) -> None:
        """Whether the items that are decided satisfy the node's rule, or can no more."""
        life, node = scope.lives[name], scope.shape.nodes[name]
        parts = list(life.items.values())
        if life.status != "running" or life.closed:
            return
        done = sum(p.status == "completed" for p in parts)
        failed = [p for p in parts if p.status == "failed"]
        wait = {"all": None, "any": 1}.get(node.wait, node.wait) if node.wait is not None else None
        if failed and not node.accept_failed:
            life.status, life.word = "giving_up", failed[0].word
            self._withdraw_items(scope, name)
        elif not parts or (done >= (wait or 1) and (wait is not None or all(p.status in DECIDED for p in parts))):
            life.status, life.word, life.closed = "concluding", "items", True
            if node.rest == "cancel":
                self._withdraw_items(scope, name)
        elif all(p.status in DECIDED for p in parts):
            life.status, life.word = "giving_up", "join.starved"
