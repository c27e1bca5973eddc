"""Makes facts of what happened: evaluates ``output_key``, ``save``, ``when``, ``while`` and outputs, decides retries.

Rule: everything that the scheduler refuses to evaluate is evaluated here, at the moment the fact is made, against the
values as they are then; what comes out stands in the event, so that a replay reads it instead of working it out again.
Nothing here waits or knows the journal. An error of the graph's own (``NodeError``) becomes the node's failure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.compile.plan import PlanNode
from engine.errors import Failure, NodeError
from engine.model.expressions import compile_expression
from engine.model.nodes import Retry
from engine.model.state import checked_write
from engine.model.templates import resolve
from engine.model.types import Types
from engine.model.values import ABSENT
from engine.runtime.context import Names, Result
from engine.scheduler.commands import Evaluate, Scope
from engine.scheduler.events import DERIVED, NodeCompleted, NodeFailed
from engine.scheduler.retry import delay_s

NEVER = Retry(attempts=1)


def node_path(scope: Scope, node: PlanNode) -> str:
    """The node's id with the path of its subgraph."""
    return f"{scope.node_path}/{node.id}" if scope.node_path else node.id


def types_in(scope: Scope, node: PlanNode) -> Types:
    """What the names inside the node are made of; decides which numbers are doubles."""
    return scope.plan.document.types_in(node.id)


def completed(
    scope: Scope, node: PlanNode, execution: str, attempt: int, result: Result, names: Names, *, derived: bool = False
) -> NodeCompleted:
    """The fact that an execution ended well, with its writes and the edges it takes.

    Args:
        scope: the graph's execution it belongs to.
        node: the node.
        execution: its name.
        attempt: from 1.
        result: what it came to.
        names: the names as they are now (state included), without ``output``.
        derived: the output follows from earlier events and is not written again.

    Raises:
        NodeError: ``save`` or ``when`` erred, a write breaks the key's schema, or no edge of the port holds.
    """
    with_output = {**names, "output": result.output}
    writes = _writes(scope, node, result, with_output)
    edges = node.by_port.get(result.port, ())
    taken: tuple[int, ...] | None = None
    if edges and any(scope.plan.edges[e].conditional for e in edges):
        if writes:
            with_output["state"] = {**names["state"], **_merged(scope, writes, names["state"])}
        taken = _taken(scope, node, edges, with_output, every=node.kind == "parallel-fork")
        if not taken:
            raise NodeError(
                f"no edge on port {result.port} of {node.id} holds",
                code="route.unmatched",
                where=node_path(scope, node),
                hint="add an edge without `when` as the way out",
            )
    elif writes:
        _merged(scope, writes, names["state"])
    if result.port == "transfer":
        taken = _transfer(scope, edges, result.target)
    return NodeCompleted(
        execution=execution,
        node=node_path(scope, node),
        attempt=attempt,
        output=DERIVED if derived else result.output,
        port=result.port,
        taken=taken,
        target=result.target,
        escalated=result.escalated,
        writes=writes or None,
        usage=result.usage,
    )


def failed(
    scope: Scope,
    node: PlanNode,
    execution: str,
    attempt: int,
    failure: Failure,
    names: Names,
    *,
    retry_at: float | None = None,
) -> NodeFailed:
    """The fact that an attempt failed: to be retried at ``retry_at``, or for good with the error edge it takes.

    An error edge whose ``when`` errs is not taken, and the failure that stands is the one of that expression.
    """
    path = node_path(scope, node)
    if not failure.node:
        failure = replace(failure, node=path)
    taken: tuple[int, ...] = ()
    if retry_at is None and (edges := node.by_port.get("error", ())):
        try:
            taken = _taken(scope, node, edges, {**names, "error": failure.as_json()}, every=False)
        except NodeError as error:
            failure = failure_of(error, path)
    return NodeFailed(execution=execution, node=path, attempt=attempt, error=failure, retry_at=retry_at, taken=taken)


def retry_at(
    node: PlanNode,
    failure: Failure,
    counted: int,
    *,
    now: float,
    seed: int,
    default: Retry,
    retry_after_s: float | None,
) -> float | None:
    """When the next attempt may begin (seconds since 1970), or None when there is none.

    Args:
        node: the node; its ``retry`` or else ``default`` is the policy.
        failure: how the attempt failed.
        counted: attempts that count so far, the failed one included.
        now: seconds since 1970.
        seed: of the execution; the jitter comes from it.
        default: the policy where the node says nothing.
        retry_after_s: the least wait that the other side asked for, or None.
    """
    policy: Retry = getattr(node.doc, "retry", None) or default
    delay = delay_s(policy, failure, counted, seed)
    if delay is None:
        return None
    return now + max(delay, retry_after_s or 0.0)


