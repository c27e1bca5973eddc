"""Where ``http.*`` may go: hosts that the operator lists, at addresses that belong to the open internet.

Rule: what is checked is what is connected to. A URL is checked before anything is sent, its host's addresses when it is
resolved, and the connection goes to one of those very addresses; every redirect starts over. Loopback, private,
link-local, metadata, multicast and mapped addresses are refused unless the operator lists that origin with its scheme
(``http://10.0.0.5:8080``); weft's own ports are refused whatever is listed.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, cast

import anyio
import httpcore2
import httpx2

from engine.errors import ToolError

_PORTS: Final = {"https": 443, "http": 80}
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_METADATA: Final = frozenset(
    ipaddress.ip_address(address)
    for address in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of the list. ``scheme`` None: https, to public addresses; ``port`` None: the scheme's own."""

    host: str
    scheme: str | None
    port: int | None

    @classmethod
    def read(cls, text: str) -> Listed:
        """An entry as the operator writes it."""
        scheme, found, rest = text.strip().lower().rpartition("://")
        host, port = rest.rstrip("/"), None
        head, colon, tail = host.rpartition(":")
        if colon and tail.isdecimal() and not (head.count(":") and not head.endswith("]")):
            host, port = head, int(tail)
        return cls(host.strip("[]").rstrip("."), scheme if found else None, port)

    def allows(self, scheme: str, host: str, port: int) -> bool:
        """Whether this entry is for that origin."""
        if scheme != (self.scheme or "https") or port != (self.port or _PORTS[scheme]):
            return False
        return fits(self.host, host)


def fits(pattern: str, host: str) -> bool:
    """Whether a host is the listed one, or below it for ``*.example.org``."""
    return host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:]) and len(host) > len(pattern) - 1)


@dataclass(frozen=True, slots=True)
class Guard:
    """The check, made once for an engine.

    Attributes:
        listed: the operator's list.
        own_ports: ports that this process listens on; read at each use.
    """

    listed: tuple[Listed, ...]
    own_ports: Collection[int]

    def check_url(self, url: httpx2.URL, bound: frozenset[str] | None) -> None:
        """Whether a URL may be asked for.

        Args:
            url: the URL.
            bound: the hosts that the credentials of the call may be sent to; None: nothing binds them.

        Raises:
            ToolError: ``http.refused``; nothing has been sent.
        """
        scheme, host = url.scheme, host_of(url)
        if scheme not in _PORTS or not host:
            raise refused(str(url), "only https (and listed http) can be reached")
        if url.userinfo:
            raise refused(host, "a URL must not hold a name or password", "put credentials into a header, as a secret")
        port = url.port or _PORTS[scheme]
        if not any(entry.allows(scheme, host, port) for entry in self.listed):
            origin = f"{scheme}://{host}" + (f":{port}" if port != _PORTS[scheme] else "")
            entry = host if scheme == "https" else origin
            raise refused(
                origin, "it is not on the operator's list", f'add "{entry}" to hosts under [http] in weft.toml'
            )
        if bound is not None and not any(fits(pattern, host) for pattern in bound):
            raise refused(host, "the secret in this call is bound to other hosts")

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host that may be connected to, in the order to try.

        Raises:
            ToolError: ``http.refused``: one of them is not allowed. ``http.unreachable``: the name is not known.
        """
        try:
            found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            reason = error.strerror or "it has no address"
            raise ToolError(
                f"{host} cannot be found: {reason}", code="http.unreachable", error_class="transient", happened=False
            ) from None
        texts = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
        is_vouched = any(e.scheme is not None and fits(e.host, host) and _port(e) == port for e in self.listed)
        for text in texts:
            why = forbidden(ipaddress.ip_address(text), is_vouched=is_vouched)
            if why is None and port in self.own_ports and _is_this_machine(text):
                why = "this is weft itself"
            if why is not None:
                raise refused(f"{host} ({text})", why)
        return texts


def _port(entry: Listed) -> int:
    return entry.port or _PORTS[entry.scheme or "https"]


def host_of(url: httpx2.URL) -> str:
    """The URL's host as it is compared: ASCII, small letters, no dot at the end."""
    return url.raw_host.decode("ascii").lower().strip("[]").rstrip(".")


def forbidden(address: Address, *, is_vouched: bool) -> str | None:
    """Why an address must not be connected to, or None. Vouched origins may lie anywhere but at metadata services."""
    for inner in (address, *_inside(address)):
        if inner in _METADATA:
            return "it is a metadata service"
        is_site_local = isinstance(inner, ipaddress.IPv6Address) and inner.is_site_local
        if not is_vouched and (not inner.is_global or inner.is_multicast or inner.is_reserved or is_site_local):
            return "it is not an address of the open internet"
    return None


def _inside(address: Address) -> list[Address]:
    """IPv4 addresses that hide in an IPv6 one: mapped, compatible, 6to4, Teredo, NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found: list[Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or int(address) >> 32 == 0:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [inner for inner in found if inner is not None]


def _is_this_machine(text: str) -> bool:
    """Whether an address is one of this machine's own: a datagram socket to it would be sent from it. Sends nothing."""
    address = ipaddress.ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    if address.is_loopback or address.is_unspecified:
        return True
    family = socket.AF_INET6 if isinstance(address, ipaddress.IPv6Address) else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((str(address), 9))
        except OSError:
            return False
        return str(probe.getsockname()[0]) == str(address)


def refused(where: str, why: str, hint: str | None = None) -> ToolError:
    """The guard's no: nothing was sent."""
    return ToolError(f"{where} must not be reached: {why}", code="http.refused", hint=hint, happened=False)


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Connects to the checked addresses of a host and to nothing else."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._inner = cast("httpcore2.AsyncNetworkBackend", httpcore2.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """A connection to the first address that answers.

        Raises:
            ToolError: the guard refuses.
            httpcore2.ConnectError: none answers.
        """
        del local_address, socket_options
        failed: Exception | None = None
        for address in await self._guard.addresses(host.strip("[]").rstrip(".").lower(), port):
            try:
                return await self._inner.connect_tcp(address, port, timeout=timeout)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed or httpcore2.ConnectError(f"{host} has no address")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Never.

        Raises:
            ToolError: always.
        """
        del timeout, socket_options
        raise refused(path, "it is a local socket")

    async def sleep(self, seconds: float) -> None:
        """Between two tries of the pool."""
        await self._inner.sleep(seconds)
