"""The service as its users start it: `workbench serve`, with real processes and sockets."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from building import claude_export

from workbench.experiments.load.service import free_port
from workbench.settings import Settings
from workbench.workspace import Workbench

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("serving")
    memory = Workbench(Settings(store=folder / "store", ray="off"))
    memory.ingest(claude_export(folder / "conversations.json", {"bread": ("My loaf is flat", "Proof it longer.")}))
    return folder / "store"


def start(store: Path, port: int, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "workbench", "serve", "--store", str(store), "--port", str(port), *options]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=store)


def ask(port: int, path: str, *, tries: int = 100) -> dict[str, object]:
    for _ in range(tries):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
                found: dict[str, object] = json.load(answer)
                return found
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the service does not answer")


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


def workers(process: subprocess.Popen[str]) -> list[psutil.Process]:
    children = [one for one in psutil.Process(process.pid).children() if one.status() != psutil.STATUS_ZOMBIE]
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def test_connections_are_handed_out_in_turn(service: subprocess.Popen[str], port: int) -> None:
    ask(port, "/health")  # both workers are up
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(10)]
    for one in held:
        one.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert one.recv(1000).startswith(b"HTTP/1.1 200")
    open_now = [
        sum(one.status == "ESTABLISHED" for one in worker.net_connections("tcp")) for worker in workers(service)
    ]
    assert sorted(open_now) == [5, 5]
    for one in held:
        one.close()


def test_a_worker_that_is_killed_is_replaced(service: subprocess.Popen[str], port: int) -> None:
    ask(port, "/health")
    before = workers(service)
    os.kill(before[0].pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while len({one.pid for one in workers(service)} - {before[0].pid}) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    for _ in range(4):
        assert ask(port, "/search/rag?q=loaf")["contexts"]


def test_it_ends_when_told_and_leaves_no_process(store: Path, port: int) -> None:
    process = start(store, port, "--workers", "2")
    ask(port, "/health")
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert not psutil.wait_procs(children, timeout=10)[1]


def test_one_worker_serves_too(store: Path, port: int) -> None:
    process = start(store, port)
    assert ask(port, "/search/rag?q=loaf")["contexts"]
    process.terminate()
    process.wait(20)


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
