"""One model request and its answer, the same for every provider.

Rule: a ``ModelRunner`` does exactly one request. It knows nothing of loops, tools' functions, retries or journals; it
turns what went wrong into a ``ModelError`` with the right class and leaves the rest to the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Finish = Literal["stop", "calls", "length", "filter"]
Tell = Callable[[str], None]
"""Takes the answer's text piece by piece as it comes; volatile."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a model sees it: its name, what it does, JSON Schema of its arguments."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AskedCall:
    """A call that a model wants: tool, JSON arguments, and the provider's id for it, if there is one."""

    tool: str
    args: Any
    id: str = ""


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What came back.

    Attributes:
        text: what it said; with ``output_schema`` JSON as text.
        calls: the tools it wants called.
        finish: why it stopped: ``length`` means that the text was cut off.
        tokens_in, tokens_out: as the provider counts them.
        usd: the price, None when nobody knows it.
    """

    text: str = ""
    calls: tuple[AskedCall, ...] = ()
    finish: Finish = "stop"
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float | None = 0.0

    def as_json(self) -> dict[str, Any]:
        """The answer as the journal keeps it; defaults are left out."""
        value: dict[str, Any] = {"text": self.text} if self.text else {}
        if self.calls:
            value["calls"] = [{"tool": c.tool, "args": c.args, **({"id": c.id} if c.id else {})} for c in self.calls]
        if self.finish != "stop":
            value["finish"] = self.finish
        value["tokens"] = [self.tokens_in, self.tokens_out]
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ModelAnswer:
        """The inverse of ``as_json`` (the price apart, which stands in the event's usage)."""
        tokens: list[int] = value.get("tokens", [0, 0])
        calls = tuple(AskedCall(c["tool"], c["args"], c.get("id", "")) for c in value.get("calls", ()))
        return cls(value.get("text", ""), calls, value.get("finish", "stop"), tokens[0], tokens[1])


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: what a scripted or recorded answer is chosen by.

    Attributes:
        run_id, graph, execution, node: the place in the run.
        agent: "" for the node's own agent, else the path of a sub-agent (``buyer!1``).
        step: of this agent, from 1.
        iteration: of the innermost loop, from 1.
        attempt: of the execution, from 1.
        prompt: the instructions and the request, without anything that changes from step to step.
        names: the names of GRAPH.md §2.
        results: what this agent's tools have returned so far, oldest first; an error is null.
        scripted: the run's scripted answers for this graph, or None.
    """

    run_id: str
    graph: str
    execution: str
    node: str
    agent: str
    step: int
    iteration: int
    attempt: int
    prompt: str
    names: Mapping[str, Any]
    results: tuple[Any, ...] = ()
    scripted: Any = None


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One request.

    Attributes:
        model: the model's name without the provider.
        system: the system prompt.
        messages: the conversation, see ``engine.agents.messages``.
        tools: what it may call; empty for none.
        output_schema: JSON Schema that the answer's text must fit, or None for free text.
        settings: ``temperature``, ``max_tokens``, …; absent ones absent.
        asker: who asks.
    """

    model: str
    system: str
    messages: tuple[dict[str, Any], ...]
    tools: tuple[ToolSpec, ...]
    output_schema: Any
    settings: Mapping[str, Any]
    asker: Asker = field(repr=False)


class ModelRunner(Protocol):
    """A provider."""

    async def ask(self, request: ModelRequest, tell: Tell) -> ModelAnswer:
        """One request. ``tell`` gets the text as it comes.

        Raises:
            ModelError: with class ``transient`` (rate limit, unavailable, connection; ``retry_after_s`` where given),
                ``model`` (context window, unusable answer) or ``fatal`` (rejected, key, quota, content filter).
        """
        ...
