"""What a command is, and what every command is given.

Rule: a command parses nothing by itself beyond its own options and decides nothing that the facade does not; it calls
the facade, prints, and returns an exit code.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.app import Engine
from engine.cli.output import Exit, Output
from engine.config import Config, load_config
from engine.errors import InputError
from engine.journal.store import Durability
from engine.library import Library

DEFAULT_DB = "weft.db"
DEFAULT_GRAPHS = "graphs"
MOST = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Command:
    """One command of ``weft``.

    Attributes:
        name: as typed.
        summary: one line for ``weft --help``.
        configure: adds its own options.
        act: does it.
    """

    name: str
    summary: str
    configure: Callable[[argparse.ArgumentParser], None]
    act: Callable[[Setting], Awaitable[Exit]]


class Setting:
    """The surroundings of one command: its options, the configuration, where it prints."""

    def __init__(self, options: argparse.Namespace, output: Output) -> None:
        self.options = options
        self.output = output

    @cached_property
    def config(self) -> Config:
        """``weft.toml`` with ``--tools`` added.

        Raises:
            ConfigError: something in it is wrong.
        """
        path = Path(self.options.config) if self.options.config else None
        config = load_config(path, directory=Path.cwd())
        if self.options.tools:
            config = config.model_copy(update={"tools": [*config.tools, *self.options.tools]})
        return config

    @property
    def db(self) -> str:
        """Where runs are kept: ``--db``, ``WEFT_DB``, ``weft.toml``, ``./weft.db``."""
        return self.options.db or os.environ.get("WEFT_DB") or self.config.db or DEFAULT_DB

    @property
    def graphs(self) -> Path:
        """Where graphs are looked up by name."""
        return Path(self.options.graphs or self.config.graphs or DEFAULT_GRAPHS)

    @property
    def library(self) -> Library:
        """The graphs directory."""
        return Library(self.graphs)

    def engine(self, *, durability: Durability = "full", db: str | None = None) -> Engine:
        """The engine on this command's database; to be used with ``async with``."""
        return Engine.open(
            db if db is not None else self.db, graphs=self.graphs, config=self.config, durability=durability
        )

    def engine_on_runs(self) -> Engine:
        """The engine for commands about runs that there are: where there is no database, there are none.

        Looking never makes a database, so a mistyped ``--db`` leaves no file behind.
        """
        is_absent = not self.has_database and self._db_file.parent.is_dir()
        return self.inert_engine() if is_absent else self.engine()

    @property
    def has_database(self) -> bool:
        """Whether the database is there."""
        return self._db_file.exists()

    @property
    def _db_file(self) -> Path:
        return Path(self.db.removeprefix("sqlite:///"))

    def inert_engine(self) -> Engine:
        """An engine that keeps nothing, for commands that only check and look up."""
        return self.engine(durability="memory", db="memory:")


def seconds_option(text: str) -> float:
    """A time span in seconds above 0, for argparse."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return seconds


def count_option(text: str) -> int:
    """A whole number from 1 on, for argparse."""
    if not text.isdecimal() or not 0 < int(text) < MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def json_option(text: str, *, name: str) -> Any:
    """The JSON value of an option: JSON itself, ``@file``, or ``-`` for standard input.

    Raises:
        InputError: ``input.not_json`` or ``input.unreadable``.
    """
    source, content = name, text
    try:
        if text == "-":
            source = "standard input"
            content = sys.stdin.read()
        elif text.startswith("@"):
            source = text[1:]
            content = Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"it cannot be read: {error}", code="input.unreadable", where=source, hint="it must be a UTF-8 text file"
        ) from None
    try:
        return json.loads(content, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"it is not JSON: {error}", code="input.not_json", where=source, hint="text needs quotes: '\"like this\"'"
        ) from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
