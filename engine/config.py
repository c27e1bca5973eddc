"""``weft.toml``: what the operator says, checked.

Rule: everything that a graph must not say (files, hosts, secrets, code to load) is said here, by the person who runs
weft. Unknown keys are refused with the nearest known name. Relative paths are relative to the file.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.errors import ConfigError
from engine.model.nodes import Limits

FILE_NAME = "weft.toml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SecretSource(_Section):
    """Where a secret's value comes from: exactly one of an environment variable and a file.

    ``hosts``: the only hosts it may be sent to; absent: it is bound to none.
    """

    env: str | None = None
    file: Path | None = None
    hosts: list[str] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> SecretSource:
        if (self.env is None) == (self.file is None):
            raise ValueError('give exactly one of env and file, as in { env = "NAME" }')
        return self

    def read(self, name: str) -> str:
        """The secret's value.

        Raises:
            ConfigError: the variable is not set or the file cannot be read. The value never appears in the message.
        """
        if self.env is not None:
            value = os.environ.get(self.env)
            if value is None:
                raise ConfigError(
                    f"the environment variable {self.env} is not set",
                    code="config.secret",
                    where=f"secrets.{name}",
                    hint=f"set {self.env} before weft starts",
                )
            return value
        try:
            return Path(self.file or "").read_text(encoding="utf-8").rstrip("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{self.file} cannot be read: {error.__class__.__name__}",
                code="config.secret",
                where=f"secrets.{name}",
                hint="check the path, and that weft may read it",
            ) from None


class HttpSection(_Section):
    """What ``http.*`` may reach.

    ``hosts``: names, ``*.example.org`` for all below one, ``http://host:port`` for an address without TLS or in a
    private network that the operator vouches for.
    """

    hosts: list[str] = Field(default_factory=list[str])
    timeout_s: float = Field(default=30, gt=0, le=600)
    max_bytes: int = Field(default=5_000_000, ge=1)


class UserSection(_Section):
    """A person who may log in. ``token_hash``: ``sha256:`` and 64 hex digits, as ``weft token NAME`` prints it.

    ``groups``: may answer gates that are assigned to one of them; ``admin`` may make links for others.
    """

    name: str = Field(pattern=r"^[^\s/][^\x00-\x1f/]{0,63}$")
    token_hash: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    groups: list[str] = Field(default_factory=list[str])


class ServeSection(_Section):
    """How ``weft serve`` listens; flags win over it.

    ``hosts``: names under which browsers may reach it, beside those of the loopback. ``root_path``: the path under
    which a proxy shows it, as ``/weft``. ``proxies``: addresses of proxies whose ``X-Forwarded-*`` are believed.
    ``embed_in``: origins of pages that may show a run (``frame-ancestors``). ``max_running``,
    ``max_running_per_graph``: so many runs are at work at the same time, the others stand in line. ``log``: how it is
    told what happens, ``text`` for people or a line of ``json`` each; absent: text in a terminal. ``log_level``: from
    which gravity on.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8700, ge=0, le=65535)
    hosts: list[str] = Field(default_factory=list[str])
    root_path: str = Field(default="", pattern=r"^(/[A-Za-z0-9._~-]+)*$")
    proxies: list[str] = Field(default_factory=list[str])
    embed_in: list[str] = Field(default_factory=list[str])
    max_running: int | None = Field(default=100, ge=1)
    max_running_per_graph: int | None = Field(default=None, ge=1)
    log: Literal["json", "text"] | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"


NotifyEvent = Literal["gate.opened", "gate.reminded", "gate.escalated"]


class NotifySection(_Section):
    """Who is told when a person is asked, reminded, or when more people are; by ``weft serve``.

    ``command``: a program and its arguments; it gets the message on its standard input. ``url``: a webhook; ``secret``:
    the name of the secret that messages to it are signed with. ``on``: which events. ``address``: where people reach
    the server, for links in messages.
    """

    command: list[str] | None = Field(default=None, min_length=1)
    url: str | None = Field(default=None, pattern=r"^https?://[^\s/@]+(/\S*)?$")
    secret: str | None = None
    on: list[NotifyEvent] = Field(default_factory=lambda: list[NotifyEvent](get_args(NotifyEvent)), min_length=1)
    address: str | None = Field(default=None, pattern=r"^https?://[^\s@]+$")
    timeout_s: float = Field(default=30, gt=0, le=600)

    @model_validator(mode="after")
    def _somewhere(self) -> NotifySection:
        if self.command is None and self.url is None:
            raise ValueError("give a command or a url")
        if self.secret is not None and self.url is None:
            raise ValueError("a secret signs messages to a url")
        return self


