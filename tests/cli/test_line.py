"""How the line is read: the options of every command stand before it or behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Weft


@pytest.mark.parametrize(
    "line",
    [
        ("--json", "validate", "graphs/draft-and-review.json"),
        ("validate", "--json", "graphs/draft-and-review.json"),
        ("--graphs", "graphs", "--json", "validate", "draft-and-review"),
        ("--graphs=graphs", "--db=elsewhere.db", "validate", "draft-and-review", "--json"),
    ],
)
def test_common_options_stand_where_one_likes(weft: Weft, line: tuple[str, ...]) -> None:
    said = weft(*line)
    assert (said.code, said.value) == (0, [])


def test_tools_given_before_and_behind_are_all_registered(weft: Weft, place: Path) -> None:
    for name in ("one", "two"):
        lines = ("from engine import tool", '@tool(effect="read")', f"async def {name}() -> int:", '    """."""')
        (place / f"{name}.py").write_text("\n".join((*lines, "    return 1", "")))
    said = weft("--tools", "one.py", "--json", "tools", "--tools", "two.py")
    assert {"one", "two"} <= {tool["name"] for tool in said.value}


def test_the_database_named_before_the_command_is_the_one(weft: Weft, place: Path) -> None:
    assert weft("--db", "mine.db", "run", "graphs/sequential-pipeline.json", "--json", "--id", "r1").code == 0
    assert (place / "mine.db").exists()
    assert [run["id"] for run in weft("--json", "--db", "mine.db", "runs").value] == ["r1"]


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        (("--json", "valdate", "x"), "did you mean `weft validate`?"),
        (("--json", "--db"), "see `weft --help`"),
        (("--json", "--nothing"), "see `weft --help`"),
    ],
)
def test_mistakes_behind_common_options_are_told_as_json(weft: Weft, line: tuple[str, ...], hint: str) -> None:
    said = weft(*line)
    assert (said.code, said.error["code"], said.error["hint"]) == (2, "usage", hint)
