"""Models, tools, lifecycle, recovery, delegation: everything that makes a node an agent, whoever provides the model."""
