"""The wheel carries all that weft needs at run time, and works where there is no checkout."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from engine.gallery import patterns
from tests.house.tree import ROOT

LISTS_THE_SAMPLES = "from engine.gallery import patterns\nfor name, file in patterns().items(): print(name, file)"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout and unpacked as an installer would."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(place)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=50)
    (wheel,) = place.glob("weft-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place / "site")
    return place / "site"


def test_every_module_of_the_source_is_in_the_wheel(unpacked: Path) -> None:
    there = {file.relative_to(unpacked).as_posix() for file in unpacked.rglob("*.py")}
    wanted = {
        file.relative_to(ROOT).as_posix() for room in ("engine", "server") for file in (ROOT / room).rglob("*.py")
    }
    assert there == wanted


def test_fonts_and_samples_are_in_the_wheel(unpacked: Path) -> None:
    fonts = {file.name for file in (ROOT / "engine/render/fonts").iterdir() if file.is_file()}
    assert {file.name for file in (unpacked / "engine/render/fonts").iterdir()} == fonts
    for name in patterns():
        assert (unpacked / f"engine/patterns/{name}.json").read_bytes() == (ROOT / f"graphs/{name}.json").read_bytes()


def test_the_pages_are_in_the_wheel_with_what_they_load_and_its_licences(unpacked: Path) -> None:
    served = {".css", ".html", ".js", ".svg", ".txt"}
    pages = ROOT / "editor_static"
    wanted = {
        file.relative_to(pages).as_posix()
        for file in pages.rglob("*")
        if file.suffix in served and "node_modules" not in file.parts
    }
    place = unpacked / "server/editor_static"
    assert {"vendor/flow.js", "vendor/flow.css", "vendor/flow.licenses.txt"} <= wanted
    assert {file.relative_to(place).as_posix() for file in place.rglob("*") if file.is_file()} == wanted


def test_tests_and_build_tools_are_not_in_the_wheel(unpacked: Path) -> None:
    assert {path.name for path in unpacked.iterdir()} == {"engine", "server", "weft-0.1.0.dist-info"}


def test_an_installed_weft_finds_its_samples_without_a_checkout(unpacked: Path, tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(unpacked), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", LISTS_THE_SAMPLES]
    result = subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
    listed = dict(line.split(" ", 1) for line in result.stdout.splitlines())
    assert set(listed) == set(patterns())
    assert all(Path(file).parent == unpacked / "engine/patterns" for file in listed.values())


def test_the_checkout_lists_the_samples_at_its_top() -> None:
    assert {file.parent for file in patterns().values()} == {ROOT / "graphs"}
    assert "draft-and-review" in patterns()


def test_the_version_has_its_place_in_the_changelog() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in changelog or f"## [{version}]" in changelog
