"""``http.*`` against a real server on loopback that the operator vouches for."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from engine.agents.secrets import Secret
from engine.errors import ToolError
from engine.runtime.context import Result
from engine.scheduler.events import EffectClaimed, GateOpened
from tests.tools.use import Hosts, built_in, desk, run


@dataclass
class Server:
    """A server that answers as it is told and remembers what it was asked."""

    port: int = 0
    answers: dict[str, bytes] = field(default_factory=dict[str, bytes])
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list[tuple[str, dict[str, str], bytes]])

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def says(self, path: str, status: int, body: bytes = b"", **headers: str) -> None:
        """Answer this path so."""
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        head = "\r\n".join([f"HTTP/1.1 {status} x", f"content-length: {len(body)}", *lines])
        self.answers[path] = f"{head}\r\n\r\n".encode() + body

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.asked.append((first, headers, body))
        writer.write(self.answers.get(first.split()[1], b""))
        writer.close()


@asynccontextmanager
async def serving() -> AsyncGenerator[Server]:
    here = Server()
    server = await asyncio.start_server(here.serve, "127.0.0.1", 0)
    here.port = server.sockets[0].getsockname()[1]
    async with server:
        yield here


async def ask(server: Server, path: str, tool: str = "http.get", own_ports: set[int] | None = None, **args: Any) -> Any:
    """One call to the server."""
    tools = built_in(http=Hosts((server.origin,)), own_ports=own_ports)
    result: Result = await run(desk(tool, {"url": server.origin + path, **args}), tools)
    return result.output


async def failed(server: Server, path: str, **more: Any) -> ToolError:
    with pytest.raises(ToolError) as caught:
        await ask(server, path, **more)
    return caught.value


@pytest.mark.anyio
async def test_text_and_json_come_back_with_status_and_headers() -> None:
    async with serving() as server:
        server.says("/t", 200, "강".encode("euc-kr"), content_type="text/plain; charset=euc-kr", set_cookie="a=b")
        server.says("/j?q=%20", 200, b'{"n": 1.0}', content_type="application/problem+json")
        text, value = await ask(server, "/t"), await ask(server, "/j?q=%20#x", headers={"X-A": "1"})
    assert (text["status"], text["body"]) == (200, "강")
    assert "set-cookie" not in text["headers"]
    assert value["body"] == {"n": 1}
    assert server.asked[-1][1]["x-a"] == "1"
    assert server.asked[-1][1]["host"] == f"127.0.0.1:{server.port}"


@pytest.mark.anyio
async def test_a_packed_answer_is_unpacked_within_bounds() -> None:
    async with serving() as server:
        server.says("/small", 200, gzip.compress(b"hello"), content_encoding="gzip")
        server.says("/bomb", 200, gzip.compress(b"0" * 1_000_000), content_encoding="gzip")
        server.says("/odd", 200, b"x", content_encoding="br")
        server.says("/cut", 200, b"no gzip", content_encoding="gzip")
        assert (await ask(server, "/small"))["body"] == "hello"
        assert (await failed(server, "/bomb")).code == "http.too_big"
        assert (await failed(server, "/odd")).code == "http.answer"
        assert (await failed(server, "/cut")).code == "http.answer"


@pytest.mark.anyio
async def test_an_answer_that_is_too_big_is_cut_off() -> None:
    async with serving() as server:
        server.says("/", 200, b"x" * 10_001)
        assert (await failed(server, "/")).code == "http.too_big"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "error_class", "happened"), [(404, "tool", False), (429, "transient", False), (503, "transient", True)]
)
async def test_a_status_says_whether_to_try_again_and_whether_it_happened(
    status: int, error_class: str, happened: bool
) -> None:
    async with serving() as server:
        server.says("/", status, b"so sorry", retry_after="7")
        error = await failed(server, "/")
    assert (error.code, error.error_class, error.happened) == ("http.status", error_class, happened)
    assert error.retry_after_s == 7
    assert "so sorry" in error.message


@pytest.mark.anyio
async def test_redirects_are_followed_and_each_is_checked_again() -> None:
    async with serving() as server:
        server.says("/a", 302, location="/b")
        server.says("/b", 200, b"here")
        server.says("/out", 302, location="http://169.254.169.254/latest")
        server.says("/local", 307, location=f"http://localhost:{server.port}/b")
        server.says("/file", 302, location="file:///etc/passwd")
        server.says("/round", 302, location="/round")
        assert (await ask(server, "/a"))["url"] == server.origin + "/b"
        for path in ("/out", "/local", "/file"):
            assert (await failed(server, path)).code == "http.refused"
        assert (await failed(server, "/round")).code == "http.redirect"


@pytest.mark.anyio
async def test_credentials_are_left_behind_when_a_redirect_leaves_the_origin() -> None:
    async with serving() as server, serving() as other:
        server.says("/a", 302, location=other.origin + "/b")
        other.says("/b", 200, b"here")
        tools = built_in(http=Hosts((server.origin, other.origin)))
        headers = {"Authorization": "Bearer x", "Cookie": "c", "Accept": "text/plain"}
        await run(desk("http.get", {"url": server.origin + "/a", "headers": headers}), tools)
    assert server.asked[0][1]["authorization"] == "Bearer x"
    assert not {"authorization", "cookie"} & other.asked[0][1].keys()
    assert other.asked[0][1]["accept"] == "text/plain"


@pytest.mark.anyio
async def test_our_own_port_is_refused_though_it_is_listed() -> None:
    async with serving() as server:
        server.says("/", 200)
        error = await failed(server, "/", own_ports={server.port})
    assert error.code == "http.refused"
    assert server.asked == []


@pytest.mark.anyio
async def test_a_post_is_claimed_and_carries_its_idempotency_key() -> None:
    async with serving() as server:
        server.says("/", 201, b"{}", content_type="application/json")
        here = desk("http.request", {"url": server.origin + "/", "method": "POST", "body": {"a": "강"}})
        result = await run(here, built_in(http=Hosts((server.origin,))))
    assert result.output["status"] == 201
    first, headers, body = server.asked[0]
    assert first == "POST / HTTP/1.1"
    assert json.loads(body) == {"a": "강"}
    assert headers["idempotency-key"] == "r1/t!1"
    assert here.of(EffectClaimed)[0].effect == "unsafe"


@pytest.mark.anyio
async def test_a_post_whose_answer_is_lost_is_asked_about() -> None:
    async with serving() as server:
        here = desk("http.request", {"url": server.origin + "/", "method": "POST"})
        result = await run(here, built_in(http=Hosts((server.origin,))), (("happened", {"result": {"status": 200}}),))
    assert result.output == {"status": 200}
    assert here.of(GateOpened)[0].purpose == "effect"
    assert len(server.asked) == 1


@pytest.mark.anyio
async def test_a_post_that_never_left_just_fails() -> None:
    async with serving() as server:
        pass
    error = await failed(server, "/", tool="http.request", method="POST")
    assert (error.code, error.happened) == ("http.unreachable", False)


@pytest.mark.anyio
async def test_a_refused_or_redirected_post_has_not_happened() -> None:
    async with serving() as server:
        server.says("/no", 403)
        server.says("/there", 308, location="/here")
        server.says("/see", 303, location="/here")
        server.says("/here", 200, b"here")
        for path, code in (("/no", "http.status"), ("/there", "http.redirect")):
            error = await failed(server, path, tool="http.request", method="POST")
            assert (error.code, error.happened) == (code, False)
        assert (await ask(server, "/see", "http.request", method="POST", body="x"))["body"] == "here"
    assert server.asked[-1][0] == "GET /here HTTP/1.1"


@pytest.mark.anyio
@pytest.mark.parametrize(("method", "effect"), [("GET", None), ("PUT", "idempotent"), ("PATCH", "unsafe")])
async def test_the_method_decides_the_effect(method: str, effect: str | None) -> None:
    async with serving() as server:
        server.says("/", 200)
        here = desk("http.request", {"url": server.origin + "/", "method": method})
        await run(here, built_in(http=Hosts((server.origin,))))
    assert [e.effect for e in here.of(EffectClaimed)] == ([effect] if effect else [])


WRONG: list[dict[str, Any]] = [
    {"url": "https://[::1"},
    {"url": "https://a.example/", "headers": {"Host": "b"}},
    {"url": "https://a.example/", "headers": {"X": "강"}},
    {"url": "https://a.example/", "headers": {"X": "a\r\nY: b"}},
]


@pytest.mark.anyio
@pytest.mark.parametrize("args", WRONG)
async def test_what_cannot_be_sent_is_said_before_it_is(args: dict[str, Any]) -> None:
    with pytest.raises(ToolError) as caught:
        await run(desk("http.get", args), built_in(http=Hosts(("a.example",))))
    assert caught.value.code == "tool.arguments"
    assert not caught.value.happened


class Safe:
    """One secret, bound to a host."""

    def __init__(self, host: str) -> None:
        self._host = host

    def secret(self, name: str) -> Secret | None:
        return Secret("canary-7", frozenset({self._host}))


@dataclass
class Vault:
    """A secret that is bound to nothing."""

    value: str

    def secret(self, name: str) -> Secret | None:
        return Secret(self.value)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "written", ["{origin}/hooks/canary-7", "{caps}/hooks/canary-7#part", "{origin}/hooks/a b/canary-7"]
)
async def test_an_address_that_is_a_secret_comes_back_hidden_in_every_form(written: str) -> None:
    async with serving() as server:
        caps = server.origin.replace("http", "HTTP")
        secret = Vault(written.format(origin=server.origin, caps=caps))
        path = secret.value.partition("#")[0].split("/", 3)[3].replace(" ", "%20")
        server.says(f"/{path}", 307, location="?more=1")
        server.says(f"/{path}?more=1", 200, f"you asked for /{path}".encode())
        tools = built_in(http=Hosts((server.origin,)))
        result = await run(desk("http.get", {"url": {"$secret": "HOOK"}}), tools, secrets=secret)
        assert result.output["status"] == 200
        assert "canary" not in json.dumps(result.output)
        server.says(f"/{path}", 404, f"no such thing as /{path}".encode())
        with pytest.raises(ToolError) as caught:
            await run(desk("http.get", {"url": {"$secret": "HOOK"}}), tools, secrets=secret)
        assert "canary" not in str(caught.value)


@pytest.mark.anyio
@pytest.mark.parametrize("before", range(285, 302))
async def test_no_half_of_a_secret_stands_in_an_error(before: int) -> None:
    async with serving() as server:
        server.says("/", 400, b"x" * before + b" canary-7-of-many-letters and more")
        args = {"url": f"{server.origin}/", "headers": {"authorization": {"$secret": "API"}}}
        tools = built_in(http=Hosts((server.origin,)))
        with pytest.raises(ToolError) as caught:
            await run(desk("http.get", args), tools, secrets=Vault("canary-7-of-many-letters"))
        assert "can" not in caught.value.message.partition(": ")[2]


@pytest.mark.anyio
async def test_a_secret_goes_to_its_host_only_and_comes_back_hidden() -> None:
    async with serving() as server:
        server.says("/", 200, b"you said canary-7")
        args = {"url": server.origin + "/", "headers": {"authorization": {"$secret": "API"}}}
        tools = built_in(http=Hosts((server.origin,)))
        result = await run(desk("http.get", args), tools, secrets=Safe("127.0.0.1"))
        assert result.output["body"] == "you said [secret API]"
        assert server.asked[0][1]["authorization"] == "canary-7"
        with pytest.raises(ToolError, match="bound to other hosts"):
            await run(desk("http.get", args), tools, secrets=Safe("api.example.org"))
