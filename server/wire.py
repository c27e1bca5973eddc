"""What goes over the wire: the models of requests and answers, and of the OpenAPI page that is made from them.

Rule: a request's model refuses unknown fields; an answer's model says all that is there. Moments are ISO 8601 in UTC,
durations seconds.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from engine.model.names import NAME_PATTERN

Name = Annotated[str, Field(pattern=NAME_PATTERN, description="A graph's name.")]
Moment = Annotated[str, Field(description="UTC, as 2026-01-31T12:00:00.123Z.")]
Etag = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the file's bytes.")]
RunId = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,63}$")]
Status = Literal["running", "waiting", "completed", "failed", "cancelled"]


class Asked(BaseModel):
    """A request's body."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Told(BaseModel):
    """An answer's body."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(BaseModel):
    """RFC 9457: what went wrong."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable; act on this one.")
    where: str | None = None
    hint: str | None = None


# --- session ---


class LogIn(Asked):
    """A token: one's own, or the one-time token of a link."""

    token: str = Field(min_length=1, max_length=256)


class Session(Told):
    """Who is logged in."""

    name: str
    groups: list[str]
    is_admin: bool


class LinkMade(Told):
    """A link that carries a right. It is told once."""

    url: str
    until: Moment


# --- graphs ---


class FindingTold(BaseModel):
    """What the checker says of a document."""

    model_config = ConfigDict(extra="allow")

    code: str
    severity: str
    message: str


class GraphLine(Told):
    """A graph as lists show it; ``problem`` where the file cannot be read as a graph."""

    name: Name
    title: str
    description: str
    etag: Etag
    hash: str | None
    nodes: int
    problem: str | None = None
    has_answers: bool = Field(description="Scripted answers lie beside it, so it runs without a model's key.")
    input: JsonValue = None


class Pattern(Told):
    """A sample graph to begin with; ``nodes``: how many it has."""

    name: Name
    title: str
    description: str
    nodes: int
    input: JsonValue = None
    document: dict[str, Any]


class PatternList(Told):
    """Every sample graph."""

    patterns: list[Pattern]


class NewGraph(Asked):
    """What a new graph begins as: a copy of a pattern and its scripted answers, or a graph that does nothing."""

    model_config = ConfigDict(validate_by_alias=True)

    from_: Annotated[str, Field(max_length=64)] | None = Field(None, alias="from")


class GraphList(Told):
    """Every graph of the directory."""

    graphs: list[GraphLine]


class Saved(Told):
    """A graph as it was saved. ``findings``: what the checker says of it; errors do not keep it from being saved."""

    name: Name
    etag: Etag
    hash: str
    findings: list[FindingTold]


class Rename(Asked):
    """A graph's new name."""

    to: Name


class Findings(Told):
    """Every finding of a document."""

    findings: list[FindingTold]


class VersionLine(Told):
    """One saved version."""

    etag: Etag
    hash: str
    at: Moment
    by: str | None
    label: str | None


class VersionList(Told):
    """The versions of a graph, newest first."""

    versions: list[VersionLine]


class NameVersion(Asked):
    """A version's name; null takes it away."""

    label: Annotated[str, Field(min_length=1, max_length=120)] | None


class Differences(Told):
    """What differs between two versions, as their authors would say it."""

    changes: list[dict[str, Any]]


class Positions(Told):
    """Where Tidy puts the nodes: id -> upper left corner, px."""

    positions: dict[str, Annotated[list[float], Field(min_length=2, max_length=2)]]
    width: float
    height: float


# --- runs ---


class StartRun(Asked):
    """Start a run of a saved graph. A graph's document is never taken from here."""

    graph: Name
    input: JsonValue = None
    id: RunId | None = None
    model: Annotated[str, Field(max_length=200)] | None = Field(None, description="Instead of the models it names.")
    simulate: bool = Field(False, description="Ask no model, change nothing outside; what is missing is made up.")
    pins: dict[str, JsonValue] | None = Field(
        None, description="Node path -> the output that stands for its work; of a human-gate {option, form}."
    )


class CancelRun(Asked):
    """Why a run is cancelled."""

    reason: Annotated[str, Field(max_length=1000)] | None = None


class Nothing(Asked):
    """An empty object."""


class SendSignal(Asked):
    """A signal's value."""

    value: JsonValue = None


class Prune(Asked):
    """Which ended runs to remove; ``before``: those that ended before, seconds since 1970."""

    before: float | None = None
    statuses: tuple[Literal["completed", "failed", "cancelled"], ...] = Field(
        ("completed", "failed", "cancelled"), strict=False
    )


class Pruned(Told):
    """What was removed."""

    runs: list[str]
    events: int


class RunLine(Told):
    """A run as lists show it."""

    id: str
    graph: str
    graph_hash: str
    status: Status
    started_at: Moment
    ended_at: Moment | None
    error: JsonValue
    usage: dict[str, Any]
    waiting_for: list[dict[str, Any]]
    parent: dict[str, Any] | None


class RunTold(RunLine):
    """A run."""

    input: JsonValue
    output: JsonValue
    simulated: bool = Field(description="No model was asked, and no tool called that changes something outside.")
    pinned: list[str] = Field(description="Paths of the nodes whose outputs were given at the start.")


class RunList(Told):
    """A page of runs, newest first. ``next``: the cursor of the next page, or null. ``position``: of the feed."""

    runs: list[RunLine]
    next: int | None
    position: int


class RunDocuments(Told):
    """The graphs that a run is bound to, by name. ``root``: the name of its own, the others are its sub-flows."""

    root: str
    documents: dict[str, dict[str, Any]]


# --- gates ---


class Answer(Asked):
    """A decision. The identity comes from the login."""

    option: Annotated[str, Field(min_length=1, max_length=64)]
    form: dict[str, JsonValue] | None = None


class MakeLink(Asked):
    """For whom a link decides; absent: for oneself. Only an admin makes links for others."""

    person: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class GateTold(Told):
    """An open gate."""

    run: str
    graph: str
    gate: str
    node: str
    purpose: str
    prompt: str
    options: list[dict[str, Any]]
    form: JsonValue
    prefill: JsonValue
    assignees: list[str] | None
    since: Moment
    deadline: Moment | None
    default: str | None
    detail: JsonValue


class Inbox(Told):
    """Open gates of all runs, oldest first. ``next``: the cursor of the next page, or null."""

    gates: list[GateTold]
    next: str | None
    position: int


class DecidedGate(Told):
    """A gate that was answered, or that ran out: then ``option``, ``form`` and ``by`` are null."""

    position: int
    run: str
    graph: str
    gate: str
    node: str
    option: str | None
    form: JsonValue
    by: str | None = Field(description="Null where nobody said who; ``deadline`` where a default was taken.")
    at: Moment


class DecidedList(Told):
    """A page of decisions, newest first. ``next``: the cursor of the next page, or null."""

    decided: list[DecidedGate]
    next: int | None


class Decided(Told):
    """The option that was taken."""

    decided: str


class Health(Told):
    """Whether the server lives, or is ready."""

    status: Literal["ok", "starting", "stopping"]
    version: str


class ToolList(Told):
    """Every registered tool."""

    tools: list[dict[str, Any]]


class ModelList(Told):
    """Who answers for models; a model is named ``PROVIDER:MODEL``."""

    providers: list[str]