def control(command: Evaluate, names: Names) -> NodeCompleted:
    """The fact that a fork, join, loop-back or end with something to evaluate has completed.

    Raises:
        NodeError: something erred, ``fail`` of an end was reached, or a loop-back's limit with ``on_limit: fail``.
    """
    node, scope = command.node, command.scope
    if node.kind == "loop-back":
        return _vote(command, names)
    if node.kind == "end":
        return _end(command, names)
    port = "branch" if node.kind == "parallel-fork" else "ok"
    output = names["nodes"].get(node.id, {}).get("pending")
    return completed(scope, node, command.execution, 1, Result(output, port), names, derived=True)


def items_of(scope: Scope, node: PlanNode, names: Names) -> list[Any]:
    """The list that ``each`` runs over.

    Raises:
        NodeError: the expression erred or came to something that is no list.
    """
    value = compile_expression(node.doc.each, types_in(scope, node)).evaluate(names)
    if not isinstance(value, list):
        raise NodeError(
            f"each came to {short(value)}, not to a list",
            code="each.no_list",
            hint="`each` needs an expression of a list",
        )
    return value


def args_of(scope: Scope, node: PlanNode, names: Names) -> dict[str, Any]:
    """A subgraph's ``args``: name -> value, absent ones left out.

    Raises:
        NodeError: a template failed.
    """
    return resolve(node.doc.args, names, types_in(scope, node))


def short(value: Any, length: int = 60) -> str:
    """A JSON value in one line of at most ``length`` characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= length else text[: length - 1] + "…"


def output_of(scope: Scope, names: Names) -> dict[str, Any]:
    """A graph's ``output``: name -> resolved template, absent ones left out.

    Raises:
        NodeError: a template failed.
    """
    document = scope.plan.document
    return {} if document.output is None else resolve(dict(document.output), names, document.types)


def failure_of(error: NodeError, node: str) -> Failure:
    """A NodeError as the failure of ``node``."""
    return Failure(error.error_class, error.code, error.message, node, error.hint)


def _writes(scope: Scope, node: PlanNode, result: Result, names: Names) -> dict[str, Any]:
    writes = dict(result.writes) if result.writes else {}
    doc = node.doc
    if doc.output_key is not None and result.port != "transfer":
        writes[doc.output_key] = result.output
    if doc.save:
        types = types_in(scope, node)
        for key, template in doc.save.items():
            value = resolve(template, names, types)
            if value is not ABSENT:
                writes[key] = value
    for key in writes:
        if key not in scope.plan.document.state:
            raise NodeError(f"the state has no key {key!r}", code="state.unknown", where=node_path(scope, node))
    return writes


def _merged(scope: Scope, writes: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    keys = scope.plan.document.state
    return {key: checked_write(key, keys[key], state.get(key, ABSENT), value) for key, value in writes.items()}


def _taken(scope: Scope, node: PlanNode, edges: Sequence[int], names: Names, *, every: bool) -> tuple[int, ...]:
    types = types_in(scope, node)
    taken: list[int] = []
    for number in edges:
        edge = scope.plan.edges[number]
        if not edge.conditional or compile_expression(node.doc.to[edge.index].when, types).holds(names):
            taken.append(edge.index)
            if not every:
                break
    return tuple(taken)


def _transfer(scope: Scope, edges: Sequence[int], target: str | None) -> tuple[int, ...]:
    for number in edges:
        edge = scope.plan.edges[number]
        if scope.plan.nodes[edge.target].id == target:
            return (edge.index,)
    raise NodeError(f"there is no transfer edge to {target!r}", code="transfer.unknown")


def _vote(command: Evaluate, names: Names) -> NodeCompleted:
    node, scope = command.node, command.scope
    goes_on = node.doc.while_ is None or compile_expression(node.doc.while_, types_in(scope, node)).holds(names)
    exhausted = goes_on and not command.may_repeat
    if exhausted and node.doc.on_limit == "fail":
        raise NodeError(
            f"the loop ran its {node.doc.max_iterations} iterations and is not done",
            code="loop.exhausted",
            where=node_path(scope, node),
            error_class="limit",
            hint="raise max_iterations, or set on_limit to exit",
        )
    repeat = goes_on and not exhausted
    output = {"iteration": command.iteration, "exhausted": exhausted}
    result = Result(output, "repeat" if repeat else "done")
    event = completed(scope, node, command.execution, 1, result, names, derived=True)
    event.repeat, event.exhausted = repeat, exhausted
    return event


def _end(command: Evaluate, names: Names) -> NodeCompleted:
    node, scope = command.node, command.scope
    if node.doc.fail is not None:
        message = resolve(node.doc.fail, names, types_in(scope, node))
        raise NodeError(
            message if isinstance(message, str) else str(message), code="end.fail", where=node_path(scope, node)
        )
    output = resolve(node.doc.output, names, types_in(scope, node))
    return completed(scope, node, command.execution, 1, Result(output, "ok"), names)
