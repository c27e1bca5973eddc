"""Random weft/1 graphs, made so that the checker accepts most of them.

Rule: a graph grows from blocks (a step, a choice, a fork with its join, a loop, …), each of which hands on its loose
ends; so bodies nest, branches meet and nothing hangs in the air, and yet every oddity that the format allows comes up:
loops left from within, several loop-backs on one header, repeats of an outer loop, error edges, ends, gates, locks,
``each``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from hypothesis import strategies as st

from engine.model.graph import Graph

Document = dict[str, Any]
CONDITION = "input.go == true"


@dataclass(frozen=True, slots=True)
class LooseEnd:
    """An edge that still wants a target."""

    node: str
    on: str | None = None
    when: str | None = None


Block = tuple[str, list[LooseEnd]]
"""The node that leads into a block, and the block's loose ends."""


@dataclass(slots=True)
class _Frame:
    """A loop under construction: where it repeats to, and the edges that leave it."""

    header: str
    leaving: list[LooseEnd] = field(default_factory=list[LooseEnd])
    backs: int = 0


@dataclass(frozen=True, slots=True)
class Tastes:
    """What a random graph may hold.

    Attributes:
        size: about how many nodes it may have.
        forks, waits, each, subgraphs, locks, ends: whether these come up.
        loops: how much likelier a loop is than another block.
        escapes: how often, in percent, a choice in a loop leaves it, repeats it or repeats one around it.
        races: whether it may depend on the order of events what becomes of the run: joins and lists that do not wait
            for all.
    """

    size: int = 12
    forks: bool = True
    waits: bool = True
    each: bool = True
    subgraphs: bool = True
    locks: bool = True
    ends: bool = True
    races: bool = True
    loops: int = 1
    escapes: int = 35


