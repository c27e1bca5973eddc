"""Requests to the web: sent through the guard, redirects followed one by one, answers bounded and unpacked.

Rule: every address goes through ``engine.tools.guard``; answers are bounded in size and time. An error says whether the
request can have had an effect: what failed before it was sent has not happened, what the server refused (4xx) neither,
everything else nobody knows.
"""

from __future__ import annotations

import re
import ssl
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import httpcore2
import httpx2
import orjson

from engine.agents import ToolContext
from engine.errors import ErrorClass, ToolError
from engine.model.values import normal
from engine.tools.guard import Guard, GuardedBackend, Listed, host_of, refused
from engine.tools.http import EFFECTS, Page, Reach

REDIRECTS: Final = 5
_CONNECT_S: Final = 10.0
_KEPT: Final = frozenset({"accept", "accept-language", "user-agent"})
_GIVEN_BY_US: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade", "te"})
_AGENT: Final = "weft"
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?|")
_CHARSET: Final = re.compile(r"charset=[\"']?([\w.:-]+)", re.IGNORECASE)
_ANY_ZLIB: Final = 47
"""Window size for zlib that says: gzip or zlib, see for yourself."""


@dataclass(slots=True)
class _Sent:
    """One request as it goes out."""

    method: str
    url: httpx2.URL
    headers: dict[str, str]
    content: bytes | None


def _request(method: str, url: str, headers: Mapping[str, str] | None, body: Any, context: ToolContext) -> _Sent:
    whole = _whole(url)
    sent = {"user-agent": _AGENT, "accept-encoding": "identity"}
    sent |= {name.lower(): value for name, value in (headers or {}).items()}
    for name, value in sent.items():
        if name in _GIVEN_BY_US or _HEADER_NAME.fullmatch(name) is None or _HEADER_VALUE.fullmatch(value) is None:
            raise ToolError(f"the header {name!r} cannot be sent so", code="tool.arguments", happened=False)
    content: bytes | None = None
    if body is not None:
        content = body.encode() if isinstance(body, str) else orjson.dumps(body)
        sent.setdefault("content-type", "text/plain; charset=utf-8" if isinstance(body, str) else "application/json")
    if EFFECTS.get(method) != "read":
        sent.setdefault("idempotency-key", context.idempotency_key)
    return _Sent(method, whole, sent, content)


