"""What ``text.*`` does."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import ToolError
from engine.tools import text
from tests.tools.use import use

CASES: list[tuple[str, dict[str, Any], Any]] = [
    ("text.join", {"parts": ["a", 1, {"b": [2]}, None], "separator": "-"}, 'a-1-{"b":[2]}-null'),
    ("text.join", {"parts": []}, ""),
    ("text.split", {"text": " a \n\nb", "separator": "\n"}, ["a", "b"]),
    ("text.split", {"text": "a,,b", "separator": ",", "trim": False}, ["a", "", "b"]),
    ("text.lines", {"text": "a\r\nb\rc\n"}, ["a", "b", "c"]),
    ("text.lines", {"text": ""}, []),
    ("text.replace", {"text": "강과 강", "find": "강", "by": "산"}, "산과 산"),
    ("text.upper", {"text": "ä강b"}, "Ä강B"),
    ("text.lower", {"text": "ÄB"}, "äb"),
    ("text.trim", {"text": "  a \n"}, "a"),
    ("text.length", {"text": "김철수"}, 3),
    ("text.words", {"text": "measure twice,\n cut once"}, 4),
    ("text.matches", {"text": "It has 4 words", "pattern": "[0-9]+"}, True),
    ("text.matches", {"text": "none", "pattern": "^[0-9]+$"}, False),
    ("text.matches", {"text": "강물", "pattern": "강"}, True),
    ("text.between", {"text": "<a>1</a><a>2</a><a>3", "start": "<a>", "end": "</a>"}, ["1", "2"]),
    ("text.truncate", {"text": "abcdef", "length": 4}, "abc…"),
    ("text.truncate", {"text": "abc", "length": 3}, "abc"),
    ("text.truncate", {"text": "abc", "length": 1, "ellipsis": "..."}, "."),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("tool", "args", "expected"), CASES)
async def test_text(tool: str, args: dict[str, Any], expected: Any) -> None:
    assert await use(tool, **args) == expected


@pytest.mark.anyio
async def test_a_pattern_that_would_run_for_ever_elsewhere_ends_at_once() -> None:
    assert await use("text.matches", text="a" * 50_000 + "b", pattern="^(a+)+$") is False


@pytest.mark.anyio
@pytest.mark.parametrize("pattern", ["(", "(?=a)", r"(a)\1"])
async def test_what_is_no_pattern_is_said(pattern: str) -> None:
    with pytest.raises(ToolError) as caught:
        await use("text.matches", text="a", pattern=pattern)
    assert caught.value.code == "tool.arguments"
    assert repr(pattern) in caught.value.message


@pytest.mark.anyio
async def test_a_text_that_would_fill_the_memory_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MOST_CHARACTERS", 100)
    wanted: list[tuple[str, dict[str, Any]]] = [
        ("text.replace", {"text": "a" * 20, "find": "a", "by": "b" * 20}),
        ("text.join", {"parts": ["a" * 60] * 2}),
    ]
    for tool, args in wanted:
        with pytest.raises(ToolError) as caught:
            await use(tool, **args)
        assert caught.value.code == "tool.too_big"
