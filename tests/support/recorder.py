"""Notes which entries of the catalogue weft brings about while the tests run.

Rule: an entry counts when the *house* makes it (a module of engine or server constructs the finding, the error, the
event), never when a test does. The constructors are watched from outside, so the engine knows nothing of this.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from typing import Any

from docs.entry import EVERYWHERE, OPTION_PORT, Entry
from engine.errors import Failure, WeftError
from engine.model.findings import Finding
from engine.model.nodes import PORTS
from engine.scheduler.events import TYPE_NAMES

HOUSE = ("engine.", "server.")
# These only define or decode what others bring about, so the one that counts stands behind them.
PASSING_ON = frozenset({"engine.errors", "engine.model.findings", "engine.scheduler.events", "dataclasses"})
DECODES = frozenset({"engine.journal.codec"})


class Recorder:
    """What was seen in this process."""

    def __init__(self) -> None:
        self.seen: set[Entry] = set()


def install() -> Recorder:
    """Watch weft from now on, in this process, until it ends."""
    recorder = Recorder()
    _watch(Finding, lambda finding: Entry("finding", finding.code), recorder)
    _watch(WeftError, lambda error: Entry("error", error.code), recorder)
    _watch(Failure, lambda failure: Entry("error", failure.code), recorder)
    for event, name in TYPE_NAMES.items():
        _watch_until_seen(event, Entry("event", name), recorder)
    return recorder


def watch_command_line(recorder: Recorder) -> None:
    """Watch the command line too, where the tests have loaded it: commands, options and exit codes.

    What a test starts as a process of its own is not seen.
    """
    main = sys.modules.get("engine.cli.main")
    if main is None:
        return
    act = main.__dict__["_act"]

    def act_and_note(given: list[str], output: Any) -> Any:
        recorder.seen.update(words_of(given))
        try:
            code = act(given, output)
        except WeftError:
            recorder.seen.add(Entry("exit code", "2"))
            raise
        recorder.seen.add(Entry("exit code", str(int(code))))
        return code

    main.__dict__["_act"] = act_and_note


def watch_walk(recorder: Recorder) -> None:
    """Watch the walk, where the tests have loaded it: kinds of node that were ready, ports that were left by.

    Only what happens in a real host counts: the scheduler's own tests play the host themselves.
    """
    tables, run = sys.modules.get("engine.scheduler.tables"), sys.modules.get("engine.scheduler.run")
    if tables is None or run is None:
        return
    ready, ways = run.Run.ready, tables.Tables.ways

    def ready_and_note(self: Any, walk: Any, node: Any) -> None:
        entry = Entry("kind", node.kind)
        if entry not in recorder.seen and is_hosted():
            recorder.seen.add(entry)
        ready(self, walk, node)

    def ways_and_note(self: Any, node: Any, port: str, taken: Any) -> Any:
        entry = Entry("port", f"{node.kind}.{port if port in PORTS[node.kind] else OPTION_PORT}")
        if entry not in recorder.seen and is_hosted():
            recorder.seen.add(entry)
        return ways(self, node, port, taken)

    type.__setattr__(run.Run, "ready", ready_and_note)
    type.__setattr__(tables.Tables, "ways", ways_and_note)


def is_hosted() -> bool:
    """Whether the runtime stands behind the present call."""
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith("engine.runtime"):
            return True
        frame = frame.f_back
    return False


def words_of(given: list[str]) -> Iterator[Entry]:
    """The command and the options of one command line, options under each name that they may have in the catalogue."""
    command = given[0] if given else ""
    yield Entry("command", command)
    for word in given:
        if word.startswith("-"):
            name = word.split("=")[0] if word.startswith("--") else word[:2]
            yield Entry("option", f"{command} {name}")
            yield Entry("option", f"{EVERYWHERE} {name}")


def made_by_the_house() -> bool:
    """Whether the nearest caller that is not merely passing on is a module of engine or server."""
    frame = inspect.currentframe()
    while frame is not None:
        name: str = frame.f_globals.get("__name__", "")
        if name != __name__ and name not in PASSING_ON:
            return name.startswith(HOUSE) and name not in DECODES
        frame = frame.f_back
    return False


def _watch(made: type[Any], entry: Callable[[Any], Entry], recorder: Recorder) -> None:
    """Note the entry of every object of the class that the house makes."""
    construct = made.__init__

    def construct_and_note(self: Any, *args: Any, **kwargs: Any) -> None:
        construct(self, *args, **kwargs)
        if made_by_the_house():
            recorder.seen.add(entry(self))

    type.__setattr__(made, "__init__", construct_and_note)


def _watch_until_seen(made: type[Any], entry: Entry, recorder: Recorder) -> None:
    """Like ``_watch``, but only for the first: then the class is as it was, and as fast."""
    construct = made.__init__

    def construct_and_note(self: Any, *args: Any, **kwargs: Any) -> None:
        construct(self, *args, **kwargs)
        if made_by_the_house():
            recorder.seen.add(entry)
            type.__setattr__(made, "__init__", construct)

    type.__setattr__(made, "__init__", construct_and_note)
