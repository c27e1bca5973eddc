"""The reference page is what the code says today, and names everything that the code promises."""

from __future__ import annotations

import ast
from pathlib import Path

import engine
from docs.build import PAGE, page
from docs.catalogue import catalogue
from engine.errors import CODES
from tests.house.tree import parsed, place, sources

PUBLIC: list[str] = getattr(engine, "__all__", [])


def test_the_reference_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs` and commit docs/reference.md"


def test_every_entry_of_the_catalogue_stands_in_the_reference() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [entry for entry in catalogue() if f"{entry.name.split('.')[-1].split()[-1]}" not in text] == []


def test_the_catalogue_names_nothing_twice() -> None:
    entries = catalogue()
    assert len(set(entries)) == len(entries)


def test_every_code_that_the_source_raises_is_in_the_table() -> None:
    used = {code: where for path in sources("engine", "server") for code, where in codes_raised(path).items()}
    assert {code: where for code, where in used.items() if code not in CODES} == {}


def test_every_code_of_the_table_is_raised_somewhere() -> None:
    used = {code for path in sources("engine", "server") for code in codes_raised(path)}
    assert sorted(set(CODES) - used) == []


def test_every_public_name_is_documented() -> None:
    things = {name: getattr(engine, name) for name in PUBLIC}
    assert [name for name, thing in things.items() if callable(thing) and not thing.__doc__] == []
    assert [name for name in PUBLIC if f"`{name}`" not in PAGE.read_text(encoding="utf-8")] == []


def test_public_names_are_sorted_and_there() -> None:
    assert sorted(PUBLIC, key=str.lower) == PUBLIC
    assert [name for name in PUBLIC if not hasattr(engine, name)] == []


def codes_raised(path: Path) -> dict[str, str]:
    """Every error and failure code that a source file gives to an error (not to a finding): code -> place.

    A code whose end is put together at run time is left out here; the recorder sees it when it is raised.
    """
    found: dict[str, str] = {}
    for node in ast.walk(parsed(path)):
        for part in (part for value in _code_values(node) for part in ast.walk(value)):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and not part.value.endswith("."):
                found[part.value] = place(path, part.lineno)
    return found


def _code_values(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Call(func=ast.Name(id="Failure"), args=[_, code, *_]):
            return [code]
        case ast.Call(func=ast.Name(id=name), keywords=keywords) if name != "Finding":
            return [keyword.value for keyword in keywords if keyword.arg == "code"]
        case ast.Assign(targets=[ast.Name(id="default_code")], value=value):
            return [value]
        case _:
            return []
