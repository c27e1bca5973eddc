"""Seconds since 1970 as they are told, or nothing."""

from __future__ import annotations

from engine.app import moment_text


def told_moment(seconds: float | None) -> str | None:
    """ISO 8601 in UTC, or None."""
    return None if seconds is None else moment_text(seconds)
