"""What a journal refuses, in words that are the same for every store.

Rule: a refusal names the run and says what its sender can do.
"""

from __future__ import annotations

import re
from typing import Final

from engine.errors import EngineBug, InputError, LeaseLost
from engine.journal.holders import told
from engine.scheduler.events import RunStarted

_RUN_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def check_new_run(run_id: str, started: RunStarted) -> None:
    """Whether a run may be called so and begin so.

    Raises:
        InputError: ``run.bad_id``.
        EngineBug: the first event's number is not 1.
    """
    if not _RUN_ID.fullmatch(run_id):
        raise InputError(
            f"{run_id!r} is no run id",
            code="run.bad_id",
            where="id",
            hint="use small letters, digits and hyphens, at most 64, a letter or digit first",
        )
    if started.n != 1:
        raise EngineBug(f"the first event of run {run_id} has number {started.n}")


def run_exists(run_id: str) -> InputError:
    """The error for an id in use."""
    return InputError(
        f"a run {run_id} exists already",
        code="run.exists",
        where=f"run {run_id}",
        hint="choose another id, or leave it out",
    )


def run_unknown(run_id: str) -> InputError:
    """The error for an id that no run has."""
    return InputError(
        f"there is no run {run_id}", code="run.unknown", where=f"run {run_id}", hint="weft runs lists them"
    )


def run_elsewhere(run_id: str, holder: str) -> InputError:
    """The error for a run whose lease is alive."""
    return InputError(
        f"the run is being executed by {told(holder)}",
        code="run.elsewhere",
        where=f"run {run_id}",
        hint="it goes on there; if that process is gone, try again in 15 seconds",
    )


def lease_lost(run_id: str) -> LeaseLost:
    """The error of a host whose run another one has taken over."""
    return LeaseLost(
        "another host writes this run now; this one has stopped",
        where=f"run {run_id}",
        hint="nothing needs to be done: the other host goes on",
    )
