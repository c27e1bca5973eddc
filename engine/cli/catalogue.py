"""Every command of ``weft``, in the order of its help.

Rule: a command is here or it does not exist; docs, help and tests are made from this list.
"""

from __future__ import annotations

from typing import Final

from engine.cli.command import Command
from engine.cli.graphs import DIFF, EXPORT, FMT, NEW, SCHEMA, VALIDATE
from engine.cli.knowledge import DOCTOR, MODELS, TOOLS
from engine.cli.running import ANSWER, CANCEL, RESUME, RUN, SIGNAL
from engine.cli.serving import SERVE, TOKEN
from engine.cli.viewing import INBOX, RUNS, SHOW

COMMANDS: Final[tuple[Command, ...]] = (
    RUN,
    RESUME,
    ANSWER,
    SIGNAL,
    CANCEL,
    INBOX,
    RUNS,
    SHOW,
    VALIDATE,
    EXPORT,
    DIFF,
    FMT,
    NEW,
    SCHEMA,
    TOOLS,
    MODELS,
    SERVE,
    TOKEN,
    DOCTOR,
)
