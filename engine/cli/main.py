"""``weft``: parses the line, calls one command, turns errors into messages and exit codes.

Rule: nothing that a user can do ends in a traceback; an error says what, where and what to do, and leaves with the code
of RUNS.md §4.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NoReturn

from typing_extensions import override

from engine.cli.output import Exit, Output
from engine.errors import ConfigError, EngineBug, GraphError, InputError, WeftError
from engine.model.names import nearest
from engine.model.printable import printable
from engine.version import VERSION

if TYPE_CHECKING:
    from engine.cli.command import Command, Setting

LOG = logging.getLogger("weft")


class _Parser(argparse.ArgumentParser):
    """An argument parser whose mistakes are errors like all others."""

    def error(self, message: str) -> NoReturn:
        raise InputError(message, code="usage", where=self.prog, hint=f"see `{self.prog} --help`")


class _Lines(logging.Formatter):
    """A record as one line, a traceback below it: nothing that a terminal would obey, no line that is not ours."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))

    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        return super().formatMessage(record).replace("\n", "\\n")


def commands() -> dict[str, Command]:
    """Every command, in the order of ``weft --help``."""
    from engine.cli import catalogue  # noqa: PLC0415 - keeps `weft --version` quick

    return {command.name: command for command in catalogue.COMMANDS}


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """The parser of the whole command line; with the options of all commands, or ``only`` of one."""
    root = _Parser(
        prog="weft",
        description="Run, inspect and draw graph-based workflows for AI agents.",
        epilog="Exit codes: 0 done, 1 the run failed, 2 bad usage or input, 3 not ended (it waits), 4 cancelled.",
    )
    root.add_argument("--version", action="version", version=f"weft {VERSION}")
    root.set_defaults(command=None)
    _common(root)
    places = root.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)
    for command in commands().values():
        place = places.add_parser(command.name, help=command.summary, description=command.summary)
        place.set_defaults(command=command)
        if only is None or command.name == only:
            command.configure(place)
            _common(place)
    return root


def _common(place: argparse.ArgumentParser) -> None:
    group = place.add_argument_group("everywhere")
    group.add_argument("--json", action="store_true", help="one JSON value on standard output, errors as JSON")
    group.add_argument("--db", metavar="FILE", help="the database (else WEFT_DB, weft.toml, ./weft.db)")
    group.add_argument("--graphs", metavar="DIR", help="where graphs are looked up by name (default: graphs)")
    group.add_argument("--tools", metavar="MODULE|FILE", action="append", help="register its @tool functions")
    group.add_argument("--config", metavar="FILE", help="configuration (default: ./weft.toml where there is one)")


def _hear(level: str) -> None:
    """Let weft tell from this gravity on.

    Raises:
        ConfigError: there is no such level.
    """
    known = ("debug", "info", "warning", "error", "critical")
    if level.lower() not in known:
        raise ConfigError(f"{level[:40]!r} is no level", where="WEFT_LOG", hint=f"one of {', '.join(known)}")
    LOG.setLevel(level.upper())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    output = Output(is_json="--json" in given, out=sys.stdout, err=sys.stderr)
    told = logging.StreamHandler()
    told.setFormatter(_Lines("weft: %(message)s"))
    logging.basicConfig(handlers=[told])
    # Of weft alone: libraries would tell of every header that comes back, a secret in it or not.
    LOG.setLevel(logging.WARNING)
    try:
        _hear(os.environ.get("WEFT_LOG", "warning"))
        return int(_act(given, output))
    except WeftError as error:
        output.error(error)
        if isinstance(error, GraphError):
            for finding in error.findings[1:]:
                output.note(f"      {finding.severity}: {finding.place or 'graph'}: {finding.message} [{finding.code}]")
        return int(Exit.UNUSABLE)
    except BrokenPipeError:
        # Whoever read our output has had enough; that is no error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.DONE)
    except KeyboardInterrupt:
        output.note("weft: interrupted")
        return int(Exit.NOT_ENDED)
    except Exception as error:
        LOG.debug("an unexpected error", exc_info=True)
        output.error(bug(error))
        return int(Exit.UNUSABLE)


def _act(given: list[str], output: Output) -> Exit:
    if given == ["--version"]:
        output.out.write(f"weft {VERSION}\n")
        return Exit.DONE
    from engine.cli.command import Setting  # noqa: PLC0415 - brings the whole engine

    given = _command_first(given)
    _near_miss(given)
    tree = parser(given[0] if given and given[0] in commands() else None)
    options = tree.parse_args(given)
    if options.command is None:
        tree.print_help(output.out)
        return Exit.DONE
    command: Command = options.command
    return asyncio.run(_acted(command, Setting(options, output)))


async def _acted(command: Command, setting: Setting) -> Exit:
    return await command.act(setting)


COMMON: Final[dict[str, bool]] = {"--json": False, "--db": True, "--graphs": True, "--tools": True, "--config": True}
"""The options of every command, which may stand before it too: whether a value follows."""


def _command_first(given: list[str]) -> list[str]:
    """The line with what stands before the command moved behind it, where the command's own parser reads it."""
    place = 0
    while place < len(given):
        name, equals, _ = given[place].partition("=")
        if name not in COMMON:
            break
        place += 2 if COMMON[name] and not equals else 1
    if place >= len(given) or given[place].startswith("-"):
        return given
    return [given[place], *given[:place], *given[place + 1 :]]


def _near_miss(given: Sequence[str]) -> None:
    """An unknown command gets the nearest known one as a hint."""
    known = commands()
    first = next((word for word in given if not word.startswith("-")), None)
    if first is not None and given[0] == first and first not in known:
        near = nearest(first, known)
        raise InputError(
            f"there is no command {first!r}",
            code="usage",
            where="weft",
            hint=f"did you mean `weft {near}`?" if near else "see `weft --help`",
        )


def bug(error: BaseException) -> EngineBug:
    """An unexpected exception as the error that asks to be reported."""
    return EngineBug(f"{type(error).__name__}: {error}", hint="please report this with what WEFT_LOG=debug adds")


if __name__ == "__main__":
    sys.exit(main())
