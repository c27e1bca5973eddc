"""Makes facts of what happened: evaluates ``output_key``, ``save``, ``when``, ``while`` and outputs, decides retries.

Rule: everything that the scheduler refuses to evaluate is evaluated here, at the moment the fact is made, against the
values as they are then; what comes out stands in the event, so that a replay reads it instead of working it out again.
Nothing here waits or knows the journal. An error of the graph's own (``NodeError``) becomes the node's failure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from engine.compile.plan import PlanNode
from engine.errors import EngineBug, Failure, NodeError, OutsideError
from engine.model.expressions import compile_expression
from engine.model.state import checked_write
from engine.model.templates import resolve, too_big
from engine.model.types import Types
from engine.model.values import ABSENT, compact, exceeds
from engine.runtime.context import Names, Result
from engine.scheduler.commands import Conclude, Continue, Evaluate, GiveUp, Scope, Start
from engine.scheduler.events import DERIVED, NodeCompleted, NodeFailed


class Named(Protocol):
    """Whose fact it is: every command that names an execution."""

    @property
    def scope(self) -> Scope:
        """The graph's execution it belongs to."""
        ...

    @property
    def node(self) -> PlanNode:
        """The node."""
        ...

    @property
    def execution(self) -> str:
        """Its name."""
        ...


def attempt_of(of: Named) -> int:
    """The attempt that a command is about, from 1; control nodes have only one."""
    return of.attempt if isinstance(of, Start | Continue | Conclude | GiveUp) else 1


def node_path(of: Named) -> str:
    """The node's id with the path of its subgraph."""
    path = of.scope.node_path
    return f"{path}/{of.node.id}" if path else of.node.id


def types_in(of: Named) -> Types:
    """What the names inside the node are made of; decides which numbers are doubles."""
    types: Types = of.scope.plan.document.types_in(of.node.id)
    return types


def completed(of: Named, result: Result, names_now: Callable[[], Names], *, derived: bool = False) -> NodeCompleted:
    """The fact that an execution ended well, with its writes and the edges it takes.

    Args:
        of: the execution.
        result: what it came to.
        names_now: gives the names as they are now (state included), without ``output``; most nodes need none.
        derived: the output follows from earlier events and is not written again.

    Raises:
        NodeError: ``save`` or ``when`` erred, a write breaks the key's schema, or no edge of the port holds.
    """
    node, scope, port = of.node, of.scope, result.port
    doc = node.doc
    writes: dict[str, Any] | None = None
    taken: tuple[int, ...] | None = None
    names: Names | None = None
    if result.writes or doc.save or (doc.output_key is not None and port != "transfer"):
        names = names_now()
        writes = _writes(of, result, names)
    if port == "transfer":
        taken = _transfer(scope, node.by_port.get(port, ()), result.target)
    elif port in node.deciding:
        after = _after(of, result.output, writes, names_now() if names is None else names)
        taken = _unmatched_is_an_error(of, port, _taken(of, node.by_port[port], after))
    elif writes and names is not None:
        _merged(scope, writes, names["state"])
    return NodeCompleted(
        execution=of.execution,
        node=node_path(of),
        attempt=attempt_of(of),
        output=DERIVED if derived else result.output,
        port=port,
        taken=taken,
        target=result.target,
        escalated=result.escalated,
        writes=writes or None,
        usage=result.usage,
    )


def failed(of: Named, failure: Failure, names: Names, *, retry_at: float | None = None) -> NodeFailed:
    """The fact that an attempt failed: to be retried at ``retry_at``, or for good with the error edge it takes.

    An error edge whose ``when`` errs is not taken, and the failure that stands is the one of that expression. An item
    of ``each`` takes no edge: its node does, once, when it fails with it.
    """
    path = node_path(of)
    if not failure.node:
        failure = replace(failure, node=path)
    taken: tuple[int, ...] = ()
    is_item = isinstance(of, Start | Continue) and of.item is not None
    if retry_at is None and not is_item and (edges := of.node.by_port.get("error", ())):
        try:
            taken = _taken(of, edges, {**names, "error": failure.as_json()})
        except NodeError as error:
            failure = failure_of(error, path)
    return NodeFailed(
        execution=of.execution, node=path, attempt=attempt_of(of), error=failure, retry_at=retry_at, taken=taken
    )


def control(command: Evaluate, names: Names) -> NodeCompleted:
    """The fact that a fork, join, loop-back or end with something to evaluate has completed.

    Raises:
        NodeError: something erred, ``fail`` of an end was reached, or a loop-back's limit with ``on_limit: fail``.
    """
    match command.node.kind:
        case "loop-back":
            return _vote(command, names)
        case "end":
            return _end(command, names)
        case kind:
            port = "branch" if kind == "parallel-fork" else "ok"
            return completed(command, Result(command.output, port), lambda: names, derived=True)


