"""An engine on a clock that moves when everybody waits, with a few tools that note what they were asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine import Engine, Graph, ToolContext, ToolError, tool
from tests.support.clock import VirtualClock
from tests.support.sketch import document


def graph(text: str, **top: Any) -> Graph:
    """A sketch as a graph."""
    return Graph.model_validate(document(text, **top))


class Bench:
    """Tools for these tests and what they were asked."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.calls: list[str] = []
        self.fails = 0

    def tools(self) -> list[Any]:
        """``work`` takes a second; ``flaky`` fails as told; ``pay`` is unsafe; ``note`` writes to the state."""

        @tool(effect="read")
        async def work(ctx: ToolContext) -> str:
            """Take a second."""
            self.calls.append(ctx.execution)
            await self.clock.sleep(1)
            return ctx.execution

        @tool(effect="read")
        async def flaky() -> str:
            """Fail as often as told."""
            self.calls.append("flaky")
            if len(self.calls) <= self.fails:
                raise ToolError("not yet", error_class="transient")
            return "done"

        @tool(effect="unsafe")
        async def pay(amount: int) -> str:
            """Pay."""
            self.calls.append(f"pay {amount}")
            if self.fails:
                raise RuntimeError("the line broke")
            return f"paid {amount}"

        @tool(effect="read")
        async def note(ctx: ToolContext, text: str) -> str:
            """Write to the state."""
            ctx.set_state("said", text)
            return text

        return [work, flaky, pay, note]


def engine_of(bench: Bench, db: str | Path = "memory:") -> Engine:
    """An engine with the tools of these tests."""
    return Engine.open(db, tools=bench.tools(), clock=bench.clock)
