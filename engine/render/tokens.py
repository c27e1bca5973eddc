"""The tokens of the picture language: every colour, size and word that a picture is made of.

Rule: no other file of weft holds a colour. Pictures, the editor's style sheet and the terminal table read them here,
so that a node looks the same everywhere. A colour is a pair: for the light theme, for the dark one.
"""

from __future__ import annotations

from typing import Literal

Theme = Literal["light", "dark"]
Status = Literal[
    "waiting", "running", "retrying", "asking", "completed", "failed", "skipped", "cancelled", "reused", "pinned"
]  # fmt: skip
"""What a badge says: the status of a node, and ``pinned`` for one that completed by a pinned output."""
EdgeState = Literal["pending", "taken", "skipped", "failed"]

COLOURS: dict[str, tuple[str, str]] = {
    "canvas": ("#f9fafc", "#111419"),
    "surface": ("#ffffff", "#1b1e25"),
    "raised": ("#f3f5f8", "#24282f"),
    "line": ("#d4d8dd", "#383d47"),
    "edge": ("#7f8793", "#808693"),
    "text": ("#1b1f29", "#eceff3"),
    "muted": ("#575e69", "#a6abb5"),
    "agent-ink": ("#525dbd", "#97a7fe"),
    "agent-tint": ("#ecf1ff", "#262b48"),
    "tool-ink": ("#008252", "#4fc79a"),
    "tool-tint": ("#e2f8ed", "#0e3627"),
    "branch-ink": ("#834ba8", "#c796ea"),
    "branch-tint": ("#f7edff", "#362641"),
    "loop-ink": ("#a74a00", "#eb975a"),
    "loop-tint": ("#ffeee1", "#422612"),
    "gate-ink": ("#ae3b4c", "#f38b94"),
    "gate-tint": ("#ffebec", "#442225"),
    "subgraph-ink": ("#0070b5", "#58b8f6"),
    "subgraph-tint": ("#e2f5ff", "#113145"),
    "wait-ink": ("#00808b", "#00c6ce"),
    "wait-tint": ("#def8f9", "#003538"),
    "end-ink": ("#626975", "#a8aeb9"),
    "end-tint": ("#f0f2f4", "#2c2e31"),
    "idle-ink": ("#66696f", "#aeb1b7"),
    "idle-tint": ("#eff0f2", "#2f3032"),
    "running-ink": ("#006ac0", "#69b6ff"),
    "running-tint": ("#dff3ff", "#14324f"),
    "done-ink": ("#007f35", "#71c885"),
    "done-tint": ("#e1f7e5", "#17391f"),
    "failed-ink": ("#be2323", "#ff8478"),
    "failed-tint": ("#ffe6e1", "#501e1a"),
    "retrying-ink": ("#9a5600", "#e1a356"),
    "retrying-tint": ("#feedda", "#422b0c"),
    "asking-ink": ("#9240a4", "#d991ea"),
    "asking-tint": ("#fce9ff", "#3f2445"),
    "reused-ink": ("#007a7b", "#6ac2c2"),
    "reused-tint": ("#e0f5f5", "#143737"),
}

KIND_FAMILY: dict[str, str] = {
    "agent": "agent",
    "tool": "tool",
    "parallel-fork": "branch",
    "join": "branch",
    "loop-back": "loop",
    "human-gate": "gate",
    "subgraph": "subgraph",
    "wait": "wait",
    "end": "end",
    "start": "end",
    "missing": "failed",
}
"""Kind of node → its family of colours. ``start`` is the dot before the first node, ``missing`` an absent target."""

KIND_WORDS: dict[str, str] = {
    "agent": "agent",
    "tool": "tool",
    "parallel-fork": "fork",
    "join": "join",
    "loop-back": "loop-back",
    "human-gate": "human gate",
    "subgraph": "sub-flow",
    "wait": "wait",
    "end": "end",
    "start": "start",
    "missing": "no such node",
}