class Config(_Section):
    """The whole file.

    Attributes:
        db: the database; ``memory:`` keeps nothing.
        graphs: the directory of graphs.
        tools: modules or .py files whose ``@tool`` functions are registered.
        files: the directory of ``file.*``; absent: those tools refuse.
        http: what ``http.*`` may reach.
        secrets: name -> where its value comes from.
        limits: upper bounds for every run, beside the graph's own.
        serve: how the server listens.
        notify: who is told when a person is asked.
        users: who may log in to the server; without any, the person who started it.
    """

    db: str | None = None
    graphs: Path | None = None
    tools: list[str] = Field(default_factory=list[str])
    files: Path | None = None
    http: HttpSection = HttpSection()
    secrets: dict[str, SecretSource] = Field(default_factory=dict[str, SecretSource])
    limits: Limits | None = None
    serve: ServeSection = ServeSection()
    notify: NotifySection | None = None
    users: list[UserSection] = Field(default_factory=list[UserSection])

    @model_validator(mode="after")
    def _the_signing_secret_is_named(self) -> Config:
        name = None if self.notify is None else self.notify.secret
        if name is not None and name not in self.secrets:
            raise ValueError(f"[notify] names the secret {name!r}, which stands not under [secrets]")
        return self

    @model_validator(mode="after")
    def _every_user_once(self) -> Config:
        names = [user.name for user in self.users]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two users are called {twice!r}")
        return self


def load_config(path: Path | None, *, directory: Path) -> Config:
    """Read ``path``, or ``weft.toml`` in ``directory`` where there is one, or nothing.

    Raises:
        ConfigError: the file is missing (when named), is no TOML, or something in it is wrong.
    """
    named = path is not None
    file = path if path is not None else directory / FILE_NAME
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        if named:
            raise ConfigError(
                "there is no such file", code="config.missing", where=str(file), hint="check --config"
            ) from None
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"it cannot be read: {error}",
            code="config.unreadable",
            where=str(file),
            hint="it must be a UTF-8 text file",
        ) from None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"it is no TOML: {error}", code="config.not_toml", where=str(file), hint="mend the named line"
        ) from None
    return _rooted(_checked(raw, file), file.parent)


def _checked(raw: dict[str, Any], file: Path) -> Config:
    try:
        return Config.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        message, hint = str(first["msg"]).removeprefix("Value error, "), None
        if first["type"] == "extra_forbidden":
            message = f"{first['loc'][-1]!r} is no setting of weft"
            hint = _nearest(str(first["loc"][-1]), _names_at(first["loc"][:-1]))
        raise ConfigError(message, code="config.invalid", where=f"{file}: {place}", hint=hint) from None


def _names_at(path: tuple[int | str, ...]) -> Mapping[str, Any]:
    sections: dict[str, type[_Section]] = {
        "http": HttpSection,
        "notify": NotifySection,
        "secrets": SecretSource,
        "serve": ServeSection,
        "users": UserSection,
    }
    if not path:
        return Config.model_fields
    if path[0] == "limits":
        return Limits.model_fields
    return sections[str(path[0])].model_fields if path[0] in sections else {}


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"


def _rooted(config: Config, root: Path) -> Config:
    """Relative paths made relative to the file's directory."""
    changes: dict[str, Any] = {}
    if config.graphs is not None:
        changes["graphs"] = root / config.graphs
    if config.files is not None:
        changes["files"] = root / config.files
    if config.db is not None and ":" not in config.db:
        changes["db"] = str(root / config.db)
    changes["tools"] = [str(root / t) if t.endswith(".py") else t for t in config.tools]
    changes["secrets"] = {
        name: source if source.file is None else source.model_copy(update={"file": root / source.file})
        for name, source in config.secrets.items()
    }
    return config.model_copy(update=changes)
