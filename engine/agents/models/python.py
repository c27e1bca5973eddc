"""``python:NAME``: an agent whose answers come from a Python function of the program that runs weft.

Rule: the function is registered by the program, by name; a graph can only name it. It gets one request and gives one
answer, like any model; what it raises is the node's failure.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeGuard

from engine.agents.models.base import ModelAnswer, ModelRequest, Tell
from engine.agents.results import to_json
from engine.errors import ModelError, OutsideError
from engine.model.values import compact

Answering = Callable[[ModelRequest], Any]
"""Returns, or as a coroutine returns, text, a ``ModelAnswer`` or any JSON value; or an async generator of text."""


class PythonModels:
    """The provider ``python``."""

    def __init__(self) -> None:
        self._functions: dict[str, Answering] = {}

    def add(self, name: str, function: Answering) -> None:
        """Let ``function`` answer for ``python:NAME``; a later one replaces an earlier."""
        self._functions[name] = function

    def __contains__(self, name: object) -> bool:
        return name in self._functions

    def __iter__(self) -> Any:
        return iter(sorted(self._functions))

    async def ask(self, request: ModelRequest, tell: Tell) -> ModelAnswer:
        """The function's answer.

        Raises:
            ModelError: ``model.raised``, class ``fatal``: the function raised something else than an error of weft's.
        """
        try:
            return _answer(await _called(self._functions[request.model], request, tell))
        except OutsideError:
            raise
        except Exception as error:  # the function is foreign code: whatever it raises is its failure
            raise ModelError(
                f"python:{request.model} raised {type(error).__name__}: {error}",
                code="model.raised",
                error_class="fatal",
                hint="raise ModelError with a class for failures that are expected",
            ) from error


async def _called(function: Answering, request: ModelRequest, tell: Tell) -> Any:
    value = function(request)
    if _is_stream(value):
        pieces: list[str] = []
        async for piece in value:
            tell(piece)
            pieces.append(piece)
        return "".join(pieces)
    return await value if inspect.isawaitable(value) else value


def _is_stream(value: Any) -> TypeGuard[AsyncIterator[str]]:
    return hasattr(value, "__aiter__")


def _answer(value: Any) -> ModelAnswer:
    if isinstance(value, ModelAnswer):
        return value
    return ModelAnswer(value if isinstance(value, str) else compact(to_json(value, "the model")))
