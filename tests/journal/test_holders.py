"""Whether the process that holds a lease is known to be gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.journal.holders import PROC, is_gone, this_process, told

pytestmark = pytest.mark.skipif(not this_process(), reason="this system does not tell")
NUMBER = 4711
STAT = f"{NUMBER} (a (b) c) {{state}} " + " ".join(str(n) for n in range(4, 22)) + " {began} 0 0"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A system on which process 4711 began at 100."""
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("one\n")
    (tmp_path / "self/ns").mkdir(parents=True)
    (tmp_path / "self/ns/pid").symlink_to("pid:[1]")
    begun(tmp_path, NUMBER)
    begun(tmp_path, os.getpid())
    return tmp_path


def begun(proc: Path, number: int, *, state: str = "S", began: str = "100") -> None:
    """A process as the system tells of it."""
    (proc / str(number)).mkdir(exist_ok=True)
    (proc / str(number) / "stat").write_text(STAT.format(state=state, began=began))


def holder(proc: Path, number: int = NUMBER) -> str:
    """A holder's name from that process."""
    return f"word.{this_process(proc)}".replace(f".{os.getpid()}.", f".{number}.")


def test_a_process_that_lives_is_not_gone(proc: Path) -> None:
    assert not is_gone(holder(proc), proc)
    assert not is_gone(f"word.{this_process()}")


def test_one_that_was_killed_is_gone() -> None:
    code = "import time; from engine.journal.holders import *; print(this_process(), flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        name = f"word.{child.stdout.readline().strip()}"
        lived = not is_gone(name)
        child.kill()
    assert (lived, is_gone(name)) == (True, True)


def test_one_whose_number_is_another_s_by_now_is_gone(proc: Path) -> None:
    name = holder(proc)
    begun(proc, NUMBER, began="200")
    assert is_gone(name, proc)


def test_one_whose_parent_has_not_asked_for_it_yet_is_gone(proc: Path) -> None:
    begun(proc, NUMBER, state="Z")
    assert is_gone(holder(proc), proc)


def test_nothing_is_said_of_another_system_or_of_a_name_that_tells_nothing(proc: Path) -> None:
    name = holder(proc, number=1)
    assert is_gone(name, proc)
    (proc / "sys/kernel/random/boot_id").write_text("two\n")
    assert not is_gone(name, proc)
    assert not any(is_gone(other, proc) for other in ("host", "word.", "word.x.100.abc", ""))


def test_nothing_is_said_where_the_system_does_not_tell(proc: Path, tmp_path: Path) -> None:
    name = holder(proc)
    (proc / str(NUMBER) / "stat").write_text("")
    assert not is_gone(name, proc)
    (proc / "self/ns/pid").unlink()
    assert not is_gone(name, proc)
    assert this_process(tmp_path / "nowhere") == ""


def test_an_error_names_the_process() -> None:
    assert told(f"word.{this_process(PROC)}") == f"process {os.getpid()}"
    assert told("word.") == "word."
