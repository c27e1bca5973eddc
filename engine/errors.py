"""One error tree with stable codes, split by who must act.

Rule: everything that weft raises on purpose is a ``WeftError``; its ``code`` never changes meaning, its message says
what happened and where, its ``hint`` what to do. The table ``CODES`` is the catalogue that the docs are made from.
``Failure`` is the other half: what a *node* ended with, as data in the journal rather than an exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

ErrorClass = Literal["transient", "tool", "model", "logic", "limit", "fatal", "cancelled"]
ERROR_CLASSES: tuple[ErrorClass, ...] = get_args(ErrorClass)


@dataclass(frozen=True, slots=True)
class Failure:
    """How an execution ended badly, as it stands in the journal.

    Attributes:
        error_class: what kind of trouble it is; decides retries and the way on (written ``class`` in JSON).
        code: stable dotted code, for instance ``timeout`` or ``route.unmatched``.
        message: one sentence for a person.
        node: path of the node that failed first, for instance ``team/write``.
        hint: what to do about it, or None.
    """

    error_class: ErrorClass
    code: str
    message: str
    node: str = ""
    hint: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The failure as ``{class, code, message, node}`` and ``hint`` where there is one."""
        value: dict[str, Any] = {
            "class": self.error_class,
            "code": self.code,
            "message": self.message,
            "node": self.node,
        }
        if self.hint is not None:
            value["hint"] = self.hint
        return value

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Failure:
        """The inverse of ``as_json``."""
        return cls(value["class"], value["code"], value["message"], value.get("node", ""), value.get("hint"))


class WeftError(Exception):
    """Anything that weft raises on purpose.

    Args:
        message: what happened, one sentence.
        code: stable dotted code, a key of ``CODES``.
        where: file, graph, node, run or field, or None.
        hint: what to do, or None.
    """

    default_code = "weft.error"

    def __init__(
        self, message: str, *, code: str | None = None, where: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code if code is not None else self.default_code
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f"; {self.hint}" if self.hint else ""
        return f"{self.code}: {place}{self.message}{advice}"

    def as_json(self) -> dict[str, Any]:
        """The error as ``{code, message, where, hint}``; ``where`` and ``hint`` may be None."""
        return {"code": self.code, "message": self.message, "where": self.where, "hint": self.hint}


class GraphError(WeftError):
    """The author of the graph must act. ``findings`` holds every finding, errors first."""

    default_code = "graph.invalid"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        where: str | None = None,
        hint: str | None = None,
        findings: tuple[Any, ...] = (),
    ) -> None:
        super().__init__(message, code=code, where=where, hint=hint)
        self.findings = findings


class InputError(WeftError):
    """The caller must act: bad input, an unknown run, a closed gate, an id in use."""

    default_code = "input.invalid"


class ConfigError(WeftError):
    """The operator must act: ``weft.toml``, flags, environment."""

    default_code = "config.invalid"


class JournalError(WeftError):
    """The operator must act: the database is locked, read-only, full, corrupt or of another version."""

    default_code = "journal.unusable"


class LeaseLost(JournalError):
    """Another host writes this run now; this one must stop writing at once."""

    default_code = "lease.lost"


class OutsideError(WeftError):
    """The outside world failed inside a node: caught by the host and made into a ``Failure``.

    Args:
        message: what happened.
        error_class: see ``ErrorClass``.
        retry_after_s: the least seconds to wait before another attempt, if the other side said so.
    """

    default_code = "tool.failed"
    default_class: ErrorClass = "tool"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        where: str | None = None,
        hint: str | None = None,
        error_class: ErrorClass | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, code=code, where=where, hint=hint)
        self.error_class: ErrorClass = error_class if error_class is not None else self.default_class
        self.retry_after_s = retry_after_s


class ToolError(OutsideError):
    """A tool failed. Tool authors raise it.

    ``happened=False`` promises that no effect took place, so that even an ``unsafe`` tool fails in the ordinary way
    instead of asking a person.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        where: str | None = None,
        hint: str | None = None,
        error_class: ErrorClass | None = None,
        retry_after_s: float | None = None,
        happened: bool = True,
    ) -> None:
        super().__init__(
            message, code=code, where=where, hint=hint, error_class=error_class, retry_after_s=retry_after_s
        )
        self.happened = happened


class ModelError(OutsideError):
    """A model failed or answered uselessly."""

    default_code = "model.failed"
    default_class: ErrorClass = "model"


class NodeError(OutsideError):
    """A node cannot go on for a reason of the graph's own (an expression that errs, a value that breaks a schema)."""

    default_class: ErrorClass = "logic"

    def __init__(
        self,
        message: str,
        *,
        code: str,
        where: str | None = None,
        hint: str | None = None,
        error_class: ErrorClass | None = None,
    ) -> None:
        super().__init__(message, code=code, where=where, hint=hint, error_class=error_class)


