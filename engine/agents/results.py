"""What a tool returned, as JSON.

Rule: a result is a JSON value held as ``engine.model.values`` holds one, or the call has failed. Pydantic models,
dataclasses, tuples, enumerations and dates are written as JSON does; what would lose something (bytes, sets, integers
beyond 2**53, NaN) is refused with the place where it stands.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date, time
from enum import Enum
from math import isfinite
from typing import Any, TypeGuard
from uuid import UUID

from pydantic import BaseModel

from engine.agents.canonical import is_list, is_object
from engine.errors import ToolError
from engine.model.values import MAX_DEPTH, SAFE_INTEGER, halved


def to_json(value: Any, tool: str) -> Any:
    """The value as JSON, a copy where anything had to be converted. About 50 ns for each part of it.

    Raises:
        ToolError: ``tool.result``; it says where what stands.
    """
    if type(value) is str and value.isascii():
        return value
    return _Writer(tool).written(value, "", MAX_DEPTH)


@dataclasses.dataclass(slots=True)
class _Writer:
    tool: str

    def written(self, value: Any, where: str, depth: int) -> Any:
        if type(value) is str:
            return self._text(value, where)
        if type(value) is bool or value is None:
            return value
        if type(value) is int:
            return self._whole(value, where)
        if type(value) is float:
            return self._double(value, where)
        if depth == 0:
            raise self._refused(where, "is nested too deeply", "return less, or a flatter form")
        if is_object(value):
            return {self._key(k, where): self.written(v, f"{where}.{k}", depth - 1) for k, v in value.items()}
        if is_list(value):
            return [self.written(v, f"{where}[{i}]", depth - 1) for i, v in enumerate(value)]
        return self._converted(value, where, depth)

    def _converted(self, value: Any, where: str, depth: int) -> Any:
        match value:
            case BaseModel():
                return self.written(value.model_dump(mode="json"), where, depth - 1)
            case Enum():
                return self.written(value.value, where, depth - 1)
            case date() | time():
                return value.isoformat()
            case UUID():
                return str(value)
            case str():
                return self._text(str(value), where)
            case int():
                return self._whole(int(value), where)
            case float():
                return self._double(float(value), where)
            case _ if _is_mapping(value):
                return self.written(dict(value), where, depth)
            case bytes() | bytearray() | memoryview():
                hint = "write bytes to a file and return its name, or return them as base64 text"
                raise self._refused(where, "is bytes, which JSON cannot hold", hint)
            case _ if _is_sequence(value):
                return self.written(list(value), where, depth)
            case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
                parts = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
                return self.written(parts, where, depth)
            case _:
                what = f"is a Python {type(value).__name__}, which is no JSON value"
                raise self._refused(where, what, "return text, numbers, lists and objects")

    def _key(self, key: Any, where: str) -> str:
        if isinstance(key, str):
            return self._text(str(key), where)
        raise self._refused(where, f"has the key {key!r}, which is no text", "use text as keys")

    def _text(self, value: str, where: str) -> str:
        if halved(value):
            raise self._refused(where, "holds half a character (a lone surrogate)", "decode the text properly first")
        return value

    def _whole(self, value: int, where: str) -> int:
        if -SAFE_INTEGER <= value <= SAFE_INTEGER:
            return value
        raise self._refused(where, "is beyond 2**53, where JSON numbers lose digits", "return it as text")

    def _double(self, value: float, where: str) -> int | float:
        if not isfinite(value):
            raise self._refused(where, f"is {value}, which is no JSON number", "return null or text instead")
        return int(value) if value.is_integer() and abs(value) <= SAFE_INTEGER else value

    def _refused(self, where: str, what: str, hint: str) -> ToolError:
        place = where.lstrip(".") or "the result"
        return ToolError(f"{self.tool} returned no JSON: {place} {what}", code="tool.result", hint=hint)


def _is_mapping(value: Any) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def _is_sequence(value: Any) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence)
