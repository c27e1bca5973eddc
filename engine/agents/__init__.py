"""Models, tools, lifecycle, recovery, delegation: everything that makes a node an agent, whoever provides the model."""

from engine.agents.definition import tool
from engine.agents.toolcontext import ToolContext

__all__ = ["ToolContext", "tool"]
