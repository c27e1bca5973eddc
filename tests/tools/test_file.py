"""``file.*`` stays below its directory, whatever names and links there are, and writes whole files or nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import ToolError
from engine.tools import file
from tests.tools.use import built_in, use


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "files"


def lay(directory: Path, **files: str) -> Path:
    """A directory with these files."""
    directory.mkdir()
    for name, text in files.items():
        (directory / name).write_text(text)
    return directory


def lying_in(directory: Path) -> dict[str, str]:
    """The files in a directory, drafts and all."""
    return {path.name: path.read_text() for path in directory.iterdir() if path.is_file()}


async def refused(root: Path, tool: str, **args: str) -> str:
    with pytest.raises(ToolError) as caught:
        await use(tool, built_in(root), **args)
    assert not caught.value.happened
    return caught.value.code


@pytest.mark.anyio
async def test_what_is_written_can_be_read_and_is_listed(root: Path) -> None:
    tools = built_in(root)
    written = await use("file.write", tools, name="보고서/may 1.txt", text="강물\r\n")
    assert written == {"name": "보고서/may 1.txt", "size_bytes": 8}
    assert await use("file.read", tools, name="보고서/may 1.txt") == "강물\r\n"
    assert await use("file.list", tools) == ["보고서/may 1.txt"]
    assert await use("file.list", tools, folder="보고서") == ["보고서/may 1.txt"]


@pytest.mark.anyio
async def test_writing_again_replaces_the_whole_file_and_leaves_nothing_beside_it(root: Path) -> None:
    tools = built_in(root)
    for text in ("long text", "short"):
        await use("file.write", tools, name="a.txt", text=text)
    assert lying_in(root) == {"a.txt": "short"}


HOSTILE = [
    "../out.txt", "a/../../out.txt", "/etc/passwd", "./a", "a//b", "a/", "", ".hidden", "a/.git/config", "..", "a\\b",
    "a\0b", "a\nb", "C:x", "~/x", "-rf", " a", "a ", "a.", "con/../../x", "\u202eexe.txt", "a" * 201,
    "/".join("a" * 17),
]  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize("name", HOSTILE)
async def test_a_name_that_is_no_plain_path_is_refused(root: Path, name: str) -> None:
    assert await refused(root, "file.write", name=name, text="x") in ("file.name", "tool.arguments")
    assert await refused(root, "file.read", name=name) in ("file.name", "tool.arguments")
    assert "out.txt" not in lying_in(root.parent)


@pytest.mark.anyio
async def test_links_out_of_the_directory_are_not_followed(root: Path, tmp_path: Path) -> None:
    outside = lay(tmp_path / "outside", **{"secret.txt": "secret"})
    lay(root)
    os.symlink(outside, root / "folder")
    os.symlink(outside / "secret.txt", root / "secret.txt")
    for name in ("folder/secret.txt", "secret.txt"):
        assert await refused(root, "file.read", name=name) == "file.name"
        assert await refused(root, "file.write", name=name, text="x") == "file.name"
    assert await refused(root, "file.list", folder="folder") == "file.name"
    assert await use("file.list", built_in(root)) == []
    assert lying_in(outside) == {"secret.txt": "secret"}


@pytest.mark.anyio
async def test_the_directory_itself_may_be_a_link(root: Path, tmp_path: Path) -> None:
    os.symlink(lay(tmp_path / "real"), root)
    await use("file.write", built_in(root), name="a.txt", text="x")
    assert await use("file.read", built_in(root), name="a.txt") == "x"


@pytest.mark.anyio
async def test_what_is_no_text_file_is_not_read(root: Path) -> None:
    lay(root)
    lay(root / "dir")
    os.mkfifo(root / "pipe")
    with open(root / "b.bin", "wb") as binary:  # noqa: ASYNC230
        binary.write(b"\xff\xfe")
    assert await refused(root, "file.read", name="b.bin") == "file.no_text"
    assert await refused(root, "file.read", name="pipe") == "file.name"
    assert await refused(root, "file.read", name="none.txt") == "file.missing"
    assert await refused(root, "file.read", name="b.bin/x") == "file.name"
    assert await refused(root, "file.write", name="dir", text="x") == "file.name"


@pytest.mark.anyio
async def test_a_missing_directory_holds_no_files(root: Path) -> None:
    assert await refused(root, "file.read", name="a.txt") == "file.missing"
    assert await use("file.list", built_in(root)) == []


@pytest.mark.anyio
async def test_sizes_are_bounded(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "MOST_BYTES", 4)
    monkeypatch.setattr(file, "MOST_NAMES", 1)
    lay(root, **{"big.txt": "12345", "more.txt": "12345"})
    assert await refused(root, "file.read", name="big.txt") == "file.too_big"
    assert await refused(root, "file.write", name="a.txt", text="강강") == "file.too_big"
    assert await refused(root, "file.list") == "file.too_big"


@pytest.mark.anyio
async def test_what_the_disk_refuses_is_said_and_leaves_nothing(root: Path) -> None:
    assert await refused(root, "file.write", name="강" * 100, text="x") == "file.disk"
    assert lying_in(root) == {}
