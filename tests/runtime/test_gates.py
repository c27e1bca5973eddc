"""Who may answer a gate, and with what."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import InputError
from engine.runtime.gates import check_answer, find_gate
from engine.scheduler.events import GateOpened

NOTE = {"type": "object", "properties": {"note": {"type": "string"}}, "required": ["note"]}
AGE = {
    "type": "object",
    "properties": {"age": {"type": "integer", "minimum": 18}, "sure": {"type": "boolean", "default": False}},
    "required": ["age"],
    "additionalProperties": False,
}


def gate(name: str = "review", node: str = "", **fields: Any) -> GateOpened:
    """An open gate with the options yes (a form of its own) and no."""
    options: list[dict[str, Any]] = [{"name": "yes", "form": AGE}, {"name": "no"}]
    return GateOpened(
        gate=name, execution=name, node=node or name, purpose="gate", prompt="?", options=options, **fields
    )


def checked(opened: GateOpened, option: str, form: Any = None, *, by: str | None = None) -> Any:
    """The form as it will be journaled."""
    return check_answer(opened, option, form, by=by, assignees=opened.assignees, run="r1")


def refused(opened: GateOpened, option: str, form: Any = None, *, by: str | None = None) -> InputError:
    """Why an answer is refused."""
    with pytest.raises(InputError) as refusal:
        checked(opened, option, form, by=by)
    assert refusal.value.where == "run r1, gate review"
    return refusal.value


@pytest.mark.parametrize("name", ["review@2", "team/review", "review"])
def test_a_gate_is_found_by_its_id_and_by_its_node_while_one_of_it_is_open(name: str) -> None:
    opened = [gate("team/review@2", "team/review"), gate("review@2", "other"), gate("last")]
    assert find_gate(name, opened, run="r1").gate == ("review@2" if name == "review@2" else "team/review@2")


def test_a_node_with_several_open_gates_must_be_named_exactly() -> None:
    opened = [gate("ask[0]", "ask"), gate("ask[1]", "ask")]
    with pytest.raises(InputError, match=r"gate\.ambiguous.*name one of ask\[0\], ask\[1\]"):
        find_gate("ask", opened, run="r1")
    assert find_gate("ask[1]", opened, run="r1").gate == "ask[1]"


@pytest.mark.parametrize(("opened", "hint"), [([], "the run has no open gate"), ([gate()], "open gates: review")])
def test_a_gate_that_is_not_open_is_refused_with_those_that_are(opened: list[GateOpened], hint: str) -> None:
    with pytest.raises(InputError) as refusal:
        find_gate("approve", opened, run="r1")
    assert (refusal.value.code, refusal.value.hint) == ("gate.closed", hint)


def test_an_option_that_the_gate_does_not_have_is_refused_with_those_it_has() -> None:
    error = refused(gate(), "maybe")
    assert (error.code, error.hint) == ("gate.option", "options: yes, no")


def test_only_those_who_are_asked_may_answer() -> None:
    opened = gate(assignees=["ann", "bo"])
    assert checked(opened, "no", by="bo") == {}
    assert "'cy' may not answer" in refused(opened, "no", by="cy").message
    assert refused(opened, "no").code == "gate.assignee"
    assert checked(gate(), "no") == {}


def test_the_form_of_an_option_comes_before_that_of_the_gate() -> None:
    opened = gate(form=NOTE)
    assert checked(opened, "yes", {"age": 20}) == {"age": 20, "sure": False}
    assert checked(opened, "no", {"note": "later"}) == {"note": "later"}
    assert refused(opened, "no", {"age": 20}).code == "gate.form"


@pytest.mark.parametrize("form", [None, {}, {"age": 3}, {"age": "20"}, {"age": 20, "more": 1}, [1], "text", 5])
def test_a_form_that_does_not_fit_is_refused(form: Any) -> None:
    assert refused(gate(), "yes", form).code == "gate.form"


def test_what_is_not_given_comes_from_the_first_values_and_what_is_given_wins() -> None:
    opened = gate(prefill={"age": 30})
    assert checked(opened, "yes") == {"age": 30, "sure": False}
    assert checked(opened, "yes", {"sure": True}) == {"age": 30, "sure": True}
    assert checked(opened, "yes", {"age": 19}) == {"age": 19, "sure": False}


def test_without_a_form_anything_may_be_said() -> None:
    assert checked(gate(), "no", {"any": ["thing"]}) == {"any": ["thing"]}
