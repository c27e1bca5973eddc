"""The pages hold what they say: links lead somewhere, named commands exist, Python examples run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docs.catalogue import command_parsers, option_names
from tests.house.tree import ROOT, place

PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))
LINK = re.compile(r"(?:\]\(|(?:src|href|srcset)=\")([^)\"#\s]+)(?:#[^)\"\s]*)?[)\"]")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
MAKE = re.compile(r"\bmake ([a-z]+)\b(?=[`\s,.)]|$)")
WEFT = re.compile(r"(?:^|[\s/])weft ([a-z]+)\b(.*)")
OPTION = re.compile(r"(?<=\s)--?[a-z][a-z-]*")
PHONY = re.compile(r"^\.PHONY: ([a-z]+)$", re.MULTILINE)


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in one language."""
    return [text for word, text in FENCE.findall(page.read_text(encoding="utf-8")) if word == language]


def code(page: Path) -> list[str]:
    """What a page shows as code: the lines of its fenced blocks, without comments, and the spans between."""
    text = page.read_text(encoding="utf-8")
    fenced = [line.partition(" # ")[0] for _, block in FENCE.findall(text) for line in block.splitlines()]
    return fenced + re.findall(r"`([^`\n]+)`", FENCE.sub("", text))


def test_every_relative_link_and_picture_of_the_pages_is_there() -> None:
    links = [(page, target) for page in PAGES for target in LINK.findall(page.read_text(encoding="utf-8"))]
    inner = [(page, target) for page, target in links if "://" not in target and not target.startswith("mailto:")]
    assert [f"{place(page)}: {target}" for page, target in inner if not (page.parent / target).exists()] == []


def test_every_page_is_listed() -> None:
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES if f"{page.name})" not in index] == []


def test_every_make_command_named_in_the_pages_exists() -> None:
    targets = set(PHONY.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    named = {(place(page), name) for page in PAGES for line in code(page) for name in MAKE.findall(line)}
    assert {name for _, name in named} >= {"run", "test"}
    assert [f"{page}: make {name}" for page, name in sorted(named) if name not in targets] == []


def test_every_weft_command_and_option_named_in_the_pages_exists() -> None:
    parsers = command_parsers()
    named = [(place(page), *found) for page in PAGES for line in code(page) for found in WEFT.findall(line)]
    assert {command for _, command, _ in named} >= {"run", "answer", "export"}
    wrong = [f"{page}: weft {command}" for page, command, _ in named if command not in parsers]
    for page, command, rest in named:
        known = option_names(parsers[command]) if command in parsers else []
        wrong += [f"{page}: weft {command} {name}" for name in OPTION.findall(rest) if name not in known]
    assert wrong == []


def test_the_makefile_lists_every_command_that_it_has() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    described = re.findall(r"^([a-z]+):.*?## ", makefile, re.MULTILINE)
    assert sorted(described) == sorted(PHONY.findall(makefile))


@pytest.mark.parametrize("page", PAGES, ids=place)
def test_the_python_examples_of_a_page_run(page: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "graphs", tmp_path / "graphs")
    for example in blocks(page, "python"):
        result = subprocess.run(
            [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, timeout=50
        )
        assert result.returncode == 0, f"{example}\n{result.stderr}"