def _whole(url: str) -> httpx2.URL:
    try:
        return httpx2.URL(url).copy_with(fragment=None)
    except (httpx2.InvalidURL, UnicodeError) as error:
        raise ToolError(f"this is no URL: {error}", code="tool.arguments", happened=False) from None


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, as an entry of the list that vouches for it.

    Raises:
        ToolError: it is no URL.
    """
    whole = _whole(url)
    host = host_of(whole)
    name = f"[{host}]" if ":" in host else host
    return f"{whole.scheme}://{name}" + ("" if whole.port is None else f":{whole.port}")


@dataclass(slots=True)
class WebClient:
    """What ``http.*`` sends with."""

    guard: Guard
    reach: Reach

    @classmethod
    def of(cls, reach: Reach, own_ports: Collection[int]) -> WebClient:
        """A client for what the operator allows; ``own_ports`` is read at each request."""
        return cls(Guard(tuple(map(Listed.read, reach.hosts)), own_ports), reach)

    async def ask(
        self, method: str, url: str, headers: Mapping[str, str] | None, body: Any, context: ToolContext
    ) -> Page:
        """Send, follow redirects of what only reads, and return the last answer.

        Returns:
            ``{status, url, headers, body}``; the body as JSON where the answer says so, else as text.

        Raises:
            ToolError: ``http.refused``, ``http.unreachable``, ``http.status``, ``http.redirect``, ``http.too_big``,
                ``http.answer`` or ``tool.arguments``.
        """
        sent = _request(method, url, headers, body, context)
        for _ in range(REDIRECTS + 1):
            self.guard.check_url(sent.url, context.site.hosts)
            answer = await self._once(sent)
            following = _followed(sent, answer)
            if following is None:
                return _result(sent, answer, self.reach.max_bytes)
            sent = following
        raise ToolError(f"more than {REDIRECTS} redirects", code="http.redirect", happened=False)

    async def post(self, url: str, headers: Mapping[str, str], content: bytes) -> None:
        """Send bytes once, and follow nothing.

        Raises:
            ToolError: as ``ask``; also for an answer of 300 and above.
        """
        sent = _Sent("POST", _whole(url), {"user-agent": _AGENT, "accept-encoding": "identity", **headers}, content)
        self.guard.check_url(sent.url, None)
        answer = await self._once(sent)
        if answer.status >= 400:
            raise _status_error(sent, answer, "")
        if answer.status >= 300:
            raise ToolError(f"{sent.url.host} answers {answer.status}", code="http.redirect", happened=False)

    async def _once(self, sent: _Sent) -> _Answer:
        """One request on a connection of its own."""
        whole_s = self.reach.timeout_s
        times = {"connect": min(_CONNECT_S, whole_s), "read": whole_s, "write": whole_s, "pool": whole_s}
        backend = GuardedBackend(self.guard)
        try:
            async with (
                httpcore2.AsyncConnectionPool(ssl_context=_tls(), network_backend=backend, max_connections=1) as pool,
                pool.stream(
                    sent.method,
                    _wire_url(sent.url),
                    headers=_wire_headers(sent),
                    content=sent.content,
                    extensions={"timeout": times},
                ) as answer,
            ):
                return _Answer(answer.status, httpx2.Headers(answer.headers), await self._body(answer))
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.PoolTimeout) as error:
            raise _unreachable(sent, error, happened=False) from None
        except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise _unreachable(sent, error, happened=True) from None

    async def _body(self, answer: httpcore2.Response) -> bytes:
        most = self.reach.max_bytes
        parts: list[bytes] = []
        size = 0
        async for part in answer.aiter_stream():
            size += len(part)
            if size > most:
                raise _too_big(most)
            parts.append(part)
        return b"".join(parts)


@dataclass(slots=True)
class _Answer:
    status: int
    headers: httpx2.Headers
    body: bytes


def _wire_url(url: httpx2.URL) -> httpcore2.URL:
    return httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def _wire_headers(sent: _Sent) -> list[tuple[bytes, bytes]]:
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in sent.headers.items()]
    if sent.content is not None or EFFECTS.get(sent.method) != "read":
        headers.append((b"content-length", str(len(sent.content or b"")).encode()))
    return [(b"host", sent.url.netloc), *headers]


def _too_big(most: int) -> ToolError:
    return ToolError(f"the answer is larger than {most:,} bytes", code="http.too_big", hint="raise max_bytes in [http]")


def _followed(sent: _Sent, answer: _Answer) -> _Sent | None:
    """The request that a redirect leads to, or None when the answer stands."""
    if answer.status not in (301, 302, 303, 307, 308) or "location" not in answer.headers:
        return None
    reads = EFFECTS.get(sent.method) == "read"
    if not reads and answer.status != 303:
        raise ToolError(
            f"{sent.url.host} answers {answer.status}, go to {answer.headers['location']}",
            code="http.redirect",
            hint="send it to that address in the first place",
            happened=False,
        )
    try:
        url = sent.url.join(answer.headers["location"]).copy_with(fragment=None)
    except (httpx2.InvalidURL, UnicodeError):
        raise refused(str(sent.url.host), "it redirects to what is no URL") from None
    is_same = (url.scheme, host_of(url), url.port) == (sent.url.scheme, host_of(sent.url), sent.url.port)
    # Credentials and cookies stay where they were meant for.
    headers = dict(sent.headers) if is_same else {k: v for k, v in sent.headers.items() if k in _KEPT}
    headers["accept-encoding"] = "identity"
    headers.pop("content-type", None)
    return _Sent(sent.method if reads else "GET", url, headers, None)


def _result(sent: _Sent, answer: _Answer, most: int) -> Page:
    content = _unpacked(sent, answer, most)
    text = _text(content, answer.headers)
    if answer.status >= 400:
        raise _status_error(sent, answer, text)
    body: Any = text
    if "json" in answer.headers.get("content-type", "").partition(";")[0]:
        try:
            body = normal(orjson.loads(content)) if content else None
        except orjson.JSONDecodeError as error:
            raise ToolError(f"{sent.url.host} announced JSON but sent none: {error}", code="http.answer") from None
    headers = {name: value for name, value in answer.headers.items() if name != "set-cookie"}
    return {"status": answer.status, "url": str(sent.url), "headers": headers, "body": body}


def _unpacked(sent: _Sent, answer: _Answer, most: int) -> bytes:
    """The body as it was before it was packed for the way; never more than ``most`` bytes of it are made."""
    packing = answer.headers.get("content-encoding", "identity").strip().lower()
    if packing in ("identity", "") or not answer.body:
        return answer.body
    if packing not in ("gzip", "x-gzip", "deflate"):
        raise ToolError(f"{sent.url.host} packs its answer as {packing}, unasked", code="http.answer")
    try:
        content = zlib.decompressobj(_ANY_ZLIB).decompress(answer.body, most + 1)
    except zlib.error as error:
        raise ToolError(f"the answer of {sent.url.host} cannot be unpacked: {error}", code="http.answer") from None
    if len(content) > most:
        raise _too_big(most)
    return content


def _text(content: bytes, headers: httpx2.Headers) -> str:
    found = _CHARSET.search(headers.get("content-type", ""))
    try:
        return content.decode(found[1] if found else "utf-8", errors="replace")
    except LookupError:
        return content.decode("utf-8", errors="replace")


def _status_error(sent: _Sent, answer: _Answer, text: str) -> ToolError:
    status = answer.status
    error_class: ErrorClass = "transient" if status in (408, 425, 429) or status >= 500 else "tool"
    words = " ".join(text.split())
    if len(words) > 300:
        # No word is cut in two: half a secret would not be found any more.
        words = words[:300].rpartition(" ")[0] + "…"
    return ToolError(
        f"{sent.url.host} answered {status}" + (f": {words}" if words else ""),
        code="http.status",
        error_class=error_class,
        retry_after_s=_seconds(answer.headers.get("retry-after")),
        # What the server refused, it has not done; a time-out on its side or an error in it says nothing.
        happened=status >= 500 or status == 408,
    )


def _seconds(value: str | None) -> float | None:
    """Seconds, as far as the header gives them so; a date needs a clock that both sides share."""
    return min(float(value), 3600.0) if value is not None and value.isdecimal() and len(value) < 6 else None


def _unreachable(sent: _Sent, error: Exception, *, happened: bool) -> ToolError:
    what = str(error) or type(error).__name__
    return ToolError(
        f"{sent.url.host} cannot be reached: {what}",
        code="http.unreachable",
        error_class="transient",
        happened=happened,
    )


@cache
def _tls() -> ssl.SSLContext:
    """Made once: reading the certificates takes tens of milliseconds."""
    return httpx2.create_ssl_context()
