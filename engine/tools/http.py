"""``http.get`` and ``http.request``: the web, as far as the operator lets it.

Rule: what a tool promises stands here, how it is done in ``engine.tools.web``, which is loaded with the first request:
a run that asks nothing of the web does not pay for its libraries.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Protocol

from pydantic import Field
from typing_extensions import TypedDict

from engine.agents import ToolContext
from engine.agents.definition import Effect, Tool, make_tool

if TYPE_CHECKING:
    from engine.tools.web import WebClient

Url = Annotated[str, Field(min_length=1, max_length=8000)]
Headers = Annotated[dict[str, str], Field(max_length=100)]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
EFFECTS: Final[Mapping[str, Effect]] = {"GET": "read", "HEAD": "read", "PUT": "idempotent", "DELETE": "idempotent"}
"""Method -> what it does on the other side; the others are unsafe."""


class Page(TypedDict):
    """An answer: ``body`` as JSON where the answer says so, else as text; ``url`` after all redirects."""

    status: int
    url: str
    headers: dict[str, str]
    body: Any


class Reach(Protocol):
    """What the operator allows.

    Attributes:
        hosts: ``api.example.org``, ``*.example.org``, either with ``:port``; ``http://host:port`` or
            ``https://host:port`` for an origin that the operator vouches for, wherever it lies.
        timeout_s: seconds for one call, redirects included.
        max_bytes: size of the largest answer.
    """

    @property
    def hosts(self) -> Sequence[str]:
        """The list."""
        ...

    @property
    def timeout_s(self) -> float:
        """Seconds."""
        ...

    @property
    def max_bytes(self) -> int:
        """Bytes."""
        ...


def http_tools(reach: Reach, own_ports: Collection[int] = ()) -> tuple[Tool, ...]:
    """The family.

    Args:
        reach: what the operator allows.
        own_ports: ports that this process listens on, read at each request.
    """
    made: list[WebClient] = []

    def client() -> WebClient:
        if not made:
            from engine.tools.web import WebClient  # noqa: PLC0415 - see the module's rule

            made.append(WebClient.of(reach, own_ports))
        return made[0]

    async def get(url: Url, context: ToolContext, headers: Headers | None = None) -> Page:
        """Fetch a page or a JSON value from the web.

        Args:
            url: the whole address, https.
            context: of the call.
            headers: more request headers.
        """
        return await client().ask("GET", url, headers, None, context)

    async def request(
        url: Url,
        context: ToolContext,
        method: Method = "GET",
        headers: Headers | None = None,
        body: Any = None,
    ) -> Page:
        """Send a request to a web service.

        Args:
            url: the whole address, https.
            context: of the call.
            method: GET and HEAD read, PUT and DELETE may be repeated, POST and PATCH are never repeated unasked.
            headers: more request headers.
            body: text is sent as it is, anything else as JSON.
        """
        return await client().ask(method, url, headers, body, context)

    fetching = make_tool(get, name="http.get", effect="read", timeout_s=reach.timeout_s, untrusted_output=True)
    sending = make_tool(
        request,
        name="http.request",
        effect="unsafe",
        risk_level="medium",
        timeout_s=reach.timeout_s,
        untrusted_output=True,
    )
    return replace(fetching, sends_to_host=True), replace(sending, sends_to_host=True, effect_of=_effect)


def _effect(args: Mapping[str, Any]) -> Effect:
    return EFFECTS.get(str(args.get("method", "GET")).upper(), "unsafe")
