"""Pinned outputs: what stands for a node's work in one run, checked before the run starts.

Rule: a pin is never part of a graph; it comes with the start of a run, is kept with it, and whatever it does not fit is
said before anything is written. What is kept has every default filled in, so a resume reads what the start checked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from engine.errors import InputError
from engine.library import inline_graph
from engine.model.graph import Graph
from engine.model.names import nearest
from engine.model.nodes import AgentNode, GateNode, SubgraphNode
from engine.model.schema import fill_defaults, problems
from engine.model.values import as_object, exceeds

PINNABLE: Final = ("agent", "tool", "human-gate", "subgraph", "wait")
"""Kinds that do something, so that an output can stand for it."""

Find = Callable[[str], Graph | None]


@dataclass(frozen=True, slots=True)
class Starter:
    """Who starts the run, where that is known from a login: the decision of a pinned gate is theirs.

    Attributes:
        name: as gates and the journal name people.
        groups: that they belong to.
    """

    name: str
    groups: Collection[str] = ()


def checked_pins(pins: Any, graph: Graph, find: Find, starter: Starter | None = None) -> dict[str, Any]:
    """The pins of a run as they are kept: node path -> output, of a gate ``{option, form, by}``.

    Args:
        pins: JSON value: an object of node path (``write``, ``team/write``) -> output.
        graph: the run's own.
        find: a graph by its name, for the paths of its subgraphs.
        starter: who a gate's decision is written to, whatever the pin says, and who must be one of its assignees; None:
            whoever the pin names.

    Raises:
        InputError: ``pin.invalid``, ``pin.unknown``, ``pin.kind``, ``pin.option``, ``pin.output`` or ``gate.assignee``.
    """
    if not isinstance(pins, dict):
        raise InputError("pins are a JSON object", code="pin.invalid", where="pins", hint='as in {"write": "A draft."}')
    return {path: _checked(path, output, graph, find, starter) for path, output in cast("dict[str, Any]", pins).items()}


def _checked(path: str, output: Any, graph: Graph, find: Find, starter: Starter | None) -> Any:
    where = f"pin of {path}"
    node = _node(path, graph, find, where)
    if node.kind not in PINNABLE:
        raise InputError(
            f"a {node.kind} does nothing that an output could stand for",
            code="pin.kind",
            where=where,
            hint=f"pin a node of kind {', '.join(PINNABLE)}",
        )
    if exceeds(output):
        raise _unfit(where, "it is larger than a run can hold", "pin something shorter")
    if isinstance(node, GateNode):
        decided = _decided(node, output, where)
        return decided if starter is None else decided | {"by": _assigned(node, starter, where)}
    if getattr(node, "each", None) is not None:
        for one in _items(output, where):
            if one is not None:  # as of an item that failed or was not waited for
                _check_answer(node, one, where)
    else:
        _check_answer(node, output, where)
    return output


def _items(output: Any, where: str) -> Sequence[Any]:
    """The outputs of the items of a node with ``each``.

    Raises:
        InputError: ``pin.output``.
    """
    if not isinstance(output, list):
        raise _unfit(where, "a node with `each` gives a list, one output for each item", "pin a list")
    return cast("Sequence[Any]", output)


def _node(path: str, graph: Graph, find: Find, where: str) -> Any:
    """The node at a path.

    Raises:
        InputError: ``pin.unknown``.
    """
    *around, last = path.split("/")
    inside: Graph | None = graph
    for name in around:
        inside = None if inside is None else _inner(inside.nodes.get(name), find)
    node = None if inside is None else inside.nodes.get(last)
    if node is None:
        near = None if inside is None else nearest(last, list(inside.nodes))
        hint = f"did you mean {'/'.join([*around, near])}?" if near else "a node's id, after those of its subgraphs"
        raise InputError(f"{graph.name} has no node {path}", code="pin.unknown", where=where, hint=hint)
    return node


def _inner(node: Any, find: Find) -> Graph | None:
    if not isinstance(node, SubgraphNode):
        return None
    return find(node.graph) if node.graph is not None else inline_graph(as_object(node.inline))


def _check_answer(node: Any, output: Any, where: str) -> None:
    """What an agent answers has a form that others rely on.

    Raises:
        InputError: ``pin.output``.
    """
    if not isinstance(node, AgentNode):
        return
    if node.output_schema is None:
        hands_over = any(edge.on == "transfer" for edge in node.to)
        if not isinstance(output, str) and not hands_over:
            raise _unfit(where, "an agent without output_schema answers with text", "pin a text")
        return
    if found := problems(node.output_schema, output):
        raise _unfit(where, "; ".join(found), "pin what fits the output_schema of the node")


def _decided(node: GateNode, output: Any, where: str) -> dict[str, Any]:
    """A gate's decision with its form filled in; what else the output of a gate holds (``at``) is the run's own.

    Raises:
        InputError: ``pin.output`` or ``pin.option``.
    """
    given = as_object(output)
    option, by = given.get("option"), given.get("by")
    form = as_object(given.get("form"))
    has_form = given.get("form") in (None, form)
    if not isinstance(option, str) or not has_form or not (by is None or isinstance(by, str)):
        raise _unfit(where, "a gate is pinned with the option it leaves by", 'as in {"option": "approve", "form": {}}')
    forms = {
        one if isinstance(one, str) else one.name: None if isinstance(one, str) else one.form for one in node.options
    }
    if option not in forms:
        raise InputError(
            f"there is no option {option!r}", code="pin.option", where=where, hint=f"options: {', '.join(forms)}"
        )
    schema = forms[option] if forms[option] is not None else node.form
    filled: Any = form if schema is None else fill_defaults(schema, form)
    if schema is not None and (found := problems(schema, filled)):
        raise _unfit(where, f"form: {'; '.join(found)}", "pin a form that fits")
    return {"option": option, "form": filled, "by": by}


def _assigned(node: GateNode, starter: Starter, where: str) -> str:
    """The starter's name, if the gate may be decided by them.

    Raises:
        InputError: ``gate.assignee``.
    """
    if node.assignees is not None and not {starter.name, *starter.groups}.intersection(node.assignees):
        raise InputError(
            f"{starter.name} may not decide this gate",
            code="gate.assignee",
            where=where,
            hint=f"assignees: {', '.join(node.assignees)}",
        )
    return starter.name


def _unfit(where: str, said: str, hint: str) -> InputError:
    return InputError(said, code="pin.output", where=where, hint=hint)
