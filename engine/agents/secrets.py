"""Secrets in arguments: put in at the last moment, taken out of everything that comes back.

Rule: the value of a secret exists between here and the tool's function only. What is journaled, shown or told to a
model holds ``{"$secret": NAME}``; results, errors and progress are searched for the value before they leave the call.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import quote_plus, unquote

from engine.agents.canonical import is_list, is_object
from engine.errors import ConfigError, NodeError

SHORTEST: Final = 4
"""A secret shorter than this many characters is not searched for: it would be found everywhere."""
LEAST_PATH: Final = 8
"""The same for the path of an address that is a secret."""


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
        hidden = {form: f"[secret {name}]" for name, secret in self.used.items() for form in _forms(secret.value)}
        longest_first = dict(sorted(hidden.items(), key=lambda entry: -len(entry[0])))
        return _concealed(value, longest_first) if hidden else value


def _forms(secret: str) -> set[str]:
    """A secret as it may come back: as it is, escaped for a form or for JSON, and what is secret of an address.

    An address comes back in its normal form, so of one that is a secret as a whole the path and query are looked for.
    """
    place, found, rest = secret.partition("://")[2].partition("/")
    own = {secret, f"/{rest.partition('#')[0]}"} if place and found and len(rest) >= LEAST_PATH else {secret}
    escaped = {escape(form) for form in own for escape in (quote_plus, unquote)}
    return {form for form in own | escaped | {json.dumps(secret)[1:-1]} if len(form) >= SHORTEST}


def has_secret(template: Any) -> bool:
    """Whether a value of the document names a secret anywhere."""
    if is_object(template):
        return _name(template) is not None or any(map(has_secret, template.values()))
    return is_list(template) and any(map(has_secret, template))


def reveal(args: Any, template: Any, store: SecretStore) -> Revealed:
    """The arguments with every ``{"$secret": NAME}`` of the document replaced by the secret's value.

    Only where the document itself names a secret: what a template has brought in (a run's input, a web page) may look
    like one and is left as it is.

    Args:
        args: the resolved arguments.
        template: the same as they stand in the document.
        store: where secrets are looked up.

    Raises:
        NodeError: ``secret.unknown``; the operator has no secret of that name. ``secret.place``; it stands in a list
            from which an absent value was left out. Or the store's own error.
    """
    used: dict[str, Secret] = {}
    return Revealed(_revealed(args, template, store, used), used)


def _name(value: Mapping[str, Any]) -> str | None:
    name = value.get("$secret") if len(value) == 1 else None
    return name if isinstance(name, str) else None


def _revealed(value: Any, template: Any, store: SecretStore, used: dict[str, Secret]) -> Any:
    if not has_secret(template):
        return value
    if is_list(template):
        if len(template) != len(value):
            raise NodeError(
                "a secret stands in a list from which an absent value was left out",
                code="secret.place",
                hint="put the secret into a list of its own",
            )
        return [_revealed(part, place, store, used) for part, place in zip(value, template, strict=True)]
    name = _name(template)
    if name is None:
        return {key: _revealed(part, template.get(key), store, used) for key, part in value.items()}
    used[name] = _found(name, store)
    return used[name].value


def _found(name: str, store: SecretStore) -> Secret:
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
    return found


def _without(text: str, hidden: Mapping[str, str]) -> str:
    for secret, shown in hidden.items():
        text = text.replace(secret, shown)
    return text


def _concealed(value: Any, hidden: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        shown = _without(value, hidden)
        plain = unquote(shown) if "%" in shown else shown
        # Percent signs can hide a secret in more ways than can be listed.
        return _without(plain, hidden) if any(secret in plain for secret in hidden) else shown
    if is_list(value):
        return [_concealed(part, hidden) for part in value]
    if is_object(value):
        return {_concealed(key, hidden): _concealed(part, hidden) for key, part in value.items()}
    return value
