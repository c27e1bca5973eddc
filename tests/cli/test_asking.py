"""Gates are asked where a person sits, and only there; within this process (test_terminal.py starts one)."""

from __future__ import annotations

import io
import os
import pty
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.cli.main import main
from tests.cli.conftest import Weft

END_OF_INPUT = "\x04"


class Screen(io.StringIO):
    """What a person sees."""

    def isatty(self) -> bool:
        return True


Typed = Callable[..., tuple[int, str]]


@pytest.fixture
def typed(place: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """``typed(lines, "run", "x")`` runs a command at a terminal where somebody types; exit code and what it shows."""
    assert place.is_dir()
    monkeypatch.setenv("NO_COLOR", "1")

    def run(lines: str, *words: str) -> tuple[int, str]:
        screen = Screen()
        person, keyboard = pty.openpty()
        os.write(person, lines.encode())
        with monkeypatch.context() as patch, os.fdopen(keyboard) as stdin:
            patch.setattr(sys, "stdin", stdin)
            patch.setattr(sys, "stdout", screen)
            patch.setattr(sys, "stderr", screen)
            code = main(words)
        os.close(person)
        return code, screen.getvalue()

    return run


RUN = ("run", "draft-and-review", "-i", "topic=rivers", "--id", "r1")


def test_a_gate_is_asked_at_once_and_the_run_goes_on_to_its_end(typed: Typed, place: Path) -> None:
    code, shown = typed("revise\nshorter\n1\n\n", *RUN)

    assert code == 0
    assert "review asks:" in shown
    assert "review@2 asks:" in shown
    assert (place / "files" / "article.md").is_file()


def test_an_option_is_named_by_its_number_and_a_wrong_one_is_asked_again(typed: Typed) -> None:
    code, shown = typed("maybe\n7\n1\n\n", *RUN)

    assert code == 0
    assert shown.count("one of: approve, revise") == 2


def test_a_form_that_does_not_fit_is_asked_again(typed: Typed, weft: Weft) -> None:
    code, shown = typed("change\n-5\nchange\n100\n", "run", "human-in-the-loop", "--id", "r1")

    assert code == 0
    assert "[gate.form]" in shown
    assert weft("show", "r1", "--json").value["output"] == {"refunded": 100}


@pytest.mark.parametrize("lines", ["\n", END_OF_INPUT])
def test_an_empty_line_or_the_end_of_input_leaves_the_gate_open(typed: Typed, weft: Weft, lines: str) -> None:
    code, shown = typed(lines, *RUN)

    assert code == 3
    assert "weft answer r1 review approve|revise" in shown
    assert [gate["gate"] for gate in weft("inbox", "--json").value] == ["review"]


def test_with_no_ask_nobody_is_asked(typed: Typed) -> None:
    code, shown = typed("approve\n\n", *RUN, "--no-ask")
    assert (code, "decide" in shown, "review asks since" in shown) == (3, False, True)

    code, shown = typed("approve\n\n", "answer", "r1", "review", "revise", "--form", '{"note": "shorter"}', "--no-ask")
    assert (code, "decide" in shown, "review@2 asks since" in shown) == (3, False, True)

    code, shown = typed("approve\n\n", "signal", "r1", "hurry", "--no-ask")
    assert (code, "decide" in shown) == (3, False)

    code, shown = typed("approve\n\n", "resume", "r1", "--no-ask")
    assert (code, "decide" in shown) == (3, False)

    code, shown = typed("approve\n\n", "resume", "r1")
    assert (code, "decide" in shown) == (0, True)


def test_one_who_pipes_is_never_asked(weft: Weft) -> None:
    said = weft(*RUN)
    assert (said.code, "decide" in said.out) == (3, False)
