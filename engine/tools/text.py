"""``text.*``: what people do with text between two other steps.

Rule: pure functions of their arguments, linear in their size. Patterns are matched by an engine that cannot be made to
run for ever (no look-around, no back-references).
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field
from pydantic_core import SchemaError, SchemaValidator, core_schema

from engine.agents import tool
from engine.agents.results import to_json
from engine.errors import ToolError
from engine.model.values import compact

MOST_CHARACTERS = 10_000_000
"""No tool makes a text longer than this."""

_LINE = re.compile(r"\r\n|\r|\n")


@tool(effect="read", name="text.join")
async def join(parts: list[object], separator: str = "") -> str:
    """Join the parts of a list into one text; what is no text is written as JSON.

    Args:
        parts: the list.
        separator: stands between two parts.
    """
    texts = [part if isinstance(part, str) else compact(to_json(part, "text.join")) for part in parts]
    return _bounded(separator.join(texts))


@tool(effect="read", name="text.split")
async def split(text: str, separator: Annotated[str, Field(min_length=1)] = "\n", *, trim: bool = True) -> list[str]:
    """Split a text at every separator; empty parts are left out when trimmed.

    Args:
        text: the text.
        separator: what stands between two parts.
        trim: take blanks off the parts' ends and leave empty ones out.
    """
    parts = text.split(separator)
    return [part.strip() for part in parts if part.strip()] if trim else parts


@tool(effect="read", name="text.lines")
async def lines(text: str) -> list[str]:
    """The lines of a text, without their ends; a last empty line is none."""
    found = _LINE.split(text)
    return found[:-1] if found and not found[-1] else found


@tool(effect="read", name="text.replace")
async def replace(text: str, find: Annotated[str, Field(min_length=1)], by: str = "") -> str:
    """Replace every occurrence of one text by another.

    Args:
        text: where to look.
        find: what to replace, letter by letter.
        by: what to put there.
    """
    if len(text) + text.count(find) * (len(by) - len(find)) > MOST_CHARACTERS:
        raise _too_long()
    return text.replace(find, by)


@tool(effect="read", name="text.upper")
async def upper(text: str) -> str:
    """The text in capital letters."""
    return text.upper()


@tool(effect="read", name="text.lower")
async def lower(text: str) -> str:
    """The text in small letters."""
    return text.lower()


@tool(effect="read", name="text.trim")
async def trim(text: str) -> str:
    """The text without blanks and line ends before and after."""
    return text.strip()


@tool(effect="read", name="text.length")
async def length(text: str) -> int:
    """How many characters a text has."""
    return len(text)


@tool(effect="read", name="text.words")
async def words(text: str) -> int:
    """How many words a text has: runs of characters between blanks."""
    return len(text.split())


@tool(effect="read", name="text.matches")
async def matches(text: str, pattern: str) -> bool:
    """Whether a regular expression is found somewhere in a text.

    Args:
        text: where to look.
        pattern: a regular expression without look-around and back-references; ``^`` and ``$`` for the whole text.
    """
    try:
        made = SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
    except SchemaError as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise ToolError(
            f"{pattern!r} is no regular expression: {reason}",
            code="tool.arguments",
            hint="look-around and back-references are not there; letters like ( [ . + are escaped by \\",
            happened=False,
        ) from None
    return made.isinstance_python(text)


@tool(effect="read", name="text.between")
async def between(
    text: str, start: Annotated[str, Field(min_length=1)], end: Annotated[str, Field(min_length=1)]
) -> list[str]:
    """Every stretch of a text between a start and the next end, without both.

    Args:
        text: where to look.
        start: what stands before.
        end: what stands after.
    """
    found: list[str] = []
    position = 0
    while (opened := text.find(start, position)) >= 0:
        begin = opened + len(start)
        closed = text.find(end, begin)
        if closed < 0:
            break
        found.append(text[begin:closed])
        position = closed + len(end)
    return found


@tool(effect="read", name="text.truncate")
async def truncate(text: str, length: Annotated[int, Field(ge=0)], ellipsis: str = "…") -> str:
    """The first characters of a text, with an ellipsis where something is cut off.

    Args:
        text: the text.
        length: how many characters at most, the ellipsis included.
        ellipsis: what stands for the rest.
    """
    if len(text) <= length:
        return text
    return text[: max(length - len(ellipsis), 0)] + ellipsis[:length]


def _bounded(text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise _too_long()
    return text


def _too_long() -> ToolError:
    return ToolError(f"the text would be longer than {MOST_CHARACTERS:,} characters", code="tool.too_big")


TOOLS = (join, split, lines, replace, upper, lower, trim, length, words, matches, between, truncate)
