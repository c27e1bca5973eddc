"""Messages to the operator's program and webhook: delivered, or said why not."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.config import NotifySection, load_config
from engine.errors import ConfigError
from engine.messenger import Undelivered, messengers_of
from engine.runtime.clock import SystemClock

pytestmark = pytest.mark.anyio


def messenger(*, own_ports: set[int] | None = None, **fields: Any) -> Any:
    (made,) = messengers_of(
        NotifySection(**fields), {"S": "secret"}.__getitem__, own_ports=own_ports or set(), clock=SystemClock()
    )
    return made


async def refusal(way: Any) -> tuple[str, bool]:
    with pytest.raises(Undelivered) as caught:
        await way.deliver(b"{}", key="r1/3")
    return caught.value.code, caught.value.is_final


# --- a program ---


async def test_a_program_gets_the_message_on_its_input_and_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEFT_TOKEN", "not-for-programs")
    said = tmp_path / "said"
    script = f"import os, sys; open({str(said)!r}, 'w').write(sys.stdin.read() + str(os.environ.get('WEFT_TOKEN')))"
    await messenger(command=[sys.executable, "-c", script]).deliver(b'{"prompt": "$(reboot)"}', key="r1/3")
    assert said.read_text() == '{"prompt": "$(reboot)"}None'


@pytest.mark.parametrize(
    ("command", "timeout_s", "code"),
    [
        ([sys.executable, "-c", "raise SystemExit(3)"], 20, "notify.exit"),
        (["/of/no/name"], 20, "notify.command"),
        ([sys.executable, "-c", "import time; time.sleep(60)"], 0.2, "notify.timeout"),
    ],
)
async def test_a_program_that_does_not_take_it_is_tried_again(command: list[str], timeout_s: float, code: str) -> None:
    assert await refusal(messenger(command=command, timeout_s=timeout_s)) == (code, False)


# --- a webhook ---


@asynccontextmanager
async def answering(status: int, asked: list[tuple[dict[str, str], bytes]]) -> AsyncGenerator[int]:
    """A server that answers everything with one status."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.strip().split("\r\n")[1:]
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        asked.append((headers, await reader.readexactly(int(headers["content-length"]))))
        writer.write(f"HTTP/1.1 {status} x\r\ncontent-length: 0\r\nlocation: http://127.0.0.1:1/\r\n\r\n".encode())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_webhook_gets_the_message_signed() -> None:
    asked: list[tuple[dict[str, str], bytes]] = []
    async with answering(204, asked) as port:
        await messenger(url=f"http://127.0.0.1:{port}/hook?x=1", secret="S").deliver(b'{"a": 1}', key="r1/3")
    ((headers, body),) = asked
    assert (json.loads(body), headers["idempotency-key"], headers["content-type"]) == (
        {"a": 1},
        "r1/3",
        "application/json",
    )
    at, proof = (part.partition("=")[2] for part in headers["weft-signature"].split(","))
    assert proof == hmac.new(b"secret", f"{at}.".encode() + body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("status", "code", "is_final"),
    [
        (500, "http.status", False),
        (429, "http.status", False),
        (404, "http.status", True),
        (302, "http.redirect", True),
    ],
)
async def test_what_a_webhook_answers_says_whether_to_try_again(status: int, code: str, is_final: bool) -> None:
    asked: list[tuple[dict[str, str], bytes]] = []
    async with answering(status, asked) as port:
        assert await refusal(messenger(url=f"http://127.0.0.1:{port}/hook")) == (code, is_final)
    assert len(asked) == 1
    assert "weft-signature" not in asked[0][0]


async def test_nothing_is_sent_to_wefts_own_port_nor_to_nobody() -> None:
    asked: list[tuple[dict[str, str], bytes]] = []
    async with answering(204, asked) as port:
        url = f"http://127.0.0.1:{port}/api/runs"
        assert await refusal(messenger(url=url, own_ports={port})) == ("http.refused", False)
    assert asked == []
    assert await refusal(messenger(url=url)) == ("http.unreachable", False)


# --- its configuration ---


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[notify]", "give a command or a url"),
        ("[notify]\ncommand = []", "at least 1"),
        ("[notify]\nurl = 'ftp://example.org'", "match"),
        ("[notify]\nurl = 'https://user:pass@example.org/'", "match"),
        ("[notify]\nurl = 'https://example.org/'\nsecret = 'S'", "not under"),
        ("[notify]\ncommand = ['x']\nsecret = 'S'", "signs messages to a url"),
        ("[notify]\ncommand = ['x']\non = ['gate.closed']", "gate.opened"),
        ("[notify]\nurls = 'https://example.org/'", "did you mean url"),
    ],
)
async def test_what_is_wrong_with_it_is_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "weft.toml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_config(None, directory=tmp_path)
