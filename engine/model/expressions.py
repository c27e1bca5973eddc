"""Expressions: CEL, checked before anything runs, evaluated on nothing but the values that the source names.

Rule (GRAPH.md §2, SECURITY.md 13): an expression that errs fails its node, and only ``True`` is true. The library
returns a run-time error as a value that is truthy, so every result's type is looked at. This is the only user of CEL,
and a graph without expressions, or with nothing but plain comparisons, never loads it.

Every path of the source (``nodes.a.output.x``) becomes a CEL variable of that dotted name, typed by the schemas of
``Types``: so CEL's checker sees types, and an evaluation converts one small value instead of the whole state.
"""

# The library comes without type stubs.
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from pydantic import JsonValue

from engine.errors import NodeError
from engine.model.cel_source import Mention, Source, read_source
from engine.model.cel_variables import Names, variables_of
from engine.model.cel_words import BOUNDED, JOIN, NOTHING, REPLACE, ExpressionProblem, plain_words, said_by_cel
from engine.model.comparisons import UNDECIDED, Decision, comparison
from engine.model.names import nearest
from engine.model.paths import value_at_path
from engine.model.types import DYNAMIC, Types
from engine.model.values import ABSENT, Absent, normal, problem

if TYPE_CHECKING:
    from cel_expr_python import cel

Path = tuple[str | int, ...]

MOST_CHARACTERS = 1_000
MOST_LOOPS = 4
MOST_BOUND_USES = 16
"""With four loops what a bound name stands for can grow 256-fold at most."""

MOST_REPLACED = 1_000_000
"""The longest text, in characters, that ``replace`` and ``join`` may make."""

MOST_STEPS = 10_000
"""So many steps all loops together take at most; the library's own bound."""

MOST_HANDLED = 100_000_000
"""So much, in characters and eights for each value, may be read and made, as far as can be told beforehand."""
_FEW = 4


class Expression:
    """A CEL expression with the types of its names; made by ``compile_expression``."""

    __slots__ = ("_is_sound", "_program", "_variables", "decide", "source", "types")

    def __init__(self, source: Source, types: Types) -> None:
        self.source = source
        self.types = types
        self._variables = variables_of(source, types)
        self.decide: Decision | None = comparison(source, {v.path: v.type for v in self._variables})
        self._program: cel.Expression | None = None
        self._is_sound = False

    @property
    def references(self) -> tuple[Mention, ...]:
        """Every path that the source names, in order, those of its own loops aside."""
        return self.source.mentions

    def check(self, expects: Literal["bool", "list"] | None = None) -> list[ExpressionProblem]:
        """Everything that is wrong, found without a value; empty if it can be evaluated.

        Args:
            expects: what the expression must come to (``when`` and ``while``: bool, ``each``: list).
        """
        found = _limits(self.source)
        if found:
            return found
        try:
            program = self._compiled()
        except RuntimeError as error:
            found = said_by_cel(str(error))
            if any(problem.sort != "type" for problem in found):
                return found
            # A name that is not there is an undeclared one to CEL; our own words for it are better.
            return _unknown_names(self.source, self.types) or found
        return _unknown_names(self.source, self.types) or _unexpected(program.return_type().name(), expects)

    def evaluate(self, names: Names) -> JsonValue:
        """The expression's value.

        Args:
            names: the names of GRAPH.md §2 with their values; an absent name is simply not there.

        Raises:
            NodeError: ``expression.invalid`` (``check`` says why) or ``expression.failed``.
        """
        if self.decide is not None:
            decided = self.decide(names)
            if decided is not UNDECIDED:
                return decided
        return self.evaluated_by_cel(names)

    def holds(self, names: Names) -> bool:
        """Whether the expression is true.

        Raises:
            NodeError: as ``evaluate``; also when the value is neither true nor false.
        """
        value = self.evaluate(names)
        if value is True or value is False:
            return value
        raise self._failure("it is neither true nor false")

    def evaluated_by_cel(self, names: Names) -> JsonValue:
        """Like ``evaluate``, but CEL is asked even where a plain comparison could be decided without it."""
        from cel_expr_python import cel  # noqa: PLC0415  (a graph without expressions does not load it)

        program = self._checked()
        if self._can_swell and self._handled(names) > MOST_HANDLED:
            raise self._failure("it would handle too much for an expression; let a tool work it out")
        given = {variable.name: variable.value(names) for variable in self._variables}
        data = {name: value for name, value in given.items() if value is not ABSENT}
        try:
            result = program.eval(data=data)
            is_error = result.type() == cel.Type.ERROR
            value = result.plain_value()
        except (RuntimeError, MemoryError, TypeError) as error:
            raise self._failure(plain_words(str(error))) from None
        if is_error:
            raise self._failure(plain_words(str(value)))
        try:
            return to_json(value)
        except ValueError as error:
            raise self._failure(str(error)) from None

    @property
    def _can_swell(self) -> bool:
        """Whether much may come of a value that is not much itself."""
        source = self.source
        return bool(source.reread) or source.growth > _FEW or len(source.mentions) > _FEW

    def _handled(self, names: Names) -> int:
        """How much is read and made at most: what is named, as often as loops make it grow or read it again."""
        source = self.source
        sizes = {mention.path: _size(value_at_path(mention.path, names)) for mention in source.mentions}
        steps = min(MOST_STEPS, _longest(sizes.values()) if source.loops == 1 else MOST_STEPS)
        whole = sum(sizes[mention.path][0] for mention in source.mentions)
        return whole * source.growth + steps * sum(sizes[mention.path][0] for mention in source.reread)

    def _failure(self, why: str) -> NodeError:
        shown = self.source.text if len(self.source.text) <= 80 else f"{self.source.text[:80]}…"
        return NodeError(f"the expression `{shown}` failed: {why}", code="expression.failed")

    def _checked(self) -> cel.Expression:
        if not self._is_sound:
            problems = self.check()
            if problems:
                raise NodeError(
                    f"the expression `{self.source.text[:80]}` has an error: {problems[0].message}",
                    code="expression.invalid",
                    hint=problems[0].hint,
                )
            self._is_sound = True
        return self._compiled()

    def _compiled(self) -> cel.Expression:
        if self._program is None:
            variables = tuple((variable.name, variable.type) for variable in self._variables)
            self._program = _program(_guarded(self.source), variables)
        return self._program


