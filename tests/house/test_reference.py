"""The reference page is what the code says today, and names everything that the code promises."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import engine
from docs.build import PAGE, page
from docs.catalogue import catalogue
from docs.declarations import TABLES, TYPES, declarations, tables
from docs.entry import Entry
from engine.errors import CODES
from tests.house.tree import parsed, place, sources

PUBLIC: list[str] = getattr(engine, "__all__", [])


def test_the_reference_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs` and commit docs/reference.md"


def test_the_types_and_tables_of_the_editor_are_current() -> None:
    assert TYPES.read_text(encoding="utf-8") == declarations(), "run `make docs` and commit js/types.d.ts"
    assert TABLES.read_text(encoding="utf-8") == tables(), "run `make docs` and commit js/document/tables.js"


def test_every_entry_of_the_catalogue_stands_in_the_reference() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [entry for entry in catalogue() if written(entry) not in text] == []


def test_the_catalogue_names_nothing_twice() -> None:
    entries = catalogue()
    assert len(set(entries)) == len(entries)


def test_every_code_that_the_source_raises_is_in_the_table() -> None:
    used = {code: where for path in sources("engine", "server") for code, where in codes_raised(path).items()}
    assert {code: where for code, where in used.items() if code not in CODES} == {}


def test_every_code_of_the_table_is_used_somewhere() -> None:
    files = [path for path in sources("engine", "server") if path.name not in {"errors.py", "findings.py"}]
    texts = {node.value for path in files for node in ast.walk(parsed(path)) if isinstance(node, ast.Constant)}
    defaults = {code for path in sources("engine") if path.name == "errors.py" for code in codes_raised(path)}
    families = tuple(text for text in texts if isinstance(text, str) and re.fullmatch(r"[a-z]+\.", text))
    assert sorted(code for code in set(CODES) - texts - defaults if not code.startswith(families)) == []


def test_every_public_name_is_documented() -> None:
    things = {name: getattr(engine, name) for name in PUBLIC}
    assert [name for name, thing in things.items() if callable(thing) and not thing.__doc__] == []
    assert [name for name in PUBLIC if f"`{name}`" not in PAGE.read_text(encoding="utf-8")] == []


def test_public_names_are_there_once() -> None:
    assert len(set(PUBLIC)) == len(PUBLIC)
    assert [name for name in PUBLIC if not hasattr(engine, name)] == []


def written(entry: Entry) -> str:
    """How an entry stands in the page."""
    match entry.section:
        case "kind":
            return f"\n### {entry.name}\n"
        case "command":
            return f"\n### weft {entry.name}\n"
        case "port":
            return entry.name.rpartition(".")[2]
        case "option":
            return f"`{entry.name.split()[-1]}"
        case "exit code":
            return f"\n| {entry.name} |"
        case _:
            return f"`{entry.name}`"


def codes_raised(path: Path) -> dict[str, str]:
    """Every error and failure code that a source file gives to an error (not to a finding): code -> place.

    A code whose end is put together at run time is left out here; the recorder sees it when it is raised.
    """
    values = [value for node in ast.walk(parsed(path)) for value in _code_values(node)]
    return {text: place(path, line) for value in values for text, line in _texts(value) if not text.endswith(".")}


def _texts(value: ast.expr) -> list[tuple[str, int]]:
    """The texts that an expression can come to, with their lines."""
    match value:
        case ast.Constant(value=str(text)):
            return [(text, value.lineno)]
        case ast.IfExp(body=body, orelse=orelse):
            return _texts(body) + _texts(orelse)
        case _:
            return []


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
