"""``time.now``: the engine's clock, as text.

Rule: the time comes from the clock that the engine was given, so a test can turn it.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.agents.definition import Tool, make_tool
from engine.errors import ToolError
from engine.runtime.clock import Clock


def time_tools(clock: Clock) -> tuple[Tool, ...]:
    """The family, reading ``clock``."""

    async def now(zone: str = "UTC") -> str:
        """The time now, as ISO 8601 with its offset, to the second.

        Args:
            zone: a time zone, for instance ``Asia/Seoul``.
        """
        try:
            place = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ToolError(
                f"there is no time zone {zone!r}",
                code="tool.arguments",
                hint="write it like Asia/Seoul",
                happened=False,
            ) from None
        return datetime.fromtimestamp(clock.now(), tz=place).isoformat(timespec="seconds")

    return (make_tool(now, name="time.now", effect="read"),)
