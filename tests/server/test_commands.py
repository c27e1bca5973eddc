"""``weft serve`` and ``weft token`` as they are typed."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from engine import Engine
from engine.cli.main import main
from server.people import digest_of
from server.serve import serve
from server.settings import Settings
from tests.server.served import sample_graphs


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Whatever a command does to logging ends with the test."""
    loggers = [logging.getLogger(), logging.getLogger("weft")]
    before = [(logger, logger.level, logger.handlers[:]) for logger in loggers]
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the sample graphs."""
    monkeypatch.chdir(tmp_path)
    sample_graphs(tmp_path)
    return tmp_path


def test_serve_tells_the_link_opens_it_and_ends_at_a_signal(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []
    answered: list[int] = []

    def look(url: str) -> bool:
        opened.append(url)
        threading.Thread(target=visit, args=(url,)).start()
        return True

    def visit(url: str) -> None:
        base, _, token = url.partition("#token=")
        with httpx2.Client(base_url=base, timeout=20) as client:
            answered.append(client.post("api/session", json={"token": token}).status_code)
            answered.append(client.get("api/graphs").status_code)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", look)
    assert main(["serve", "--host", "127.0.0.1", "--port", "0", "--open"]) == 0
    assert answered == [200, 200]
    assert f"weft is at {opened[0]}" in capsys.readouterr().out
    assert (place / "weft.db").is_file()


@pytest.mark.parametrize(("options", "config", "form"), [([], "", "json"), (["--log", "text"], 'log = "json"', "text")])
def test_serve_logs_in_the_form_that_is_asked_for(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    config: str,
    form: str,
) -> None:
    (place / "weft.toml").write_text(f"[serve]\n{config}\n")

    def look(url: str) -> bool:
        threading.Thread(target=visit, args=(url.partition("#")[0],)).start()
        return True

    def visit(base: str) -> None:
        httpx2.get(f"{base}healthz", timeout=20)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", look)
    assert main(["serve", "--port", "0", "--open", "--log-level", "info", *options]) == 0
    said = capsys.readouterr().err
    if form == "json":
        (line,) = [json.loads(line) for line in said.splitlines() if '"request"' in line]
        assert (line["route"], line["status"], line["log"]) == ("/healthz", 200, "weft.server")
    else:
        assert "info request method=GET route=/healthz status=200" in said


def test_a_level_that_is_none_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_LOG", "info")
    assert main(["serve", "--host", "0.0.0.0"]) == 2
    monkeypatch.setenv("WEFT_LOG", "loud")
    assert main(["serve", "--port", "0"]) == 2
    assert not (place / "weft.db").exists()


def test_serve_refuses_an_open_address_without_a_token(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--host", "0.0.0.0", "--json"]) == 2
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "serve.bind"
    assert not (place / "weft.db").exists()


def test_token_is_told_once_with_its_hash(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "ann", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["token_hash"] == f"sha256:{digest_of(told['token'])}"
    assert main(["token", "ann"]) == 0
    assert "[[users]]" in capsys.readouterr().out


def test_a_port_that_was_asked_for_and_is_taken_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
        (place / "weft.toml").write_text(f"[serve]\nport = {port}\n")
        assert main(["serve"]) == 2
    assert capsys.readouterr().err.count("[serve.port]") == 2


@pytest.mark.anyio
async def test_where_nobody_asked_for_a_port_a_free_one_will_do(place: Path) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = Settings(db=str(place / "weft.db"), graphs=place / "graphs", port=port)
        work = serve(Engine.open(settings.db), settings, on_ready=told.put_nowait, takes_any_port=True)
        task = asyncio.get_running_loop().create_task(work)
        address = await told.get()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert address.startswith("http://127.0.0.1:")
    assert f":{port}/" not in address
