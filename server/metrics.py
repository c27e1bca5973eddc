"""What the server counts, as Prometheus reads it.

Rule: counting costs nothing worth a thought and holds no names from outside; a route is named by its pattern.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from engine.app import Event

BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


@dataclass(slots=True)
class Metrics:
    """The counters of one server."""

    requests: Counter[tuple[str, str, int]] = field(default_factory=Counter[tuple[str, str, int]])
    refused: Counter[str] = field(default_factory=Counter[str])
    events: Counter[str] = field(default_factory=Counter[str])
    streams: int = 0
    cut_off: int = 0
    _buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    _seconds: float = 0.0

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note one answered request."""
        self.requests[method, route, status] += 1
        self._seconds += seconds
        place = next((i for i, bound in enumerate(BUCKETS_S) if seconds <= bound), len(BUCKETS_S))
        self._buckets[place] += 1

    def noted(self, event: Event) -> None:
        """Note one committed event."""
        self.events[type(event).__name__] += 1

    def text(self, *, gates: int) -> str:
        """Everything in Prometheus' text format."""
        lines = [
            *_counter("weft_requests_total", "Answered requests.", self.requests, ("method", "route", "status")),
            *_counter("weft_refused_total", "Requests that the door refused.", self.refused, ("code",)),
            *_counter("weft_events_total", "Committed events of runs.", self.events, ("type",)),
            *self._histogram(),
            *_gauge("weft_streams", "Open event streams.", self.streams),
            *_gauge("weft_gates_open", "Open gates, as far as one page of the inbox shows them.", gates),
            "# HELP weft_streams_cut_total Readers that were too slow.",
            "# TYPE weft_streams_cut_total counter",
            f"weft_streams_cut_total {self.cut_off}",
        ]
        return "\n".join(lines) + "\n"

    def _histogram(self) -> list[str]:
        name = "weft_request_seconds"
        lines = [f"# HELP {name} How long answers took, streams apart.", f"# TYPE {name} histogram"]
        total = 0
        for bound, count in zip((*map(str, BUCKETS_S), "+Inf"), self._buckets, strict=True):
            total += count
            lines.append(f'{name}_bucket{{le="{bound}"}} {total}')
        return [*lines, f"{name}_sum {self._seconds:.6f}", f"{name}_count {total}"]


def _counter(
    name: str, text: str, counts: Counter[tuple[str, str, int]] | Counter[str], labels: tuple[str, ...]
) -> list[str]:
    lines = [f"# HELP {name} {text}", f"# TYPE {name} counter"]
    for key, count in sorted(counts.items(), key=lambda pair: str(pair[0])):
        values = (key,) if isinstance(key, str) else key
        told = ",".join(f'{label}="{value}"' for label, value in zip(labels, values, strict=True))
        lines.append(f"{name}{{{told}}} {count}")
    return lines


def _gauge(name: str, text: str, value: int) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} gauge", f"{name} {value}"]
