"""A slow, plain second model of the walk (GRAPH.md §3): facts in, consequences and open wishes out.

Rule: written from the text, with dictionaries and searches instead of counters and indices; it is the judge that
``engine.scheduler`` is compared with in lock step. Whatever it wishes (start, evaluate, conclude, …) is worked out from
its state after every fact, never remembered.

Where the text leaves open in which order things are told: a join withdraws its rest, in topological order, right after
it has passed on, even if something of it is still to be evaluated; what an ending withdraws is told in the order in
which it became ready, a node before what runs in it.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import Failure
from engine.model.graph import Graph
from engine.model.nodes import JoinNode, LoopBackNode
from engine.scheduler import events as ev
from tests.support.plain_scope import DECIDED, Life, Place, Scope, Told, Wish
from tests.support.plain_shape import EXECUTING, WAITING_KINDS, Shape, Way

KILLS = 3
"""So many attempts cut off by the end of a process fail a node (GRAPH.md §3.7)."""


class PlainWalk:
    """The walk of one run.

    Args:
        graph: the root graph.
        graphs: the graphs that subgraph nodes name.
    """

    def __init__(self, graph: Graph, graphs: Mapping[str, Graph] | None = None) -> None:
        self.graphs = {name: Shape(g) for name, g in (graphs or {}).items()}
        self.root = Scope("", Shape(graph))
        self.told: list[Told] = []
        self.kept: dict[str, int] = {}
        self.clock = 0
        self.outcome: str | None = None
        self.has_begun = False
        self._tried: dict[str, dict[str, int]] = {}

    # --- what is asked of it ---

    def apply(self, fact: ev.Event) -> list[Told]:
        """Draw the consequences of one fact, in their order; a fact that comes too late has none."""
        self.told = []
        self._take(fact)
        self._share_slots()
        self._settle()
        return self.told

    def wishes(self) -> set[Wish]:
        """Everything that the host should be doing or beginning now, apart from what it has begun already."""
        if self.outcome is not None:
            return set()
        found = {scope.ending for scope in self.root.scopes() if scope.ending is not None}
        for place in self.root.executions():
            if self._is_given(place):
                found |= _wish(place.execution, place.life)
        return found

    def went_on(self) -> None:
        """The host has seen every wish to continue and gone on."""
        for place in self.root.executions():
            if place.life.status == "answered" and self._is_given(place):
                place.life.status, place.life.was_begun = "running", True

    def places(self) -> list[Place]:
        """Every execution of every open scope."""
        return list(self.root.executions())

    # --- who may work: slots and locks ---

    def _is_given(self, place: Place) -> bool:
        """Whether what is wanted of an execution may be done now."""
        if place.item is not None:
            return place.life.has_slot or place.life.status == "retrying"
        return self._has_lock(place)

    def _has_lock(self, place: Place) -> bool:
        """Of the nodes with the same lock the first that became ready works, until it is decided."""
        lock = _lock(place)
        if lock is None or not place.life.goes_on:
            return True
        rivals = [p.life for p in self.root.executions() if p.item is None and p.life.goes_on and _lock(p) == lock]
        return place.life is min(rivals, key=lambda life: life.since)

    def _share_slots(self) -> None:
        """A slot is free as soon as its item is decided or waits; answered items come first, then new ones in order."""
        for place in self.root.executions():
            life = place.life
            if life.items is None or place.scope.is_draining or place.scope.is_ended:
                continue
            for part in life.parts:
                part.has_slot = self._works(part) if part.inner is not None else part.has_slot and _may_work(part)
            free = place.scope.shape.nodes[place.name].concurrency - sum(part.has_slot for part in life.parts)
            answered = sorted((p for p in life.parts if p.status == "answered"), key=lambda p: p.since)
            ready = [p for p in life.parts if p.status == "ready"]
            for part in [p for p in (*answered, *ready) if not p.has_slot][: max(free, 0)]:
                part.has_slot = True

    def _works(self, life: Life) -> bool:
        """Whether anything is being done for an execution, or is asked of the host."""
        if life.items is not None and life.status == "running":
            return any(self._works(part) for part in life.parts if part.has_slot)
        if life.inner is not None and life.status == "running":
            return life.inner.ending is not None or self._is_busy(life.inner)
        return life.status in ("ready", "running", "answered", "evaluating", "concluding", "giving_up")

    def _is_busy(self, scope: Scope) -> bool:
        """Whether anything is being done in a scope."""
        return any(
            self._works(part)
            for name, life in scope.lives.items()
            if self._has_lock(Place(scope, name, None, life))
            for part in (life, *(p for p in life.parts if p.has_slot))
            if part.is_active
        )

    # --- facts ---

    def _take(self, fact: ev.Event) -> None:
        match fact:
            case ev.RunStarted():
                self.has_begun = True
                self._ready(self.root, self.root.shape.start)
            case ev.RunResumed():
                self._resume(clean=fact.clean)
            case ev.RunCancelRequested() if self.outcome is None and self.root.ending is None:
                cancelled = self.root.failure is None
                self._stop(self.root)
                self.root.ending = (*_ending(self.root)[:4], cancelled)
            case ev.SignalReceived() if self.outcome is None:
                self._signal(fact.name)
            case ev.RunCompleted():
                self.outcome = "completed"
            case ev.RunFailed():
                self.outcome = "failed"
            case ev.RunCancelled():
                self.outcome = "cancelled"
            case (
                ev.NodeStarted() | ev.NodeCompleted() | ev.NodeFailed() | ev.GateOpened() | ev.GateAnswered()
                | ev.GateExpired() | ev.TimerSet() | ev.TimerFired()
            ):  # fmt: skip
                place = self.find(fact.execution)
                if place is not None and place.life.is_active and _fits(fact, place.life):
                    self._take_of(fact, place)
            case _:
                pass  # what only informs

    def find(self, execution: str) -> Place | None:
        """Where the execution of this name stands now, if it is one of the present iteration."""
        if self.outcome is not None:
            return None
        return next((place for place in self.root.executions() if place.execution == execution), None)

    def _take_of(self, fact: ev.Event, place: Place) -> None:
        life = place.life
        match fact:
            case ev.NodeStarted():
                self._started(fact, place)
            case ev.NodeCompleted() if place.item is not None:
                life.status = "completed"
                self._weigh_items(place.scope, place.name)
            case ev.NodeCompleted():
                self._completed(fact, place)
            case ev.NodeFailed() if fact.retry_at is not None and not fact.ends_run:
                self._retries(place)
            case ev.NodeFailed() if place.item is not None:
                self._item_failed(place, fact)
            case ev.NodeFailed():
                self._failed(place.scope, place.name, fact.error, fact.taken, ends_run=fact.ends_run)
            case ev.GateOpened():
                self._steps_aside(place, "open" if fact.purpose == "gate" else "asking", fact.gate)
            case ev.GateAnswered() | ev.GateExpired() if life.status == "asking":
                self.clock += 1
                life.status, life.since = "answered", self.clock if place.item is not None else life.since
            case ev.GateAnswered():
                life.status, life.word = "concluding", "answered"
            case ev.GateExpired():
                life.status, life.word = "concluding", "expired"
            case ev.TimerSet():
                self._waits(fact, life)
            case ev.TimerFired():
                life.status, life.word = "concluding", "expired" if fact.expired else "fired"
            case _:
                raise AssertionError(fact)

    def _started(self, fact: ev.NodeStarted, place: Place) -> None:
        life, scope = place.life, place.scope
        if place.item is not None and life.status == "retrying":
            owner = scope.lives[place.name]
            if sum(p.has_slot for p in owner.parts) >= scope.shape.nodes[place.name].concurrency:
                return  # no slot is free: the host will be asked again
            life.has_slot = True
        life.status, life.was_begun = "running", True
        if scope.tried is not None:
            scope.tried[fact.execution] = fact.attempt
        if place.item is None and getattr(scope.shape.nodes[place.name], "each", None) is not None:
            self._open_items(fact, place)
        elif scope.shape.nodes[place.name].kind == "subgraph":
            self._open_scope(fact, place)

    def _open_items(self, fact: ev.NodeStarted, place: Place) -> None:
        scope, life = place.scope, place.life
        if life.items is None:
            names = {i: scope.execution(place.name, i) for i in range(len(fact.items or ()))}
            tried = scope.tried or {}
            life.items = {i: Life("ready", attempt=1 + tried.get(name, 0)) for i, name in names.items()}
        else:
            life.is_heard_out = False
            self._reopen_items(life)
        self._weigh_items(scope, place.name)

    def _open_scope(self, fact: ev.NodeStarted, place: Place) -> None:
        life = place.life
        if life.inner is not None:
            self._revive(life.inner)
            return
        life.inner = Scope(fact.execution, self._shape_of(place), self._tried_in(place))
        self._ready(life.inner, life.inner.shape.start)

    def _tried_in(self, place: Place) -> dict[str, int]:
        """Attempts inside a subgraph go on counting when its node is tried again."""
        if place.scope.tried is not None:
            return place.scope.tried
        return self._tried.setdefault(place.execution, {})

    def _shape_of(self, place: Place) -> Shape:
        node = place.scope.shape.nodes[place.name]
        return self.graphs[node.graph] if node.graph is not None else Shape(Graph.model_validate(node.inline))

    def _retries(self, place: Place) -> None:
        life = place.life
        self._withdraw_inner(life)
        life.inner = None
        life.status, life.attempt, life.was_begun, life.has_slot = "retrying", life.attempt + 1, False, False
        if place.scope.is_draining:
            self._cut_off(place)

    def _steps_aside(self, place: Place, status: str, gate: str) -> None:
        place.life.status, place.life.asked = status, gate
        if place.scope.is_draining:
            self._cut_off(place)

    def _waits(self, fact: ev.TimerSet, life: Life) -> None:
        life.status, life.asked = "open", fact.signal or ""
        if fact.signal and self.kept.get(fact.signal):
            self.kept[fact.signal] -= 1
            life.status, life.word = "concluding", "signal"

    def _signal(self, signal: str) -> None:
        if self.root.ending is not None:
            return
        waiting = [p.life for p in self.root.executions() if p.life.status == "open" and p.life.asked == signal]
        for life in waiting:
            life.status, life.word = "concluding", "signal"
        if not waiting:
            self.kept[signal] = self.kept.get(signal, 0) + 1

    # --- a run is taken up again ---

    def _resume(self, *, clean: bool) -> None:
        if self.outcome == "completed":
            return
        if self.outcome is not None:
            self.outcome = None
            self._revive(self.root)
            return
        for place in self._under_way(self.root):
            life = place.life
            if life.status == "running" and life.items is None and life.inner is None:
                self._lost(place, clean=clean)

    def _under_way(self, scope: Scope) -> list[Place]:
        """What is begun and not decided, first ready first, and after it what is inside."""
        found: list[Place] = []
        deeper: list[Scope] = []
        for name in scope.active():
            life = scope.lives[name]
            for item, part in [(None, life), *sorted((life.items or {}).items())]:
                found.append(Place(scope, name, item, part))
                if part.inner is not None and part.status == "running":
                    deeper.append(part.inner)
        return found + [place for inner in reversed(deeper) for place in self._under_way(inner)]

    def _lost(self, place: Place, *, clean: bool) -> None:
        """An attempt was cut off by the end of its process."""
        life = place.life
        if place.scope.is_draining:
            self._cut_off(place)
            return
        life.was_begun = False
        life.cut_off += not clean
        if life.cut_off < KILLS:
            life.status, life.attempt = "ready", life.attempt + 1
        else:
            life.status, life.word = "giving_up", "node.kills_process"

    def _revive(self, scope: Scope) -> None:
        """What failed a graph and what its end cut off is wanted again; the rest goes on where it was."""
        scope.ending = scope.failure = None
        scope.is_draining = scope.is_closed = False
        if scope.is_over:
            scope.ending = _ending(scope)
            return
        broken, scope.broken = scope.broken, []
        cut, scope.cut = scope.cut, []
        for kept, names in ((scope.broken, broken), (scope.cut, cut)):
            for name in names:
                if scope.is_ended or scope.is_draining:  # what failed has failed again, on the spot
                    kept.append(name)
                else:
                    self._restart(scope, name)

    def _restart(self, scope: Scope, name: str) -> None:
        node, life = scope.shape.nodes[name], scope.lives[name]
        self.clock += 1
        life.since = self.clock
        if life.status == "completed":  # what its unheard items were doing was cut off
            self._reopen_items(life)
        elif node.kind in EXECUTING:
            _renew(life)
        elif self._evaluates(scope, name):
            life.status = "giving_up" if life.word else "evaluating"
        elif node.kind == "join" and name not in scope.passed:
            self._weigh_join(scope, name, scope.came(name))
        else:
            self._ready(scope, name)

    def _reopen_items(self, life: Life) -> None:
        """Items without a recorded completion run (again)."""
        for part in life.parts:
            if part.status in ("cancelled", "failed"):
                _renew(part)

    # --- a node comes to its end ---

    def _ready(self, scope: Scope, name: str) -> None:
        """All its edges are decided and one was taken (or it is the start, or a header again)."""
        node, life = scope.shape.nodes[name], scope.lives[name]
        self.clock += 1
        cancels = False
        if isinstance(node, JoinNode) and name not in scope.passed:
            scope.passed.add(name)
            cancels = node.rest == "cancel"
        if node.kind in EXECUTING:
            attempt = 1 if scope.tried is None else scope.tried.get(scope.execution(name), 0) + 1
            scope.lives[name] = Life("ready", attempt, since=self.clock)
        elif self._evaluates(scope, name):
            life.status, life.since = "evaluating", self.clock
        elif isinstance(node, LoopBackNode):
            self._turn(scope, name, node)
        else:
            self._complete_itself(scope, name)
        if cancels:
            self._cancel_rest(scope, name)

    def _evaluates(self, scope: Scope, name: str) -> bool:
        node = scope.shape.nodes[name]
        asked = [getattr(node, key, None) for key in ("while_", "save", "output_key", "fail", "output")]
        return any(value is not None for value in asked) or any(e.when is not None for e in node.to)

    def _turn(self, scope: Scope, name: str, node: LoopBackNode) -> None:
        """A loop-back with nothing to evaluate: repeat while iterations are left, else by ``on_limit``."""
        if scope.count[scope.shape.header_of(name)] < (node.max_iterations or 0):
            self.told.append(("node.completed", scope.execution(name), "repeat", True))
            self._leave(scope, name, "repeat", scope.shape.out(name))
        elif node.on_limit == "exit":
            self._complete_itself(scope, name)
        else:
            self._fail_itself(scope, name, Failure("limit", "loop.exhausted", "no iteration is left"))

    def _complete_itself(self, scope: Scope, name: str) -> None:
        """A fork, join, loop-back (by ``done``) or end with nothing to evaluate."""
        port = {"parallel-fork": "branch", "join": "ok", "loop-back": "done"}.get(scope.shape.nodes[name].kind)
        self.told.append(("node.completed", scope.execution(name), port, False))
        self._leave(scope, name, port, scope.shape.out(name))

    def _fail_itself(self, scope: Scope, name: str, failure: Failure) -> None:
        if any(e.port == "error" and e.conditional for e in scope.shape.out(name)):
            life = scope.lives[name]
            self.clock += 1
            life.status, life.word, life.since = "giving_up", failure.code, self.clock
            return
        errors = tuple(e.index for e in scope.shape.out(name) if e.port == "error")
        self.told.append(("node.failed", scope.execution(name), failure.code, errors))
        self._failed(scope, name, failure, errors)

    def _completed(self, fact: ev.NodeCompleted, place: Place) -> None:
        out = place.scope.shape.out(place.name)
        taken = [e for e in out if not e.conditional] if fact.taken is None else [out[i] for i in fact.taken]
        self._leave(place.scope, place.name, fact.port, taken)

    def _leave(self, scope: Scope, name: str, port: str | None, held: list[Way]) -> None:
        """It is completed: of the edges on its port those that held are taken, all others skipped."""
        node, life = scope.shape.nodes[name], scope.lives[name]
        life.status = "completed"
        if isinstance(node, LoopBackNode) and port == "repeat":
            scope.votes.add(name)
        for edge in scope.shape.out(name):
            self._choose(scope, edge, "taken" if edge in held and edge.port == port else "skipped")
        if node.kind == "end":
            scope.is_over = True
            self._withdraw(scope, scope.active(), "end")
            scope.end = scope.execution(name)
            scope.ending = _ending(scope)
        self._decided(scope, name)

    def _failed(
        self, scope: Scope, name: str, failure: Failure, taken: tuple[int, ...], *, ends_run: bool = False
    ) -> None:
        """Its last attempt failed: it leaves by an error edge, or joins take it up, or the graph fails."""
        life = scope.lives[name]
        life.status = "failed"
        self._withdraw_inner(life)
        self._withdraw_items(scope, name, life)
        if ends_run:
            scope.broken.append(name)
            self._fail_graph(self.root, failure)
        elif taken:
            for edge in scope.shape.out(name):
                self._choose(scope, edge, "taken" if edge.index in taken else "skipped")
            self._decided(scope, name)
        elif self._is_taken_up(scope, name):
            self._pass_failure_on(scope, name)
        else:
            scope.broken.append(name)
            self._fail_graph(scope, failure)

    def _is_taken_up(self, scope: Scope, name: str) -> bool:
        """It is unheard, or every way onward meets a join that accepts failures or has passed on."""
        joins = {n for n, node in scope.shape.nodes.items() if isinstance(node, JoinNode)}
        catching = {j for j in joins if scope.shape.nodes[j].accept_failed or j in scope.passed}
        is_unheard = any(name in scope.shape.branches(j) for j in joins & scope.passed)
        return is_unheard or scope.shape.ways_meet(name, catching)

    def _pass_failure_on(self, scope: Scope, name: str) -> None:
        for edge in scope.shape.out(name):
            self._choose(scope, edge, "skipped" if edge.port == "error" else "failed")
        self._decided(scope, name)

    def _skip(self, scope: Scope, name: str) -> None:
        scope.lives[name].status = "skipped"
        if "failed" in scope.came(name):
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
        to_end = scope.shape.nodes[edge.target].kind == "end"
        if not scope.shape.is_repeat(edge) and (not scope.shape.leaves(edge) or (to_end and what == "taken")):
            scope.queue.append(edge)

    def _arrive(self, scope: Scope, edge: Way) -> None:
        scope.arrived[edge] = scope.chosen[edge]
        name = edge.target
        came = scope.came(name)
        if scope.lives[name].status != "idle":
            return
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
            self._fail_itself(scope, name, Failure("logic", "join.starved", "too few came"))
        else:
            self._skip(scope, name)

    # --- loops ---

    def _decided(self, scope: Scope, name: str) -> None:
        """A node is decided: perhaps the iteration of its innermost loop is."""
        loops = scope.shape.loops_of(name)
        if loops:
            self._consider(scope, loops[-1])

    def _consider(self, scope: Scope, header: str) -> None:
        inner = [h for h in scope.shape.bodies if h != header and scope.shape.around(h) == header]
        if (
            header not in scope.over
            and header not in scope.queue
            and all(scope.lives[n].is_decided for n in scope.shape.bodies[header])
            and all(h in scope.over for h in inner)
        ):
            scope.queue.append(header)

    def _turn_loop(self, scope: Scope, header: str) -> None:
        """The iteration is decided: the loop repeats or is over."""
        leaving = [e for e in scope.shape.edges if header in scope.shape.leaves(e)]
        left = any(scope.chosen.get(e) in ("taken", "failed") for e in leaving)
        votes = any(n in scope.votes for n in scope.shape.loop_backs(header))
        if votes and not left and header not in scope.void:
            self._repeat(scope, header)
            return
        scope.over.add(header)
        for edge in [] if header in scope.void else sorted(leaving, key=lambda e: self._held_since(scope, e)):
            if any(h not in scope.over for h in scope.shape.leaves(edge)):
                scope.chosen[edge] = scope.chosen.pop(edge)  # now the loop around holds it, as the newest
            elif edge not in scope.arrived and not scope.shape.is_repeat(edge):
                scope.queue.append(edge)
        around = scope.shape.around(header)
        if around is not None:
            self._consider(scope, around)

    def _held_since(self, scope: Scope, edge: Way) -> int:
        """A loop lets edges go in the order in which it got hold of them."""
        return list(scope.chosen).index(edge)

    def _repeat(self, scope: Scope, header: str) -> None:
        body = scope.shape.bodies[header]
        for name in body:
            scope.lives[name] = Life()
            scope.votes.discard(name)
            if name != header:
                scope.passed.discard(name)
            for edge in scope.shape.out(name):
                scope.chosen.pop(edge, None)
                scope.arrived.pop(edge, None)
        for inner in body & set(scope.count):
            scope.over.discard(inner)
            scope.void.discard(inner)
            scope.count[inner] = 1 if inner != header else scope.count[header] + 1
        self.told.append(("loop.repeated", scope.execution(header), scope.count[header]))
        self._ready(scope, header)

    # --- withdrawing ---

    def _cancel_rest(self, scope: Scope, join: str) -> None:
        """Cancel what is not decided in the branches of a join, at once; the loops in them do not repeat any more."""
        branches = scope.shape.branches(join)
        rest = [n for n in scope.shape.order if n in branches and not scope.lives[n].is_decided]
        scope.void |= {h for h in scope.shape.bodies if h in branches}
        for name in rest:
            self._withdraw(scope, [name], "join", keep=False)
            for edge in scope.shape.out(name):
                scope.chosen[edge] = scope.arrived[edge] = scope.chosen.get(edge, "skipped")
            self._decided(scope, name)

    def _withdraw(self, scope: Scope, names: list[str], why: str, *, keep: bool = True) -> None:
        """Cancel nodes with all that is under way in them; ``keep``: a resume goes on with them."""
        for name in names:
            life = scope.lives[name]
            if keep:
                scope.cut.append(name)
            if life.status not in DECIDED:
                life.status = "cancelled"
                self.told.append(("node.cancelled", scope.execution(name), why))
            self._withdraw_inner(life)
            self._withdraw_items(scope, name, life)

    def _withdraw_items(self, scope: Scope, name: str, life: Life) -> None:
        for item, part in sorted((life.items or {}).items()):
            if part.status == "ready" and not part.has_slot:
                part.status = "cancelled"  # it was never begun, so nothing is told of it
            elif part.is_active:
                part.status = "cancelled"
                self.told.append(("node.cancelled", scope.execution(name, item), "each"))
            self._withdraw_inner(part)
            part.has_slot = False

    def _withdraw_inner(self, life: Life) -> None:
        """What runs inside a subgraph node ends with it."""
        if life.inner is not None and not life.inner.is_ended:
            life.inner.is_closed = True
            self._withdraw(life.inner, life.inner.active(), "scope")

    def _cut_off(self, place: Place) -> None:
        """A graph that has failed with ``finish`` lets nothing wait or begin."""
        why = "run" if place.scope is self.root else "scope"
        if place.item is None:
            self._withdraw(place.scope, [place.name], why)
        else:
            if place.scope.lives[place.name].status == "completed" and place.name not in place.scope.cut:
                place.scope.cut.append(place.name)
            place.life.status, place.life.has_slot = "cancelled", False
            self.told.append(("node.cancelled", place.execution, why))

    # --- settling ---

    def _settle(self) -> None:
        """Draw consequences until none is left."""
        moved = True
        while moved and self.has_begun and self.outcome is None:
            moved = False
            for scope in reversed(list(self.root.scopes())):  # what runs inside ends before what is around it
                moved = self._drain(scope) or self._cancel_alone(scope) or self._end_if_done(scope) or moved
            self._share_slots()

    def _drain(self, scope: Scope) -> bool:
        moved = False
        while scope.queue and not scope.is_ended and not scope.is_draining:
            moved = True
            what = scope.queue.popleft()
            if isinstance(what, Way):
                self._arrive(scope, what)
            else:
                self._turn_loop(scope, what)
        return moved

    def _end_if_done(self, scope: Scope) -> bool:
        if scope.is_ended:
            return False
        if scope.failure is not None:
            if self._is_busy(scope):
                return False
            self._stop(scope)
        elif scope.is_draining or scope.active():
            return False
        else:
            scope.is_over = True
        scope.ending = _ending(scope)
        return True

    def _cancel_alone(self, scope: Scope) -> bool:
        """Cancel the gates and waits among a join's rest that nothing but themselves holds up."""
        if scope.is_ended or scope.is_draining:
            return False
        alone: set[str] = set()
        for join in scope.passed:
            here = [n for n in scope.active() if n in scope.shape.scope_of_join(join)]
            if all(self._is_left_waiting(scope, n) for n in here):
                alone |= set(here) & scope.shape.branches(join)
        for name in [n for n in scope.shape.order if n in alone]:
            self._withdraw(scope, [name], "alone", keep=False)
            for edge in scope.shape.out(name):
                self._choose(scope, edge, "skipped")
            self._decided(scope, name)
        return bool(alone)

    def _is_left_waiting(self, scope: Scope, name: str) -> bool:
        """Whether it is a gate or wait that has no answer yet and that a join which has passed on left behind."""
        is_waiting = scope.shape.nodes[name].kind in WAITING_KINDS and scope.lives[name].status != "concluding"
        return is_waiting and any(name in scope.shape.branches(j) for j in scope.passed)

    # --- the end of a graph ---

    def _stop(self, scope: Scope) -> None:
        """End a graph badly, now: what runs, waits or is ready in it is cancelled."""
        self._withdraw(scope, scope.active(), "run" if scope is self.root else "scope")

    def _fail_graph(self, scope: Scope, failure: Failure) -> None:
        """A graph fails, if nothing has ended it yet; the first failure is its failure."""
        if scope.is_ended or scope.is_draining:
            return
        scope.failure = failure
        if scope.shape.graph.on_failure == "stop":
            self._stop(scope)
            scope.ending = _ending(scope)
            return
        for place in self._waiting_in(scope):
            self._cut_off(place)

    def _waiting_in(self, scope: Scope) -> list[Place]:
        """What is not a running attempt, in a graph that lets only such end; what runs in subgraphs counts too."""
        scope.is_draining = True
        found: list[Place] = []
        deeper: list[Scope] = []
        for name in scope.active():
            life = scope.lives[name]
            kind = scope.shape.nodes[name].kind
            parts = [(None, life)] if life.items is None else [(i, p) for i, p in sorted(life.items.items())]
            for item, part in parts:
                never_begun = item is not None and part.status == "ready" and not part.has_slot
                if part.inner is not None and not part.inner.is_ended and part.status == "running":
                    deeper.append(part.inner)
                elif part.is_active and not never_begun and not _runs(part, kind):
                    found.append(Place(scope, name, item, part))
        return found + [place for inner in reversed(deeper) for place in self._waiting_in(inner)]

    # --- each ---

    def _item_failed(self, place: Place, fact: ev.NodeFailed) -> None:
        scope, node = place.scope, place.scope.shape.nodes[place.name]
        owner = scope.lives[place.name]
        self._withdraw_inner(place.life)
        place.life.status = "failed"
        if fact.ends_run:
            self._fail_graph(self.root, fact.error)
            if owner.status == "completed" and place.name not in scope.cut:
                scope.cut.append(place.name)
        elif owner.is_heard_out or node.accept_failed or owner.status != "running":
            self._weigh_items(scope, place.name)
        elif not scope.is_draining:
            self._withdraw_items(scope, place.name, owner)
            owner.status, owner.word = "giving_up", fact.error.code

    def _weigh_items(self, scope: Scope, name: str) -> None:
        """Whether the items that are decided satisfy the node's rule, or can no more, or are all there were."""
        life, node = scope.lives[name], scope.shape.nodes[name]
        if life.is_decided:
            self._decided(scope, name)
        if life.status != "running" or scope.is_draining or scope.is_ended:
            return
        done = [p.status for p in life.parts].count("completed")
        are_decided = all(p.status in DECIDED for p in life.parts)
        need = {None: None, "all": None, "any": 1}.get(node.wait, node.wait)
        if not life.parts or (done >= (need or 1) and (need is not None or are_decided)):
            life.status, life.word, life.is_heard_out = "concluding", "items", True
            if node.rest == "cancel":
                self._withdraw_items(scope, name, life)
        elif are_decided:
            life.status, life.word = "giving_up", "join.starved"


