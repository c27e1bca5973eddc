"""Secrets in arguments: put in at the last moment, taken out of everything that comes back.

Rule: the value of a secret exists between here and the tool's function only. What is journaled, shown or told to a
model holds ``{"$secret": NAME}``; results, errors and progress are searched for the value before they leave the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from engine.agents.canonical import is_list, is_object
from engine.errors import ConfigError, NodeError

SHORTEST: Final = 4
"""A secret shorter than this many characters is not searched for: it would be found everywhere."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A credential and the hosts that it may be sent to; None binds it to nothing."""

    value: str = field(repr=False)
    hosts: frozenset[str] | None = None


class SecretStore(Protocol):
    """Where the operator's secrets come from."""

    def secret(self, name: str) -> Secret | None:
        """The secret of that name, or None when the operator has named none."""
        ...


class NoSecrets:
    """A store for those who have configured none."""

    def secret(self, name: str) -> Secret | None:
        """None."""
        return None


@dataclass(slots=True)
class Revealed:
    """Arguments with their secrets put in, and what is needed to take them out again.

    Attributes:
        args: the arguments as the tool gets them.
        used: name -> secret.
    """

    args: Any
    used: dict[str, Secret]

    @property
    def hosts(self) -> frozenset[str] | None:
        """The hosts that all secrets used here may be sent to; None when nothing binds them."""
        bound = [secret.hosts for secret in self.used.values() if secret.hosts is not None]
        return bound[0].intersection(*bound[1:]) if bound else None

    def conceal(self, value: Any) -> Any:
        """The value without the secrets used here. O(size); at once when there are none."""
        hidden = {s.value: f"[secret {name}]" for name, s in self.used.items() if len(s.value) >= SHORTEST}
        return _concealed(value, hidden) if hidden else value


def reveal(args: Any, store: SecretStore) -> Revealed:
    """The arguments with every ``{"$secret": NAME}`` replaced by the secret's value.

    Raises:
        NodeError: ``secret.unknown``; the operator has no secret of that name. Or the store's own error.
    """
    used: dict[str, Secret] = {}
    if not _has_secret(args):
        return Revealed(args, used)
    return Revealed(_revealed(args, store, used), used)


def _has_secret(value: Any) -> bool:
    if is_object(value):
        return _name(value) is not None or any(map(_has_secret, value.values()))
    return is_list(value) and any(map(_has_secret, value))


def _name(value: Mapping[str, Any]) -> str | None:
    name = value.get("$secret") if len(value) == 1 else None
    return name if isinstance(name, str) else None


def _revealed(value: Any, store: SecretStore, used: dict[str, Secret]) -> Any:
    if is_list(value):
        return [_revealed(part, store, used) for part in value]
    if not is_object(value):
        return value
    name = _name(value)
    if name is None:
        return {key: _revealed(part, store, used) for key, part in value.items()}
    try:
        found = store.secret(name)
    except ConfigError as error:
        raise NodeError(
            error.message, code=error.code, where=error.where, error_class="fatal", hint=error.hint
        ) from None
    if found is None:
        raise NodeError(
            f"there is no secret {name!r}",
            code="secret.unknown",
            error_class="fatal",
            hint=f"name it in weft.toml under [secrets], for instance {name} = {{ env = {name!r} }}",
        )
    used[name] = found
    return found.value


def _concealed(value: Any, hidden: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for secret, shown in hidden.items():
            value = value.replace(secret, shown)
        return value
    if is_list(value):
        return [_concealed(part, hidden) for part in value]
    if is_object(value):
        return {_concealed(key, hidden): _concealed(part, hidden) for key, part in value.items()}
    return value
