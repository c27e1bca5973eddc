"""Model names and who answers for them; Python functions as models."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from engine.agents.models.base import AskedCall, ModelAnswer, ModelRequest
from engine.agents.models.registry import ModelRegistry
from engine.agents.models.scripted import ScriptedModels
from engine.errors import ModelError
from tests.agents.test_scripted import asker

ANSWER = ModelAnswer("t", (AskedCall("look", {"x": 1}, "id-1"), AskedCall("stop", {})), "calls", 3, 4, None)


@pytest.mark.parametrize("answer", [ANSWER, ModelAnswer("강"), ModelAnswer("", (), "length", 1, 0)])
def test_an_answer_survives_the_journal(answer: ModelAnswer) -> None:
    again = ModelAnswer.from_json(answer.as_json())
    assert (again.text, again.calls, again.finish, again.tokens_out) == (
        answer.text, answer.calls, answer.finish, answer.tokens_out,
    )  # fmt: skip


def shout(request: ModelRequest) -> str:
    return str(request.messages[-1]["text"]).upper()


async def count(request: ModelRequest) -> dict[str, int]:
    return {"n": len(request.messages)}


async def stream(request: ModelRequest) -> AsyncIterator[str]:
    for word in ("one ", "two"):
        yield word


async def call(request: ModelRequest) -> ModelAnswer:
    return ANSWER


async def fail(request: ModelRequest) -> str:
    raise KeyError("x")


async def busy(request: ModelRequest) -> str:
    raise ModelError("busy", error_class="transient")


def registry() -> ModelRegistry:
    models = ModelRegistry()
    models.add("scripted", ScriptedModels())
    for function in (shout, count, stream, call, fail, busy):
        models.add_function(function.__name__, function)
    return models


async def ask(name: str, said: list[str]) -> ModelAnswer:
    runner, model = registry().find(f"python:{name}")
    request = ModelRequest(model, "", ({"role": "user", "text": "hello"},), (), None, {}, asker(None))
    return await runner.ask(request, said.append)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "text"), [("shout", "HELLO"), ("count", '{"n":1}'), ("stream", "one two"), ("call", "t")]
)
async def test_a_python_function_answers_with_text_json_a_stream_or_calls(name: str, text: str) -> None:
    said: list[str] = []
    assert (await ask(name, said)).text == text
    assert said == (["one ", "two"] if name == "stream" else [])


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "code", "error_class"), [("fail", "model.raised", "fatal"), ("busy", "model.failed", "transient")]
)
async def test_what_a_python_function_raises_is_a_failure(name: str, code: str, error_class: str) -> None:
    with pytest.raises(ModelError) as caught:
        await ask(name, [])
    assert (caught.value.code, caught.value.error_class) == (code, error_class)


UNKNOWN: list[tuple[str, str]] = [
    ("gpt", "write PROVIDER:MODEL; known: python:, scripted:"),
    ("scripted:", "did you mean"),
    ("scriptd:x", "did you mean scripted:x?"),
    ("openai:gpt", "known: python:, scripted:"),
    ("python:nobody", "python:shout"),
    ("", "write PROVIDER:MODEL"),
]


@pytest.mark.parametrize(("name", "hint"), UNKNOWN)
def test_an_unknown_model_is_said_with_what_to_do(name: str, hint: str) -> None:
    with pytest.raises(ModelError) as caught:
        registry().find(name)
    assert caught.value.code == "model.unknown"
    assert caught.value.error_class == "fatal"
    assert hint in (caught.value.hint or "")