def _lock(place: Place) -> str | None:
    lock: str | None = place.scope.shape.nodes[place.name].lock
    return lock


def _may_work(life: Life) -> bool:
    return life.status in ("ready", "running", "answered", "giving_up")


def _runs(life: Life, kind: str) -> bool:
    """Whether an attempt is being executed or its result is being put in order."""
    at_work = life.status in ("concluding", "giving_up")
    return at_work or (life.status == "running" and kind not in WAITING_KINDS)


def _renew(life: Life) -> None:
    """What the end of a run cut off is wanted again: as its next attempt if one had begun."""
    if life.status == "failed" or life.was_begun:
        life.attempt += 1
    life.status, life.cut_off, life.was_begun, life.word, life.has_slot = "ready", 0, False, "", False


def _fits(fact: ev.Event, life: Life) -> bool:
    """Whether a word is about the attempt at hand."""
    if isinstance(fact, ev.NodeStarted | ev.NodeCompleted | ev.NodeFailed):
        return fact.attempt == life.attempt
    return True


def _ending(scope: Scope) -> Wish:
    return ("end", scope.path, None if scope.failure is None else scope.failure.code, scope.end, False)


def _wish(execution: str, life: Life) -> set[Wish]:
    match life.status:
        case "ready" | "retrying":
            return {("start", execution, life.attempt)}
        case "answered":
            return {("continue", execution, life.attempt)}
        case "evaluating":
            return {("evaluate", execution)}
        case "concluding":
            return {("conclude", execution, life.word)}
        case "giving_up":
            return {("give_up", execution, life.word)}
        case _:
            return set()
