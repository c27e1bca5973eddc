"""What holds for every test: no network but loopback, one event loop, repeatable examples, and a recorder.

The recorder (tests/support/recorder.py) notes which entries of the catalogue weft itself brings about. Each xdist
worker sends what it saw to the controller; when *all* tests ran and passed, an entry that nobody saw fails the run.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from docs.entry import Entry
from tests.support.recorder import Recorder, install, watch_command_line, watch_walk

# `make test` draws the same examples each time; HYPOTHESIS_PROFILE=search draws many new ones.
settings.register_profile("repeatable", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", deadline=None, max_examples=5_000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

RECORDER = pytest.StashKey[Recorder]()
LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The engine runs on asyncio alone."""
    return "asyncio"


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    """No test talks to the world: a connection to anything but this machine fails the test that opens it."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: tuple[Any, ...] | str) -> None:
        host = str(address[0]) if isinstance(address, tuple) else LOOPBACK[0]
        if not host.startswith(LOOPBACK):
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", connect_here)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller's own settings do not reach the tests."""
    for name in [name for name in os.environ if name.startswith("WEFT_")] + ["NO_COLOR", "FORCE_COLOR"]:
        monkeypatch.delenv(name, raising=False)


def pytest_configure(config: pytest.Config) -> None:
    """Start the recorder in this process."""
    config.stash[RECORDER] = install()


def pytest_collection_finish(session: pytest.Session) -> None:
    """The tests are loaded, and with them what they test."""
    watch_walk(session.config.stash[RECORDER])
    watch_command_line(session.config.stash[RECORDER])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take over what a finished xdist worker saw."""
    del error
    seen = getattr(node, "workeroutput", {}).get("seen", [])
    node.config.stash[RECORDER].seen.update(Entry(section, name) for section, name in seen)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Send what was seen to the controller; there, hold it against the catalogue."""
    recorder = session.config.stash[RECORDER]
    worker_output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if worker_output is not None:
        worker_output["seen"] = [[entry.section, entry.name] for entry in recorder.seen]
    elif exitstatus == 0 and is_full_run(session.config) and unseen(recorder):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    """Name what no test saw."""
    del exitstatus
    if not is_full_run(config):
        return
    missing = unseen(config.stash[RECORDER])
    if missing:
        terminalreporter.section("in the catalogue, but brought about by no test", red=True)
        for entry in missing:
            terminalreporter.write_line(f"{entry.section}: {entry.name}")


def unseen(recorder: Recorder) -> list[Entry]:
    """The catalogue's entries that were not seen, in the catalogue's order."""
    from docs.catalogue import catalogue  # loads all of weft: only when it is asked for, and never by a worker

    return [entry for entry in catalogue() if entry not in recorder.seen]


def is_full_run(config: pytest.Config) -> bool:
    """Whether every test was asked for: no path, no -k, no -m, nothing deselected, ignored or merely collected."""
    option = config.option
    narrowed = [option.keyword, option.markexpr, option.collectonly, option.deselect, option.ignore, option.maxfail]
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not any(narrowed)