def items_of(of: Named, names: Names) -> list[Any]:
    """The list that ``each`` runs over.

    Raises:
        NodeError: the expression erred or came to something that is no list.
    """
    value = compile_expression(of.node.doc.each, types_in(of)).evaluate(names)
    if not isinstance(value, list):
        raise NodeError(
            f"each came to {short(value)}, not to a list", code="each.no_list", hint="give `each` a list's expression"
        )
    return value


def args_of(of: Named, names: Names) -> dict[str, Any]:
    """A subgraph's ``args``: name -> value, absent ones left out.

    Raises:
        NodeError: a template failed.
    """
    args: dict[str, Any] = resolve(of.node.doc.args, names, types_in(of))  # type: ignore[assignment]
    return args


def output_of(scope: Scope, names: Names) -> dict[str, Any]:
    """A graph's ``output``: name -> resolved template, absent ones left out.

    Raises:
        NodeError: a template failed.
    """
    document = scope.plan.document
    if document.output is None:
        return {}
    output: dict[str, Any] = resolve(document.output, names, document.types)  # type: ignore[assignment]
    return output


def failure_of(error: OutsideError, node: str = "") -> Failure:
    """An error as the failure of ``node``; its own ``where`` says nothing about nodes and is left out."""
    return Failure(error.error_class, error.code, error.message, node, error.hint)


def short(value: Any, length: int = 60) -> str:
    """A JSON value in one line of at most ``length`` characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= length else text[: length - 1] + "…"


def _writes(of: Named, result: Result, names: Names) -> dict[str, Any]:
    writes = dict(result.writes) if result.writes else {}
    doc = of.node.doc
    if doc.output_key is not None and result.port != "transfer":
        writes[doc.output_key] = result.output
    if doc.save:
        with_output = {**names, "output": result.output}
        types = types_in(of)
        for key, template in doc.save.items():
            value = resolve(template, with_output, types)
            if value is not ABSENT:
                writes[key] = value
    known = of.scope.plan.document.state
    for key, value in writes.items():
        if key not in known:
            raise NodeError(f"the state has no key {key!r}", code="state.unknown", hint="declare it under `state`")
        if exceeds(value):
            raise too_big(f"what is written to the state key {key!r}")
    return writes


def _after(of: Named, output: Any, writes: Mapping[str, Any] | None, names: Names) -> Names:
    """The names as ``when`` sees them: after the node's own writes."""
    after = {**names, "output": output}
    if writes:
        after["state"] = {**names["state"], **_merged(of.scope, writes, names["state"])}
    return after


def _merged(scope: Scope, writes: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    keys = scope.plan.document.state
    return {key: checked_write(key, keys[key], state.get(key, ABSENT), value) for key, value in writes.items()}


def _taken(of: Named, edges: Sequence[int], names: Names) -> tuple[int, ...]:
    """Of the edges, in file order, the first that holds; of a fork's branches every one."""
    node, plan, types = of.node, of.scope.plan, types_in(of)
    taken: list[int] = []
    for number in edges:
        edge = plan.edges[number]
        if not edge.conditional or compile_expression(node.doc.to[edge.index].when, types).holds(names):
            taken.append(edge.index)
            if edge.port != "branch":
                break
    return tuple(taken)


def _unmatched_is_an_error(of: Named, port: str, taken: tuple[int, ...]) -> tuple[int, ...]:
    if not taken:
        raise NodeError(
            f"no edge on port {port} of {of.node.id} holds",
            code="route.unmatched",
            hint="add an edge without `when` as the way out",
        )
    return taken


def _transfer(scope: Scope, edges: Sequence[int], target: str | None) -> tuple[int, ...]:
    for number in edges:
        edge = scope.plan.edges[number]
        if scope.plan.nodes[edge.target].id == target:
            return (edge.index,)
    raise EngineBug(f"an agent handed over to {target!r}, to whom no transfer edge leads")


def _vote(command: Evaluate, names: Names) -> NodeCompleted:
    doc = command.node.doc
    goes_on = doc.while_ is None or compile_expression(doc.while_, types_in(command)).holds(names)
    exhausted = goes_on and not command.may_repeat
    if exhausted and doc.on_limit == "fail":
        raise NodeError(
            f"the loop ran its {doc.max_iterations} iterations and is not done",
            code="loop.exhausted",
            error_class="limit",
            hint="raise max_iterations, or set on_limit to exit",
        )
    repeat = goes_on and not exhausted
    output = {"iteration": command.iteration, "exhausted": exhausted}
    event = completed(command, Result(output, "repeat" if repeat else "done"), lambda: names, derived=True)
    event.repeat, event.exhausted = repeat, exhausted
    return event


def _end(command: Evaluate, names: Names) -> NodeCompleted:
    doc = command.node.doc
    if doc.fail is not None:
        said = resolve(doc.fail, names, types_in(command))
        message = said if isinstance(said, str) else "" if said is ABSENT else compact(said)
        raise NodeError(message, code="end.fail")
    if doc.output is None:
        event = completed(command, Result(None, "ok"), lambda: names, derived=True)
    else:
        output = resolve(doc.output, names, types_in(command))
        event = completed(command, Result(None if output is ABSENT else output, "ok"), lambda: names)
    event.port = None
    return event
