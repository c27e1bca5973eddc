"""Messages to the operator's own program or webhook: one JSON value, delivered or not.

Rule: where they go is said by ``[notify]`` of ``weft.toml`` alone, never by a graph. A program gets the message on its
standard input, never in its arguments; a webhook is reached through the guard of the HTTP tools, which vouches for no
other origin and never for weft's own port. Nothing is retried here; whoever sends says what a failure means.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import subprocess
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import anyio

from engine.config import NotifySection
from engine.errors import ConfigError, ToolError
from engine.runtime.clock import Clock

if TYPE_CHECKING:
    from engine.tools.web import WebClient

SIGNATURE: Final = "weft-signature"
"""``t=SECONDS,v1=HEX``: HMAC-SHA-256 of ``SECONDS.BODY`` under the secret."""
_ANSWER_BYTES: Final = 64 * 1024
_KEPT_FROM_PROGRAMS: Final = frozenset({"WEFT_TOKEN"})


class Undelivered(Exception):  # noqa: N818 - what happened to a message, not a fault of ours
    """A message did not arrive. ``is_final``: it never will, so it need not be tried again."""

    def __init__(self, code: str, *, is_final: bool) -> None:
        super().__init__(code)
        self.code = code
        self.is_final = is_final


class Messenger(Protocol):
    """A way to somebody."""

    @property
    def name(self) -> str:
        """``command`` or ``url``; what has been delivered is remembered under it."""
        ...

    async def deliver(self, message: bytes, *, key: str) -> None:
        """Hand one message over.

        Args:
            message: JSON.
            key: the same for every try of one message.

        Raises:
            Undelivered: it did not arrive.
        """
        ...


@dataclass(frozen=True, slots=True)
class Program:
    """The operator's own program: exit code 0 means that it took the message."""

    command: Sequence[str]
    timeout_s: float
    name: str = "command"

    async def deliver(self, message: bytes, *, key: str) -> None:
        """Start it, and wait for its end."""
        del key  # the message carries its id
        environment = {name: value for name, value in os.environ.items() if name not in _KEPT_FROM_PROGRAMS}
        try:
            with anyio.fail_after(self.timeout_s):
                done = await anyio.run_process(
                    list(self.command),
                    input=message,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    check=False,
                    env=environment,
                )
        except TimeoutError:
            raise Undelivered("notify.timeout", is_final=False) from None
        except OSError:
            raise Undelivered("notify.command", is_final=False) from None
        if done.returncode != 0:
            raise Undelivered("notify.exit", is_final=False)


@dataclass(frozen=True, slots=True)
class _Reach:
    hosts: Sequence[str]
    timeout_s: float
    max_bytes: int = _ANSWER_BYTES


@dataclass(frozen=True, slots=True)
class Webhook:
    """A POST to the operator's URL. ``secret``: reads what messages are signed with, or None."""

    url: str
    secret: Callable[[], str] | None
    client: WebClient
    timeout_s: float
    clock: Clock
    name: str = "url"

    async def deliver(self, message: bytes, *, key: str) -> None:
        """Send it; any answer below 300 means that it arrived, another 4xx that it never will."""
        try:
            headers = {"content-type": "application/json", "idempotency-key": key}
            if self.secret is not None:
                headers[SIGNATURE] = signature(self.secret(), message, at=int(self.clock.now()))
            with anyio.fail_after(self.timeout_s):
                await self.client.post(self.url, headers, message)
        except TimeoutError:
            raise Undelivered("notify.timeout", is_final=False) from None
        except ConfigError as error:
            raise Undelivered(error.code, is_final=False) from None
        except ToolError as error:
            is_answered = error.code in ("http.status", "http.redirect")
            raise Undelivered(error.code, is_final=is_answered and error.error_class != "transient") from None


def signature(secret: str, message: bytes, *, at: int) -> str:
    """What proves to the receiver that a message is ours, and when it was sent.

    Args:
        secret: shared with the receiver.
        message: the body.
        at: seconds since 1970.
    """
    proof = hmac.new(secret.encode(), f"{at}.".encode() + message, hashlib.sha256).hexdigest()
    return f"t={at},v1={proof}"


def messengers_of(
    notify: NotifySection, secret: Callable[[str], str], *, own_ports: Collection[int], clock: Clock
) -> list[Messenger]:
    """The ways that the operator names.

    Args:
        notify: ``[notify]``.
        secret: the value of a secret by its name.
        own_ports: ports that this process listens on; read at each use.
        clock: for the moment in signatures.
    """
    found: list[Messenger] = []
    if notify.command:
        found.append(Program(tuple(notify.command), notify.timeout_s))
    if notify.url is not None:
        from engine.tools.web import WebClient, origin_of  # noqa: PLC0415 - loads what few need

        name = notify.secret
        reach = _Reach([origin_of(notify.url)], notify.timeout_s)
        client = WebClient.of(reach, own_ports)
        signs = None if name is None else lambda: secret(name)
        found.append(Webhook(notify.url, signs, client, notify.timeout_s, clock))
    return found
