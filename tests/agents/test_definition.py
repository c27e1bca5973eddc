"""A function becomes a tool: its schema, description and promises, and what is refused."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from engine.agents.definition import make_tool, tool
from engine.agents.toolcontext import ToolContext
from engine.errors import ConfigError, ToolError
from tests.agents.desk import as_tool


class Place(BaseModel):
    """Where."""

    city: str
    zip: int | None = None


@tool(effect="read", name="weather.now", risk_level="low", max_calls=3, timeout_s=5, untrusted_output=True)
async def weather(  # noqa: D417 - what is not in Args is in the annotation
    place: Place, days: int = 1, *, units: Annotated[str, Field(description="SI or not")] = "si"
) -> str:
    """What the weather
    is like.

    More words that no model needs.

    Args:
        place: where to look,
            in full.
        days (int): how many days.

    Returns:
        place: not a parameter.
    """  # noqa: D205 - two lines on purpose
    return f"{place.city} {days} {units}"


def test_a_marked_function_stays_a_function_and_is_a_tool() -> None:
    assert weather.__name__ == "weather"
    assert as_tool(weather).name == "weather.now"
    assert as_tool(weather).is_async


def test_the_description_is_the_first_paragraph_on_one_line() -> None:
    assert as_tool(weather).description == "What the weather is like."


def test_parameters_become_a_json_schema_with_descriptions_and_defaults() -> None:
    properties = as_tool(weather).parameters["properties"]
    assert properties["place"]["description"] == "where to look, in full."
    assert properties["days"] == {"description": "how many days.", "type": "integer", "default": 1}
    assert properties["units"]["description"] == "SI or not"
    assert as_tool(weather).parameters["required"] == ["place"]
    assert as_tool(weather).parameters["additionalProperties"] is False


def test_the_result_has_a_schema_when_the_function_says_what_it_returns() -> None:
    assert as_tool(weather).returns == {"type": "string"}


def test_arguments_are_checked_and_converted() -> None:
    bound = as_tool(weather).bind({"place": {"city": "Seoul"}, "days": 2})
    assert bound == {"place": Place(city="Seoul"), "days": 2}


def test_arguments_that_do_not_fit_are_all_named_at_once() -> None:
    with pytest.raises(ToolError) as caught:
        as_tool(weather).bind({"days": "many", "unit": "si"})
    assert caught.value.code == "tool.arguments"
    assert "place is missing" in caught.value.message
    assert "unit is unknown" in caught.value.message
    assert "days: Input should be a valid integer" in caught.value.message
    assert caught.value.hint == "its parameters are place, days?, units?"


def test_a_bare_tool_is_taken_for_unsafe_and_may_take_thirty_seconds() -> None:
    @tool
    def send(text: str) -> None:
        """Send it."""

    assert as_tool(send).effect == "unsafe"
    assert as_tool(send).timeout_s == 30
    assert not as_tool(send).is_async
    assert as_tool(send).name == "send"


def test_the_context_is_no_parameter_of_the_model() -> None:
    @tool(effect="read")
    async def counted(context: ToolContext, by: int) -> int:
        """Count."""
        return by

    assert as_tool(counted).context_parameter == "context"
    assert list(as_tool(counted).parameters["properties"]) == ["by"]


def test_high_risk_needs_approval_even_without_confirmation() -> None:
    assert make_tool(lambda: None, name="x", effect="read", risk_level="high").needs_approval
    assert not make_tool(lambda: None, name="x", effect="read", risk_level="medium").needs_approval


def test_another_source_is_another_version() -> None:
    def one() -> int:
        """Count."""
        return 1

    def two() -> int:
        """Count."""
        return 2

    versions = {make_tool(f, name="count", effect="read").version for f in (one, two, one)}
    assert len(versions) == 2


def untyped(x):  # type: ignore[no-untyped-def]  # pyright: ignore[reportMissingParameterType, reportUnknownParameterType]
    """Do."""


def starred(*parts: str) -> None:
    """Do."""


def of_sockets(x: memoryview) -> None:
    """Do."""


def of_unknown(x: Nowhere) -> None:  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore[reportUndefinedVariable, reportUnknownParameterType]
    """Do."""


NO_TOOLS: list[tuple[Any, dict[str, Any], str]] = [
    (untyped, {}, "has no type"),
    (starred, {}, "cannot be passed by name"),
    (of_sockets, {}, "cannot come from JSON"),
    (of_unknown, {}, "annotations cannot be read"),
    (weather, {"name": "no good"}, "no name for a tool"),
    (weather, {"name": "set_plan"}, "no name for a tool"),
    (weather, {"effect": "harmless"}, "effect is 'harmless'"),
    (weather, {"risk_level": "none"}, "risk_level is 'none'"),
    (weather, {"timeout_s": 0}, "timeout_s"),
    (weather, {"max_calls": -1}, "max_calls"),
]


@pytest.mark.parametrize(("function", "promises", "says"), NO_TOOLS)
def test_what_cannot_be_a_tool_is_refused_with_the_reason(function: Any, promises: Any, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_tool(function, **{"effect": "read", **promises})
    assert caught.value.code == "tool.definition"
    assert says in caught.value.message
    assert caught.value.hint


def test_all_that_others_may_know_is_json() -> None:
    told = as_tool(weather).as_json()
    assert told["effect"] == "read"
    assert told["untrusted_output"] is True
    assert told["max_calls"] == 3
