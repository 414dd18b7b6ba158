"""The service as its users start it: `workbench serve`, with real processes and sockets."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from building import claude_export
from running_service import Clients, ask, start, workers

from workbench.experiments.load.service import free_port
from workbench.settings import Settings
from workbench.workspace import Workbench

pytestmark = pytest.mark.slow
TOKEN = "a-long-and-random-token"
UNFINISHED = b"POST /api/v1/recall HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("serving")
    memory = Workbench(Settings(store=folder / "store", ray="off"))
    memory.ingest(claude_export(folder / "conversations.json", {"bread": ("My loaf is flat", "Proof it longer.")}))
    return folder / "store"


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def service(store: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    process = start(store, port, "--workers", "2", "--no-cache")
    ask(port, "/health")
    yield process
    process.terminate()
    process.wait(20)


def whole_answer(connection: socket.socket) -> bytes:
    """An answer with a body of JSON, which may come in parts."""
    answer = b""
    while not answer.endswith(b"}"):
        answer += connection.recv(1_000)
    return answer


def test_connections_are_handed_out_in_turn(service: subprocess.Popen[str], port: int) -> None:
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(10)]
    for one in held:
        one.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert whole_answer(one).startswith(b"HTTP/1.1 200")
    open_now = [
        sum(one.status == "ESTABLISHED" for one in worker.net_connections("tcp")) for worker in workers(service)
    ]
    assert sorted(open_now) == [5, 5]
    for one in held:
        one.close()


def test_a_worker_that_is_killed_is_replaced_and_only_its_connections_fail(
    service: subprocess.Popen[str], port: int
) -> None:
    before = workers(service)
    clients = Clients(port, 10)
    clients.wait_for(100)
    os.kill(before[0].pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while len({one.pid for one in workers(service)} - {before[0].pid}) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    for _ in range(4):
        assert ask(port, "/search/rag?q=loaf", tries=1)["contexts"]
    clients.wait_for(clients.outcomes["200"] + 100)
    service.terminate()
    clients.join()
    failed = sum(count for outcome, count in clients.outcomes.items() if outcome != "200")
    assert failed <= 5  # five connections were his


@pytest.mark.parametrize("count", ["1", "2"])
def test_told_to_stop_it_answers_what_was_asked_and_ends(store: Path, port: int, count: str) -> None:
    process = start(store, port, "--workers", count, "--no-cache")
    ask(port, "/health")
    children = psutil.Process(process.pid).children(recursive=True)
    idle = socket.create_connection(("127.0.0.1", port))
    clients = Clients(port, 24)
    clients.wait_for(500)
    process.send_signal(signal.SIGTERM if count == "1" else signal.SIGINT)
    clients.join()
    assert process.wait(20) == 0
    assert set(clients.outcomes) == {"200"}
    assert idle.recv(10) == b""
    assert not psutil.wait_procs(children, timeout=10)[1]
    assert process.stderr is not None
    assert process.stderr.read().splitlines()[1:] == []


@pytest.mark.parametrize("count", ["1", "2"])
def test_told_twice_it_ends_at_once(store: Path, port: int, count: str) -> None:
    process = start(store, port, "--workers", count)
    ask(port, "/health")
    children = psutil.Process(process.pid).children(recursive=True)
    with socket.create_connection(("127.0.0.1", port)) as waited_for:
        waited_for.sendall(UNFINISHED)
        time.sleep(0.2)
        process.terminate()
        time.sleep(1.5)
        assert process.poll() is None  # it waits for the rest of the request, up to ten seconds
        process.terminate()
        assert process.wait(5) == -signal.SIGTERM
    assert not psutil.wait_procs(children, timeout=10)[1]


def test_while_it_ends_it_says_that_it_is_not_ready(store: Path, port: int) -> None:
    process = start(store, port)
    ask(port, "/health")
    asking = b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port)) as probe, socket.create_connection(("127.0.0.1", port)) as other:
        for one in (probe, other):
            one.sendall(asking)
            assert whole_answer(one).startswith(b"HTTP/1.1 200")
        process.terminate()
        time.sleep(0.25)  # connections are kept for half a second, for what is on its way
        probe.sendall(asking)
        answer = whole_answer(probe)
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"connection: close" in answer
    assert process.wait(20) == 0


def test_its_workers_end_with_a_parent_that_is_killed(store: Path, port: int) -> None:
    process = start(store, port, "--workers", "2")
    ask(port, "/health")
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait(20)
    assert not psutil.wait_procs(children, timeout=20)[1]


def test_a_port_in_use_is_said(store: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = start(store, taken.getsockname()[1], "--workers", "2")
        assert process.wait(30) == 2
        assert process.stderr is not None
        assert process.stderr.read().endswith("Choose another with --port.\n")


def test_without_a_store_it_says_what_to_do(tmp_path: Path, port: int) -> None:
    process = start(tmp_path, port)
    assert process.wait(30) == 1
    assert process.stderr is not None
    assert "workbench ingest" in process.stderr.read()


@pytest.mark.parametrize("count", ["1", "2"])
def test_a_cache_that_cannot_be_is_said_once(store: Path, port: int, count: str) -> None:
    process = start(store, port, "--workers", count, "--redis", "http://localhost/")
    assert process.wait(30) == 2
    assert process.stderr is not None
    said = process.stderr.read()
    assert said.count("URL of the shared cache") == 1
    assert "Traceback" not in said


def test_beyond_this_machine_it_needs_a_token(store: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKBENCH_TOKEN", raising=False)
    process = start(store, port, "--host", "0.0.0.0")
    assert process.wait(30) == 2
    assert process.stderr is not None
    assert "--token-file" in process.stderr.read()


def test_with_a_token_every_worker_asks_for_it(store: Path, port: int, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    process = start(store, port, "--workers", "2", "--token-file", str(tmp_path / "token"))
    ask(port, "/health/ready")
    url = f"http://127.0.0.1:{port}/search/rag?q=loaf"
    for _ in range(4):
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(url, timeout=20)
        shown = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(shown, timeout=20) as answer:
            assert answer.status == 200
    commands = [" ".join(one.cmdline()) for one in psutil.Process(process.pid).children(recursive=True)]
    assert not [command for command in commands if TOKEN in command]
    process.terminate()
    process.wait(20)
