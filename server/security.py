"""The door: who gets in, before any route is looked at.

Rule: what is not expressly open is shut. A request passes, in this order: its host is one of ours (421), its page is
ours (403), its body says that it is JSON (415), it names somebody we know (401, and 429 for who keeps guessing). Every
answer leaves with headers that let a page load and do only what it needs.

The order has its reasons: a wrong host or origin is a foreign page in the browser of somebody who may be logged in
(DNS rebinding, request forgery), so it learns nothing, not even whether a token is valid.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.errors import InputError, WeftError
from server.house import House
from server.logs import known_method, tell_request
from server.people import Person
from server.problems import problem

NO_ROUTE: Final = "none"
"""Told of a request that reached no route."""

OPEN: Final = (
    r"GET /",
    r"GET /static/.*",
    r"POST /api/session",
    r"GET /healthz",
    r"GET /readyz",
    r"(GET|POST) /decide/[^/]+",
    r"GET /decide/[^/]+/gate",
    r"GET /embed/[^/]+(/(run|events|diagram\.svg))?",
)
"""What needs no login (SECURITY.md 2). ``/decide`` and ``/embed`` carry a token of their own in the address."""
_OPEN: Final = re.compile("|".join(f"(?:{way})" for way in OPEN))

_HOST: Final = re.compile(r"(?:\[(?P<ipv6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::[0-9]{0,5})?", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")

WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
STREAMS: Final = re.compile(r"/api/events|/api/runs/[^/]+/events|/embed/[^/]+/events")

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; {ancestors}; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
FILE_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
PLAIN_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"


class Guesses:
    """How often each address has been wrong lately: ``MOST`` in ``WITHIN_S`` seconds, then it waits."""

    MOST: Final = 20
    WITHIN_S: Final = 60.0
    ADDRESSES: Final = 10_000

    def __init__(self) -> None:
        self._since: dict[str, tuple[float, int]] = {}

    def wait_s(self, address: str, now: float) -> float:
        """Seconds until this address may try again; 0 when it may."""
        since, count = self._since.get(address, (now, 0))
        return max(0.0, since + self.WITHIN_S - now) if count >= self.MOST else 0.0

    def right(self, address: str) -> None:
        """Take a wrong token back."""
        since, count = self._since.get(address, (0.0, 0))
        if count:
            self._since[address] = (since, count - 1)

    def wrong(self, address: str, now: float) -> None:
        """Note a wrong token."""
        since, count = self._since.pop(address, (now, 0))
        if now - since >= self.WITHIN_S:
            since, count = now, 0
        if len(self._since) >= self.ADDRESSES:
            self._since.pop(next(iter(self._since)))
        self._since[address] = (since, count + 1)


@dataclass(frozen=True, slots=True)
class Guard:
    """The guesses of one request's address: of a ``token``, of a ``login`` or of a ``link``."""

    guesses: Guesses
    address: str
    now: float

    def may_try(self, what: str) -> None:
        """Go on, unless there was too much guessing of ``what``: a broken link does not lock its reader's programs out.

        Raises:
            InputError: ``request.rate``.
        """
        if (wait := self.guesses.wait_s(f"{what} {self.address}", self.now)) > 0:
            raise too_many(wait)

    def was_wrong(self, what: str) -> None:
        """Note a wrong token."""
        self.guesses.wrong(f"{what} {self.address}", self.now)

    def was_right(self, what: str) -> None:
        """Take a wrong token back that was noted before it was known to be right."""
        self.guesses.right(f"{what} {self.address}")


@dataclass(slots=True)
class Door:
    """The outermost layer of the application.

    Attributes:
        app: what is behind it.
        house: the house, once it is open.
        stranger: path -> the page for a reader who is not logged in, or None where there is no page.
        guesses: who keeps guessing.
    """

    app: ASGIApp
    house: Callable[[], House]
    stranger: Callable[[str], ASGIApp | None]
    guesses: Guesses = field(default_factory=Guesses)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request in, or answer it here."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        house, headers = self.house(), Headers(scope=scope)
        path, method = _path(scope), str(scope["method"])
        clock, began = house.engine.clock, house.engine.clock.monotonic()
        status = 500

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _dress(MutableHeaders(raw=message["headers"]), path, house.settings.embed_in)
                message = {**message, "headers": message["headers"]}
            await send(message)

        try:
            check_host(headers, house.settings.hosts)
            check_origin(headers, method, path)
            check_media_type(headers, method)
            scope.setdefault("state", {})
            scope["state"]["guard"] = Guard(self.guesses, address_of(scope), clock.monotonic())
            scope["state"]["person"] = await self._person(scope, headers, house)
            if scope["state"]["person"] is None and not is_open(method, path):
                self._refuse_stranger(scope, headers)
            check_path(path)
        except WeftError as error:
            house.metrics.refused[error.code] += 1
            scope["weft.code"] = error.code
            await self._refusal(error, scope, headers)(scope, receive, dressed)
        else:
            await self.app(scope, receive, dressed)
            if not STREAMS.fullmatch(path):
                route = scope.get("weft.route", NO_ROUTE)
                house.metrics.answered(known_method(method), route, status, clock.monotonic() - began)
        finally:
            person = scope.get("state", {}).get("person")
            tell_request(
                method,
                scope.get("weft.route", NO_ROUTE),
                status,
                ms=(clock.monotonic() - began) * 1e3,
                who=None if person is None else person.name,
                code=scope.get("weft.code"),
            )

    async def _person(self, scope: Scope, headers: Headers, house: House) -> Person | None:
        """Whoever the request names by bearer or cookie. A bearer that is wrong is not helped by a cookie."""
        bearer = headers.get("authorization")
        if bearer is not None:
            scheme, _, token = bearer.partition(" ")
            scope["state"]["guard"].may_try("token")
            return house.people.holder_of(token.strip()) if scheme.lower() == "bearer" else None
        cookie = cookie_of(headers, house.settings.cookie)
        if cookie is None:
            return None
        return await house.sessions.holder_of(cookie, now=house.engine.clock.now())

    def _refuse_stranger(self, scope: Scope, headers: Headers) -> None:
        if "authorization" in headers:
            scope["state"]["guard"].was_wrong("token")
        raise InputError(
            "nobody is logged in", code="request.unauthorized", hint="send Authorization: Bearer TOKEN, or log in at /"
        )

    def _refusal(self, error: WeftError, scope: Scope, headers: Headers) -> ASGIApp:
        if error.code == "request.unauthorized":
            page = self.stranger(_path(scope)) if "text/html" in headers.get("accept", "") else None
            if page is not None:
                return page
            return problem(error, headers={"www-authenticate": "Bearer"})
        if error.code == "request.rate":
            return problem(error, headers={"retry-after": "60"})
        return problem(error)