class _Maker:
    def __init__(self, rnd: Random, tastes: Tastes) -> None:
        self.rnd = rnd
        self.tastes = tastes
        self.nodes: Document = {}
        self.frames: list[_Frame] = []

    # --- pieces ---

    def is_likely(self, percent: int) -> bool:
        return self.rnd.randrange(100) < percent

    def add(self, letter: str, node: Document) -> str:
        name = f"{letter}{len(self.nodes) + 1}"
        self.nodes[name] = node
        return name

    def edge(self, end: LooseEnd, target: str) -> None:
        edge: Document = {}
        if end.on is not None:
            edge["on"] = end.on
        if end.when is not None:
            edge["when"] = end.when
        self.nodes[end.node].setdefault("to", []).append({**edge, "node": target})

    def join_ends(self, ends: list[LooseEnd], target: str) -> None:
        """Lead loose ends to a node; a join knows its ways by their source, so it gets one from each."""
        if self.nodes[target]["kind"] == "join" and len({end.node for end in ends}) < len(ends):
            merge = self.add("t", {"kind": "tool", "tool": "work"})
            self.edge(LooseEnd(merge), target)
            target = merge
        for end in ends:
            self.edge(end, target)

    @property
    def is_full(self) -> bool:
        return len(self.nodes) >= self.tastes.size

    # --- blocks: each gives the node that leads in and its loose ends ---

    def block(self, depth: int) -> Block:
        if self.is_full or depth <= 0:
            return self.step()
        makers: list[Callable[[], Block]] = [
            self.step,
            lambda: self.chain(depth),
            *[lambda: self.choice(depth), lambda: self.loop(depth)] * self.tastes.loops,
        ]
        if self.tastes.forks:
            makers += [lambda: self.fork(depth), lambda: self.fork(depth)]
        return self.rnd.choice(makers)()

    def chain(self, depth: int) -> Block:
        first, ends = self.block(depth - 1)
        for _ in range(self.rnd.randint(1, 2)):
            if not ends:
                break
            following, more = self.block(depth - 1)
            self.join_ends(ends, following)
            ends = more
        return first, ends

    def step(self) -> Block:
        kinds: list[Callable[[], Block]] = [self.tool] * 5 + [self.decision]
        if self.tastes.waits:
            kinds += [self.gate, self.wait]
        if self.tastes.each:
            kinds.append(self.each)
        if self.tastes.subgraphs:
            kinds.append(self.subgraph)
        return self.rnd.choice(kinds)()

    def tool(self) -> Block:
        node: Document = {"kind": "tool", "tool": "work"}
        if self.tastes.locks and self.is_likely(15):
            node["lock"] = self.rnd.choice(["red", "blue"])
        return self.with_error(self.add("t", node))

    def each(self) -> Block:
        node: Document = {"kind": "tool", "tool": "work", "each": "input.list"}
        if self.is_likely(60):
            node["wait"] = self.rnd.choice(["all", "any", 2] if self.tastes.races else ["all"])
            node["rest"] = self.rnd.choice(["wait", "cancel"])
        if self.is_likely(40):
            node["accept_failed"] = True
        if self.is_likely(50):
            node["concurrency"] = self.rnd.randint(1, 3)
        return self.with_error(self.add("m", node))

    def subgraph(self) -> Block:
        return self.with_error(self.add("s", {"kind": "subgraph", "graph": "inner"}))

    def decision(self) -> Block:
        name = self.add("j", {"kind": "join"})
        return name, [LooseEnd(name)]

    def wait(self) -> Block:
        node: Document = {"kind": "wait", "seconds": 5}
        if self.is_likely(50):
            node = {"kind": "wait", "signal": self.rnd.choice(["ping", "pong"])}
        return self.with_error(self.add("w", node))

    def gate(self) -> Block:
        name = self.add("g", {"kind": "human-gate", "options": ["yes", "no"]})
        ends = [LooseEnd(name, "yes"), LooseEnd(name, "no")]
        if self.is_likely(30):
            self.nodes[name]["deadline_s"] = 60
            ends.append(LooseEnd(name, "expired"))
        return name, ends

    def with_error(self, name: str) -> Block:
        """Perhaps give the node a way for failures: to a handler, straight on, or to an end."""
        ends = [LooseEnd(name)]
        when = CONDITION if self.is_likely(30) else None
        match self.rnd.randrange(8):
            case 0 if not self.is_full:
                handler = self.add("h", {"kind": "tool", "tool": "work"})
                self.edge(LooseEnd(name, "error", when), handler)
                ends += [LooseEnd(handler)] if self.is_likely(60) else []
            case 1:
                ends.append(LooseEnd(name, "error", when))
            case 2 if self.tastes.ends and self.is_likely(30):
                self.edge(LooseEnd(name, "error", when), self.end())
            case _:
                pass
        return name, ends

    def end(self) -> str:
        return self.add("e", {"kind": "end"} | ({"fail": "no more"} if self.is_likely(30) else {}))

    def choice(self, depth: int) -> Block:
        """A node that goes on one way of several; some ways leave loops, repeat one or end the graph."""
        kind: Document = {"kind": "tool", "tool": "work"} if self.is_likely(60) else {"kind": "join"}
        name = self.add("c", kind)
        ends: list[LooseEnd] = []
        ways = self.rnd.randint(1, 2)
        for _ in range(ways):
            self.way(LooseEnd(name, when=CONDITION), depth, ends)
        if self.is_likely(85):
            ends.append(LooseEnd(name))
        else:
            self.way(LooseEnd(name), depth, ends)
        return name, ends

    def way(self, end: LooseEnd, depth: int, ends: list[LooseEnd]) -> None:
        """Lead one edge of a choice somewhere."""
        if self.frames and self.is_likely(self.tastes.escapes):
            frame = self.rnd.choice(self.frames)
            if self.is_likely(50):
                frame.leaving.append(end)
            else:
                ends += self.loop_back([end], frame)
            return
        fate = self.rnd.randrange(5)
        if fate == 0 and self.tastes.ends:
            self.edge(end, self.end())
        elif fate == 1:
            ends.append(end)
        else:
            first, more = self.block(depth - 1)
            self.edge(end, first)
            ends += more

    def fork(self, depth: int) -> Block:
        fork = self.add("f", {"kind": "parallel-fork"})
        branches: list[list[LooseEnd]] = []
        for _ in range(self.rnd.randint(2, 3)):
            first, ends = self.block(depth - 1)
            self.edge(LooseEnd(fork, when=CONDITION if self.is_likely(20) else None), first)
            branches.append(ends)
        if not self.frames and self.is_likely(15):
            return fork, [end for ends in branches for end in ends]
        if not self.frames and self.is_likely(15) and all(end.on is None for end in branches[-1]):
            branches.pop()  # a branch that never joins
        return fork, self.meet(branches)

    def meet(self, branches: list[list[LooseEnd]]) -> list[LooseEnd]:
        """Lead branches to a join of any rule."""
        join = self.add("j", {"kind": "join"})
        for ends in branches:
            if ends and self.is_likely(60):
                self.join_ends(ends, join)
            elif ends:
                merge, more = self.tool()
                self.join_ends(ends, merge)
                self.join_ends(more, join)
        ways_in = sum(e["node"] == join for node in self.nodes.values() for e in node.get("to", []))
        early: list[str | int] = ["any", self.rnd.randint(1, max(1, ways_in))]
        self.nodes[join]["wait"] = self.rnd.choice(["all", *early]) if self.tastes.races else "all"
        self.nodes[join]["rest"] = self.rnd.choice(["wait", "cancel"])
        self.nodes[join]["accept_failed"] = self.is_likely(40)
        ends = [LooseEnd(join)]
        return [*ends, LooseEnd(join, "error")] if self.is_likely(20) else ends

    def loop(self, depth: int) -> Block:
        header, ends = self.decision() if self.is_likely(40) else self.step()
        frame = _Frame(header)
        self.frames.append(frame)
        for _ in range(self.rnd.randint(0, 2)):
            if not ends:
                break
            first, more = self.block(depth - 1)
            self.join_ends(ends, first)
            ends = more
        out = self.loop_back(ends, frame, must_exit=not frame.leaving) if ends else []
        self.frames.remove(frame)
        return header, out + frame.leaving

    def loop_back(self, ends: list[LooseEnd], frame: _Frame, *, must_exit: bool = False) -> list[LooseEnd]:
        """End ways in a loop-back to a frame's header; its own loose ends."""
        node: Document = {"kind": "loop-back", "max_iterations": self.rnd.randint(1, 3)}
        exits = must_exit or self.is_likely(50)
        if exits:
            node["on_limit"] = "exit"
        if self.is_likely(30):
            node["while"] = CONDITION
            exits = True
        name = self.add("l", node)
        self.join_ends(ends, name)
        self.edge(LooseEnd(name, "repeat"), frame.header)
        out = [LooseEnd(name)] if exits else []
        return [*out, LooseEnd(name, "error")] if self.is_likely(15) else out


