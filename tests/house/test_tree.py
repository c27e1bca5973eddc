"""What lies in the checkout names no registry, no machine and no secret, and can be cloned anywhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT, place, tracked_files

# Written in two halves, so that this file does not name them itself.
REGISTRIES = [
    "pypi" + ".org", "python" + "hosted.org", "npmjs" + ".org", "npmjs" + ".com", "jsdelivr" + ".net", "unpkg" + ".com",
]  # fmt: skip
INDEX_OPTIONS = ["index" + "-url", "find" + "-links", "trusted" + "-host"]
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|tmp|Users/\w+|opt/\w+)/")
LIKE_A_KEY = re.compile(
    r"\b(?:sk-[A-Za-z0-9_-]{20,}|AKIA[A-Z0-9]{16}|ghp_[A-Za-z0-9]{36}|xox[bap]-[A-Za-z0-9-]{20,})\b"
)


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    """Every place in a tracked text file where the pattern stands, as ``file:line: text``."""
    found: list[str] = []
    for path in tracked_files():
        text = _text(path)
        if pattern.search(text):
            numbered = enumerate(text.splitlines(), start=1)
            found += [f"{place(path, n)}: {line[:120]}" for n, line in numbered if pattern.search(line)]
    return found


def test_no_file_names_a_package_registry() -> None:
    assert lines_with(re.compile("|".join(map(re.escape, REGISTRIES)))) == []


def test_no_file_says_where_packages_come_from() -> None:
    assert lines_with(re.compile("--(?:extra-)?(?:" + "|".join(INDEX_OPTIONS) + ")")) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert lines_with(MACHINE_PATH) == []


def test_no_file_holds_what_looks_like_a_key() -> None:
    assert lines_with(LIKE_A_KEY) == []


@pytest.mark.parametrize("planted", ["see /" + "work/main/x", "PATH=/home/" + "ann/bin", '"/' + 'tmp/x"'])
def test_a_planted_machine_path_is_seen(planted: str) -> None:
    assert MACHINE_PATH.search(planted)


@pytest.mark.parametrize("name", ["uv.lock", "pylock.toml", "poetry.lock", "Pipfile.lock"])
def test_the_lock_is_the_requirements_files_alone(name: str) -> None:
    assert not (ROOT / name).exists()


@pytest.mark.parametrize("name", ["runtime.txt", "dev.txt", "lock.txt"])
def test_every_locked_package_has_one_version_and_its_hashes(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z])", "\n" + "\n".join(x for x in text.splitlines() if not x.lstrip().startswith("#")))
    packages = [entry for entry in entries if entry.strip()]
    assert packages
    assert [entry.split()[0] for entry in packages if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_names_are_the_same_on_a_disk_that_ignores_case() -> None:
    names = [place(path) for path in tracked_files()]
    assert len({name.lower() for name in names}) == len(names)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""
