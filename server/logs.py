"""What the server tells its operator: a line for every request, for what becomes of runs, and for every fault.

Rule: a line names things (a route's pattern, a person, a run, a code) and never holds what was sent, kept or answered:
no token, no secret, no input, no output, no message that could quote one. So of an exception only its type and where it
was raised are told, and of what other packages log only the first line. Control characters are replaced.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from traceback import walk_tb
from types import MappingProxyType
from typing import Any, Final, Literal, TextIO, cast

import orjson

from engine.app import Event, event_json, event_type, moment_text
from engine.errors import WeftError
from engine.model.printable import printable

Form = Literal["json", "text"]
Level = Literal["debug", "info", "warning", "error"]

LOG: Final = logging.getLogger("weft.server")
OURS: Final = "weft"
MOST_FRAMES: Final = 12
MOST_CHARACTERS: Final = 1000
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

TOLD: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "run.started": ("graph",),
        "run.resumed": (),
        "run.cancel_requested": ("by",),
        "run.completed": (),
        "run.failed": (),
        "run.cancelled": (),
        "node.failed": ("execution", "attempt"),
        "gate.opened": ("gate",),
        "gate.escalated": ("gate",),
        "gate.answered": ("gate", "by"),
        "gate.expired": ("gate",),
    }
)
"""The events of runs that are logged, and which of their fields."""
_GRAVE: Final = {"run.failed": logging.WARNING, "node.failed": logging.WARNING}


def configure(form: Form, level: Level, stream: TextIO) -> None:
    """Send every log line to a stream in one form, instead of wherever lines went so far.

    Other packages are heard from warnings on.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(OURS).setLevel(level.upper())
    LOG.setLevel(logging.NOTSET)


def tell(event: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Log one thing that happened; fields that are None are left out."""
    if LOG.isEnabledFor(level):
        LOG.log(level, event, extra={"weft": {key: value for key, value in fields.items() if value is not None}})


def tell_request(method: str, route: str, status: int, *, ms: float, who: str | None, code: str | None) -> None:
    """Log one answered request. ``route``: its pattern, never its address."""
    level = logging.ERROR if status >= 500 else logging.INFO
    known = known_method(method)
    tell("request", level=level, method=known, route=route, status=status, ms=round(ms, 1), who=who, code=code)


def tell_event(run_id: str, event: Event) -> None:
    """Log what became of a run."""
    name = event_type(event)
    if name not in TOLD or not LOG.isEnabledFor(_GRAVE.get(name, logging.INFO)):
        return
    whole = event_json(event)
    fields = {key: whole.get(key) for key in TOLD[name]}
    failure: Mapping[str, Any] = whole.get("error") or {}
    fields |= {key: failure.get(key) for key in ("class", "code")}
    tell(name, level=_GRAVE.get(name, logging.INFO), run=run_id, **fields)


def tell_fault(event: str, error: BaseException, **fields: Any) -> None:
    """Log an error of ours or of the machine, without a word of its message, which might quote what nobody may see."""
    code = error.code if isinstance(error, WeftError) else None
    tell(event, level=logging.ERROR, error=type(error).__name__, code=code, trace=frames_of(error), **fields)


def known_method(method: str) -> str:
    """A method's name, or ``other``: a client may send any word."""
    return method if method in METHODS else "other"


def frames_of(error: BaseException) -> list[str]:
    """Where an exception was raised, innermost last: ``file:line in function``."""
    places = [
        f"{'/'.join(frame.f_code.co_filename.rsplit('/', 2)[-2:])}:{line} in {frame.f_code.co_name}"
        for frame, line in walk_tb(error.__traceback__)
    ]
    return places[-MOST_FRAMES:]


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """What a record says, besides when, how grave and by whom."""
    given: dict[str, Any] | None = getattr(record, "weft", None)
    if given is not None:
        return {"event": record.msg, **given}
    given_args = record.args if isinstance(record.args, tuple) else ()
    message = record.msg % tuple(map(_named, given_args)) if given_args else record.getMessage()
    if record.name.partition(".")[0] != OURS:
        message = message.partition("\n")[0]
        # Others quote exceptions in what they say.
        message = message.partition("exception=")[0]
    said: dict[str, Any] = {"event": "message", "message": message[:MOST_CHARACTERS]}
    if record.exc_info and record.exc_info[1] is not None:
        said |= {"error": type(record.exc_info[1]).__name__, "trace": frames_of(record.exc_info[1])}
    return said


def _named(arg: object) -> object:
    """An exception among what is told by its name or code alone: its message might quote what nobody may see."""
    if isinstance(arg, WeftError):
        return arg.code if arg.where is None else f"{arg.code} ({arg.where})"
    return type(arg).__name__ if isinstance(arg, BaseException) else arg


class JsonLines(logging.Formatter):
    """One JSON object a line: ``at``, ``level``, ``log``, ``event``, and what belongs to the event."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        head = {"at": moment_text(record.created), "level": record.levelname.lower(), "log": record.name}
        return orjson.dumps(cleaned({**head, **fields_of(record)}), default=str).decode()


class TextLines(logging.Formatter):
    """The same for people: the time, what happened, and the rest as ``key=value``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        fields = cleaned(fields_of(record))
        event, message = fields.pop("event"), fields.pop("message", None)
        places = fields.pop("trace", ())
        words = [moment_text(record.created)[11:19], record.levelname.lower(), message or event]
        words += [f"{key}={value}" for key, value in fields.items()]
        return "\n    ".join([" ".join(map(str, words)).replace("\n", " "), *places])


def cleaned(value: Any) -> Any:
    """A value whose texts steer no terminal."""
    match value:
        case str():
            return printable(value)
        case dict():
            return {key: cleaned(inner) for key, inner in cast("dict[str, Any]", value).items()}
        case list():
            return [cleaned(inner) for inner in value]  # pyright: ignore[reportUnknownVariableType]
        case _:
            return value
