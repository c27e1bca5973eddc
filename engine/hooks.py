"""Hooks: a program's own functions, called after events are on disk.

Rule: a hook watches; it can neither delay nor break a run. One that fails is reported in the log, by name, and the run
goes on.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from engine.agents.lifecycle import State
from engine.errors import InputError
from engine.model.names import nearest
from engine.scheduler.events import TYPE_NAMES, AgentStateChanged, Event

Hook = Callable[[str, Event], Awaitable[Any] | Any]
LOG = logging.getLogger("weft.hooks")


@dataclass(slots=True)
class Hooks:
    """The hooks of an engine, by event type, agent state or ``*``."""

    _of: dict[str, list[Hook]] = field(default_factory=dict[str, list[Hook]])
    _tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    def add(self, what: str, hook: Hook) -> Callable[[], None]:
        """Register a hook and return what takes it back.

        Raises:
            InputError: ``hook.unknown``: no such event type or agent state.
        """
        known = ["*", *TYPE_NAMES.values(), *(state.value for state in State)]
        if what not in known:
            near = nearest(what, known)
            raise InputError(
                f"there is no event or agent state {what!r}",
                code="hook.unknown",
                hint=f"did you mean {near}?" if near else f"known: {', '.join(known)}",
            )
        self._of.setdefault(what, []).append(hook)

        def take_back() -> None:
            if hook in self._of.get(what, ()):
                self._of[what].remove(hook)

        return take_back

    def call(self, run_id: str, event: Event) -> None:
        """Tell everybody who asked for this event."""
        if not self._of:
            return
        names = ["*", TYPE_NAMES[type(event)]]
        if isinstance(event, AgentStateChanged):
            names.append(event.state)
        for name in names:
            for hook in tuple(self._of.get(name, ())):
                self._call(hook, run_id, event)

    def _call(self, hook: Hook, run_id: str, event: Event) -> None:
        try:
            outcome = hook(run_id, event)
        except Exception:
            LOG.exception("the hook %s failed; the run goes on", getattr(hook, "__qualname__", hook))
            return
        if inspect.isawaitable(outcome):
            task = asyncio.get_running_loop().create_task(_awaited(hook, outcome))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Wait for the asynchronous hooks that are under way."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))


async def _awaited(hook: Hook, outcome: Awaitable[Any]) -> None:
    try:
        await outcome
    except Exception:
        LOG.exception("the hook %s failed; the run goes on", getattr(hook, "__qualname__", hook))
