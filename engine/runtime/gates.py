"""Who may answer a gate, and with what.

Rule: an answer is checked here before it becomes an event, by everybody who takes answers: the host, the letter box,
the doors. Nothing here changes anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeVar

from engine.errors import InputError
from engine.model.schema import fill_defaults, problems
from engine.model.values import as_object


class Question(Protocol):
    """An open gate, as the journal's event or its list has it."""

    @property
    def gate(self) -> str:
        """The gate's id."""
        ...

    @property
    def node(self) -> str:
        """The node's path."""
        ...

    @property
    def options(self) -> list[dict[str, Any]]:
        """``{name, label?, form?}`` each."""
        ...

    @property
    def form(self) -> Any:
        """JSON Schema for options without a form of their own, or None."""
        ...

    @property
    def prefill(self) -> dict[str, Any] | None:
        """First values of the form's fields."""
        ...


Q = TypeVar("Q", bound=Question)


def find_gate(name: str, gates: Iterable[Q], *, run: str, is_exact: bool = False) -> Q:
    """The open gate called ``name``: its id, or its node's path or id while only one gate of that node is open.

    ``is_exact``: by its id alone. Whoever has seen one question must not decide the next one of the same node.

    Raises:
        InputError: ``gate.unknown`` or ``gate.ambiguous``.
    """
    opened = list(gates)
    for gate in opened:
        if gate.gate == name:
            return gate
    found = [] if is_exact else [g for g in opened if name in (g.node, g.node.rpartition("/")[2])]
    if len(found) == 1:
        return found[0]
    names = ", ".join(g.gate for g in (found or opened))
    if found:
        raise InputError(
            f"several gates of {name} are open", code="gate.ambiguous", where=f"run {run}", hint=f"name one of {names}"
        )
    raise InputError(
        f"no gate {name!r} is open",
        code="gate.closed",
        where=f"run {run}",
        hint=f"open gates: {names}" if names else "the run has no open gate",
    )


def form_of(gate: Question, option: str) -> Any:
    """The JSON Schema of an option's form: its own, else the gate's, else None."""
    return next((o["form"] for o in gate.options if o["name"] == option and o.get("form") is not None), gate.form)


def first_values(gate: Question, option: str) -> Any:
    """What the form holds before anybody has typed: the prefill, and the schema's defaults."""
    return fill_defaults(form_of(gate, option), dict(gate.prefill or {}))


def check_answer(
    gate: Question, option: str, form: Any, *, by: str | None, assignees: Sequence[str] | None, run: str
) -> Any:
    """The form as it will be journaled, its schema's defaults filled in.

    Args:
        gate: the open gate.
        option: the option's name.
        form: JSON value, or None for nothing.
        by: who answers, or None when nobody said.
        assignees: who may answer now, or None for anybody.
        run: the run's id, for the message.

    Raises:
        InputError: ``gate.option``, ``gate.form`` or ``gate.assignee``; the gate stays open.
    """
    where = f"run {run}, gate {gate.gate}"
    names = [o["name"] for o in gate.options]
    if option not in names:
        raise InputError(
            f"there is no option {option!r}", code="gate.option", where=where, hint=f"options: {', '.join(names)}"
        )
    if assignees is not None and by not in assignees:
        who = f"{by!r} may not answer" if by else "this gate wants to know who answers"
        raise InputError(who, code="gate.assignee", where=where, hint=f"assignees: {', '.join(assignees)}")
    schema = form_of(gate, option)
    if schema is None:
        return {} if form is None else form
    fields = as_object(form)
    given: Any = {**(gate.prefill or {}), **fields} if form is None or fields or form == {} else form
    filled = fill_defaults(schema, given)
    found = problems(schema, filled)
    if found:
        raise InputError("; ".join(found), code="gate.form", where=where, hint="give --form a JSON object that fits")
    return filled