STATUS_FAMILY: dict[Status, str] = {
    "waiting": "idle",
    "running": "running",
    "retrying": "retrying",
    "asking": "asking",
    "completed": "done",
    "failed": "failed",
    "skipped": "idle",
    "cancelled": "idle",
    "reused": "reused",
    "pinned": "reused",
}

STATUS_WORDS: dict[Status, str] = {
    "waiting": "waiting",
    "running": "running",
    "retrying": "retrying",
    "asking": "asking",
    "completed": "done",
    "failed": "failed",
    "skipped": "skipped",
    "cancelled": "cancelled",
    "reused": "reused",
    "pinned": "pinned",
}

OUTSPOKEN: frozenset[Status] = frozenset({"running", "retrying", "asking", "failed"})
"""Statuses that ask for a look: their ink also draws the node's border."""

FONT_FAMILY = "Pretendard, ui-sans-serif, system-ui, 'Noto Sans KR', sans-serif"
"""The shipped font first: labels were measured with it, so they fit where it is installed."""

GRID_PX = 8
NODE_WIDTH_PX = 200
NODE_HEIGHT_PX = 64
RADIUS_PX = 8
SMALL_PX, BODY_PX, TITLE_PX = 12, 13, 18
REGULAR, SEMIBOLD = 400, 600
SKIPPED_OPACITY = 0.6

_PLAIN_ROLES = ("canvas", "surface", "raised", "line", "edge", "text", "muted", "running-ink", "failed-ink")
_SCOPED_ROLES = ("kind-ink", "kind-tint", "status-ink", "status-tint", "border")


def colour(name: str, theme: Theme) -> str:
    """The literal colour of a token, for instance ``colour("agent-ink", "dark")`` → ``#97a7fe``."""
    return COLOURS[name][0 if theme == "light" else 1]


def token_of(role: str, kind: str | None, status: Status | None) -> str:
    """The token behind a role in its place: ``kind-ink`` in an agent is ``agent-ink``, ``border`` mostly ``line``."""
    if role in ("kind-ink", "kind-tint"):
        return KIND_FAMILY[kind or "end"] + role.removeprefix("kind")
    if role in ("status-ink", "status-tint"):
        return STATUS_FAMILY[status or "waiting"] + role.removeprefix("status")
    if role == "border":
        return f"{STATUS_FAMILY[status]}-ink" if status is not None and status in OUTSPOKEN else "line"
    return role


def stylesheet(theme: Theme) -> str:
    """The rules by which a page takes over the colours of a picture inside it.

    Every rule reads a variable of the page (``--weft-agent-ink``) and falls back to the literal of ``theme``. Colours
    hang on ``kind-…`` and ``status-…`` of the group, so a live view changes one class and nothing else.
    """
    rules = [_scope(f"kind-{kind}", "kind", family, theme) for kind, family in KIND_FAMILY.items()]
    rules += [_scope(f"status-{status}", "status", family, theme) for status, family in STATUS_FAMILY.items()]
    loud = sorted(OUTSPOKEN)
    rules += [f".status-{status}{{--weft-border:var(--weft-status-ink)}}" for status in loud]
    for role in _PLAIN_ROLES:
        rules += _paint(role, f"var(--weft-{role},{colour(role, theme)})")
    line = f"var(--weft-line,{colour('line', theme)})"
    for role in _SCOPED_ROLES:
        rules += _paint(role, f"var(--weft-{role},{line})")
    return "".join(rules)


def _scope(css_class: str, prefix: str, family: str, theme: Theme) -> str:
    parts = (
        f"--weft-{prefix}-{part}:var(--weft-{family}-{part},{colour(f'{family}-{part}', theme)})"
        for part in ("ink", "tint")
    )
    return f".{css_class}{{{';'.join(parts)}}}"


def _paint(role: str, value: str) -> list[str]:
    return [f".f-{role}{{fill:{value}}}", f".s-{role}{{stroke:{value}}}"]
