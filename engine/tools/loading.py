"""Tools into the registry: those that come with weft, and the operator's own.

Rule: this is the only place where weft imports by name, and only what the person at the keyboard or ``weft.toml`` has
named: a module, or a ``.py`` file. No value of a graph comes here.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Collection, Iterable
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from engine.agents.definition import Tool, tool_of
from engine.errors import ConfigError
from engine.runtime.clock import Clock
from engine.tools import json, people, text
from engine.tools.file import file_tools
from engine.tools.http import Reach, http_tools
from engine.tools.time import time_tools


def built_in_tools(*, files: Path, http: Reach, clock: Clock, own_ports: Collection[int] = ()) -> list[Tool]:
    """Every tool that comes with weft.

    Args:
        files: the directory of ``file.*``.
        http: what ``http.*`` may reach.
        clock: the time of ``time.now``.
        own_ports: ports that this process listens on; read at each request, never reached.
    """
    marked = [found for thing in (*text.TOOLS, *json.TOOLS) if (found := tool_of(thing)) is not None]
    return [*marked, *people.TOOLS, *file_tools(files), *http_tools(http, own_ports), *time_tools(clock)]


def load_tools(names: Iterable[str]) -> list[Tool]:
    """The tools that the operator names: modules, or files ending in ``.py``; each once.

    Raises:
        ConfigError: ``tool.load``; a module cannot be found or imported, or holds no tool. ``tool.definition``.
    """
    found: list[Tool] = []
    for name in dict.fromkeys(names):
        module = _from_file(Path(name)) if name.endswith(".py") else _imported(name)
        tools = [made for value in vars(module).values() if (made := tool_of(value)) is not None]
        if not tools:
            raise ConfigError(
                "there is no tool in it", code="tool.load", where=name, hint="mark functions with @tool from engine"
            )
        found.extend(made for made in tools if made not in found)
    return found


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            hint = "install it, or give the path of its file, ending in .py"
            raise ConfigError("there is no such module", code="tool.load", where=name, hint=hint) from None
        raise _broken(name, error) from error
    except (ConfigError, KeyboardInterrupt):
        raise
    except Exception as error:  # whatever the operator's module raises while it is imported
        raise _broken(name, error) from error


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise ConfigError("there is no such file", code="tool.load", where=str(path), hint="check the path")
    whole = path.resolve()
    known_as = f"weft_tools_{whole.stem}_{sha256(str(whole).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(known_as, whole)
    if spec is None or spec.loader is None:
        raise ConfigError("Python cannot load it", code="tool.load", where=str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[known_as] = module
    try:
        spec.loader.exec_module(module)
    except (ConfigError, KeyboardInterrupt):
        raise
    except Exception as error:  # whatever the operator's file raises while it runs
        raise _broken(str(path), error) from error
    return module


def _broken(name: str, error: Exception) -> ConfigError:
    place = ""
    traceback = error.__traceback__
    while traceback is not None:
        place = f" (line {traceback.tb_lineno} of {Path(traceback.tb_frame.f_code.co_filename).name})"
        traceback = traceback.tb_next
    return ConfigError(
        f"it cannot be imported: {type(error).__name__}: {error}{place}",
        code="tool.load",
        where=name,
        hint="mend it, or take it out of --tools and weft.toml",
    )