def compile_expression(source: str, types: Types = DYNAMIC) -> Expression:
    """The expression in a source, whatever it is; ``check`` says whether it can be evaluated.

    Made once per source and ``types``, so keep ``types`` (``Graph.types`` does).
    """
    made: Expression | None = types.expressions.get(source)
    if made is None:
        if len(types.expressions) >= _MOST_KEPT:
            types.expressions.clear()
        made = types.expressions[source] = Expression(read_source(source[: MOST_CHARACTERS + 1]), types)
    return made


expression = compile_expression
_MOST_KEPT = 10_000


# --- CEL itself ---


@lru_cache(maxsize=1)
def _extensions() -> list[Any]:
    from cel_expr_python.ext import ext_math, ext_optional, ext_strings  # noqa: PLC0415

    return [ext_strings.ExtStrings(), ext_math.ExtMath(), ext_optional.ExtOptional()]


@lru_cache(maxsize=1)
def _functions() -> list[cel.FunctionDecl]:
    """``sum``, and ``replace`` and ``join`` with a bound: nothing else makes a text grow without a loop."""
    from cel_expr_python import cel  # noqa: PLC0415

    text, kind = cel.Type.STRING, cel.Type
    short = cel.Overload("replace_bounded", text, [text, text, text], True, _replaced)
    long = cel.Overload("replace_bounded_n", text, [text, text, text, kind.INT], True, _replaced)
    total = cel.Overload("sum_list", kind.DYN, [kind.List(kind.DYN)], False, _sum)
    texts = kind.List(text)
    bare = cel.Overload("join_bounded", text, [texts], True, _joined)
    parted = cel.Overload("join_bounded_by", text, [texts, text], True, _joined)
    return [
        cel.FunctionDecl(REPLACE, [short, long]),
        cel.FunctionDecl(JOIN, [bare, parted]),
        cel.FunctionDecl("sum", [total]),
    ]


def _guarded(source: Source) -> str:
    """The source with ``.replace(`` and ``.join(`` led to our bounded ones of as many letters: columns stay true."""
    text = source.text
    for before, word, after in zip(source.words, source.words[1:], source.words[2:], strict=False):
        plain = word.text.lower()
        if plain in BOUNDED and before.text == "." and after.text == "(":
            name = BOUNDED[plain] if word.text == plain else NOTHING[plain]
            text = text[: word.start] + name + text[word.start + len(name) :]
    return text


def _replaced(text: str, old: str, new: str, limit: int = -1) -> str:
    places = text.count(old) if limit < 0 else min(text.count(old), limit)
    if len(text) + places * (len(new) - len(old)) > MOST_REPLACED:
        raise ValueError(f"replace would make more than {MOST_REPLACED} characters")
    return text.replace(old, new, limit)


def _joined(texts: Sequence[Any], between: str = "") -> str:
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("join takes a list of texts")
    if sum(map(len, texts)) + len(between) * (len(texts) - 1) > MOST_REPLACED:
        raise ValueError(f"join would make more than {MOST_REPLACED} characters")
    return between.join(texts)


def _size(value: JsonValue | Absent) -> tuple[int, int]:
    """How much a value is, in characters and eights for each value in it, and the length of the longest thing in it."""
    size = longest = 0
    waiting: list[JsonValue | Absent] = [value]
    while waiting:
        item = waiting.pop()
        size += 8
        if isinstance(item, str | list | dict):
            longest = max(longest, len(item))
        if isinstance(item, str):
            size += len(item)
        elif isinstance(item, dict):
            size += sum(map(len, item))
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
    return size, longest


