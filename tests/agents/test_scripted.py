"""Which scripted answer comes, and what is wrong with a script."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.agents.models.base import Asker, ModelAnswer, ModelRequest
from engine.agents.models.scripted import Script, ScriptedModels, pieces
from engine.errors import ConfigError, ModelError
from tests.house.tree import ROOT

Model = list[dict[str, Any]]


def asker(scripted: Any, **more: Any) -> Asker:
    plain: dict[str, Any] = {
        "run_id": "r", "graph": "g", "execution": "write", "node": "write", "agent": "", "step": 1, "iteration": 1,
        "attempt": 1, "prompt": "Write about rivers.", "names": {"input": {"topic": "rivers"}}, "scripted": scripted,
    }  # fmt: skip
    return Asker(**{**plain, **more})


async def ask(entries: Model | None, *, model: str = "m", said: list[str] | None = None, **more: Any) -> ModelAnswer:
    scripted = None if entries is None else {"m": entries}
    request = ModelRequest(model, "system", ({"role": "user", "text": "x"},), (), None, {}, asker(scripted, **more))
    return await ScriptedModels().ask(request, (said if said is not None else []).append)


def texts(*words: str) -> dict[str, Any]:
    return {"steps": [{"text": word} for word in words]}


CHOICES: list[tuple[Model, dict[str, Any], str]] = [
    ([texts("a", "b")], {}, "a"),
    ([texts("a", "b")], {"step": 2}, "b"),
    ([texts("a", "b")], {"step": 9}, "b"),
    ([texts("a"), texts("b")], {"iteration": 2}, "b"),
    ([texts("a"), texts("b")], {"iteration": 7}, "b"),
    ([{**texts("r"), "when": "rivers"}, texts("a")], {}, "r"),
    ([texts("a"), {**texts("r"), "when": "rivers"}], {"iteration": 2}, "r"),
    ([{**texts("s"), "when": "seas"}, texts("a")], {}, "a"),
    ([{**texts("x"), "when": {"execution": "write@2"}}, texts("a")], {"execution": "write@2"}, "x"),
    ([{**texts("x"), "when": {"node": "team/write"}}, texts("a")], {"node": "team/write"}, "x"),
    ([{**texts("x"), "when": {"attempt": 2}}, texts("a")], {"attempt": 1}, "a"),
    ([{**texts("x"), "when": {"agent": "buyer"}}, texts("a")], {"agent": "lead!1/buyer"}, "x"),
    ([{**texts("x"), "when": {"agent": "buyer"}}, texts("a")], {"agent": "buyer!3.1"}, "x"),
    ([{**texts("x"), "when": {"agent": "buyer", "prompt": "seas"}}, texts("a")], {"agent": "buyer!1"}, "a"),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("entries", "who", "expected"), CHOICES)
async def test_the_answer_is_chosen_by_who_asks_alone(entries: Model, who: dict[str, Any], expected: str) -> None:
    for _ in range(2):
        assert (await ask(entries, **who)).text == expected


STEPS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"text": "About {input.topic}: {{"}, {"text": "About rivers: {"}),
    ({"json": {"n": 1, "of": "{input.topic}"}}, {"text": '{"n":1,"of":"rivers"}'}),
    ({"json": None}, {"text": "null"}),
    ({"tool": "t"}, {"calls": [{"tool": "t", "args": {}}]}),
    ({"tool": "t", "args": {"x": "{output.n}"}}, {"calls": [{"tool": "t", "args": {"x": 5}}]}),
    ({"tools": [{"tool": "a"}, {"tool": "b"}]}, {"calls": [{"tool": "a", "args": {}}, {"tool": "b", "args": {}}]}),
    ({"escalate": True, "text": "t"}, {"text": "t", "calls": [{"tool": "escalate", "args": {}}]}),
    ({"escalate": "why"}, {"calls": [{"tool": "escalate", "args": {"reason": "why"}}]}),
    (
        {"transfer": "b", "message": "m"},
        {"calls": [{"tool": "transfer_to_agent", "args": {"agent": "b", "message": "m"}}]},
    ),
]  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize(("step", "expected"), STEPS)
async def test_each_step_is_an_answer(step: dict[str, Any], expected: dict[str, Any]) -> None:
    answer = (await ask([{"steps": [step]}], results=({"n": 4}, {"n": 5}))).as_json()
    assert {key: answer[key] for key in ("text", "calls") if key in answer} == expected


@pytest.mark.anyio
async def test_tokens_are_counted_or_given_and_cost_nothing() -> None:
    estimated = await ask([texts("twelve chars")])
    assert (estimated.tokens_in, estimated.tokens_out, estimated.usd) == (2, 3, 0)
    given = await ask([{"steps": [{"text": "x", "tokens": 40}]}])
    assert given.tokens_in + given.tokens_out == 40


@pytest.mark.anyio
async def test_text_streams_in_small_pieces_that_join_to_the_whole() -> None:
    said: list[str] = []
    text = "One two three\n\n네 번째 five.  "
    await ask([texts(text)], said=said)
    assert len(said) > 1
    assert "".join(said) == text
    assert list(pieces("")) == []


@pytest.mark.anyio
async def test_an_error_step_fails_with_its_class() -> None:
    step = {"error": {"class": "transient", "code": "model.busy", "message": "busy", "retry_after_s": 3}}
    with pytest.raises(ModelError, match="busy") as caught:
        await ask([{"steps": [step]}])
    assert (caught.value.error_class, caught.value.code, caught.value.retry_after_s) == ("transient", "model.busy", 3)


MISSING: list[tuple[Model | None, str, str, str]] = [
    (None, "m", "script.missing", "g.scripted.json"),
    ([texts("a")], "mm", "script.missing", "did you mean scripted:m?"),
    ([{**texts("a"), "when": "seas"}], "m", "script.missing", "add an entry without `when`"),
    ([texts("{input.nothing}")], "m", "script.template", "{input.nothing?}"),
    ([{"steps": []}], "m", "script.invalid", "docs/scripted.md"),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("entries", "model", "code", "hint"), MISSING)
async def test_what_the_script_lacks_is_said(entries: Model | None, model: str, code: str, hint: str) -> None:
    with pytest.raises(ModelError) as caught:
        await ask(entries, model=model)
    assert caught.value.code == code
    assert caught.value.error_class == "fatal"
    assert hint in (caught.value.hint or "")


WRONG: list[tuple[Any, str]] = [
    ([], "valid dictionary"),
    ({"m": []}, "at least 1"),
    ({"m": [{"steps": [{}]}]}, "a step needs one of"),
    ({"m": [{"steps": [{"txt": "x"}]}]}, "m/0/steps/0/txt"),
    ({"m": [{"steps": [{"text": "x", "args": {}}]}]}, "args stands beside tool only"),
    ({"m": [{"steps": [{"error": {"class": "odd"}}]}]}, "m/0/steps/0/error/class"),
    ({"m": [{"when": {"prompts": "x"}, "steps": [{"text": "x"}]}]}, "prompts"),
]


@pytest.mark.parametrize(("value", "says"), WRONG)
def test_a_wrong_script_is_refused_with_its_place(value: Any, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Script.from_json(value)
    assert caught.value.code == "script.invalid"
    assert says in caught.value.message


def test_a_script_file_is_read_or_said_to_be_unreadable(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text('{"m": [{"steps": [{"text": "x"}]}]}')
    (tmp_path / "bad.json").write_text("{")
    assert list(Script.load(tmp_path / "good.json").models) == ["m"]
    for name in ("bad.json", "none.json"):
        with pytest.raises(ConfigError) as caught:
            Script.load(tmp_path / name)
        assert caught.value.code == "script.invalid"


def test_the_page_about_scripts_shows_one_that_is_right() -> None:
    text = (ROOT / "docs/scripted.md").read_text(encoding="utf-8")
    example = text.split("```json\n")[1].split("```")[0]
    assert "writer" in Script.from_json(json.loads(example)).models


@pytest.mark.parametrize("path", sorted((ROOT / "graphs").glob("*.scripted.json")), ids=lambda path: path.stem)
def test_the_samples_scripts_are_right(path: Path) -> None:
    assert Script.load(path).models
