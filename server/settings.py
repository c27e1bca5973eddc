"""What the operator decides about the door: where it listens, by which names, and who may come in.

Rule: an address that others can reach is refused as long as no token is set; nothing in a request changes a setting.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from engine import Config, ConfigError
from server.people import Person, digest_of

LOOPBACK_NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1"})
LEAST_TOKEN: Final = 16
"""A token of the environment may not be shorter than this many characters."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How one server behaves.

    Attributes:
        db: the database, as the engine got it.
        graphs: the directory of graphs.
        host, port: where it listens; port 0 takes a free one.
        hosts: names and addresses that a ``Host`` header may carry, without port, small letters.
        root_path: the path under which a proxy shows it, or "".
        proxies: addresses of proxies whose forwarded headers are believed.
        embed_in: origins of pages that may show a run.
        people: SHA-256 of a token -> whose it is. Nobody: a one-time link is made for ``owner`` at the start.
        owner: who started the server; ``by`` of what is done through the one-time link.
        poll_s: seconds between two looks at the directory of graphs.
        notify_on: which events people are told of.
        notify_address: where people reach the server; None: where it listens.
    """

    db: str
    graphs: Path
    host: str = "127.0.0.1"
    port: int = 8700
    hosts: frozenset[str] = LOOPBACK_NAMES
    root_path: str = ""
    proxies: tuple[str, ...] = ()
    embed_in: tuple[str, ...] = ()
    people: dict[str, Person] = field(default_factory=dict[str, Person])
    owner: str = "local"
    poll_s: float = 0.5
    notify_on: frozenset[str] = frozenset()
    notify_address: str | None = None

    @property
    def cookie(self) -> str:
        """The session cookie's name; cookies know no ports, so two servers on one machine need two names."""
        return f"weft_session_{self.port}"


def settings_of(config: Config, settings: Settings, *, token: str | None = None) -> Settings:
    """Settings with what ``weft.toml`` adds to them.

    Args:
        config: the file.
        settings: what flags say, ``host`` and ``port`` already decided.
        token: a token of the environment, which is the owner's.

    Raises:
        ConfigError: ``serve.bind``: an address that others can reach, and no token; ``config.invalid``: a short token.
    """
    people = {
        user.token_hash.removeprefix("sha256:"): Person(user.name, frozenset(user.groups)) for user in config.users
    }
    if token is not None:
        if len(token) < LEAST_TOKEN:
            hint = "make one with: weft token NAME"
            raise ConfigError(f"it is shorter than {LEAST_TOKEN} characters", where="WEFT_TOKEN", hint=hint)
        people[digest_of(token)] = Person(settings.owner, frozenset({"admin"}))
    bound = settings.host
    if not people and not is_loopback(bound):
        raise ConfigError(
            f"{bound} can be reached from other machines, and no token is set",
            code="serve.bind",
            where="--host",
            hint="listen on 127.0.0.1, or name [[users]] in weft.toml (see `weft token NAME`)",
        )
    names = {name.lower() for name in config.serve.hosts} | LOOPBACK_NAMES
    if bound not in ("0.0.0.0", "::"):
        names.add(bound.lower())
    return replace(
        settings,
        hosts=frozenset(names),
        root_path=config.serve.root_path,
        proxies=tuple(config.serve.proxies),
        embed_in=tuple(config.serve.embed_in),
        people=people,
        notify_on=frozenset[str]() if config.notify is None else frozenset[str](config.notify.on),
        notify_address=None if config.notify is None else config.notify.address,
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address. A name other than localhost could lead anywhere."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
