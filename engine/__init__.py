"""weft: a graph-based workflow engine for AI agents.

Glossary, one word per thing:

- *graph*: the document, one JSON file. *plan*: the same compiled, as numbers. *run*: one execution of a graph.
- *node*, *edge*, *port* (the named way out of a node an edge stands on), *predecessor*, *successor*.
- *fork* (parallel-fork), *join*, *loop-back*: control nodes. A loop has a *header*, a *body* and *iterations* from 1.
- *gate*: a question to a person (human-gate, ``human.ask``, an approval, an effect of unknown outcome).
- *execution*: one time that a node runs in a run, by name (``write@2``, ``fetch[7]``, ``team/write``); *attempt*: one
  try at it, from 1; *item*: one element under ``each``; *scope*: one execution of one graph, the run's or a subgraph's.
- *event*: a *fact* (what the world did) or a *consequence* (what the scheduler made of it), past tense. *command*: what
  the scheduler wants done, imperative. *journal*: the append-only list of a run's events.
- *effect*: what a tool does outside: ``read``, ``idempotent`` or ``unsafe``; *claimed* before and *settled* after.
- *host*: who runs a run now; it holds the run's *lease* and reads its *mail*.
- *finding*: what the checker says of a document. *failure*: how an execution ended badly, as data.
- *deadline*: a point in time; *timeout*: a duration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.agents.definition import tool
    from engine.agents.models.base import ModelAnswer, ModelRequest
    from engine.agents.toolcontext import ToolContext
    from engine.app import Engine
    from engine.config import Config, load_config
    from engine.errors import (
        ConfigError,
        EngineBug,
        Failure,
        GraphError,
        InputError,
        JournalError,
        ModelError,
        ToolError,
        WeftError,
    )
    from engine.hosting import Serving
    from engine.journal.store import OpenGate, RunFilter, RunRow
    from engine.model.findings import Finding, Fix
    from engine.model.graph import Graph
    from engine.run import Run, RunResult
    from engine.scheduler.events import Event
    from engine.version import VERSION as __version__  # noqa: N811

__all__ = [
    "Config",
    "ConfigError",
    "Engine",
    "EngineBug",
    "Event",
    "Failure",
    "Finding",
    "Fix",
    "Graph",
    "GraphError",
    "InputError",
    "JournalError",
    "ModelAnswer",
    "ModelError",
    "ModelRequest",
    "OpenGate",
    "Run",
    "RunFilter",
    "RunResult",
    "RunRow",
    "Serving",
    "ToolContext",
    "ToolError",
    "WeftError",
    "__version__",
    "load_config",
    "tool",
]

_HOMES = {
    "Config": ("engine.config", "Config"),
    "ConfigError": ("engine.errors", "ConfigError"),
    "Engine": ("engine.app", "Engine"),
    "EngineBug": ("engine.errors", "EngineBug"),
    "Event": ("engine.scheduler.events", "Event"),
    "Failure": ("engine.errors", "Failure"),
    "Finding": ("engine.model.findings", "Finding"),
    "Fix": ("engine.model.findings", "Fix"),
    "Graph": ("engine.model.graph", "Graph"),
    "GraphError": ("engine.errors", "GraphError"),
    "InputError": ("engine.errors", "InputError"),
    "JournalError": ("engine.errors", "JournalError"),
    "ModelAnswer": ("engine.agents.models.base", "ModelAnswer"),
    "ModelError": ("engine.errors", "ModelError"),
    "ModelRequest": ("engine.agents.models.base", "ModelRequest"),
    "OpenGate": ("engine.journal.store", "OpenGate"),
    "Run": ("engine.run", "Run"),
    "RunFilter": ("engine.journal.store", "RunFilter"),
    "RunResult": ("engine.run", "RunResult"),
    "RunRow": ("engine.journal.store", "RunRow"),
    "Serving": ("engine.hosting", "Serving"),
    "ToolContext": ("engine.agents.toolcontext", "ToolContext"),
    "ToolError": ("engine.errors", "ToolError"),
    "WeftError": ("engine.errors", "WeftError"),
    "__version__": ("engine.version", "VERSION"),
    "load_config": ("engine.config", "load_config"),
    "tool": ("engine.agents.definition", "tool"),
}
"""Public name -> where it lives. Loaded on first use, so that a worker that needs one floor does not load them all."""


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    module = __import__(home[0], fromlist=[home[1]])
    value = getattr(module, home[1])
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
