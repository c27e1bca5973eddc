"""What a tool is: a Python function with a name, a schema and a promise about its effect.

Rule: all that can be known of a tool is worked out once, when it is defined: its parameters become a JSON Schema and a
compiled validator, its docstring the description. A call builds nothing. A tool that cannot be described is refused at
its definition, not in the middle of a run.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, NotRequired, TypeVar, cast, get_args, get_origin, get_type_hints, overload

from pydantic import ConfigDict, Field, PydanticUserError, TypeAdapter, ValidationError, with_config
from pydantic_core import PydanticSerializationError, SchemaValidator
from typing_extensions import TypedDict

from engine.agents.canonical import digest
from engine.agents.toolcontext import ToolContext
from engine.errors import ConfigError, ToolError

Effect = Literal["read", "idempotent", "unsafe"]
Risk = Literal["low", "medium", "high"]
F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_TIMEOUT_S = 30.0
_typed_dict: Callable[[str, dict[str, Any]], Any] = cast("Any", TypedDict)
_MARK = "__weft_tool__"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_ARGS_HEADING = re.compile(r"^\s*(Args|Arguments|Parameters):\s*$")
_OTHER_HEADING = re.compile(r"^\S.*:\s*$")
_ARG_LINE = re.compile(r"^(?P<name>\w+)(\s*\([^)]*\))?:\s*(?P<text>.*)$")
_MADE_BY_ENGINE = frozenset({"set_plan", "transfer_to_agent"})


@dataclass(frozen=True, eq=False)
class Tool:
    """A registered function.

    Attributes:
        name: unique, for instance ``text.join``.
        description: what it does, one paragraph; models read it.
        effect: ``read`` changes nothing outside; ``idempotent`` may be repeated with the same key; ``unsafe`` must
            never be repeated unasked.
        parameters: JSON Schema of the arguments, always an object.
        returns: JSON Schema of the result, or None when the function does not say.
        function: the Python function; ``is_async`` says whether it is a coroutine function.
        context_parameter: the name of its ``ToolContext`` parameter, or None.
        risk_level: ``high`` means that every call needs a person's approval.
        requires_confirmation: the same, whatever the risk.
        max_calls: calls per run, counted when they start; None is unbounded.
        timeout_s: seconds one call may take; None is unbounded.
        untrusted_output: what it returns was written by somebody else (a web page, a mail).
        escalates: a successful call sets ``nodes.ID.escalated``.
        sends_to_host: it checks that a credential's hosts fit where it is sent.
    """

    name: str
    description: str
    effect: Effect
    parameters: dict[str, Any]
    returns: Any
    function: Callable[..., Any]
    is_async: bool
    context_parameter: str | None
    validator: SchemaValidator
    risk_level: Risk = "low"
    requires_confirmation: bool = False
    max_calls: int | None = None
    timeout_s: float | None = DEFAULT_TIMEOUT_S
    untrusted_output: bool = False
    escalates: bool = False
    sends_to_host: bool = False
    effect_of: Callable[[Mapping[str, Any]], Effect] | None = None

    @property
    def needs_approval(self) -> bool:
        """Whether a person must approve every call."""
        return self.requires_confirmation or self.risk_level == "high"

    @cached_property
    def is_plain(self) -> bool:
        """Whether a call concerns nobody else: it reads, asks nobody, is not counted and needs no context."""
        asks_nobody = self.effect == "read" and self.effect_of is None and not self.needs_approval
        return asks_nobody and self.is_async and self.max_calls is None and self.context_parameter is None

    @cached_property
    def version(self) -> str:
        """SHA-256 of what the tool is (name, effect, schema, source): an approval does not survive a change of it."""
        try:
            source = inspect.getsource(self.function)
        except (OSError, TypeError):
            source = getattr(self.function, "__qualname__", "")
        return digest([self.name, self.effect, self.risk_level, self.parameters, source])

    def effect_with(self, args: Mapping[str, Any]) -> Effect:
        """The effect of a call with these arguments (``http.request``: by its method)."""
        return self.effect if self.effect_of is None else self.effect_of(args)

    def bind(self, args: Any, *, is_secret: bool = False) -> dict[str, Any]:
        """The arguments as the function takes them, checked and converted. About 1 µs for a few of them.

        Args:
            args: JSON arguments.
            is_secret: there are secrets among them, so that no message may quote a value.

        Raises:
            ToolError: ``tool.arguments``; the message names each argument that does not fit.
        """
        try:
            bound: dict[str, Any] = self.validator.validate_python(args)
        except ValidationError as error:
            raise ToolError(
                f"the arguments of {self.name} do not fit: {_complaints(error, is_secret=is_secret)}",
                code="tool.arguments",
                error_class="tool",
                hint=f"its parameters are {_signature(self.parameters)}",
                happened=False,
            ) from None
        return bound

    def as_json(self) -> dict[str, Any]:
        """All that others may know of the tool, for lists and the editor."""
        return {
            "name": self.name,
            "description": self.description,
            "effect": self.effect,
            "risk_level": self.risk_level,
            "requires_confirmation": self.needs_approval,
            "max_calls": self.max_calls,
            "timeout_s": self.timeout_s,
            "untrusted_output": self.untrusted_output,
            "parameters": self.parameters,
            "returns": self.returns,
        }


@overload
def tool(function: F, /) -> F: ...


@overload
def tool(
    *,
    effect: Effect = "unsafe",
    name: str | None = None,
    risk_level: Risk = "low",
    requires_confirmation: bool = False,
    max_calls: int | None = None,
    timeout_s: float | None = DEFAULT_TIMEOUT_S,
    untrusted_output: bool = False,
) -> Callable[[F], F]: ...


def tool(  # noqa: PLR0913 - its keywords are the promise of RUNS.md §6
    function: F | None = None,
    /,
    *,
    effect: Effect = "unsafe",
    name: str | None = None,
    risk_level: Risk = "low",
    requires_confirmation: bool = False,
    max_calls: int | None = None,
    timeout_s: float | None = DEFAULT_TIMEOUT_S,
    untrusted_output: bool = False,
) -> F | Callable[[F], F]:
    """Mark a function as a tool; it stays the function it was. Usable bare (``@tool``) or with keywords.

    The parameters' schema comes from the type hints, the description from the docstring's first paragraph, the
    parameters' descriptions from its ``Args:``. A parameter annotated ``ToolContext`` is handed in by the engine.
    A plain function runs in a thread of its own, an ``async`` one on the engine's loop.

    Args:
        function: the function, when used bare.
        effect: ``read`` (changes nothing), ``idempotent`` (may be repeated with the same key) or ``unsafe``. A tool
            that does not say is taken for ``unsafe``: it is never repeated without asking a person.
        name: dotted words; default: the function's name.
        risk_level: ``low``, ``medium`` or ``high``; ``high`` needs a person's approval for each call.
        requires_confirmation: each call needs a person's approval.
        max_calls: how often it may be called in one run, counted when a call starts; None is unbounded.
        timeout_s: how long one call may take; None is unbounded.
        untrusted_output: what it returns was written by somebody else and must not be taken for instructions.

    Raises:
        ConfigError: ``tool.definition``; the function cannot be a tool, and why.
    """

    def mark(marked: F) -> F:
        made = make_tool(
            marked,
            effect=effect,
            name=name,
            risk_level=risk_level,
            requires_confirmation=requires_confirmation,
            max_calls=max_calls,
            timeout_s=timeout_s,
            untrusted_output=untrusted_output,
        )
        setattr(marked, _MARK, made)
        return marked

    return mark if function is None else mark(function)


def tool_of(thing: object) -> Tool | None:
    """The tool that a marked function (or a Tool itself) is, or None."""
    if isinstance(thing, Tool):
        return thing
    made = getattr(thing, _MARK, None)
    return made if isinstance(made, Tool) else None


def make_tool(function: Callable[..., Any], *, name: str | None = None, **promises: Any) -> Tool:
    """The tool that a function is; ``promises`` are the other keywords of ``@tool``.

    Raises:
        ConfigError: ``tool.definition``.
    """
    known_as = name if name is not None else getattr(function, "__name__", "")
    _check_promises(known_as, promises)
    hints = _hints(known_as, function)
    context, taken = _parameters(known_as, function, hints)
    description, about = _docstring(inspect.getdoc(function) or "")
    arguments = _arguments_type(known_as, taken, hints, about)
    parameters = _schema(known_as, arguments, taken)
    return Tool(
        name=known_as,
        description=description,
        parameters=parameters,
        returns=_returns(hints),
        function=function,
        is_async=inspect.iscoroutinefunction(function),
        context_parameter=context,
        validator=cast("SchemaValidator", arguments.validator),
        **promises,
    )


def _refuse(name: str, what: str, hint: str) -> ConfigError:
    return ConfigError(what, code="tool.definition", where=f"tool {name}", hint=hint)


def _check_promises(name: str, promises: Mapping[str, Any]) -> None:
    if _NAME.fullmatch(name) is None or len(name) > 64 or name in _MADE_BY_ENGINE:
        raise _refuse(name, "this is no name for a tool", "use letters, digits, _ and dots, for instance web.search")
    for key, allowed in (("effect", get_args(Effect)), ("risk_level", get_args(Risk))):
        if promises.get(key, allowed[0]) not in allowed:
            raise _refuse(name, f"{key} is {promises[key]!r}", f"use one of {', '.join(allowed)}")
    timeout_s, max_calls = promises.get("timeout_s"), promises.get("max_calls")
    if timeout_s is not None and not timeout_s > 0:
        raise _refuse(name, "timeout_s must be more than 0", "leave it out for 30 s, or say None for no limit")
    if max_calls is not None and max_calls < 0:
        raise _refuse(name, "max_calls must not be negative", "leave it out for no limit")


def _hints(name: str, function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as error:
        raise _refuse(
            name, f"its annotations cannot be read: {error}", "annotate with names known in the function's module"
        ) from error


def _parameters(
    name: str, function: Callable[..., Any], hints: Mapping[str, Any]
) -> tuple[str | None, dict[str, inspect.Parameter]]:
    """The name of the context parameter, and the parameters that a caller gives."""
    context: str | None = None
    taken: dict[str, inspect.Parameter] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise _refuse(name, f"the parameter {parameter} cannot be passed by name", "give every parameter a name")
        if parameter.name not in hints:
            raise _refuse(name, f"the parameter {parameter.name} has no type", "annotate it, for instance `x: int`")
        if hints[parameter.name] is ToolContext:
            context = parameter.name
        else:
            taken[parameter.name] = parameter
    return context, taken


def _arguments_type(
    name: str, taken: Mapping[str, inspect.Parameter], hints: Mapping[str, Any], about: Mapping[str, str]
) -> TypeAdapter[Any]:
    """The arguments as a typed dictionary: what is checked comes out as the keywords of the call."""
    fields: dict[str, Any] = {}
    for parameter in taken.values():
        hint = hints[parameter.name]
        if parameter.name in about and not _is_described(hint):
            hint = Annotated[hint, Field(description=about[parameter.name])]
        fields[parameter.name] = hint if parameter.default is parameter.empty else NotRequired[hint]
    made = _typed_dict(f"{name} arguments", fields)
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=False, allow_inf_nan=False)
    try:
        return TypeAdapter(with_config(config)(made))
    except PydanticUserError as error:
        raise _refuse(
            name, f"a parameter's type cannot come from JSON: {str(error).splitlines()[0]}", "use JSON-like types"
        ) from error


def _is_described(hint: Any) -> bool:
    extras = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return any(getattr(extra, "description", None) for extra in extras)


def _schema(name: str, arguments: TypeAdapter[Any], taken: Mapping[str, inspect.Parameter]) -> dict[str, Any]:
    try:
        schema = arguments.json_schema()
    except PydanticUserError as error:
        raise _refuse(name, f"a parameter's type has no JSON Schema: {error}", "use JSON-like types") from error
    schema.pop("title", None)
    properties: dict[str, Any] = schema.setdefault("properties", {})
    for key, entry in properties.items():
        entry.pop("title", None)
        default = taken[key].default
        if type(default) in (str, int, float, bool, type(None)) and default is not inspect.Parameter.empty:
            entry["default"] = default
    return schema


def _returns(hints: Mapping[str, Any]) -> Any:
    hint = hints.get("return", Any)
    if hint is Any or hint is object:
        return None
    try:
        return TypeAdapter(hint).json_schema(mode="serialization")
    except (PydanticUserError, PydanticSerializationError):
        return None  # it says what it returns, but not in words of JSON: nothing to tell the checker


def _docstring(text: str) -> tuple[str, dict[str, str]]:
    """The first paragraph as one line, and parameter -> description from a Google-style ``Args:`` section."""
    paragraph, _, rest = text.partition("\n\n")
    about: dict[str, str] = {}
    is_inside, current = False, ""
    for line in rest.splitlines():
        if _ARGS_HEADING.match(line):
            is_inside = True
        elif is_inside and _OTHER_HEADING.match(line):
            break
        elif is_inside and (match := _ARG_LINE.match(line.strip())) and _depth(line) <= 4:
            current = match["name"]
            about[current] = match["text"].strip()
        elif is_inside and current and line.strip():
            about[current] = f"{about[current]} {line.strip()}".strip()
    return " ".join(paragraph.split()), about


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _complaints(error: ValidationError, *, is_secret: bool) -> str:
    found: list[str] = []
    for detail in error.errors(include_url=False, include_context=False):
        place = ".".join(str(part) for part in detail["loc"]) or "the arguments"
        match detail["type"]:
            case "missing":
                found.append(f"{place} is missing")
            case "extra_forbidden":
                found.append(f"{place} is unknown")
            case _ if is_secret:
                found.append(f"{place}: {detail['msg']}")
            case _:
                given = repr(detail["input"])
                found.append(f"{place}: {detail['msg']} (got {given[:57] + '…' if len(given) > 60 else given})")
    return "; ".join(found)


def _signature(parameters: Mapping[str, Any]) -> str:
    required = parameters.get("required", ())
    names = [key if key in required else f"{key}?" for key in parameters["properties"]]
    return ", ".join(names) or "none"
