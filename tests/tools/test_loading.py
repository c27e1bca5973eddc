"""The operator's own tools: modules and files that are named, and what is wrong with them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.agents.registry import ToolRegistry
from engine.errors import ConfigError, NodeError
from engine.tools.loading import load_tools
from tests.tools.use import built_in

GOOD = '''
from __future__ import annotations
from dataclasses import dataclass
from engine import tool, ToolContext

@dataclass
class Point:
    x: int

@tool(effect="read")
def double(point: Point, context: ToolContext) -> int:
    """Twice x."""
    return point.x * 2

again = double
'''


def test_a_file_gives_its_marked_functions_once(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(GOOD)
    (made,) = load_tools([str(tmp_path / "mine.py")] * 2)
    assert made.name == "double"
    assert made.bind({"point": {"x": 2}})["point"].x == 2


def test_a_module_gives_its_marked_functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weft_test_tools.py").write_text(GOOD)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert [made.name for made in load_tools(["weft_test_tools"])] == ["double"]


BROKEN = [
    ("raises.py", "x = 1\n1 / 0\n", "ZeroDivisionError: division by zero (line 2 of raises.py)"),
    ("syntax.py", "def (:\n", "SyntaxError"),
    ("missing.py", "import nowhere_to_be_found\n", "ModuleNotFoundError"),
    ("empty.py", "x = 1\n", "no tool in it"),
    ("badtool.py", "from engine import tool\n@tool\ndef f(x): ...\n", "has no type"),
]


@pytest.mark.parametrize(("name", "source", "says"), BROKEN)
def test_a_broken_file_is_said_with_its_place(tmp_path: Path, name: str, source: str, says: str) -> None:
    (tmp_path / name).write_text(source)
    with pytest.raises(ConfigError) as caught:
        load_tools([str(tmp_path / name)])
    assert caught.value.code in ("tool.load", "tool.definition")
    assert says in str(caught.value)


@pytest.mark.parametrize("name", ["nowhere.py", "nowhere", "engine.nowhere.at_all"])
def test_what_is_not_there_is_said(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_tools([name])
    assert caught.value.code == "tool.load"


def test_a_module_that_lacks_one_of_its_own_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weft_test_lacking.py").write_text("import nowhere_to_be_found\n")
    (tmp_path / "weft_test_raising.py").write_text("raise RuntimeError('no')\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    for name in ("weft_test_lacking", "weft_test_raising"):
        with pytest.raises(ConfigError, match="cannot be imported"):
            load_tools([name])


def test_names_are_unique_and_the_nearest_is_offered(tmp_path: Path) -> None:
    registry = ToolRegistry(built_in())
    assert len(registry) == len({made.name for made in registry})
    with pytest.raises(NodeError) as caught:
        registry.find("text.jion")
    assert caught.value.hint == "did you mean text.join?"
    (tmp_path / "mine.py").write_text(GOOD.replace("effect=", 'name="text.join", effect='))
    (made,) = load_tools([str(tmp_path / "mine.py")])
    with pytest.raises(ConfigError) as caught_:
        registry.add(made)
    assert caught_.value.code == "tool.duplicate"
    with pytest.raises(ConfigError, match="is no tool"):
        registry.add(len)
