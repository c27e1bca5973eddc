"""Habits that hold in every source file."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house.tree import ROOT, calls, imports, parsed, place, sources

# SECURITY.md 10: what turns data into code. No module that a graph's data can reach may name one of these.
CODE_FROM_DATA_CALLS = {
    "eval", "exec", "compile", "yaml.load", "yaml.unsafe_load", "yaml.full_load",
    "os.system", "os.popen", "os.execv", "os.execve", "os.execvp",
}  # fmt: skip
CODE_FROM_DATA_IMPORTS = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle", "runpy", "code", "imp"}
IMPORTING_CALLS = {"__import__", "import_module", "importlib.import_module", "importlib.util.spec_from_file_location"}
IMPORTING_IMPORTS = {"importlib.import_module", "importlib.util.spec_from_file_location"}

# The operator's own tools (--tools, weft.toml) are imported in the one, the public names, by a table of its own, in the
# other. No graph names a module.
MAY_IMPORT_BY_NAME = (ROOT / "engine/tools/loading.py", ROOT / "engine/__init__.py")

SAYS_NOTHING = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common", "data", "info"}
GIANT_LINES = 900


def test_every_source_file_opens_with_its_rule() -> None:
    assert [place(path) for path in sources() if len(ast.get_docstring(parsed(path)) or "") < 20] == []


def test_no_source_file_turns_data_into_code() -> None:
    assert [found for path in sources("engine", "server") for found in code_from_data(path)] == []


def test_the_rule_against_code_from_data_sees_a_planted_case(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("import pickle\nfrom importlib import import_module\neval('1')\nimport_module('x')\n")
    assert [line for _, line in code_from_data(planted)] == [3, 4, 1, 2]


def test_no_source_file_calls_a_shell() -> None:
    assert [place(path, line) for path in sources("engine", "server") for line in shell_arguments(path)] == []


def test_only_the_command_line_prints() -> None:
    quiet = [path for path in sources("engine", "server") if not place(path).startswith("engine/cli/")]
    assert [place(path, line) for path in quiet for name, line in calls(path) if name == "print"] == []


def test_a_file_is_one_noun_and_not_a_giant() -> None:
    lengths = {place(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources("engine", "server")}
    assert {name: lines for name, lines in lengths.items() if lines > GIANT_LINES} == {}


def test_no_module_is_called_after_nothing() -> None:
    assert [place(path) for path in sources() if path.stem in SAYS_NOTHING] == []


def code_from_data(path: Path) -> list[tuple[Path, int]]:
    """Every place of a source file where data could become code: the file and the line."""
    may_import = path in MAY_IMPORT_BY_NAME
    called = CODE_FROM_DATA_CALLS if may_import else CODE_FROM_DATA_CALLS | IMPORTING_CALLS
    found = [(path, line) for name, line in calls(path) if name in called]
    for name, line in imports(path):
        if name.split(".")[0] in CODE_FROM_DATA_IMPORTS or (name in IMPORTING_IMPORTS and not may_import):
            found.append((path, line))
    return found


def shell_arguments(path: Path) -> list[int]:
    """The lines of a source file where ``shell=`` is given and is not plainly False."""
    keywords = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.keyword) and node.arg == "shell"]
    return [
        node.lineno for node in keywords if not (isinstance(node.value, ast.Constant) and node.value.value is False)
    ]
