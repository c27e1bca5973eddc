"""What a tool may know and do while it runs, beside its arguments.

Rule: a tool reaches the run through this and nothing else. It reads the state as its node saw it at the start; what it
sets takes effect when the node completes. Everything here may be used from the worker thread of a plain function.
"""

from __future__ import annotations

import threading
from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from engine.agents.writes import combine
from engine.errors import ToolError
from engine.model.graph import StateKey
from engine.model.names import nearest

if TYPE_CHECKING:
    from engine.scheduler.events import GateAnswered


class Asking(Protocol):
    """How a call asks a person; see ``engine.agents.questions``."""

    def __call__(self, prompt: str, options: list[dict[str, Any]], form: Any) -> GateAnswered:
        """The answer; leaves the call by ``Asks`` while there is none."""
        ...


@dataclass(slots=True)
class Site:
    """Where a call takes place: what the engine's own tools use beside ``ToolContext``.

    Attributes:
        tool: the tool's name.
        state_keys: the graph's state as declared.
        writes: what ``set_state`` has set in this call.
        hosts: the hosts that the credentials among the arguments are bound to, or None when nothing binds them.
        ask: asks a person.
        emit: tells those who watch.
        loop, thread: where the engine runs, for words from worker threads.
    """

    tool: str
    state_keys: Mapping[str, StateKey]
    ask: Asking
    emit: Callable[[str, Any], None]
    loop: AbstractEventLoop
    thread: int
    hosts: frozenset[str] | None = None
    writes: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class ToolContext:
    """One call, as its tool sees it. A parameter annotated with this class gets it.

    Attributes:
        run_id: the run.
        execution: name of the node's execution, for instance ``write@2``.
        idempotency_key: the same for every attempt of this call; hand it to services that take one.
        deadline: seconds since 1970 when the call is cut off, or None.
        state: the state as the node saw it when it started; not to be changed.
        site: for the engine's own tools.
    """

    run_id: str
    execution: str
    idempotency_key: str
    deadline: float | None
    state: Mapping[str, Any]
    site: Site

    def set_state(self, key: str, value: Any) -> None:
        """Write a key of the state when the node completes; a second write of the same key joins by its merge rule.

        Raises:
            ToolError: ``state.unknown``; the graph has no such key.
        """
        declared = self.site.state_keys.get(key)
        if declared is None:
            close = nearest(key, self.site.state_keys)
            raise ToolError(
                f"the graph's state has no key {key!r}",
                code="state.unknown",
                error_class="logic",
                hint=f"did you mean {close}?" if close else "declare it under `state` in the graph",
            )
        combine(self.site.writes, {key: value}, self.site.state_keys)

    def progress(self, text: str, fraction: float | None = None) -> None:
        """Tell those who watch how far the call is; nothing is kept. ``fraction`` from 0 to 1, or None."""
        site = self.site
        value = {"tool": site.tool, "text": text, "fraction": fraction}
        if threading.get_ident() == site.thread:
            site.emit("progress", value)
        else:
            site.loop.call_soon_threadsafe(site.emit, "progress", value)
