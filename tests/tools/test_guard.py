"""Which addresses ``http.*`` may go to: a table of what has been tried elsewhere, and everything beside it."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import anyio
import httpx2
import pytest

from engine.errors import ToolError
from engine.tools.guard import Guard, GuardedBackend, Listed, forbidden

LISTED = (
    "api.example.org",
    "*.data.example",
    "https://odd.example:8443",
    "http://10.0.0.5:8080",
    "https://vouched.example",
)


def guard(*own_ports: int) -> Guard:
    return Guard(tuple(map(Listed.read, LISTED)), set(own_ports))


ALLOWED = [
    "https://api.example.org",
    "https://API.Example.ORG./path?q=1#part",
    "https://api.example.org:443/",
    "https://a.b.data.example/x",
    "https://odd.example:8443/",
    "http://10.0.0.5:8080/status",
]


@pytest.mark.parametrize("url", ALLOWED)
def test_a_listed_origin_may_be_asked(url: str) -> None:
    guard().check_url(httpx2.URL(url), None)


HOSTILE = [
    "http://api.example.org/",
    "https://api.example.org:8443/",
    "https://odd.example/",
    "http://odd.example:8443/",
    "https://10.0.0.5:8080/",
    "http://10.0.0.5/",
    "https://data.example/",
    "https://evildata.example/",
    "https://api.example.org.evil.com/",
    "https://evil.com/api.example.org",
    "https://evil.com#api.example.org",
    "https://evil.com?api.example.org",
    "https://api.example.org@evil.com/",
    "https://user:pass@api.example.org/",
    "https://evil.com\\@api.example.org/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://0/",
    "https://localhost/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://metadata.google.internal/",
    "https://[fd00:ec2::254]/",
    "file:///etc/passwd",
    "ftp://api.example.org/",
    "gopher://api.example.org/",
    "javascript:alert(1)",
    "data:text/plain,x",
    "//api.example.org/",
    "/path",
    "https:///path",
    "unix:///var/run/docker.sock",
]


@pytest.mark.parametrize("url", HOSTILE)
def test_what_is_not_listed_is_refused_before_anything_is_sent(url: str) -> None:
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        return
    with pytest.raises(ToolError) as caught:
        guard().check_url(parsed, None)
    assert caught.value.code == "http.refused"
    assert not caught.value.happened


FORBIDDEN = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.9.9.9", "169.254.1.1", "172.16.0.1", "192.0.0.1",
    "192.168.1.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1",
    "fd12::1", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
    "2002:7f00:1::", "2001:db8::1", "2001:0:7f00:1::", "::ffff:93.184.216.34",
]  # fmt: skip


@pytest.mark.parametrize("address", FORBIDDEN)
def test_addresses_that_are_not_of_the_open_internet_are_refused(address: str) -> None:
    assert forbidden(ipaddress.ip_address(address), is_vouched=False) is not None


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_addresses_of_the_open_internet_are_not(address: str) -> None:
    assert forbidden(ipaddress.ip_address(address), is_vouched=False) is None


def test_a_metadata_service_is_refused_even_where_the_operator_vouches() -> None:
    for address in ("169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "168.63.129.16"):
        assert forbidden(ipaddress.ip_address(address), is_vouched=True) is not None
    assert forbidden(ipaddress.ip_address("10.0.0.5"), is_vouched=True) is None


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name have these addresses: the world's name service, not the house."""

    async def answer(host: str, port: int, **options: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(anyio, "getaddrinfo", answer)


@pytest.mark.anyio
@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["fe80::1%eth0"]])
async def test_a_listed_name_that_resolves_to_a_forbidden_address_is_refused(
    addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, *addresses)
    with pytest.raises(ToolError) as caught:
        await GuardedBackend(guard()).connect_tcp("api.example.org", 443)
    assert caught.value.code == "http.refused"


@pytest.mark.anyio
async def test_what_was_checked_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "93.184.216.34")
    assert await guard().addresses("api.example.org", 443) == ["93.184.216.34"]


@pytest.mark.anyio
async def test_our_own_port_is_refused_even_where_the_operator_vouches(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "127.0.0.1")
    assert await guard(8080).addresses("vouched.example", 443) == ["127.0.0.1"]
    with pytest.raises(ToolError, match="weft itself"):
        await guard(443).addresses("vouched.example", 443)


@pytest.mark.anyio
async def test_a_name_that_nobody_knows_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(host: str, port: int, **options: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(anyio, "getaddrinfo", answer)
    with pytest.raises(ToolError) as caught:
        await guard().addresses("api.example.org", 443)
    assert caught.value.code == "http.unreachable"
    assert caught.value.error_class == "transient"


@pytest.mark.anyio
async def test_local_sockets_are_never_opened() -> None:
    with pytest.raises(ToolError):
        await GuardedBackend(guard()).connect_unix_socket("/run/x.sock")


def test_a_secret_stays_with_its_hosts() -> None:
    bound = frozenset({"api.example.org"})
    guard().check_url(httpx2.URL("https://api.example.org/"), bound)
    with pytest.raises(ToolError, match="bound to other hosts"):
        guard().check_url(httpx2.URL("https://a.data.example/"), bound)