def is_open(method: str, path: str) -> bool:
    """Whether a request needs no login."""
    return _OPEN.fullmatch(f"{'GET' if method == 'HEAD' else method} {path}") is not None


def check_host(headers: Headers, hosts: Iterable[str]) -> None:
    """The request is meant for us.

    Raises:
        InputError: ``request.host``.
    """
    given = headers.getlist("host")
    name = host_name(given[0]) if len(given) == 1 else ""
    if name not in hosts:
        raise InputError(
            "this server does not go by that name",
            code="request.host",
            hint="name it under hosts of [serve] in weft.toml",
        )


def check_origin(headers: Headers, method: str, path: str) -> None:
    """A write or a stream comes from our own pages, or from no page.

    Raises:
        InputError: ``request.origin``.
    """
    if method not in WRITES and not STREAMS.fullmatch(path):
        return
    origins, host = headers.getlist("origin"), headers.get("host", "")
    is_ours = all(_netloc(origin) == host.lower() for origin in origins)
    if not is_ours or headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise InputError("the request comes from a page of another origin", code="request.origin")


def check_path(path: str) -> None:
    """No address of ours holds a control character; a router may overlook one at the end.

    Raises:
        InputError: ``request.unknown``.
    """
    if _CONTROL.search(path) is not None:
        raise InputError("there is nothing here", code="request.unknown", hint="see /api/openapi.json")


def check_media_type(headers: Headers, method: str) -> None:
    """What is written says that it is JSON. A form or a plain text, which any page may send, does not.

    Raises:
        InputError: ``request.media_type``.
    """
    if method not in ("POST", "PUT", "PATCH"):
        return
    if [given.strip().lower() for given in headers.getlist("content-type")] != ["application/json"]:
        raise InputError(
            "the body is not said to be JSON", code="request.media_type", hint="send Content-Type: application/json"
        )


def too_many(wait_s: float) -> InputError:
    """The error for somebody who guesses."""
    return InputError("too many wrong tokens", code="request.rate", hint=f"try again in {int(wait_s) + 1} s")


def address_of(scope: Scope) -> str:
    """Where a request comes from; behind a proxy that is believed, where the proxy says it comes from."""
    client = scope.get("client")
    address = str(client[0]) if client else ""
    # Whoever has one address of the sixth version has 2**64 of them.
    return ":".join(ipaddress.IPv6Address(address).exploded.split(":")[:4]) if _is_ipv6(address) else address


def _is_ipv6(address: str) -> bool:
    try:
        return ipaddress.IPv6Address(address).ipv4_mapped is None
    except ValueError:
        return False


def cookie_of(headers: Headers, name: str) -> str | None:
    """The value of one cookie; nothing where the header cannot be read."""
    try:
        cookies: SimpleCookie = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return None
    found = cookies.get(name)
    return None if found is None else found.value


def host_name(host: str) -> str:
    """The name in a ``Host`` header, small, without port and brackets; "" where it is none.

    Read here and not by a reader of whole addresses, which would find a name in ``evil.example#@localhost`` too.
    """
    found = _HOST.fullmatch(host)
    return "" if found is None else (found["ipv6"] or found["name"]).lower()


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _path(scope: Scope) -> str:
    """The path below ``root_path``; the server strips nothing, the proxy may."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return (path.removeprefix(root) or "/") if root and path.startswith(f"{root}/") else path


def _dress(headers: MutableHeaders, path: str, embed_in: tuple[str, ...]) -> None:
    kind = headers.get("content-type", "").partition(";")[0]
    is_embed = path.startswith("/embed/")
    ancestors = " ".join(embed_in) or "'self'" if is_embed else "'none'"
    if kind == "text/html":
        policy = PAGE_POLICY.format(ancestors=f"frame-ancestors {ancestors}")
    elif kind in ("image/svg+xml", "application/pdf"):
        policy = FILE_POLICY
    else:
        policy = PLAIN_POLICY
    headers["content-security-policy"] = policy
    headers["x-content-type-options"] = "nosniff"
    headers["referrer-policy"] = "no-referrer"
    headers["cross-origin-opener-policy"] = "same-origin"
    headers["cross-origin-resource-policy"] = "cross-origin" if is_embed and kind == "text/html" else "same-origin"
    headers["permissions-policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
    headers.setdefault("cache-control", "no-store")
