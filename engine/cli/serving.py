"""serve, token: the web door, opened from the command line.

Rule: the command line starts the server and knows nothing else of it. The server is loaded only here, when it is asked
for, so that every other command stays quick and works without it.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import webbrowser
from typing import TYPE_CHECKING, Any, Final

from engine.app import Engine, Serving
from engine.cli.command import Command, Setting
from engine.cli.output import Exit
from engine.errors import ConfigError

LEVELS: Final = ("debug", "info", "warning", "error")

if TYPE_CHECKING:
    from server.settings import Settings


def _configure(place: argparse.ArgumentParser) -> None:
    place.add_argument("--host", metavar="HOST", help="where to listen (default: 127.0.0.1)")
    place.add_argument("--port", metavar="PORT", type=int, help="the port (default: 8700; 0 takes a free one)")
    place.add_argument("--log", choices=["json", "text"], help="how it logs (default: text in a terminal, else json)")
    place.add_argument("--log-level", choices=LEVELS, help="from which gravity on (default: info)")
    place.add_argument("--open", action="store_true", help="open it in a browser, where there is one")


def _configure_token(place: argparse.ArgumentParser) -> None:
    place.add_argument("name", metavar="NAME", help="whose token it is")


async def _serve(setting: Setting) -> Exit:
    from server import logs  # noqa: PLC0415 - see the rule above
    from server.serve import serve  # noqa: PLC0415

    options, output, said = setting.options, setting.output, setting.config.serve
    form = options.log or said.log or ("text" if output.err.isatty() else "json")
    logs.configure(form, options.log_level or _level_of_environment() or said.log_level, output.err)

    def ready(address: str) -> None:
        output.value({"url": address})
        output.line(f"weft is at {address}")
        if "#token=" in address:
            output.line("The link logs in once. Ctrl-C stops the server; runs go on when it is started again.")
        if options.open and _has_desktop():
            webbrowser.open(address)

    is_asked_for = options.port is not None or "port" in said.model_fields_set
    await serve(_engine(setting), _settings(setting), on_ready=ready, takes_any_port=not is_asked_for)
    return Exit.DONE


def _level_of_environment() -> Any:
    """The level that ``WEFT_LOG`` names, or None.

    Raises:
        ConfigError: it names none.
    """
    given = os.environ.get("WEFT_LOG", "").lower()
    if given and given not in LEVELS:
        raise ConfigError(f"{given[:40]!r} is no level", where="WEFT_LOG", hint=f"one of {', '.join(LEVELS)}")
    return given or None


def _settings(setting: Setting) -> Settings:
    """The server's settings from flags, environment and ``weft.toml``.

    Raises:
        ConfigError: something in them is wrong, or the address asks for a token.
    """
    from server.settings import Settings, settings_of  # noqa: PLC0415

    options, serve = setting.options, setting.config.serve
    flags = Settings(
        db=setting.db,
        graphs=setting.graphs,
        host=options.host if options.host is not None else serve.host,
        port=options.port if options.port is not None else serve.port,
        owner=_owner(),
    )
    return settings_of(setting.config, flags, token=os.environ.get("WEFT_TOKEN"))


def _engine(setting: Setting) -> Engine:
    serve = setting.config.serve
    serving = Serving(max_running=serve.max_running, max_running_per_graph=serve.max_running_per_graph)
    return Engine.open(setting.db, graphs=setting.graphs, config=setting.config, serving=serving)


def _owner() -> str:
    """Who is at the keyboard: the name under which decisions are journaled."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "local"


def _has_desktop() -> bool:
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


async def _token(setting: Setting) -> Exit:
    from server.people import digest_of  # noqa: PLC0415
    from server.tokens import new_token  # noqa: PLC0415

    name, token = setting.options.name, new_token()
    setting.output.value({"name": name, "token": token, "token_hash": f"sha256:{digest_of(token)}"})
    setting.output.line(f"the token of {name}, shown only now: {token}")
    setting.output.line("in weft.toml:")
    setting.output.line(f'[[users]]\nname = "{name}"\ntoken_hash = "sha256:{digest_of(token)}"')
    return Exit.DONE


SERVE = Command("serve", "serve graphs, runs and gates over HTTP, with a page to look at them", _configure, _serve)
TOKEN = Command("token", "make a token for somebody who may log in to the server", _configure_token, _token)
