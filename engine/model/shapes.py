"""How a field of the document may look: annotations that give one plain error where pydantic would give many.

Rule: a value has one reading. ``null`` is not another way to leave a field out, and of several shapes the JSON type
alone decides which is meant, so that an error names the one that the author wrote.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Discriminator, GetCoreSchemaHandler, GetJsonSchemaHandler, Tag
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from engine.model.values import shape_of

T = TypeVar("T")

TEXT, NUMBER, LIST, OBJECT, BOOLEAN = (
    Tag("<text>"),
    Tag("<a number>"),
    Tag("<a list>"),
    Tag("<an object>"),
    Tag("<true or false>"),
)
"""Tags for the members of a union; the brackets keep them apart from keys of the document."""


def _tag(value: object) -> str:
    return "<an object>" if isinstance(value, BaseModel) else f"<{shape_of(value)}>"


def by_shape(expected: str) -> Discriminator:
    """The union member is chosen by JSON type; anything else is one error that says ``expected``."""
    return Discriminator(_tag, custom_error_type="shape", custom_error_message=expected)


@dataclass(frozen=True, slots=True)
class _Given:
    """Absent is ``None`` in Python, but ``null`` in the file is refused."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_refuse_null, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        written = handler(schema)
        members: list[Any] = written.pop("anyOf", [])
        kept = [member for member in members if member != {"type": "null"}]
        return {**written, **(kept[0] if len(kept) == 1 else {"anyOf": kept} if kept else {})}


def _refuse_null(value: Any) -> Any:
    if value is None:
        raise PydanticCustomError("null", "null")
    return value


Given = Annotated[T | None, _Given()]
"""``Given[T]``: a field that may be left out (then ``None``), but not be ``null``."""
