"""The document: a graph as saved, its templates, expressions, state and schemas. Data only: nothing here runs."""

from engine.model.findings import Finding, Fix, pointer
from engine.model.graph import FORMAT, Graph, Reading, StateKey
from engine.model.nodes import EXECUTING, PORTS, Edge, Limits, Node, Retry, port_of, ports_of
from engine.model.values import ABSENT

__all__ = [
    "ABSENT",
    "EXECUTING",
    "FORMAT",
    "PORTS",
    "Edge",
    "Finding",
    "Fix",
    "Graph",
    "Limits",
    "Node",
    "Reading",
    "Retry",
    "StateKey",
    "pointer",
    "port_of",
    "ports_of",
]