def random_document(rnd: Random, tastes: Tastes | None = None, name: str = "random") -> Document:
    """One random document; a chain of blocks that ends in a last step."""
    maker = _Maker(rnd, tastes or Tastes())
    _, ends = maker.chain(4)
    if ends:
        maker.join_ends(ends, maker.add("z", {"kind": "tool", "tool": "work"}))
    for node in maker.nodes.values():
        edges: list[Document] = node.get("to", [])
        edges.sort(key=lambda edge: "when" not in edge)
    on_failure = "finish" if maker.is_likely(25) else "stop"
    return {"format": "weft/1", "name": name, "on_failure": on_failure, "nodes": maker.nodes}


def random_graphs(rnd: Random, tastes: Tastes | None = None) -> tuple[Graph, dict[str, Graph]]:
    """A random root graph and the graph ``inner`` that its subgraph nodes name."""
    small = replace(tastes or Tastes(), size=4, subgraphs=False, each=False)
    inner = Graph.model_validate(random_document(rnd, small, "inner"))
    return Graph.model_validate(random_document(rnd, tastes)), {"inner": inner}


@st.composite
def documents(draw: st.DrawFn, tastes: Tastes | None = None) -> Document:
    """Random documents, most of them valid."""
    return random_document(draw(st.randoms(use_true_random=False)), tastes)
