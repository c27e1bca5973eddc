"""Which paths of a source CEL sees as variables, of what type, and how their values are handed over.

Rule: every path becomes one variable of its dotted name, so that CEL's checker sees the type that the schemas
guarantee and an evaluation converts that value alone. A number of a ``number`` schema is handed over as a double
whatever it is, since CEL keeps whole numbers and doubles apart and JSON does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic import JsonValue

from engine.model.cel_source import Path, Source, has_arguments
from engine.model.paths import value_at_path
from engine.model.schema import UNKNOWN, Budget, Place, resolved
from engine.model.types import Types
from engine.model.values import ABSENT, SAFE_INTEGER

Names = Mapping[str, Any]
"""The names of GRAPH.md §2 with their values; an absent name is simply not there."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A path as CEL sees it: its dotted name, its CEL type as written (``list(int)``), how its values are converted."""

    path: Path
    name: str
    type: str
    convert: Convert

    def value(self, names: Names) -> Any:
        """What the path leads to, as it is handed to CEL, or ABSENT."""
        found = value_at_path(self.path, names)
        return found if found is ABSENT else self.convert(found)


def variables_of(source: Source, types: Types) -> tuple[Variable, ...]:
    """The variables that an expression needs; names that nobody knows are left to the check."""
    asked = sorted((path for path in has_arguments(source) if len(path) > 1), key=len)
    paths: dict[Path, None] = {}
    for mention in source.mentions:
        path = mention.path
        # has(a.b) asks a map for a key, so `a` must be the variable, and no variable may be called a.b.
        cut = next((asking for asking in asked if path[: len(asking)] == asking), None)
        path = path if cut is None else cut[:-1]
        if path[0] in types.schemas:
            paths[path] = None
    # A name that a loop binds too is told apart by CEL's scopes, which a dotted name would pass by.
    paths |= {(name,): None for name in sorted(source.bound) if name in types.schemas}
    return tuple(_variable(path, *types.place(path)) for path in paths)


def _variable(path: Path, schema: Place, root: Place) -> Variable:
    return Variable(path, ".".join(map(str, path)), _cel_type(schema), _converter(schema, root, Budget()))


_SIMPLE = {"string": "string", "integer": "int", "boolean": "bool"}


def _cel_type(schema: Place) -> str:
    """The CEL type that every value of a schema has; ``dyn`` where there is none. A number is dyn to the checker."""
    if not isinstance(schema, dict) or schema.keys() & {"$ref", "anyOf", "oneOf", "allOf", "not", "if"}:
        return "dyn"
    kind = schema.get("type")
    if kind == "array":
        return f"list({_cel_type(schema.get('items', UNKNOWN))})"
    if kind == "object":
        return "map(string, dyn)"
    return _SIMPLE.get(kind, "dyn") if isinstance(kind, str) else "dyn"


Convert = Callable[[object], object]


def _converter(schema: Place, root: Place, budget: Budget, depth: int = 0) -> Convert:
    """How a value of a schema is handed to CEL: numbers of a ``number`` schema as doubles, whole numbers as ints."""
    schema = resolved(schema, root)
    if not isinstance(schema, dict) or budget.is_spent(depth):
        return _plain
    members = [member for word in ("anyOf", "oneOf", "allOf") for member in _as_list(schema.get(word))]
    kinds = [kind for part in (schema, *members) if isinstance(part, dict) for kind in _as_list(part.get("type"))]
    items, properties = schema.get("items"), schema.get("properties")
    if "number" in kinds and "integer" not in kinds:
        return _double
    if "array" in kinds and isinstance(items, dict):
        return _list_converter(_converter(items, root, budget, depth + 1))
    if "object" in kinds and isinstance(properties, dict):
        return _object_converter(
            {name: _converter(inner, root, budget, depth + 1) for name, inner in properties.items()}
        )
    return _plain


def _as_list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _list_converter(convert: Convert) -> Convert:
    def convert_list(value: object) -> object:
        return [convert(item) for item in cast("list[object]", value)] if isinstance(value, list) else _plain(value)

    return convert_list


def _object_converter(by_name: Mapping[str, Convert]) -> Convert:
    def convert_object(value: object) -> object:
        if not isinstance(value, Mapping):
            return _plain(value)
        return {key: by_name.get(key, _plain)(item) for key, item in cast("Mapping[str, object]", value).items()}

    return convert_object


def _double(value: object) -> object:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else _plain(value)


def _plain(value: object) -> object:
    """A value of which no schema tells: a whole number is an int, whether it came as 4 or as 4.0."""
    if type(value) is float:
        return int(value) if value.is_integer() and abs(value) <= SAFE_INTEGER else value
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in cast("Mapping[str, object]", value).items()}
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[object]", value)]
    return value
