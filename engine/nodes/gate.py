"""human-gate: asks a person and leaves by the option that was taken.

Rule: the gate is the only place where a graph waits for people; it costs no task. Its id is its execution's name.
"""

from __future__ import annotations

from typing import Any

from engine.errors import EngineBug
from engine.journal.codec import moment_text
from engine.model.nodes import GateNode
from engine.model.templates import resolve
from engine.model.types import Types
from engine.model.values import ABSENT, compact
from engine.runtime.context import Names, Place, Result
from engine.scheduler.events import Event, GateAnswered, GateExpired, GateOpened


class GateWaiter:
    """Opens and concludes human-gates."""

    def resolve(self, node: GateNode, names: Names, types: Types) -> dict[str, Any]:
        """``{prompt, prefill}``: the prompt as text, the prefill's fields that are not absent."""
        prompt = resolve(node.prompt, names, types) if node.prompt is not None else ""
        prefill = resolve(node.prefill, names, types) if node.prefill is not None else {}
        return {"prompt": "" if prompt is ABSENT else _text(prompt), "prefill": prefill}

    def open(self, node: GateNode, place: Place, resolved: Any, *, now: float) -> GateOpened:
        """The open gate with its options as ``{name, label?, form?}``."""
        return GateOpened(
            gate=place.execution,
            execution=place.execution,
            node=place.node,
            purpose="gate",
            prompt=resolved["prompt"],
            options=[
                {"name": option} if isinstance(option, str) else option.model_dump(exclude_none=True)
                for option in node.options
            ],
            form=node.form,
            prefill=resolved["prefill"] or None,
            assignees=node.assignees,
            deadline=None if node.deadline_s is None else now + node.deadline_s,
            remind_every_s=node.reminder_s,
            escalate=None if node.escalate is None else [step.model_dump() for step in node.escalate],
            default=node.default,
        )

    def conclude(self, fact: Event) -> Result:
        """``{option, form, by, at}`` by the option's port, or null by ``expired``."""
        match fact:
            case GateAnswered():
                form: dict[str, Any] = {} if fact.form is None else fact.form
                output = {"option": fact.option, "form": form, "by": fact.by, "at": moment_text(fact.at)}
                return Result(output, fact.option)
            case GateExpired():
                return Result(None, "expired")
            case _:
                raise EngineBug(f"a gate cannot end by {fact!r}")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else compact(value)