def _longest(sizes: Iterable[tuple[int, int]]) -> int:
    return max((longest for _, longest in sizes), default=0)


def _sum(values: Sequence[Any]) -> int | float:
    """The sum of a list of numbers: 0 if it is empty, a double if one of them is."""
    for value in values:
        if type(value) not in (int, float):
            raise ValueError("sum takes a list of numbers")
    total: int | float = sum(values)
    if type(total) is int and not -(2**63) <= total < 2**63:
        raise ValueError("the sum is beyond 64 bits")
    return total


@lru_cache(maxsize=4096)
def _program(source: str, variables: tuple[tuple[str, str], ...]) -> cel.Expression:
    """Compiled once for all graphs that use it alike: an editor checks the same expressions at every keystroke."""
    return _environment(variables).compile(source)


@lru_cache(maxsize=512)
def _environment(variables: tuple[tuple[str, str], ...]) -> cel.Env:
    from cel_expr_python import cel  # noqa: PLC0415

    return cel.NewEnv(
        variables={name: _type_of(written) for name, written in variables},
        extensions=_extensions(),
        functions=_functions(),
    )


def _type_of(written: str) -> cel.Type:
    from cel_expr_python import cel  # noqa: PLC0415

    if written.startswith("list("):
        return cel.Type.List(_type_of(written[5:-1]))
    simple = {"string": cel.Type.STRING, "int": cel.Type.INT, "bool": cel.Type.BOOL, "dyn": cel.Type.DYN}
    return simple.get(written) or cel.Type.Map(cel.Type.STRING, cel.Type.DYN)


def to_json(value: Any) -> JsonValue:
    """A result of CEL as JSON.

    Raises:
        ValueError: it is bytes, a time, a type, an infinite number, or a map whose keys are no texts.
    """
    match value:
        case bytes() | bytearray():
            raise ValueError("its value is bytes; make them a text")
        case datetime.datetime() | datetime.timedelta():
            raise ValueError("its value is a time; make it a text with string(…)")
        case _:
            bad = problem(value)
            if bad is not None:
                raise ValueError(f"its value is no JSON: {bad[1]}")
            return normal(value)


# --- checks ---


def _limits(source: Source) -> list[ExpressionProblem]:
    if len(source.text) > MOST_CHARACTERS:
        message = f"an expression has at most {MOST_CHARACTERS} characters"
        return [ExpressionProblem("limit", message, MOST_CHARACTERS, "let a tool work it out")]
    if source.loops > MOST_LOOPS:
        message = f"an expression has at most {MOST_LOOPS} loops such as map, filter, all; this has {source.loops}"
        return [ExpressionProblem("limit", message, hint="let a tool work it out")]
    if source.bound_uses > MOST_BOUND_USES:
        message = f"the names that its loops bind are used more than {MOST_BOUND_USES} times"
        return [ExpressionProblem("limit", message, hint="let a tool work it out")]
    return []


_OF_CEL = frozenset(
    {"int", "uint", "double", "bool", "string", "bytes", "list", "map", "null_type", "type", "math", "optional",
     "optional_type", "strings", "google"}
)  # fmt: skip


def _unknown_names(source: Source, types: Types) -> list[ExpressionProblem]:
    """Names and fields that are not there, found by walking the schemas: CEL itself does not look inside objects."""
    found: list[ExpressionProblem] = []
    for mention in source.mentions:
        if mention.path[0] in _OF_CEL:
            continue
        missing = missing_part(mention.path, types)
        if missing is not None:
            found.append(ExpressionProblem("unknown", missing[0], mention.start + 1, missing[1]))
    return found


def missing_part(path: Path, types: Types) -> tuple[str, str | None] | None:
    """Why nothing can be at a path, and what was meant; None if something can. For templates too."""
    for length in range(1, len(path) + 1):
        if types.at(path[:length]) is ABSENT:
            known = types.names_at(path[: length - 1])
            meant = nearest(str(path[length - 1]), known)
            hint = f"did you mean `{meant}`?" if meant else f"there are {', '.join(known)}" if known else None
            where = f" in `{'.'.join(map(str, path[: length - 1]))}`" if length > 1 else ""
            return f"there is no `{path[length - 1]}`{where}", hint
    return None


def _unexpected(type_name: str, expects: Literal["bool", "list"] | None) -> list[ExpressionProblem]:
    if expects == "bool" and type_name not in ("BOOL", "DYN"):
        return [ExpressionProblem("type", f"it must come to true or false, not to {type_name.lower()}")]
    if expects == "list" and type_name != "DYN" and not type_name.startswith("LIST"):
        return [ExpressionProblem("type", f"it must come to a list, not to {type_name.lower()}")]
    return []
