"""What ``json.*`` and ``value.set`` do."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import ToolError
from tests.tools.use import use

PEOPLE = [
    {"name": "Ann", "team": "red", "age": 40, "tags": ["x"]},
    {"name": "Bob", "team": "blue", "age": 30},
    {"name": "Cho", "team": "red"},
]
CASES: list[tuple[str, dict[str, Any], Any]] = [
    ("json.parse", {"text": '{"a": [1.0, 2.5, null]}'}, {"a": [1, 2.5, None]}),
    ("json.dump", {"value": {"a": "강"}}, '{"a":"강"}'),
    ("json.dump", {"value": [1], "pretty": True}, "[\n  1\n]"),
    ("json.get", {"value": PEOPLE, "path": "[0].tags[0]"}, "x"),
    ("json.get", {"value": PEOPLE, "path": "[9].name", "default": "nobody"}, "nobody"),
    ("json.get", {"value": {"a": None}, "path": "a", "default": 1}, None),
    ("json.keys", {"value": {"b": 1, "a": 2}}, ["b", "a"]),
    ("json.values", {"value": {"b": 1, "a": 2}}, [1, 2]),
    ("json.length", {"value": PEOPLE}, 3),
    ("json.length", {"value": {"a": 1}}, 1),
    ("json.pick", {"value": PEOPLE[0], "keys": ["age", "name", "none"]}, {"age": 40, "name": "Ann"}),
    ("json.column", {"items": PEOPLE, "path": "age"}, [40, 30]),
    ("json.flatten", {"items": [1, [2, [3]], []]}, [1, 2, [3]]),
    ("json.flatten", {"items": [1, [2, [3]]], "depth": 2}, [1, 2, 3]),
    ("json.sort", {"items": [3, "b", None, True, 1.5, "a", [0]]}, [None, True, 1.5, 3, "a", "b", [0]]),
    ("json.sort", {"items": PEOPLE, "by": "age"}, [PEOPLE[2], PEOPLE[1], PEOPLE[0]]),
    ("json.sort", {"items": PEOPLE, "by": "team", "descending": True}, [PEOPLE[0], PEOPLE[2], PEOPLE[1]]),
    ("json.unique", {"items": [1, 1, "1", {"a": 1, "b": 2}, {"b": 2, "a": 1}]}, [1, "1", {"a": 1, "b": 2}]),
    ("json.unique", {"items": PEOPLE, "by": "team"}, PEOPLE[:2]),
    ("json.group", {"items": PEOPLE, "by": "team"}, {"red": [PEOPLE[0], PEOPLE[2]], "blue": [PEOPLE[1]]}),
    ("json.group", {"items": PEOPLE[1:], "by": "age"}, {"30": [PEOPLE[1]], "null": [PEOPLE[2]]}),
    ("json.merge", {"items": [{"a": {"x": 1}}, {"a": {"y": 2}}]}, {"a": {"y": 2}}),
    ("json.merge", {"items": [{"a": {"x": 1}}, {"a": {"y": 2}}], "deep": True}, {"a": {"x": 1, "y": 2}}),
    ("json.chunk", {"items": [1, 2, 3], "size": 2}, [[1, 2], [3]]),
    ("json.sum", {"items": [1, 2.5]}, 3.5),
    ("json.sum", {"items": PEOPLE[:2], "by": "age"}, 70),
    ("value.set", {"value": {"a": [1]}}, {"a": [1]}),
    ("value.set", {}, None),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("tool", "args", "expected"), CASES)
async def test_json(tool: str, args: dict[str, Any], expected: Any) -> None:
    assert await use(tool, **args) == expected


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("json.parse", {"text": "not json"}, "json.syntax", "no JSON"),
    ("json.parse", {"text": "[NaN]"}, "json.syntax", "no JSON"),
    ("json.get", {"value": 1, "path": "a..b"}, "tool.arguments", "no path"),
    ("json.get", {"value": 1, "path": "a[x]"}, "tool.arguments", "no path"),
    ("json.get", {"value": 1, "path": ".a"}, "tool.arguments", "no path"),
    ("json.sum", {"items": PEOPLE, "by": "age"}, "tool.arguments", "items[2].age is null"),
    ("json.sum", {"items": [True]}, "tool.arguments", "items[0] is true or false"),
    ("json.sort", {"items": {}}, "tool.arguments", "items"),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("tool", "args", "code", "says"), WRONG)
async def test_what_cannot_be_done_is_said(tool: str, args: dict[str, Any], code: str, says: str) -> None:
    with pytest.raises(ToolError) as caught:
        await use(tool, **args)
    assert caught.value.code == code
    assert says in caught.value.message
