"""SECURITY.md 14, 20, 24, 28 and 29, from outside: what the command does in a process of its own."""

from __future__ import annotations

import http.server
import json
import os
import re
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.security.test_tried import started
from tests.server.served import TOKENS

ROOT = Path(__file__).resolve().parents[2]
CANARY = "canary/7+of many~letters"


def weft(place: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """One command in a directory."""
    command = [sys.executable, "-m", "engine", *arguments]
    about = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(command, cwd=place, env=about, capture_output=True, text=True, timeout=50, check=False)


def graph_file(place: Path, name: str, **document: Any) -> str:
    """A graph in the directory of graphs; its name."""
    (place / "graphs").mkdir(exist_ok=True)
    (place / f"graphs/{name}.json").write_text(json.dumps({"format": "weft/1", "name": name, **document}))
    return name


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with all that it was told, in every way that it knows."""

    def do_PUT(self) -> None:
        size = int(self.headers.get("content-length", "0"))
        told = f"{self.path} {self.headers.get('authorization')} {self.rfile.read(size).decode()}"
        self.send_response(int(self.headers.get("x-status", "200")))
        self.send_header("x-told", self.headers.get("authorization", ""))
        self.end_headers()
        self.wfile.write(f"{told} {json.dumps(told)}".encode())

    do_GET = do_PUT  # noqa: N815 - the library's name

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def echoing() -> Generator[str]:
    """A server on the loopback."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def asks(url: Any, **args: Any) -> dict[str, Any]:
    """A node that asks for an address."""
    return {
        "kind": "tool",
        "tool": "http.request",
        "args": {"url": url, "method": "PUT", **args},
        "to": [{"node": "over"}],
    }


def test_14_weft_never_reaches_itself_by_whatever_name_from_whatever_process(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    hosts = ["127.0.0.1", "localhost", "127.0.0.2", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]", socket.gethostname()]
    listed = json.dumps([f"http://{host}:{port}" for host in hosts])
    (tmp_path / "weft.toml").write_text(f"[http]\nhosts = {listed}\n[serve]\nport = {port}\n")
    for number, host in enumerate(hosts):
        name = graph_file(
            tmp_path, f"to-{number}", nodes={"ask": asks(f"http://{host}:{port}/healthz"), "over": {"kind": "end"}}
        )
        told = weft(tmp_path, "run", name, "--json")
        assert told.returncode == 1, (host, told.stdout)
        error = json.loads(told.stdout)["error"]
        assert error["code"] in ("http.refused", "http.unreachable"), (host, error)
        assert error["code"] == "http.refused" or "cannot be found" in error["message"], (host, error)


def test_14_a_server_on_any_port_never_reaches_itself(tmp_path: Path) -> None:
    (tmp_path / "weft.toml").write_text('[http]\nhosts = ["http://127.0.0.1:1"]\n[serve]\nport = 1\n')
    port, process = started(tmp_path)
    process.terminate()
    process.communicate(timeout=20)
    (tmp_path / "weft.toml").write_text(f'[http]\nhosts = ["http://127.0.0.1:{port}"]\n')
    graph_file(tmp_path, "own", nodes={"ask": asks(f"http://127.0.0.1:{port}/healthz"), "over": {"kind": "end"}})
    port, process = started(tmp_path, port)
    headers = {"authorization": f"Bearer {TOKENS['root']}"}
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as client:
            run = client.post("/api/runs", json={"graph": "own"}).json()["id"]
            told = client.get(f"/api/runs/{run}/events").text
        assert "this is weft itself" in told
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.mark.parametrize("status", ["200", "403", "500"])
def test_20_a_canary_stands_in_nothing_that_is_kept_or_told(tmp_path: Path, status: str) -> None:
    with echoing() as origin:
        (tmp_path / "weft.toml").write_text(
            f'[http]\nhosts = ["{origin}"]\n[secrets]\nCANARY = {{ env = "CANARY" }}\nHOOK = {{ env = "HOOK" }}\n'
        )
        secret = {"$secret": "CANARY"}
        name = graph_file(
            tmp_path,
            "telling",
            state={"kept": {}},
            output={"kept": "{state.kept}"},
            nodes={
                "ask": {
                    **asks(
                        {"$secret": "HOOK"}, headers={"authorization": secret, "x-status": status}, body={"it": secret}
                    ),
                    "output_key": "kept",
                },
                "over": {"kind": "end"},
            },
        )
        secrets = {"CANARY": CANARY, "HOOK": f"{origin}/hooks/{CANARY}#part", "WEFT_LOG": "debug"}
        told = [weft(tmp_path, "run", name, "--id", "told", "--events", "events.jsonl", **secrets)]
        told += [weft(tmp_path, "show", "told", *more, **secrets) for more in ((), ("--json",), ("--events", "--json"))]
        for ending in ("svg", "mermaid", "dot"):
            told.append(weft(tmp_path, "export", name, "--run", "told", "--to", ending, **secrets))
            told.append(weft(tmp_path, "export", name, "--to", ending, **secrets))
        told.append(weft(tmp_path, "inbox", "--json", **secrets))
        told.append(weft(tmp_path, "doctor", "--json", **secrets))
    assert told[0].returncode == {"200": 0, "403": 1, "500": 1}[status], told[0].stderr
    words = "\n".join(one.stdout + one.stderr for one in told)
    kept = b"\n".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert "[secret CANARY]" in words
    for form in ("canary", "of%20many", "of+many"):
        assert form not in words.replace("CANARY", "")
        assert form.encode() not in kept.replace(b"CANARY", b"")


NASTY = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\u2066\x7f\r\u2028end"


def test_24_nothing_that_a_terminal_obeys_comes_out_of_any_command(tmp_path: Path) -> None:
    name = graph_file(
        tmp_path,
        "nasty",
        title=NASTY,
        description=NASTY,
        input={"type": "object", "properties": {"it": {"type": "string", "title": NASTY}}},
        output={"it": "{input.it}"},
        nodes={
            "say": {
                "kind": "tool",
                "tool": "value.set",
                "label": NASTY,
                "args": {"value": "{input.it}"},
                "to": [{"node": "ask"}],
            },
            "ask": {
                "kind": "human-gate",
                "prompt": "{input.it}",
                "options": [{"name": "ok", "label": NASTY}],
                "to": [{"on": "ok", "node": "bad"}],
            },
            "bad": {"kind": "tool", "tool": "json.parse", "args": {"text": "{input.it}"}, "to": [{"node": "over"}]},
            "over": {"kind": "end"},
        },
    )
    given = json.dumps({"it": NASTY})
    told = [
        weft(tmp_path, "run", name, "--id", "n", "--input", given),
        weft(tmp_path, "inbox"),
        weft(tmp_path, "inbox", "--json"),
    ]
    told += [
        weft(tmp_path, "answer", "n", "ask", "ok"),
        weft(tmp_path, "answer", "n", NASTY, NASTY),
        weft(tmp_path, "show", NASTY),
    ]
    for more in ((), ("--json",)):
        told += [weft(tmp_path, "show", "n", *more), weft(tmp_path, "show", "n", "--events", *more)]
        told += [weft(tmp_path, "runs", *more), weft(tmp_path, "validate", name, *more), weft(tmp_path, NASTY, *more)]
    told += [weft(tmp_path, "export", name, "--run", "n", "--to", ending) for ending in ("svg", "mermaid", "dot")]
    for one in told:
        found = re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", one.stdout + one.stderr)
        assert found is None, (one.args, found)
        assert "Traceback" not in one.stderr


def full_disk() -> None:
    """Whatever is written beyond one page of a file fails, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


COMMANDS = [
    ("run", "small", "--id", "new"),
    ("resume", "old"),
    ("answer", "old", "ask", "ok"),
    ("cancel", "old"),
    ("signal", "old", "x"),
    ("inbox",),
    ("runs",),
    ("show", "old"),
    ("export", "small", "--run", "old", "--to", "svg"),
    ("export", "small", "--to", "svg", "-o", "new.svg"),
    ("new", "another", "--from", "coordinator"),
    ("fmt", "ugly"),
    ("doctor",),
]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a run that waits."""
    place = tmp_path_factory.mktemp("kept")
    asks_ = {"kind": "human-gate", "prompt": "?", "options": ["ok"], "to": [{"on": "ok", "node": "over"}]}
    graph_file(place, "small", nodes={"ask": asks_, "over": {"kind": "end"}})
    graph_file(place, "ugly", title="x" * 100_000, nodes={"over": {"kind": "end"}})
    assert weft(place, "run", "small", "--id", "old").returncode == 3
    return place


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda given: given[0])
@pytest.mark.parametrize("trouble", ["full", "letter", "directory"])
def test_28_every_command_says_what_is_wrong_and_leaves_what_was_there(
    kept: Path, tmp_path: Path, trouble: str, arguments: tuple[str, ...]
) -> None:
    place = tmp_path / "place"
    shutil.copytree(kept, place)
    before = graphs_in(place)
    database = place / "weft.db"
    if trouble == "letter":
        database.write_text("this is a letter to my aunt, and no database at all")
    elif trouble == "directory":
        database.unlink()
        database.mkdir()
    with begun(place, arguments, preexec_fn=full_disk if trouble == "full" else None) as process:
        _, said = process.communicate(timeout=100)
    says_what_is_wrong(arguments, process.returncode, said)
    leaves_what_was_there(place, before, arguments)
    if trouble == "letter":
        assert database.read_text().startswith("this is a letter")


def test_28_every_command_says_that_the_database_is_locked_and_leaves_what_was_there(
    kept: Path, tmp_path: Path
) -> None:
    """All at once, each on a database of its own: what they do is wait for the lock."""
    with ExitStack() as stack:
        trials: list[tuple[tuple[str, ...], Path, dict[Path, bytes], subprocess.Popen[str]]] = []
        for number, arguments in enumerate(COMMANDS):
            place = tmp_path / str(number)
            shutil.copytree(kept, place)
            holder = stack.enter_context(closing(sqlite3.connect(place / "weft.db", isolation_level=None)))
            holder.execute("BEGIN EXCLUSIVE")
            trials.append((arguments, place, graphs_in(place), stack.enter_context(begun(place, arguments))))
        for arguments, place, before, process in trials:
            _, said = process.communicate(timeout=150)
            says_what_is_wrong(arguments, process.returncode, said)
            leaves_what_was_there(place, before, arguments)


def begun(place: Path, arguments: tuple[str, ...], **how: Any) -> subprocess.Popen[str]:
    """A command that works in a directory."""
    return subprocess.Popen(
        [sys.executable, "-m", "engine", *arguments],
        cwd=place,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **how,
    )


def graphs_in(place: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in (place / "graphs").iterdir()}


def says_what_is_wrong(arguments: tuple[str, ...], code: int, said: str) -> None:
    assert "Traceback" not in said, said
    assert "engine.bug" not in said, said
    writes = arguments[0] in ("run", "resume", "answer", "cancel", "signal")
    fine = {2} if writes else {0, 1, 2} if arguments[0] == "doctor" else {0, 2}
    assert code in fine, (arguments, code, said)
    assert "[journal." in said or not writes, said
    if code == 2 and arguments[0] != "doctor":  # which tells of it in its list
        assert re.search(r"\[\w+\.\w+\]|\[usage\]", said), said


def leaves_what_was_there(place: Path, before: dict[Path, bytes], arguments: tuple[str, ...]) -> None:
    for file, content in before.items():
        assert file.read_bytes() == content or arguments[0] == "fmt", file
    assert not [file for file in place.rglob("*") if file.suffix in (".tmp", ".part")]


def test_29_everything_that_is_installed_is_named_with_its_hash() -> None:
    for file in (ROOT / "requirements").glob("*.txt"):
        lines = file.read_text().replace("\\\n", " ").splitlines()
        named = [line for line in lines if line and not line.lstrip().startswith("#")]
        assert named
        assert [line for line in named if not re.search(r"==\S+.*--hash=sha256:[0-9a-f]{64}", line)] == [], file
        assert not [line for line in named if re.search(r"https?://|-index|--trusted|git\+", line)]
    recipes = re.findall(r"pip\b.*\binstall .*|\$\(PIP\) install .*", (ROOT / "Makefile").read_text())
    assert recipes
    assert all("$(FROM_LOCK)" in line or "--no-deps --no-build-isolation" in line for line in recipes)
    assert "--require-hashes" in (ROOT / "Makefile").read_text()


def test_29_nothing_is_installed_from_the_browser() -> None:
    for room in ("engine", "server"):
        for file in (ROOT / room).rglob("*.py"):
            assert not re.search(r"\bpip\b|ensurepip|\buv\b|subprocess\.run|os\.system", file.read_text()), file
