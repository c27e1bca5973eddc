"""``file.*``: files below one directory that the operator names.

Rule: a name is a path of plain words below that directory, never above or beside it, whatever links lie about: the path
is walked step by step without following any link, so nothing can change between the check and the use. A file is
written whole or not at all.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field
from typing_extensions import TypedDict

from engine.agents.definition import Tool, make_tool
from engine.errors import ToolError

MOST_BYTES: Final = 10_000_000
"""Size of the largest file that is read or written."""
MOST_NAMES: Final = 10_000
"""So many files are listed at most."""
DEEPEST: Final = 16

_WORD = re.compile(r"[^\W_](?:[\w .()+,=@-]*[\w)+=@-])?|_[\w-]*")
_counter = count(1)

Name = Annotated[str, Field(min_length=1, max_length=500, description="For instance notes.md or reports/may.txt.")]


class Written(TypedDict):
    """What was written."""

    name: str
    size_bytes: int


def file_tools(root: Path) -> tuple[Tool, ...]:
    """The family, working below ``root``; the directory is made when the first file is written."""

    def read(name: Name) -> str:
        """The text of a file (UTF-8)."""
        with _below(root, name, make=False) as (directory, last):
            return _read(directory, last, name)

    def write(name: Name, text: str) -> Written:
        """Write a text to a file (UTF-8), in place of what was there.

        Args:
            name: for instance ``notes.md`` or ``reports/may.txt``; directories are made.
            text: the whole content.
        """
        content = text.encode("utf-8")
        if len(content) > MOST_BYTES:
            raise _refused(name, f"the text is larger than {MOST_BYTES:,} bytes", code="file.too_big")
        with _below(root, name, make=True) as (directory, last):
            _write(directory, last, content, name)
        return {"name": name, "size_bytes": len(content)}

    def names(folder: str = "") -> list[str]:
        """The names of all files below a folder, sorted.

        Args:
            folder: for instance ``reports``; absent: everything.
        """
        parts = _parts(folder) if folder else ()
        return sorted(_listed(root, parts))

    return (
        make_tool(read, name="file.read", effect="read", untrusted_output=True),
        make_tool(write, name="file.write", effect="idempotent", risk_level="medium"),
        make_tool(names, name="file.list", effect="read"),
    )


def _parts(name: str) -> tuple[str, ...]:
    """The words of a name.

    Raises:
        ToolError: ``file.name``; it is no plain path below the directory.
    """
    parts = tuple(name.split("/"))
    if len(parts) > DEEPEST or not all(_WORD.fullmatch(part) and len(part) <= 200 for part in parts):
        raise _refused(
            name,
            "this is no name for a file",
            code="file.name",
            hint="use words of letters and digits, with / between folders",
        )
    return parts


@contextmanager
def _below(root: Path, name: str, *, make: bool) -> Generator[tuple[int, str]]:
    """The directory that holds the file, open, and the file's own name in it."""
    *folders, last = _parts(name)
    opened: list[int] = []
    try:
        opened.append(_open_root(root, make=make))
        for folder in folders:
            opened.append(_open_folder(opened[-1], folder, make=make))
        yield opened[-1], last
    except OSError as error:
        raise _failed(name, error) from error
    finally:
        for number in reversed(opened):
            os.close(number)


def _open_root(root: Path, *, make: bool) -> int:
    if make:
        root.mkdir(parents=True, exist_ok=True)
    return os.open(root, os.O_RDONLY | os.O_DIRECTORY)


def _open_folder(parent: int, folder: str, *, make: bool) -> int:
    if make:
        with suppress(FileExistsError):
            os.mkdir(folder, dir_fd=parent)
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)


def _read(directory: int, last: str, name: str) -> str:
    number = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
    with os.fdopen(number, "rb") as file:
        about = os.fstat(number)
        if not stat.S_ISREG(about.st_mode):
            raise _refused(name, "this is no file", code="file.name")
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise _refused(name, f"the file is larger than {MOST_BYTES:,} bytes", code="file.too_big")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise _refused(name, "the file is no UTF-8 text", code="file.no_text") from None


def _write(directory: int, last: str, content: bytes, name: str) -> None:
    """Write beside it, then put it in place in one step."""
    if _is_something_else(directory, last):
        raise _refused(name, "there is a folder or a link of this name", code="file.name")
    draft = f".{last[:100]}.{os.getpid()}-{next(_counter)}.part"
    number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644, dir_fd=directory)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(number)
        os.replace(draft, last, src_dir_fd=directory, dst_dir_fd=directory)
    except OSError:
        os.unlink(draft, dir_fd=directory)
        raise
    os.fsync(directory)


def _is_something_else(directory: int, last: str) -> bool:
    try:
        return not stat.S_ISREG(os.stat(last, dir_fd=directory, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def _listed(root: Path, parts: tuple[str, ...]) -> list[str]:
    start = root.joinpath(*parts)
    if not start.resolve().is_relative_to(root.resolve()):
        raise _refused("/".join(parts), "the path leads over a link", code="file.name")
    found: list[str] = []
    for directory, folders, files in os.walk(start, followlinks=False):
        folders[:] = [folder for folder in folders if _WORD.fullmatch(folder)]
        place = Path(directory)
        regular = [f for f in files if _WORD.fullmatch(f) and not (place / f).is_symlink()]
        found.extend((place / file).relative_to(root).as_posix() for file in regular)
        if len(found) > MOST_NAMES:
            raise _refused("/".join(parts), f"there are more than {MOST_NAMES:,} files", code="file.too_big")
    return found


def _failed(name: str, error: OSError) -> ToolError:
    match error.errno:
        case errno.ENOENT:
            return _refused(name, "there is no such file", code="file.missing")
        case errno.ELOOP | errno.ENOTDIR | errno.EMLINK:
            return _refused(name, "the path leads over a link or through a file", code="file.name")
        case errno.ENOSPC | errno.EDQUOT:
            return ToolError("the disk is full", code="file.disk", where=name, error_class="fatal", happened=False)
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return ToolError(
                "the operator's directory does not allow it", code="file.disk", where=name, error_class="fatal",
                happened=False,
            )  # fmt: skip
        case _:
            return ToolError(f"{error.strerror}", code="file.disk", where=name, happened=False)


def _refused(name: str, what: str, *, code: str, hint: str | None = None) -> ToolError:
    return ToolError(f"{name}: {what}", code=code, hint=hint, happened=False)
