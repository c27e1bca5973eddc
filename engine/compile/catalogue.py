"""Every finding by its code: how grave it is and what it says in general. The table in the docs is made from this.

Rule: a finding is made by ``finding`` alone, so that no code is told that stands in no table.
"""

from __future__ import annotations

from typing import Literal

from engine.model.findings import CODES, Finding, Fix

Severity = Literal["error", "warning"]

_ERRORS: dict[str, str] = {
    # --- edges and ports ---
    "target.unknown": "An edge leads to a node that does not exist.",
    "port.unknown": "An edge stands on a port that its node does not have.",
    "port.missing": "An edge of a gate does not say on which option it stands.",
    "edge.several": "Several edges without a condition stand on one port of a node that takes only one.",
    "edge.never": "An edge can never be taken.",
    "gate.no_edge": "An option of a gate has no edge, so that choosing it would lead nowhere.",
    "expired.no_edge": "A deadline can pass, and neither an edge nor a default says what then.",
    # --- the graph as a whole ---
    "graph.cycle": "Edges form a cycle that no loop-back repeats.",
    "start.none": "The graph has no nodes, and so no start.",
    "start.several": "More than one node could be the start.",
    "node.unreached": "No edge leads to a node.",
    "join.range": "A join or an each waits for more or fewer than there can be.",
    "join.twice": "Two edges lead from one node to one join, which could not tell them apart.",
    # --- loops ---
    "loop.no_repeat": "A loop-back has no repeat edge.",
    "loop.several_repeats": "A loop-back has more than one repeat edge.",
    "loop.repeat_when": "A repeat edge has a condition; `while` decides.",
    "loop.unbounded": "A loop-back does not say how often it may repeat.",
    "loop.not_back": "A repeat edge does not lead back to a node that leads to it.",
    "loop.entry": "An edge leads into a loop past its header.",
    "loop.overlap": "Two loops share nodes, and neither lies within the other.",
    "loop.header": "A loop-back follows another's `done` and repeats to the same header, so that they are one loop.",
    "loop.side_exit": "A fork within a loop has an edge out of it, which would end the loop in its first iteration.",
    "loop.no_done": "A loop-back can be done and has no edge for it, so that the path would end silently.",
    # --- names, templates, expressions ---
    "reference.unknown": "A reference begins with no known name.",
    "reference.scope": "A name is used where it is not known.",
    "reference.node": "A reference names a node that does not exist.",
    "reference.state": "A reference names a key that the state does not have.",
    "reference.join_key": "A reference asks a join for the output of a node that does not lead to it.",
    "reference.absent": "A reference leads to a field that cannot be there.",
    "reference.never": "A reference reads a node that cannot have run before.",
    "reference.unwritten": "A reference reads a key of the state before anything can have written it.",
    "expression.syntax": "An expression is no CEL.",
    "expression.type": "An expression is ill-typed, or does not come to what its field needs.",
    "expression.limit": "An expression is too long, has too many loops, or is nested too deeply.",
    # --- the state ---
    "state.unknown": "A node writes a key that the state does not have.",
    "state.value": "A constant that is written, or a default, does not fit its key.",
    "state.race": "Two nodes that can run at the same time replace one key of the state.",
    # --- tools, agents, other graphs ---
    "tool.unknown": "No tool of this name is registered.",
    "args.unknown": "An argument is given that the tool or graph does not take.",
    "args.missing": "An argument is missing that the tool or graph needs.",
    "args.type": "A constant argument does not fit the tool's or graph's schema.",
    "retry.unsafe": "A node with an unsafe tool would be tried again.",
    "cache.unsafe": "A node with an unsafe tool would reuse a result.",
    "model.unknown": "No model of this name is known.",
    "agent.unknown": "A tool `agent:NAME` names none of the agent's own agents.",
    "agent.duplicate": "Two agents of one tree have the same name.",
    "transfer.description": "A target of a hand-over has no description for the model to choose it by.",
    "graph.unknown": "No graph of this name is there.",
    "graph.unreadable": "The file of a graph that is run here is no graph.",
    "lock.nested": "A node holds a lock while another inside it waits for one.",
    "secret.literal": "A text looks like a secret.",
    # --- size ---
    "too_large.nesting": "Loops or agents are nested too deeply.",
    "too_large.width": "A node has too many options, tools or agents.",
    "too_large.branches": "The branches of the joins that pass on early are too large together.",
}

_WARNINGS: dict[str, str] = {
    "read.race": "A node reads what another one may be writing at the same time.",
    "state.merge": "Two nodes that can run at the same time merge into one object of the state.",
    "join.starve": "A join waits for more edges than are sure to be taken.",
    "fork.never_joins": "A branch of a fork never meets another one.",
    "loop.exit_parallel": "An edge out of a loop runs beside one of its loop-backs: leaving wins over repeating.",
    "loop.exit_waits": "An edge out of a loop runs beside a gate of its body and waits until a person answers.",
    "loop.split_vote": "Two loop-backs of one loop can both vote in one iteration.",
    "tool.risk": "Untrusted text can reach a high-risk tool through a model, past no gate.",
    "state.unused": "No node reads or writes a key of the state.",
    "output.unwritten": "The output reads a key of the state that no node writes.",
    "graph.recursive": "A graph runs itself through another one.",
    "check.partial": "The graph is too large to look at every pair of nodes that might run at the same time.",
}

FINDINGS: dict[str, tuple[Severity, str]] = {
    **{code: ("error", sentence) for code, sentence in (CODES | _ERRORS).items()},
    **{code: ("warning", sentence) for code, sentence in _WARNINGS.items()},
}
"""Code → severity and a sentence, those of reading a document included."""


def finding(
    code: str, message: str, place: str, node: str | None = None, hint: str | None = None, fix: Fix | None = None
) -> Finding:
    """A finding of the catalogue; see ``Finding``."""
    return Finding(code, FINDINGS[code][0], message, place, node, hint, fix)
