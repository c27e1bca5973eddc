"""What a run says at a node: the badge (a shape, an icon, a word) and the numbers beside it.

Rule: never colour alone; every status has its own icon and its own word. Small text stands on the surface, the icon on
a disc of the status's tint.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import EngineBug
from engine.render.icons import SIZE_PX, icon
from engine.render.lettering import clean, shorten, width_px
from engine.render.paths import circle
from engine.render.picture import NodeRun, PictureNode
from engine.render.scene import Drawing, Mark, Words, icon_marks
from engine.render.tokens import REGULAR, SMALL_PX, STATUS_WORDS, Status

_INSTANT = ("parallel-fork", "join", "loop-back", "end")
"""Kinds that take no time worth a number."""
DISC_PX = 18
GAP_PX = 6


def status_words(run: NodeRun) -> str:
    """The badge's text: "done", "retrying 2/5, next in 8 s", "failed: transient", "asking since 3 min"."""
    word = STATUS_WORDS[run.status]
    match run.status:
        case "retrying":
            tries = _of(run.attempt, run.attempts, "/")
            soon = "" if run.next_in_s is None else f", next in {span_words(run.next_in_s)}"
            return f"{word} {tries}".rstrip() + soon
        case "failed":
            return clean(f"{word}: {run.error_class}") if run.error_class else word
        case "asking":
            return clean(f"{word} since {run.since}") if run.since else word
        case _:
            return word


def short_status_words(run: NodeRun) -> str:
    """The badge's text where there is little room: "2/5, 8 s", else the plain word."""
    if run.status == "retrying" and run.attempt is not None:
        soon = "" if run.next_in_s is None else f", {span_words(run.next_in_s)}"
        return f"retry {_of(run.attempt, run.attempts, '/')}{soon}"
    return STATUS_WORDS[run.status]


def number_words(node: PictureNode, run: NodeRun) -> list[str]:
    """The numbers at the right, what matters most first: "3 of 7" items, "12 s", "try 2/5"."""
    parts = list[str]()
    if run.items_total is not None:
        parts.append(_of(run.items_done or 0, run.items_total, " of "))
    has_time = node.kind not in _INSTANT and run.status not in ("asking", "retrying", "skipped")
    if run.seconds is not None and has_time:
        parts.append(span_words(run.seconds))
    if run.attempt is not None and run.attempt > 1 and run.status == "running":
        parts.append(f"try {_of(run.attempt, run.attempts, '/')}")
    return parts


def iteration_words(node: PictureNode, run: NodeRun | None) -> str:
    """Which time round it is: "2/5" at a loop-back, "×2" at a node that has run more than once, else empty."""
    if run is None or run.iteration is None:
        return ""
    if node.kind == "loop-back":
        return _of(run.iteration, run.max_iterations, "/")
    return f"×{run.iteration}" if run.iteration > 1 else ""


def span_words(seconds: float) -> str:
    """A time span for people: "0.4 s", "12 s", "3 min 5 s", "2 h 10 min"."""
    if seconds < 9.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def badge(status: Status, words: str, x: float, middle: float, room: float) -> Iterator[Mark]:
    """Disc, icon and words from ``x`` on, centred on the height ``middle``, within ``room`` px."""
    yield from disc(status, x, middle)
    shown = shorten(words, room - DISC_PX - GAP_PX, SMALL_PX, REGULAR)
    yield Words(x + DISC_PX + GAP_PX, middle + 4, shown, role="status-ink", css="status-word")


def badge_width(words: str, room: float) -> float:
    """How wide ``badge`` draws these words."""
    shown = shorten(words, room - DISC_PX - GAP_PX, SMALL_PX, REGULAR)
    return DISC_PX + GAP_PX + width_px(shown, SMALL_PX, REGULAR)


def disc(status: Status, x: float, middle: float) -> Iterator[Drawing]:
    """The disc with the status's icon, ``DISC_PX`` wide."""
    drawing = icon(f"status-{status}")
    if drawing is None:
        raise EngineBug(f"no icon for the status {status}", where="engine/render/icons.py")
    yield Drawing(circle((x + DISC_PX / 2, middle), DISC_PX / 2), fill="status-tint", css="badge")
    yield from icon_marks(drawing, x + (DISC_PX - SIZE_PX) / 2, middle - SIZE_PX / 2, "status-ink")


def _of(done: int | None, total: int | None, between: str) -> str:
    if done is None:
        return ""
    return str(done) if total is None else f"{done}{between}{total}"
