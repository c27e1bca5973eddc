"""What weft promises by name, collected from the code: the entries of docs/reference.md and of the catalogue test.

Rule: nothing is listed here by hand. A kind, port, finding, error code, event, command, option or exit code is in the
catalogue because the code has it, and a full run of the tests fails while one of them is brought about by no test.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import cast

from docs.entry import EVERYWHERE, OPTION_PORT, Entry
from engine.cli.catalogue import COMMANDS
from engine.cli.main import parser
from engine.cli.output import EXIT_MEANINGS
from engine.compile.catalogue import FINDINGS
from engine.errors import CODES
from engine.model.nodes import PORTS
from engine.scheduler.events import TYPE_NAMES

# Nothing that a user can do should bring these about.
OURS = frozenset({"engine.bug", "weft.error"})


def catalogue() -> list[Entry]:
    """Every entry, section by section, each in the order of its table in the code."""
    return [*kinds(), *ports(), *findings(), *errors(), *events(), *commands(), *options(), *exit_codes()]


def kinds() -> Iterator[Entry]:
    """Every kind of node."""
    return (Entry("kind", kind) for kind in PORTS)


def ports() -> Iterator[Entry]:
    """Every port of every kind, as ``kind.port``."""
    for kind, names in PORTS.items():
        if kind == "human-gate":
            yield Entry("port", f"{kind}.{OPTION_PORT}")
        yield from (Entry("port", f"{kind}.{name}") for name in names)


def findings() -> Iterator[Entry]:
    """Every code of a finding."""
    return (Entry("finding", code) for code in FINDINGS)


def errors() -> Iterator[Entry]:
    """Every code of an error or of a node's failure, but for broken invariants of weft itself."""
    return (Entry("error", code) for code in CODES if code not in OURS)


def events() -> Iterator[Entry]:
    """Every type of event."""
    return (Entry("event", name) for name in TYPE_NAMES.values())


def commands() -> Iterator[Entry]:
    """Every command of the command line."""
    return (Entry("command", command.name) for command in COMMANDS)


def options() -> Iterator[Entry]:
    """Every option under each of its names: ``run --id``; those that every command has once, but ``--json`` on each."""
    shared = shared_options()
    yield from (Entry("option", f"{EVERYWHERE} {name}") for name in sorted(shared))
    for command, place in command_parsers().items():
        own = [name for name in option_names(place) if name == "--json" or name not in shared]
        yield from (Entry("option", f"{command} {name}") for name in own)


def exit_codes() -> Iterator[Entry]:
    """Every exit code."""
    return (Entry("exit code", str(int(code))) for code in EXIT_MEANINGS)


def command_parsers() -> dict[str, argparse.ArgumentParser]:
    """Command -> the parser of its arguments, in the order of ``weft --help``."""
    for action in actions(parser()):
        if isinstance(action.choices, dict):
            return cast("dict[str, argparse.ArgumentParser]", action.choices)
    return {}


def actions(place: argparse.ArgumentParser) -> list[argparse.Action]:
    """Every argument of a parser; argparse has no public word for them."""
    return place._actions  # pyright: ignore[reportPrivateUsage]


def shared_options() -> frozenset[str]:
    """The names of the options that every command has."""
    names = [option_names(place) for place in command_parsers().values()]
    return frozenset(name for name in names[0] if all(name in other for other in names))


def option_names(place: argparse.ArgumentParser) -> list[str]:
    """The names of a command's options, ``--help`` apart."""
    return [name for action in actions(place) if action.dest != "help" for name in action.option_strings]
