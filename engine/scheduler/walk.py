"""The walk over one plan: edges, joins and loops of one scope (GRAPH.md §3.1 to §3.4).

Rule: Kahn's topological walk kept up to date edge by edge. A node that is decided decides its edges; an edge that is
decided counts at its target; a target whose count is full becomes ready, is skipped, or (a join, an end) passes on
early. All of it goes through one queue, first in, first out, that holds edges in the order in which they were decided
and, as an entry of its own, the end of an iteration at the moment its last node is decided. So the same facts always
give the same consequences, and no recursion grows with the graph.

Loops: an edge that leaves a body is held by the loop until its iteration is decided, then handed to the next loop it
leaves, and in the end put into the queue. Each loop counts the nodes and loops that stand directly in it and are not
over; the scope itself is counted like a loop around everything. At 0 the iteration is decided: it repeats if a
loop-back voted so and no leaving edge was taken or failed; else the loop is over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Protocol

from engine.scheduler.names import turns_suffix
from engine.scheduler.tables import END, FAILED, JOIN, SKIPPED, TAKEN, Decided, Tables

if TYPE_CHECKING:
    from engine.compile.plan import PlanNode
    from engine.errors import Failure
    from engine.scheduler.commands import Scope
    from engine.scheduler.executions import Execution
    from engine.scheduler.values import Values

NONE_TAKEN: Final = -1


class Walker(Protocol):
    """What a walk leaves to the scheduler, which knows executions, values and events."""

    def ready(self, walk: Walk, node: PlanNode) -> None:
        """A node is ready: begin it, or complete it on the spot."""
        ...

    def starved(self, walk: Walk, node: PlanNode) -> None:
        """A join cannot pass on and has an edge that was taken or failed."""
        ...

    def skipped(self, walk: Walk, node: PlanNode, why: str) -> None:
        """A node was skipped; its edges are seen to."""
        ...

    def passed(self, walk: Walk, node: PlanNode) -> None:
        """A join has passed on and was begun: see to the rest of its branches."""
        ...

    def repeated(self, walk: Walk, loop: int) -> None:
        """A loop begins its next iteration."""
        ...

    def over(self, walk: Walk) -> None:
        """Every node of the scope is decided."""
        ...


class Walk:
    """One scope under way.

    Attributes:
        scope: its identity towards the host.
        tables: what is looked up of its plan.
        parent: the subgraph's execution, None for the run.
        values: its input, state and outputs.
        active: node number -> its execution, from ready to decided, items unheard included; in starting order.
        is_begun, is_decided: for each node, in its present iteration.
        passed: for each node whether it is a join that has passed on in its present iteration.
        first: for each node the lowest number among its taken edges, or NONE_TAKEN.
        arrived: join -> its taken edges when it passed on, in edge order.
        iteration: for each loop its iteration, from 1.
        tried: for a subgraph's walk, execution -> its last attempt; None for the run.
        busy: how many executions the host works on or has been asked to begin.
        is_working: as the parent's scope last heard: whether ``busy`` is above 0.
        is_over: it ended well: every node is decided, or an ``end`` was reached.
        is_ended: its end was decided; nothing moves any more.
        is_draining: it failed with ``on_failure: finish``: what runs may end, nothing starts.
        failure: its first failure.
        end, end_output: the execution of the ``end`` that ended it, and that node's output.
        is_cancelled: it ended because somebody wanted it so.
        cut: executions that its failing or being cancelled cut off, oldest first.
        failed: executions and nodes whose failure nobody took up, oldest first.
    """

    def __init__(self, scope: Scope, tables: Tables, values: Values, walker: Walker) -> None:
        self.scope = scope
        self.tables = tables
        self.values = values
        self.parent: Execution | None = None
        self.active: dict[int, Execution] = {}
        self.tried: dict[str, int] | None = None
        self.busy = 0
        self.is_working = False
        self.is_ended = False
        self.is_draining = False
        self.is_cancelled = False
        self.failure: Failure | None = None
        self.end: str | None = None
        self.end_output: object = None
        self.cut: list[Execution] = []
        self.failed: list[Execution | PlanNode] = []
        self.is_over = False
        self._walker = walker
        count, loops = len(tables.plan.nodes), len(tables.plan.loops)
        self.is_begun = [False] * count
        self.is_decided = [False] * count
        self.passed = [False] * count
        self.first = [NONE_TAKEN] * count
        self.arrived: dict[int, list[int]] = {}
        self.iteration = [1] * loops
        self._has_failed_edge = [False] * count
        self._waits = tables.waits[:]
        self._queue: deque[Decided] = deque()
        self._parts = tables.parts[:]
        self._suffix = [""] * (loops + 1)
        self._votes = [False] * loops
        self._is_left = [False] * loops
        self._is_void = [False] * loops
        self._held: list[list[tuple[int, int, int]]] = [[] for _ in range(loops)]
        self._hands = (
            *(self._queue, tables.target, self.is_begun, self._waits, tables.arrival),
            *(self.first, tables.plan.nodes, self._has_failed_edge, walker.ready),
        )
        self.watched = [0] * (loops + 1)
        self.rest: dict[int, dict[int, None]] = {}
        self.touched: set[int] = set()

    # -- names -------------------------------------------------------------------------------------------------------

    def name_of(self, node: PlanNode) -> str:
        """The execution of a node in its present iteration."""
        path = self.scope.path
        name = node.id + self._suffix[self.tables.home[node.number]]
        return f"{path}/{name}" if path else name

    def path_of(self, node: PlanNode) -> str:
        """The node's id with the path of its subgraph."""
        path = self.scope.node_path
        return f"{path}/{node.id}" if path else node.id

    def attempt_of(self, name: str) -> int:
        """The attempt an execution begins with: in a subgraph that is tried again, attempts go on."""
        return 1 if self.tried is None else self.tried.get(name, 0) + 1

    def iteration_of(self, node: PlanNode) -> int | None:
        """The iteration a node reads: of its innermost loop, of a loop-back the one it repeats; None outside loops."""
        loop = node.loop if node.repeats is None else node.repeats
        return None if loop is None else self.iteration[loop]

    # -- the queue ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin at the start node."""
        start = self.tables.plan.nodes[self.tables.plan.start]
        self.is_begun[start.number] = True
        self._walker.ready(self, start)

    def drain(self) -> None:
        """Work off the queue, until it is empty or the scope's end is decided. O(1) per edge."""
        queue, target, is_begun, waits, arrival, first, nodes, has_failed_edge, ready = self._hands
        while queue and not self.is_ended and not self.is_draining:
            edge, state = queue.popleft()
            if edge < 0:
                self._iteration_decided(~edge)
                continue
            node = target[edge]
            if is_begun[node]:
                continue
            left = waits[node] - 1
            waits[node] = left
            if state == TAKEN:
                if first[node] < 0 or edge < first[node]:
                    first[node] = edge
            elif state == FAILED:
                has_failed_edge[node] = True
            how = arrival[node]
            if how == JOIN:
                self._arrive_at_join(nodes[node], edge, state, left)
            elif how == END and state == TAKEN:
                self._begin(nodes[node])
            elif left:
                continue
            elif first[node] >= 0 and not has_failed_edge[node]:
                is_begun[node] = True
                ready(self, nodes[node])
            else:
                self._skip(nodes[node], "upstream_failed" if has_failed_edge[node] else "dead_path")

    def _arrive_at_join(self, node: PlanNode, edge: int, state: int, left: int) -> None:
        if state == TAKEN:
            arrived = self.arrived.get(node.number)
            if arrived is None:
                arrived = self.arrived[node.number] = []
            arrived.append(edge)
            if len(arrived) == need_of(node):
                self._pass_on(node, arrived)
                return
        if not left:
            self._settle_join(node)

    def _settle_join(self, node: PlanNode) -> None:
        """All edges to a join are decided, and it has not passed on."""
        arrived = self.arrived.get(node.number)
        if arrived and not need_of(node):
            self._pass_on(node, arrived)
        elif arrived or self._has_failed_edge[node.number]:
            self.is_begun[node.number] = True
            self._walker.starved(self, node)
        else:
            self._skip(node, "dead_path")

    def _pass_on(self, node: PlanNode, arrived: list[int]) -> None:
        arrived.sort()
        self.passed[node.number] = True
        self._begin(node)
        self._walker.passed(self, node)

    def _begin(self, node: PlanNode) -> None:
        self.is_begun[node.number] = True
        self._walker.ready(self, node)

    def _skip(self, node: PlanNode, why: str) -> None:
        self.is_begun[node.number] = True
        self._walker.skipped(self, node, why)
        ways = self.tables.dead if why == "dead_path" else self.tables.broken
        self.leave(node.number, ways[node.number])
        self.decide(node.number)

    def resettle(self, node: PlanNode) -> None:
        """Try a node of the scheduler's own again, whose failure ended the run: it fails again if nothing changed."""
        if node.join is not None and not self.passed[node.number]:
            self._walker.starved(self, node)
        else:
            self._walker.ready(self, node)

    # -- nodes that are decided --------------------------------------------------------------------------------------

    def leave(self, node: int, ways: Iterable[Decided]) -> None:
        """Decide a node's edges. O(edges)."""
        if self.tables.is_plain_exit[node]:
            self._queue.extend(ways)
            return
        edges = self.tables.plan.edges
        for number, state in ways:
            edge = edges[number]
            if edge.to_end and state == TAKEN:
                for loop in edge.leaves:
                    self._is_left[loop] = True
                self._queue.append((number, state))
            elif edge.leaves:
                self._hold(number, state, 0)
            else:
                self._release(number, state)

    def decide(self, node: int) -> None:
        """A node is decided: its loop, or the scope, has one part less to wait for."""
        self.is_decided[node] = True
        loop = self.tables.home[node]
        left = self._parts[loop] - 1
        self._parts[loop] = left
        if not left:
            self._queue.append((~loop, 0))

    def _one_less(self, loop: int) -> None:
        left = self._parts[loop] - 1
        self._parts[loop] = left
        if not left:
            self._queue.append((~loop, 0))

    # -- loops -------------------------------------------------------------------------------------------------------

    def _hold(self, edge: int, state: int, place: int) -> None:
        """Keep a leaving edge until the loop at ``place`` among those it leaves is over."""
        loop = self.tables.plan.edges[edge].leaves[place]
        self._held[loop].append((edge, state, place))
        if state != SKIPPED:
            self._is_left[loop] = True

    def _release(self, number: int, state: int) -> None:
        """An edge that leaves no loop any more takes effect: a repeat edge as a vote."""
        edge = self.tables.plan.edges[number]
        if not edge.is_repeat:
            self._queue.append((number, state))
        elif state == TAKEN:
            loop = self.tables.plan.nodes[edge.source].repeats
            self._votes[loop] = True  # type: ignore[index]

    def _iteration_decided(self, loop: int) -> None:
        if loop == self.tables.whole:
            self._walker.over(self)
        elif self._votes[loop] and not self._is_left[loop] and not self._is_void[loop]:
            self._repeat(loop)
        else:
            self._close(loop)

    def _close(self, loop: int) -> None:
        """A loop is over: the edges that it held go on. Those of a withdrawn loop lead nowhere that still waits."""
        held, self._held[loop] = self._held[loop], []
        if not self._is_void[loop]:
            edges = self.tables.plan.edges
            for number, state, place in held:
                if place + 1 < len(edges[number].leaves):
                    self._hold(number, state, place + 1)
                else:
                    self._release(number, state)
        self._one_less(self.tables.outer[loop])

    def _repeat(self, number: int) -> None:
        """Set the body back and start the header again. O(body), each node of which was decided in this iteration.

        The header keeps how it was reached: a join's output stays that of its first pass.
        """
        tables = self.tables
        loop = tables.plan.loops[number]
        header, waits = loop.header, tables.waits
        for node in loop.body:
            self.is_decided[node] = False
            if node != header:
                self.is_begun[node] = False
                self.passed[node] = False
                self.first[node] = NONE_TAKEN
                self._has_failed_edge[node] = False
                self._waits[node] = waits[node]
        if self.arrived:
            self._forget_arrivals(loop.body, header)
        self.iteration[number] += 1
        self._reset(number)
        for inner in tables.inner[number]:
            self.iteration[inner] = 1
            self._reset(inner)
        self._walker.repeated(self, number)
        self._walker.ready(self, tables.plan.nodes[header])

    def _forget_arrivals(self, body: tuple[int, ...], header: int) -> None:
        arrival = self.tables.arrival
        for node in body:
            if arrival[node] == JOIN and node != header:
                self.arrived.pop(node, None)

    def _reset(self, number: int) -> None:
        self._parts[number] = self.tables.parts[number]
        self._votes[number] = self._is_left[number] = self._is_void[number] = False
        self._held[number].clear()
        loop = self.tables.plan.loops[number]
        turns = [self.iteration[number]]
        around = loop.parent
        while around is not None:
            turns.append(self.iteration[around])
            around = self.tables.plan.loops[around].parent
        self._suffix[number] = turns_suffix(turns[::-1])

    def withdraw_loops(self, join: int) -> None:
        """The loops in the branches that a join cancels are over; their votes are void."""
        for loop in self.tables.cut_loops[join]:
            self._is_void[loop] = True

    # -- gates and waits that may be left alone ----------------------------------------------------------------------

    def watch(self, node: int, change: int) -> None:
        """An execution of a node began (+1) or is decided (-1)."""
        for loop in self.tables.watched_by[node]:
            self.watched[loop] += change
            self.touched.add(loop)
            if change < 0 and loop in self.rest:
                self.rest[loop].pop(node, None)

    def is_unheard(self, node: int) -> None:
        """A gate or wait lies in the rest of a join that has passed on."""
        for join in self.tables.rest_of[node]:
            if self.passed[join]:
                loop = self.tables.join_home[join]
                self.rest.setdefault(loop, {})[node] = None
                self.touched.add(loop)

    def is_concluding(self, node: int) -> None:
        """A gate or wait has its answer: it is not open any more."""
        for rest in self.rest.values():
            rest.pop(node, None)

    def left_alone(self) -> list[int]:
        """The gates and waits to be cancelled since nothing else of their iteration is undecided, ascending."""
        alone: set[int] = set()
        for loop in sorted(self.touched):
            rest = self.rest.get(loop)
            if rest and len(rest) == self.watched[loop]:
                alone.update(rest)
        self.touched.clear()
        return sorted(alone)


def need_of(node: PlanNode) -> int:
    """How many taken edges let a join pass on; 0 when all must be decided and one taken."""
    return 0 if node.join is None else node.join.need
