"""The way on after trouble in an agent's turn: one table, error class -> what is tried, and how often.

Rule: every way is bounded, by its own count here, by ``max_iterations``, by the node's time and budgets around it. Each
way taken is journaled (``recovery`` in the detail of an ``agent.state`` event), so a resumed turn takes the same one.

``transient`` is left to the node's ``retry`` (by default three attempts with exponential back-off): the next attempt
goes on in mid-turn with every recorded step answered, so nothing but the failed request is repeated, and waiting costs
no task and survives the process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final, Literal

from engine.errors import ErrorClass

Way = Literal["back_off", "tell", "correct", "simplify", "replan", "fail"]

LADDERS: Final[Mapping[ErrorClass, tuple[tuple[Way, int], ...]]] = {
    "transient": (("back_off", 1_000_000),),
    "tool": (("tell", 1_000_000),),
    "model": (("correct", 2), ("simplify", 2)),
    "logic": (("replan", 2),),
    "limit": (),
    "fatal": (),
    "cancelled": (),
}
"""Class -> (way, how often in one attempt), tried in order; then ``fail``.

``back_off``: the attempt fails, the node's retry brings it back. ``tell``: the model is told and finds another way.
``correct``: the model is told what is wrong with its answer. ``simplify``: the request again with instructions, request
and last message only, the schema restated. ``replan``: a planning step with what failed.
"""


def way_on(error_class: ErrorClass, taken: Counter[Way], *, tries: int, can_correct: bool = False) -> Way:
    """The next way for this class of trouble; it is counted in ``taken``.

    Args:
        error_class: what kind of trouble.
        taken: how often each way was taken so far in this turn.
        tries: attempts of the node that count, this one included: each has the whole ladder.
        can_correct: there is an answer that the model can be told about.
    """
    for way, times in LADDERS[error_class]:
        if way == "correct" and not can_correct:
            continue
        if taken[way] < times * tries:
            taken[way] += 1
            return way
    return "fail"