class EngineBug(WeftError):
    """A broken invariant of weft itself; please report it."""

    default_code = "engine.bug"


CODES: dict[str, str] = {
    "weft.error": "An error without a more exact code.",
    "graph.invalid": "The graph has errors; its findings say which.",
    "graph.not_json": "The file is not JSON.",
    "graph.format": "The file is of another format or of a newer version than this weft reads.",
    "graph.unknown": "No graph of this name, or no such file.",
    "graph.unwritable": "The graph file cannot be written.",
    "graph.exists": "A new graph would overwrite a file.",
    "graph.changed": "The graph was changed since it was read; nothing was overwritten.",
    "graph.unread": "A graph would be changed by somebody who does not say which version was read.",
    "graph.in_use": "Other graphs run this one as a subgraph.",
    "graph.version": "The graph has no such version.",
    "pattern.unknown": "There is no pattern of this name.",
    "input.invalid": "The input does not fit the graph's input schema.",
    "input.not_json": "A value on the command line is not JSON.",
    "input.unreadable": "The file of a value cannot be read.",
    "output.unwritable": "The file for the output cannot be written.",
    "usage": "The command line is wrong.",
    "hook.unknown": "A hook names no event type and no agent state.",
    "config.invalid": "weft.toml, a flag or an environment variable is wrong.",
    "config.missing": "The named configuration file does not exist.",
    "config.unreadable": "The configuration file cannot be read.",
    "config.not_toml": "The configuration file is no TOML.",
    "config.secret": "The source of a secret is not there.",
    "tool.load": "A module or file of tools cannot be loaded.",
    "tool.definition": "A function cannot be a tool as it is written.",
    "tool.duplicate": "Two tools have one name.",
    "journal.unusable": "The database cannot be used.",
    "journal.locked": "Another program holds the database locked.",
    "journal.read_only": "The database or its directory cannot be written.",
    "journal.corrupt": "The database is damaged or is no weft database.",
    "journal.version": "The database was made by a newer weft.",
    "journal.full": "The disk is full.",
    "journal.io": "The disk refused to read or write: a fault, a quota or a file size limit.",
    "journal.mismatch": "A recorded run does not replay: its journal and its graph part at the named event.",
    "lease.lost": "Another host writes this run now.",
    "run.unknown": "No run of this id.",
    "run.exists": "A run of this id exists already.",
    "run.bad_id": "The run id does not match ^[a-z0-9][a-z0-9-]{0,63}$.",
    "run.elsewhere": "The run is being executed by another process.",
    "run.ended": "The run has ended, so nothing can be asked of it.",
    "run.not_ended": "The run has not ended, so it cannot be removed.",
    "gate.unknown": "The run has no such gate.",
    "gate.closed": "The gate is not open any more.",
    "gate.ambiguous": "Several gates of this node are open; name the execution.",
    "gate.option": "The gate has no such option.",
    "gate.form": "The form does not fit the gate's schema.",
    "gate.assignee": "This person may not answer the gate.",
    "wait.empty": "A wait came to nothing to wait for.",
    "wait.seconds": "A wait came to no number of seconds.",
    "wait.until": "A wait came to no point in time.",
    "wait.signal": "A wait came to no name of a signal.",
    "tool.failed": "A tool failed.",
    "tool.unknown": "No tool of this name is registered.",
    "tool.arguments": "The arguments do not fit the tool.",
    "tool.result": "A tool returned what is no JSON.",
    "tool.raised": "A tool raised an exception of its own.",
    "tool.timeout": "A tool took longer than it may.",
    "tool.max_calls": "A tool was called as often as it may be.",
    "tool.denied": "A person refused the call.",
    "tool.too_big": "What a tool was given or would return is too large.",
    "effect.failed": "A person said that a call of unknown outcome failed.",
    "secret.unknown": "No secret of this name is configured.",
    "secret.place": "A secret stands in a list from which an absent value was left out.",
    "secret.bound": "A secret that is bound to hosts would go elsewhere.",
    "file.name": "A file name leads out of the directory of files, or is none.",
    "file.missing": "There is no such file.",
    "file.no_text": "The file is no text.",
    "file.too_big": "The file is larger than a tool may read or write.",
    "file.disk": "The disk refused.",
    "http.refused": "The address is none that the operator allows, or a private one.",
    "http.redirect": "The answer leads elsewhere and is not followed.",
    "http.status": "The other side answered with an error.",
    "http.answer": "The answer is not what it says it is.",
    "http.too_big": "The answer is larger than allowed.",
    "http.unreachable": "The other side cannot be reached.",
    "json.syntax": "The text is no JSON.",
    "model.failed": "A model failed or answered uselessly.",
    "model.unknown": "No model of this name can be used.",
    "model.answer": "The model answered what cannot be used.",
    "model.length": "The answer was cut off at the model length limit.",
    "model.raised": "The Python function of a model raised an exception.",
    "model.filter": "The filter of the provider refused.",
    "script.invalid": "The file of scripted answers is wrong.",
    "script.missing": "The script has no answer for this request.",
    "script.template": "An answer of the script cannot be filled in.",
    "pin.invalid": "What is pinned is no JSON object of node and output.",
    "pin.unknown": "An output is pinned for a node that the graph does not have.",
    "pin.kind": "An output is pinned for a node of a kind that has no work of its own.",
    "pin.option": "A gate is pinned with an option that it does not have.",
    "pin.output": "A pinned output is none that the node could give.",
    "simulation.answer": "No answer could be made up that fits an output schema.",
    "agent.unknown": "An agent names a sub-agent that it does not have.",
    "agent.duplicate": "Two agents of one tree have one name.",
    "agent.max_iterations": "An agent took as many steps as it may.",
    "agent.timeout": "A sub-agent took longer than it may.",
    "agent.handovers": "A conversation changed hands too often.",
    "agent.repeated": "A model made the same call again and again.",
    "agent.stuck": "An agent goes round in circles.",
    "route.unmatched": "A node left by a port of which no edge holds.",
    "join.starved": "A join, or an each, was left with too few ways or items.",
    "loop.exhausted": "A loop has run as often as it may.",
    "end.fail": "An end of the graph says that it failed.",
    "each.no_list": "The expression of an each came to no list.",
    "each.not_waited_for": "An item of an each was not waited for.",
    "subgraph.input": "The arguments do not fit the input of the subgraph.",
    "subgraph.depth": "Graphs run inside one another too deeply.",
    "state.write": "Two writes of a tool to one state key cannot be joined.",
    "timeout": "An attempt took longer than its time-out.",
    "node.raised": "A node raised an exception that nobody expected.",
    "node.kills_process": "A node ended the process three times.",
    "limit.seconds": "The limit of seconds is used up.",
    "limit.node_runs": "The limit of executions is used up.",
    "limit.tool_calls": "The limit of tool calls is used up.",
    "limit.tokens": "The limit of tokens is used up.",
    "limit.usd": "The limit of money is used up.",
    "limit.price_unknown": "A limit in money is given, and the price of a model is unknown.",
    "value.too_big": "A value is larger than a run can hold.",
    "template.absent": "A reference of a template leads to nothing.",
    "expression.invalid": "An expression has an error, so it cannot be evaluated.",
    "expression.failed": "An expression erred when it was evaluated.",
    "state.unknown": "A write names a key that the graph's state does not have.",
    "state.type": "A value cannot be merged into a state key by the key's rule.",
    "state.schema": "A value breaks the schema of a state key.",
    "picture.deadline": "The picture could not be drawn in time in the format that was asked for.",
    "serve.bind": "The server may not listen there without a token.",
    "serve.port": "The server cannot listen there.",
    "request.unauthorized": "The request carries no token that is known here.",
    "request.rate": "Too many wrong tokens came from one place.",
    "request.host": "The request names a host that is not this server.",
    "request.origin": "The request comes from a page of another origin.",
    "request.media_type": "What is written must be JSON, and say so.",
    "request.too_big": "The body of the request is larger than allowed.",
    "request.not_json": "The body of the request is not JSON.",
    "request.invalid": "The request does not have the right form.",
    "request.unknown": "There is nothing at this address.",
    "request.method": "This address does not know the method.",
    "request.key_reused": "The idempotency key was used for another request.",
    "link.unknown": "The link is wrong, used up or too old.",
    "engine.bug": "A broken invariant of weft itself.",
}
