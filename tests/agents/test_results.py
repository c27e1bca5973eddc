"""What a tool returns, as JSON, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum, IntEnum
from functools import reduce
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from engine.agents.results import to_json
from engine.errors import ToolError


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Text(str):
    """A text of its own class."""


class Number(float):
    """A number of its own class."""


class Place(BaseModel):
    city: str
    since: date


@dataclass
class Point:
    x: float
    on: tuple[int, ...] = (1, 2)


DAY = date(2026, 1, 31)
GOOD: list[tuple[Any, Any]] = [
    ("강", "강"),
    (None, None),
    (True, True),
    (2.0, 2),
    (2.5, 2.5),
    (2**53, 2**53),
    ({"a": [1.0, (2,)]}, {"a": [1, [2]]}),
    (Place(city="Seoul", since=DAY), {"city": "Seoul", "since": "2026-01-31"}),
    (Point(1.0), {"x": 1, "on": [1, 2]}),
    ([Colour.RED, Level.HIGH, Text("t"), Number(1.5)], ["red", 3, "t", 1.5]),
    ({Text("k"): MappingProxyType({"a": range(2)})}, {"k": {"a": [0, 1]}}),
    (datetime(2026, 1, 31, 12, tzinfo=UTC), "2026-01-31T12:00:00+00:00"),
    (UUID(int=0), "00000000-0000-0000-0000-000000000000"),
]


@pytest.mark.parametrize(("value", "expected"), GOOD)
def test_what_can_be_json_becomes_json(value: Any, expected: Any) -> None:
    found = to_json(value, "t")
    assert found == expected
    assert type(found) is type(expected)


DEEP: list[Any] = reduce(lambda inner, _: [inner], range(200), [])

BAD: list[tuple[Any, str]] = [
    (b"x", "the result is bytes"),
    ({"a": [1, {2, 3}]}, "a[1] is a Python set"),
    ({"a": float("nan")}, "a is nan"),
    ([float("inf")], "[0] is inf"),
    (2**53 + 1, "beyond 2**53"),
    ("\ud800", "half a character"),
    ({"\ud800": 1}, "half a character"),
    ({1: 2}, "the key 1, which is no text"),
    (object(), "a Python object"),
    (Point, "a Python type"),
    (DEEP, "nested too deeply"),
]


@pytest.mark.parametrize(("value", "says"), BAD)
def test_what_would_lose_something_is_refused_with_its_place(value: Any, says: str) -> None:
    with pytest.raises(ToolError) as caught:
        to_json(value, "t")
    assert caught.value.code == "tool.result"
    assert says in caught.value.message
    assert caught.value.hint
