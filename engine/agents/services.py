"""What agents and tools of one engine share, put together by whoever opens the engine.

Rule: nothing here belongs to one run. What a run owns comes through its ``NodeContext``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.agents.caller import ToolCaller
from engine.agents.models.base import ModelRunner
from engine.agents.models.registry import ModelRegistry
from engine.agents.models.simulated import SimulatedModels
from engine.agents.registry import ToolRegistry
from engine.agents.secrets import NoSecrets, SecretStore


@dataclass(slots=True)
class Services:
    """The shared parts.

    Attributes:
        tools: every registered tool.
        secrets: where ``{"$secret": NAME}`` is looked up.
        models: who answers for which model.
        simulated: who answers for every model of a simulation.
        default_model: the model of agents that name none, or None.
        caller: makes the calls.
    """

    tools: ToolRegistry = field(default_factory=ToolRegistry)
    secrets: SecretStore = field(default_factory=NoSecrets)
    models: ModelRegistry = field(default_factory=ModelRegistry)
    simulated: ModelRunner = field(default_factory=SimulatedModels)
    default_model: str | None = None
    caller: ToolCaller = field(default_factory=ToolCaller)
