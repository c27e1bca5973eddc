"""Holds a journal against the plain model of GRAPH.md §3: its facts must lead to exactly its consequences.

Rule: an event is a consequence when the model has just drawn it, else it is a fact and the model draws from it; so a
journal that tells too much, too little or in another order is found out at the event where it happens.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from engine.model.graph import Graph
from engine.scheduler.events import Event
from tests.support.lock_step import told
from tests.support.plain_scope import Told
from tests.support.plain_walk import PlainWalk


def retell(graph: Graph, graphs: Mapping[str, Graph], events: Iterable[Event]) -> PlainWalk:
    """Walk a journal with the plain model.

    Returns:
        The model as it stands after the last event.

    Raises:
        AssertionError: the journal and the model part; the message names the event.
    """
    walk = PlainWalk(graph, graphs)
    expected: deque[Told] = deque()
    for event in events:
        if expected:
            wanted = expected.popleft()
            assert told(event) == wanted, f"event {event.n} is {event}, and should be {wanted}"
        else:
            expected.extend(walk.apply(event))
            walk.went_on()
    assert not expected, f"the journal ends before {list(expected)}"
    return walk
