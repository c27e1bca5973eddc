"""``scripted:MODEL``: answers from a file, without a key or a network.

Rule: which answer comes is decided by who asks (execution, iteration, attempt, step, prompt) and nothing else, never
by what was asked before in this process. So a run with a script ends the same however it is interleaved, killed or
resumed. docs/scripted.md describes the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from engine.agents.models.base import AskedCall, Asker, ModelAnswer, ModelRequest, Tell
from engine.errors import ConfigError, ErrorClass, ModelError, NodeError
from engine.model.names import nearest
from engine.model.templates import ABSENT, resolve
from engine.model.values import compact

_PIECE = re.compile(r"\S+\s*|\s+")
_PIECE_WORDS = 3


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class When(_Part):
    """Who an entry is for; what is absent does not matter.

    Attributes:
        prompt: stands somewhere in the instructions or the request.
        node, execution, agent: exactly this one; ``agent`` is a sub-agent's name.
        attempt: the execution's attempt, from 1.
    """

    prompt: str | None = None
    node: str | None = None
    execution: str | None = None
    agent: str | None = None
    attempt: int | None = Field(default=None, ge=1)

    def fits(self, asker: Asker) -> bool:
        """Whether it is for this one."""
        agent = asker.agent.rpartition("/")[2].partition("!")[0]
        return (
            (self.prompt is None or self.prompt in asker.prompt)
            and self.node in (None, asker.node)
            and self.execution in (None, asker.execution)
            and self.agent in (None, agent)
            and self.attempt in (None, asker.attempt)
        )


class ScriptedCall(_Part):
    """One call of a tool."""

    tool: str
    args: dict[str, Any] = Field(default_factory=dict[str, Any])


class ScriptedError(_Part):
    """The request fails."""

    error_class: ErrorClass = Field(default="model", alias="class")
    code: str = "model.failed"
    message: str = "the script says so"
    retry_after_s: float | None = Field(default=None, ge=0)


class Step(_Part):
    """One answer: text, JSON, calls, a hand-over, an escalation, or an error."""

    text: str | None = None
    json_: Any = Field(default=ABSENT, alias="json")
    tool: str | None = None
    args: dict[str, Any] | None = None
    tools: list[ScriptedCall] | None = None
    transfer: str | None = None
    message: str | None = None
    escalate: bool | str | None = None
    error: ScriptedError | None = None
    finish: Literal["stop", "length", "filter"] = "stop"
    tokens: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _says_something(self) -> Step:
        given = self.model_fields_set
        if not given & {"text", "json", "json_", "tool", "tools", "transfer", "escalate", "error"}:
            raise ValueError("a step needs one of text, json, tool, tools, transfer, escalate, error")
        for needed, by in (("tool", "args"), ("transfer", "message")):
            if by in given and needed not in given:
                raise ValueError(f"{by} stands beside {needed} only")
        return self


class Entry(_Part):
    """The answers to one turn: ``steps`` one after the other, the last again and again."""

    when: When | str | None = None
    steps: Annotated[list[Step], Field(min_length=1)]

    def fits(self, asker: Asker) -> bool:
        """Whether it is meant for this one in particular."""
        when = When(prompt=self.when) if isinstance(self.when, str) else self.when
        return when is not None and when.fits(asker)


_SCRIPT: TypeAdapter[dict[str, list[Entry]]] = TypeAdapter(dict[str, Annotated[list[Entry], Field(min_length=1)]])


class Script:
    """The answers for one graph: model -> entries."""

    def __init__(self, models: Mapping[str, list[Entry]]) -> None:
        self.models = models

    @classmethod
    def from_json(cls, value: Any, *, where: str = "the script") -> Script:
        """Check a script.

        Raises:
            ConfigError: ``script.invalid``; what is wrong, and where.
        """
        try:
            return cls(_SCRIPT.validate_python(value))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = "/".join(str(part) for part in first["loc"])
            message = first["msg"].removeprefix("Value error, ")
            raise ConfigError(
                f"{place}: {message}" if place else message,
                code="script.invalid",
                where=where,
                hint="docs/scripted.md describes the file",
            ) from None

    @classmethod
    def load(cls, path: Path) -> Script:
        """Read a script from its file.

        Raises:
            ConfigError: ``script.invalid``; the file is missing, is no JSON, or something in it is wrong.
        """
        try:
            return cls.from_json(orjson.loads(path.read_bytes()), where=str(path))
        except OSError as error:
            raise ConfigError(f"it cannot be read: {error.strerror}", code="script.invalid", where=str(path)) from None
        except orjson.JSONDecodeError as error:
            raise ConfigError(f"it is no JSON: {error}", code="script.invalid", where=str(path)) from None

    def step(self, model: str, asker: Asker) -> Step:
        """The answer to one request.

        Entries whose ``when`` fits go before those without one. Iteration k takes the k-th of them, the last repeats;
        of its steps likewise.

        Raises:
            ModelError: ``script.missing``; there is no such model, or no entry fits.
        """
        entries = self.models.get(model)
        if entries is None:
            close = nearest(model, self.models)
            hint = f"did you mean scripted:{close}?" if close else f"the script has: {', '.join(self.models)}"
            raise _missing(f"the script has no answers for the model {model!r}", hint)
        fitting = [e for e in entries if e.fits(asker)] or [e for e in entries if e.when is None]
        if not fitting:
            raise _missing(f"no answers of {model!r} fit this prompt", "add an entry without `when`")
        steps = fitting[min(asker.iteration, len(fitting)) - 1].steps
        return steps[min(asker.step, len(steps)) - 1]


class ScriptedModels:
    """The provider ``scripted``: its answers come with the run, for the graph that the agent stands in."""

    def __init__(self) -> None:
        self._known: tuple[Any, Script] | None = None

    async def ask(self, request: ModelRequest, tell: Tell) -> ModelAnswer:
        """The scripted answer; ``tell`` gets its text a few words at a time.

        Raises:
            ModelError: ``script.missing``, ``script.invalid``, or the error that the script has here.
        """
        asker = request.asker
        if asker.scripted is None:
            raise _missing(
                f"there are no scripted answers for the graph {asker.graph}",
                f"write {asker.graph}.scripted.json beside the graph, or name a file with --answers",
            )
        step = self._script(asker).step(request.model, asker)
        if step.error is not None:
            error = step.error
            raise ModelError(
                error.message, code=error.code, error_class=error.error_class, retry_after_s=error.retry_after_s
            )
        answer = _answer(step, request)
        for piece in pieces(answer.text):
            tell(piece)
        return answer

    def _script(self, asker: Asker) -> Script:
        """The checked script; checked once while the same value comes again."""
        if self._known is None or self._known[0] is not asker.scripted:
            try:
                self._known = (asker.scripted, Script.from_json(asker.scripted, where=f"{asker.graph}.scripted.json"))
            except ConfigError as error:
                raise ModelError(
                    error.message, code="script.invalid", error_class="fatal", where=error.where, hint=error.hint
                ) from None
        return self._known[1]


def pieces(text: str) -> Iterator[str]:
    """The text in pieces of a few words, as a model would send it; together they are the text."""
    words = _PIECE.findall(text)
    for start in range(0, len(words), _PIECE_WORDS):
        yield "".join(words[start : start + _PIECE_WORDS])


def _answer(step: Step, request: ModelRequest) -> ModelAnswer:
    names = dict(request.asker.names)
    if request.asker.results:
        names["output"] = request.asker.results[-1]
    text = "" if step.text is None else _as_text(_filled(step.text, names))
    if step.json_ is not ABSENT:
        text = compact(_filled(step.json_, names))
    calls = tuple(AskedCall(c.tool, _filled(c.args, names)) for c in _calls(step))
    read = sum(len(str(m.get("text", ""))) for m in request.messages) + len(request.system)
    written = step.tokens if step.tokens is not None else _tokens(len(text) + sum(len(str(c.args)) for c in calls))
    finish = step.finish if step.finish != "stop" or not calls else "calls"
    return ModelAnswer(text, calls, finish, 0 if step.tokens is not None else _tokens(read), written, 0.0)


def _calls(step: Step) -> Iterator[ScriptedCall]:
    if step.tool is not None:
        yield ScriptedCall(tool=step.tool, args=step.args or {})
    yield from step.tools or ()
    if step.escalate:
        yield ScriptedCall(tool="escalate", args={"reason": step.escalate} if isinstance(step.escalate, str) else {})
    if step.transfer is not None:
        yield ScriptedCall(tool="transfer_to_agent", args={"agent": step.transfer, "message": step.message or ""})


def _filled(value: Any, names: Mapping[str, Any]) -> Any:
    try:
        return resolve(value, names)
    except NodeError as error:
        raise ModelError(
            f"the script cannot be filled in: {error.message}",
            code="script.template",
            error_class="fatal",
            hint=error.hint,
        ) from None


def _as_text(value: Any) -> str:
    return "" if value is ABSENT else value if isinstance(value, str) else compact(value)


def _tokens(characters: int) -> int:
    """About as many tokens as a real model would count: four characters each."""
    return (characters + 3) // 4


def _missing(message: str, hint: str) -> ModelError:
    return ModelError(message, code="script.missing", error_class="fatal", hint=hint)
