"""Graphs to look at: the sample of the format's description, the seven patterns, and pictures drawn at random."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from engine.model.graph import Graph
from engine.render import EdgeKey, EdgeState, NodeRun, Picture, PictureEdge, PictureNode, RunOverlay, Status, picture_of
from engine.render.picture import EdgeManner
from engine.render.tokens import STATUS_WORDS

Json = dict[str, Any]


def agent(label: str, *to: Json, **more: Any) -> Json:
    return {"kind": "agent", "label": label, "model": "scripted:someone", "to": list(to), **more}


def tool(name: str, *to: Json, **more: Any) -> Json:
    return {"kind": "tool", "tool": name, "to": list(to), **more}


def way(node: str, **more: Any) -> Json:
    return {**more, "node": node}


def graph(name: str, nodes: Json, **more: Any) -> Picture:
    return picture_of(Graph.model_validate({"format": "weft/1", "name": name, **more, "nodes": nodes}))


def draft_and_review() -> Picture:
    gate = {
        "kind": "human-gate",
        "prompt": "Publish this draft?\n\n{state.draft}",
        "options": ["approve", "revise"],
        "to": [way("publish", on="approve"), way("again", on="revise")],
    }
    return graph(
        "draft-and-review",
        {
            "write": agent("Writer", way("review")),
            "review": gate,
            "again": {"kind": "loop-back", "max_iterations": 5, "to": [way("write", on="repeat")]},
            "publish": tool("file.write", label="Publish"),
        },
        description="A writer drafts, a person approves or sends it back, at most five rounds.",
    )


def sequential_pipeline() -> Picture:
    steps = ["outline", "draft", "edit", "store"]
    ways = [*([way(after)] for after in steps[1:]), list[Json]()]
    return graph("pipeline", {step: agent(step.title(), *to) for step, to in zip(steps, ways, strict=True)})


def fan_out_gather() -> Picture:
    readers = ["style", "security", "speed", "docs"]
    return graph(
        "fan-out-gather",
        {
            "ask": {"kind": "parallel-fork", "label": "Ask four", "to": [way(reader) for reader in readers]},
            **{reader: agent(f"{reader.title()} reviewer", way("gather")) for reader in readers},
            "gather": {"kind": "join", "label": "Gather", "wait": 2, "to": [way("sum")]},
            "sum": agent("Summariser"),
        },
    )


def coordinator() -> Picture:
    desks = ["billing", "support", "sales"]
    return graph(
        "coordinator",
        {
            "desk": agent("Front desk", *(way(desk, on="transfer") for desk in desks), way("ticket", on="error")),
            **{desk: agent(desk.title(), way("close")) for desk in desks},
            "ticket": tool("ticket.create", way("close")),
            "close": {"kind": "join", "wait": "any", "to": [way("answered")]},
            "answered": {"kind": "end", "label": "Answered"},
        },
    )


def hierarchical() -> Picture:
    inner = {"format": "weft/1", "name": "inner", "nodes": {"a": tool("text.join", way("b")), "b": tool("text.join")}}
    return graph(
        "hierarchical",
        {
            "plan": agent("Planner", way("teams")),
            "teams": {"kind": "parallel-fork", "to": [way("research"), way("build"), way("cool")]},
            "research": {"kind": "subgraph", "graph": "research-team", "to": [way("both")]},
            "build": {"kind": "subgraph", "inline": inner, "to": [way("both"), way("sorry", on="error")]},
            "sorry": {"kind": "end", "fail": "the build failed"},
            "cool": {"kind": "wait", "label": "Cool down", "seconds": 30, "to": [way("both")]},
            "both": {"kind": "join", "to": [way("report")]},
            "report": agent("Reporter"),
        },
    )


def generator_critic() -> Picture:
    retry = {
        "kind": "loop-back", "while": "state.score < 8", "max_iterations": 4, "on_limit": "exit",
        "to": [way("write", on="repeat"), way("give_up")],
    }  # fmt: skip
    return graph(
        "generator-critic",
        {
            "write": agent("Generator", way("judge")),
            "judge": agent("Critic", way("publish", when="output.score >= 8"), way("again")),
            "again": retry,
            "publish": tool("file.write"),
            "give_up": {"kind": "end", "label": "Give up", "fail": "no round was good enough"},
        },
    )


def iterative_refinement() -> Picture:
    """A loop in a loop, with a fork and a join in the outer body."""
    return graph(
        "iterative-refinement",
        {
            "draft": agent("Draft", way("head")),
            "head": {"kind": "join", "label": "Round", "to": [way("check")]},
            "check": {"kind": "parallel-fork", "to": [way("facts"), way("tone")]},
            "facts": agent("Fact checker", way("both")),
            "tone": agent("Tone checker", way("inner")),
            "inner": {
                "kind": "loop-back", "max_iterations": 3, "on_limit": "exit",
                "to": [way("tone", on="repeat"), way("both", on="done")],
            },
            "both": {"kind": "join", "to": [way("rewrite")]},
            "rewrite": agent("Rewriter", way("outer")),
            "outer": {
                "kind": "loop-back", "while": "state.open > 0", "max_iterations": 5,
                "to": [way("head", on="repeat"), way("save", on="done")],
            },
            "save": tool("file.write"),
        },
    )  # fmt: skip


def human_in_the_loop() -> Picture:
    """In Korean, with four ways out of the gate, one of them far too long."""
    gate = {
        "kind": "human-gate",
        "label": "검토: 이 초안을 지금 게시할까요? 아주 긴 제목입니다",
        "prompt": "이 초안을 게시할까요?",
        "options": [
            {"name": "approve", "label": "승인"},
            {"name": "revise", "label": "수정 요청"},
            {"name": "reject", "label": "거절하고 처음부터 다시 시작하도록 담당자에게 알리기"},
        ],
        "deadline_s": 60,
        "to": [
            way("publish", on="approve"),
            way("again", on="revise"),
            way("no", on="reject"),
            way("late", on="expired"),
        ],
    }
    return graph(
        "human-in-the-loop",
        {
            "write": agent("초안 작성자", way("review")),
            "review": gate,
            "again": {
                "kind": "loop-back",
                "label": "다시 쓰기",
                "max_iterations": 5,
                "to": [way("write", on="repeat")],
            },
            "publish": tool("file.write", label="게시"),
            "no": {"kind": "end", "label": "거절됨", "fail": "거절"},
            "late": {"kind": "end", "label": "기한 지남"},
        },
        title="사람의 검토가 있는 글쓰기",
    )


def unfinished() -> Picture:
    """What an editor may hold for a while: a circle, two starts, a target that is not there, a loop back to itself."""
    return graph(
        "unfinished",
        {
            "a": agent("A", way("b")),
            "b": agent("B", way("a"), way("nowhere"), way("c", on="error")),
            "c": {"kind": "loop-back", "max_iterations": 2, "to": [way("c", on="repeat"), way("b")]},
            "alone": tool("text.join"),
            "alone_too": tool("text.join", way("c")),
        },
    )


def fork_of(branches: int) -> Picture:
    names = [f"b{number}" for number in range(branches)]
    return graph(
        "wide",
        {
            "fork": {"kind": "parallel-fork", "to": [way(name) for name in names]},
            **{name: tool("text.join", way("join")) for name in names},
            "join": {"kind": "join", "to": []},
        },
    )


def tangle(nodes: int, edges: int) -> Picture:
    """A random-looking acyclic graph, the same each time: wires by a multiplicative congruence."""
    drawn = 1
    ways: dict[int, list[Json]] = {number: [] for number in range(nodes)}
    while sum(map(len, ways.values())) < edges:
        drawn = drawn * 6364136223846793005 % (2**61 - 1)
        first, second = sorted((drawn % nodes, drawn // nodes % nodes))
        if first != second:
            ways[first].append(way(f"n{second}"))
    return graph("tangle", {f"n{number}": tool("text.join", *ways[number]) for number in ways})


PATTERNS = {
    maker.__name__: maker()
    for maker in (
        draft_and_review, sequential_pipeline, fan_out_gather, coordinator, hierarchical, generator_critic,
        iterative_refinement, human_in_the_loop, unfinished,
    )
}  # fmt: skip

ALL_STATUSES: tuple[Status, ...] = tuple(STATUS_WORDS)


def run_of(picture: Picture) -> RunOverlay:
    """A run that has been everywhere, each node with another status, every number known."""
    runs = {
        node.id: NodeRun(
            ALL_STATUSES[place % len(ALL_STATUSES)],
            iteration=2, max_iterations=5, attempt=2, attempts=5, next_in_s=8, seconds=75.5,
            error_class="transient", items_done=2, items_total=7, since="3 min",
        )
        for place, node in enumerate(picture.nodes)
    }  # fmt: skip
    states: tuple[EdgeState, ...] = ("taken", "skipped", "failed", "pending")
    edges: dict[EdgeKey, EdgeState] = {
        (edge.source, edge.index): states[place % 4] for place, edge in enumerate(picture.edges)
    }
    return RunOverlay(runs, edges, "run r1 · waiting for an answer")


KINDS = ("agent", "tool", "parallel-fork", "join", "loop-back", "human-gate", "subgraph", "wait", "end", "missing")


MANNERS: tuple[EdgeManner, ...] = ("plain", "plain", "transfer")


@st.composite
def pictures(draw: st.DrawFn, words: st.SearchStrategy[str] | None = None) -> Picture:
    """Any picture: any kinds, any wires (circles, loops to oneself, doubles), any words."""
    texts = words if words is not None else st.text(max_size=60)
    count = draw(st.integers(1, 9))
    drawn = draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=14))
    ports = {number: [f"p{place}" for place in range(draw(st.integers(1, 4)))] for number in range(count)}
    edges = list[PictureEdge]()
    for source, target in drawn:
        index = sum(edge.source == f"n{source}" for edge in edges)
        port, manner = draw(st.sampled_from(ports[source])), draw(st.sampled_from(MANNERS))
        edges.append(PictureEdge(f"n{source}", index, f"n{target}", port, draw(texts), manner))
    nodes = tuple(
        PictureNode(
            f"n{number}", draw(st.sampled_from(KINDS)), draw(texts), draw(texts), draw(texts), tuple(ports[number])
        )
        for number in range(count)
    )
    return Picture(draw(texts), draw(texts), nodes, tuple(edges))
