"""What the journal knows of the calls of one execution: begun, ended, and how.

Rule: a fold over the recorded events, kept up to date by whoever records more. A call is known by its idempotency key,
which has no attempt in it, so every attempt finds what an earlier one began.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.scheduler.events import EffectClaimed, EffectSettled, Event


@dataclass(slots=True)
class Entry:
    """One call.

    Attributes:
        claims: how often it was begun.
        begun_as: the tool and the SHA-256 of the arguments of its last beginning, or None when it never began.
        settled: how it ended the last time, or None while nobody knows.
    """

    claims: int = 0
    begun_as: tuple[str, str] | None = None
    settled: EffectSettled | None = None


@dataclass(slots=True)
class Ledger:
    """Idempotency key -> what is known of that call."""

    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])

    @classmethod
    def of(cls, events: Iterable[Event]) -> Ledger:
        """The ledger of recorded events. O(events)."""
        ledger = cls()
        for event in events:
            if isinstance(event, EffectClaimed | EffectSettled):
                ledger.note(event)
        return ledger

    def note(self, event: EffectClaimed | EffectSettled) -> None:
        """Fold one more event in."""
        entry = self.entries.setdefault(event.key, Entry())
        if isinstance(event, EffectClaimed):
            entry.claims += 1
            entry.begun_as = event.tool, event.args_hash
            entry.settled = None
        else:
            entry.settled = event

    def entry(self, key: str) -> Entry | None:
        """What is known of the call, or None when it was never begun."""
        return self.entries.get(key)
